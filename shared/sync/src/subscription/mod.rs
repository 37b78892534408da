//! Keeps the change-notification subscriptions of a connection alive.
//!
//! Lost directory notifications are silent: Graph has no lifecycle event that tells of them for
//! users and groups. So what the table believes is compared with what Graph really has, every
//! hour and after each activation:
//!
//! * [`audit`]: the decision, as a list of steps. No I/O.
//! * [`keeper`]: reads both sides, takes the steps, and queues a read after every gap.
//! * [`removal`]: ends them when a connection is no longer synced.
//! * [`round`]: all connections, one after the other.
//! * [`address`]: the addresses that Graph is given, and how a listed subscription is known as ours.
//!
//! **Nothing is touched that is not ours**: the same application may serve another deployment.

pub mod address;
pub mod audit;
pub mod keeper;
pub mod removal;
pub mod round;

mod visit;
