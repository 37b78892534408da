//! How a person of the directory becomes an account: what a connection's owner can set beside
//! the scope.
//!
//! The serialised form is that of the stored connection. It is read tolerantly: what is left out
//! has its default, and what is not known is passed over, because a newer version may have added it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::adoption::Adoption;
use crate::identity::GroupId;
use crate::language::Languages;
use crate::person::Person;
use crate::photo::PhotoRule;
use crate::property::{Attributes, Property};
use crate::scope::Scope;
use crate::team_name::Pattern;
use crate::user::{Leaving, Status, User};

/// The shortest grace before an account is deleted: as long as Entra itself keeps a deleted user
/// restorable (Graph, "deletedItems").
pub const LEAST_GRACE_DAYS: u32 = 30;

/// How a directory object becomes a platform object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Whether changes of the directory are followed by themselves. Off: only when somebody asks for a run.
    pub auto_sync: bool,
    /// Whether guests get accounts.
    pub guests: Guests,
    /// Whether people whose account is disabled in the directory get (or keep) theirs.
    pub disabled_accounts: DisabledAccounts,
    /// What a person must have to get an account.
    pub required: BTreeSet<Required>,
    /// Where the e-mail address comes from.
    pub email: EmailSource,
    /// Which properties are kept, and what the platform calls them.
    pub attributes: AttributeRules,
    /// Which languages there are.
    pub languages: Languages,
    /// Which teams there are.
    pub teams: TeamRules,
    /// What happens to those who leave.
    pub leavers: Leavers,
    /// Whether anything may be deleted at all. Off: [`Leavers::DeactivateThenDelete`] stops at deactivation.
    pub allow_deletion: bool,
    /// Which accounts that are already there may belong to people of the directory.
    pub adoption: Adoption,
    /// Whether photos are kept. They are no input of an account: they are looked at by themselves.
    pub photo: PhotoRule,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            auto_sync: true,
            guests: Guests::default(),
            disabled_accounts: DisabledAccounts::default(),
            required: Required::ALL.iter().copied().collect(),
            email: EmailSource::default(),
            attributes: AttributeRules::default(),
            languages: Languages::default(),
            teams: TeamRules::default(),
            leavers: Leavers::default(),
            allow_deletion: false,
            adoption: Adoption::default(),
            photo: PhotoRule::default(),
        }
    }
}

/// Whether guests get accounts. A guest is who Graph calls one in `userType`, or whose user
/// principal name contains `#EXT#` (Microsoft Entra, "Properties of a B2B guest user").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guests {
    /// As anybody in scope.
    #[default]
    In,
    /// They get none, and whoever becomes one leaves.
    Out,
}

/// Whether people with a disabled directory account get accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledAccounts {
    /// They get none, and whoever is disabled leaves.
    #[default]
    Out,
    /// As anybody in scope. They can't sign in with Entra while they are disabled.
    In,
}

/// Something that a person must have to get an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// `givenName`
    GivenName,
    /// `surname`
    Surname,
    /// The address by [`EmailSource`].
    Email,
}

impl Required {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::GivenName, Self::Surname, Self::Email];

    /// The property behind it, where it is one.
    #[must_use]
    pub const fn property(self) -> Option<Property> {
        match self {
            Self::GivenName => Some(Property::GivenName),
            Self::Surname => Some(Property::Surname),
            Self::Email => None,
        }
    }
}

/// Where the e-mail address of an account comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailSource {
    /// `userPrincipalName`: always there, and unique in the tenant.
    #[default]
    UserPrincipalName,
    /// `mail`: people without a mailbox have none.
    Mail,
    /// `mail`, and `userPrincipalName` for people without it.
    MailThenUserPrincipalName,
}

