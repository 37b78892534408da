//! How people sign in by a connection.

use std::collections::BTreeSet;

use rollcall_sign_in::provider::authorization::canonical_domain;
use rollcall_store::SignIn as Stored;
use serde::Deserialize;
use utoipa::ToSchema;

/// The most domains of a connection.
const MOST: usize = 100;

/// How people sign in by a connection. They can once it is active, also while its sync is paused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewSignIn)]
pub(crate) struct SignIn {
    /// E-mail domains by which people find the connection when they sign in: verified ones of the tenant, and of no other connection.
    /// Nobody is identified by an address. Without any they sign in by the connection's link, or by the tenant that Entra names.
    /// A domain that is left out leads here no more.
    #[schema(value_type = Vec<String>, max_items = 100, default = json!([]))]
    domains: Domains,
    /// Whether people in scope who have no account yet get one when they sign in. Without it, whom no sync has made an account for is
    /// refused. Switching it off takes no account away.
    #[schema(default = false)]
    just_in_time: bool,
    /// Whether signing out of the platform signs people out of Entra too. **What it destroys**: with it they lose the sign-in of every
    /// other application in that browser.
    #[schema(default = false)]
    sign_out_of_entra: bool,
}

/// Up to 100 domains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Domain>")]
struct Domains(BTreeSet<String>);

impl TryFrom<Vec<Domain>> for Domains {
    type Error = &'static str;

    fn try_from(domains: Vec<Domain>) -> Result<Self, Self::Error> {
        if domains.len() > MOST {
            return Err("must be at most 100 domains");
        }
        Ok(Self(domains.into_iter().map(|Domain(name)| name).collect()))
    }
}

/// A domain, as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Domain(String);

impl TryFrom<String> for Domain {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        canonical_domain(&text).map(Self).ok_or("must be a domain, such as contoso.com")
    }
}

impl From<SignIn> for Stored {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { domains: Domains(domains), just_in_time, sign_out_of_entra } = sign_in;
        Self { domains, just_in_time, sign_out_of_entra }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Stored, serde_json::Error> {
        serde_json::from_str::<SignIn>(text).map(Stored::from)
    }

    #[test]
    fn domains_are_compared_in_one_form_and_each_is_there_once() {
        let read = read(r#"{"domains":["Contoso.COM","contoso.com","münchen.example"],"just_in_time":true}"#).unwrap();
        let domains: Vec<&str> = read.domains.iter().map(String::as_str).collect();
        assert_eq!(domains, ["contoso.com", "xn--mnchen-3ya.example"]);
        assert!(read.just_in_time && !read.sign_out_of_entra);
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        let many = format!(r#"{{"domains":[{}]}}"#, vec![r#""a.example""#; 101].join(","));
        for bad in [
            r#"{"domains":null}"#,
            r#"{"domains":"contoso.com"}"#,
            r#"{"domains":[""]}"#,
            r#"{"domains":["localhost"]}"#,
            r#"{"domains":["ann@contoso.com"]}"#,
            r#"{"domains":["contoso.com/"]}"#,
            r#"{"domains":["contoso.com."]}"#,
            r#"{"domains":["contoso。com"]}"#,
            r#"{"domains":["127.0.0.1"]}"#,
            r#"{"domains":["*.contoso.com"]}"#,
            r#"{"domains":["a#b.example"]}"#,
            r#"{"just_in_time":null}"#,
            r#"{"just_in_time":"yes"}"#,
            r#"{"link":"https://x.example"}"#,
            &many,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
