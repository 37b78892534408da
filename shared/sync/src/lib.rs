//! Runs: reads the directory through `rollcall-graph`, asks `rollcall-directory` for the plan,
//! applies it through `rollcall-store`.
//!
//! * [`job`]: what the queue carries, and the rule by which many notifications become few reads.
//! * [`access`]: from a connection to a Graph client with its credential.
//! * [`admission`]: lets people in who sign in and have no account yet, by the same rule.
//! * [`worker`]: takes a job, holds the lease, and sees a run through to its end, its next
//!   checkpoint, or the reason why a person must act.
//! * [`notification`]: what arrives from Graph, checked.
//! * [`subscription`]: keeps the change-notification subscriptions alive.
//! * [`notice`]: tells people in time what needs them.
//! * [`schedule`]: which connections are due.
//! * [`check`]: the very calls that a sync will make, each with what is wrong and who must mend it.
//! * [`ports`]: the queue and the mail, which `rollcall-runtime` provides.
//!
//! **Nothing here reads the environment or the clock by itself**: the rim passes both in.

pub mod access;
pub mod admission;
pub mod check;
pub mod job;
pub mod notice;
pub mod notification;
pub mod ports;
pub mod schedule;
pub mod subscription;
pub mod worker;