impl EmailSource {
    /// The address of somebody with these properties.
    #[must_use]
    pub fn of<V: AsRef<str>>(self, attributes: &Attributes<V>) -> Option<&str> {
        let value = |property: &Property| attributes.get(property).map(V::as_ref);
        match self {
            Self::UserPrincipalName => value(&Property::UserPrincipalName),
            Self::Mail => value(&Property::Mail),
            Self::MailThenUserPrincipalName => value(&Property::Mail).or_else(|| value(&Property::UserPrincipalName)),
        }
    }

    const fn inputs(self) -> &'static [Property] {
        match self {
            Self::UserPrincipalName => &[Property::UserPrincipalName],
            Self::Mail => &[Property::Mail],
            Self::MailThenUserPrincipalName => &[Property::Mail, Property::UserPrincipalName],
        }
    }
}

/// Which properties are kept on accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttributeRules {
    /// Properties of [`Property::defaults`] that are not kept.
    pub off: BTreeSet<Property>,
    /// Other properties that are kept.
    pub more: BTreeSet<Property>,
    /// What the platform calls a property, where not by Graph's name. No two share a name.
    pub names: BTreeMap<Property, String>,
}

impl AttributeRules {
    /// Whether a property is kept.
    #[must_use]
    pub fn keeps(&self, property: &Property) -> bool {
        (property.is_default() && !self.off.contains(property)) || self.more.contains(property)
    }

    /// The properties that are kept.
    #[must_use]
    pub fn kept(&self) -> BTreeSet<Property> {
        Property::defaults().filter(|property| !self.off.contains(property)).chain(self.more.iter().cloned()).collect()
    }

    /// What the platform calls a property.
    #[must_use]
    pub fn field<'a>(&'a self, property: &'a Property) -> &'a str {
        self.names.get(property).map_or_else(|| property.name(), String::as_str)
    }
}

/// Which teams there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TeamRules {
    /// One for each scope group.
    pub scope_groups: bool,
    /// One for each group of the tenant whose name fits one of these. Only people in scope are members.
    pub group_names: BTreeSet<Pattern>,
    /// One for each person who manages somebody in scope, with the manager as supervisor.
    pub managers: Option<ManagerTeams>,
}

impl TeamRules {
    /// The groups that are teams, among groups of which the name is known.
    #[must_use]
    pub fn groups<'a>(&self, scope: &Scope, named: impl IntoIterator<Item = (GroupId, &'a str)>) -> BTreeSet<GroupId> {
        let by_name = named.into_iter().filter(|(_, name)| self.is_team_name(name));
        let mut groups: BTreeSet<GroupId> = by_name.map(|(group, _)| group).collect();
        if self.scope_groups {
            groups.extend(scope.groups());
        }
        groups
    }

    /// Whether a group of this name is a team by its name.
    #[must_use]
    pub fn is_team_name(&self, name: &str) -> bool {
        self.group_names.iter().any(|pattern| pattern.fits(name))
    }
}

impl Default for TeamRules {
    fn default() -> Self {
        Self { scope_groups: true, group_names: BTreeSet::new(), managers: None }
    }
}

/// Teams of the people who report to the same manager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ManagerTeams {
    /// The team's name, where not the usual one of the default language: see [`crate::team_name`].
    pub name_template: Option<String>,
}

/// What happens to the accounts of people who leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Leavers {
    /// Nothing: they keep their access.
    KeepAccess,
    /// They lose access; the account and all that hangs on it stays.
    #[default]
    Deactivate,
    /// As `Deactivate`, and so many days later the account is deleted. That can't be undone by the directory.
    DeactivateThenDelete {
        /// At least [`LEAST_GRACE_DAYS`].
        after_days: u32,
    },
}

/// What of a person is on their account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The attributes that are kept and have a value.
    pub attributes: Attributes,
    /// The e-mail address.
    pub email: Option<String>,
    /// The language, as a BCP 47 tag.
    pub language: Option<String>,
}

