terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

data "sparkrtc_record_callback" "main" {
  app_id = "5ff9701f2346968bb306cb43"
}

output "recording_events_go_to" {
  value = data.sparkrtc_record_callback.main.configured ? data.sparkrtc_record_callback.main.url : "nowhere"
}
