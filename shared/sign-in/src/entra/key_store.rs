//! The keys of Entra's issuers: in memory, in the table for all instances, and at the identity platform.
//!
//! Keys are looked for anew after an hour, and when a token has one that is not known; all instances together ask at most once in
//! five minutes, so that tokens with made-up keys cause no load. The last keys that were read with success stay good for a day
//! while none can be read.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::TenantId;
use rollcall_graph::IdentityPlatform;
use rollcall_store::{Error as StoreError, SecretDigest, Table, VerificationKey, VerificationKeys};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::keys::{check_metadata, usable};
use crate::seal::SealKey;

/// After that long keys are looked for anew.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// So long the last good ones are good, if no others can be read.
const GOOD: SignedDuration = SignedDuration::from_hours(24);
/// So often an unknown key is looked for in the table by one instance.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// So long somebody waits for another instance that is reading the first keys of an issuer.
const PATIENCE: Duration = Duration::from_secs(4);
/// So long newer keys are waited for where the wanted one is there.
const BRIEFLY: Duration = Duration::from_secs(2);
/// Between two looks meanwhile.
const PAUSE: Duration = Duration::from_millis(100);
/// Tenants whose keys are kept in memory.
const KNOWN: usize = 1_000;

/// The keys of all issuers. One for each process.
pub struct KeyStore {
    platform: IdentityPlatform,
    table: Table,
    seal: SealKey,
    known: Mutex<HashMap<TenantId, Known>>,
}

#[derive(Clone)]
struct Known {
    keys: VerificationKeys,
    /// When the table was last looked at.
    looked_at: Timestamp,
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyStore")
    }
}

impl KeyStore {
    /// A store that knows nothing yet.
    #[must_use]
    pub fn new(platform: IdentityPlatform, table: Table, seal: SealKey) -> Self {
        Self { platform, table, seal, known: Mutex::default() }
    }

    /// Under what the keys of a tenant stand in the table, if it has to be looked at for this one. Whoever reads the table anyway
    /// can bring them along.
    pub async fn wanted(&self, tenant: TenantId, kid: &str, now: Timestamp) -> Option<SecretDigest> {
        let known = self.known.lock().await;
        let is_needed = known.get(&tenant).is_none_or(|known| known.asks_for(kid, now));
        is_needed.then(|| self.seal.issuer(&self.platform.issuer(tenant.0)))
    }

    /// The keys of a tenant, with the one that is wanted among them if there is one. `found` are those of the table, where
    /// [`KeyStore::wanted`] asked for them.
    ///
    /// # Errors
    /// [`StoreError`] of the table. That the identity platform can't be read is none: then there are the last good keys, or none.
    pub async fn keys(
        &self,
        tenant: TenantId,
        kid: &str,
        found: Option<Option<VerificationKeys>>,
        now: Timestamp,
        until: Instant,
    ) -> Result<Vec<VerificationKey>, StoreError> {
        // Held across the calls on purpose: many sign-ins at once look once.
        let mut known = self.known.lock().await;
        if known.len() >= KNOWN && !known.contains_key(&tenant) {
            known.clear();
        }
        if let Some(found) = found {
            known.insert(tenant, Known { keys: found.unwrap_or_default(), looked_at: now });
        }
        let issuer = self.platform.issuer(tenant.0);
        let place = self.seal.issuer(&issuer);
        let begun = Instant::now();
        loop {
            let keys = known.get(&tenant).map(|known| known.keys.clone()).unwrap_or_default();
            if !is_due(&keys, kid, now) {
                return Ok(keys.keys);
            }
            if self.table.may_fetch_keys(&place, now).await? {
                // Nobody waits long for newer keys who may be let in by one that is there.
                let until = if has(&keys, kid) { until.min(Instant::now() + BRIEFLY) } else { until };
                let keys = self.fetch(tenant, &issuer, &place, keys, now, until).await?;
                known.insert(tenant, Known { keys: keys.clone(), looked_at: now });
                return Ok(good(keys, now));
            }
            let waits = keys.keys.is_empty() && begun.elapsed() < PATIENCE && Instant::now() < until;
            if !waits {
                return Ok(good(keys, now));
            }
            // Another instance reads the very first keys of this tenant.
            sleep(PAUSE).await;
            let keys = self.table.verification_keys(&place).await?.unwrap_or_default();
            known.insert(tenant, Known { keys, looked_at: now });
        }
    }

