# The ID is the one of the app.
terraform import sparkrtc_record_callback.main 5ff9701f2346968bb306cb43
