//! Accounts as the platform has them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::adoption::ExistingId;
use crate::identity::{GroupId, PersonId, TeamSource, UserId};
use crate::property::{Attributes, Property};

/// Why an account is inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// `accountEnabled` is false.
    Disabled,
    /// Deleted in the directory, recoverably or for good.
    Deleted,
    /// In the directory, but no longer in scope.
    OutOfScope,
    /// A guest, and the connection lets no guests in.
    Guest,
    /// A person has undone the run that made the account.
    Undone,
}

impl Leaving {
    /// The word for it in the history and in digests. Never changed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::OutOfScope => "out_of_scope",
            Self::Guest => "guest",
            Self::Undone => "undone",
        }
    }

    /// The reason with that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Disabled, Self::Deleted, Self::OutOfScope, Self::Guest, Self::Undone]
            .into_iter()
            .find(|reason| reason.word() == word)
    }
}

/// Whether the person may use the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    /// They may.
    Active,
    /// They may not; the account and all that hangs on it stays.
    Inactive {
        /// Why not.
        reason: Leaving,
        /// Since when.
        since: Timestamp,
    },
}

impl Status {
    /// Whether the person may use the platform.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }
}

/// An account that Rollcall made or linked for a person of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// Whether they may use the platform.
    pub status: Status,
    /// The attributes that have a value.
    pub attributes: Attributes,
    /// The e-mail address that the platform uses.
    pub email: Option<String>,
    /// The language, where the connection maps languages.
    pub language: Option<String>,
    /// The object id of the person's manager, in scope or not.
    pub manager: Option<PersonId>,
    /// The groups that matter of which the person is a *direct* member: from them scope and teams follow
    /// without reading anybody else.
    pub groups: BTreeSet<GroupId>,
    /// The groups to whose teams the person belongs, directly or nested.
    pub teams: BTreeSet<GroupId>,
    /// The manager in whose team the person is, where managers have teams.
    pub reports_to: Option<PersonId>,
    /// The account of the platform that was linked, where Rollcall did not make one itself.
    pub linked: Option<ExistingId>,
    /// Never deactivated and never deleted, whatever the directory says. Set by people, not by syncs.
    pub protected: bool,
}

impl User {
    /// An active account that has nothing yet.
    #[must_use]
    pub const fn new(id: UserId, person: PersonId) -> Self {
        Self {
            id,
            person,
            status: Status::Active,
            attributes: Attributes::new(),
            email: None,
            language: None,
            manager: None,
            groups: BTreeSet::new(),
            teams: BTreeSet::new(),
            reports_to: None,
            linked: None,
            protected: false,
        }
    }

    /// What people call the person: by name, or by address where the account has no name.
    #[must_use]
    pub fn name(&self) -> String {
        let value = |property: &Property| self.attributes.get(property).map(String::as_str);
        let names: Vec<&str> = [Property::GivenName, Property::Surname].iter().filter_map(value).collect();
        match (names.is_empty(), &self.email) {
            (false, _) => names.join(" "),
            (true, Some(email)) => email.clone(),
            (true, None) => self.person.to_string(),
        }
    }

    /// The address by which the account can be taken for another one, in lower case: none while it is inactive.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.email.as_ref().filter(|_| self.status.is_active()).map(|email| email.to_lowercase())
    }

    /// A digest of the [address](Self::address).
    #[must_use]
    pub fn address_digest(&self) -> Option<AddressDigest> {
        self.email.as_ref().filter(|_| self.status.is_active()).map(|email| AddressDigest::of(email))
    }

    /// The teams in which the person shows: none while the account is inactive.
    #[must_use]
    pub fn roster(&self) -> BTreeSet<TeamSource> {
        if !self.status.is_active() {
            return BTreeSet::new();
        }
        let groups = self.teams.iter().copied().map(TeamSource::Group);
        groups.chain(self.reports_to.map(TeamSource::Manager)).collect()
    }

    /// A short digest of everything that a sync compares.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // Destructured in full, so that a new field can't be forgotten in the comparison.
        let Self {
            id: _,
            person: _,
            status,
            attributes,
            email,
            language,
            manager,
            groups,
            teams,
            reports_to,
            linked: _,
            protected: _,
        } = self;
        Looks {
            reason: match status {
                Status::Active => None,
                Status::Inactive { reason, since: _ } => Some(*reason),
            },
            attributes: attributes.iter(),
            email: email.as_deref(),
            language: language.as_deref(),
            manager: *manager,
            reports_to: *reports_to,
            groups,
            teams,
        }
        .fingerprint()
    }
}

