import {
  to = sparkrtc_record_callback.main
  identity = {
    app_id = "5ff9701f2346968bb306cb43"
  }
}
