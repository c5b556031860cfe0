list "sparkrtc_record_rule" "all" {
  provider = sparkrtc
  limit    = 1000

  # Without it, the rules of all apps.
  config {
    app_id = "5ff9701f2346968bb306cb43"
  }
}
