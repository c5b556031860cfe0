list "sparkrtc_auto_record" "all" {
  provider = sparkrtc
  limit    = 1000

  # All of this is optional.
  config {
    app_state = "ACTIVATION"
  }
}
