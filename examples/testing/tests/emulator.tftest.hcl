# Against the emulator, whose address is in SPARKRTC_ENDPOINT. These are its
# credentials, which are made up: anything else than the emulator refuses them.
provider "sparkrtc" {
  access_key = "AKEMULATOR0000000001"
  secret_key = "SKEMULATOR0000000000000000000000000000001"
  project_id = "0123456789abcdef0123456789abcdef"
}

variables {
  apps         = { production = "5ff9701f2346968bb306cb43" }
  receiver     = "recordings.example.com"
  callback_key = "callback-key-of-the-tests-0123456789"
}

run "set" {
  assert {
    condition     = output.update_times["production"] != null
    error_message = "The service has no callback, or no time of it."
  }

  assert {
    condition     = sparkrtc_record_callback.all["production"].auth_key == null
    error_message = "A key is in the state."
  }
}

# The time of a callback that is to be set again is not known in the plan, and the
# condition doesn't hold then.
run "nothing_to_set_again" {
  command = plan

  assert {
    condition     = output.update_times["production"] != null
    error_message = "The callback has no time any more."
  }
}

run "a_new_key" {
  variables {
    callback_key         = "another-key-of-the-tests-0123456789"
    callback_key_version = 2
  }

  assert {
    condition     = sparkrtc_record_callback.all["production"].auth_key_wo_version == 2
    error_message = "The new key was not sent."
  }
}
