//! What arrives from Graph, checked before anything is done for it.
//!
//! A notification is a hint that something changed in a connection's directory, and nothing
//! more: no part of it is used as data or as an address.
//!
//! * [`parse`]: from bytes to notifications. No I/O.
//! * [`client_state`]: the text by which a notification proves whose subscription it belongs to.
//! * [`receive`]: checks notifications against what is known, and queues one job per connection.
//! * [`validation`]: the handshake by which Graph makes sure of the address.

pub mod client_state;
pub mod parse;
pub mod receive;
pub mod validation;
