terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

variable "callback_key" {
  type      = string
  sensitive = true
}

# What X-Rtc-Signature must be, given the other two headers and the body.
output "signature" {
  value = provider::sparkrtc::callback_signature(
    var.callback_key,
    "6f1b0c5a",   # X-Rtc-Rand
    "1767225600", # X-Rtc-Timestamp
    "{\"event_type\":\"RECORD_FILE_COMPLETE\"}",
  )
  sensitive = true
}
