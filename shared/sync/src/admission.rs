//! Lets people in who sign in and have no account yet: by the rule of the sync, asked of Graph at that moment, and through the sync,
//! which alone makes accounts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId};
use rollcall_directory::person::Person;
use rollcall_directory::scope::Nesting;
use rollcall_directory::user::Leaving;
use rollcall_graph::users::{self, CHECKED_GROUPS};
use rollcall_graph::{Error as GraphError, Expand, GraphClient, Page, Priority, Request};
use rollcall_sign_in::ports::{Admission, AdmissionError, Asked};
use rollcall_store::Connection;
use tokio::time::Instant;
use uuid::Uuid;

use crate::access::GraphAccess;
use crate::check::Checker;
use crate::job::{Job, Message};
use crate::ports::Queue;
use crate::subscription::address::Addresses;
use crate::worker::{Answered, person as reading};

/// The longest that Graph is asked while somebody waits.
const LONGEST: Duration = Duration::from_secs(8);
/// Who asked for the account, as the history tells it.
const SIGN_IN: &str = "sign-in";

/// Asks Graph, and has the sync make accounts.
pub struct DirectoryAdmission {
    access: GraphAccess,
    queue: Arc<dyn Queue>,
    addresses: Addresses,
}

impl std::fmt::Debug for DirectoryAdmission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectoryAdmission")
    }
}

impl DirectoryAdmission {
    /// With these.
    #[must_use]
    pub fn new(access: GraphAccess, queue: Arc<dyn Queue>, addresses: Addresses) -> Self {
        Self { access, queue, addresses }
    }

    /// With a client of its own: a kept one might still have a token from before the consent.
    async fn probe(&self, connection: &Connection, now: Timestamp) -> Result<Vec<&'static str>, AdmissionError> {
        let secret = self.access.read(connection.id).await.map_err(failed)?;
        let (_, client) = self.access.connect(&secret).map_err(failed)?;
        let client = client.until(Instant::now() + LONGEST).priority(Priority::High);
        let checker = Checker {
            client: &client,
            connection: connection.id,
            scope: &connection.scope,
            rules: &connection.rules,
            addresses: &self.addresses,
        };
        let checks = checker.run(now).await;
        let missing = checks.iter().filter_map(|check| check.trouble.as_ref()?.permission);
        let missing: BTreeSet<&'static str> = missing.collect();
        Ok(missing.into_iter().collect())
    }

    async fn look(&self, connection: &Connection, id: PersonId) -> Result<Asked, AdmissionError> {
        let (_, client) = self.access.client(connection.id).await.map_err(failed)?;
        let client = client.until(Instant::now() + LONGEST).priority(Priority::High);
        let rules = &connection.rules;
        let select = rules.selected();
        let select: Vec<&str> = select.iter().map(String::as_str).collect();
        let user = match client.send(&users::get(id.0, &select, Expand::Manager)).await {
            Ok(user) => user,
            Err(GraphError::NotFound { .. }) => return Ok(Asked::Disabled),
            Err(error) => return Err(failed(error)),
        };
        let person = reading(&user, &rules.inputs(), Answered::WithManager).over(None);
        let person = person.ok_or_else(|| failed("Graph does not say whether the account is enabled"))?;
        if let Err(leaving) = rules.admit(&person) {
            return Ok(kept_out(leaving));
        }
        let member_of = roots_of(&client, connection, &person).await?;
        if !connection.scope.admits(id, &member_of) {
            return Ok(Asked::NotInScope);
        }
        Ok(if rules.lacks(&person).is_empty() { Asked::In } else { Asked::Incomplete })
    }

    async fn queue(&self, connection: ConnectionId, person: PersonId) -> Result<(), AdmissionError> {
        let message = Message::new(connection, Job::Person { person, by: SIGN_IN.to_owned() });
        self.queue.send(&message, &format!("sign-in:{}", Uuid::new_v4())).await.map_err(failed)
    }
}

impl Admission for DirectoryAdmission {
    fn ask<'a>(&'a self, connection: &'a Connection, person: PersonId) -> BoxFuture<'a, Result<Asked, AdmissionError>> {
        Box::pin(self.look(connection, person))
    }

    fn missing<'a>(
        &'a self,
        connection: &'a Connection,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<&'static str>, AdmissionError>> {
        Box::pin(self.probe(connection, now))
    }

    fn make_account(&self, connection: ConnectionId, person: PersonId) -> BoxFuture<'_, Result<(), AdmissionError>> {
        Box::pin(self.queue(connection, person))
    }
}

/// The groups of the scope to which somebody belongs, in Graph's own opinion: it follows nested groups as the scope does.
async fn roots_of(
    client: &GraphClient,
    connection: &Connection,
    person: &Person,
) -> Result<BTreeSet<GroupId>, AdmissionError> {
    let roots = connection.scope.roots();
    if roots.is_empty() {
        return Ok(roots);
    }
    if connection.scope.nesting() == Nesting::DirectOnly {
        let first = users::member_of(person.id.0);
        let groups = all(client, &first).await?.into_iter().map(|group| GroupId(group.id));
        return Ok(groups.filter(|group| roots.contains(group)).collect());
    }
    let ids: Vec<Uuid> = roots.iter().map(|group| group.0).collect();
    let mut member_of = BTreeSet::new();
    for asked in ids.chunks(CHECKED_GROUPS) {
        member_of.extend(all(client, &users::check_member_groups(person.id.0, asked)).await?.into_iter().map(GroupId));
    }
    Ok(member_of)
}

async fn all<T: Send>(client: &GraphClient, first: &Request<Page<T>>) -> Result<Vec<T>, AdmissionError> {
    let mut links = rollcall_graph::FollowedLinks::default();
    let (mut found, mut request) = (Vec::new(), first.clone());
    loop {
        let page = client.send(&request).await.map_err(failed)?;
        found.extend(page.value);
        let Some(next) = page.next else { return Ok(found) };
        links.follow(&next, first).map_err(failed)?;
        request = first.clone().at(next);
    }
}

const fn kept_out(leaving: Leaving) -> Asked {
    match leaving {
        Leaving::Guest => Asked::Guest,
        Leaving::OutOfScope => Asked::NotInScope,
        Leaving::Disabled | Leaving::Deleted | Leaving::Undone => Asked::Disabled,
    }
}

fn failed(error: impl std::fmt::Display) -> AdmissionError {
    AdmissionError(error.to_string())
}
