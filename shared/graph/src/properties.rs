//! The properties of an object, as they came.
//!
//! A full read of a tenant makes one of these for each user, so a name that Graph documents costs no memory of its
//! own, and the few properties of an object stand in one block.

use std::fmt;

use serde_json::Value;

/// The properties of an object, by Graph's names, in the order in which they came. Of a name that comes twice the last
/// value is kept.
#[derive(Clone, Default)]
pub struct Properties(Vec<(Name, Value)>);

impl Properties {
    /// The value of a property; `None` where it did not come.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    /// Takes the value of a property out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| known.as_str() == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// Whether a property came, be it as `null`.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Room for as many as a sync selects.
    pub(crate) fn with_room() -> Self {
        Self(Vec::with_capacity(20))
    }

    pub(crate) fn insert(&mut self, name: Name, value: Value) {
        match self.0.iter_mut().find(|(present, _)| *present == name) {
            Some((_, present)) => *present = value,
            None => self.0.push((name, value)),
        }
    }
}

/// The order in which properties come means nothing.
impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.0.iter().all(|(name, value)| other.get(name.as_str()) == Some(value))
    }
}

/// The names only: values are personal.
impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl FromIterator<(String, Value)> for Properties {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(all: I) -> Self {
        let mut properties = Self::default();
        all.into_iter().for_each(|(name, value)| properties.insert(Name::of(&name), value));
        properties
    }
}

/// The name of a property.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// Its place in [`KNOWN`].
    Known(usize),
    /// Any other, which is none of these.
    Other(Box<str>),
}

impl Name {
    pub(crate) fn of(name: &str) -> Self {
        Self::known(name).unwrap_or_else(|| Self::Other(name.into()))
    }

    /// A name that is often selected.
    pub(crate) fn known(name: &str) -> Option<Self> {
        KNOWN.iter().position(|known| *known == name).map(Self::Known)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Known(place) => KNOWN.get(*place).copied().unwrap_or_default(),
            Self::Other(name) => name,
        }
    }
}

/// Properties of a user that are often selected (Graph page "user resource type").
const KNOWN: [&str; 30] = [
    "accountEnabled",
    "businessPhones",
    "city",
    "companyName",
    "country",
    "department",
    "displayName",
    "employeeHireDate",
    "employeeId",
    "employeeOrgData",
    "employeeType",
    "externalUserState",
    "givenName",
    "jobTitle",
    "mail",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesExtensionAttributes",
    "otherMails",
    "postalCode",
    "preferredLanguage",
    "proxyAddresses",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
    "userPrincipalName",
    "userType",
    "createdDateTime",
];