/// Everything of an account that a sync compares, wherever it is.
pub(crate) struct Looks<'a, A> {
    /// Why it is inactive, if it is.
    pub(crate) reason: Option<Leaving>,
    /// The attributes, in the order of their properties.
    pub(crate) attributes: A,
    pub(crate) email: Option<&'a str>,
    pub(crate) language: Option<&'a str>,
    pub(crate) manager: Option<PersonId>,
    pub(crate) reports_to: Option<PersonId>,
    pub(crate) groups: &'a BTreeSet<GroupId>,
    pub(crate) teams: &'a BTreeSet<GroupId>,
}

impl<'a, V: AsRef<str> + 'a, A: Iterator<Item = (&'a Property, &'a V)>> Looks<'a, A> {
    pub(crate) fn fingerprint(self) -> Fingerprint {
        let Self { reason, attributes, email, language, manager, reports_to, groups, teams } = self;
        let mut digest = Digester::default();
        digest.part(reason.map_or(b"active".as_slice(), |reason| reason.word().as_bytes()));
        for (property, value) in attributes {
            digest.part(property.name().as_bytes());
            digest.part(value.as_ref().as_bytes());
        }
        for text in [email, language] {
            digest.part(text.unwrap_or_default().as_bytes());
        }
        for person in [manager, reports_to] {
            digest.part(person.map(|id| id.0.into_bytes()).as_ref().map_or(&[], |bytes| bytes.as_slice()));
        }
        for ids in [groups, teams] {
            digest.part(&(ids.len() as u64).to_be_bytes());
            for id in ids {
                digest.part(id.0.as_bytes());
            }
        }
        digest.finish()
    }
}

/// A short digest of an address, by which those who may have the same are found among very many: 64 bits of SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressDigest(pub [u8; 8]);

impl AddressDigest {
    /// The same for addresses that differ in case only.
    #[must_use]
    pub fn of(email: &str) -> Self {
        let mut out = [0; 8];
        out.iter_mut().zip(Sha256::digest(email.to_lowercase())).for_each(|(to, from)| *to = from);
        Self(out)
    }
}

/// Addresses, in lower case, that several of these accounts have while they are active.
pub fn shared_emails<'a>(users: impl IntoIterator<Item = &'a User>) -> BTreeMap<String, BTreeSet<PersonId>> {
    let mut by_email: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for user in users {
        if let Some(address) = user.address() {
            by_email.entry(address).or_default().insert(user.person);
        }
    }
    by_email.retain(|_, people| people.len() > 1);
    by_email
}

/// 128 bits of SHA-256 over an account. Equal accounts have equal fingerprints, on every
/// machine and in every release that keeps the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

/// Everything that is digested, in one block: hashing many small parts one by one costs more than the hash.
struct Digester(Vec<u8>);

impl Default for Digester {
    fn default() -> Self {
        Self(Vec::with_capacity(1_024))
    }
}

impl Digester {
    /// Each part carries its length, so that no two sequences of parts run together alike.
    fn part(&mut self, bytes: &[u8]) {
        // No text of a directory comes near so long a one; and a short length is less to digest.
        self.0.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn finish(self) -> Fingerprint {
        let mut out = [0; 16];
        out.iter_mut().zip(Sha256::digest(self.0)).for_each(|(to, from)| *to = from);
        Fingerprint(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user() -> User {
        User {
            attributes: Attributes::from_iter([(Property::City, "Ulm".to_owned())]),
            groups: BTreeSet::from([GroupId(Uuid::from_u128(3))]),
            ..User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)))
        }
    }

    #[test]
    fn everything_that_is_compared_is_in_the_fingerprint() {
        let somebody = PersonId(Uuid::from_u128(4));
        let inactive = |reason| Status::Inactive { reason, since: Timestamp::UNIX_EPOCH };
        let others = [
            User { status: inactive(Leaving::Guest), ..user() },
            User { status: inactive(Leaving::Deleted), ..user() },
            User { attributes: Attributes::new(), ..user() },
            User { email: Some("x".to_owned()), ..user() },
            User { language: Some("x".to_owned()), ..user() },
            User { manager: Some(somebody), ..user() },
            User { reports_to: Some(somebody), ..user() },
            User { groups: BTreeSet::new(), ..user() },
            User { teams: BTreeSet::from([GroupId(Uuid::from_u128(3))]), ..user() },
            user(),
        ];
        let fingerprints: std::collections::HashSet<Fingerprint> = others.iter().map(User::fingerprint).collect();
        assert_eq!(fingerprints.len(), others.len());
        assert_eq!(User { protected: true, ..user() }.fingerprint(), user().fingerprint());
    }

