//! What talks to Graph beside a run, against the simulated tenant: the check of a connection, and the keeper of subscriptions.

mod check;
mod keeper;
mod stage;
