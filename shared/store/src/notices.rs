//! What people were told of a connection's troubles, and when.
//!
//! There is one item for each matter and way of telling. Nobody writes one without naming the mark that it had when it
//! was read, so of two that want to tell the same thing one does. An item is never deleted but with its connection.

use std::collections::HashMap;

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::item::{from_item, text, to_item};
use crate::keys::{Key, NOTICE, partition};
use crate::table::{Condition, Span, Table};

const KIND: &str = "notice";

/// What can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The connection is paused until a person mends something.
    Paused,
    /// Runs fail, or wait for Microsoft.
    Trouble,
    /// No run has succeeded for too long.
    NoRun,
    /// The delta links are about to become too old.
    Cursor,
    /// Change notifications are about to end, or are missing.
    Subscription,
    /// The secret or certificate is about to expire.
    Credential,
    /// Removals wait for a person's decision.
    Hold,
}

impl Matter {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Paused, Self::Trouble, Self::NoRun, Self::Cursor, Self::Subscription, Self::Credential, Self::Hold];

    /// Its name in keys and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Trouble => "trouble",
            Self::NoRun => "no_run",
            Self::Cursor => "cursor",
            Self::Subscription => "subscription",
            Self::Credential => "credential",
            Self::Hold => "hold",
        }
    }
}

/// How people are told. Each way has a memory of its own, so that the failure of one leaves the other alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Mail to the owners.
    Mail,
    /// A card in a Teams channel.
    Channel,
}

impl Way {
    /// Its name in keys and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Channel => "channel",
        }
    }
}

/// What was told of one matter, one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Of what.
    pub matter: Matter,
    /// How.
    pub way: Way,
    /// Since when it has not been well, which tells one occurrence from the next. None while all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The highest step that was told of this occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// When it was last told. None once a recovery was told: then nobody is owed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// When somebody set about telling who has not yet said how it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<Timestamp>,
    /// Another one after each write. None: it is not in the table yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Uuid>,
}

impl Told {
    /// Nothing was told yet.
    #[must_use]
    pub const fn nothing(matter: Matter, way: Way) -> Self {
        Self { matter, way, since: None, step: None, told_at: None, claimed_at: None, mark: None }
    }
}

impl Table {
    /// What was told of a connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn told(&self, connection: ConnectionId) -> Result<Vec<Told>, Error> {
        let items = self.query_all(Span::prefixed(partition(connection), NOTICE)).await?;
        items.into_iter().map(|item| from_item(KIND, item)).collect()
    }

    /// Writes what was told, if the item still has the mark that is given. Gives it with its new mark.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else wrote it since it was read; [`Error::Unavailable`].
    pub async fn write_told(&self, connection: ConnectionId, told: &Told) -> Result<Told, Error> {
        let written = Told { mark: Some(Uuid::new_v4()), ..told.clone() };
        let key = Key::notice(connection, told.matter, told.way);
        let item = to_item(KIND, &key, &written)?;
        match self.put(KIND, item, Some(unchanged(told.mark))).await {
            Ok(()) => Ok(written),
            // The SDK may have repeated what had worked.
            Err(Error::Conflict { .. }) if self.found_told(&key).await?.as_ref() == Some(&written) => Ok(written),
            Err(error) => Err(error),
        }
    }

    async fn found_told(&self, key: &Key) -> Result<Option<Told>, Error> {
        self.get(key).await?.map(|item| from_item(KIND, item)).transpose()
    }
}

fn unchanged(mark: Option<Uuid>) -> Condition {
    match mark {
        None => Condition { expression: "attribute_not_exists(pk)", values: None },
        Some(mark) => {
            let values = HashMap::from([(":mark".to_owned(), text(mark.to_string()))]);
            Condition { expression: "mark = :mark", values: Some(values) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was_written() {
        let at = Some(Timestamp::UNIX_EPOCH);
        for matter in Matter::ALL {
            for way in [Way::Mail, Way::Channel] {
                let mark = Some(Uuid::from_u128(1));
                let told = Told { since: at, step: Some(3), told_at: at, claimed_at: at, mark, matter, way };
                let key = Key::notice(ConnectionId(Uuid::from_u128(1)), matter, way);
                assert_eq!(key.sk, format!("NOTICE#{}#{}", matter.word(), way.word()));
                assert_eq!(from_item::<Told>(KIND, to_item(KIND, &key, &told).unwrap()).unwrap(), told);
                let nothing = Told::nothing(matter, way);
                assert_eq!(from_item::<Told>(KIND, to_item(KIND, &key, &nothing).unwrap()).unwrap(), nothing);
            }
        }
    }
}
