terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

# The key that one app has now, for a second app.
ephemeral "sparkrtc_record_callback" "first" {
  app_id = "5ff9701f2346968bb306cb43"

  lifecycle {
    postcondition {
      condition     = try(length(self.auth_key) >= 32, false)
      error_message = "The service doesn't show the whole key, or there is none."
    }
  }
}

resource "sparkrtc_record_callback" "second" {
  app_id              = "60a1b2c3d4e5f60718293a4b"
  url                 = "https://recordings.example.com/sparkrtc"
  auth_key_wo         = ephemeral.sparkrtc_record_callback.first.auth_key
  auth_key_wo_version = 1
}
