terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

variable "apps" {
  description = "IDs of the apps, by the names of their environments."
  type        = map(string)
}

variable "receiver" {
  description = "Host of the receiver."
  type        = string

  validation {
    condition     = !strcontains(var.receiver, "/")
    error_message = "This is a host, such as recordings.example.com: no scheme, and no path."
  }
}

variable "callback_key" {
  description = "Key that signs the recording events, 32 to 64 characters."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "callback_key_version" {
  description = "Another number sends the present key."
  type        = number
  default     = 1
}

resource "sparkrtc_record_callback" "all" {
  for_each            = var.apps
  app_id              = each.value
  url                 = "https://${var.receiver}/${each.key}"
  auth_key_wo         = var.callback_key
  auth_key_wo_version = var.callback_key_version
}

output "urls" {
  description = "Where the events of each environment go."
  value       = { for name, callback in sparkrtc_record_callback.all : name => callback.url }
}

output "update_times" {
  description = "When each callback was last set."
  value       = { for name, callback in sparkrtc_record_callback.all : name => callback.update_time }
}
