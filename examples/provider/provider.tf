terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1"
    }
  }
}

# Credentials come from HW_ACCESS_KEY, HW_SECRET_KEY and HW_PROJECT_ID.
provider "sparkrtc" {}
