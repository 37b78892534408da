//! What a client asks for in the browser (OpenID Connect Core 1.0, section 3.1.2.1).

use rollcall_directory::identity::ConnectionId;
use rollcall_store::{ClientId, PlatformClient, PlatformRequest};
use url::Url;

use crate::entra::authorization::Prompt;

/// The scopes that there are. Others are ignored (section 3.1.2.1).
pub const SCOPES: [&str; 5] = ["openid", "profile", "email", "teams", "offline_access"];
/// The longest query that is looked at.
const LONGEST: usize = 8 * 1024;
/// The longest text of a client that is repeated to it.
const LONGEST_TEXT: usize = 1_024;
/// Before the id of a connection in a `login_hint`, where a sign-in began by a link of that connection.
pub const CONNECTION_HINT: &str = "connection:";

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Every member, once.
    members: Vec<(String, String)>,
}

/// A request that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What the client wants back.
    pub request: PlatformRequest,
    /// The connection that is meant.
    pub connection: Option<ConnectionId>,
    /// Who is expected.
    pub login_hint: Option<String>,
    /// The domain of their organisation.
    pub domain_hint: Option<String>,
    /// What Entra is to show.
    pub prompt: Option<Prompt>,
}

/// Why a request can't be carried out, told to the client by the browser (RFC 6749, section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WishError {
    /// The OAuth error.
    pub error: &'static str,
    /// What is wrong, for the client's developers.
    pub description: &'static str,
}

impl Query {
    /// Reads a query, or a form. `None` when it is too long or has a member twice (RFC 6749, section 3.1).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut members: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if members.iter().any(|(known, _)| *known == name) {
                return None;
            }
            members.push((name.into_owned(), value.into_owned()));
        }
        // A member without value counts as left out.
        members.retain(|(_, value)| !value.is_empty());
        Some(Self { members })
    }

    /// A member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All members, in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The client that asks.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        self.get("client_id")?.parse().ok()
    }

    /// Where the client is to be answered, if that is exactly one of its registered addresses (RFC 9700, section 2.1).
    #[must_use]
    pub fn redirect_uri<'a>(&self, client: &'a PlatformClient) -> Option<&'a str> {
        let asked = self.get("redirect_uri")?;
        client.redirect_uris.iter().find(|known| *known == asked).map(String::as_str)
    }

    /// What the answer has to repeat.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.get("state").filter(|state| state.len() <= LONGEST_TEXT)
    }

    /// Checks what is asked for. The redirect address was checked before.
    ///
    /// # Errors
    /// [`WishError`]: the first thing that is wrong.
    pub fn wish(&self, client: &PlatformClient, redirect_uri: &str) -> Result<Wish, WishError> {
        let wrong = |error, description| Err(WishError { error, description });
        let invalid = |description| WishError { error: "invalid_request", description };
        if self.get("request").is_some() {
            return wrong("request_not_supported", "request objects are not supported");
        }
        if self.get("request_uri").is_some() {
            return wrong("request_uri_not_supported", "request objects are not supported");
        }
        if self.get("response_type") != Some("code") {
            return wrong("unsupported_response_type", "response_type must be code");
        }
        if self.get("response_mode").is_some_and(|mode| mode != "query") {
            return wrong("invalid_request", "response_mode must be query");
        }
        let scope: Vec<&str> = SCOPES.into_iter().filter(|scope| self.asks_for(scope)).collect();
        if !scope.contains(&"openid") {
            return wrong("invalid_scope", "scope must contain openid");
        }
        if self.get("code_challenge_method") != Some("S256") {
            return wrong("invalid_request", "code_challenge_method must be S256");
        }
        let challenge = self.get("code_challenge").filter(|challenge| crate::opaque::is_random(challenge));
        let challenge = challenge.ok_or(invalid("code_challenge must be a SHA-256 digest in base64url"))?;
        if self.get("state").is_some() && self.state().is_none() {
            return wrong("invalid_request", "state is too long");
        }
        if self.get("nonce").is_some_and(|nonce| nonce.len() > LONGEST_TEXT) {
            return wrong("invalid_request", "nonce is too long");
        }
        let prompt = self.prompt()?;
        let (connection, login_hint) = self.who()?;
        let text = |name| self.get(name).map(str::to_owned);
        Ok(Wish {
            request: PlatformRequest {
                client: client.id,
                redirect_uri: redirect_uri.to_owned(),
                state: text("state"),
                nonce: text("nonce"),
                challenge: challenge.to_owned(),
                scope: scope.join(" "),
                silent: prompt == Some(Prompt::None),
            },
            connection,
            login_hint,
            domain_hint: text("domain_hint").filter(|hint| hint.len() <= 255),
            prompt,
        })
    }

    fn asks_for(&self, scope: &str) -> bool {
        self.get("scope").is_some_and(|scopes| scopes.split(' ').any(|asked| asked == scope))
    }

    /// Entra takes one prompt; of several the strictest is taken. An age of nothing asks for a new proof.
    fn prompt(&self) -> Result<Option<Prompt>, WishError> {
        let words = self.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty());
        let prompts: Vec<Prompt> = words.filter_map(Prompt::from_word).collect();
        if prompts.contains(&Prompt::None) && prompts.len() > 1 {
            return Err(WishError { error: "invalid_request", description: "prompt none stands alone" });
        }
        let order = [Prompt::None, Prompt::Login, Prompt::SelectAccount, Prompt::Consent];
        let asked = order.into_iter().find(|prompt| prompts.contains(prompt));
        Ok(match (asked, self.get("max_age")) {
            (None, Some("0")) => Some(Prompt::Login),
            (asked, _) => asked,
        })
    }

    /// The connection, and who is expected. A link of ours comes back as a `login_hint`, because that is what every client passes
    /// on (section 4).
    fn who(&self) -> Result<(Option<ConnectionId>, Option<String>), WishError> {
        let hint = self.get("login_hint").filter(|hint| hint.len() <= 320);
        let (named, hint) = match hint.and_then(|hint| hint.strip_prefix(CONNECTION_HINT)) {
            Some(id) => (Some(id), None),
            None => (self.get("connection"), hint),
        };
        let connection = named.map(str::parse).transpose();
        let connection =
            connection.map_err(|_| WishError { error: "invalid_request", description: "connection must be an id" })?;
        Ok((connection, hint.map(str::to_owned)))
    }
}

