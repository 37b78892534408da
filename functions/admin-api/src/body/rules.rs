//! How a person of the directory becomes an account.
//!
//! The parts are read and shown in one form. [`RulesPatch`] has those that somebody sends; each that is there replaces the whole
//! part, and what is left out stays. [`RulesPatch::over`] then looks at how the parts fit together.

mod attributes;
mod choice;
mod leavers;
mod photo;
mod teams;

pub(crate) use attributes::{Adoption, Attributes, Languages};
pub(crate) use choice::{DisabledAccounts, EmailFrom, Guests, MatchedBy, Need};
pub(crate) use leavers::Leavers;
pub(crate) use photo::Photo;
pub(crate) use teams::Teams;

use std::collections::BTreeSet;

use rollcall_directory::rules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::given;
use crate::http::problem::Problem;

/// How a person of the directory becomes an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Rules {
    /// Whether changes of the directory are followed by themselves.
    auto_sync: bool,
    /// Whether guests get accounts.
    guests: Guests,
    /// Whether people whose account is disabled in Entra get, or keep, theirs.
    disabled_accounts: DisabledAccounts,
    /// What a person must have to get an account.
    required: Vec<Need>,
    /// Where the e-mail address comes from.
    email: EmailFrom,
    /// Which properties are kept on accounts, and what the platform calls them.
    attributes: Attributes,
    /// Which languages the platform speaks.
    languages: Languages,
    /// Which teams there are.
    teams: Teams,
    /// What happens to the accounts of people who leave.
    leavers: Leavers,
    /// Whether anything may be deleted at all.
    allow_deletion: bool,
    /// By what accounts that were there before are proposed to be somebody's.
    adoption: Adoption,
    /// Whether photos are kept.
    photo: Photo,
}

/// How a person of the directory becomes an account. Each member that is sent replaces that member as a whole; what is left out
/// stays as it is, or has its default in a new connection.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RulesChange)]
pub(crate) struct RulesPatch {
    /// Whether changes of the directory are followed by themselves. On unless said otherwise. Off destroys nothing: accounts stay
    /// as they are, leavers keep their access, until somebody asks for a run.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, default = true, required = false)]
    auto_sync: Option<bool>,
    /// Whether guests get accounts, and may sign in. `out` in a new connection unless said otherwise. Going from `in` to `out` takes
    /// access from every guest at the next run, after the guard: they lose access.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Guests, default = "out", required = false)]
    guests: Option<Guests>,
    /// Whether people whose account is disabled in Entra get, or keep, theirs. `out` unless said otherwise: whoever is
    /// disabled loses access at the next run, after the guard.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = DisabledAccounts, default = "out", required = false)]
    disabled_accounts: Option<DisabledAccounts>,
    /// What a person must have to get an account; all three unless said otherwise. It destroys nothing: who has no account yet gets
    /// none and is put on the work-list, and who has one keeps the values that were there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Need>, max_items = 3, default = json!(["given_name", "surname", "email"]), required = false)]
    required: Option<BTreeSet<Need>>,
    /// Where the e-mail address comes from. `user_principal_name` unless said otherwise. A change of it replaces the addresses of
    /// all accounts at the next run; people without one under the new source lose theirs, after the guard, unless it is required.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = EmailFrom, default = "user_principal_name", required = false)]
    email: Option<EmailFrom>,
    /// Which properties are kept on accounts, and what the platform calls them. 15 of them under Graph's names unless said
    /// otherwise. The values of a property that is switched off are deleted from all accounts at the next run, without the guard.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Attributes, default = json!({"off": [], "more": [], "names": {}}), required = false)]
    attributes: Option<Attributes>,
    /// Which languages the platform speaks. Accounts have no language of their own unless said otherwise. A change of it replaces the
    /// languages of all accounts at the next run.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Languages, default = json!({"default": null, "supported": []}), required = false)]
    languages: Option<Languages>,
    /// Which teams there are. One for each scope group unless said otherwise. A team for which there is no reason any more is retired
    /// at the next run, and its members leave it; the team and its history stay.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Teams, default = json!({"scope_groups": true, "group_names": [], "managers": null}), required = false)]
    teams: Option<Teams>,
    /// What happens to the accounts of people who leave. They are deactivated unless said otherwise: they lose access,
    /// after the guard. `deactivate_then_delete` deletes their accounts for good.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Leavers, default = json!({"action": "deactivate"}), required = false)]
    leavers: Option<Leavers>,
    /// Whether anything may be deleted at all. Off unless said otherwise. **On destroys**: together with the leavers' action
    /// `deactivate_then_delete` it deletes accounts for good.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, default = false, required = false)]
    allow_deletion: Option<bool>,
    /// By what accounts that were there before are proposed to be somebody's. By nothing unless said otherwise. It destroys
    /// nothing: a person decides about each proposal.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Adoption, default = json!({"by": []}), required = false)]
    adoption: Option<Adoption>,
    /// Whether photos are kept. Off unless said otherwise. **Off destroys**: every photo that was kept is deleted after the next full
    /// run, without the guard. On costs one part of a `$batch` for each active account and full run, and one more for each photo
    /// that has changed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Photo, default = json!({"keep": false, "size": 240}), required = false)]
    photo: Option<Photo>,
}

