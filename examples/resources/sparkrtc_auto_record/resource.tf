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
  }

  mp4 = {
    record_cycle = 3600
  }
}

# The reference makes Terraform create and destroy both in the right order.
resource "sparkrtc_auto_record" "main" {
  app_id         = sparkrtc_record_rule.main.app_id
  record_rule_id = sparkrtc_record_rule.main.rule_id
}
