import {
  to = sparkrtc_auto_record.main
  id = "5ff9701f2346968bb306cb43"
}
