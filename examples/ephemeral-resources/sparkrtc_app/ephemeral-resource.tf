terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

ephemeral "sparkrtc_app" "classroom" {
  app_id = "5ff9701f2346968bb306cb43"

  lifecycle {
    postcondition {
      condition     = try(length(self.app_key) >= 16, false)
      error_message = "The service doesn't show the key, or only a mask."
    }
  }
}

# For example, into a secret store that takes a write-only argument:
# secret_wo = ephemeral.sparkrtc_app.classroom.app_key
