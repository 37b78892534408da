//! Connections in the table.

use rollcall_directory::identity::ConnectionId;

use crate::connection::Connection;
use crate::error::Error;
use crate::item::{from_item, number, to_item};
use crate::keys::{CONNECTIONS, Key};
use crate::page::{Page, PageRequest};
use crate::table::{Condition, Span, Table};
use crate::write::Change;

const KIND: &str = "connection";
/// Attributes that a connection may have or not.
const OPTIONAL: &[&str] = &["sync_every_hours", "secret_expires_at", "sign_in"];

impl Table {
    /// Adds a connection. Its revision becomes 1.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is one with this id; [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn create_connection(&self, connection: &Connection) -> Result<Connection, Error> {
        let created = Connection { revision: 1, ..connection.clone() };
        let item = to_item(KIND, &Key::connection(created.id), &created)?;
        let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
        match self.put(KIND, item, Some(condition)).await {
            // The SDK may have repeated what had worked.
            Err(Error::Conflict { .. }) if self.connection(created.id).await?.as_ref() == Some(&created) => Ok(created),
            result => result.map(|()| created),
        }
    }

    /// A connection, as it is now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn connection(&self, connection: ConnectionId) -> Result<Option<Connection>, Error> {
        self.get(&Key::connection(connection)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Connections, in the order of their ids.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn connections(&self, request: &PageRequest) -> Result<Page<Connection>, Error> {
        let page = self.span_page("connections", Span::of(CONNECTIONS.to_owned()), request).await?;
        let items = page.items.into_iter().map(|item| from_item(KIND, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// Changes a connection that still has the revision that was read. Gives it with its new one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else changed it, [`Error::NotFound`] when it is gone;
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn update_connection(
        &self,
        connection: &Connection,
        expected_revision: u64,
    ) -> Result<Connection, Error> {
        let updated = Connection { revision: expected_revision + 1, ..connection.clone() };
        let key = Key::connection(updated.id);
        let item = to_item(KIND, &key, &updated)?;
        let change = Change::set(KIND, key, item, OPTIONAL).require("revision", number(expected_revision));
        match self.update(KIND, change).await {
            Ok(_) => Ok(updated),
            Err(Error::Conflict { .. }) => match self.connection(updated.id).await? {
                None => Err(Error::NotFound { item: KIND }),
                // The SDK may have repeated what had worked.
                Some(found) if found == updated => Ok(updated),
                Some(_) => Err(Error::Conflict { item: KIND }),
            },
            Err(error) => Err(error),
        }
    }

    /// Removes a connection's own item. What hangs on it is removed by [`Table::purge`], before.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_connection(&self, connection: ConnectionId) -> Result<(), Error> {
        self.delete(&Key::connection(connection)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HistoryDays;
    use crate::connection::{ConnectionStatus, CredentialKind, PauseKind, PauseReason};
    use jiff::Timestamp;
    use proptest::prelude::*;
    use rollcall_directory::guard::Limits;
    use rollcall_directory::identity::{GroupId, PersonId};
    use rollcall_directory::scope::Scope;
    use uuid::Uuid;

    fn any_status() -> impl Strategy<Value = ConnectionStatus> {
        let reason = |message: String| PauseReason { kind: PauseKind::Consent, message, action: "Consent.".to_owned() };
        prop_oneof![
            Just(ConnectionStatus::Draft),
            Just(ConnectionStatus::Active),
            Just(ConnectionStatus::Inactive),
            Just(ConnectionStatus::Deleting),
            ".{0,9}".prop_map(move |message| ConnectionStatus::Paused {
                reason: reason(message),
                since: Timestamp::UNIX_EPOCH
            }),
        ]
    }

    fn any_scope() -> impl Strategy<Value = Scope> {
        let groups = proptest::collection::btree_set(any::<u128>().prop_map(|id| GroupId(Uuid::from_u128(id))), 0..4);
        let people = proptest::collection::btree_set(any::<u128>().prop_map(|id| PersonId(Uuid::from_u128(id))), 0..4);
        prop_oneof![
            Just(Scope::everyone()),
            groups.prop_map(Scope::any_of),
            people.prop_map(|people| Scope::People { people }),
        ]
    }

    proptest! {
        #[test]
        fn a_connection_comes_back_as_it_was_written(
            (id, name, status, scope) in (any::<u128>(), ".{0,20}", any_status(), any_scope()),
            numbers in any::<[u64; 4]>(),
            (hours, days) in (proptest::option::of(any::<u32>()), 7u32..=3_650),
            owners in proptest::collection::vec(".{0,9}", 0..3),
            expires in proptest::option::of(0i64..4_000_000_000),
        ) {
            let [people, percent, emptied_group, revision] = numbers;
            let connection = Connection {
                id: ConnectionId(Uuid::from_u128(id)),
                name,
                status,
                scope,
                rules: rollcall_directory::rules::Rules { allow_deletion: hours.is_some(), ..Default::default() },
                limits: Limits { people, percent, emptied_group },
                sign_in: hours.map(|_| crate::SignIn { just_in_time: true, ..Default::default() }),
                owners,
                sync_every_hours: hours,
                history_days: HistoryDays::new(days).unwrap(),
                unbound: people % 2 == 1,
                credential_kind: CredentialKind::Certificate,
                secret_expires_at: expires.map(|at| Timestamp::from_second(at).unwrap()),
                settings_revision: revision / 2,
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
                revision,
            };
            let item = to_item(KIND, &Key::connection(connection.id), &connection).unwrap();
            prop_assert_eq!(from_item::<Connection>(KIND, item).unwrap(), connection);
        }
    }
}
