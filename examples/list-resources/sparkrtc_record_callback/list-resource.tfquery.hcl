list "sparkrtc_record_callback" "all" {
  provider = sparkrtc
  limit    = 1000

  # All of this is optional.
  config {
    app_state  = "ACTIVATION"
    url_prefix = "https://recordings.example.com/"
  }
}
