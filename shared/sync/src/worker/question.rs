//! Asks Graph about single people: once more before something is taken from them, and in full
//! where what is stored can't be relied on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::evidence::{Answer, is_their_own_trouble};
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::{PersonReading, Reading};
use rollcall_directory::property::Property;
use rollcall_directory::rules::Guests;
use rollcall_directory::scope::{GroupGraph, Nesting};
use rollcall_graph::users::{self, CHECKED_GROUPS};
use rollcall_graph::{Error, Expand, FollowedLinks, Page, Request, User};
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
    let Told { told: found, mut unanswered } = users_by_id(session, people, &select, Expand::Nothing).await?;
    let Told { told: memberships, unanswered: without_groups } = roots_of(session, graph, &found).await?;
    unanswered.extend(without_groups);
    let is_missing = |person: &&PersonId| !found.contains_key(*person) && !unanswered.contains(*person);
    let missing: Vec<PersonId> = people.iter().filter(is_missing).copied().collect();
    let Told { told: buried, unanswered: unknown_burials } = among_deleted(session, &missing, deleted).await?;
    unanswered.extend(unknown_burials);
    let doubts = session.state().doubts;
    let knows_groups = |id: &PersonId| graph.roots().is_empty() || memberships.contains_key(id);
    let answer = |id: &PersonId| match found.get(id) {
        _ if unanswered.contains(id) => Answer::Unanswered,
        Some(_) if !knows_groups(id) => Answer::Contradictory,
        Some(user) => {
            let reading = person(user, &of_interest, Answered::AsDelta);
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

/// What Graph told of some people.
pub(super) struct Told<T> {
    pub(super) told: T,
    /// People about whom it failed to answer, and only about them.
    pub(super) unanswered: BTreeSet<PersonId>,
}

/// How long whoever Graph fails to answer about is left alone: it fails slowly, and everybody else would wait for that.
const LEFT_ALONE: SignedDuration = SignedDuration::from_mins(10);

/// Whether somebody was asked about in vain so recently that it is of no use to ask again.
pub(super) fn is_left_alone(unanswered: &BTreeMap<PersonId, Timestamp>, person: PersonId, now: Timestamp) -> bool {
    unanswered.get(&person).is_some_and(|asked| now.duration_since(*asked) < LEFT_ALONE)
}

/// Who is without an answer after some were asked about, and `failed` of them in vain; none where that is as before.
pub(super) fn unanswered_after(
    session: &Session<'_>,
    asked: impl Fn(PersonId) -> bool,
    failed: &BTreeSet<PersonId>,
) -> Option<BTreeMap<PersonId, Timestamp>> {
    let (before, now) = (session.state().unanswered, session.now());
    let kept = before.iter().filter(|(person, _)| !asked(**person)).map(|(person, at)| (*person, *at));
    let after: BTreeMap<PersonId, Timestamp> = kept.chain(failed.iter().map(|person| (*person, now))).collect();
    (after != before).then_some(after)
}

/// Who of those `asked` for is without an answer, if that is a matter of these people alone.
///
/// # Errors
/// The first failure, where Graph is in trouble as a whole, or no time is left to tell.
fn apart(
    session: &Session<'_>,
    asked: usize,
    failed: BTreeMap<PersonId, Error>,
) -> Result<BTreeSet<PersonId>, Failure> {
    if failed.is_empty() {
        return Ok(BTreeSet::new());
    }
    // Who failed before says nothing of how Graph fares now.
    let before = session.state().unanswered;
    let again = failed.keys().filter(|person| before.contains_key(*person)).count();
    let is_theirs = failed.values().all(Error::is_of_one_item)
        && is_their_own_trouble(asked - again, failed.len() - again)
        && !session.is_almost_out_of_time();
    if is_theirs {
        return Ok(failed.into_keys().collect());
    }
    let (theirs, graphs): (Vec<Error>, Vec<Error>) = failed.into_values().partition(Error::is_of_one_item);
    match graphs.into_iter().chain(theirs).next() {
        Some(error) => Err(error.into()),
        None => Ok(BTreeSet::new()),
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
) -> Result<Told<BTreeMap<PersonId, Portrait>>, Failure> {
    let Told { told: mut found, mut unanswered } =
        users_by_id(session, people, &session.selected(), Expand::Manager).await?;
    let mut groups = BTreeMap::new();
    if !graph.roots().is_empty() {
        let told = direct_groups(session, found.keys().copied()).await?;
        groups = told.told;
        unanswered.extend(told.unanswered);
    }
    found.retain(|person, _| !unanswered.contains(person));
    let portrait = |(id, user): (PersonId, User)| {
        let groups = groups.remove(&id).unwrap_or_default();
        (id, Portrait { reading: person(&user, &session.inputs, Answered::WithManager), groups })
    };
    Ok(Told { told: found.into_iter().map(portrait).collect(), unanswered })
}

/// Users by id; who is not found is left out.
pub(super) async fn users_by_id(
    session: &Session<'_>,
    people: &[PersonId],
    select: &[String],
    expand: Expand,
) -> Result<Told<BTreeMap<PersonId, User>>, Failure> {
    let select: Vec<&str> = select.iter().map(String::as_str).collect();
    let requests: Vec<Request<User>> = people.iter().map(|person| users::get(person.0, &select, expand)).collect();
    let answers = session.graph.batch(&requests).await;
    let (mut found, mut failed) = (BTreeMap::new(), BTreeMap::new());
    for (person, answer) in people.iter().zip(answers) {
        match answer {
            Ok(user) => drop(found.insert(*person, user)),
            Err(Error::NotFound { .. }) => {}
            Err(other) => drop(failed.insert(*person, other)),
        }
    }
    Ok(Told { told: found, unanswered: apart(session, people.len(), failed)? })
}

/// Groups by person.
type Groups = BTreeMap<PersonId, BTreeSet<GroupId>>;

/// The roots to which each belongs, in Graph's own opinion. Whom Graph then does not know is left out.
async fn roots_of(
    session: &Session<'_>,
    graph: &GroupGraph,
    found: &BTreeMap<PersonId, User>,
) -> Result<Told<Groups>, Failure> {
    if graph.roots().is_empty() {
        return Ok(Told { told: BTreeMap::new(), unanswered: BTreeSet::new() });
    }
    if session.connection.scope.nesting() == Nesting::DirectOnly {
        let Told { told: direct, unanswered } = direct_groups(session, found.keys().copied()).await?;
        let only_roots = |(person, groups): (PersonId, BTreeSet<GroupId>)| {
            (person, groups.intersection(graph.roots()).copied().collect())
        };
        return Ok(Told { told: direct.into_iter().map(only_roots).collect(), unanswered });
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

async fn direct_groups(session: &Session<'_>, people: impl Iterator<Item = PersonId>) -> Result<Told<Groups>, Failure> {
    let questions = people.map(|person| (person, users::member_of(person.0))).collect();
    collect(session, questions, |group: &rollcall_graph::ObjectId| GroupId(group.id)).await
}

/// Asks and gathers the answers by person, reading on where an answer has more pages. Whom Graph does not know is left
/// out: that is no answer about groups.
async fn collect<T: Send>(
    session: &Session<'_>,
    questions: Vec<(PersonId, Request<Page<T>>)>,
    group: impl Fn(&T) -> GroupId,
) -> Result<Told<Groups>, Failure> {
    let (people, requests): (Vec<PersonId>, Vec<Request<Page<T>>>) = questions.into_iter().unzip();
    let answers = session.graph.batch(&requests).await;
    let mut gathered = Groups::new();
    let (mut unknown, mut failed) = (BTreeSet::new(), BTreeMap::new());
    for ((person, request), answer) in people.into_iter().zip(requests).zip(answers) {
        let groups = gathered.entry(person).or_default();
        let (mut next, mut links) = (Some(answer), FollowedLinks::default());
        while let Some(answer) = next {
            let page = match answer {
                Ok(page) => page,
                // Deleted between the two questions, or asked of a copy that lags: the next run will find out.
                Err(Error::NotFound { .. }) => {
                    unknown.insert(person);
                    break;
                }
                Err(other) => {
                    failed.insert(person, other);
                    break;
                }
            };
            groups.extend(page.value.iter().map(&group));
            next = match page.next {
                Some(link) => match links.follow(&link, &request) {
                    Ok(()) => session.graph.batch(&[request.clone().at(link)]).await.pop(),
                    Err(circle) => Some(Err(circle)),
                },
                None => None,
            };
        }
    }
    let unanswered = apart(session, gathered.len(), failed)?;
    gathered.retain(|person, _| !unknown.contains(person) && !unanswered.contains(person));
    Ok(Told { told: gathered, unanswered })
}

/// Those of the missing who are among the deleted items.
async fn among_deleted(
    session: &Session<'_>,
    missing: &[PersonId],
    known: &BTreeSet<PersonId>,
) -> Result<Told<BTreeSet<PersonId>>, Failure> {
    let open: Vec<PersonId> = missing.iter().filter(|person| !known.contains(*person)).copied().collect();
    let requests: Vec<Request<User>> = open.iter().map(|person| users::deleted(person.0)).collect();
    let answers = session.graph.batch(&requests).await;
    let (mut buried, mut failed) = (BTreeSet::new(), BTreeMap::new());
    for (person, answer) in open.iter().zip(answers) {
        match answer {
            Ok(_) => drop(buried.insert(*person)),
            // Without the right to look there, nobody can be found there.
            Err(Error::NotFound { .. } | Error::Consent { .. }) => {}
            Err(other) => drop(failed.insert(*person, other)),
        }
    }
    Ok(Told { told: buried, unanswered: apart(session, open.len(), failed)? })
}
