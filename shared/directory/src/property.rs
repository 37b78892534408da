//! The properties of a directory user that Rollcall can read, and their values on an account.

use std::fmt;

use litemap::LiteMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! properties {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A property of a Graph `user` that can be kept on the account.
        ///
        /// `id` and `accountEnabled` are read too but are no attributes: the one is the
        /// person's key, the other decides whether there is an active account at all.
        /// Source: Graph `user` resource type.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Property {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
            /// A directory extension that some application has registered in the tenant.
            DirectoryExtension(ExtensionName),
        }

        impl Property {
            /// Every property with a fixed name, in the order in which they are compared and shown.
            pub const FIXED: &'static [Self] = &[$(Self::$variant),*];

            /// The name in our API: Graph's, with a dot before the member of a complex property.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::DirectoryExtension(name) => name.as_str(),
                }
            }

            /// The whole property in Graph, and the member of a complex one.
            const fn parts(&self) -> Option<(&'static str, Option<&'static str>)> {
                match self {
                    $(Self::$variant => Some(const { split($name) }),)*
                    Self::DirectoryExtension(_) => None,
                }
            }

            /// The property of that name, if it is one that can be kept.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => ExtensionName::parse(name).map(Self::DirectoryExtension),
                }
            }
        }
    };
}

properties! {
    GivenName = "givenName",
    Surname = "surname",
    PreferredLanguage = "preferredLanguage",
    OfficeLocation = "officeLocation",
    JobTitle = "jobTitle",
    Mail = "mail",
    Department = "department",
    UsageLocation = "usageLocation",
    UserPrincipalName = "userPrincipalName",
    EmployeeId = "employeeId",
    CompanyName = "companyName",
    EmployeeType = "employeeType",
    EmployeeHireDate = "employeeHireDate",
    City = "city",
    Country = "country",
    UserType = "userType",
    Division = "employeeOrgData.division",
    CostCenter = "employeeOrgData.costCenter",
    OtherMails = "otherMails",
    ProxyAddresses = "proxyAddresses",
    ExtensionAttribute1 = "onPremisesExtensionAttributes.extensionAttribute1",
    ExtensionAttribute2 = "onPremisesExtensionAttributes.extensionAttribute2",
    ExtensionAttribute3 = "onPremisesExtensionAttributes.extensionAttribute3",
    ExtensionAttribute4 = "onPremisesExtensionAttributes.extensionAttribute4",
    ExtensionAttribute5 = "onPremisesExtensionAttributes.extensionAttribute5",
    ExtensionAttribute6 = "onPremisesExtensionAttributes.extensionAttribute6",
    ExtensionAttribute7 = "onPremisesExtensionAttributes.extensionAttribute7",
    ExtensionAttribute8 = "onPremisesExtensionAttributes.extensionAttribute8",
    ExtensionAttribute9 = "onPremisesExtensionAttributes.extensionAttribute9",
    ExtensionAttribute10 = "onPremisesExtensionAttributes.extensionAttribute10",
    ExtensionAttribute11 = "onPremisesExtensionAttributes.extensionAttribute11",
    ExtensionAttribute12 = "onPremisesExtensionAttributes.extensionAttribute12",
    ExtensionAttribute13 = "onPremisesExtensionAttributes.extensionAttribute13",
    ExtensionAttribute14 = "onPremisesExtensionAttributes.extensionAttribute14",
    ExtensionAttribute15 = "onPremisesExtensionAttributes.extensionAttribute15",
}

/// How many of [`Property::FIXED`], from the first, are on unless a connection says otherwise.
const DEFAULT_COUNT: usize = 15;

impl Property {
    /// The properties that are kept unless a connection says otherwise: with `id` and
    /// `accountEnabled` they are the 17 that are read by default.
    pub fn defaults() -> impl Iterator<Item = Self> {
        Self::FIXED.iter().take(DEFAULT_COUNT).cloned()
    }

    /// Whether it is one of [`Property::defaults`]. They come first.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self <= Self::Country
    }

    /// The name for Graph's `$select`: the whole of a complex property.
    #[must_use]
    pub fn selected(&self) -> &str {
        self.parts().map_or_else(|| self.name(), |(whole, _)| whole)
    }

    /// The member of a complex property.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        self.parts()?.1
    }
}

