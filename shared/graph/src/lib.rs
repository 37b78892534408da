//! A client for Microsoft Graph v1.0 and the Microsoft identity platform: users, groups, memberships, managers,
//! delta queries and change-notification subscriptions.

mod assertion;
mod batch;
mod batch_wire;
mod client;
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
mod link;
pub mod organization;
mod pace;
mod page;
mod pages;
mod patience;
mod request;
mod retry_after;
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
pub use link::PageLink;
pub use page::Page;
pub use pages::Pages;
pub use patience::Tuning;
pub use request::Request;
pub use transport::{Limits, Transport, TransportError};
pub use user::{ManagerField, Removed, User};
pub use users::{DeltaStart, Expand, ObjectId};
