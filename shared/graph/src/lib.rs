//! A client for Microsoft Graph v1.0 and the Microsoft identity platform: users, groups, memberships, managers,
//! delta queries and change-notification subscriptions. It stands alone and knows nothing of who uses it.
//!
//! ```no_run
//! use rollcall_graph::{Cloud, Credential, Expand, GraphClient, HttpClient, users};
//!
//! # async fn run(tenant: uuid::Uuid, secret: secrecy::SecretString) -> Result<(), Box<dyn std::error::Error>> {
//! let http = HttpClient::new()?;
//! let credential = Credential::ClientSecret { client_id: "application id".to_owned(), secret };
//! let graph = GraphClient::new(http, Cloud::Global.origins(), tenant, credential);
//! let mut pages = graph.pages(users::list(&["displayName", "accountEnabled"], Expand::Manager));
//! while let Some(page) = pages.next().await? {
//!     for user in page.value {
//!         println!("{} {:?}", user.id, user.manager);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The pieces
//! * A [`Request`] is a call as a value, typed by its answer. [`users`], [`groups`], [`subscriptions`],
//!   [`organization`] and [`photos`] build those that a directory sync needs, with the options that Microsoft's contract demands;
//!   [`Request::object`] and [`Request::list`] build any other.
//! * [`GraphClient::send`] makes one call, [`GraphClient::pages`] reads a collection to its end while it fetches one
//!   page ahead, and [`GraphClient::batch`] makes many calls in few requests.
//! * [`GraphClient::until`] gives a handle with a deadline. No call of it runs or waits past that moment: what does
//!   not fit comes back as [`Error::Throttled`] or [`Error::Transient`] with the time to wait.
//! * A [`PageLink`] is where to go on reading. Store it, and continue with [`Request::at`].
//! * An [`Error`] is sorted by what the caller can do: let a person mend the credential or the consent, wait,
//!   start over, or give up. It can be logged as it is.
//!
//! # What can be relied on
//! * **A part never looks like the whole.** A body that is empty, truncated, HTML, an error with status 200 or of the
//!   wrong type is repeated and then an error, never an empty list. A 404 that Graph itself did not write is not
//!   [`Error::NotFound`]. A page without its links, and links that go in a circle, are [`Error::ContractBroken`].
//! * **A token goes to the configured origin only.** Every link is compared with it at every use, redirects are not
//!   followed, and proxies of the environment are ignored.
//! * **Pauses are kept, and avoided.** A 429 stops all clones of a client until its `Retry-After` is over (seconds,
//!   decimals or a date, kept between 1 s and 15 min). Graph's warning headers slow a client down before that.
//! * **Passing trouble is repeated**, five times with growing, jittered pauses, after a server error or a broken
//!   connection on a new connection. A call that creates something is repeated only if it was never sent.
//! * **Secrets and people stay out of errors, logs and `Debug`.** An error names the method, the path template and
//!   Microsoft's request id.
//!
//! # What it does not do
//! It writes nothing but subscriptions, and does not read what tokens contain: [`identity_platform`] carries what a sign-in needs to
//! and fro, and leaves every check to its user. A property that comes
//! twice in a user keeps its last value; a field that comes twice elsewhere breaks the contract.
//!
//! # Testing with it
//! [`HttpClient::with_transport`] takes the network's place, [`Tuning`] the clock's and the jitter's, and
//! all waiting follows tokio's clock, so that hours of throttling pass in a moment of paused time.

mod assertion;
mod batch;
mod batch_wire;
mod client;
mod client_proof;
mod clock;
mod cloud;
mod credential;
mod decode;
mod error;
mod exchange;
mod graph_error;
mod group;
pub mod groups;
mod http_client;
pub mod identity_platform;
mod link;
pub mod organization;
mod pace;
mod page;
mod pages;
mod patience;
pub mod photos;
mod properties;
mod request;
mod retry_after;
mod search;
pub mod subscriptions;
mod token;
mod token_answer;
mod transport;
mod user;
pub mod users;
mod verdict;

pub use client::{GraphClient, Priority, Usage};
pub use clock::WallClock;
pub use cloud::{Cloud, OriginError, Origins};
pub use credential::{AssertionError, AssertionSource, Credential};
pub use error::{Call, Cause, CredentialHint, Error, StartOver};
pub use group::{Field, Group, Member, MemberChange, MemberKind};
pub use http_client::{HttpClient, HttpClientError};
pub use identity_platform::{Authority, IdentityError, IdentityPlatform};
pub use link::PageLink;
pub use page::Page;
pub use pages::{FollowedLinks, Pages};
pub use patience::Tuning;
pub use photos::ProfilePhoto;
pub use properties::{Properties, PropertyValue};
pub use request::Request;
pub use transport::{Limits, Transport, TransportError};
pub use user::{ManagerField, Removed, User};
pub use users::{DeltaStart, Expand, ObjectId};
