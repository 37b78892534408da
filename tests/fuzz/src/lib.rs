//! What the targets in `tests/parsers` stand on. A target feeds one parser of foreign input and checks what the
//! parser made of it; `README.md` tells how to run them.
//!
//! * [`input`]: from the engine's bytes to an input: the bytes themselves, or a sample with edits.
//! * [`answer`]: HTTP answers as text, which is what the samples of Graph and of the identity platform are.
//! * [`graph`]: the real client over a transport that gives such answers.
//! * [`aws`]: the real AWS clients over a connection that leads nowhere.
//! * [`memory`]: how much a parser may take for its input.
//! * [`reading`]: an independent, plain reading of JSON that parsers are held against.
//!
//! **Nothing here opens a socket or reads the clock.** An input means the same at every run.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

// Cargo also links this crate's own, empty test program, which needs the engine as soon as there is one.
use bolero as _;

pub mod answer;
pub mod aws;
pub mod graph;
pub mod input;
pub mod memory;
pub mod reading;
mod words;
