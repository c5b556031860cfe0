# Reads the account, and imports what apps.json describes. Remove this file once all is imported.
data "sparkrtc_apps" "all" {}

data "sparkrtc_record_rules" "all" {
  for_each = data.sparkrtc_apps.all.apps
  app_id   = each.key
}

data "sparkrtc_record_callbacks" "all" {}

locals {
  ids   = { for id, app in data.sparkrtc_apps.all.apps : app.app_name => id }
  rules = { for id, app in data.sparkrtc_record_rules.all : id => one(keys(app.rules)) }
}

output "apps" {
  value = {
    for name, id in local.ids : name => {
      enabled     = data.sparkrtc_apps.all.apps[id].app_state != "DEACTIVATION"
      auto_record = can(data.sparkrtc_record_rules.all[id].rules[data.sparkrtc_apps.all.apps[id].record_rule_id])
      record_rule = one([
        for rule in values(data.sparkrtc_record_rules.all[id].rules) : { obs = rule.obs, hls = rule.hls, mp4 = rule.mp4 }
      ])
      callback = one([
        for url in data.sparkrtc_record_callbacks.all.apps[id].url[*] : { url = url, key_version = null }
      ])
    }
  }
}

import {
  for_each = local.apps
  to       = sparkrtc_app.all[each.key]
  id       = local.ids[each.key]
}

import {
  for_each = { for name, app in local.apps : name => local.ids[name] if app.record_rule != null }
  to       = sparkrtc_record_rule.all[each.key]
  id       = "${each.value}/${local.rules[each.value]}"
}

import {
  for_each = { for name, app in local.apps : name => local.ids[name] if app.auto_record }
  to       = sparkrtc_auto_record.all[each.key]
  id       = each.value
}

import {
  for_each = { for name, app in local.apps : name => local.ids[name] if app.callback != null }
  to       = sparkrtc_record_callback.all[each.key]
  id       = each.value
}
