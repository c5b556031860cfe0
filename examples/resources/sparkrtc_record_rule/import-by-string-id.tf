import {
  to = sparkrtc_record_rule.main
  id = "5ff9701f2346968bb306cb43/59e41ef07fd14f3f9c0a5ea3fd2d5d2c"
}
