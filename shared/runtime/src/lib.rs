//! What every Lambda function needs before it can do its work: configuration from the
//! environment, telemetry, AWS clients, the clock.
//!
//! * [`config`]: one type per concern, read once at start. A variable that is missing or
//!   malformed stops the function with one line that names it.
//! * [`telemetry`]: JSON lines on standard output.
//! * [`clients`]: the AWS clients, built once and sharing one configuration.
//! * [`queue`], [`mail`], [`channel`]: SQS, SES and Teams channels behind the ports of `rollcall-sync`.
//! * [`logout`]: SQS and HTTP behind the ports of the back channel of `rollcall-sign-in`.
//! * [`batch`]: which messages of a batch failed, as SQS event sources want to be told.
//! * [`gateway`]: from an event of API Gateway to the answer of a router.
//! * [`clock`]: the time, and an invocation's deadline.
//! * [`start`]: the frame of every `main`.
//!
//! **Only this crate reads the environment and the clock.** There are no rules of the business
//! here, and no wire formats but those of the Lambda event sources.

pub mod batch;
pub mod channel;
pub mod clients;
pub mod clock;
pub mod config;
mod egress;
pub mod gateway;
pub mod logout;
pub mod mail;
mod public;
pub mod queue;
pub mod start;
pub mod telemetry;
