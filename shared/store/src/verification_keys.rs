//! The keys by which Entra's tokens are verified, shared by all instances.
//!
//! What one has fetched serves all, and all together ask for new ones at most once in five minutes, however many tokens with unknown
//! keys arrive.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{from_item, text, to_item};
use crate::keys::{Item, Key};
use crate::table::Table;
use crate::write::Change;

const KIND: &str = "verification keys";
/// Keys of an issuer are asked for no more often than this (identity platform page "Access tokens", on signing-key rollover).
pub const LEAST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// And after a failure.
const PAUSE_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(10);

/// What is known of an issuer's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationKeys {
    /// The last that were fetched with success.
    #[serde(default)]
    pub keys: Vec<VerificationKey>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
    /// When somebody last set out to fetch them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
}

/// A public RSA key, as a JSON Web Key has it (RFC 7518, section 6.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationKey {
    /// Its id.
    pub kid: String,
    /// The modulus, base64url.
    pub n: String,
    /// The exponent, base64url.
    pub e: String,
}

impl Table {
    /// The keys of an issuer, which stands here as a digest.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn verification_keys(&self, issuer: &SecretDigest) -> Result<Option<VerificationKeys>, Error> {
        self.get(&Key::verification_keys(issuer)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Asks for the right to fetch an issuer's keys: whoever gets it is the only one for five minutes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn may_fetch_keys(&self, issuer: &SecretDigest, now: Timestamp) -> Result<bool, Error> {
        let before = now.saturating_sub(LEAST_PAUSE).unwrap_or(Timestamp::MIN);
        let tried = Item::from([
            ("tried_at".to_owned(), text(stamp(now))),
            ("v".to_owned(), crate::item::number(crate::item::VERSION)),
        ]);
        let change = Change::set(KIND, Key::verification_keys(issuer), tried, &[]);
        match self.update(KIND, change.require_absent_or_at_most("tried_at", text(stamp(before)))).await {
            Ok(_) => Ok(true),
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// After keys could not be fetched: the next may try in ten seconds already.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn let_others_fetch_keys(&self, issuer: &SecretDigest, now: Timestamp) -> Result<(), Error> {
        let tried = now.saturating_sub(LEAST_PAUSE).and_then(|at| at.saturating_add(PAUSE_AFTER_FAILURE));
        let tried = Item::from([("tried_at".to_owned(), text(stamp(tried.unwrap_or(now))))]);
        self.update(KIND, Change::set(KIND, Key::verification_keys(issuer), tried, &[])).await.map(drop)
    }

    /// Keeps the keys that were fetched.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn keep_keys(
        &self,
        issuer: &SecretDigest,
        keys: &[VerificationKey],
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = Key::verification_keys(issuer);
        let kept = VerificationKeys { keys: keys.to_vec(), fetched_at: Some(now), tried_at: None };
        self.update(KIND, Change::set(KIND, key.clone(), to_item(KIND, &key, &kept)?, &[])).await.map(drop)
    }
}

/// Whole seconds, so that texts sort as times do.
fn stamp(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
