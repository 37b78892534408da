//! Addresses of the platform's applications.

use serde::Deserialize;
use url::{Host, Url};
use utoipa::ToSchema;

/// The longest address.
const LONGEST: usize = 2_000;
/// The most addresses of a list.
const MOST: usize = 20;

/// An absolute address: https, or http at this very machine (127.0.0.1, `[::1]`, localhost). Without user, fragment and
/// wildcard; a name of other letters is written in its ASCII form. It is kept and compared as it is written here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 9, max_length = 2000, pattern = r"^https?://[^\s#*\\@]+$",
    examples("https://platform.example/callback"))]
pub(crate) struct Address(pub(crate) String);

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().count() > LONGEST {
            return Err("must have at most 2000 characters");
        }
        // A parser takes more than there should be, and mends it silently; what is kept is the text as it came.
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        if text.contains(is_odd) {
            return Err("must have no spaces, control characters and backslashes");
        }
        if text.contains(['#', '*']) {
            return Err("must have no fragment and no wildcard");
        }
        let host = text.split_once("://").and_then(|(scheme, rest)| host(scheme, rest)).ok_or(FORM)?;
        let url = Url::parse(&text).map_err(|_| FORM)?;
        let is_as_written = url.host_str().is_some_and(|parsed| parsed.eq_ignore_ascii_case(host));
        if is_as_written && (url.scheme() == "https" || is_here(&url)) { Ok(Self(text)) } else { Err(FORM) }
    }
}

const FORM: &str = "must be an https address, or http at 127.0.0.1, [::1] or localhost, without a user";

/// The host of an address as it is written. None where there is a user before it.
fn host<'a>(scheme: &str, rest: &'a str) -> Option<&'a str> {
    let authority = rest.split(['/', '?']).next()?;
    if !["http", "https"].contains(&scheme) || authority.contains('@') {
        return None;
    }
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => Some(host),
        _ => Some(authority),
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// 1 to 20 addresses, each once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Address>")]
pub(crate) struct Addresses(pub(crate) Vec<String>);

impl TryFrom<Vec<Address>> for Addresses {
    type Error = &'static str;

    fn try_from(addresses: Vec<Address>) -> Result<Self, Self::Error> {
        if addresses.is_empty() {
            return Err("must be 1 to 20 addresses");
        }
        distinct(addresses).map(Self)
    }
}

/// Up to 20 addresses, each once. Null is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Option<Vec<Address>>")]
pub(crate) struct PerhapsAddresses(pub(crate) Vec<String>);

impl TryFrom<Option<Vec<Address>>> for PerhapsAddresses {
    type Error = &'static str;

    fn try_from(addresses: Option<Vec<Address>>) -> Result<Self, Self::Error> {
        distinct(addresses.unwrap_or_default()).map(Self)
    }
}

fn distinct(addresses: Vec<Address>) -> Result<Vec<String>, &'static str> {
    if addresses.len() > MOST {
        return Err("must be at most 20 addresses");
    }
    let mut texts: Vec<String> = Vec::with_capacity(addresses.len());
    for Address(text) in addresses {
        if texts.contains(&text) {
            return Err("must name each address once");
        }
        texts.push(text);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_https_or_at_this_machine_and_kept_as_it_was_written() {
        for good in [
            "https://platform.example",
            "https://platform.example/",
            "https://Platform.example:8443/a/../b?tenant=1&x=%40",
            "https://platform.example/@me",
            "https://xn--mnchen-3ya.example/cb",
            "https://[2001:db8::1]/cb",
            "http://127.0.0.1:3000/cb",
            "http://[::1]/cb",
            "http://localhost:1/cb",
        ] {
            assert_eq!(Address::try_from(good.to_owned()), Ok(Address(good.to_owned())));
        }
        let long = format!("https://platform.example/{}", "x".repeat(1_980));
        for bad in [
            "",
            "platform.example",
            "/callback",
            "//platform.example/cb",
            "http://platform.example/cb",
            "http://127.0.0.2/cb",
            "http://0x7f.1/cb",
            "http://2130706433/cb",
            "http://localhost.evil.example/cb",
            "http://localhost@evil.example/cb",
            "https://user@platform.example/cb",
            "https://user:canary@platform.example/cb",
            "https://@platform.example/cb",
            "https://platform.example/cb#part",
            "https://platform.example/cb#",
            "https://*.example/cb",
            "https://platform.example/*",
            "https://platform.example/a b",
            " https://platform.example/cb",
            "https://platform.example/cb\n",
            "https:\\\\platform.example/cb",
            "https:/platform.example/cb",
            "https:///cb",
            "https://münchen.example/cb",
            "https://%70latform.example/cb",
            "HTTPS://platform.example/cb",
            "javascript:alert(1)",
            "javascript://platform.example/%0aalert(1)",
            "urn:ietf:wg:oauth:2.0:oob",
            "com.example.app://callback",
            "data:text/html,x",
            "https://platform.example:99999/cb",
            "https://platform.example:/cb",
            &long,
        ] {
            let refused = Address::try_from(bad.to_owned());
            assert!(refused.is_err_and(|told| !told.contains("canary")), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_leads_where_it_says(text in "https?://[a-z0-9.:@/?#%\\\\ \\[\\]*-]{0,40}") {
            if let Ok(Address(taken)) = Address::try_from(text.clone()) {
                let url = Url::parse(&taken).unwrap();
                prop_assert_eq!(&taken, &text);
                prop_assert!(url.scheme() == "https" || is_here(&url));
                prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
                let after = &taken[url.scheme().len() + 3..];
                prop_assert!(after.starts_with(url.host_str().unwrap()), "{}", url);
            }
        }
    }
}
