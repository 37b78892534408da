//! What is known of a connection, as far as it decides what people are told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_store::{Connection, ConnectionStatus, Hold, HoldStatus, Resource, Subscription, SyncState, Trouble};

use crate::subscription::keeper::wanted;

/// What is known of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether it is synced.
    pub status: ConnectionStatus,
    /// Whether it is synced by itself. One that is synced on request only is not missed.
    pub auto_sync: bool,
    /// Hours between full runs where the daily one is too rare.
    pub sync_every_hours: Option<u32>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its settings or status last changed.
    pub updated_at: Timestamp,
    /// Trouble of its runs, while it lasts.
    pub trouble: Option<Trouble>,
    /// When a run last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// When a full run last succeeded.
    pub last_full_at: Option<Timestamp>,
    /// When its delta links were issued, where it has any.
    pub cursor_read_at: Option<Timestamp>,
    /// How its change notifications stand.
    pub notifications: Notifications,
    /// When its credential stops working, as far as that is known.
    pub credential_expires_at: Option<Timestamp>,
    /// The removals that wait for a decision, if any do.
    pub open_hold: Option<OpenHold>,
}

/// Removals that wait for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHold {
    /// Since when.
    pub since: Timestamp,
    /// How many.
    pub removals: u64,
}

/// How the change notifications of a connection stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notifications {
    /// None are wanted.
    NotWanted,
    /// There is a subscription for everything that is to be watched. The first of them ends then.
    Until(Timestamp),
    /// Something is not watched.
    Missing,
}

impl Facts {
    /// Puts together what the table knows.
    #[must_use]
    pub fn of(connection: &Connection, state: &SyncState, subscriptions: &[Subscription], holds: &[Hold]) -> Self {
        let open = holds.iter().find(|hold| hold.status == HoldStatus::Open);
        Self {
            status: connection.status.clone(),
            auto_sync: connection.rules.auto_sync,
            sync_every_hours: connection.sync_every_hours,
            created_at: connection.created_at,
            updated_at: connection.updated_at,
            trouble: state.trouble.clone(),
            last_success_at: state.last_success_at,
            last_full_at: state.last_full_at,
            cursor_read_at: state.cursor.as_ref().map(|cursor| cursor.read_at),
            notifications: notifications(connection, subscriptions),
            credential_expires_at: connection.secret_expires_at,
            open_hold: open.map(|hold| OpenHold { since: hold.created_at, removals: hold.removals }),
        }
    }
}

/// A row without Graph's id may stand for a creation that failed: it counts for nothing.
fn notifications(connection: &Connection, subscriptions: &[Subscription]) -> Notifications {
    let mut ends: BTreeMap<Resource, Timestamp> = BTreeMap::new();
    for row in subscriptions.iter().filter(|row| row.id.is_some()) {
        let end = ends.entry(row.resource).or_insert(row.expires_at);
        *end = row.expires_at.max(*end);
    }
    let wanted = wanted(connection);
    if wanted.is_empty() {
        return Notifications::NotWanted;
    }
    let of_wanted: Option<Vec<Timestamp>> = wanted.iter().map(|resource| ends.get(resource).copied()).collect();
    of_wanted.and_then(|ends| ends.into_iter().min()).map_or(Notifications::Missing, Notifications::Until)
}
