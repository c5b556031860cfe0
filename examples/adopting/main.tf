terraform {
  required_version = ">= 1.11" # for write-only arguments, in Terraform and in OpenTofu

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

# Credentials come from HW_ACCESS_KEY, HW_SECRET_KEY and HW_PROJECT_ID.
provider "sparkrtc" {}

locals {
  apps = jsondecode(file("${path.module}/apps.json"))
}

variable "callback_keys" {
  description = "Keys of the callbacks that have a key_version, by the name of the app."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

resource "sparkrtc_app" "all" {
  for_each = local.apps
  app_name = each.key
  enabled  = each.value.enabled
}

resource "sparkrtc_record_rule" "all" {
  for_each = { for name, app in local.apps : name => app.record_rule if app.record_rule != null }
  app_id   = sparkrtc_app.all[each.key].app_id
  obs      = each.value.obs
  hls      = each.value.hls
  mp4      = each.value.mp4
}

resource "sparkrtc_auto_record" "all" {
  for_each       = { for name, app in local.apps : name => app if app.auto_record }
  app_id         = sparkrtc_app.all[each.key].app_id
  record_rule_id = sparkrtc_record_rule.all[each.key].rule_id
}

resource "sparkrtc_record_callback" "all" {
  for_each            = { for name, app in local.apps : name => app.callback if app.callback != null }
  app_id              = sparkrtc_app.all[each.key].app_id
  url                 = each.value.url
  auth_key_wo         = each.value.key_version == null ? null : var.callback_keys[each.key]
  auth_key_wo_version = each.value.key_version
}
