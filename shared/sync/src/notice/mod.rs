//! Tells people in time what needs them.

mod letter;
mod teller;

pub use teller::Teller;
