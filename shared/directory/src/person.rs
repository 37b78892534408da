//! A person as the directory shows them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::identity::PersonId;
use crate::property::{Attributes, Property};

/// What one answer of the directory says of one field.
///
/// Delta pages leave out properties that were never set and send null for those that were
/// cleared (Graph, "Use delta query to track changes"), so absence is no news.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reading<T> {
    /// The answer does not mention the field: what was known stays.
    #[default]
    Absent,
    /// The answer says that there is no value.
    Cleared,
    /// The value.
    Is(T),
}

impl<T: Clone> Reading<T> {
    /// The value after this reading, given the one known before.
    #[must_use]
    pub fn over(&self, known: Option<&T>) -> Option<T> {
        match self {
            Self::Absent => known.cloned(),
            Self::Cleared => None,
            Self::Is(value) => Some(value.clone()),
        }
    }
}

impl Reading<Cow<'_, str>> {
    /// The same with a text of its own.
    #[must_use]
    pub fn into_owned(self) -> Reading<String> {
        match self {
            Self::Absent => Reading::Absent,
            Self::Cleared => Reading::Cleared,
            Self::Is(text) => Reading::Is(text.into_owned()),
        }
    }
}

/// One answer about one person: possibly partial, never a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonReading {
    /// Whose.
    pub id: PersonId,
    /// `accountEnabled`.
    pub enabled: Reading<bool>,
    /// The attributes that the answer mentions.
    pub attributes: BTreeMap<Property, Reading<String>>,
    /// The object id of the manager.
    pub manager: Reading<PersonId>,
}

impl PersonReading {
    /// A reading that says nothing beyond that the person exists.
    #[must_use]
    pub fn of(id: PersonId) -> Self {
        Self { id, enabled: Reading::Absent, attributes: BTreeMap::new(), manager: Reading::Absent }
    }

    /// Takes in a later reading of the same person: what it mentions wins.
    pub fn absorb(&mut self, later: Self) {
        if later.enabled != Reading::Absent {
            self.enabled = later.enabled;
        }
        if later.manager != Reading::Absent {
            self.manager = later.manager;
        }
        self.attributes.extend(later.attributes.into_iter().filter(|(_, reading)| *reading != Reading::Absent));
    }

    /// The person after this reading, given what was known before.
    ///
    /// A person of whom nobody has ever said whether the account is enabled counts as enabled
    /// only when they were active before: a missing `accountEnabled` must neither open nor
    /// close an account, so the answer is `None` for somebody unknown.
    #[must_use]
    pub fn over(&self, known: Option<&Person>) -> Option<Person> {
        let enabled = self.enabled.over(known.map(|person| &person.enabled))?;
        Some(self.with(enabled, known))
    }

    /// The person after this reading as they would be if they were enabled: to say what is missing of whom.
    #[must_use]
    pub fn as_if_enabled(&self, known: Option<&Person>) -> Person {
        self.with(true, known)
    }

    fn with(&self, enabled: bool, known: Option<&Person>) -> Person {
        let mut attributes = known.map(|person| person.attributes.clone()).unwrap_or_default();
        for (property, reading) in &self.attributes {
            match reading.over(attributes.get(property)) {
                Some(value) => attributes.insert(property.clone(), value),
                None => attributes.remove(property),
            };
        }
        let manager = self.manager.over(known.and_then(|person| person.manager.as_ref()));
        Person { id: self.id, enabled, attributes, manager }
    }
}

/// A person of the directory with everything that Rollcall wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person<V = String> {
    /// The object id.
    pub id: PersonId,
    /// `accountEnabled`.
    pub enabled: bool,
    /// What was read and has a value: what is kept on the account, and what only the rules look at.
    pub attributes: Attributes<V>,
    /// The object id of the manager, in scope or not.
    pub manager: Option<PersonId>,
}

/// The mark of people from elsewhere.
const EXTERNAL: &[u8] = b"#EXT#";

impl<V: AsRef<str>> Person<V> {
    /// Whether this is a guest: by `userType`, or by the mark that Entra puts into the user
    /// principal name of people from elsewhere (Microsoft Entra, "Properties of a B2B guest user").
    #[must_use]
    pub fn is_guest(&self) -> bool {
        let has = |property: &Property, test: fn(&str) -> bool| {
            self.attributes.get(property).is_some_and(|value| test(value.as_ref()))
        };
        has(&Property::UserType, |kind| kind.eq_ignore_ascii_case("guest"))
            || has(&Property::UserPrincipalName, |name| {
                name.as_bytes().windows(EXTERNAL.len()).any(|part| part.eq_ignore_ascii_case(EXTERNAL))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id() -> PersonId {
        PersonId(Uuid::from_u128(7))
    }

    fn known() -> Person {
        Person {
            id: id(),
            enabled: true,
            attributes: Attributes::from_iter([
                (Property::City, "Ulm".to_owned()),
                (Property::JobTitle, "Trainer".to_owned()),
            ]),
            manager: Some(PersonId(Uuid::from_u128(8))),
        }
    }

    #[test]
    fn a_field_that_is_not_mentioned_stays() {
        assert_eq!(PersonReading::of(id()).over(Some(&known())), Some(known()));
    }

    #[test]
    fn a_cleared_field_is_cleared() {
        let mut reading = PersonReading::of(id());
        reading.attributes.insert(Property::City, Reading::Cleared);
        reading.manager = Reading::Cleared;
        let person = reading.over(Some(&known())).unwrap();
        assert_eq!(person.attributes.keys().collect::<Vec<_>>(), [&Property::JobTitle]);
        assert_eq!(person.manager, None);
    }

    #[test]
    fn nobody_unknown_is_created_without_a_word_on_whether_the_account_is_enabled() {
        assert_eq!(PersonReading::of(id()).over(None), None);
    }

    #[test]
    fn who_would_be_there_is_enabled_and_otherwise_as_read() {
        let mut reading = PersonReading { enabled: Reading::Is(false), ..PersonReading::of(id()) };
        reading.attributes.insert(Property::City, Reading::Cleared);
        let person = reading.as_if_enabled(Some(&known()));
        assert_eq!(person, Person { enabled: true, ..reading.over(Some(&known())).unwrap() });
    }

    #[test]
    fn the_later_of_two_readings_wins_only_where_it_speaks() {
        let mut first = PersonReading { enabled: Reading::Is(true), ..PersonReading::of(id()) };
        first.attributes.insert(Property::City, Reading::Is("Ulm".to_owned()));
        let mut later = PersonReading { enabled: Reading::Is(false), ..PersonReading::of(id()) };
        later.attributes.insert(Property::City, Reading::Absent);
        first.absorb(later);
        assert_eq!(first.enabled, Reading::Is(false));
        assert_eq!(first.attributes[&Property::City], Reading::Is("Ulm".to_owned()));
    }

    #[test]
    fn each_part_of_a_later_reading_is_taken_by_itself() {
        let boss = |number| Reading::Is(PersonId(Uuid::from_u128(number)));
        let city = |value: Reading<String>| BTreeMap::from([(Property::City, value)]);
        let first = PersonReading {
            id: id(),
            enabled: Reading::Is(true),
            attributes: city(Reading::Is("Ulm".to_owned())),
            manager: boss(8),
        };
        let mut same = first.clone();
        same.absorb(PersonReading::of(id()));
        assert_eq!(same, first);
        let later = PersonReading {
            id: id(),
            enabled: Reading::Is(false),
            attributes: city(Reading::Cleared),
            manager: boss(9),
        };
        let mut both = first.clone();
        both.absorb(later.clone());
        assert_eq!(both, later);
    }
}
