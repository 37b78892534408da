//! Settings that somebody wants to see the effect of before they are saved.

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::item::{expire, from_item, is_expired, to_item};
use crate::keys::Key;
use crate::rows;
use crate::table::Table;

const KIND: &str = "proposal";
/// How long a proposal can be saved. What it was previewed against is older than that soon enough.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Settings that are proposed for a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The id, which is that of the run that previews it.
    pub id: RunId,
    /// Who would be in.
    pub scope: Scope,
    /// How a person would become an account.
    pub rules: Rules,
    /// How much could be taken without asking.
    #[serde(with = "rows::limits")]
    pub limits: Limits,
    /// The connection's revision on which it builds: another one needs another preview.
    pub revision: u64,
    /// Who proposed it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
}

impl Table {
    /// Notes settings that are proposed.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn propose(&self, connection: ConnectionId, proposal: &Proposal) -> Result<(), Error> {
        let mut item = to_item(KIND, &Key::proposal(connection, proposal.id), proposal)?;
        expire(&mut item, proposal.created_at.saturating_add(KEPT).unwrap_or(Timestamp::MAX));
        self.put(KIND, item, None).await
    }

    /// Settings that were proposed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn proposal(&self, connection: ConnectionId, id: RunId) -> Result<Option<Proposal>, Error> {
        self.get(&Key::proposal(connection, id)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Settings that were proposed and can still be saved.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn open_proposal(
        &self,
        connection: ConnectionId,
        id: RunId,
        now: Timestamp,
    ) -> Result<Option<Proposal>, Error> {
        let item = self.get(&Key::proposal(connection, id)).await?.filter(|item| !is_expired(item, now));
        item.map(|item| from_item(KIND, item)).transpose()
    }
}
