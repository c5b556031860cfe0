terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

# The ID of an app by its name.
data "sparkrtc_record_callbacks" "classroom" {
  app_name = "classroom"

  lifecycle {
    postcondition {
      condition     = length(self.apps) == 1
      error_message = "Expected one app of this name, and found ${length(self.apps)}."
    }
  }
}

output "classroom_app_id" {
  value = one(keys(data.sparkrtc_record_callbacks.classroom.apps))
}

# Apps whose events go nowhere.
data "sparkrtc_record_callbacks" "without" {
  configured = false
}

output "apps_without_a_callback" {
  value = [for id, app in data.sparkrtc_record_callbacks.without.apps : "${app.app_name} (${id})"]
}
