//! Acting for somebody who has agreed to it: an access token by their refresh token.
//!
//! Entra gives a new refresh token with each access token (identity platform page "Refresh tokens"). It takes the place of the old one
//! before the access token is used, so that what is kept is always the one that lives longest.

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use rollcall_graph::identity_platform::Grant;
use rollcall_graph::{Authority, IdentityError, IdentityPlatform};
use rollcall_store::{ConnectionSecret, Delegation, Error as StoreError, Secrets, Table};
use secrecy::SecretString;
use tokio::time::Instant;

use super::credential::{self, Unusable};

/// Why the application can not act for somebody.
#[derive(Debug, thiserror::Error)]
pub enum DelegationError {
    /// They have not agreed, or not to this, or Entra takes their word no more: they have to be asked again.
    #[error("the person has to be asked")]
    Ask,
    /// They have no active account.
    #[error("the person has no active account")]
    NoAccount,
    /// The credential of the application can't be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The table or the secrets.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Entra.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// What acting for somebody needs.
pub struct DelegatedAccess<'a> {
    /// The table, which says who has agreed to what.
    pub table: &'a Table,
    /// Where refresh tokens are.
    pub secrets: &'a Secrets,
    /// Entra.
    pub platform: &'a IdentityPlatform,
}

impl std::fmt::Debug for DelegatedAccess<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DelegatedAccess").finish_non_exhaustive()
    }
}

impl DelegatedAccess<'_> {
    /// An access token for permissions that somebody has agreed to. `secret` is that of the connection, with a credential of its own
    /// or the application's in its place.
    ///
    /// # Errors
    /// [`DelegationError`].
    pub async fn token(
        &self,
        connection: ConnectionId,
        secret: &ConnectionSecret,
        agreed: &Delegation,
        now: Timestamp,
        until: Instant,
    ) -> Result<SecretString, DelegationError> {
        // Whoever was deactivated is acted for no more, whatever Entra would say.
        let account = self.table.user(connection, secret.tenant, agreed.person).await?;
        if !account.is_some_and(|account| account.user.status.is_active()) {
            return Err(DelegationError::NoAccount);
        }
        let token = match self.secrets.refresh_token(connection, agreed.person).await {
            Err(StoreError::NotFound { .. }) => return Err(DelegationError::Ask),
            token => token?,
        };
        let credential = credential::usable(&secret.credential)?;
        let scope = agreed.permissions.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let grant = Grant::RefreshToken { token: &token, scope: &scope };
        let authority = Authority::Tenant(secret.tenant.0);
        let tokens = match self.platform.tokens(authority, &credential, &grant, now, until).await {
            // Whatever the number says: only the person can help (identity platform page "Refresh tokens").
            Err(IdentityError::Refused { code, .. }) if code == "invalid_grant" || code == "interaction_required" => {
                return Err(DelegationError::Ask);
            }
            tokens => tokens?,
        };
        if let Some(next) = &tokens.refresh_token {
            self.secrets.keep_refresh_token(connection, agreed.person, next).await?;
        }
        tokens.access_token.ok_or(DelegationError::Identity(IdentityError::ContractBroken("no access token")))
    }
}
