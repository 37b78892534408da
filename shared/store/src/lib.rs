//! What Rollcall keeps: one `DynamoDB` table, and the secrets in Secrets Manager.
//!
//! * [`table`]: the table; its reading calls are methods of [`Table`], spread over the modules
//!   of what they read. The keys and every access pattern are written down in `keys.rs`.
//! * [`lease`], [`commit`]: the only way in which a sync writes. One worker at a time holds a
//!   connection's lease; each of its transactions carries the fence, the writes, and their history.
//! * [`connection`], [`state`], [`run`], [`change`], [`hold`], [`group`], [`user`], [`photo`],
//!   [`subscription`], [`notices`], [`problem`], [`existing`], [`proposal`]: what is kept, with the calls that read it.
//! * [`client`], [`delegation`], [`pending`], [`session`], [`setup`], [`sign_in_record`], [`verification_keys`]: what signing in needs.
//! * [`page`]: long lists, with authenticated cursors.
//! * [`retention`]: how long history is kept.
//! * [`purge`]: deleting everything of a connection.
//! * [`secrets`]: credentials and keys.
//! * [`error`]: what can go wrong, by what the caller can do.
//!
//! **No business rule is here**: what should be written is decided in `rollcall-directory` and
//! `rollcall-sync`. **No secret is ever in the table**, nor a tenant's id. **Nothing here reads the
//! clock or the environment.** Every item carries a schema version; items one version back or
//! ahead are read, unknown attributes are left alone.
//!
//! The types of the core have rows of their own (`rows.rs`, `user.rs`, `group.rs`). Types that
//! only the table knows, like [`run::Run`], are serialised as they stand; their serialised form is the row.

pub mod change;
pub mod client;
pub mod commit;
pub mod connection;
pub mod delegation;
pub mod digest;
pub mod error;
pub mod existing;
pub mod group;
pub mod hold;
pub mod lease;
pub mod notices;
pub mod page;
pub mod pending;
pub mod photo;
pub mod problem;
pub mod proposal;
pub mod purge;
pub mod retention;
pub mod run;
pub mod secrets;
pub mod session;
pub mod setup;
pub mod sign_in_record;
pub mod state;
pub mod subscription;
pub mod table;
pub mod user;
pub mod verification_keys;

mod connections;
mod history;
mod home_realm;
mod item;
mod keys;
mod parcel;
mod progress;
mod rate;
mod retry;
mod rows;
mod sign_in;
mod signals;
mod state_rows;
mod transact;
mod unit;
mod users;
mod wire;
mod write;

pub use change::{Change, TeamAction, TeamChange};
pub use client::{ClientAuthentication, ClientSecret, PlatformClient};
pub use commit::{Commit, TeamWrite, UserWrite};
pub use connection::{Connection, ConnectionStatus, CredentialKind, PauseKind, PauseReason, SignIn};
pub use delegation::{Delegation, DelegationLink};
pub use digest::SecretDigest;
pub use error::Error;
pub use group::StoredGroup;
pub use hold::{Decision, Hold, HoldStatus, HoldWrite};
pub use keys::{ClientId, SessionId};
pub use lease::{Acquired, Lease};
pub use notices::{Matter, Told, Way};
pub use page::{Page, PageRequest};
pub use pending::{Admitted, Pending, PlatformRequest, Purpose};
pub use photo::{PhotoEntry, PhotoWrite, StoredImage};
pub use problem::{NotedProblem, ProblemChanges};
pub use proposal::Proposal;
pub use purge::Purged;
pub use retention::HistoryDays;
pub use run::{Counts, Mode, Progress, Run, RunError, RunStatus, Tally, Trigger};
pub use secrets::{ConnectionSecret, Deletion, Secrets, StoredCredential};
pub use session::{AccountStamp, CodeGrant, CodeUse, Session, SessionKey};
pub use setup::SetupLink;
pub use sign_in::{BegunSession, Standing, Wanted};
pub use sign_in_record::SignInRecord;
pub use signals::Signal;
pub use state::{Cursor, StateChange, SyncState, TakingsLedger, Trouble};
pub use subscription::{Resource, Subscription};
pub use table::Table;
pub use user::{IndexEntry, StoredUser};
pub use verification_keys::{VerificationKey, VerificationKeys};
