//! A new connection, and changes of one.

use rollcall_store::HistoryDays;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::credential::Credential;
use super::given;
use super::limits::Limits;
use super::number::Whole;
use super::rules::RulesPatch;
use super::scope::Scope;
use super::sign_in::SignIn;
use super::text::{Hours, Mail, Name};

/// A new connection. It begins as a draft: test it, then activate it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnection {
    /// What people call it.
    pub(crate) name: Name,
    /// The id of the Entra tenant. It can't be changed later, and is not shown. It may be left out with the platform's own
    /// application: then the connection has no tenant until an administrator of the customer has consented by a setup link, and
    /// can't be tested, previewed or activated before.
    #[serde(default)]
    #[schema(write_only)]
    pub(crate) tenant_id: Option<Uuid>,
    /// The credential of the application.
    pub(crate) credential: Credential,
    /// Who is in.
    pub(crate) scope: Scope,
    /// How a person of the directory becomes an account. What is left out has its default.
    #[serde(default)]
    pub(crate) rules: RulesPatch,
    /// Whether and how people sign in by it; null for not at all. Its domains are looked up at Microsoft Graph while the caller waits.
    #[serde(default)]
    pub(crate) sign_in: Option<SignIn>,
    /// Who is told by mail when something needs a person.
    #[schema(value_type = Vec<Mail>, min_items = 1, max_items = 20)]
    pub(crate) owners: Owners,
    /// How much may be taken from people without asking: 5 people or 10 % unless given.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// Hours between full runs, where one a day is too rare.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 24)]
    pub(crate) sync_every_hours: Option<Hours>,
    /// Days for which runs, their changes and holds are kept. Then they are deleted for good, and can't be undone any more.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 7, maximum = 3650, default = 400)]
    pub(crate) history_days: Days,
}

/// What is to be changed. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionPatch {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Name, required = false)]
    pub(crate) name: Option<Name>,
    /// A new credential. A connection that is paused goes on with it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Credential, required = false)]
    pub(crate) credential: Option<Credential>,
    /// Who is in. A full run follows. Everyone who is not in the new scope loses access with it, after the guard: preview it first.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Scope, required = false)]
    pub(crate) scope: Option<Scope>,
    /// How a person of the directory becomes an account. Each member replaces that member as a whole; a full run follows. What each
    /// destroys stands with it: preview it first.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = RulesPatch, required = false)]
    pub(crate) rules: Option<RulesPatch>,
    /// Whether and how people sign in by it, as a whole: what is left out of it gets its default. No run follows. **What it destroys**:
    /// with null nobody signs in by it any more, and the refresh tokens of those who are signed in are good no more. New domains are
    /// looked up at Microsoft Graph while the caller waits.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SignIn>, required = false)]
    pub(crate) sign_in: Option<Option<SignIn>>,
    /// Who is told by mail when something needs a person.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Mail>, min_items = 1, max_items = 20, required = false)]
    pub(crate) owners: Option<Owners>,
    /// How much may be taken from people without asking. All limits together; what is left out gets its default.
    /// A full run follows. Higher limits let a mistake of the directory take more before anybody is asked.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Limits, required = false)]
    pub(crate) limits: Option<Limits>,
    /// Hours between full runs; null for one a day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 24, required = false)]
    pub(crate) sync_every_hours: Option<Option<Hours>>,
    /// Days for which runs, their changes and holds are kept. It holds for what is written from then on, which is deleted for good
    /// once they are over.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32, minimum = 7, maximum = 3650, required = false)]
    pub(crate) history_days: Option<Days>,
}

/// Days for which history is kept, 7 to 3,650.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Whole")]
pub(crate) struct Days(pub(crate) HistoryDays);

impl TryFrom<Whole> for Days {
    type Error = &'static str;

    fn try_from(Whole(days): Whole) -> Result<Self, Self::Error> {
        let fitting = u32::try_from(days).ok().and_then(HistoryDays::new);
        fitting.map(Self).ok_or("must be from 7 to 3650")
    }
}

/// 1 to 20 e-mail addresses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Mail>")]
pub(crate) struct Owners(pub(crate) Vec<String>);

impl TryFrom<Vec<Mail>> for Owners {
    type Error = &'static str;

    fn try_from(owners: Vec<Mail>) -> Result<Self, Self::Error> {
        if !(1..=20).contains(&owners.len()) {
            return Err("must be 1 to 20 addresses");
        }
        Ok(Self(owners.into_iter().map(|Mail(address)| address).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(text: &str) -> Result<ConnectionPatch, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn what_is_left_out_stays_and_null_is_not_the_same_as_left_out() {
        let nothing = patch("{}").unwrap();
        assert!(nothing.name.is_none() && nothing.sync_every_hours.is_none());
        assert_eq!(patch(r#"{"sync_every_hours":null}"#).unwrap().sync_every_hours, Some(None));
        assert_eq!(patch(r#"{"sync_every_hours":6}"#).unwrap().sync_every_hours, Some(Some(Hours(6))));
        assert!(patch(r#"{"name":null}"#).is_err());
        assert_eq!(nothing.sign_in, None);
        assert_eq!(patch(r#"{"sign_in":null}"#).unwrap().sign_in, Some(None));
        assert_eq!(patch(r#"{"sign_in":{}}"#).unwrap().sign_in, Some(Some(SignIn::default())));
    }

    #[test]
    fn what_may_not_be_changed_is_refused() {
        for member in ["id", "tenant_id", "status", "revision", "created_at", "credential_kind"] {
            assert!(patch(&format!(r#"{{"{member}":"x"}}"#)).is_err(), "{member}");
        }
    }

    #[test]
    fn a_scope_has_groups_and_a_connection_has_owners() {
        assert!(patch(r#"{"scope":{"type":"everyone"}}"#).is_ok());
        assert!(patch(r#"{"scope":{"type":"groups","groups":["00000000-0000-0000-0000-000000000001"]}}"#).is_ok());
        for bad in [
            r#"{"scope":{"type":"groups","groups":[]}}"#,
            r#"{"scope":{"type":"everyone","groups":[]}}"#,
            r#"{"scope":{"type":"nobody"}}"#,
            r#"{"owners":[]}"#,
            r#"{"limits":{"percent":101}}"#,
            r#"{"limits":{"persons":1}}"#,
            r#"{"sync_every_hours":0}"#,
            r#"{"history_days":6}"#,
            r#"{"history_days":3651}"#,
            r#"{"history_days":null}"#,
            r#"{"rules":null}"#,
            r#"{"rules":{"guest":"in"}}"#,
        ] {
            assert!(patch(bad).is_err(), "{bad}");
        }
    }
}
