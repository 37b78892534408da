//! The engine over a simulated tenant, in one process: the real sync, graph and store code, a
//! real HTTP server in the place of Microsoft, and an emulator in the place of `DynamoDB`.
//!
//! * [`World`]: one tenant, one table, one worker, and queue and mail in memory.
//! * [`expected`]: what the platform should hold, computed plainly from the simulated
//!   directory, without any code of the product.
//! * [`platform`]: what the platform does hold.
//! * [`history`]: random changes of a directory, from a seed.
//!
//! The tests stand in `tests/`. Nothing here decides anything that the product decides.

pub mod expected;
pub mod history;
pub mod platform;
mod ports;
mod world;

pub use world::World;
