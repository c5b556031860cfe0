terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

data "sparkrtc_apps" "all" {}

# All apps of the project, imported as they are.
import {
  for_each = data.sparkrtc_apps.all.apps
  to       = sparkrtc_app.all[each.value.app_name]
  id       = each.key
}

resource "sparkrtc_app" "all" {
  for_each = { for id, app in data.sparkrtc_apps.all.apps : app.app_name => app }
  app_name = each.key
  enabled  = each.value.app_state != "DEACTIVATION"
}
