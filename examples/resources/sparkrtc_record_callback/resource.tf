variable "callback_key" {
  description = "Key that signs the recording events, 32 to 64 characters."
  type        = string
  sensitive   = true
  ephemeral   = true
}

resource "sparkrtc_record_callback" "main" {
  app_id = "5ff9701f2346968bb306cb43"
  url    = "https://recordings.example.com/sparkrtc"

  # Not stored in the state. Another version sends the key again.
  auth_key_wo         = var.callback_key
  auth_key_wo_version = 1
}
