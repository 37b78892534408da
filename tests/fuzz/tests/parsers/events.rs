//! Events of the queue and of the scheduler.

use aws_lambda_events::sqs::SqsEvent;
use fuzz::graph::now;
use fuzz::memory::bounded;
use rollcall_sync::job::Message;
use serde_json::Value;

use crate::{BLIND, target};

target!(
    /// A batch of the queue.
    queue, BLIND, batch
);
target!(
    /// The input of a schedule.
    schedules, BLIND, schedule
);

fn batch(input: &[u8]) {
    let read = bounded(input, 1 << 18, 400, || serde_json::from_slice::<SqsEvent>(input));
    let Ok(event) = read else { return };
    for record in &event.records {
        // As the worker reads it: a bad message is bad alone.
        let body = record.body.as_deref().unwrap_or_default();
        let Ok(message) = serde_json::from_str::<Message>(body) else { continue };
        let written = serde_json::to_string(&message).unwrap();
        assert_eq!(
            serde_json::from_str::<Message>(&written).unwrap(),
            message,
            "what was queued once can be queued again"
        );
        let value: Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["version"], message.version);
        assert_eq!(
            value["connection"].as_str().and_then(|id| id.parse().ok()),
            Some(message.connection),
            "it is about the connection that it names"
        );
    }
}

fn schedule(input: &[u8]) {
    if input.trim_ascii_start().first() == Some(&b'[') {
        // A derived type is also read from a list of its members' values. The scheduler sends none.
        return;
    }
    if let Ok(read) = serde_json::from_slice::<scheduled_sync::input::Input>(input) {
        let value: Value = serde_json::from_slice(input).unwrap();
        let named = value["scheduled_at"].as_str().and_then(|text| text.parse().ok());
        assert_eq!(read.scheduled(now()), named.unwrap_or(now()));
        assert!(value["job"] == "reconcile" || value["job"] == "poll");
    }
    if serde_json::from_slice::<renew_subscriptions::input::Input>(input).is_ok() {
        let value: Value = serde_json::from_slice(input).unwrap();
        assert!(value["job"] == "renew");
    }
}
