//! What callers get. These types are the API's own: neither rows nor core types are shown as they stand, so that
//! they can change without the API changing.

pub(crate) mod application;
pub(crate) mod change;
pub(crate) mod channel;
pub(crate) mod check;
pub(crate) mod client;
pub(crate) mod connection;
pub(crate) mod delegation;
pub(crate) mod directory;
pub(crate) mod existing;
pub(crate) mod hierarchy;
pub(crate) mod hold;
pub(crate) mod matter;
pub(crate) mod preview;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod sign_in_record;
pub(crate) mod sync;
pub(crate) mod team;
pub(crate) mod user;
pub(crate) mod why;
