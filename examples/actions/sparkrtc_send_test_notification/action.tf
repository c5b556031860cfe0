terraform {
  required_version = ">= 1.14" # for actions, in Terraform; OpenTofu 1.12 has none

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

action "sparkrtc_send_test_notification" "main" {
  config {
    app_id       = sparkrtc_record_callback.main.app_id
    url          = sparkrtc_record_callback.main.url
    auth_key_env = "CALLBACK_KEY"
  }
}

variable "callback_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "sparkrtc_record_callback" "main" {
  app_id              = "5ff9701f2346968bb306cb43"
  url                 = "https://recordings.example.com/sparkrtc"
  auth_key_wo         = var.callback_key
  auth_key_wo_version = 1

  # After each create and update, test the receiver.
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.sparkrtc_send_test_notification.main]
    }
  }
}
