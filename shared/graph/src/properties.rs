//! The properties of an object, as they came.
//!
//! A full read of a tenant makes these for each user, and two pages of a thousand users are at hand at a time. So the
//! texts of an object stand in one block, and what Graph documents has its place, which needs no name and no search.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The properties of an object, by Graph's names. Of a name that comes twice the last value is kept.
#[derive(Clone)]
pub struct Properties {
    /// Those that are often selected, in the order of [`KNOWN`].
    known: Box<[Option<Slot>; KNOWN.len()]>,
    others: Vec<(Box<str>, Slot)>,
    /// All texts, one behind the other.
    texts: String,
    /// The values that are neither text nor flag.
    values: Vec<Value>,
}

/// The value of a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PropertyValue<'a> {
    /// It came as `null`: there is none.
    Null,
    /// True or false.
    Flag(bool),
    /// A text, as most are.
    Text(&'a str),
    /// A number, a list or an object.
    Other(&'a Value),
}

/// Where a value is.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    Null,
    Flag(bool),
    /// Its bytes in the texts.
    Text {
        start: u32,
        end: u32,
    },
    /// Its place in the values.
    Other(u32),
}

impl Properties {
    /// The value of a property; `None` where it did not come.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<PropertyValue<'_>> {
        let slot = match known(name) {
            Some(place) => self.known.get(place)?.as_ref()?,
            None => self.others.iter().find(|(other, _)| **other == *name).map(|(_, slot)| slot)?,
        };
        self.value(*slot)
    }

    /// The text of a property; `None` where it did not come, or as something else.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            PropertyValue::Text(text) => Some(text),
            PropertyValue::Null | PropertyValue::Flag(_) | PropertyValue::Other(_) => None,
        }
    }

    /// Whether a property came, be it as `null`.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let known = KNOWN.iter().zip(self.known.iter()).filter_map(|(name, slot)| slot.as_ref().and(Some(*name)));
        known.chain(self.others.iter().map(|(name, _)| &**name))
    }

    /// Where the value that comes next is put, to be [inserted](Self::insert) then.
    pub(crate) const fn room(&mut self) -> Room<'_> {
        Room { texts: &mut self.texts, values: &mut self.values }
    }

    pub(crate) fn insert(&mut self, name: Name, slot: Slot) {
        match name {
            Name::Known(place) => {
                if let Some(present) = self.known.get_mut(place) {
                    *present = Some(slot);
                }
            }
            Name::Other(name) => match self.others.iter_mut().find(|(other, _)| *other == name) {
                Some((_, present)) => *present = slot,
                None => self.others.push((name, slot)),
            },
        }
    }

    fn value(&self, slot: Slot) -> Option<PropertyValue<'_>> {
        match slot {
            Slot::Null => Some(PropertyValue::Null),
            Slot::Flag(flag) => Some(PropertyValue::Flag(flag)),
            Slot::Text { start, end } => self.texts.get(start as usize..end as usize).map(PropertyValue::Text),
            Slot::Other(place) => self.values.get(place as usize).map(PropertyValue::Other),
        }
    }
}

/// No properties, and room for the texts of as many as a sync selects.
impl Default for Properties {
    fn default() -> Self {
        Self {
            known: Box::new([None; KNOWN.len()]),
            others: Vec::new(),
            texts: String::with_capacity(320),
            values: Vec::new(),
        }
    }
}

/// The order in which properties come means nothing.
impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        self.keys().count() == other.keys().count() && self.keys().all(|name| self.get(name) == other.get(name))
    }
}

/// The names only: values are personal.
impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl<'a> From<&'a Value> for PropertyValue<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::String(text) => Self::Text(text),
            Value::Number(_) | Value::Array(_) | Value::Object(_) => Self::Other(value),
        }
    }
}

/// Where the texts and values of properties are put.
pub(crate) struct Room<'a> {
    texts: &'a mut String,
    values: &'a mut Vec<Value>,
}

impl Room<'_> {
    fn text<E: Error>(self, text: &str) -> Result<Slot, E> {
        let start = self.texts.len();
        self.texts.push_str(text);
        match (u32::try_from(start), u32::try_from(self.texts.len())) {
            (Ok(start), Ok(end)) => Ok(Slot::Text { start, end }),
            _ => Err(E::custom("more text than an object can have")),
        }
    }

    fn other<E: Error>(self, value: Value) -> Result<Slot, E> {
        let place = u32::try_from(self.values.len()).map_err(|_| E::custom("more values than an object can have"))?;
        self.values.push(value);
        Ok(Slot::Other(place))
    }
}

impl<'de> DeserializeSeed<'de> for Room<'_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Room<'_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Slot, E> {
        Ok(Slot::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Slot, E> {
        Ok(Slot::Flag(flag))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Slot, E> {
        self.text(text)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Slot, E> {
        self.other(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Slot, E> {
        self.other(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Slot, E> {
        self.other(number.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Slot, A::Error> {
        self.other(Value::deserialize(SeqAccessDeserializer::new(list))?)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Slot, A::Error> {
        self.other(Value::deserialize(MapAccessDeserializer::new(object))?)
    }
}

/// The name of a property.
pub(crate) enum Name {
    /// Its place in [`KNOWN`].
    Known(usize),
    /// Any other, which is none of these.
    Other(Box<str>),
}

impl Name {
    /// A name that is often selected.
    pub(crate) fn known(name: &str) -> Option<Self> {
        known(name).map(Self::Known)
    }
}

macro_rules! known {
    ($($variant:ident = $name:literal),* $(,)?) => {
        const KNOWN: &[&str] = &[$($name),*];

        /// The place in [`KNOWN`].
        fn known(name: &str) -> Option<usize> {
            enum Place {
                $($variant),*
            }
            match name {
                $($name => Some(Place::$variant as usize),)*
                _ => None,
            }
        }
    };
}

// Properties of a user that are often selected (Graph page "user resource type").
known! {
    AccountEnabled = "accountEnabled",
    BusinessPhones = "businessPhones",
    City = "city",
    CompanyName = "companyName",
    Country = "country",
    Department = "department",
    DisplayName = "displayName",
    EmployeeHireDate = "employeeHireDate",
    EmployeeId = "employeeId",
    EmployeeOrgData = "employeeOrgData",
    EmployeeType = "employeeType",
    ExternalUserState = "externalUserState",
    GivenName = "givenName",
    JobTitle = "jobTitle",
    Mail = "mail",
    MailNickname = "mailNickname",
    MobilePhone = "mobilePhone",
    OfficeLocation = "officeLocation",
    OnPremisesExtensionAttributes = "onPremisesExtensionAttributes",
    OtherMails = "otherMails",
    PostalCode = "postalCode",
    PreferredLanguage = "preferredLanguage",
    ProxyAddresses = "proxyAddresses",
    State = "state",
    StreetAddress = "streetAddress",
    Surname = "surname",
    UsageLocation = "usageLocation",
    UserPrincipalName = "userPrincipalName",
    UserType = "userType",
    CreatedDateTime = "createdDateTime",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_leads_to_its_place() {
        for (place, name) in KNOWN.iter().enumerate() {
            assert_eq!(known(name), Some(place));
        }
        assert_eq!(known("accountenabled"), None);
    }
}
