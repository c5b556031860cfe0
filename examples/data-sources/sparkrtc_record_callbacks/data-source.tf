terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

# Apps whose events go nowhere.
data "sparkrtc_record_callbacks" "without" {
  configured = false
}

output "apps_without_a_callback" {
  value = [for id, app in data.sparkrtc_record_callbacks.without.apps : "${app.app_name} (${id})"]
}
