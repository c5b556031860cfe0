terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

data "sparkrtc_apps" "all" {}

# Apps that record nothing by themselves.
output "without_automatic_recording" {
  value = [for id, app in data.sparkrtc_apps.all.apps : app.app_name if app.auto_record_mode == "AUTO_RECORD_OFF"]
}
