output "app_id" {
  description = "ID of the app."
  value       = sparkrtc_app.this.app_id
}

output "record_rule_id" {
  description = "ID of the recording rule."
  value       = sparkrtc_record_rule.this.rule_id
}

output "callback_events" {
  description = "Events that the service sends."
  value       = sparkrtc_record_callback.this.notify_event_subscription
}
