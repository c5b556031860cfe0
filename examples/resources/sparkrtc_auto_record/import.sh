# The ID is the one of the app.
terraform import sparkrtc_auto_record.main 5ff9701f2346968bb306cb43
