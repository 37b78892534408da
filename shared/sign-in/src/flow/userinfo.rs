//! What is known of whoever signed in, as it is now (OpenID Connect Core 1.0, section 5.3).

use jiff::Timestamp;
use rollcall_store::{Standing, Wanted};
use serde_json::{Value, json};

use super::Service;
use super::reply::Reply;
use crate::provider::claims;
use crate::provider::tokens;

impl Service {
    /// The `userinfo` endpoint. `token` is the access token of the `Authorization` header.
    pub async fn userinfo(&self, token: Option<&str>, now: Timestamp) -> Reply {
        match self.claims_now(token.unwrap_or_default(), now).await {
            Ok(Some(claims)) => Reply::json(200, claims),
            Ok(None) => Reply::json(401, json!({ "error": "invalid_token" })),
            Err(error) => {
                tracing::error!(error, "nothing can be told of somebody");
                Reply::json(503, json!({ "error": "temporarily_unavailable" }))
            }
        }
    }

    /// `None` where the token is not good, or the session is over.
    async fn claims_now(&self, token: &str, now: Timestamp) -> Result<Option<Value>, String> {
        let ring = self.signing.ring(now).await.map_err(|error| error.to_string())?;
        let Some(token) = tokens::read_access_token(&ring, &self.issuer, token, now) else { return Ok(None) };
        let key = token.session;
        let wanted = Wanted {
            connection: Some(key.connection),
            account: Some((key.user, key.person)),
            session: Some(key),
            ..Wanted::default()
        };
        let standing = self.table.standing(&wanted).await.map_err(|error| error.to_string())?;
        let Standing { connection: Some(connection), account: Some(account), session: Some(session), .. } = standing
        else {
            return Ok(None);
        };
        if !session.is_good(Some(&account), now) || connection.lets_in().is_none() || session.client != token.client_id
        {
            return Ok(None);
        }
        let teams = self.teams_of(&account, &connection, &token.scope).await.map_err(|error| error.to_string())?;
        Ok(Some(claims::of(&account.user, &connection, &teams, &token.scope).into()))
    }
}
