//! What choosing a person would mean.

use rollcall_directory::identity::ConnectionId;
use rollcall_directory::user::{Status, User};
use rollcall_graph::User as Found;
use rollcall_store::Connection;

use crate::view::directory::Standing;
use crate::view::matter::SkipReason;

/// Another connection that has an active account of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// Which.
    pub(super) id: ConnectionId,
    /// What people call it.
    pub(super) name: String,
}

/// How a person stands to a connection. What is known of accounts comes before what a sync would think of the person.
pub(super) fn standing(
    person: &Found,
    here: Option<&User>,
    holder: Option<&Holder>,
    connection: &Connection,
) -> Standing {
    match (here.map(|user| user.status), holder) {
        (Some(Status::Active), _) => Standing::AlreadyHere {},
        (_, Some(Holder { id, name })) => Standing::Elsewhere { connection: id.0, name: name.clone() },
        (Some(Status::Inactive { reason, since }), None) => Standing::Left { reason: reason.into(), since },
        (None, None) => {
            let reasons = skip_reasons(person, connection);
            if reasons.is_empty() { Standing::Addable {} } else { Standing::Skipped { reasons } }
        }
    }
}

/// Why a sync with the settings of this connection would skip the person. What Graph did not say counts against nobody.
fn skip_reasons(person: &Found, _settings: &Connection) -> Vec<SkipReason> {
    let enabled = person.properties.get("accountEnabled").and_then(serde_json::Value::as_bool);
    if enabled == Some(false) { vec![SkipReason::Disabled] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rollcall_directory::guard::Limits;
    use rollcall_directory::identity::{PersonId, UserId};
    use rollcall_directory::rules::Rules;
    use rollcall_directory::scope::Scope;
    use rollcall_directory::user::Leaving;
    use rollcall_store::{ConnectionStatus, CredentialKind, HistoryDays};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn connection() -> Connection {
        Connection {
            id: ConnectionId(Uuid::from_u128(1)),
            name: "Contoso".to_owned(),
            status: ConnectionStatus::Active,
            scope: Scope::everyone(),
            rules: Rules::default(),
            limits: Limits::default(),
            owners: Vec::new(),
            sync_every_hours: None,
            history_days: HistoryDays::DEFAULT,
            credential_kind: CredentialKind::ClientSecret,
            secret_expires_at: None,
            settings_revision: 0,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            revision: 1,
        }
    }

    fn account(status: Status) -> User {
        User { status, ..User::new(UserId(ID), PersonId(ID)) }
    }

    fn of(enabled: serde_json::Value, status: Option<Status>, held: bool) -> Standing {
        let person = serde_json::from_value(json!({"id": ID, "accountEnabled": enabled})).unwrap();
        let holder = Holder { id: ConnectionId(Uuid::from_u128(2)), name: "Fabrikam".to_owned() };
        standing(&person, status.map(account).as_ref(), held.then_some(&holder), &connection())
    }

    #[test]
    fn a_person_without_any_account_is_addable_unless_a_sync_would_skip_them() {
        assert_eq!(of(json!(true), None, false), Standing::Addable {});
        assert_eq!(of(json!(null), None, false), Standing::Addable {});
        assert_eq!(of(json!(false), None, false), Standing::Skipped { reasons: vec![SkipReason::Disabled] });
    }

    #[test]
    fn an_active_account_here_comes_first_and_one_elsewhere_before_an_inactive_one_here() {
        let since = Timestamp::UNIX_EPOCH;
        let left = Status::Inactive { reason: Leaving::OutOfScope, since };
        let elsewhere = Standing::Elsewhere { connection: Uuid::from_u128(2), name: "Fabrikam".to_owned() };
        assert_eq!(of(json!(false), Some(Status::Active), true), Standing::AlreadyHere {});
        assert_eq!(of(json!(true), Some(left), true), elsewhere);
        assert_eq!(of(json!(false), None, true), elsewhere);
        assert_eq!(of(json!(true), Some(left), false), Standing::Left { reason: Leaving::OutOfScope.into(), since });
    }
}
