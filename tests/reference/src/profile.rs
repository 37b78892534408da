//! What of a person is on their account.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::property::Property;
use rollcall_directory::rules::{EmailSource, Required, Rules};

use crate::platform::Account;
use crate::world::Person;

/// What is kept unless a connection says otherwise. With `id` and `accountEnabled` these are the
/// seventeen properties that are read by default.
const USUAL: [Property; 15] = [
    Property::City,
    Property::CompanyName,
    Property::Country,
    Property::Department,
    Property::EmployeeHireDate,
    Property::EmployeeId,
    Property::EmployeeType,
    Property::GivenName,
    Property::JobTitle,
    Property::Mail,
    Property::OfficeLocation,
    Property::PreferredLanguage,
    Property::Surname,
    Property::UsageLocation,
    Property::UserPrincipalName,
];

/// Whether a property is kept on accounts.
pub(crate) fn is_kept(rules: &Rules, property: &Property) -> bool {
    let usual = USUAL.contains(property) && !rules.attributes.off.contains(property);
    usual || rules.attributes.more.contains(property)
}

pub(crate) fn attributes(rules: &Rules, person: &Person) -> BTreeMap<Property, String> {
    person.properties.clone().into_iter().filter(|(property, _)| is_kept(rules, property)).collect()
}

pub(crate) fn email(rules: &Rules, person: &Person) -> Option<String> {
    let mail = person.properties.get(&Property::Mail);
    let name = person.properties.get(&Property::UserPrincipalName);
    match rules.email {
        EmailSource::UserPrincipalName => name.cloned(),
        EmailSource::Mail => mail.cloned(),
        EmailSource::MailThenUserPrincipalName => mail.or(name).cloned(),
    }
}

/// What a person must have and has not.
pub(crate) fn lacks(rules: &Rules, person: &Person) -> BTreeSet<Required> {
    let mut lacks = rules.required.clone();
    if person.properties.contains_key(&Property::GivenName) {
        lacks.remove(&Required::GivenName);
    }
    if person.properties.contains_key(&Property::Surname) {
        lacks.remove(&Required::Surname);
    }
    if email(rules, person).is_some() {
        lacks.remove(&Required::Email);
    }
    lacks
}

/// The attributes of an account by the names that the platform has for them.
#[must_use]
pub fn field_names(rules: &Rules, account: &Account) -> BTreeMap<String, String> {
    let named = |(property, value): (&Property, &String)| {
        let name = rules.attributes.names.get(property).cloned().unwrap_or_else(|| property.name().to_owned());
        (name, value.clone())
    };
    account.attributes.iter().map(named).collect()
}
