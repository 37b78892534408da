//! One target for each parser of foreign input. `README.md` tells how to run them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod admin;
mod admin_stage;
mod batch;
mod delta;
mod events;
mod graph_object;
mod ids;
mod links;
mod listing;
mod notifications;
mod pages;
mod refusals;
mod sign_in;
mod stored;
mod token;
mod webhook_event;

use std::path::PathBuf;

use fuzz::input::Samples;

/// Inputs of a target where no engine guides it, beside its corpus: some seconds for each target in a debug build.
const BLIND: usize = 2_000;
/// Such inputs where each takes milliseconds.
const BLIND_EVENTS: usize = 250;

/// The samples of a target.
fn samples(name: &str) -> Samples {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parsers/__fuzz__");
    Samples::of(&folder.join(name.replace("::", "__")).join("corpus"))
}

/// A test that feeds a function with its samples, with its corpus, and with whatever the engine thinks of.
macro_rules! target {
    ($(#[$doc:meta])* $name:ident, $iterations:expr, $function:path) => {
        $(#[$doc])*
        #[test]
        fn $name() {
            let name = concat!(module_path!(), "::", stringify!($name)).split_once("::").unwrap().1;
            let samples = $crate::samples(name);
            bolero::check!().with_iterations($iterations).with_max_len(256).for_each(|bytes: &[u8]| {
                samples.feed(bytes, $function);
            });
        }
    };
}
pub(crate) use target;
