//! Asks Graph about single people: once more before something is taken from them, and in full
//! where what is stored can't be relied on.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::evidence::Answer;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::{PersonReading, Reading};
use rollcall_directory::property::Property;
use rollcall_directory::rules::Guests;
use rollcall_directory::scope::{GroupGraph, Nesting};
use rollcall_graph::users::{self, CHECKED_GROUPS};
use rollcall_graph::{Error, Expand, Page, Request, User};
use uuid::Uuid;

use super::failure::Failure;
use super::reading::{Answered, person};
use super::session::Session;

/// What Graph says now of each of these people.
///
/// `graph` holds the groups in question. `deleted` are those of whom the delta query said that they were removed: for them "not
/// found" is confirmation enough.
pub(super) async fn ask(
    session: &Session<'_>,
    graph: &GroupGraph,
    people: &[PersonId],
    deleted: &BTreeSet<PersonId>,
) -> Result<BTreeMap<PersonId, Answer>, Failure> {
    let of_interest = asked_properties(session);
    let select: Vec<String> = std::iter::once("accountEnabled".to_owned())
        .chain(of_interest.iter().map(|property| property.selected().to_owned()))
        .collect();
    let found = users_by_id(session, people, &select, Expand::Nothing).await?;
    let memberships = roots_of(session, graph, &found).await?;
    let missing: Vec<PersonId> = people.iter().filter(|person| !found.contains_key(*person)).copied().collect();
    let buried = among_deleted(session, &missing, deleted).await?;
    let doubts = session.state().doubts;
    let knows_groups = |id: &PersonId| graph.roots().is_empty() || memberships.contains_key(id);
    let answer = |id: &PersonId| match found.get(id) {
        Some(_) if !knows_groups(id) => Answer::Contradictory,
        Some(user) => {
            let reading = person(user.clone(), &of_interest, Answered::AsDelta);
            Answer::Present {
                enabled: match reading.enabled {
                    Reading::Is(enabled) => Some(enabled),
                    Reading::Absent | Reading::Cleared => None,
                },
                // Told only where the answer had all that a guest is told by.
                guest: reading
                    .over(None)
                    .filter(|_| reading.attributes.len() == of_interest.len() && !of_interest.is_empty())
                    .map(|person| person.is_guest()),
                member_of: memberships.get(id).cloned().unwrap_or_default(),
            }
        }
        None if deleted.contains(id) || buried.contains(id) => Answer::Deleted,
        None => Answer::Missing { since: doubts.get(id).copied().flatten() },
    };
    Ok(people.iter().map(|id| (*id, answer(id))).collect())
}

/// What must be known to tell whether somebody may stay, beside the groups.
fn asked_properties(session: &Session<'_>) -> BTreeSet<Property> {
    match session.connection.rules.guests {
        Guests::In => BTreeSet::new(),
        Guests::Out => BTreeSet::from([Property::UserType, Property::UserPrincipalName]),
    }
}

/// Everything about a person, read from their own side.
pub(super) struct Portrait {
    pub(super) reading: PersonReading,
    /// All groups of which the person is a direct member, in scope or not.
    pub(super) groups: BTreeSet<GroupId>,
}

/// Reads these people in full. Who is not found is left out.
pub(super) async fn portraits(
    session: &Session<'_>,
    graph: &GroupGraph,
    people: &[PersonId],
) -> Result<BTreeMap<PersonId, Portrait>, Failure> {
    let found = users_by_id(session, people, &session.selected(), Expand::Manager).await?;
    let mut groups =
        if graph.roots().is_empty() { BTreeMap::new() } else { direct_groups(session, found.keys().copied()).await? };
    let portrait = |(id, user): (PersonId, User)| {
        let groups = groups.remove(&id).unwrap_or_default();
        (id, Portrait { reading: person(user, &session.inputs, Answered::WithManager), groups })
    };
    Ok(found.into_iter().map(portrait).collect())
}

