//! What was given out and may be redeemed: authorization codes and refresh tokens.

use super::{LoginError, Mint};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use uuid::Uuid;

/// Ten minutes.
const CODE_LIFE_MILLIS: i64 = 600_000;
/// Ninety days.
const REFRESH_LIFE_MILLIS: i64 = 90 * 86_400_000;
/// Codes kept, so that a second use is known as one.
const KEPT: usize = 20_000;

/// What a person allowed an app by signing in.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The tenant whose directory the person is in.
    pub tenant: Uuid,
    /// The app.
    pub client: Uuid,
    /// The id of the person in that directory.
    pub person: Uuid,
    /// How often the person's sessions had been revoked by then.
    pub revocations: u64,
    /// Granted scopes by their short names.
    pub scopes: BTreeSet<String>,
    /// The audience of the access token.
    pub resource: String,
    /// The session in the browser.
    pub session: Uuid,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// Departures of the ID token.
    pub mint: Option<Mint>,
}

/// A code that was sent to a redirect URI.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<Challenge>,
    pub(super) issued: i64,
    pub(super) used: bool,
}

/// The PKCE challenge of a request (RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Plain(String),
    Sha256(String),
}

impl Challenge {
    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Challenge::Plain(challenge) => challenge == verifier,
            Challenge::Sha256(challenge) => {
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
                *challenge == URL_SAFE_NO_PAD.encode(digest)
            }
        }
    }
}

/// The codes and refresh tokens of one server.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    codes: Mutex<HashMap<String, Code>>,
    refresh: Mutex<HashMap<String, (Grant, i64)>>,
}

impl Grants {
    /// Keeps a grant behind a new code.
    pub(super) fn issue_code(
        &self,
        grant: Grant,
        redirect_uri: String,
        challenge: Option<Challenge>,
        now: i64,
    ) -> String {
        // Real codes are long, which is what header limits and databases meet.
        let code = format!("1.{}", opaque(16));
        let mut codes = crate::sync::lock(&self.codes);
        if codes.len() >= KEPT {
            codes.retain(|_, code| code.issued + CODE_LIFE_MILLIS > now);
        }
        codes.insert(code.clone(), Code { grant, redirect_uri, challenge, issued: now, used: false });
        code
    }

    /// Takes a code once, if all that must match does.
    ///
    /// # Errors
    /// Unknown, used, expired, or refused by the check.
    pub(super) fn redeem(
        &self,
        code: &str,
        now: i64,
        check: impl FnOnce(&Code) -> Result<(), LoginError>,
    ) -> Result<Grant, LoginError> {
        let mut codes = crate::sync::lock(&self.codes);
        let code = codes.get_mut(code).ok_or_else(|| LoginError::new(70_000))?;
        check(code)?;
        if code.used {
            return Err(LoginError::new(54_005));
        }
        if code.issued + CODE_LIFE_MILLIS <= now {
            return Err(LoginError::new(70_008));
        }
        code.used = true;
        Ok(code.grant.clone())
    }

    /// Keeps a grant behind a new refresh token.
    pub(super) fn issue_refresh(&self, grant: Grant, now: i64) -> String {
        let token = format!("1.{}", opaque(20));
        crate::sync::lock(&self.refresh).insert(token.clone(), (grant, now));
        token
    }

    /// The grant behind a refresh token, which stays good.
    ///
    /// # Errors
    /// Unknown or too old.
    pub(super) fn refresh(&self, token: &str, now: i64) -> Result<Grant, LoginError> {
        let kept = crate::sync::lock(&self.refresh).get(token).cloned();
        let (grant, issued) = kept.ok_or_else(|| LoginError::new(70_000))?;
        if issued + REFRESH_LIFE_MILLIS <= now { Err(LoginError::new(700_082)) } else { Ok(grant) }
    }
}

/// Random letters: so many ids long.
pub(super) fn opaque(ids: usize) -> String {
    (0..ids).map(|_| URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())).collect()
}

/// What sign-in keeps of one tenant.
#[derive(Debug, Default)]
pub(crate) struct SignIn {
    revocations: Mutex<BTreeMap<Uuid, u64>>,
    /// Departures of every ID token.
    pub(crate) id_token: Mutex<Option<Mint>>,
    /// What the next consent of an administrator grants.
    pub(crate) next_consent: Mutex<Option<PartialConsent>>,
}

/// A consent that grants less than was asked for.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PartialConsent {
    /// The share of the permissions, from 0 to 1, by name from the front.
    #[serde(default)]
    pub share: Option<f64>,
    /// Only these.
    #[serde(default)]
    pub only: Option<BTreeSet<String>>,
}

impl PartialConsent {
    /// Those of the permissions that are granted.
    pub(super) fn of(&self, asked: &BTreeSet<String>) -> BTreeSet<String> {
        let whole = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        let most = self.share.map_or(f64::from(whole), |share| (f64::from(whole) * share.clamp(0.0, 1.0)).floor());
        let allowed = |name: &&String| self.only.as_ref().is_none_or(|only| only.contains(*name));
        let numbered = (0_u32..).zip(asked.iter().filter(allowed));
        numbered.filter(|(number, _)| f64::from(*number) < most).map(|(_, name)| name.clone()).collect()
    }
}

impl SignIn {
    /// How often a person's sessions were revoked.
    pub(crate) fn revocations(&self, person: Uuid) -> u64 {
        crate::sync::lock(&self.revocations).get(&person).copied().unwrap_or_default()
    }

    /// Ends a person's sessions and refresh tokens.
    pub(crate) fn revoke(&self, person: Uuid) {
        *crate::sync::lock(&self.revocations).entry(person).or_default() += 1;
    }
}
