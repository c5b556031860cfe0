# All apps that have a callback, to take them over as they are.
data "sparkrtc_record_callbacks" "configured" {
  configured = true
}

import {
  for_each = data.sparkrtc_record_callbacks.configured.apps
  to       = sparkrtc_record_callback.all[each.key]
  id       = each.key
}

resource "sparkrtc_record_callback" "all" {
  for_each = data.sparkrtc_record_callbacks.configured.apps
  app_id   = each.key
  url      = each.value.url
}

# The ID of an app by its name: an error unless there is one of that name.
data "sparkrtc_record_callbacks" "production" {
  app_name = "production"
}

output "production_app_id" {
  value = one(keys(data.sparkrtc_record_callbacks.production.apps))
}
