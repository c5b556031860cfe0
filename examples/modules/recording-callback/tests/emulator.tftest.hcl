# Against the emulator, whose address is in SPARKRTC_ENDPOINT. These are its
# credentials, which are made up: anything else than the emulator refuses them.
provider "sparkrtc" {
  access_key = "AKEMULATOR0000000001"
  secret_key = "SKEMULATOR0000000000000000000000000000001"
  project_id = "0123456789abcdef0123456789abcdef"
}

variables {
  app_name = "classroom"
  url      = "https://recordings.example.com/sparkrtc"
  auth_key = "callback-key-of-the-tests-0123456789"
}

run "no_such_app" {
  command = plan

  variables {
    app_name = "class"
  }

  expect_failures = [sparkrtc_record_callback.this]
}

run "by_name" {
  assert {
    condition     = output.app_id == "5ff9701f2346968bb306cb43" && output.url == "https://recordings.example.com/sparkrtc"
    error_message = "The callback of ${output.app_id} goes to ${output.url}."
  }

  assert {
    condition     = output.update_time != null && contains(output.events, "RECORD_FILE_COMPLETE")
    error_message = "The service has no callback."
  }

  assert {
    condition     = sparkrtc_record_callback.this.auth_key == null && sparkrtc_record_callback.this.auth_key_wo == null
    error_message = "A key is in the state."
  }
}

# The time of a callback that is to be set again is not known in the plan, and the
# condition doesn't hold then.
run "nothing_to_set_again" {
  command = plan

  assert {
    condition     = output.update_time != null
    error_message = "The callback has no time any more."
  }
}

run "a_new_key" {
  variables {
    auth_key         = "another-key-of-the-tests-0123456789"
    auth_key_version = 2
  }

  assert {
    condition     = sparkrtc_record_callback.this.auth_key_wo_version == 2
    error_message = "The new key was not sent."
  }
}
