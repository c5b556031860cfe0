terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}
