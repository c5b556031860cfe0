list "sparkrtc_app" "all" {
  provider = sparkrtc
  limit    = 1000

  # Optional.
  config {
    app_state = "ACTIVATION"
  }
}
