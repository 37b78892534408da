//! The engine over a simulated tenant and a simulated table, in one process and in virtual time.
//!
//! The real sync, graph and store code, with everything around it simulated: Microsoft (`tests/entra`, called without
//! sockets), `DynamoDB` and Secrets Manager (behind the real SDK), the queue, mail, and time.
//!
//! * [`stage`]: everything around the product, and [`stage::Environment`], one Lambda environment with the product in it.
//! * [`World`]: a stage with one tenant, one connection, one worker, for tests that say what happens.
//! * [`dynamodb`], [`aws`]: the simulated services; [`conformance`]: what they must do, held against the emulator too. [`network`], [`webhook`](stage): the way to Graph and back.
//! * [`time`]: virtual time. **A runtime with paused time is needed**: `#[tokio::test(start_paused = true)]`.
//! * [`model`]: what the platform should hold, as the reference says, under whatever scope and rules. [`held`]: what the
//!   table holds.
//! * [`settings`], [`expected`], [`platform`]: the same for tenants of 100,000 and two simple scopes.
//! * [`history`]: random changes of a directory, from a seed.
//! * [`seeds`]: seeded histories with faults, and what must hold all the same. [`campaign`]: many of them.
//!   `cargo run -p simulation --profile simulation -- --seeds 20000` plays them.
//! * [`trace`]: what happened, for comparing and reading.
//!
//! The tests stand in `tests/`. Nothing here decides anything that the product decides.

pub mod aws;
pub mod campaign;
pub mod conformance;
pub mod dynamodb;
pub mod expected;
pub mod held;
pub mod history;
pub mod model;
pub mod network;
pub mod platform;
pub mod ports;
pub mod seeds;
pub mod settings;
pub mod stage;
pub mod time;
pub mod trace;
mod webhook;
mod world;

pub use world::World;
