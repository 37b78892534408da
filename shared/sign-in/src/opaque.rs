//! Random texts that open something: cookies, codes, tokens.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall_directory::identity::{ConnectionId, PersonId, UserId};
use rollcall_store::{SecretDigest, SessionId, SessionKey};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

/// Bytes of chance in each: nobody guesses 256 bits.
const BYTES: usize = 32;
/// Bytes of a session's place: connection, account, person, session.
const PLACE: usize = 64;

/// The operating system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoChance;

/// A new random text: 43 characters of `[A-Za-z0-9_-]`.
///
/// # Errors
/// [`NoChance`].
pub fn random() -> Result<SecretString, NoChance> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoChance)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// Whether a text has the form of a random one. What has not, was made up.
#[must_use]
pub fn is_random(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The digest under which a text is kept.
#[must_use]
pub fn digest(text: &SecretString) -> SecretDigest {
    SecretDigest::of(text.expose_secret().as_bytes())
}

/// A random text that says where its session is, so that finding it costs no index. Cookies and refresh tokens are made so.
#[derive(Clone, Debug)]
pub struct SessionHandle {
    /// Where the session is.
    pub key: SessionKey,
    /// The whole text, of which the session keeps the digest.
    pub text: SecretString,
}

impl SessionHandle {
    /// A new one for a session.
    ///
    /// # Errors
    /// [`NoChance`].
    pub fn new(key: SessionKey) -> Result<Self, NoChance> {
        let mut bytes = [0; PLACE + BYTES];
        let (place, chance) = bytes.split_at_mut(PLACE);
        let ids = [key.connection.0, key.user.0, key.person.0, key.session.0];
        for (part, id) in place.chunks_exact_mut(16).zip(ids) {
            part.copy_from_slice(id.as_bytes());
        }
        SystemRandom::new().fill(chance).map_err(|_| NoChance)?;
        Ok(Self { key, text: URL_SAFE_NO_PAD.encode(bytes).into() })
    }

    /// From what somebody presents. `None` when it has not the form of one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 2 * (PLACE + BYTES) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == PLACE + BYTES)?;
        let mut ids = bytes.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok());
        let key = SessionKey {
            connection: ConnectionId(ids.next()?),
            user: UserId(ids.next()?),
            person: PersonId(ids.next()?),
            session: SessionId(ids.next()?),
        };
        Some(Self { key, text: text.into() })
    }

    /// The digest under which its session keeps it.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        digest(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_random_text_is_another() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(is_random(one.expose_secret()) && is_random(other.expose_secret()));
    }

    proptest! {
        #[test]
        fn a_handle_says_where_its_session_is(ids in any::<[u128; 4]>()) {
            let [connection, user, person, session] = ids.map(Uuid::from_u128);
            let (connection, session) = (ConnectionId(connection), SessionId(session));
            let key = SessionKey { connection, user: UserId(user), person: PersonId(person), session };
            let made = SessionHandle::new(key).unwrap();
            let read = SessionHandle::read(made.text.expose_secret()).unwrap();
            prop_assert_eq!(read.key, key);
            prop_assert_eq!(read.digest(), made.digest());
        }

        #[test]
        fn whatever_is_presented_is_an_answer(text in ".{0,200}") {
            if let Some(handle) = SessionHandle::read(&text) {
                prop_assert_eq!(handle.text.expose_secret(), text);
            }
        }
    }
}
