//! The two kinds of cookies: of a sign-in under way, and of a session.
//!
//! All have the prefix `__Host-` with `Secure`, `Path=/` and no domain (RFC 6265bis, section 4.1.3.2), are `HttpOnly`, and
//! `SameSite=Lax`: Entra's answer is a navigation from its site to ours, and has to bring them.

use jiff::Timestamp;
use rollcall_store::{ClientId, SecretDigest};
use secrecy::{ExposeSecret, SecretString};

/// Begins the name of each cookie of a sign-in under way.
const PENDING: &str = "__Host-sign-in-";
/// Begins the name of the cookie of a session: each client has its own, so that two of them in one browser do not disturb each other.
const SESSION: &str = "__Host-session-";
/// So many sign-ins may be under way in a browser. A request's headers have a limit (10,240 bytes at API Gateway).
const MOST: usize = 5;
/// Seconds that a sign-in may take.
pub const PENDING_SECONDS: i64 = 600;

/// The cookies of a request, as it brought them.
#[derive(Clone, Debug, Default)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// From the values of the `Cookie` headers (RFC 6265, section 4.2.1). What is no cookie is left out.
    #[must_use]
    pub fn read<'a>(headers: impl IntoIterator<Item = &'a str>) -> Self {
        let pairs = headers.into_iter().flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
        let trimmed = pairs.map(|(name, value)| (name.trim(), value.trim()));
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic());
        let cookies = trimmed.filter(|(name, value)| is_plain(name) && is_plain(value));
        Self(cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The secret of the browser that began a sign-in.
    #[must_use]
    pub fn pending(&self, state: &SecretString) -> Option<SecretString> {
        let (_, secret) = self.value(&pending_name(state))?.split_once('.')?;
        Some(secret.into())
    }

    /// What the browser holds of its session with a client.
    #[must_use]
    pub fn session(&self, client: ClientId) -> Option<&str> {
        self.value(&session_name(client))
    }

    /// What the browser holds of its sessions with all clients.
    pub fn sessions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(name, _)| name.starts_with(SESSION)).map(|(_, value)| value.as_str())
    }

    /// Headers that remove the oldest sign-ins under way, so that one more has room.
    #[must_use]
    pub fn make_room(&self) -> Vec<String> {
        let mut pending: Vec<(i64, &str)> = self
            .0
            .iter()
            .filter(|(name, _)| name.starts_with(PENDING))
            .map(|(name, value)| (began_at(value), name.as_str()))
            .collect();
        pending.sort_unstable();
        let excess = (pending.len() + 1).saturating_sub(MOST);
        pending.into_iter().take(excess).map(|(_, name)| removed(name)).collect()
    }

    /// Of two cookies of the same name none is believed: one of them may be somebody else's.
    fn value(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

/// The header that binds a sign-in to this browser.
#[must_use]
pub fn begin(state: &SecretString, secret: &SecretString, now: Timestamp) -> String {
    let value = format!("{}.{}", now.as_second(), secret.expose_secret());
    set(&pending_name(state), &value, PENDING_SECONDS)
}

/// The header that ends it.
#[must_use]
pub fn end(state: &SecretString) -> String {
    removed(&pending_name(state))
}

/// The header that gives a browser its session with a client.
#[must_use]
pub fn session(client: ClientId, handle: &SecretString, seconds: i64) -> String {
    set(&session_name(client), handle.expose_secret(), seconds)
}

/// The header that takes it away.
#[must_use]
pub fn no_session(client: ClientId) -> String {
    removed(&session_name(client))
}

fn session_name(client: ClientId) -> String {
    format!("{SESSION}{}", client.0.simple())
}

/// The name tells which of a browser's sign-ins it belongs to, and nothing by which its state could be found.
fn pending_name(state: &SecretString) -> String {
    let digest = SecretDigest::of(state.expose_secret().as_bytes()).to_string();
    let tag: String = digest.chars().take(10).collect();
    format!("{PENDING}{tag}")
}

fn began_at(value: &str) -> i64 {
    value.split_once('.').and_then(|(seconds, _)| seconds.parse().ok()).unwrap_or_default()
}

fn set(name: &str, value: &str, seconds: i64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

fn removed(name: &str) -> String {
    set(name, "", 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLIENT: ClientId = ClientId(uuid::Uuid::from_u128(7));

    fn now(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What a browser would send back of a header.
    fn sent(header: &str) -> String {
        header.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn the_browser_that_began_is_known_by_its_cookie_and_another_is_not() {
        let (state, secret) = (SecretString::from("state"), SecretString::from("secret"));
        let cookies = Cookies::read([sent(&begin(&state, &secret, now(5))).as_str()]);
        assert_eq!(cookies.pending(&state).unwrap().expose_secret(), "secret");
        assert!(cookies.pending(&"other".into()).is_none());
        assert!(Cookies::default().pending(&state).is_none());
    }

    #[test]
    fn only_five_sign_ins_are_under_way_and_the_oldest_goes() {
        let mut jar: Vec<String> = Vec::new();
        for number in 0..50 {
            let state = SecretString::from(format!("state {number}"));
            let header = jar.join("; ");
            for gone in Cookies::read([header.as_str()]).make_room() {
                let name = gone.split('=').next().unwrap().to_owned();
                assert!(gone.contains("Max-Age=0"));
                jar.retain(|pair| !pair.starts_with(&format!("{name}=")));
            }
            jar.push(sent(&begin(&state, &"secret".into(), now(number))));
            assert!(jar.len() <= MOST);
        }
        let header = jar.join("; ");
        assert!(Cookies::read([header.as_str()]).pending(&"state 49".into()).is_some());
        assert!(header.len() < 500, "{header}");
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let name = session_name(CLIENT);
        assert_eq!(Cookies::read([format!("{name}=a; {name}=b").as_str()]).session(CLIENT), None);
        assert_eq!(Cookies::read([format!("{name}=a").as_str()]).session(CLIENT), Some("a"));
    }

    #[test]
    fn every_cookie_has_the_flags() {
        for header in [
            begin(&"a".into(), &"b".into(), now(0)),
            end(&"a".into()),
            session(CLIENT, &"x".into(), 9),
            no_session(CLIENT),
        ] {
            assert!(header.starts_with("__Host-"), "{header}");
            for flag in ["; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
                assert!(header.contains(flag), "{header}");
            }
            assert!(!header.to_ascii_lowercase().contains("domain"), "{header}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_browser_sends_is_read(header in ".{0,300}") {
            let cookies = Cookies::read([header.as_str()]);
            let _ = (cookies.session(CLIENT), cookies.make_room(), cookies.pending(&"state".into()));
        }
    }
}
