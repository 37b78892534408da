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
