//! What choosing a person would mean.

use rollcall_directory::identity::ConnectionId;
use rollcall_directory::property::Property;
use rollcall_directory::rules::{Required, Rules};
use rollcall_directory::user::{Status, User};
use rollcall_graph::User as Found;
use rollcall_store::Connection;
use rollcall_sync::worker::{Answered, person as reading};

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

/// Why a sync with the rules of this connection would skip the person. What Graph did not say counts against nobody.
fn skip_reasons(person: &Found, Connection { rules, .. }: &Connection) -> Vec<SkipReason> {
    let reading = reading(person, &rules.inputs(), Answered::AsDelta);
    let Some(known) = reading.over(None) else { return Vec::new() };
    let refused = rules.admit(&known).err().and_then(SkipReason::of_leaving);
    let is_told = |required: &Required| match required.property() {
        Some(property) => reading.attributes.contains_key(&property),
        None => addresses(rules).all(|property| reading.attributes.contains_key(&property)),
    };
    let lacks = rules.lacks(&known).into_iter().filter(is_told);
    refused.into_iter().chain(lacks.map(SkipReason::from)).collect()
}

/// Where an address can come from, as far as the rules look there.
fn addresses(rules: &Rules) -> impl Iterator<Item = Property> + use<> {
    let inputs = rules.inputs();
    [Property::UserPrincipalName, Property::Mail].into_iter().filter(move |property| inputs.contains(property))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rollcall_directory::guard::Limits;
    use rollcall_directory::identity::{PersonId, UserId};
    use rollcall_directory::rules::Guests;
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
            sign_in: None,
            unbound: false,
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
    fn the_rules_of_a_sync_say_who_is_skipped() {
        let rules = Rules { guests: Guests::Out, ..Rules::default() };
        let connection = Connection { rules, ..connection() };
        let nulls = connection.rules.inputs().into_iter().map(|property| (property.selected().to_owned(), json!(null)));
        let mut person: serde_json::Map<String, serde_json::Value> = nulls.collect();
        for (name, value) in [("id", json!(ID)), ("accountEnabled", json!(true)), ("givenName", json!("Ann"))] {
            person.insert(name.to_owned(), value);
        }
        let reasons = |person: &serde_json::Map<String, serde_json::Value>| {
            skip_reasons(&serde_json::from_value(json!(person)).unwrap(), &connection)
        };
        assert_eq!(reasons(&person), [SkipReason::Surname, SkipReason::Email]);
        person.insert("surname".to_owned(), json!("Lee"));
        person.insert("userPrincipalName".to_owned(), json!("ann_x#EXT#@contoso.com"));
        assert_eq!(reasons(&person), [SkipReason::Guest]);
        person.insert("userPrincipalName".to_owned(), json!("ann@contoso.com"));
        assert_eq!(reasons(&person), []);
        person.remove("surname");
        assert_eq!(reasons(&person), [], "what Graph did not say counts against nobody");
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
