//! Entra has answered.

use jiff::SignedDuration;
use rollcall_directory::identity::{ConnectionId, UserId};
use rollcall_directory::rules::Guests;
use rollcall_graph::identity_platform::{Grant, Tokens};
use rollcall_graph::{Authority, IdentityError};
use rollcall_store::{
    AccountStamp, Admitted, BegunSession, CodeGrant, Connection, ConnectionSecret, Pending, PlatformRequest, Purpose,
    Session, SessionId, SessionKey, SignInRecord, Standing, StoredUser, Wanted,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::reply::Reply;
use super::{Service, Visit, log};
use crate::cookie;
use crate::entra::answer::{self, Failure, Outcome};
use crate::entra::credential;
use crate::entra::id_token::{self, Expected, Identity};
use crate::opaque::{self, SessionHandle};
use crate::page;
use crate::ports::Asked;
use crate::provider::authorization::answer as address;
use crate::provider::discovery::path;
use crate::refusal::Refusal;

/// So long a session lasts at most, in seconds: a working day.
const SESSION_SECONDS: i64 = 12 * 3_600;
/// So long a code is good (RFC 6749, section 4.1.2: ten minutes at most).
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// Somebody whom Entra vouches for, and by which connection.
pub(super) struct Vouched {
    pub(super) connection: Connection,

    pub(super) identity: Identity,
    pub(super) account: Option<StoredUser>,
    /// What Entra gave with the ID token.
    pub(super) tokens: Tokens,
}

impl Service {
    /// Where Entra's answers go.
    pub async fn callback(&self, query: &str, visit: &Visit<'_>) -> Reply {
        let Some(answer) = answer::read(query) else { return self.refuse(&Refusal::NotBegun, visit) };
        let reply = match self.taken(&answer.state, visit).await {
            Ok(pending) => self.go_on(pending, &answer, visit).await,
            Err(refusal) => self.refuse(&refusal, visit),
        };
        reply.cookie(cookie::end(&answer.state))
    }

    /// What this browser began, which is over with this.
    pub(super) async fn taken(&self, state: &SecretString, visit: &Visit<'_>) -> Result<Pending, Refusal> {
        let browser = visit.cookies.pending(state).ok_or(Refusal::NotBegun)?;
        let taken = self.table.take_pending(&opaque::digest(state), &opaque::digest(&browser)).await?;
        taken.filter(|pending| visit.now < pending.ends_at).ok_or(Refusal::NotBegun)
    }

    async fn go_on(&self, pending: Pending, answer: &answer::Answer, visit: &Visit<'_>) -> Reply {
        let Pending { connection, purpose, .. } = pending;
        match purpose {
            Purpose::SignIn { request } => match self.sign_in(connection, &request, answer, visit).await {
                Ok(reply) => reply,
                // Where no page may be shown, the platform is told instead.
                Err(refusal) if request.silent => self.back_with(&request, &refusal),
                Err(refusal) => self.refuse_with_way_back(&refusal, &request, connection, visit),
            },
            Purpose::Binding { permissions } => match connection {
                Some(connection) => self.bind(connection, &permissions, answer, visit).await,
                None => self.refuse(&Refusal::NotBegun, visit),
            },
            Purpose::Delegation { person, permissions } => {
                self.delegated(connection, person, &permissions, answer, visit).await
            }
            Purpose::Admission { .. } | Purpose::Consent { .. } => self.refuse(&Refusal::NotBegun, visit),
        }
    }

    async fn sign_in(
        &self,
        connection: Option<ConnectionId>,
        request: &PlatformRequest,
        answer: &answer::Answer,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        let vouched = self.vouched(connection, Some(request), answer, visit).await?;
        let session = SessionId(Uuid::new_v4());
        match self.decide(&vouched, request, session, visit).await {
            Err(refusal) if refusal.is_of_a_person() => {
                self.record(&vouched, request, session, &refusal, visit).await?;
                Err(refusal)
            }
            result => result,
        }
    }

    /// Who it is, by every check that there is.
    pub(super) async fn vouched(
        &self,
        connection: Option<ConnectionId>,
        request: Option<&PlatformRequest>,
        answer: &answer::Answer,
        visit: &Visit<'_>,
    ) -> Result<Vouched, Refusal> {
        let code = match &answer.outcome {
            Outcome::Code(code) => code,
            Outcome::Consented => return Err(Refusal::NotBegun),
            Outcome::Failed(failure) => return Err(refused_by_entra(*failure)),
        };
        let named = match connection {
            Some(id) => Some((id, self.secret(id, visit.now).await?)),
            None => None,
        };
        let expected = named.as_ref().map(|(_, secret)| self.platform.issuer(secret.tenant.0));
        if let (Some(told), Some(expected)) = (&answer.issuer, &expected)
            && told != expected
        {
            return Err(Refusal::Issuer);
        }
        let (tokens, client_id) = self.redeem(named.as_ref(), code, &answer.state, visit).await?;
        let token = tokens.id_token.clone().ok_or(Refusal::Setup)?;
        let unverified = id_token::look(&token)?;
        let (id, secret) = match named {
            Some(named) => named,
            None => self.of_tenant(&unverified, visit).await?,
        };
        let issuer = self.platform.issuer(secret.tenant.0);
        if answer.issuer.as_ref().is_some_and(|told| *told != issuer) {
            return Err(Refusal::Issuer);
        }
        let (tenant, person) = (secret.tenant, unverified.person);
        let keys = self.keys.wanted(tenant, &unverified.kid, visit.now).await;
        let wanted = Wanted {
            connection: Some(id),
            client: request.map(|request| request.client),
            account: Some((UserId::derive(tenant, person), person)),
            session: None,
            keys,
        };
        let Standing { connection, client, account, keys: found, .. } = self.table.standing(&wanted).await?;
        if request.is_some() && client.is_none() {
            return Err(Refusal::Client);
        }
        let found = wanted.keys.map(|_| found);
        let keys = self.keys.keys(tenant, &unverified.kid, found, visit.now, visit.until).await?;
        if keys.is_empty() {
            return Err(Refusal::Keys);
        }
        let nonce = self.seal.nonce(&answer.state);
        let expected = Expected { issuer: &issuer, tenant, client_id: &client_id, nonce: &nonce, now: visit.now };
        let identity = id_token::check(&token, &keys, &expected)?;
        let connection = connection.ok_or(Refusal::Organisation)?;
        Ok(Vouched { connection, identity, account, tokens })
    }

    /// The connection of whoever signed in at an authority for all tenants. Which tenant it is was not checked yet, but only says
    /// by what to check it.
    async fn of_tenant(
        &self,
        unverified: &id_token::Unverified,
        visit: &Visit<'_>,
    ) -> Result<(ConnectionId, ConnectionSecret), Refusal> {
        let found = self.table.connection_of_tenant(&self.seal.tenant(unverified.tenant)).await?;
        let id = found.ok_or(Refusal::Organisation)?;
        let secret = self.secret(id, visit.now).await?;
        Ok((id, secret))
    }

    /// Redeems a code, and says for which application: its tokens are for that one, which is not the connection's own where the tenant
    /// was found out by the platform's. A credential that was replaced meanwhile is tried once, because a refused client has used up no code.
    async fn redeem(
        &self,
        named: Option<&(ConnectionId, ConnectionSecret)>,
        code: &SecretString,
        state: &SecretString,
        visit: &Visit<'_>,
    ) -> Result<(Tokens, String), Refusal> {
        let (redirect_uri, verifier) = (self.at(path::CALLBACK), self.seal.verifier(state));
        let grant = Grant::Code { code, redirect_uri: &redirect_uri, verifier: &verifier };
        let (authority, stored) = match named {
            Some((_, secret)) => (Authority::Tenant(secret.tenant.0), secret.credential.clone()),
            None => {
                let application = self.application(visit.now).await?;
                (Authority::Organizations, application.ok_or(Refusal::Setup)?)
            }
        };
        let credential = credential::usable(&stored).map_err(|_| Refusal::Setup)?;
        let answer = self.platform.tokens(authority, &credential, &grant, visit.now, visit.until).await;
        let (Err(IdentityError::Refused { code: error, .. }), Some((id, _))) = (&answer, named) else {
            return Ok((answer?, credential.client_id().to_owned()));
        };
        if error != "invalid_client" {
            return Ok((answer?, credential.client_id().to_owned()));
        }
        self.forget(*id).await;
        let renewed = credential::usable(&self.secret(*id, visit.now).await?.credential).map_err(|_| Refusal::Setup)?;
        let tokens = self.platform.tokens(authority, &renewed, &grant, visit.now, visit.until).await?;
        Ok((tokens, renewed.client_id().to_owned()))
    }

    /// Lets somebody in, or has an account made, or refuses.
    async fn decide(
        &self,
        vouched: &Vouched,
        request: &PlatformRequest,
        session: SessionId,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        match decision(vouched)? {
            Decision::Enter(account) => self.enter(vouched, account, request, session, visit).await,
            Decision::Ask => self.admit(vouched, request, session, visit).await,
        }
    }

    /// Begins the session, and sends the browser back to the platform with a code.
    async fn enter(
        &self,
        vouched: &Vouched,
        account: &StoredUser,
        request: &PlatformRequest,
        session: SessionId,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        let Vouched { connection, identity, .. } = vouched;
        let admitted = self.admitted(identity, session, Some(account));
        self.begin_session(connection, &admitted, account, request, visit).await
    }

    /// Begins the session of somebody who may enter, and sends the browser back to the platform with a code.
    pub(super) async fn begin_session(
        &self,
        connection: &Connection,
        admitted: &Admitted,
        account: &StoredUser,
        request: &PlatformRequest,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        let after = |seconds| visit.now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(visit.now);
        let Admitted { person, session, .. } = *admitted;
        let key = SessionKey { connection: connection.id, user: account.user.id, person, session };
        let (handle, code) = (SessionHandle::new(key)?, opaque::random()?);
        let begun = Session {
            key,
            client: request.client,
            cookie: handle.digest(),
            refresh: None,
            scope: request.scope.clone(),
            upstream: admitted.upstream,
            account: AccountStamp::of(account),
            authenticated_at: admitted.authenticated_at,
            ends_at: after(SESSION_SECONDS),
        };
        let grant = CodeGrant {
            session: key,
            client: request.client,
            redirect_uri: request.redirect_uri.clone(),
            nonce: request.nonce.clone(),
            challenge: request.challenge.clone(),
            scope: request.scope.clone(),
            ends_at: visit.now.saturating_add(CODE_LIFE).unwrap_or(visit.now),
        };
        let record = SignInRecord { at: visit.now, person, client: Some(request.client), session, refused: None };
        let code_digest = opaque::digest(&code);
        let written = BegunSession {
            session: &begun,
            code: &code_digest,
            grant: &grant,
            record: &record,
            kept: connection.history_days,
        };
        let (written, ended) = futures::join!(self.table.begin_session(&written), self.end_former(request, visit));
        ended?;
        // Between reading the account and this somebody has closed it.
        written?.ok_or(Refusal::Deactivated)?;
        tracing::info!(connection.id = %connection.id, person.id = %person, session.id = %session, "signed in");
        let members = [("code", code.expose_secret())];
        let back = address(&request.redirect_uri, &self.issuer, request.state.as_deref(), &members);
        let reply = Reply::redirect(back.ok_or(Refusal::Client)?);
        Ok(reply.cookie(cookie::session(request.client, &handle.text, SESSION_SECONDS)))
    }

    /// Ends the session that this browser had with the client before (ASVS 7.2.4).
    async fn end_former(&self, request: &PlatformRequest, visit: &Visit<'_>) -> Result<(), Refusal> {
        let Some(handle) = visit.cookies.session(request.client).and_then(SessionHandle::read) else { return Ok(()) };
        let known = self.table.session(&handle.key).await?;
        if known.is_some_and(|known| known.cookie == handle.digest()) {
            self.table.end_session(&handle.key).await?;
        }
        Ok(())
    }

    /// Asks the directory about somebody who has no account, has one made if the rules give them one, and lets them wait for it.
    async fn admit(
        &self,
        vouched: &Vouched,
        request: &PlatformRequest,
        session: SessionId,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        let Vouched { connection, identity, .. } = vouched;
        let asked = self.admission.ask(connection, identity.person).await.map_err(|error| {
            tracing::warn!(error = %error, "the directory can't be asked");
            Refusal::Unavailable
        })?;
        match asked {
            Asked::In => {}
            Asked::NotInScope => return Err(Refusal::NotInScope),
            Asked::Disabled => return Err(Refusal::Disabled),
            Asked::Guest => return Err(Refusal::Guest),
            Asked::Incomplete => return Err(Refusal::Incomplete),
        }
        if request.silent {
            return Err(Refusal::InteractionRequired);
        }
        self.admission.make_account(connection.id, identity.person).await.map_err(|error| {
            tracing::error!(error = %error, "an account can't be asked for");
            Refusal::Unavailable
        })?;
        let admitted = self.admitted(identity, session, None);
        let purpose = Purpose::Admission { request: request.clone(), admitted };
        self.leave(Some(connection.id), purpose, visit, |state| self.waiting_room(state)).await
    }

    fn admitted(&self, identity: &Identity, session: SessionId, account: Option<&StoredUser>) -> Admitted {
        let issuer = self.platform.issuer(identity.tenant.0);
        Admitted {
            person: identity.person,
            upstream: identity.session.as_deref().map(|sid| self.seal.upstream(&issuer, sid)),
            authenticated_at: identity.authenticated_at,
            session,
            account: account.map(AccountStamp::of),
        }
    }

    async fn record(
        &self,
        vouched: &Vouched,
        request: &PlatformRequest,
        session: SessionId,
        refusal: &Refusal,
        visit: &Visit<'_>,
    ) -> Result<(), Refusal> {
        let record = SignInRecord {
            at: visit.now,
            person: vouched.identity.person,
            client: Some(request.client),
            session,
            refused: Some(refusal.code().to_owned()),
        };
        self.table.record_sign_in(vouched.connection.id, &record, vouched.connection.history_days).await?;
        Ok(())
    }

    /// The page of a refusal, from which the platform can be reached again.
    pub(super) fn refuse_with_way_back(
        &self,
        refusal: &Refusal,
        request: &PlatformRequest,
        connection: Option<ConnectionId>,
        visit: &Visit<'_>,
    ) -> Reply {
        log(refusal, connection);
        let members = [("error", refusal.oauth_error()), ("error_description", refusal.shown())];
        let back = address(&request.redirect_uri, &self.issuer, request.state.as_deref(), &members);
        let back = back.map(String::from);
        Reply::page(refusal.status(), page::refusal(refusal, visit.language, back.as_deref()))
    }
}

/// What becomes of somebody.
enum Decision<'a> {
    Enter(&'a StoredUser),
    Ask,
}

/// Who may enter: the person whom the sync knows and has active. Nobody comes back by signing in whom it has deactivated.
fn decision(vouched: &Vouched) -> Result<Decision<'_>, Refusal> {
    let Vouched { connection, identity, account, .. } = vouched;
    let sign_in = connection.lets_in().ok_or(Refusal::Organisation)?;
    if identity.guest && connection.rules.guests == Guests::Out {
        return Err(Refusal::Guest);
    }
    match account {
        Some(account) if account.user.status.is_active() => Ok(Decision::Enter(account)),
        Some(_) => Err(Refusal::Deactivated),
        None if sign_in.just_in_time => Ok(Decision::Ask),
        None => Err(Refusal::NoAccount),
    }
}

const fn refused_by_entra(failure: Failure) -> Refusal {
    match failure {
        Failure::Declined => Refusal::Declined,
        Failure::InteractionRequired => Refusal::InteractionRequired,
        Failure::ConsentRequired => Refusal::ConsentRequired,
        Failure::Unavailable => Refusal::Unavailable,
        Failure::Other => Refusal::Setup,
    }
}
