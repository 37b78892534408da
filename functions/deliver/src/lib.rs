//! Tells the platform what has changed: that sessions have ended.
//!
//! The table's stream says what has ended; a message of the logout queue is one call to a client, and comes again until the client has
//! taken it. After twenty attempts in half a day it goes to the dead-letter queue.
//!
//! Environment: `TABLE_NAME`, `LOGOUT_QUEUE_URL`, `SIGNING_KEYS_ARN`, `PUBLIC_URL`, `PLATFORM_ORIGIN`, `LOG_LEVEL`.

pub mod event;
mod handler;

pub use handler::Handler;
