data "sparkrtc_record_rules" "classroom" {
  app_id = "5ff9701f2346968bb306cb43"
}

import {
  for_each = data.sparkrtc_record_rules.classroom.rules
  to       = sparkrtc_record_rule.all[each.key]
  id       = "${data.sparkrtc_record_rules.classroom.app_id}/${each.key}"
}

# For the import only: write the settings down afterwards.
resource "sparkrtc_record_rule" "all" {
  for_each = data.sparkrtc_record_rules.classroom.rules
  app_id   = data.sparkrtc_record_rules.classroom.app_id
  obs      = each.value.obs
  hls      = each.value.hls
  mp4      = each.value.mp4
}
