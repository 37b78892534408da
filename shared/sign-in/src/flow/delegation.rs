//! Somebody lets the application act for them: with their mailbox, their calendar.
//!
//! They are asked at Entra's page of consent, for exactly the permissions of the link. The refresh token that comes of it is kept in
//! Secrets Manager alone; [`crate::entra::delegated_access`] is how it is used.

use std::collections::BTreeSet;

use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_graph::Authority;
use rollcall_store::{Connection, Delegation, DelegationLink, Purpose, SecretDigest};

use super::reply::Reply;
use super::{Service, Visit, log};
use crate::entra::answer::{Answer, Failure, Outcome};
use crate::entra::authorization::{self, AuthorizationRequest, Prompt};
use crate::entra::credential;
use crate::opaque;
use crate::page::delegation::{self as page, Result as DelegationResult};
use crate::provider::authorization::Query;
use crate::provider::discovery::path;
use crate::refusal::Refusal;

/// What makes Entra give a refresh token.
const OFFLINE: &str = "offline_access";

impl Service {
    /// The page of a link; with `begin` the way to Entra.
    pub async fn delegate(&self, query: &str, begin: bool, visit: &Visit<'_>) -> Reply {
        match self.asked(query, visit).await {
            Ok(Some((_, link, token))) if !begin => {
                let login = self.platform.origins().login().origin().ascii_serialization();
                Reply::page(200, page::invitation(&link.permissions, &token, visit.language)).forms_to([login])
            }
            Ok(Some((connection, link, _))) => match self.send_to_delegate(&connection, link, visit).await {
                Ok(reply) => reply,
                Err(refusal) => self.refuse(&refusal, visit),
            },
            Ok(None) => Reply::page(404, page::result(&DelegationResult::NoLink, visit.language)),
            Err(refusal) => self.refuse(&refusal, visit),
        }
    }

    /// What a link asks for, and by which connection.
    async fn asked(
        &self,
        query: &str,
        visit: &Visit<'_>,
    ) -> Result<Option<(Connection, DelegationLink, String)>, Refusal> {
        let Some(query) = Query::read(query) else { return Ok(None) };
        let Some(token) = query.get("link").filter(|token| opaque::is_random(token)) else { return Ok(None) };
        let Some(link) = self.table.delegation_link(&SecretDigest::of(token.as_bytes()), visit.now).await? else {
            return Ok(None);
        };
        let connection = self.table.connection(link.connection).await?;
        let connection = connection.filter(|connection| connection.lets_in().is_some());
        Ok(connection.map(|connection| (connection, link, token.to_owned())))
    }

    async fn send_to_delegate(
        &self,
        connection: &Connection,
        link: DelegationLink,
        visit: &Visit<'_>,
    ) -> Result<Reply, Refusal> {
        let secret = self.secret(connection.id, visit.now).await?;
        let credential = credential::usable(&secret.credential).map_err(|_| Refusal::Setup)?;
        let permissions: Vec<String> = link.permissions.into_iter().collect();
        let asked: Vec<String> = permissions.iter().cloned().chain([OFFLINE.to_owned()]).collect();
        let request = AuthorizationRequest {
            authority: Authority::Tenant(secret.tenant.0),
            client_id: credential.client_id(),
            redirect_uri: &self.at(path::CALLBACK),
            permissions: &asked,
            login_hint: None,
            domain_hint: None,
            prompt: Some(Prompt::Consent),
        };
        let purpose = Purpose::Delegation { person: link.person, permissions };
        self.leave(Some(connection.id), purpose, visit, |state| {
            authorization::address(&self.platform, &request, state, &self.seal)
        })
        .await
    }

    /// Keeps what somebody has agreed to.
    pub(super) async fn delegated(
        &self,
        connection: Option<ConnectionId>,
        person: PersonId,
        permissions: &[String],
        answer: &Answer,
        visit: &Visit<'_>,
    ) -> Reply {
        match self.keep_delegation(connection, person, permissions, answer, visit).await {
            Ok(result) => Reply::page(result.status(), page::result(&result, visit.language)),
            Err(refusal) => {
                log(&refusal, connection);
                Reply::page(refusal.status(), crate::page::refusal(&refusal, visit.language, None))
            }
        }
    }

    async fn keep_delegation(
        &self,
        connection: Option<ConnectionId>,
        person: PersonId,
        permissions: &[String],
        answer: &Answer,
        visit: &Visit<'_>,
    ) -> Result<DelegationResult, Refusal> {
        if matches!(answer.outcome, Outcome::Failed(Failure::Declined)) {
            return Ok(DelegationResult::Declined);
        }
        let vouched = self.vouched(connection, None, answer, visit).await?;
        if vouched.identity.person != person {
            return Ok(DelegationResult::SomebodyElse);
        }
        if !vouched.account.as_ref().is_some_and(|account| account.user.status.is_active()) {
            return Err(Refusal::Deactivated);
        }
        let granted = granted(vouched.tokens.scope.as_deref().unwrap_or_default(), permissions);
        let Some(token) = vouched.tokens.refresh_token.filter(|_| granted.len() == permissions.len()) else {
            return Ok(DelegationResult::NotAll);
        };
        let id = vouched.connection.id;
        // The right first: what the table tells of must be there.
        self.secrets.keep_refresh_token(id, person, &token).await?;
        self.table.put_delegation(id, &Delegation { person, permissions: granted, granted_at: visit.now }).await?;
        tracing::info!(connection.id = %id, person.id = %person, "somebody lets the application act for them");
        Ok(DelegationResult::Kept)
    }
}

/// Which of the permissions were granted. Entra names them with their resource, or without it for Graph.
fn granted(scope: &str, permissions: &[String]) -> BTreeSet<String> {
    let named: BTreeSet<&str> = scope.split(' ').filter_map(|scope| scope.rsplit('/').next()).collect();
    permissions.iter().filter(|permission| named.contains(permission.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_found_with_their_resource_or_without() {
        let wanted = ["Calendars.ReadWrite".to_owned(), "Mail.Send".to_owned()];
        let count = |scope| granted(scope, &wanted).len();
        assert_eq!(count("openid Mail.Send Calendars.ReadWrite"), 2);
        assert_eq!(count("https://graph.microsoft.com/Mail.Send profile"), 1);
        assert_eq!(count("Mail.Send.Shared Mail.Read"), 0);
        assert_eq!(count(""), 0);
    }
}
