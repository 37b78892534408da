//! Why a person has an account, or has none, asked of the directory at this moment.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use rollcall_directory::adoption::{ExistingAccounts, Match};
use rollcall_directory::desired::Policy;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId, TenantId};
use rollcall_directory::person::Person;
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::why::{Verdict, Way, why as explain};
use rollcall_graph::{Error as GraphError, Expand, groups, organization, users};
use rollcall_store::{Connection, StoredGroup, StoredUser};
use rollcall_sync::worker::{Answered, graph, person as reading};

use super::super::{existing, must_be_bound};
use super::{ask, send};
use crate::app::App;
use crate::http::problem::Problem;
use crate::view::hold::name as name_of;
use crate::view::why::{About, Why};

/// Groups of which the name is asked for, where the table does not have it.
const NAMES: usize = 12;

/// Why it stands as it does with a person.
pub(crate) async fn why(app: &App, id: ConnectionId, person: PersonId) -> Result<Why, Problem> {
    let connection = existing(app, id).await?;
    must_be_bound(&connection)?;
    let (tenant, found) = read(app, &connection, person).await?;
    let account = app.table.user(id, tenant, person).await?;
    if found.is_none() && account.is_none() {
        return Err(Problem::not_found("person"));
    }
    let (stored, state) = (app.table.groups(id).await?, app.table.state(id).await?);
    let graph = graph(&connection.scope, &connection.rules, &stored);
    let direct = match &found {
        Some(_) if !graph.roots().is_empty() => direct_groups(app, id, person).await?,
        _ => BTreeSet::new(),
    };
    let matched = match &found {
        Some((person, _)) if account.is_none() => matched(app, &connection, person).await?,
        _ => None,
    };
    let policy = Policy { scope: &connection.scope, rules: &connection.rules, graph: &graph };
    let observed = account.as_ref().map(|stored| &stored.user);
    let answer = explain(tenant, &policy, found.as_ref().map(|(person, _)| person), &direct, matched, observed);
    let about = About {
        person,
        name: called(person, found.map(|(_, name)| name), account.as_ref()),
        scope: &connection.scope,
        attributes: &connection.rules.attributes,
        names: names(app, id, &stored, mentioned(&answer.ways, &answer.verdict, &graph)).await,
        account,
        groups_read_at: state.last_full_at,
    };
    Ok(Why::of(answer, about))
}

/// The person as the rules look at them, with the display name; none who is not in the directory.
async fn read(
    app: &App,
    connection: &Connection,
    person: PersonId,
) -> Result<(TenantId, Option<(Person, Option<String>)>), Problem> {
    let selected = connection.rules.selected();
    let select: Vec<&str> = selected.iter().map(String::as_str).chain(["displayName"]).collect();
    let (tenant, answer) = ask(app, connection.id, &users::get(person.0, &select, Expand::Manager)).await?;
    let user = match answer {
        Ok(user) => user,
        Err(GraphError::NotFound { .. }) => return Ok((tenant, None)),
        Err(error) => return Err(error.into()),
    };
    let name = user.properties.text("displayName").map(str::to_owned);
    let known = reading(&user, &connection.rules.inputs(), Answered::WithManager).over(None);
    // Without `accountEnabled` nobody can tell, and Graph always says it when asked.
    let known = known.ok_or_else(|| {
        Problem::directory_fault("Microsoft Graph did not say whether the account is enabled. Try again.")
    })?;
    Ok((tenant, Some((known, name))))
}

/// All groups of which the person is a direct member.
async fn direct_groups(app: &App, id: ConnectionId, person: PersonId) -> Result<BTreeSet<GroupId>, Problem> {
    let first = users::member_of(person.0);
    let (mut direct, mut request) = (BTreeSet::new(), first.clone());
    loop {
        let (_, page) = send(app, id, &request).await?;
        direct.extend(page.value.iter().map(|group| GroupId(group.id)));
        match page.next {
            Some(next) => request = first.clone().at(next),
            None => return Ok(direct),
        }
    }
}

/// The account that was there before and may be theirs.
async fn matched(app: &App, connection: &Connection, person: &Person) -> Result<Option<Match>, Problem> {
    let accounts = app.table.existing(connection.id).await?;
    if accounts.is_empty() {
        return Ok(None);
    }
    let (_, organization) = send(app, connection.id, &organization::get()).await?;
    let domains = organization.value.into_iter().flat_map(|organization| organization.verified_domains);
    let domains = domains.map(|domain| domain.name);
    Ok(ExistingAccounts::new(accounts, &connection.rules.adoption, domains).find(person))
}

fn called(person: PersonId, name: Option<Option<String>>, account: Option<&StoredUser>) -> String {
    name.flatten().or_else(|| account.and_then(|stored| name_of(&stored.user))).unwrap_or_else(|| person.to_string())
}

/// The groups that an answer speaks of.
fn mentioned(ways: &[Way], verdict: &Verdict, graph: &GroupGraph) -> BTreeSet<GroupId> {
    let mut groups: BTreeSet<GroupId> = ways.iter().flat_map(|way| &way.path).copied().collect();
    if let Verdict::In(account) = verdict {
        groups.extend(&account.teams);
    }
    groups.extend(graph.roots());
    groups
}

/// Their names: from the table, and of a few others from Graph. A name that can't be had is left out.
async fn names(
    app: &App,
    id: ConnectionId,
    stored: &BTreeMap<GroupId, StoredGroup>,
    mentioned: BTreeSet<GroupId>,
) -> BTreeMap<GroupId, String> {
    let known = |group: &GroupId| stored.get(group).map(|stored| stored.name.clone()).filter(|name| !name.is_empty());
    let (named, unnamed): (Vec<GroupId>, Vec<GroupId>) = mentioned.iter().partition(|group| known(group).is_some());
    let asked = unnamed.into_iter().take(NAMES).map(|group| async move {
        let (_, found) = ask(app, id, &groups::get(group.0)).await.ok()?;
        Some((group, found.ok()?.display_name.value().cloned()?))
    });
    let told = join_all(asked).await.into_iter().flatten();
    named.into_iter().filter_map(|group| Some((group, known(&group)?))).chain(told).collect()
}
