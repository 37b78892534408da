//! What Rollcall keeps: one DynamoDB table, and the secrets in Secrets Manager.

pub mod change;
pub mod commit;
pub mod connection;
pub mod error;
pub mod group;
pub mod hold;
pub mod run;
pub mod state;
pub mod subscription;

mod rows;

pub use error::Error;
