//! A simulated Microsoft Entra tenant: the identity platform and the part of Microsoft Graph v1.0 that a directory
//! sync uses, behind one HTTP address, with a control API that changes the directory and injects faults.
//!
//! Start one with [`Server::start`], or without sockets with [`Server::in_process`]; many may run in one process. The README beside this crate lists the control API
//! and says what is not imitated.
//!
//! | module | subject |
//! |---|---|
//! | [`directory`] | objects, links and the log of changes, with no word of HTTP |
//! | `seed` | realistic people and nested groups from a seed |
//! | `login` | sign-in pages, token endpoint, consent, discovery, keys |
//! | `graph` | Microsoft Graph: one file for each subject |
//! | `notify` | subscriptions and the delivery of notifications |
//! | `faults` | rules that spoil answers |
//! | `control` | the API for tests |
//! | `server`, `wire` | HTTP |
//! | `in_process` | the same without sockets |
//!
//! Nothing of the product may be used here: the simulation is an independent reading of Microsoft's contract.

mod apps;
mod clock;
mod control;
pub mod directory;
mod faults;
mod graph;
mod in_process;
mod login;
mod metrics;
mod notify;
mod options;
mod registration;
mod reply;
mod request;
mod seed;
mod server;
mod settings;
mod state;
mod sync;
mod tenant;
mod wire;

pub use clock::Source;
pub use faults::{Fault, FaultRule, Matcher, Plane, RuleError};
pub use graph::Photo;
pub use in_process::Answer;
pub use metrics::{Counts, Delivery};
pub use notify::{Received, Receiver};
pub use options::{Options, TenantOptions};
pub use server::{Server, StartError, TenantInfo};
pub use settings::{DeltaSettings, NotificationSettings, Settings};