/// The address that brings a client its answer, with our issuer (RFC 9207).
#[must_use]
pub fn answer(redirect_uri: &str, issuer: &str, state: Option<&str>, members: &[(&str, &str)]) -> Option<Url> {
    let mut url = Url::parse(redirect_uri).ok()?;
    let mut query = url.query_pairs_mut();
    query.extend_pairs(members);
    query.extend_pairs(state.map(|state| ("state", state)));
    query.append_pair("iss", issuer);
    drop(query);
    Some(url)
}

/// The domain of an address: what follows its only `@`, in the form in which domains are compared (UTS 46). `None` for what is no
/// plain address.
#[must_use]
pub fn domain(address: &str) -> Option<String> {
    let (local, domain) = address.trim().split_once('@')?;
    let is_plain = !local.is_empty() && !local.contains(['"', '<', '>', '(', ')', ',', ';', ':', '\\', ' ']);
    let is_odd = local.contains(|c: char| c.is_control() || c.is_whitespace());
    if !is_plain || is_odd || domain.contains(['@', '/', '?', '#', ':', '%', '[', ']']) {
        return None;
    }
    canonical_domain(domain)
}

/// A domain as it is compared, if it is one.
#[must_use]
pub fn canonical_domain(domain: &str) -> Option<String> {
    // A full stop of another script would become one of ours: `corp。com` is not what somebody registered.
    if domain.contains(['\u{3002}', '\u{ff0e}', '\u{ff61}']) {
        return None;
    }
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(name)) if name.contains('.') && !name.ends_with('.') && name.len() <= 253 => {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            Some(name).filter(|name| name.chars().all(fits))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
