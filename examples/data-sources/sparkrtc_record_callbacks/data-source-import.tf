data "sparkrtc_record_callbacks" "configured" {
  configured = true
}

import {
  for_each = data.sparkrtc_record_callbacks.configured.apps
  to       = sparkrtc_record_callback.all[each.key]
  id       = each.key
}

# For the import only: write the URLs down afterwards.
resource "sparkrtc_record_callback" "all" {
  for_each = data.sparkrtc_record_callbacks.configured.apps
  app_id   = each.key
  url      = each.value.url
}
