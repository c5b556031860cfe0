// SPDX-License-Identifier: MPL-2.0

package recording

import "github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"

// ObserveAutoRecord returns the automatic recording of an app after a read. state is zero for an import; ruleMissing
// means that the rule shown does not exist.
func ObserveAutoRecord(state, shown sparkrtc.AutoRecord, ruleMissing bool) sparkrtc.AutoRecord {
	switch {
	case shown.Mode == sparkrtc.AutoRecordOff || shown.Mode == "":
		shown.Mode, shown.RecordRuleID = sparkrtc.AutoRecordOff, state.RecordRuleID
	case ruleMissing:
		shown.RecordRuleID = ""
	}
	return shown
}
