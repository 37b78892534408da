//! What callers send. Each type checks itself while it is read, so that a wrong part is named by its path.

pub(crate) mod address;
pub(crate) mod application;
pub(crate) mod certificate;
pub(crate) mod channel;
pub(crate) mod client;
pub(crate) mod connection;
pub(crate) mod credential;
pub(crate) mod delegation;
pub(crate) mod existing;
pub(crate) mod limits;
pub(crate) mod number;
pub(crate) mod preview;
pub(crate) mod rules;
pub(crate) mod scope;
pub(crate) mod sign_in;
pub(crate) mod text;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// A member that is there has a value: null is one only where the value's own type knows it.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Which run is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SyncMode {
    /// Everything in scope is read and compared.
    Full,
    /// What changed since the last time is read. The first run is full all the same.
    #[default]
    Incremental,
}

/// A wish for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncRequest {
    /// Which run is wanted.
    #[serde(default)]
    #[schema(default = "incremental")]
    pub(crate) mode: SyncMode,
}

/// The approval of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// The hash of the hold that was looked at. Exactly those removals are approved, or nothing is.
    #[schema(max_length = 128)]
    pub(crate) hash: String,
}
