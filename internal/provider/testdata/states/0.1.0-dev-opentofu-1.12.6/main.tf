# The shapes that each object has in a state. `make state-fixture` applies this, and keeps a copy
# with the state that comes of it: change it here, never in testdata/states. All keys are made up.
terraform {
  required_providers {
    sparkrtc = {
      source = "sparkrtc/sparkrtc"
    }
  }
}

variable "exact_endpoint" {
  type = string
}

variable "masked_endpoint" {
  type = string
}

# A service that shows keys and URLs as they are.
provider "sparkrtc" {
  endpoint = var.exact_endpoint
}

# One that shows a mask in place of a key, and of a URL only the host.
provider "sparkrtc" {
  alias    = "masked"
  endpoint = var.masked_endpoint
}

resource "sparkrtc_record_callback" "no_key" {
  app_id = "app-no-key"
  url    = "https://recordings.example.com/no-key"
}

resource "sparkrtc_record_callback" "auth_key" {
  app_id   = "app-auth-key"
  url      = "https://recordings.example.com/auth-key?of=tests#1"
  auth_key = "made-up-key-of-a-test-auth-key-0001"
}

resource "sparkrtc_record_callback" "auth_key_wo" {
  app_id              = "app-auth-key-wo"
  url                 = "HTTPS://Recordings.Example.com:443/auth-key-wo"
  auth_key_wo         = "made-up-key-of-a-test-write-only-01"
  auth_key_wo_version = 7
}

# Read again since it was set, as most are in a state of some age.
resource "sparkrtc_record_callback" "read_since" {
  app_id              = "app-read-since"
  url                 = "https://recordings.example.com/read-since"
  auth_key_wo         = "made-up-key-of-a-test-write-only-02"
  auth_key_wo_version = 1
}

resource "sparkrtc_record_callback" "no_events" {
  app_id = "app-no-events"
  url    = "https://recordings.example.com/no-events"
}

resource "sparkrtc_record_callback" "many_events" {
  app_id   = "app-many-events"
  url      = "https://recordings.example.com/many-events"
  auth_key = "made-up-key-of-a-test-auth-key-0002"
}

resource "sparkrtc_record_callback" "timeouts" {
  app_id   = "app-timeouts"
  url      = "https://recordings.example.com/timeouts"
  auth_key = "made-up-key-of-a-test-auth-key-0003"

  timeouts {
    create = "5m"
    read   = "90s"
    update = "1h"
  }
}

resource "sparkrtc_record_callback" "one_timeout" {
  app_id = "app-one-timeout"
  url    = "https://recordings.example.com/one-timeout"

  timeouts {
    read = "3m"
  }
}

# Imported, and never set from here.
import {
  to = sparkrtc_record_callback.imported
  id = "app-imported"
}

resource "sparkrtc_record_callback" "imported" {
  app_id = "app-imported"
  url    = "https://recordings.example.com/imported"
}

import {
  to = sparkrtc_record_callback.imported_auth_key_wo
  id = "app-imported-auth-key-wo"
}

resource "sparkrtc_record_callback" "imported_auth_key_wo" {
  app_id              = "app-imported-auth-key-wo"
  url                 = "https://recordings.example.com/imported-auth-key-wo"
  auth_key_wo         = "made-up-key-of-a-test-write-only-04"
  auth_key_wo_version = 1
}

# Apps have the IDs that the service holds, so they are imported.
import {
  to = sparkrtc_app.imported
  id = "app-imported"
}

resource "sparkrtc_app" "imported" {
  app_name = "app-imported"
}

import {
  to = sparkrtc_app.not_protected
  id = "app-imported-auth-key-wo"
}

resource "sparkrtc_app" "not_protected" {
  app_name            = "app-imported-auth-key-wo"
  deletion_protection = false

  timeouts {
    delete = "5m"
  }
}

resource "sparkrtc_record_callback" "each" {
  for_each = toset(["app-each-one", "app-each-two"])

  app_id = each.key
  url    = "https://recordings.example.com/${each.key}"
}

resource "sparkrtc_record_callback" "masked_no_key" {
  provider = sparkrtc.masked

  app_id = "app-masked-no-key"
  url    = "https://recordings.example.com/masked-no-key"
}

resource "sparkrtc_record_callback" "masked_auth_key" {
  provider = sparkrtc.masked

  app_id   = "app-masked-auth-key"
  url      = "https://recordings.example.com/masked-auth-key"
  auth_key = "made-up-key-of-a-test-auth-key-0004"
}

resource "sparkrtc_record_callback" "masked_auth_key_wo" {
  provider = sparkrtc.masked

  app_id              = "app-masked-auth-key-wo"
  url                 = "https://recordings.example.com/masked-auth-key-wo"
  auth_key_wo         = "made-up-key-of-a-test-write-only-03"
  auth_key_wo_version = 2
}

resource "sparkrtc_record_rule" "defaults" {
  app_id = "app-rule-defaults"

  obs = {
    bucket = "recordings"
  }

  hls = {
    record_cycle = 0
  }
}

resource "sparkrtc_record_rule" "all" {
  app_id = "app-rule-all"

  obs = {
    bucket     = "recordings"
    object     = "//folder/"
    project_id = "0123456789abcdef0123456789abcdef"
    region     = "cn-north-4"
  }

  hls = {
    record_cycle                      = 43200
    record_prefix                     = "{app_id}/hls"
    record_slice_duration             = 60
    record_max_duration_to_merge_file = -1
  }

  mp4 = {
    record_cycle                      = 60
    record_prefix                     = "{app_id}/mp4"
    record_max_duration_to_merge_file = 300
  }

  timeouts {
    create = "5m"
    read   = "90s"
    update = "1h"
    delete = "2h"
  }
}

import {
  to = sparkrtc_record_rule.imported
  id = "app-imported-rule/rule-imported"
}

resource "sparkrtc_record_rule" "imported" {
  app_id = "app-imported-rule"

  obs = {
    bucket = "recordings"
    object = "folder/"
  }

  mp4 = {
    record_cycle = 600
  }
}

resource "sparkrtc_auto_record" "on" {
  app_id         = sparkrtc_record_rule.all.app_id
  record_rule_id = sparkrtc_record_rule.all.rule_id
}

resource "sparkrtc_auto_record" "off" {
  app_id         = sparkrtc_record_rule.defaults.app_id
  mode           = "AUTO_RECORD_OFF"
  record_rule_id = sparkrtc_record_rule.defaults.rule_id
}

import {
  to = sparkrtc_auto_record.imported
  id = "app-imported-rule"
}

resource "sparkrtc_auto_record" "imported" {
  app_id         = "app-imported-rule"
  record_rule_id = sparkrtc_record_rule.imported.rule_id

  timeouts {
    read = "3m"
  }
}

data "sparkrtc_record_rules" "main" {
  app_id = sparkrtc_record_rule.all.app_id
}

data "sparkrtc_record_callback" "main" {
  app_id = sparkrtc_record_callback.auth_key.app_id
}

data "sparkrtc_record_callback" "none" {
  app_id = "app-without-callback"
}

data "sparkrtc_app" "by_name" {
  app_name = "app-no-key"
}

data "sparkrtc_apps" "some" {
  app_name = "app-no-key"
}
