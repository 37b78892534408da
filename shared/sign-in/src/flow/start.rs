//! Somebody wants to sign in: the platform has sent them, and they are sent to Entra.

use jiff::SignedDuration;
use rollcall_directory::identity::ConnectionId;
use rollcall_graph::{Authority, Credential};
use rollcall_store::{Pending, PlatformClient, Purpose, Standing, Wanted};
use secrecy::SecretString;
use url::Url;

use super::reply::Reply;
use super::{Service, Visit, log};
use crate::cookie::{self, PENDING_SECONDS};
use crate::entra::authorization::{self, AuthorizationRequest};
use crate::entra::credential;
use crate::opaque;
use crate::page;
use crate::provider::authorization::{Query, Wish, answer, domain};
use crate::provider::discovery::path;
use crate::refusal::Refusal;

/// So many sign-ins may begin in a minute from one address, by one client. A school of thousands is behind one address.
const MOST_IN_A_MINUTE: u64 = 3_000;

impl Service {
    /// The authorization endpoint (OpenID Connect Core 1.0, section 3.1.2).
    pub async fn authorize(&self, query: &str, visit: &Visit<'_>) -> Reply {
        let Some(query) = Query::read(query) else { return self.refuse(&Refusal::Malformed, visit) };
        match self.begin(&query, visit).await {
            Ok(reply) => reply,
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    async fn begin(&self, query: &Query, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let id = query.client().ok_or(Refusal::Client)?;
        let counted = self.seal.address(visit.address, &id.to_string());
        let named = query.get("connection").and_then(|id| id.parse().ok());
        let wanted = Wanted { client: Some(id), connection: named, ..Wanted::default() };
        let (count, standing) =
            futures::join!(self.table.count_in_minute(&counted, visit.now), self.table.standing(&wanted));
        if count? > MOST_IN_A_MINUTE {
            return Err(Refusal::TooMany);
        }
        let standing = standing?;
        let client = standing.client.as_ref().ok_or(Refusal::Client)?;
        let redirect_uri = query.redirect_uri(client).ok_or(Refusal::Client)?;
        let wish = match query.wish(client, redirect_uri) {
            Ok(wish) => wish,
            Err(wrong) => {
                let members = [("error", wrong.error), ("error_description", wrong.description)];
                let back = answer(redirect_uri, &self.issuer, query.state(), &members).ok_or(Refusal::Client)?;
                return Ok(Reply::redirect(back));
            }
        };
        match self.aim(&wish, &standing, visit).await {
            Ok(Some(aim)) => self.send_to_entra(&wish, aim, visit).await,
            Ok(None) if wish.request.silent => Ok(self.back_with(&wish.request, &Refusal::InteractionRequired)),
            Ok(None) => Ok(self.ask_for_organisation(query, client, visit)),
            Err(refusal) if wish.request.silent => Ok(self.back_with(&wish.request, &refusal)),
            Err(refusal) => Err(refusal),
        }
    }

    /// Whose people are asked for. None where the person has to say so first.
    async fn aim(&self, wish: &Wish, standing: &Standing, visit: &Visit<'_>) -> Result<Option<Aim>, Refusal> {
        let connection = match (wish.connection, &wish.login_hint) {
            (Some(named), _) => Some(named),
            (None, Some(hint)) => match domain(hint) {
                Some(domain) => self.table.connection_of_domain(&domain).await?,
                None => None,
            },
            (None, None) if wish.domain_hint.is_none() => return Ok(None),
            (None, None) => None,
        };
        match connection {
            Some(id) => self.aim_at(id, standing, visit).await.map(Some),
            // Entra finds out the tenant, and its token tells whether it is one of ours.
            None => match self.application(visit.now).await? {
                Some(application) => {
                    let credential = credential::usable(&application).map_err(|_| Refusal::Setup)?;
                    Ok(Some(Aim { connection: None, authority: Authority::Organizations, credential }))
                }
                None => Err(Refusal::Organisation),
            },
        }
    }

    async fn aim_at(&self, id: ConnectionId, standing: &Standing, visit: &Visit<'_>) -> Result<Aim, Refusal> {
        let read;
        let connection = match &standing.connection {
            Some(connection) if connection.id == id => Some(connection),
            _ => {
                read = self.table.connection(id).await?;
                read.as_ref()
            }
        };
        connection.and_then(|connection| connection.lets_in()).ok_or(Refusal::Organisation)?;
        let secret = self.secret(id, visit.now).await?;
        let credential = credential::usable(&secret.credential).map_err(|_| Refusal::Setup)?;
        Ok(Aim { connection: Some(id), authority: Authority::Tenant(secret.tenant.0), credential })
    }

    async fn send_to_entra(&self, wish: &Wish, aim: Aim, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let purpose = Purpose::SignIn { request: wish.request.clone() };
        let request = AuthorizationRequest {
            authority: aim.authority,
            client_id: aim.credential.client_id(),
            redirect_uri: &self.at(path::CALLBACK),
            permissions: &[],
            login_hint: wish.login_hint.as_deref(),
            domain_hint: wish.domain_hint.as_deref(),
            prompt: wish.prompt,
        };
        self.leave(aim.connection, purpose, visit, |state| {
            authorization::address(&self.platform, &request, state, &self.seal)
        })
        .await
    }

    /// Notes what was begun, binds it to the browser, and sends that away.
    pub(super) async fn leave(
        &self,
        connection: Option<ConnectionId>,
        purpose: Purpose,
        visit: &Visit<'_>,
        address: impl FnOnce(&SecretString) -> Url,
    ) -> Result<Reply, Refusal> {
        let (state, secret) = (opaque::random()?, opaque::random()?);
        let ends_at = visit.now.saturating_add(SignedDuration::from_secs(PENDING_SECONDS)).unwrap_or(visit.now);
        let browser = opaque::digest(&secret);
        let pending = Pending { browser, connection, purpose, started_at: visit.now, ends_at };
        self.table.begin_pending(&opaque::digest(&state), &pending).await?;
        let reply = Reply::redirect(address(&state)).cookies(visit.cookies.make_room());
        Ok(reply.cookie(cookie::begin(&state, &secret, visit.now)))
    }

    /// The page that asks for an address, by whose domain the organisation is found.
    fn ask_for_organisation(&self, query: &Query, client: &PlatformClient, visit: &Visit<'_>) -> Reply {
        let members = query.members().filter(|(name, _)| !["login_hint", "domain_hint"].contains(name));
        let page = page::choose(&client.name, members, visit.language);
        // The form's answer is a redirect to Entra or back to the client.
        let origins = [self.platform.origins().login().clone()].into_iter();
        let clients = client.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok());
        Reply::page(200, page).forms_to(origins.chain(clients).map(|url| url.origin().ascii_serialization()))
    }

    /// Tells the client by the browser that nobody signed in.
    pub(super) fn back_with(&self, request: &rollcall_store::PlatformRequest, refusal: &Refusal) -> Reply {
        log(refusal, None);
        let members = [("error", refusal.oauth_error()), ("error_description", refusal.shown())];
        match answer(&request.redirect_uri, &self.issuer, request.state.as_deref(), &members) {
            Some(back) => Reply::redirect(back),
            None => Reply::empty(400),
        }
    }
}

/// Where somebody is sent.
struct Aim {
    connection: Option<ConnectionId>,
    authority: Authority,
    credential: Credential,
}