impl Rules {
    /// What of a person is on their account.
    #[must_use]
    pub fn profile<V: AsRef<str>>(&self, person: &Person<V>) -> Profile {
        let kept = person.attributes.iter().filter(|(property, _)| self.attributes.keeps(property));
        Profile {
            attributes: kept.map(|(property, value)| (property.clone(), value.as_ref().to_owned())).collect(),
            email: self.email.of(&person.attributes).map(str::to_owned),
            language: self.language_of(person),
        }
    }

    pub(crate) fn language_of<V: AsRef<str>>(&self, person: &Person<V>) -> Option<String> {
        let preferred = person.attributes.get(&Property::PreferredLanguage).map(V::as_ref);
        if self.languages.are_mapped() { self.languages.map(preferred) } else { None }
    }

    /// What a person lacks to get an account.
    #[must_use]
    pub fn lacks<V: AsRef<str>>(&self, person: &Person<V>) -> BTreeSet<Required> {
        let has = |required: Required| match required.property() {
            Some(property) => person.attributes.contains_key(&property),
            None => self.email.of(&person.attributes).is_some(),
        };
        self.required.iter().copied().filter(|required| !has(*required)).collect()
    }

    /// Whether the rules, without regard to the scope, let this person have an account.
    ///
    /// # Errors
    /// Why they don't.
    pub fn admit<V: AsRef<str>>(&self, person: &Person<V>) -> Result<(), Leaving> {
        if !person.enabled && self.disabled_accounts == DisabledAccounts::Out {
            return Err(Leaving::Disabled);
        }
        if self.guests == Guests::Out && person.is_guest() { Err(Leaving::Guest) } else { Ok(()) }
    }

    /// What must be known of a person beside `id`, `accountEnabled` and the manager.
    #[must_use]
    pub fn inputs(&self) -> BTreeSet<Property> {
        let mut inputs = self.attributes.kept();
        inputs.extend(self.email.inputs().iter().cloned());
        inputs.extend(self.required.iter().filter_map(|required| required.property()));
        if self.guests == Guests::Out {
            inputs.extend([Property::UserType, Property::UserPrincipalName]);
        }
        if self.languages.are_mapped() {
            inputs.insert(Property::PreferredLanguage);
        }
        inputs.extend(self.adoption.inputs());
        inputs
    }

    /// Whether an account holds everything that the rules look at, so that a partial answer of
    /// the directory can be laid over it. Otherwise the person has to be read anew.
    #[must_use]
    pub fn account_holds_all(&self) -> bool {
        self.inputs().iter().all(|property| self.attributes.keeps(property))
    }

    /// The names for Graph's `$select`.
    #[must_use]
    pub fn selected(&self) -> Vec<String> {
        let names: BTreeSet<String> = self.inputs().iter().map(|property| property.selected().to_owned()).collect();
        ["id", "accountEnabled"].into_iter().map(str::to_owned).chain(names).collect()
    }

    /// Whether it matters who is in which group.
    #[must_use]
    pub fn looks_at_groups(&self, scope: &Scope) -> bool {
        !scope.roots().is_empty() || !self.teams.group_names.is_empty()
    }

    /// Whether people who leave lose anything.
    #[must_use]
    pub fn takes_access(&self) -> bool {
        self.leavers != Leavers::KeepAccess
    }

    /// The moment from which an account may be deleted: none while it is active, protected, or when nothing is ever deleted.
    #[must_use]
    pub fn deletion_due(&self, user: &User) -> Option<Timestamp> {
        match user.status {
            Status::Inactive { since, .. } if !user.protected => self.deletion_due_since(since),
            Status::Active | Status::Inactive { .. } => None,
        }
    }

    /// As [`Rules::deletion_due`], for an account that is inactive since then.
    #[must_use]
    pub fn deletion_due_since(&self, since: Timestamp) -> Option<Timestamp> {
        match self.leavers {
            Leavers::DeactivateThenDelete { after_days } if self.allow_deletion => {
                let grace = SignedDuration::from_hours(24 * i64::from(after_days.max(LEAST_GRACE_DAYS)));
                since.checked_add(grace).ok()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
