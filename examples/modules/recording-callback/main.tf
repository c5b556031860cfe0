data "sparkrtc_record_callbacks" "named" {
  app_name = var.app_name
}

locals {
  app_ids = keys(data.sparkrtc_record_callbacks.named.apps)
}

resource "sparkrtc_record_callback" "this" {
  app_id              = one(local.app_ids)
  url                 = var.url
  auth_key_wo         = var.auth_key
  auth_key_wo_version = var.auth_key_version

  lifecycle {
    precondition {
      condition     = length(local.app_ids) > 0
      error_message = "No app of the project has the name \"${var.app_name}\". Check its spelling, and the project of the provider."
    }

    precondition {
      condition     = length(local.app_ids) < 2
      error_message = "Several apps of the project have the name \"${var.app_name}\": ${join(", ", local.app_ids)}. Rename all but one of them, or set the callback by the ID of the app, without this module."
    }
  }
}
