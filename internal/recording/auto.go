// SPDX-License-Identifier: MPL-2.0

package recording

import "github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"

// ObserveAutoRecord returns what a response means for the automatic recording of an app. state is zero for an import.
//
// The rule is compared only if automatic recording is on. ruleMissing: the rule that is shown is known not to exist;
// then none is in the result.
func ObserveAutoRecord(state, shown sparkrtc.AutoRecord, ruleMissing bool) sparkrtc.AutoRecord {
	switch {
	case shown.Mode == sparkrtc.AutoRecordOff || shown.Mode == "":
		shown.Mode, shown.RecordRuleID = sparkrtc.AutoRecordOff, state.RecordRuleID
	case ruleMissing:
		shown.RecordRuleID = ""
	}
	return shown
}