    #[test]
    fn who_is_inactive_shows_in_no_team() {
        let somebody = PersonId(Uuid::from_u128(4));
        let group = GroupId(Uuid::from_u128(3));
        let active = User { teams: BTreeSet::from([group]), reports_to: Some(somebody), ..user() };
        assert_eq!(active.roster(), BTreeSet::from([TeamSource::Group(group), TeamSource::Manager(somebody)]));
        let status = Status::Inactive { reason: Leaving::Deleted, since: Timestamp::UNIX_EPOCH };
        assert_eq!(User { status, ..active }.roster(), BTreeSet::new());
    }

    #[test]
    fn every_reason_has_a_word_that_leads_back() {
        for word in ["disabled", "deleted", "out_of_scope", "guest", "undone"] {
            assert_eq!(Leaving::from_word(word).map(Leaving::word), Some(word));
        }
        assert_eq!(Leaving::from_word("active"), None);
    }

    #[test]
    fn a_group_is_not_mistaken_for_a_team() {
        let mut other = user();
        std::mem::swap(&mut other.groups, &mut other.teams);
        assert_ne!(user().fingerprint(), other.fingerprint());
    }

    #[test]
    fn the_fingerprint_is_the_same_on_every_machine() {
        insta::assert_debug_snapshot!(user().fingerprint().0.map(|byte| format!("{byte:02x}")).concat());
    }

    #[test]
    fn only_an_active_account_has_an_address_and_its_digest_knows_no_case() {
        let with = |email: &str| User { email: Some(email.to_owned()), ..user() };
        let digest = with("Ann@x").address_digest();
        assert!(digest.is_some() && digest == with("ann@X").address_digest());
        assert_ne!(digest, with("ann@y").address_digest());
        let status = Status::Inactive { reason: Leaving::Deleted, since: Timestamp::UNIX_EPOCH };
        let gone = User { status, ..with("ann@x") };
        assert_eq!((gone.address(), gone.address_digest(), user().address_digest()), (None, None, None));
    }

    #[test]
    fn people_are_called_by_name_or_else_by_address_or_else_by_id() {
        let named = |values: &[(Property, &str)], email: Option<&str>| {
            let attributes = values.iter().map(|(property, value)| (property.clone(), (*value).to_owned())).collect();
            User { attributes, email: email.map(str::to_owned), ..user() }.name()
        };
        let (given, surname) = ((Property::GivenName, "Ann"), (Property::Surname, "Lee"));
        assert_eq!(named(&[given.clone(), surname.clone()], Some("ann@x")), "Ann Lee");
        assert_eq!(named(&[given], Some("ann@x")), "Ann");
        assert_eq!(named(&[surname], None), "Lee");
        assert_eq!(named(&[], Some("ann@x")), "ann@x");
        assert_eq!(named(&[], None), "00000000-0000-0000-0000-000000000002");
    }

    #[test]
    fn an_address_is_shared_by_active_accounts_whatever_its_case() {
        let with = |number, email: Option<&str>| User {
            email: email.map(str::to_owned),
            ..User::new(UserId(Uuid::from_u128(number)), PersonId(Uuid::from_u128(number)))
        };
        let status = Status::Inactive { reason: Leaving::Deleted, since: Timestamp::UNIX_EPOCH };
        let users = [
            with(1, Some("Ann@x")),
            with(2, Some("ann@X")),
            with(3, Some("ann@x")),
            with(4, Some("bob@x")),
            User { status, ..with(5, Some("bob@x")) },
            with(6, None),
            with(7, None),
        ];
        let people = [1, 2, 3].map(|number| PersonId(Uuid::from_u128(number)));
        assert_eq!(shared_emails(&users), BTreeMap::from([("ann@x".to_owned(), people.into())]));
        assert_eq!(shared_emails(&users[..2]).len(), 1);
    }
}
