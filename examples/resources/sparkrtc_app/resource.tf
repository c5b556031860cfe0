terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

resource "sparkrtc_app" "classroom" {
  app_name = "classroom"

  # The default: a plan that deletes the app is an error.
  deletion_protection = true
}
