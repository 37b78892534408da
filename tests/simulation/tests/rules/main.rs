//! What a connection's owner can say about who is synced and how, each with the real engine over a
//! simulated tenant: by a full run, and by changes alone.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

mod accounts;
mod addresses;
mod holds;
mod leavers;
mod people;
mod photos;
mod preview;
mod scope;
mod teams;
mod unanswered;
mod undo;
