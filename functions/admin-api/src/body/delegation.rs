//! What somebody is asked to let the application do for them.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

/// The most permissions that one link asks for.
const MOST: usize = 20;
/// The longest name of a permission.
const LONGEST: usize = 100;
/// Scopes of `OpenID` Connect, which are no permissions of Graph, and the one that comes by itself.
const NOT_GRAPH: [&str; 7] = ["openid", "profile", "email", "address", "phone", "offline_access", ".default"];

/// What is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDelegationLink {
    /// Delegated permissions of Microsoft Graph, by name.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 20, examples(json!(["Calendars.ReadWrite", "Mail.Send"])))]
    pub(crate) permissions: DelegatedPermissions,
}

/// 1 to 20 delegated permissions of Graph.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct DelegatedPermissions(pub(crate) BTreeSet<String>);

impl TryFrom<Vec<String>> for DelegatedPermissions {
    type Error = &'static str;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        if names.is_empty() || names.len() > MOST {
            return Err("must be 1 to 20 permissions");
        }
        let is_name = |name: &String| {
            name.len() <= LONGEST
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
                && !NOT_GRAPH.iter().any(|other| other.eq_ignore_ascii_case(name))
        };
        if !names.iter().all(is_name) {
            return Err("must be names of delegated permissions of Microsoft Graph, such as Calendars.ReadWrite");
        }
        Ok(Self(names.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_graph_s_permissions_pass() {
        let read = |names: &[&str]| {
            DelegatedPermissions::try_from(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read(&["Mail.Send", "Calendars.ReadWrite", "Mail.Send"]).map(|read| read.0.len()), Ok(2));
        let long = "A".repeat(101);
        for bad in [
            "",
            "openid",
            "Offline_Access",
            ".default",
            "https://other.example/Mail.Send",
            "Mail.Send Mail.Read",
            "\u{e4}",
            &long,
        ] {
            assert!(read(&["Mail.Send", bad]).is_err(), "{bad}");
        }
        assert!(read(&[]).is_err());
        assert!(read(&["Mail.Send"; 21]).is_err());
    }
}