impl RulesPatch {
    /// The rules after this change.
    ///
    /// # Errors
    /// The parts do not fit together.
    pub(crate) fn over(self, before: rules::Rules) -> Result<rules::Rules, Problem> {
        // Destructured in full: whoever adds a member decides here what becomes of it.
        let Self {
            auto_sync,
            guests,
            disabled_accounts,
            required,
            email,
            attributes,
            languages,
            teams,
            leavers,
            allow_deletion,
            adoption,
            photo,
        } = self;
        let after = rules::Rules {
            auto_sync: auto_sync.unwrap_or(before.auto_sync),
            guests: guests.map_or(before.guests, Into::into),
            disabled_accounts: disabled_accounts.map_or(before.disabled_accounts, Into::into),
            required: required.map_or(before.required, |needs| needs.into_iter().map(Into::into).collect()),
            email: email.map_or(before.email, Into::into),
            attributes: attributes.map_or(before.attributes, Into::into),
            languages: languages.map_or(before.languages, Into::into),
            teams: teams.map_or(before.teams, Into::into),
            leavers: leavers.map_or(before.leavers, Into::into),
            allow_deletion: allow_deletion.unwrap_or(before.allow_deletion),
            adoption: adoption.map_or(before.adoption, Into::into),
            photo: photo.map_or(before.photo, Into::into),
        };
        check(&after).map_err(|(field, message)| Problem::invalid(format!("rules.{field}"), message))?;
        Ok(after)
    }
}

/// Whether the parts fit together; else which part does not, and why.
fn check(rules: &rules::Rules) -> Result<(), (&'static str, String)> {
    let off = rules.required.iter().find_map(|required| {
        let property = required.property()?;
        (!rules.attributes.keeps(&property)).then(|| property.to_string())
    });
    if let Some(name) = off {
        return Err(("attributes.off", format!("switches {name} off, which is required")));
    }
    let mut fields = BTreeSet::new();
    let kept = rules.attributes.kept();
    let named = kept.iter().chain(rules.attributes.names.keys().filter(|property| !kept.contains(*property)));
    for property in named {
        let field = rules.attributes.field(property);
        if !fields.insert(field.to_ascii_lowercase()) {
            return Err(("attributes.names", format!("gives {property} a name that another property has")));
        }
    }
    if matches!(rules.leavers, rules::Leavers::DeactivateThenDelete { .. }) && !rules.allow_deletion {
        let message = "deletes accounts for good: set allow_deletion to true as well, or choose another action";
        return Err(("leavers", message.to_owned()));
    }
    Ok(())
}

impl From<rules::Rules> for Rules {
    fn from(rules: rules::Rules) -> Self {
        let rules::Rules {
            auto_sync,
            guests,
            disabled_accounts,
            required,
            email,
            attributes,
            languages,
            teams,
            leavers,
            allow_deletion,
            adoption,
            photo,
        } = rules;
        Self {
            auto_sync,
            guests: guests.into(),
            disabled_accounts: disabled_accounts.into(),
            required: required.into_iter().map(Need::from).collect(),
            email: email.into(),
            attributes: attributes.into(),
            languages: languages.into(),
            teams: teams.into(),
            leavers: leavers.into(),
            allow_deletion,
            adoption: adoption.into(),
            photo: photo.into(),
        }
    }
}

#[cfg(test)]
mod tests;