    /// Reads the keys at the identity platform. If that fails, those of before stay, and the next may try soon.
    async fn fetch(
        &self,
        tenant: TenantId,
        issuer: &str,
        place: &SecretDigest,
        before: VerificationKeys,
        now: Timestamp,
        until: Instant,
    ) -> Result<VerificationKeys, StoreError> {
        match self.read(tenant, issuer, until).await {
            Ok(keys) => {
                self.table.keep_keys(place, &keys, now).await?;
                Ok(VerificationKeys { keys, fetched_at: Some(now), tried_at: Some(now) })
            }
            Err(reason) => {
                tracing::warn!(reason, keys.kept = before.keys.len(), "the keys of an issuer can't be read");
                self.table.let_others_fetch_keys(place, now).await?;
                Ok(before)
            }
        }
    }

    async fn read(&self, tenant: TenantId, issuer: &str, until: Instant) -> Result<Vec<VerificationKey>, String> {
        let metadata = self.platform.metadata(tenant.0, until).await.map_err(|error| error.to_string())?;
        check_metadata(&metadata, issuer, self.platform.origins().login()).map_err(|error| error.to_string())?;
        let keys = self.platform.keys(tenant.0, until).await.map_err(|error| error.to_string())?;
        let keys = usable(keys, issuer, tenant);
        // An issuer without keys signs nothing: that is a failure of its, and not a rotation.
        if keys.is_empty() { Err("there are none".to_owned()) } else { Ok(keys) }
    }
}

impl Known {
    fn asks_for(&self, kid: &str, now: Timestamp) -> bool {
        is_due(&self.keys, kid, now) && now.duration_since(self.looked_at).abs() >= LOOK_AGAIN
    }
}

/// Whether keys have to be looked for: they are old, or the wanted one is not among them.
fn is_due(keys: &VerificationKeys, kid: &str, now: Timestamp) -> bool {
    let is_old = keys.fetched_at.is_none_or(|at| now.duration_since(at).abs() >= FRESH);
    is_old || !has(keys, kid)
}

fn has(keys: &VerificationKeys, kid: &str) -> bool {
    keys.keys.iter().any(|key| key.kid == kid)
}

/// The keys that are good still.
fn good(keys: VerificationKeys, now: Timestamp) -> Vec<VerificationKey> {
    let is_good = keys.fetched_at.is_some_and(|at| now.duration_since(at).abs() < GOOD);
    if is_good { keys.keys } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn keys(fetched_at: Option<i64>) -> VerificationKeys {
        let key = VerificationKey { kid: "a".to_owned(), n: String::new(), e: String::new() };
        VerificationKeys { keys: vec![key], fetched_at: fetched_at.map(at), tried_at: None }
    }

    #[test]
    fn keys_are_due_after_an_hour_and_for_an_unknown_key() {
        assert!(!is_due(&keys(Some(0)), "a", at(3_599)));
        assert!(is_due(&keys(Some(0)), "a", at(3_600)));
        assert!(is_due(&keys(Some(0)), "b", at(1)));
        assert!(is_due(&VerificationKeys::default(), "a", at(0)));
    }

    #[test]
    fn the_last_good_keys_are_good_for_a_day() {
        assert_eq!(good(keys(Some(0)), at(86_399)).len(), 1);
        assert!(good(keys(Some(0)), at(86_400)).is_empty());
        assert!(good(keys(None), at(0)).is_empty());
    }

    #[test]
    fn an_unknown_key_is_looked_for_in_the_table_now_and_then_only() {
        let known = Known { keys: keys(Some(0)), looked_at: at(0) };
        assert!(!known.asks_for("b", at(9)) && known.asks_for("b", at(10)));
        assert!(!known.asks_for("a", at(10)));
    }
}
