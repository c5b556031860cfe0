output "app_id" {
  description = "ID of the app."
  value       = sparkrtc_record_callback.this.app_id
}

output "url" {
  description = "Where the events go."
  value       = sparkrtc_record_callback.this.url
}

output "events" {
  description = "Events that the service sends."
  value       = sparkrtc_record_callback.this.notify_event_subscription
}

output "update_time" {
  description = "When the callback was last set: RFC 3339 in UTC."
  value       = sparkrtc_record_callback.this.update_time
}
