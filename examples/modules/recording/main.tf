resource "sparkrtc_app" "this" {
  app_name            = var.app_name
  deletion_protection = var.deletion_protection
}

resource "sparkrtc_record_rule" "this" {
  app_id = sparkrtc_app.this.app_id
  obs    = { bucket = var.bucket, object = var.object }
  hls    = var.hls
  mp4    = var.mp4
}

resource "sparkrtc_auto_record" "this" {
  app_id         = sparkrtc_app.this.app_id
  record_rule_id = sparkrtc_record_rule.this.rule_id
}

resource "sparkrtc_record_callback" "this" {
  app_id              = sparkrtc_app.this.app_id
  url                 = var.callback_url
  auth_key_wo         = var.callback_key
  auth_key_wo_version = var.callback_key_version
}
