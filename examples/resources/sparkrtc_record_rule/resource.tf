terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

resource "sparkrtc_record_rule" "main" {
  app_id = "5ff9701f2346968bb306cb43"

  obs = {
    bucket = "recordings-of-example"
    object = "classroom/"
  }

  # One file for each hour.
  hls = {
    record_cycle = 3600
  }

  mp4 = {
    record_cycle = 3600

    # An interruption of up to a minute stays in one file.
    record_max_duration_to_merge_file = 60
  }
}
