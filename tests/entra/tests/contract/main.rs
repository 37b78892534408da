//! The contract of Microsoft Graph and of the identity platform, checked over HTTP. Each test's name is a fact.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics fails, which is what it is for")]

mod advanced;
mod batch;
mod browser;
mod claims;
mod consent;
mod control;
mod convergence;
mod deleted;
mod delta;
mod faults;
mod groups;
mod identity;
mod lists;
mod notifications;
mod photos;
mod receiver;
mod relying_party;
mod sessions;
mod sign_in;
mod subscriptions;
mod throttling;
mod tokens;
mod users;
mod world;
mod writes;
