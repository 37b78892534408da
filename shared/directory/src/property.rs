//! The properties of a directory user that Rollcall reads, and their values on an account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! properties {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A textual property of a Graph `user` that is kept on the account.
        ///
        /// `id` and `accountEnabled` are read too but are no attributes: the one is the
        /// person's key, the other decides whether there is an active account at all.
        /// Source: Graph `user` resource type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Property {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Property {
            /// Every property, in the order in which they are compared and shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in Graph, and in our API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The property of that Graph name, if it is one that is kept.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
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
}

/// The values of an account's attributes. A property without a value has no entry.
pub type Attributes = BTreeMap<Property, String>;

/// The names for Graph's `$select`: the key, the account's state, and every attribute.
#[must_use]
pub fn selected_names() -> Vec<&'static str> {
    ["id", "accountEnabled"].into_iter().chain(Property::ALL.iter().map(|property| property.name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_properties_are_selected_by_default() {
        assert_eq!(selected_names().len(), 17);
    }

    #[test]
    fn every_name_leads_back_to_its_property() {
        for property in Property::ALL {
            assert_eq!(Property::from_name(property.name()), Some(*property));
        }
    }
}
