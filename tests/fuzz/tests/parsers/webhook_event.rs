//! Events of API Gateway, as the webhook gets them.

use fuzz::graph::{now, run};
use fuzz::memory::bounded;
use rollcall_sync::notification::receive::Receiver;
use serde_json::Value;
use webhook::answer::answer;
use webhook::http::Request;

use crate::notifications::{World, key};
use crate::{BLIND, target};

target!(
    /// A request, and its answer.
    events, BLIND, event
);

fn event(input: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(input) else { return };
    let value = serde_json::from_slice::<Value>(input).unwrap_or_default();
    if !value.is_object() {
        // API Gateway sends none.
        return;
    }
    let world = World::default();
    let key = key();
    let receiver = Receiver { key: &key, known: &world, queue: &world };
    let answer = bounded(input, 1 << 18, 64, || run(answer(&receiver, &request, now())));
    let handshake = value["rawQueryString"].as_str().is_some_and(|query| query.contains("validationToken"));
    match answer.status_code {
        200 => assert!(handshake && !answer.body.is_empty()),
        202 | 400 | 413 => assert!(answer.body.is_empty(), "nobody is told whether a notification was believed"),
        status => panic!("{status}"),
    }
    assert!(answer.status_code == 202 || !world.is_moved(), "only what was accepted moves anything");
    assert!(!answer.body.contains(['<', '>']) && answer.headers["x-content-type-options"] == "nosniff");
    assert!(serde_json::to_string(&answer).is_ok());
}