/// What stands before and behind the dot of a name.
const fn split(name: &'static str) -> (&'static str, Option<&'static str>) {
    let mut dot = 0;
    while dot < name.len() {
        let (whole, rest) = name.split_at(dot);
        if let [b'.', ..] = rest.as_bytes() {
            return (whole, Some(rest.split_at(1).1));
        }
        dot += 1;
    }
    (name, None)
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| D::Error::custom("not a property that can be kept"))
    }
}

/// The name of a directory extension: `extension_{application id without dashes}_{name}`.
/// Source: Graph, "Add custom data to resources", directory extensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtensionName(Box<str>);

impl ExtensionName {
    /// The name, if it has that form.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (application, own) = name.strip_prefix("extension_")?.split_at_checked(32)?;
        let own = own.strip_prefix('_')?;
        let is_id = application.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_name =
            (1..=200).contains(&own.len()) && own.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_id && is_name).then(|| Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The values of an account's attributes, in the order of the properties. A property without a value has no entry.
///
/// A full run makes them of everybody, every day, and they are few: so they stand in one block, and not in a tree.
///
/// Those of somebody who is only looked at need not be copied: `V` is then a text that belongs to somebody else.
pub type Attributes<V = String> = LiteMap<Property, V>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_leads_back_to_its_property_and_no_two_share_one() {
        let names: BTreeSet<&str> = Property::FIXED.iter().map(Property::name).collect();
        assert_eq!(names.len(), Property::FIXED.len());
        for property in Property::FIXED {
            assert_eq!(Property::from_name(property.name()).as_ref(), Some(property));
        }
    }

    #[test]
    fn the_last_default_property_is_the_country() {
        assert_eq!(Property::defaults().last(), Some(Property::Country));
        assert!(Property::defaults().all(|property| property.is_default()));
        assert_eq!(
            Property::FIXED.iter().filter(|property| property.is_default()).count(),
            Property::defaults().count()
        );
    }

    #[test]
    fn a_member_of_a_complex_property_is_selected_with_the_whole() {
        assert_eq!(Property::CostCenter.selected(), "employeeOrgData");
        assert_eq!(Property::CostCenter.member(), Some("costCenter"));
        assert_eq!(Property::City.selected(), "city");
        assert_eq!(Property::City.member(), None);
    }

    #[test]
    fn only_a_registered_extension_has_the_form_of_one() {
        let name = "extension_25883231668a43a780b25685c3f874bc_cost_center2";
        assert_eq!(Property::from_name(name).map(|property| property.name().to_owned()).as_deref(), Some(name));
        let long = format!("extension_25883231668a43a780b25685c3f874bc_{}", "x".repeat(201));
        for odd in [
            "extension_25883231668a43a780b25685c3f874bc_",
            "extension_25883231668a43a780b25685c3f874bc",
            "extension_25883231668A43a780b25685c3f874bc_x",
            "extension_25883231668a43a780b25685c3f874b_x",
            "extension_25883231668a43a780b25685c3f874bc-x",
            "extension_25883231668a43a780b25685c3f874bc_a,b",
            "extension_é5883231668a43a780b25685c3f874b_x",
            "passwordProfile",
            long.as_str(),
        ] {
            assert_eq!(Property::from_name(odd), None, "{odd}");
        }
        let longest = format!("extension_25883231668a43a780b25685c3f874bc_{}", "x".repeat(200));
        assert!(Property::from_name(&longest).is_some());
    }

    #[test]
    fn a_property_is_shown_and_stored_by_its_name() {
        let extension = "extension_25883231668a43a780b25685c3f874bc_level";
        for name in ["employeeOrgData.division", "city", extension] {
            let property = Property::from_name(name).unwrap();
            assert_eq!(property.to_string(), name);
            let text = serde_json::to_string(&property).unwrap();
            assert_eq!(text, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Property>(&text).unwrap(), property);
        }
        assert_eq!(ExtensionName::parse(extension).unwrap().as_str(), extension);
        assert!(serde_json::from_str::<Property>("\"passwordProfile\"").is_err());
    }
}
