//! The token and revocation endpoints (OpenID Connect Core 1.0, sections 3.1.3 and 12; RFC 7009).
//!
//! A refresh token is good for its client alone, which proves who it is each time, and only while its session is: so it stays the
//! same when it is used (RFC 9700, section 4.14.2, asks for rotation where clients do not prove who they are).

use rollcall_directory::identity::{GroupId, TeamSource};
use rollcall_directory::team::Team;
use rollcall_store::{CodeUse, PlatformClient, SecretDigest, Session, Standing, StoredUser, Wanted};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::Service;
use super::reply::Reply;
use crate::opaque::{self, SessionHandle};
use crate::provider::authorization::Query;
use crate::provider::claims;
use crate::provider::client_proof::{Proof, Proven};
use crate::provider::discovery::path;
use crate::provider::tokens::{self, TokenAnswer};

/// A request of a client.
#[derive(Debug)]
pub struct ClientRequest<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body, a form.
    pub form: &'a str,
    /// The time.
    pub now: jiff::Timestamp,
}

/// Why a client gets no token (RFC 6749, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenRefusal {
    Request(&'static str),
    Client,
    Grant(&'static str),
    GrantType,
    Unavailable,
}

impl Service {
    /// The token endpoint.
    pub async fn token(&self, request: &ClientRequest<'_>) -> Reply {
        match self.exchange(request).await {
            Ok(answer) => Reply::json(200, answer.json()),
            Err(refusal) => refusal.reply(),
        }
    }

    /// The revocation endpoint: the session ends to which a token belongs. An unknown token is revoked already.
    pub async fn revoke(&self, request: &ClientRequest<'_>) -> Reply {
        match self.end_session_of_token(request).await {
            Ok(()) => Reply::empty(200),
            Err(refusal) => refusal.reply(),
        }
    }

    async fn exchange(&self, request: &ClientRequest<'_>) -> Result<TokenAnswer, TokenRefusal> {
        let form = Query::read(request.form).ok_or(TokenRefusal::Request("a member comes twice"))?;
        let client = self.proven(request, &form).await?;
        match form.get("grant_type") {
            Some("authorization_code") => self.exchange_code(&client, &form, request).await,
            Some("refresh_token") => self.refresh(&client, &form, request).await,
            Some(_) => Err(TokenRefusal::GrantType),
            None => Err(TokenRefusal::Request("grant_type is missing")),
        }
    }

    /// The client, which has proven who it is.
    async fn proven(&self, request: &ClientRequest<'_>, form: &Query) -> Result<PlatformClient, TokenRefusal> {
        let proof = Proof::read(request.authorization, form).map_err(|_| TokenRefusal::Client)?;
        let client = self.table.client(proof.client).await?.ok_or(TokenRefusal::Client)?;
        let audiences = [self.issuer.clone(), self.at(path::TOKEN)];
        match proof.check(&client, &audiences, request.now) {
            Ok(Proven::BySecret) => Ok(client),
            Ok(Proven::ByAssertion { id, until }) => {
                let is_first = self.table.use_once(&SecretDigest::of(id.as_bytes()), until).await?;
                if is_first { Ok(client) } else { Err(TokenRefusal::Client) }
            }
            Err(_) => Err(TokenRefusal::Client),
        }
    }

    async fn exchange_code(
        &self,
        client: &PlatformClient,
        form: &Query,
        request: &ClientRequest<'_>,
    ) -> Result<TokenAnswer, TokenRefusal> {
        let code = form.get("code").ok_or(TokenRefusal::Request("code is missing"))?;
        let digest = opaque::digest(&SecretString::from(code));
        let grant = match self.table.use_code(&digest, client.id, request.now).await? {
            CodeUse::First(grant) => grant,
            CodeUse::Again(grant) => {
                tracing::warn!(session.id = %grant.session.session, "a code was used again, its session ends");
                self.table.end_session(&grant.session).await?;
                return Err(TokenRefusal::Grant("the code was used before"));
            }
            CodeUse::Unknown => return Err(TokenRefusal::Grant("the code is not known, or too old")),
        };
        if form.get("redirect_uri") != Some(&grant.redirect_uri) {
            return Err(TokenRefusal::Grant("redirect_uri is not that of the request"));
        }
        if !form.get("code_verifier").is_some_and(|verifier| tokens::is_verifier(&grant, verifier)) {
            return Err(TokenRefusal::Grant("code_verifier is not that of code_challenge"));
        }
        let (session, standing) = self.good_session(&grant.session, request).await?;
        let refresh = match grant.scope.split(' ').any(|scope| scope == "offline_access") {
            true => Some(self.give_refresh_token(&session).await?),
            false => None,
        };
        self.answer(&session, standing, grant.nonce.as_deref(), grant.scope, refresh, request).await
    }

    async fn refresh(
        &self,
        client: &PlatformClient,
        form: &Query,
        request: &ClientRequest<'_>,
    ) -> Result<TokenAnswer, TokenRefusal> {
        let token = form.get("refresh_token").ok_or(TokenRefusal::Request("refresh_token is missing"))?;
        let unknown = TokenRefusal::Grant("the refresh token is not good, or not any more");
        let handle = SessionHandle::read(token).ok_or(unknown)?;
        let (session, standing) = self.good_session(&handle.key, request).await?;
        let is_its = session.client == client.id && session.refresh == Some(handle.digest());
        if !is_its {
            return Err(unknown);
        }
        let scope = session.scope.clone();
        self.answer(&session, standing, None, scope, None, request).await
    }

    /// A session that is good still, with the account and the connection.
    async fn good_session(
        &self,
        key: &rollcall_store::SessionKey,
        request: &ClientRequest<'_>,
    ) -> Result<(Session, (StoredUser, rollcall_store::Connection)), TokenRefusal> {
        let wanted = Wanted {
            connection: Some(key.connection),
            account: Some((key.user, key.person)),
            session: Some(*key),
            ..Wanted::default()
        };
        let Standing { connection, account, session, .. } = self.table.standing(&wanted).await?;
        let over = TokenRefusal::Grant("the session is over");
        let session = session.filter(|session| session.is_good(account.as_ref(), request.now)).ok_or(over)?;
        let connection = connection.filter(|connection| connection.lets_in().is_some()).ok_or(over)?;
        Ok((session, (account.ok_or(over)?, connection)))
    }

    async fn give_refresh_token(&self, session: &Session) -> Result<SecretString, TokenRefusal> {
        let handle = SessionHandle::new(session.key).map_err(|_| TokenRefusal::Unavailable)?;
        let given = self.table.give_refresh_token(&session.key, &handle.digest()).await?;
        if given { Ok(handle.text) } else { Err(TokenRefusal::Grant("the session is over")) }
    }

    async fn answer(
        &self,
        session: &Session,
        (account, connection): (StoredUser, rollcall_store::Connection),
        nonce: Option<&str>,
        scope: String,
        refresh_token: Option<SecretString>,
        request: &ClientRequest<'_>,
    ) -> Result<TokenAnswer, TokenRefusal> {
        let teams = self.teams_of(&account, &connection, &scope).await?;
        let claims = claims::of(&account.user, &connection, &teams, &scope);
        let ring = self.signing.ring(request.now).await.map_err(|error| {
            tracing::error!(error = %error, "no token can be signed");
            TokenRefusal::Unavailable
        })?;
        let failed = |_| TokenRefusal::Unavailable;
        Ok(TokenAnswer {
            access_token: tokens::access_token(&ring, &self.issuer, session, &scope, request.now).map_err(failed)?,
            id_token: tokens::id_token(&ring, &self.issuer, session, nonce, claims, request.now).map_err(failed)?,
            refresh_token,
            scope,
        })
    }

    /// The teams of an account, and the one that it leads, where a client asks for them.
    pub(super) async fn teams_of(
        &self,
        account: &StoredUser,
        connection: &rollcall_store::Connection,
        scope: &str,
    ) -> Result<Vec<Team>, rollcall_store::Error> {
        if !scope.split(' ').any(|asked| asked == "teams") {
            return Ok(Vec::new());
        }
        let own = TeamSource::Manager(account.user.person).id();
        let sources: BTreeSet<_> = account.user.teams.iter().map(|GroupId(group)| *group).chain([own]).collect();
        self.table.teams_by_source(connection.id, &sources).await
    }

    async fn end_session_of_token(&self, request: &ClientRequest<'_>) -> Result<(), TokenRefusal> {
        let form = Query::read(request.form).ok_or(TokenRefusal::Request("a member comes twice"))?;
        let client = self.proven(request, &form).await?;
        let token = form.get("token").ok_or(TokenRefusal::Request("token is missing"))?;
        let Some(handle) = SessionHandle::read(token) else { return Ok(()) };
        let session = self.table.session(&handle.key).await?;
        let is_its = |session: &Session| session.client == client.id && session.refresh == Some(handle.digest());
        if session.as_ref().is_some_and(is_its) {
            self.table.end_session(&handle.key).await?;
        }
        Ok(())
    }
}

impl TokenRefusal {
    fn reply(self) -> Reply {
        let (status, error, description) = match self {
            Self::Request(what) => (400, "invalid_request", what),
            Self::Client => (401, "invalid_client", "the client is not known, or did not prove who it is"),
            Self::Grant(what) => (400, "invalid_grant", what),
            Self::GrantType => {
                (400, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
            }
            Self::Unavailable => (503, "temporarily_unavailable", "try again in some seconds"),
        };
        tracing::warn!(reason = error, detail = description, "a client gets no token");
        let body: Value = json!({ "error": error, "error_description": description });
        Reply::json(status, body)
    }
}

impl From<rollcall_store::Error> for TokenRefusal {
    fn from(error: rollcall_store::Error) -> Self {
        tracing::error!(error = %error, "a token can't be given");
        Self::Unavailable
    }
}
