variable "app_name" {
  description = "Name of the app, to the letter. The project must have exactly one of this name."
  type        = string
  nullable    = false

  validation {
    condition     = var.app_name != "" && trimspace(var.app_name) == var.app_name
    error_message = "The name is empty, or has a blank at one end."
  }
}

variable "url" {
  description = "URL that receives the recording events, with https://."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.url, "https://")
    error_message = "The URL doesn't begin with https://: without TLS, others can read the events in transit."
  }
}

variable "auth_key" {
  description = "Key that signs the events, 32 to 64 characters. It is stored nowhere, and has to be given to each plan and apply."
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(var.auth_key) >= 32 && length(var.auth_key) <= 64
    error_message = "The key doesn't have 32 to 64 characters."
  }
}

variable "auth_key_version" {
  description = "Raise it with each new key: another number sends the present one."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.auth_key_version >= 1 && floor(var.auth_key_version) == var.auth_key_version
    error_message = "The version is not a whole number from 1 on."
  }
}
