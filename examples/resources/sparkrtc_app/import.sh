# By the ID of the app.
terraform import sparkrtc_app.classroom 5ff9701f2346968bb306cb43
