# Without an account, a network or credentials: nothing is sent. A mocked list of
# apps is empty, so that no app is found.
mock_provider "sparkrtc" {}

variables {
  app_name = "production"
  url      = "https://recordings.example.com/sparkrtc"
  auth_key = "callback-key-of-the-tests-0123456789"
}

run "no_such_app" {
  command         = plan
  expect_failures = [sparkrtc_record_callback.this]
}

run "blank_in_the_name" {
  command = plan

  variables {
    app_name = "production "
  }

  expect_failures = [var.app_name]
}

run "plain_http" {
  command = plan

  variables {
    url = "http://recordings.example.com/sparkrtc"
  }

  expect_failures = [var.url]
}

run "short_key" {
  command = plan

  variables {
    auth_key = "short"
  }

  expect_failures = [var.auth_key]
}

run "half_a_version" {
  command = plan

  variables {
    auth_key_version = 1.5
  }

  expect_failures = [var.auth_key_version]
}
