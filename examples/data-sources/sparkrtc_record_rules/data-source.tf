terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "~> 0.1.0"
    }
  }
}

data "sparkrtc_record_rules" "classroom" {
  app_id = "5ff9701f2346968bb306cb43"
}

output "buckets" {
  value = { for id, rule in data.sparkrtc_record_rules.classroom.rules : id => rule.obs.bucket }
}
