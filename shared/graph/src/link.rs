//! Links to pages: opaque, and never trusted.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::cloud::Origins;

/// A next link or delta link of Graph. Store it and give it back as it is.
///
/// It is checked at every use, also when it comes out of storage: only the exact Graph origin of the client
/// and a path below `/v1.0/` will do, because the access token goes wherever the link leads.
/// `Debug` shows the path only; the query holds tokens.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageLink(String);

/// The link leads elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign;

impl PageLink {
    /// Wraps a link. Nothing is checked yet.
    pub fn new(link: impl Into<String>) -> Self {
        Self(link.into())
    }

    /// The link, for storage.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it carries a `$deltatoken`, so that it starts a round of changes instead of continuing one.
    pub fn is_delta(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.query_pairs().any(|(key, _)| key.eq_ignore_ascii_case("$deltatoken")))
    }

    /// The URL, if a token may go there.
    pub(crate) fn url(&self, origins: &Origins) -> Result<Url, Foreign> {
        // The parser drops tabs, line ends and outer spaces in silence. No real link has any.
        if self.0.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Foreign);
        }
        let url = Url::parse(&self.0).map_err(|_| Foreign)?;
        let own = origins.graph();
        let home = url.scheme() == own.scheme()
            && url.host() == own.host()
            && url.port_or_known_default() == own.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.path().starts_with("/v1.0/");
        if home { Ok(url) } else { Err(Foreign) }
    }
}

impl fmt::Debug for PageLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Url::parse(&self.0);
        write!(f, "PageLink({})", url.as_ref().map_or("not a link", Url::path))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origins() -> Origins {
        Origins::custom("https://graph.test".parse().unwrap(), "https://login.test".parse().unwrap()).unwrap()
    }

    /// Pieces that links are forged of.
    fn piece() -> impl Strategy<Value = String> {
        const PIECES: &[&str] = &[
            "https",
            "http",
            "://",
            "//",
            ":",
            "/",
            "\\",
            "@",
            "#",
            "?",
            ".",
            "..",
            "%2e%2e",
            "%2f",
            "%5c",
            "graph.test",
            "GRAPH.TEST",
            "evil.test",
            ".evil",
            "login.test",
            "user:pass",
            ":443",
            ":8443",
            "/v1.0/",
            "/v1.0",
            "/beta/",
            "users",
            "$skiptoken=x",
            "[::1]",
            "127.0.0.1",
            "\t",
            "\n",
            " ",
            "\u{3002}",
            "\u{0}",
            "xn--",
            "%00",
        ];
        prop_oneof![3 => proptest::sample::select(PIECES).prop_map(str::to_owned), 1 => "\\PC{0,3}"]
    }

    fn forged() -> impl Strategy<Value = String> {
        let start = prop_oneof![Just(""), Just("https://graph.test"), Just("https://graph.test/v1.0/")];
        (start, proptest::collection::vec(piece(), 0..8))
            .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn whatever_is_accepted_leads_home_also_for_another_parser(link in forged()) {
            if let Ok(url) = PageLink::new(link).url(&origins()) {
                let uri: http::Uri = url.as_str().parse().unwrap();
                prop_assert_eq!(uri.scheme_str(), Some("https"));
                prop_assert_eq!(uri.authority().map(http::uri::Authority::as_str), Some("graph.test"));
                prop_assert!(uri.path().starts_with("/v1.0/") && !uri.path().split('/').any(|part| part == ".."));
            }
        }

        #[test]
        fn a_genuine_link_is_used_as_it_came(token in "[A-Za-z0-9_.-]{0,200}", path in "(users|groups)(/delta)?") {
            let link = format!("https://graph.test/v1.0/{path}?$skiptoken={token}");
            let url = PageLink::new(link.clone()).url(&origins()).map(String::from);
            prop_assert_eq!(url, Ok(link));
        }
    }

    #[test]
    fn a_delta_link_is_known_by_its_token_however_it_is_written() {
        for (query, is_delta) in [
            ("$deltatoken=a", true),
            ("%24deltatoken=a", true),
            ("$deltaToken=a", true),
            ("$skiptoken=$deltatoken", false),
        ] {
            let link = PageLink::new(format!("https://graph.test/v1.0/users/delta?{query}"));
            assert_eq!(link.is_delta(), is_delta, "{query}");
        }
    }
}
