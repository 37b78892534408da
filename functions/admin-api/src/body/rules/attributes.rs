//! Which properties are kept, which languages there are, and by what accounts are found again.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::property::Property;
use rollcall_directory::{adoption, language, rules};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MatchedBy;

/// The most properties of a list.
const MOST_PROPERTIES: usize = 100;
/// The most languages.
const MOST_LANGUAGES: usize = 100;

/// Which properties are kept on accounts, under Microsoft Graph's names.
///
/// On by default: `givenName`, `surname`, `preferredLanguage`, `officeLocation`, `jobTitle`, `mail`, `department`, `usageLocation`,
/// `userPrincipalName`, `employeeId`, `companyName`, `employeeType`, `employeeHireDate`, `city`, `country`.
///
/// There are also `userType`, `employeeOrgData.division`, `employeeOrgData.costCenter`, `otherMails`, `proxyAddresses`,
/// `onPremisesExtensionAttributes.extensionAttribute1` to `…15`, and directory extensions
/// (`extension_{application id without dashes}_{name}`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Sent", default, deny_unknown_fields)]
#[schema(as = AttributeRules)]
pub(crate) struct Attributes {
    /// Properties that are on by default and shall not be kept. None unless given. Their values are **deleted from all accounts** at
    /// the next run, without the guard; switched on again, they are read anew.
    #[schema(value_type = Vec<String>, max_items = 100, default = json!([]))]
    off: BTreeSet<Property>,
    /// Other properties that shall be kept. None unless given. The values of one that is taken out are **deleted from all accounts** at
    /// the next run, without the guard.
    #[schema(value_type = Vec<String>, max_items = 100, default = json!([]))]
    more: BTreeSet<Property>,
    /// What the platform calls a property, where not by Graph's name: 1 to 64 characters that begin with a letter and go on with
    /// letters, digits, `_`, `.` or `-`. No two properties have the same name. It destroys nothing: accounts
    /// have the value under the new name at once, and no more under the old one. The history keeps Graph's names.
    #[schema(value_type = BTreeMap<String, String>, default = json!({}))]
    names: BTreeMap<Property, FieldName>,
}

/// As it is sent, before the parts are held against each other.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sent {
    off: BTreeSet<Property>,
    more: BTreeSet<Property>,
    names: BTreeMap<Property, FieldName>,
}

impl TryFrom<Sent> for Attributes {
    type Error = &'static str;

    fn try_from(Sent { off, more, names }: Sent) -> Result<Self, Self::Error> {
        if off.len() > MOST_PROPERTIES || more.len() > MOST_PROPERTIES || names.len() > 2 * MOST_PROPERTIES {
            return Err("must be at most 100 properties");
        }
        if !off.is_disjoint(&more) {
            return Err("must not switch a property off and on");
        }
        Ok(Self { off, more, names })
    }
}

/// The platform's name for a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct FieldName(String);

impl TryFrom<String> for FieldName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let fits = text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(goes_on);
        if fits {
            Ok(Self(text))
        } else {
            Err("must have 1 to 64 characters, a letter first, then letters, digits, '_', '.' or '-'")
        }
    }
}

impl From<Attributes> for rules::AttributeRules {
    fn from(attributes: Attributes) -> Self {
        let Attributes { off, more, names } = attributes;
        Self { off, more, names: names.into_iter().map(|(property, FieldName(name))| (property, name)).collect() }
    }
}

impl From<rules::AttributeRules> for Attributes {
    fn from(attributes: rules::AttributeRules) -> Self {
        let rules::AttributeRules { off, more, names } = attributes;
        Self { off, more, names: names.into_iter().map(|(property, name)| (property, FieldName(name))).collect() }
    }
}

/// Which languages the platform speaks. With neither member accounts have no language of their own, and `preferredLanguage` is an
/// attribute like others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "SentLanguages", default, deny_unknown_fields)]
pub(crate) struct Languages {
    /// The language of people who prefer none, or none that is supported, as a BCP 47 tag. One of the supported ones, if there are
    /// any. None unless given.
    #[schema(value_type = Option<String>, max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", examples("en"))]
    default: Option<Tag>,
    /// What the platform speaks, as BCP 47 tags. Empty unless given: every language is taken as the directory has it.
    #[schema(value_type = Vec<String>, max_items = 100, default = json!([]))]
    supported: BTreeSet<Tag>,
}

/// As it is sent, before the default is held against what is supported.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SentLanguages {
    default: Option<Tag>,
    supported: BTreeSet<Tag>,
}

impl TryFrom<SentLanguages> for Languages {
    type Error = &'static str;

    fn try_from(SentLanguages { default, supported }: SentLanguages) -> Result<Self, Self::Error> {
        if supported.len() > MOST_LANGUAGES {
            return Err("must be at most 100 languages");
        }
        if !supported.is_empty() && default.as_ref().is_some_and(|default| !supported.contains(default)) {
            return Err("must have a default that is among the supported languages");
        }
        Ok(Self { default, supported })
    }
}

/// A language tag: letters, then parts of letters and digits, 35 characters at most (RFC 5646, sections 2.1 and 4.4.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Tag(String);

impl TryFrom<String> for Tag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut parts = text.split('-');
        let language =
            |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let more = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let fits = text.len() <= 35 && parts.next().is_some_and(language) && parts.all(more);
        if fits { Ok(Self(text)) } else { Err("must be a language tag of BCP 47, like en or de-CH") }
    }
}

impl From<Languages> for language::Languages {
    fn from(languages: Languages) -> Self {
        let Languages { default, supported } = languages;
        Self { default: default.map(|Tag(tag)| tag), supported: supported.into_iter().map(|Tag(tag)| tag).collect() }
    }
}

impl From<language::Languages> for Languages {
    fn from(languages: language::Languages) -> Self {
        let language::Languages { default, supported } = languages;
        Self { default: default.map(Tag), supported: supported.into_iter().map(Tag).collect() }
    }
}

/// By what accounts that were there before are proposed to be somebody's. Nothing is ever linked by itself: until a person has
/// decided, the person of the directory gets no second account, and the account that is there is not touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Adoption {
    /// In this order; the first that finds something holds. Empty unless given: nothing is looked for.
    #[schema(value_type = Vec<MatchedBy>, max_items = 3, default = json!([]))]
    by: Order,
}

/// Each way at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<MatchedBy>")]
struct Order(Vec<MatchedBy>);

impl TryFrom<Vec<MatchedBy>> for Order {
    type Error = &'static str;

    fn try_from(by: Vec<MatchedBy>) -> Result<Self, Self::Error> {
        let distinct: BTreeSet<&MatchedBy> = by.iter().collect();
        if distinct.len() == by.len() { Ok(Self(by)) } else { Err("must name each property once") }
    }
}

impl From<Adoption> for adoption::Adoption {
    fn from(adoption: Adoption) -> Self {
        Self { by: adoption.by.0.into_iter().map(Into::into).collect() }
    }
}

impl From<adoption::Adoption> for Adoption {
    fn from(adoption: adoption::Adoption) -> Self {
        Self { by: Order(adoption.by.into_iter().map(MatchedBy::from).collect()) }
    }
}
