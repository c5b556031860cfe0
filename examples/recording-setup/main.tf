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

variable "callback_key" {
  description = "Key that signs the recording events, 32 to 64 characters."
  type        = string
  sensitive   = true
  ephemeral   = true
}

resource "sparkrtc_app" "lectures" {
  app_name            = "lectures"
  deletion_protection = true
}

# Where and how streams are recorded.
resource "sparkrtc_record_rule" "lectures" {
  app_id = sparkrtc_app.lectures.app_id

  obs = {
    bucket = "recordings-of-example"
    object = "lectures/"
  }

  mp4 = {
    record_cycle = 3600
  }
}

# Records each stream of new rooms.
resource "sparkrtc_auto_record" "lectures" {
  app_id         = sparkrtc_app.lectures.app_id
  record_rule_id = sparkrtc_record_rule.lectures.rule_id
}

# Where the recording events go.
resource "sparkrtc_record_callback" "lectures" {
  app_id              = sparkrtc_app.lectures.app_id
  url                 = "https://recordings.example.com/lectures"
  auth_key_wo         = var.callback_key
  auth_key_wo_version = 1
}

output "app_id" {
  value = sparkrtc_app.lectures.app_id
}
