# Without an account, a network or credentials: nothing is sent.
mock_provider "sparkrtc" {
  mock_resource "sparkrtc_record_callback" {
    defaults = {
      # A mock makes up each computed attribute that is not set here.
      update_time               = "2026-01-01T00:00:00.000Z"
      notify_event_subscription = ["RECORD_FILE_COMPLETE"]
    }
  }
}

variables {
  apps = {
    production = "5ff9701f2346968bb306cb43"
    staging    = "60a1b2c3d4e5f60718293a4b"
  }
  receiver     = "recordings.example.com"
  callback_key = "callback-key-of-the-tests-0123456789"
}

run "each_environment_has_its_own_path" {
  command = plan

  assert {
    condition     = output.urls["staging"] == "https://recordings.example.com/staging"
    error_message = "The URL of staging is ${output.urls["staging"]}."
  }

  assert {
    condition     = length(sparkrtc_record_callback.all) == 2
    error_message = "There is not one callback for each app."
  }
}

run "a_receiver_is_a_host" {
  command = plan

  variables {
    receiver = "https://recordings.example.com"
  }

  expect_failures = [var.receiver]
}

run "no_key_is_stored" {
  assert {
    condition     = alltrue([for callback in sparkrtc_record_callback.all : callback.auth_key == null && callback.auth_key_wo == null])
    error_message = "A key is in the state."
  }

  assert {
    condition     = output.update_times["production"] == "2026-01-01T00:00:00.000Z"
    error_message = "The time is not the one of the mock."
  }
}
