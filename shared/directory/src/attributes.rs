//! What is known of somebody, by property.

use std::fmt;
use std::ops::Index;

use crate::property::Property;

/// Values by property, in the order of the properties.
///
/// A full run makes them of everybody, every day, and they are few: so they stand in one block, and not in a tree.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(Property, String)>);

impl Attributes {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, property: &Property) -> Option<&String> {
        let place = self.place(property).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Whether a property has a value.
    #[must_use]
    pub fn contains_key(&self, property: &Property) -> bool {
        self.place(property).is_ok()
    }

    /// Sets a value. Answers the one before.
    pub fn insert(&mut self, property: Property, value: String) -> Option<String> {
        match self.place(&property) {
            Ok(place) => self.0.get_mut(place).map(|(_, before)| std::mem::replace(before, value)),
            Err(place) => {
                self.0.insert(place, (property, value));
                None
            }
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, property: &Property) -> Option<String> {
        let place = self.place(property).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Keeps only what is wanted.
    pub fn retain(&mut self, mut is_wanted: impl FnMut(&Property, &str) -> bool) {
        self.0.retain(|(property, value)| is_wanted(property, value));
    }

    /// Properties with their values, in order.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    /// Properties that have a value, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Property> {
        self.0.iter().map(|(property, _)| property)
    }

    /// Values, in the order of their properties.
    pub fn values(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(_, value)| value)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a property stands, or would stand.
    fn place(&self, property: &Property) -> Result<usize, usize> {
        self.0.binary_search_by(|(present, _)| present.cmp(property))
    }
}

/// Properties with their values, in order.
pub type Iter<'a> =
    std::iter::Map<std::slice::Iter<'a, (Property, String)>, fn(&'a (Property, String)) -> (&'a Property, &'a String)>;

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a Property, &'a String);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(property, value)| (property, value))
    }
}

impl IntoIterator for Attributes {
    type Item = (Property, String);
    type IntoIter = std::vec::IntoIter<(Property, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Of a property that comes twice the last value is kept.
impl FromIterator<(Property, String)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (Property, String)>>(all: I) -> Self {
        let mut all: Vec<(Property, String)> = all.into_iter().collect();
        if !all.is_sorted_by(|(one, _), (next, _)| one < next) {
            // The sort is stable, and of what is equal the first is kept.
            all.reverse();
            all.sort_by(|(one, _), (other, _)| one.cmp(other));
            all.dedup_by(|(later, _), (kept, _)| later == kept);
        }
        Self(all)
    }
}

impl<const N: usize> From<[(Property, String); N]> for Attributes {
    fn from(all: [(Property, String); N]) -> Self {
        Self::from_iter(all)
    }
}

impl Extend<(Property, String)> for Attributes {
    fn extend<I: IntoIterator<Item = (Property, String)>>(&mut self, all: I) {
        for (property, value) in all {
            self.insert(property, value);
        }
    }
}

/// # Panics
/// When the property has no value.
impl Index<&Property> for Attributes {
    type Output = String;

    #[expect(clippy::expect_used, reason = "as every map of the standard library does")]
    fn index(&self, property: &Property) -> &String {
        self.get(property).expect("the property has a value")
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn pairs() -> impl Strategy<Value = Vec<(Property, String)>> {
        proptest::collection::vec((proptest::sample::select(Property::FIXED), "[a-z]{0,3}"), 0..12)
    }

    proptest! {
        #[test]
        fn they_are_what_a_tree_of_them_is(begin in pairs(), more in pairs(), gone in pairs(), kept in pairs()) {
            let mut attributes: Attributes = begin.clone().into_iter().collect();
            let mut tree: BTreeMap<Property, String> = begin.into_iter().collect();
            for (property, value) in more.clone() {
                prop_assert_eq!(attributes.insert(property.clone(), value.clone()), tree.insert(property, value));
            }
            attributes.extend(more.clone());
            tree.extend(more);
            for (property, _) in gone {
                prop_assert_eq!(attributes.contains_key(&property), tree.contains_key(&property));
                prop_assert_eq!(attributes.remove(&property), tree.remove(&property));
                prop_assert_eq!(attributes.get(&property), tree.get(&property));
            }
            prop_assert_eq!((attributes.len(), attributes.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert!(attributes.iter().eq(tree.iter()));
            prop_assert!(attributes.keys().eq(tree.keys()) && attributes.values().eq(tree.values()));
            let is_kept = |property: &Property| kept.iter().any(|(kept, _)| kept == property);
            attributes.retain(|property, _| is_kept(property));
            tree.retain(|property, _| is_kept(property));
            prop_assert!(attributes.into_iter().eq(tree));
        }
    }
}
