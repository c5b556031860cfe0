# The ID of the app, a slash, and the ID of the rule.
terraform import sparkrtc_record_rule.main 5ff9701f2346968bb306cb43/59e41ef07fd14f3f9c0a5ea3fd2d5d2c
