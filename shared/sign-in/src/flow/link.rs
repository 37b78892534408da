//! Sign-ins that begin here: by the link of a connection, or in the customer's My Apps page.
//!
//! They go on at the platform, which begins a sign-in of its own (OpenID Connect Core 1.0, section 4), so that no session begins
//! that nobody asked for. The connection goes along as the `login_hint`, which every client passes on.

use rollcall_directory::identity::ConnectionId;
use rollcall_store::PlatformClient;
use url::Url;

use super::reply::Reply;
use super::{Service, Visit};
use crate::page;
use crate::provider::authorization::{CONNECTION_HINT, Query};
use crate::refusal::Refusal;

/// The longest path that is passed on.
const LONGEST: usize = 1_024;

impl Service {
    /// The link of a connection; without one, the link of all.
    pub async fn link(&self, connection: Option<&str>, query: &str, visit: &Visit<'_>) -> Reply {
        match self.follow(connection, query, visit).await {
            Ok(reply) => reply,
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    async fn follow(&self, connection: Option<&str>, query: &str, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let query = Query::read(query).ok_or(Refusal::Malformed)?;
        let connection: Option<ConnectionId> =
            connection.map(str::parse).transpose().map_err(|_| Refusal::Organisation)?;
        if let Some(id) = connection {
            let found = self.table.connection(id).await?;
            found.as_ref().and_then(|connection| connection.lets_in()).ok_or(Refusal::Organisation)?;
        }
        let clients = self.table.clients().await?;
        let named = query.client();
        let mut able = clients.into_iter().filter(|client| client.initiate_login_uri.is_some());
        let client = match named {
            Some(id) => able.find(|client| client.id == id),
            None => able.min_by_key(|client| client.created_at),
        };
        let Some(client) = client else { return Ok(Reply::page(200, page::begin_at_platform(visit.language))) };
        let target = self.target(&client, query.get("return_to"))?;
        let address = client.initiate_login_uri.as_deref().and_then(|uri| Url::parse(uri).ok());
        let mut address = address.ok_or(Refusal::Client)?;
        let mut members = address.query_pairs_mut();
        members.append_pair("iss", &self.issuer);
        match (connection, query.get("login_hint").filter(|hint| hint.len() <= 320)) {
            (Some(id), _) => drop(members.append_pair("login_hint", &format!("{CONNECTION_HINT}{id}"))),
            (None, Some(hint)) => drop(members.append_pair("login_hint", hint)),
            (None, None) => {}
        }
        members.extend_pairs(target.iter().map(|target| ("target_link_uri", target.as_str())));
        drop(members);
        Ok(Reply::redirect(address))
    }

    /// A page of the platform to begin with: a path at the client's own origin and nothing else.
    fn target(&self, client: &PlatformClient, path: Option<&str>) -> Result<Option<Url>, Refusal> {
        let Some(path) = path else { return Ok(None) };
        let base = client.redirect_uris.first().and_then(|uri| Url::parse(uri).ok()).ok_or(Refusal::Client)?;
        local(path, &base).map(Some).ok_or(Refusal::Malformed)
    }
}

/// A path at an origin. `None` for whatever a browser could take for another place: it begins with one slash and a letter or digit,
/// has no backslash and no control character, also after decoding, and is at that origin once resolved.
fn local(path: &str, base: &Url) -> Option<Url> {
    let mut text = path.to_owned();
    // Decoded until nothing changes: what is decoded twice somewhere must still be a path.
    for _ in 0..4 {
        let first = text.strip_prefix('/')?.chars().next();
        let begins_well = first.is_none_or(|first| first.is_ascii_alphanumeric());
        let is_odd = text.contains(['\\', '\u{7f}']) || text.chars().any(char::is_control) || text.contains("//");
        if !begins_well || is_odd || text.contains("/..") || text.len() > LONGEST {
            return None;
        }
        let form = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
        let decoded = url::form_urlencoded::parse(form.as_bytes()).next()?.1.into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    let resolved = base.join(path).ok()?;
    (resolved.origin() == base.origin()).then_some(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base() -> Url {
        Url::parse("https://platform.example/callback").unwrap()
    }

    #[test]
    fn a_path_stays_at_the_platform() {
        for good in ["/", "/courses/7?tab=notes#top", "/a%20b", "/C"] {
            assert_eq!(local(good, &base()).unwrap().origin(), base().origin(), "{good}");
        }
        for bad in [
            "//evil",
            "/\\evil",
            "/%5cevil",
            "https:evil",
            "https://evil",
            "/%09/evil",
            "/..//evil",
            "https://ok\\.evil",
            "\\/evil",
            "/%0d%0aLocation:evil",
            "javascript:alert(1)",
            "",
            "evil",
            "/%2f%2fevil",
            "/%252f%252fevil",
            "/%2f%5cevil",
            "/\u{0}",
            "/a\u{0}b",
            "/.evil",
            "/@evil",
            "/a//evil",
            "/%2e%2e//evil",
        ] {
            assert!(local(bad, &base()).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_passed_on_is_at_the_platform(path in "[/a-zA-Z0-9%\\\\.:@?#&=+\t]{0,40}") {
            if let Some(url) = local(&path, &base()) {
                prop_assert_eq!(url.origin(), base().origin());
            }
        }
    }
}
