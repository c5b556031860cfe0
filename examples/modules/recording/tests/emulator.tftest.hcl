# Against the emulator, whose address is in SPARKRTC_ENDPOINT. These are its
# credentials, which are made up: anything else than the emulator refuses them.
provider "sparkrtc" {
  access_key = "AKEMULATOR0000000001"
  secret_key = "SKEMULATOR0000000000000000000000000000001"
  project_id = "0123456789abcdef0123456789abcdef"
}

# The app is deleted after the tests.
variables {
  app_name            = "lectures"
  deletion_protection = false
  bucket              = "recordings-of-example"
  callback_url        = "https://recordings.example.com/lectures"
  callback_key        = "callback-key-of-the-tests-0123456789"
}

run "create" {
  assert {
    condition     = sparkrtc_app.this.state == "ACTIVATION" && sparkrtc_auto_record.this.mode == "AUTO_INDIVIDUAL_RECORD"
    error_message = "The app is not active, or records nothing."
  }

  assert {
    condition     = sparkrtc_record_rule.this.mp4.record_cycle == 3600 && sparkrtc_record_rule.this.hls == null
    error_message = "The rule doesn't record MP4 files of an hour alone."
  }

  assert {
    condition     = contains(output.callback_events, "RECORD_FILE_COMPLETE")
    error_message = "The service has no callback."
  }

  assert {
    condition     = sparkrtc_record_callback.this.auth_key == null && sparkrtc_record_callback.this.auth_key_wo == null
    error_message = "A key is in the state."
  }
}

# The times of what is to be set again are not known in the plan, and the condition
# doesn't hold then.
run "nothing_to_set_again" {
  command = plan

  assert {
    condition = alltrue([
      for time in [sparkrtc_record_rule.this.update_time, sparkrtc_auto_record.this.update_time, sparkrtc_record_callback.this.update_time] :
      time != null
    ])
    error_message = "The rule, automatic recording or the callback has no time any more."
  }
}

run "other_files_and_a_new_key" {
  variables {
    hls                  = { record_cycle = 0 }
    mp4                  = null
    callback_key         = "another-key-of-the-tests-0123456789"
    callback_key_version = 2
  }

  assert {
    condition     = sparkrtc_record_rule.this.hls.record_slice_duration == 10 && sparkrtc_record_rule.this.mp4 == null
    error_message = "The rule doesn't record HLS files alone."
  }

  assert {
    condition     = sparkrtc_record_callback.this.auth_key_wo_version == 2
    error_message = "The new key was not sent."
  }
}
