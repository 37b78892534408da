//! An account is being made for somebody whom the rules let in: their browser looks every two seconds whether it is there.

use jiff::SignedDuration;
use rollcall_directory::identity::{ConnectionId, UserId};
use rollcall_store::{Admitted, Pending, PlatformRequest, Purpose, Wanted};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reply::Reply;
use super::{Service, Visit};
use crate::cookie;
use crate::opaque;
use crate::page;
use crate::provider::authorization::Query;
use crate::provider::discovery::path;
use crate::refusal::Refusal;

/// After that long it is told that it takes longer. A full run of a large directory may be in between.
const PATIENCE: SignedDuration = SignedDuration::from_secs(90);

impl Service {
    /// The page on which somebody waits.
    pub async fn wait(&self, query: &str, visit: &Visit<'_>) -> Reply {
        let state = Query::read(query).and_then(|query| query.get("state").map(SecretString::from));
        let Some(state) = state.filter(|state| opaque::is_random(state.expose_secret())) else {
            return self.refuse(&Refusal::NotBegun, visit);
        };
        match self.look(&state, visit).await {
            Ok(reply) => reply,
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    async fn look(&self, state: &SecretString, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let browser = visit.cookies.pending(state).ok_or(Refusal::NotBegun)?;
        let pending = self.table.pending(&opaque::digest(state)).await?.ok_or(Refusal::NotBegun)?;
        let is_theirs = pending.browser == opaque::digest(&browser) && visit.now < pending.ends_at;
        let Pending {
            connection: Some(connection), purpose: Purpose::Admission { request, admitted }, started_at, ..
        } = pending
        else {
            return Err(Refusal::NotBegun);
        };
        if !is_theirs {
            return Err(Refusal::NotBegun);
        }
        match self.look_for_account(connection, &request, &admitted, state, visit).await {
            Ok(Some(reply)) => Ok(reply.cookie(cookie::end(state))),
            Ok(None) if visit.now.duration_since(started_at) < PATIENCE => {
                Ok(Reply::page(200, page::wait(self.waiting_room(state).as_str(), visit.language)))
            }
            Ok(None) => Ok(self.refuse_with_way_back(&Refusal::NotYet, &request, Some(connection), visit)),
            Err(refusal) => Ok(self.refuse_with_way_back(&refusal, &request, Some(connection), visit)),
        }
    }

    async fn look_for_account(
        &self,
        id: ConnectionId,
        request: &PlatformRequest,
        admitted: &Admitted,
        state: &SecretString,
        visit: &Visit<'_>,
    ) -> Result<Option<Reply>, Refusal> {
        let tenant = self.secret(id, visit.now).await?.tenant;
        let account = Some((UserId::derive(tenant, admitted.person), admitted.person));
        let standing = self.table.standing(&Wanted { connection: Some(id), account, ..Wanted::default() }).await?;
        let connection = standing.connection.filter(|connection| connection.lets_in().is_some());
        let connection = connection.ok_or(Refusal::Organisation)?;
        let Some(account) = standing.account else { return Ok(None) };
        if !account.user.status.is_active() {
            return Err(Refusal::Deactivated);
        }
        // Of several looks at the same moment one begins the session.
        self.taken(state, visit).await?;
        self.begin_session(&connection, admitted, &account, request, visit).await.map(Some)
    }

    /// Where somebody waits.
    pub(super) fn waiting_room(&self, state: &SecretString) -> Url {
        let mut url = self.platform.origins().login().clone();
        if let Ok(ours) = Url::parse(&self.at(path::WAIT)) {
            url = ours;
        }
        url.query_pairs_mut().append_pair("state", state.expose_secret());
        url
    }
}
