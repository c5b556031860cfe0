import {
  to = sparkrtc_auto_record.main
  identity = {
    app_id = "5ff9701f2346968bb306cb43"
  }
}
