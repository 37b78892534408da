//! The local stack: the real template and the real binaries on an AWS emulator, beside a simulated Entra tenant,
//! without an AWS account, without Docker. It drives the demo, and tests start stacks of their own through
//! [`stack::Stack`].
//!
//! Nothing of the product is linked here, so that nothing here can share its mistakes: the comparison of platform and
//! directory is computed from two HTTP APIs.

pub mod artifacts;
pub mod audit;
pub mod comparison;
pub mod deploy;
pub mod emulator;
pub mod error;
pub mod gateway;
pub mod http;
pub mod json;
pub mod lambda;
pub mod layout;
pub mod node;
pub mod platform;
pub mod prerequisites;
pub mod process;
pub mod sample_platform;
pub mod sign_in;
pub mod stack;
pub mod state;
pub mod story;
pub mod tenant;
pub mod tools;

pub use error::{Error, Result};
pub use stack::{Options, Stack};
