//! Holds: removals that wait for a person's decision.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::guard::Reason;
use rollcall_directory::identity::{ConnectionId, HoldId, RunId};
use rollcall_directory::plan::Removal;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::item::{VERSION, check_version, expire, from_item, number, read_text, text, to_item};
use crate::keys::{HOLD, Item, Key, hold_partition, partition};
use crate::page::{Page, PageRequest};
use crate::table::{Condition, Span, Table};
use crate::wire::ItemText;
use crate::write::{Change, Write};

const KIND: &str = "hold";

/// A set of removals that nobody may apply before a person has approved exactly this set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The hold. Version 7, so that holds sort by time.
    pub id: HoldId,
    /// The run that found the removals.
    pub run: RunId,
    /// The plan hash of the removals: whoever approves, approves exactly these.
    pub hash: String,
    /// How it stands.
    pub status: HoldStatus,
    /// Why the removals are held.
    pub reasons: Vec<Reason>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// How many removals.
    pub removals: u64,
}

/// How a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// Waits for a decision.
    Open,
    /// Approved, not yet applied.
    Approved,
    /// Rejected. The removals are not applied.
    Rejected,
    /// Approved and applied.
    Applied,
    /// A newer hold has taken its place.
    Superseded,
    /// The removals are no longer called for.
    Closed,
}

impl HoldStatus {
    /// Whether nothing more comes of the hold.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Open | Self::Approved => false,
            Self::Rejected | Self::Applied | Self::Superseded | Self::Closed => true,
        }
    }

    /// The word by which it is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Applied => "applied",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
        }
    }
}

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Take it all.
    Approved,
    /// Take nothing.
    Rejected,
}

impl Decision {
    /// The status that follows.
    #[must_use]
    pub const fn status(self) -> HoldStatus {
        match self {
            Self::Approved => HoldStatus::Approved,
            Self::Rejected => HoldStatus::Rejected,
        }
    }
}

/// What a commit does to holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldWrite {
    /// Opens a hold with its removals.
    Open {
        /// The hold.
        hold: Hold,
        /// The removals.
        removals: BTreeSet<Removal>,
    },
    /// Changes the status of a hold, if it still is what was read; otherwise the commit fails
    /// with a conflict.
    Move {
        /// Which.
        hold: HoldId,
        /// The status that was read.
        from: HoldStatus,
        /// The status from now on.
        to: HoldStatus,
    },
}

/// The write that opens a hold. Its removals are written before it.
pub(crate) fn open(connection: ConnectionId, hold: &Hold, expires: Timestamp) -> Result<Write, Error> {
    let mut item = to_item(KIND, &Key::hold(connection, hold.id), hold)?;
    expire(&mut item, expires);
    let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
    Ok(Write::Put { kind: KIND, item: ItemText::of(KIND, &item)?, condition: Some(condition) })
}

/// The write that changes the status of a hold. It expires then, unless somebody still has to do something about it.
pub(crate) fn move_on(
    connection: ConnectionId,
    hold: HoldId,
    from: HoldStatus,
    to: HoldStatus,
    expires: Timestamp,
) -> Write {
    Write::Update(status_change(connection, hold, from, to, expiring(to, expires)))
}

fn expiring(status: HoldStatus, expires: Timestamp) -> Item {
    let mut item = Item::new();
    if status.is_final() {
        expire(&mut item, expires);
    }
    item
}

fn status_change(connection: ConnectionId, hold: HoldId, from: HoldStatus, to: HoldStatus, more: Item) -> Change {
    let mut item = more;
    item.insert("v".to_owned(), number(VERSION));
    item.insert("status".to_owned(), text(to.word()));
    Change::set(KIND, Key::hold(connection, hold), item, &[]).require("status", text(from.word()))
}

fn read_removals(item: &Item) -> Result<Vec<Removal>, Error> {
    check_version("removals", item)?;
    let bad = |error: serde_json::Error| Error::Corrupt {
        item: "removals",
        // Without the text of the error, which can quote values.
        what: format!("JSON at line {}, column {}", error.line(), error.column()),
    };
    serde_json::from_str(read_text("removals", item, "removals")?).map_err(bad)
}

impl Table {
    /// A hold.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn hold(&self, connection: ConnectionId, hold: HoldId) -> Result<Option<Hold>, Error> {
        self.get(&Key::hold(connection, hold)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Holds, newest first.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn holds_page(&self, connection: ConnectionId, request: &PageRequest) -> Result<Page<Hold>, Error> {
        let span = Span { backward: true, ..Span::prefixed(partition(connection), HOLD) };
        let page = self.span_page(&format!("holds {connection}"), span, request).await?;
        let items = page.items.into_iter().map(|item| from_item(KIND, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// The removals of a hold. They are kept for 400 days at least.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown hold, [`Error::Corrupt`] when there are fewer or more than were held,
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn hold_removals(&self, connection: ConnectionId, hold: HoldId) -> Result<BTreeSet<Removal>, Error> {
        let known = self.hold(connection, hold).await?.ok_or(Error::NotFound { item: KIND })?;
        let mut removals = BTreeSet::new();
        for item in self.query_all(Span::of(hold_partition(connection, hold))).await? {
            removals.extend(read_removals(&item)?);
        }
        if removals.len() as u64 != known.removals {
            let what = format!("{} of {} removals are there", removals.len(), known.removals);
            return Err(Error::Corrupt { item: "removals", what });
        }
        Ok(removals)
    }

    /// Records what a person decided about an open hold.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it is not open any more, [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn decide_hold(
        &self,
        connection: ConnectionId,
        hold: HoldId,
        decision: Decision,
        by: &str,
        now: Timestamp,
    ) -> Result<Hold, Error> {
        let history = self.connection(connection).await?.map(|connection| connection.history_days).unwrap_or_default();
        let mut more = expiring(decision.status(), history.after(now));
        more.insert("decided_by".to_owned(), text(by));
        more.insert("decided_at".to_owned(), text(now.to_string()));
        let change = status_change(connection, hold, HoldStatus::Open, decision.status(), more);
        match self.update(KIND, change).await {
            Ok(item) => from_item(KIND, item),
            Err(Error::Conflict { .. }) => match self.hold(connection, hold).await? {
                None => Err(Error::NotFound { item: KIND }),
                // The SDK repeated what had worked.
                Some(hold) if hold.decided_by.as_deref() == Some(by) && hold.decided_at == Some(now) => Ok(hold),
                Some(_) => Err(Error::Conflict { item: KIND }),
            },
            Err(error) => Err(error),
        }
    }
}
