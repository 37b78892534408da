//! What talks to Graph beside a run, against the simulated tenant: the check of a connection, the keeper of
//! subscriptions, and what the clock starts.

#![expect(clippy::unwrap_used, reason = "what a test can not set up, it shall fail at")]

mod check;
mod clock;
mod keeper;
mod stage;
mod teller;
