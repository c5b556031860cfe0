# Without an account, a network or credentials: nothing is sent.
mock_provider "sparkrtc" {}

variables {
  app_name     = "lectures"
  bucket       = "recordings-of-example"
  callback_url = "https://recordings.example.com/lectures"
  callback_key = "callback-key-of-the-tests-0123456789"
}

run "all_belong_to_the_app" {
  assert {
    condition = alltrue([
      for app_id in [sparkrtc_record_rule.this.app_id, sparkrtc_auto_record.this.app_id, sparkrtc_record_callback.this.app_id] :
      app_id == output.app_id
    ])
    error_message = "The rule, automatic recording or the callback is of another app."
  }

  assert {
    condition     = sparkrtc_auto_record.this.record_rule_id == output.record_rule_id
    error_message = "Automatic recording uses another rule."
  }

  assert {
    condition     = sparkrtc_app.this.deletion_protection
    error_message = "The app is not protected."
  }
}

run "blank_in_the_name" {
  command = plan

  variables {
    app_name = "lectures "
  }

  expect_failures = [var.app_name]
}

run "plain_http" {
  command = plan

  variables {
    callback_url = "http://recordings.example.com/lectures"
  }

  expect_failures = [var.callback_url]
}

run "short_key" {
  command = plan

  variables {
    callback_key = "short"
  }

  expect_failures = [var.callback_key]
}

run "half_a_version" {
  command = plan

  variables {
    callback_key_version = 1.5
  }

  expect_failures = [var.callback_key_version]
}
