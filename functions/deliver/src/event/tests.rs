use rollcall_sign_in::back_channel::BackChannelLogout;
use rollcall_sign_in::back_channel::change::Ended;
use std::path::Path;

use super::*;

fn sample(name: &str) -> Event {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/deliver").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What the only record of a stream's sample ends.
fn ended(name: &str) -> Option<Ended> {
    let Event::Stream { records } = sample(name) else { panic!("{name} is of a stream") };
    assert_eq!(records.len(), 1);
    assert!(!records[0].sequence_number().is_empty());
    records[0].ended("2026-11-22T04:00:08Z".parse().unwrap())
}

#[test]
fn each_sample_is_of_a_stream_or_of_the_queue() {
    assert!(
        matches!(ended("account-closed.json"), Some(Ended::Account { stamp: Some(stamp), .. }) if stamp.sign_outs == 1)
    );
    assert!(matches!(ended("account-deleted.json"), Some(Ended::Account { stamp: None, .. })));
    assert!(matches!(ended("session-ended.json"), Some(Ended::Session(_))));
    assert_eq!(ended("account-changed.json"), None);
    let Event::Queue(event) = sample("logout.json") else { panic!("it is of the queue") };
    let told: BackChannelLogout = serde_json::from_str(event.records[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(Some(Ended::Session(told)), ended("session-ended.json"));
    let Event::Queue(event) = sample("unreadable.json") else { panic!("it is of the queue") };
    assert!(serde_json::from_str::<BackChannelLogout>(event.records[0].body.as_deref().unwrap()).is_err());
}

#[test]
fn there_is_no_sample_that_is_not_tried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/deliver");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 6);
}

#[test]
fn what_failed_is_named_and_nothing_else() {
    let named = |failed: &[&str]| serde_json::to_value(answer(failed.iter().map(|text| (*text).to_owned()))).unwrap();
    assert_eq!(named(&[]), serde_json::json!({"batchItemFailures": []}));
    assert_eq!(named(&["7"]), serde_json::json!({"batchItemFailures": [{"itemIdentifier": "7"}]}));
}
