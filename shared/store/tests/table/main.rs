//! The table's promises, on an AWS emulator.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not see as such")]

mod ambiguity;
mod faults;
mod fencing;
mod holds;
mod lists;
mod notices;
mod people;
mod photos;
mod purging;
mod retention;
mod secrets;
mod sign_in;
mod splitting;
mod takeover;
mod world;
