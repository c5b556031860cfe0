terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

variable "callback_key" {
  description = "Key that signs the recording events, 32 to 64 characters."
  type        = string
  sensitive   = true
  ephemeral   = true
}

resource "sparkrtc_record_callback" "main" {
  app_id = "5ff9701f2346968bb306cb43"
  url    = "https://recordings.example.com/sparkrtc"

  # Not stored in the state. Change the version to send a new key.
  auth_key_wo         = var.callback_key
  auth_key_wo_version = 1
}
