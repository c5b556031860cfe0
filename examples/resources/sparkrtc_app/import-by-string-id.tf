import {
  to = sparkrtc_app.classroom
  id = "5ff9701f2346968bb306cb43"
}
