variable "app_name" {
  description = "Name of the app."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.app_name))
    error_message = "The name has something else than 1 to 64 letters, digits, - and _."
  }
}

variable "deletion_protection" {
  description = "Whether a plan that deletes the app is an error."
  type        = bool
  nullable    = false
  default     = true
}

variable "bucket" {
  description = "OBS bucket of the recordings, in cn-north-4 and authorized for SparkRTC."
  type        = string
  nullable    = false
}

variable "object" {
  description = "Path in the bucket that file names begin with, such as recordings/."
  type        = string
  nullable    = false
  default     = ""
}

variable "hls" {
  description = "How HLS files are recorded, as in sparkrtc_record_rule; null for none."
  type = object({
    record_cycle                      = number
    record_max_duration_to_merge_file = optional(number)
    record_prefix                     = optional(string)
    record_slice_duration             = optional(number)
  })
  default = null
}

variable "mp4" {
  description = "How MP4 files are recorded, as in sparkrtc_record_rule; null for none."
  type = object({
    record_cycle                      = number
    record_max_duration_to_merge_file = optional(number)
    record_prefix                     = optional(string)
  })
  default = { record_cycle = 3600 }
}

variable "callback_url" {
  description = "URL that receives the recording events, with https://."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.callback_url, "https://")
    error_message = "The URL doesn't begin with https://: without TLS, others can read the events in transit."
  }
}

variable "callback_key" {
  description = "Key that signs the events, 32 to 64 characters. It is stored nowhere, and has to be given to each plan and apply."
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(var.callback_key) >= 32 && length(var.callback_key) <= 64
    error_message = "The key doesn't have 32 to 64 characters."
  }
}

variable "callback_key_version" {
  description = "Raise it with each new key: another number sends the present one."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.callback_key_version >= 1 && floor(var.callback_key_version) == var.callback_key_version
    error_message = "The version is not a whole number from 1 on."
  }
}