/// Users by id; who is not found is left out.
pub(super) async fn users_by_id(
    session: &Session<'_>,
    people: &[PersonId],
    select: &[String],
    expand: Expand,
) -> Result<BTreeMap<PersonId, User>, Failure> {
    let select: Vec<&str> = select.iter().map(String::as_str).collect();
    let requests: Vec<Request<User>> = people.iter().map(|person| users::get(person.0, &select, expand)).collect();
    let answers = session.graph.batch(&requests).await;
    let mut found = BTreeMap::new();
    for (person, answer) in people.iter().zip(answers) {
        match answer {
            Ok(user) => drop(found.insert(*person, user)),
            Err(Error::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(found)
}

/// The roots to which each belongs, in Graph's own opinion. Whom Graph then does not know is left out.
async fn roots_of(
    session: &Session<'_>,
    graph: &GroupGraph,
    found: &BTreeMap<PersonId, User>,
) -> Result<BTreeMap<PersonId, BTreeSet<GroupId>>, Failure> {
    if graph.roots().is_empty() {
        return Ok(BTreeMap::new());
    }
    if session.connection.scope.nesting() == Nesting::DirectOnly {
        let direct = direct_groups(session, found.keys().copied()).await?;
        let only_roots = |(person, groups): (PersonId, BTreeSet<GroupId>)| {
            (person, groups.intersection(graph.roots()).copied().collect())
        };
        return Ok(direct.into_iter().map(only_roots).collect());
    }
    let roots: Vec<Uuid> = graph.roots().iter().map(|group| group.0).collect();
    let questions: Vec<(PersonId, Request<Page<Uuid>>)> = found
        .keys()
        .flat_map(|person| {
            roots.chunks(CHECKED_GROUPS).map(|groups| (*person, users::check_member_groups(person.0, groups)))
        })
        .collect();
    collect(session, questions, |group| GroupId(*group)).await
}

async fn direct_groups(
    session: &Session<'_>,
    people: impl Iterator<Item = PersonId>,
) -> Result<BTreeMap<PersonId, BTreeSet<GroupId>>, Failure> {
    let questions = people.map(|person| (person, users::member_of(person.0))).collect();
    collect(session, questions, |group: &rollcall_graph::ObjectId| GroupId(group.id)).await
}

/// Asks and gathers the answers by person, reading on where an answer has more pages. Whom Graph does not know is left
/// out: that is no answer about groups.
async fn collect<T: Send>(
    session: &Session<'_>,
    questions: Vec<(PersonId, Request<Page<T>>)>,
    group: impl Fn(&T) -> GroupId,
) -> Result<BTreeMap<PersonId, BTreeSet<GroupId>>, Failure> {
    let (people, requests): (Vec<PersonId>, Vec<Request<Page<T>>>) = questions.into_iter().unzip();
    let answers = session.graph.batch(&requests).await;
    let mut gathered: BTreeMap<PersonId, BTreeSet<GroupId>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for ((person, request), answer) in people.into_iter().zip(requests).zip(answers) {
        let groups = gathered.entry(person).or_default();
        let mut page = match answer {
            // Deleted between the two questions, or asked of a copy that lags: the next run will find out.
            Err(Error::NotFound { .. }) => {
                unknown.insert(person);
                continue;
            }
            answer => answer?,
        };
        groups.extend(page.value.iter().map(&group));
        while let Some(next) = page.next {
            page = session.graph.send(&request.clone().at(next)).await?;
            groups.extend(page.value.iter().map(&group));
        }
    }
    gathered.retain(|person, _| !unknown.contains(person));
    Ok(gathered)
}

/// Those of the missing who are among the deleted items.
async fn among_deleted(
    session: &Session<'_>,
    missing: &[PersonId],
    known: &BTreeSet<PersonId>,
) -> Result<BTreeSet<PersonId>, Failure> {
    let open: Vec<PersonId> = missing.iter().filter(|person| !known.contains(*person)).copied().collect();
    let requests: Vec<Request<User>> = open.iter().map(|person| users::deleted(person.0)).collect();
    let answers = session.graph.batch(&requests).await;
    let mut buried = BTreeSet::new();
    for (person, answer) in open.into_iter().zip(answers) {
        match answer {
            Ok(_) => drop(buried.insert(person)),
            // Without the right to look there, nobody can be found there.
            Err(Error::NotFound { .. } | Error::Consent { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(buried)
}
