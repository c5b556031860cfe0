import {
  to = sparkrtc_record_callback.main
  id = "5ff9701f2346968bb306cb43"
}
