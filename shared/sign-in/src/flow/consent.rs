//! "Connect Microsoft": an administrator of the customer lets the platform's application into their tenant.
//!
//! The browser passes three stations: the page of the setup link, Entra's page of consent, and a sign-in. Only the ID token of that
//! sign-in says which tenant it is: the `tenant` of Entra's answer is not even read, because anybody can write it (identity
//! platform page "Admin consent"). And only somebody who may consent there, by the directory roles in the token, can bind it: an
//! ordinary employee of a customer could otherwise lend its directory to somebody else.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::Authority;
use rollcall_graph::identity_platform::Grant;
use rollcall_store::{
    Connection, ConnectionSecret, ConnectionStatus, CredentialKind, Error as StoreError, Pending, Purpose,
    SecretDigest, StoredCredential,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::reply::Reply;
use super::{Service, Visit, log};
use crate::cookie;
use crate::entra::answer::{self, Answer, Failure, Outcome};
use crate::entra::authorization::{self, AuthorizationRequest, Prompt};
use crate::entra::credential;
use crate::entra::id_token::{self, Expected, Identity};
use crate::opaque;
use crate::page::consent::{self as page, Result as ConsentResult};
use crate::permission::{Permission, needed};
use crate::provider::authorization::Query;
use crate::provider::discovery::path;
use crate::refusal::Refusal;

/// Directory roles whose holders may consent for the whole tenant (Entra page "Microsoft Entra built-in roles", by template id):
/// Global Administrator, Privileged Role Administrator.
const CONSENTING: [Uuid; 2] = [
    Uuid::from_u128(0x62e9_0394_69f5_4237_9190_0121_7714_5e10),
    Uuid::from_u128(0xe861_1ab8_c189_46e8_94e1_6021_3ab1_f814),
];

impl Service {
    /// The page of a setup link; with `begin` the way to Entra.
    pub async fn connect(&self, query: &str, begin: bool, visit: &Visit<'_>) -> Reply {
        match self.setup(query, visit).await {
            Ok((connection, token)) if !begin => {
                let needed = needed(&connection);
                let login = self.platform.origins().login().origin().ascii_serialization();
                Reply::page(200, page::invitation(&connection.name, &needed, &token, visit.language)).forms_to([login])
            }
            Ok((connection, _)) => match self.send_to_consent(&connection, visit).await {
                Ok(reply) => reply,
                Err(refusal) => self.refuse(&refusal, visit),
            },
            Err(Refusal::NotBegun) => Reply::page(404, page::result(&ConsentResult::NoLink, visit.language)),
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    /// The connection of a setup link that is good still.
    async fn setup(&self, query: &str, visit: &Visit<'_>) -> Result<(Connection, String), Refusal> {
        let query = Query::read(query).ok_or(Refusal::NotBegun)?;
        let token = query.get("setup").filter(|token| opaque::is_random(token)).ok_or(Refusal::NotBegun)?;
        let link = self.table.setup_link(&SecretDigest::of(token.as_bytes()), visit.now).await?;
        let link = link.ok_or(Refusal::NotBegun)?;
        Ok((self.connectable(link.connection).await?.ok_or(Refusal::NotBegun)?, token.to_owned()))
    }

    /// A connection that may still be connected by consent: it is not being deleted, and has no credential of its own.
    async fn connectable(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        let found = self.table.connection(id).await?;
        Ok(found.filter(|connection| {
            connection.credential_kind == CredentialKind::PlatformApplication
                && connection.status != ConnectionStatus::Deleting
        }))
    }

    async fn send_to_consent(&self, connection: &Connection, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let application = self.usable_application(visit.now).await?;
        let back = self.at(path::CONSENT_CALLBACK);
        let permissions = needed(connection).into_iter().map(|permission| permission.name().to_owned()).collect();
        let purpose = Purpose::Consent { permissions };
        self.leave(Some(connection.id), purpose, visit, |state| {
            authorization::consent_address(&self.platform, application.client_id(), &back, state)
        })
        .await
    }

    async fn usable_application(&self, now: Timestamp) -> Result<rollcall_graph::Credential, Refusal> {
        let stored = self.application(now).await?.ok_or(Refusal::Setup)?;
        credential::usable(&stored).map_err(|_| Refusal::Setup)
    }

    /// Where the browser comes from Entra's page of consent.
    pub async fn consented(&self, query: &str, visit: &Visit<'_>) -> Reply {
        let Some(answer) = answer::read(query) else { return self.refuse(&Refusal::NotBegun, visit) };
        let reply = match self.taken(&answer.state, visit).await {
            Ok(Pending { connection: Some(connection), purpose: Purpose::Consent { permissions }, .. }) => {
                self.after_consent(connection, permissions, &answer, visit).await
            }
            Ok(_) => Err(Refusal::NotBegun),
            Err(refusal) => Err(refusal),
        };
        let reply = reply.unwrap_or_else(|refusal| self.refuse(&refusal, visit));
        reply.cookie(cookie::end(&answer.state))
    }

    /// Whoever says that they have consented has to sign in and show it.
    async fn after_consent(
        &self,
        connection: ConnectionId,
        permissions: Vec<String>,
        answer: &Answer,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        match &answer.outcome {
            Outcome::Consented => {}
            Outcome::Failed(failure) => return Ok(self.not_consented(connection, *failure, visit)),
            Outcome::Code(_) => return Err(Refusal::NotBegun),
        }
        let application = self.usable_application(visit.now).await?;
        let request = AuthorizationRequest {
            authority: Authority::Organizations,
            client_id: application.client_id(),
            redirect_uri: &self.at(path::CALLBACK),
            permissions: &[],
            login_hint: None,
            domain_hint: None,
            prompt: Some(Prompt::SelectAccount),
        };
        let purpose = Purpose::Binding { permissions };
        self.leave(Some(connection), purpose, visit, |state| {
            authorization::address(&self.platform, &request, state, &self.seal)
        })
        .await
    }

    fn not_consented(&self, connection: ConnectionId, failure: Failure, visit: &Visit<'_>) -> Reply {
        let result = match failure {
            Failure::Declined => ConsentResult::Declined,
            Failure::Unavailable => ConsentResult::Later,
            Failure::ConsentRequired | Failure::InteractionRequired | Failure::Other => ConsentResult::Refused,
        };
        tracing::warn!(connection.id = %connection, reason = result.code(), "an administrator has not consented");
        Reply::page(200, page::result(&result, visit.language))
    }

    /// Binds a connection to the tenant of whoever has consented.
    pub(super) async fn bind(
        &self,
        connection: ConnectionId,
        permissions: &[String],
        answer: &Answer,
        visit: &Visit<'_>,
    ) -> Reply {
        match self.try_to_bind(connection, permissions, answer, visit).await {
            Ok(result) => {
                tracing::info!(connection.id = %connection, result = result.code(), "an administrator came back from consent");
                Reply::page(result.status(), page::result(&result, visit.language))
            }
            Err(refusal) => {
                log(&refusal, Some(connection));
                Reply::page(refusal.status(), crate::page::refusal(&refusal, visit.language, None))
            }
        }
    }

    async fn try_to_bind(
        &self,
        id: ConnectionId,
        permissions: &[String],
        answer: &Answer,
        visit: &Visit<'_>,
    ) -> Result<ConsentResult, Refusal> {
        let identity = match self.administrator(answer, visit).await? {
            Some(identity) => identity,
            None => return Ok(ConsentResult::Declined),
        };
        if !identity.roles.iter().any(|role| CONSENTING.contains(role)) {
            return Ok(ConsentResult::NoAdministrator);
        }
        let Some(connection) = self.connectable(id).await? else { return Ok(ConsentResult::NoLink) };
        let again = match self.keep_tenant(&connection, identity.tenant).await? {
            Kept::New => false,
            Kept::Same => true,
            Kept::Another => return Ok(ConsentResult::AnotherTenant),
        };
        self.forget(id).await;
        let connection = self.note_binding(connection, visit.now).await?;
        let missing = self.admission.missing(&connection, visit.now).await.map_err(|error| {
            tracing::warn!(connection.id = %id, error = %error, "what was granted can't be looked at");
            Refusal::Unavailable
        })?;
        let wanted = |name: &&str| permissions.iter().any(|permission| permission == name);
        let missing: Vec<Permission> =
            missing.iter().filter(|name| wanted(name)).filter_map(|name| Permission::from_name(name)).collect();
        Ok(if missing.is_empty() { ConsentResult::Connected { again } } else { ConsentResult::Incomplete { missing } })
    }

    /// Who signed in after consenting; none who went back.
    async fn administrator(&self, answer: &Answer, visit: &Visit<'_>) -> Result<Option<Identity>, Refusal> {
        let code = match &answer.outcome {
            Outcome::Code(code) => code,
            Outcome::Failed(Failure::Declined) => return Ok(None),
            Outcome::Failed(Failure::Unavailable) => return Err(Refusal::Unavailable),
            Outcome::Failed(_) => return Err(Refusal::Setup),
            Outcome::Consented => return Err(Refusal::NotBegun),
        };
        let application = self.usable_application(visit.now).await?;
        let (redirect_uri, verifier) = (self.at(path::CALLBACK), self.seal.verifier(&answer.state));
        let grant = Grant::Code { code, redirect_uri: &redirect_uri, verifier: &verifier };
        let tokens =
            self.platform.tokens(Authority::Organizations, &application, &grant, visit.now, visit.until).await?;
        let token = tokens.id_token.ok_or(Refusal::Setup)?;
        self.identity_of_any_tenant(&token, application.client_id(), answer, visit).await.map(Some)
    }

    /// Checks a token of whichever tenant: its keys, its issuer and its `tid` have to agree.
    async fn identity_of_any_tenant(
        &self,
        token: &SecretString,
        client_id: &str,
        answer: &Answer,
        visit: &Visit<'_>,
    ) -> Result<Identity, Refusal> {
        let unverified = id_token::look(token)?;
        let (tenant, issuer) = (unverified.tenant, self.platform.issuer(unverified.tenant.0));
        if answer.issuer.as_ref().is_some_and(|told| *told != issuer) {
            return Err(Refusal::Issuer);
        }
        let found = match self.keys.wanted(tenant, &unverified.kid, visit.now).await {
            Some(place) => Some(self.table.verification_keys(&place).await?),
            None => None,
        };
        let keys = self.keys.keys(tenant, &unverified.kid, found, visit.now, visit.until).await?;
        if keys.is_empty() {
            return Err(Refusal::Keys);
        }
        let nonce = self.seal.nonce(&answer.state);
        let expected = Expected { issuer: &issuer, tenant, client_id, nonce: &nonce, now: visit.now };
        Ok(id_token::check(token, &keys, &expected)?)
    }

    /// Keeps the tenant as the connection's own, once and for all.
    async fn keep_tenant(&self, connection: &Connection, tenant: TenantId) -> Result<Kept, StoreError> {
        let credential = StoredCredential::PlatformApplication;
        let secret = ConnectionSecret { tenant, credential, channel_webhook: None };
        match self.secrets.create(connection.id, &secret).await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => {
                let known = self.secrets.read(connection.id).await?;
                return Ok(if known.tenant == tenant { Kept::Same } else { Kept::Another });
            }
            Err(error) => return Err(error),
        }
        Ok(Kept::New)
    }

    /// Notes on the connection that it is bound, and lets its tenant lead to it where people may sign in by it.
    async fn note_binding(&self, connection: Connection, now: Timestamp) -> Result<Connection, StoreError> {
        let connection = if connection.unbound {
            let revision = connection.revision;
            let bound = Connection { unbound: false, updated_at: now, ..connection };
            self.table.update_connection(&bound, revision).await?
        } else {
            connection
        };
        if connection.sign_in.is_some() {
            let tenant = self.secrets.read(connection.id).await?.tenant;
            match self.table.lead_tenant(&self.seal.tenant(tenant), connection.id).await {
                // The tenant's first connection keeps it.
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(connection)
    }
}

/// What became of a tenant.
enum Kept {
    New,
    Same,
    Another,
}
