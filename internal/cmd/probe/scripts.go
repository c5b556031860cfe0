// SPDX-License-Identifier: MPL-2.0

package main

// A script has a call in each line, under the name that its reply is kept under. A call must succeed, unless a mark
// follows the name: ? it may be refused, ! it may be refused, and otherwise the lines up to the next empty one are left
// out, ~ it is repeated until it succeeds, and the first reply is kept.
const (
	readScript = `
app: GET $A
callback?: GET $A/record-callback
auto?: GET $A/auto-record-mode
rules: GET $A/record-rules`

	createScript = `
created: POST /v2/apps {"app_name": "$NAME"}`

	newAppScript = `
new app~: GET $A
temporary app: GET $A
unset callback?: GET $A/record-callback
unset auto?: GET $A/auto-record-mode
name twice?: POST /v2/apps {"app_name": "$NAME"}`

	callbackScript = `
first put: PUT $A/record-callback {"url": "$CAPITALS"}
first get: GET $A/record-callback
put: PUT $A/record-callback {"url": "$CAPITALS", "auth_key": "$KEY"}
get: GET $A/record-callback
listed: LIST
put without key: PUT $A/record-callback {"url": "$CAPITALS"}
get without key: GET $A/record-callback
put again: PUT $A/record-callback {"url": "$CAPITALS", "auth_key": "$KEY"}
get again: GET $A/record-callback
listed again: LIST
put empty key?: PUT $A/record-callback {"url": "$CAPITALS", "auth_key": ""}
get empty key: GET $A/record-callback
root put?: PUT $A/record-callback {"url": "$ROOT"}
root get: GET $A/record-callback
root listed: LIST`

	leaveCallbackScript = `
left!: PUT $A/record-callback {"url": "$URL", "auth_key": ""}
left without key: PUT $A/record-callback {"url": "$URL"}`

	obs       = `{"obs_addr": {"location": "cn-north-4", "project_id": "$PROJECT", "bucket": "$BUCKET"`
	formats   = `}, "record_formats": ["HLS"], "hls_config": `
	fullHLS   = `{"record_cycle": 3600, "record_prefix": "probe/{stream}", "record_slice_duration": 20, "record_max_duration_to_merge_file": 30}}`
	firstRule = "POST $A/record-rules " + obs + `, "object": "sparkrtc-probe"` + formats + fullHLS

	recordingScript = `
new rule~: GET $A/record-rules/$RULE
saved again: POST $A/record-rules ` + obs + `, "object": "sparkrtc-probe/"` + formats + fullHLS + `
rule: GET $A/record-rules/$RULE
mandatory put: PUT $A/record-rules/$RULE ` + obs + formats + `{"record_cycle": 3600}}
mandatory: GET $A/record-rules/$RULE
defaults put: PUT $A/record-rules/$RULE ` + obs + `, "object": ""` + formats + `{"record_cycle": 0, "record_prefix": "$PREFIX", "record_slice_duration": 10, "record_max_duration_to_merge_file": 0}}
defaults: GET $A/record-rules/$RULE
moved?: PUT $A/record-rules/$RULE {"obs_addr": {"location": "cn-north-1", "project_id": "$PROJECT", "bucket": "$BUCKET"` + formats + fullHLS + `
moved back: PUT $A/record-rules/$RULE ` + obs + formats + fullHLS + `
unknown rule?: PUT $A/auto-record-mode {"mode": "AUTO_INDIVIDUAL_RECORD", "record_rule_id": "$UNKNOWN"}
on: PUT $A/auto-record-mode {"mode": "AUTO_INDIVIDUAL_RECORD", "record_rule_id": "$RULE"}
off: PUT $A/auto-record-mode {"mode": "AUTO_RECORD_OFF"}
off with rule?: PUT $A/auto-record-mode {"mode": "AUTO_RECORD_OFF", "record_rule_id": "$RULE"}
on again: PUT $A/auto-record-mode {"mode": "AUTO_INDIVIDUAL_RECORD", "record_rule_id": "$RULE"}
delete used?: DELETE $A/record-rules/$RULE
auto after delete: GET $A/auto-record-mode
off again: PUT $A/auto-record-mode {"mode": "AUTO_RECORD_OFF"}`

	stateScript = `
start twice?: POST $A/enable
stop: POST $A/disable
stop twice?: POST $A/disable
set while stopped?: PUT $A/auto-record-mode {"mode": "$MODE", "record_rule_id": "$MODERULE"}
start: POST $A/enable`

	deleteScript = `
last rule: ` + firstRule + `
last rule shown~: GET $A/record-rules/$RULE
last on: PUT $A/auto-record-mode {"mode": "AUTO_INDIVIDUAL_RECORD", "record_rule_id": "$RULE"}
any!: DELETE $A
last stop: POST $A/disable
stopped!: DELETE $A
last start: POST $A/enable
last off: PUT $A/auto-record-mode {"mode": "AUTO_RECORD_OFF"}
no-auto-record!: DELETE $A
last rule deleted: DELETE $A/record-rules/$RULE
no-rules!: DELETE $A
stopped at last: POST $A/disable
all: DELETE $A

rule of deleted?: GET $A/record-rules/$RULE
deleted?: GET $A
deleted listed: LIST
name again~: POST /v2/apps {"app_name": "$NAME"}`
)
