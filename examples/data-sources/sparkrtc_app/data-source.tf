terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

data "sparkrtc_app" "classroom" {
  app_name = "classroom"
}

output "classroom_app_id" {
  value = data.sparkrtc_app.classroom.app_id
}
