//! Sessions end: the person signs out of the platform, of Entra, or here (RP-Initiated Logout 1.0, Front-Channel Logout 1.0).
//!
//! Ending a session is deleting it. The table's stream then has the platform told by the back channel.

use rollcall_graph::Authority;
use rollcall_store::{PlatformClient, Session, SessionKey, Standing, Wanted};
use url::Url;

use super::reply::Reply;
use super::{Service, Visit};
use crate::cookie;
use crate::entra::authorization::sign_out_address;
use crate::opaque::SessionHandle;
use crate::page;
use crate::provider::authorization::Query;
use crate::provider::discovery::path;
use crate::provider::tokens::{IdTokenHint, read_hint};
use crate::refusal::Refusal;

/// What somebody wants to sign out of.
struct Wish {
    client: Option<PlatformClient>,
    hint: Option<IdTokenHint>,
    /// Where they go afterwards.
    back: Option<Url>,
}

impl Service {
    /// The end-session endpoint. Without a token of ours the person is asked first: anybody can lead a browser here.
    pub async fn end_session(&self, query: &str, confirmed: bool, visit: &Visit<'_>) -> Reply {
        let Some(query) = Query::read(query) else { return self.refuse(&Refusal::Malformed, visit) };
        match self.sign_out(&query, confirmed, visit).await {
            Ok(reply) => reply,
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    async fn sign_out(&self, query: &Query, confirmed: bool, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let wish = self.wish(query, visit).await?;
        let ours = self.sessions_of_browser(wish.client.as_ref(), visit).await?;
        if wish.hint.is_none() && !confirmed && !ours.is_empty() {
            let back = wish.back.iter().map(|url| url.origin().ascii_serialization());
            let page = page::confirm_sign_out(query.members(), visit.language);
            let login = self.platform.origins().login().origin().ascii_serialization();
            return Ok(Reply::page(200, page).forms_to(back.chain([login])));
        }
        let keys: Vec<SessionKey> = match &wish.hint {
            Some(hint) => self.session_of_hint(hint).await?.into_iter().collect(),
            None => ours.iter().map(|session| session.key).collect(),
        };
        for key in &keys {
            self.table.end_session(key).await?;
        }
        let clients = ours.iter().map(|session| session.client).chain(wish.client.as_ref().map(|client| client.id));
        let cookies: Vec<String> = clients.map(cookie::no_session).collect();
        let further = self.further(&keys, &wish, visit).await?;
        Ok(match further {
            Some(url) => Reply::redirect(url),
            None => Reply::page(200, page::signed_out(visit.language)),
        }
        .cookies(cookies))
    }

    async fn wish(&self, query: &Query, visit: &Visit<'_>) -> Result<Wish, Refusal> {
        let hint = match query.get("id_token_hint") {
            Some(token) => {
                let ring = self.signing.ring(visit.now).await.map_err(|error| {
                    tracing::error!(error = %error, "no token can be read");
                    Refusal::Unavailable
                })?;
                Some(read_hint(&ring, &self.issuer, token).ok_or(Refusal::Malformed)?)
            }
            None => None,
        };
        let named = query.client();
        let id = hint.as_ref().map(|hint| hint.client).or(named);
        if named.is_some() && named != id {
            return Err(Refusal::Malformed);
        }
        let client = match id {
            Some(id) => Some(self.table.client(id).await?.ok_or(Refusal::Client)?),
            None => None,
        };
        let back = match (query.get("post_logout_redirect_uri"), &client) {
            (None, _) => None,
            (Some(asked), Some(client)) if client.post_logout_redirect_uris.iter().any(|known| known == asked) => {
                let mut url = Url::parse(asked).map_err(|_| Refusal::Client)?;
                if let Some(state) = query.state() {
                    url.query_pairs_mut().append_pair("state", state);
                }
                Some(url)
            }
            (Some(_), _) => return Err(Refusal::Client),
        };
        Ok(Wish { client, hint, back })
    }

    /// The sessions that the browser's cookies prove, of one client or of all.
    async fn sessions_of_browser(
        &self,
        client: Option<&PlatformClient>,
        visit: &Visit<'_>,
    ) -> Result<Vec<Session>, Refusal> {
        let mut found = Vec::new();
        for handle in visit.cookies.sessions().filter_map(SessionHandle::read).take(8) {
            let session = self.table.session(&handle.key).await?;
            let is_theirs = |session: &Session| {
                session.cookie == handle.digest() && client.is_none_or(|client| client.id == session.client)
            };
            found.extend(session.filter(is_theirs));
        }
        Ok(found)
    }

    /// The session of an ID token, if it is not over.
    async fn session_of_hint(&self, hint: &IdTokenHint) -> Result<Option<SessionKey>, Refusal> {
        let session = self.table.session(&hint.key).await?;
        Ok(session.filter(|session| session.client == hint.client).map(|session| session.key))
    }

    /// Where somebody goes on who has signed out: to Entra, where the connection wants that, or back to the platform.
    async fn further(&self, keys: &[SessionKey], wish: &Wish, visit: &Visit<'_>) -> Result<Option<Url>, Refusal> {
        let Some(key) = keys.first() else { return Ok(wish.back.clone()) };
        let connection = self.table.connection(key.connection).await?;
        let of_entra = connection.as_ref().and_then(|connection| connection.sign_in.as_ref());
        if !of_entra.is_some_and(|sign_in| sign_in.sign_out_of_entra) {
            return Ok(wish.back.clone());
        }
        let tenant = self.secret(key.connection, visit.now).await?.tenant;
        // Entra leads back to registered addresses only, so that it goes by a page of ours.
        let authority = Authority::Tenant(tenant.0);
        Ok(Some(sign_out_address(&self.platform, authority, &self.at(path::SIGNED_OUT))))
    }

    /// Where somebody arrives who has signed out of Entra.
    #[must_use]
    pub fn signed_out(&self, visit: &Visit<'_>) -> Reply {
        Reply::page(200, page::signed_out(visit.language))
    }

    /// Entra tells by an invisible frame that somebody has signed out there. It names a session by an id that nobody can guess.
    pub async fn signed_out_of_entra(&self, query: &str) -> Reply {
        let Some(query) = Query::read(query) else { return Reply::empty(400) };
        let (Some(issuer), Some(session)) = (query.get("iss"), query.get("sid")) else { return Reply::empty(400) };
        match self.end_upstream(issuer, session).await {
            Ok(ended) => {
                tracing::info!(sessions.ended = ended, "signed out of Entra");
                Reply::empty(200)
            }
            Err(error) => {
                tracing::error!(error = %error, "sessions can't be ended");
                Reply::empty(503)
            }
        }
    }

    async fn end_upstream(&self, issuer: &str, session: &str) -> Result<usize, rollcall_store::Error> {
        let found = self.table.sessions_upstream(&self.seal.upstream(issuer, session)).await?;
        for key in &found {
            self.table.end_session(key).await?;
        }
        Ok(found.len())
    }

    /// The page that tells somebody by which account they are signed in; 401 where they are not, or not any more.
    pub async fn session(&self, visit: &Visit<'_>) -> Reply {
        match self.good_session_of_browser(visit).await {
            Ok(true) => Reply::page(200, page::signed_in(visit.language)),
            Ok(false) => Reply::page(401, page::not_signed_in(visit.language)),
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    async fn good_session_of_browser(&self, visit: &Visit<'_>) -> Result<bool, Refusal> {
        for handle in visit.cookies.sessions().filter_map(SessionHandle::read).take(8) {
            let key = handle.key;
            let wanted = Wanted {
                connection: Some(key.connection),
                account: Some((key.user, key.person)),
                session: Some(key),
                ..Wanted::default()
            };
            let Standing { connection, account, session, .. } = self.table.standing(&wanted).await?;
            let lets_in = connection.is_some_and(|connection| connection.lets_in().is_some());
            let is_good =
                |session: Session| session.cookie == handle.digest() && session.is_good(account.as_ref(), visit.now);
            if lets_in && session.is_some_and(is_good) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
