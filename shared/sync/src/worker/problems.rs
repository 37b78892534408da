//! The list of what a person has to see to.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::desired::Problem;
use rollcall_directory::evidence::{Finding, examine};
use rollcall_directory::identity::PersonId;
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::user::{User, shared_emails};
use rollcall_store::problem::{NotedProblem, ProblemChanges};
use uuid::Uuid;

use super::failure::Failure;
use super::full::{FullRun, Known};
use super::question::ask;
use super::session::Session;

/// The whole list, after everybody was read. `spared` would be taken from accounts that are protected; `unanswered` are
/// people about whom Graph gives no answer.
pub(super) async fn after_full(
    session: &Session<'_>,
    run: &FullRun,
    spared: &BTreeSet<Removal>,
    unanswered: impl Iterator<Item = PersonId>,
) -> Result<ProblemChanges, Failure> {
    let now = session.now();
    let of_people = run.snapshot.problems().iter();
    let mut problems: Vec<NotedProblem> = of_people
        .map(|(person, (label, problem))| NotedProblem::of(*person, label.clone(), problem.clone(), now))
        .collect();
    for people in run.same_addresses() {
        let users = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
        problems.extend(
            shared_emails(users.values())
                .into_iter()
                .map(|(email, people)| NotedProblem::shared_email(email, people, now)),
        );
    }
    problems.extend(protected(session, run, spared).await?);
    problems.extend(nameless(session, unanswered.collect()).await?);
    let before = session.table().problems(session.connection.id).await?;
    problems.extend(before.values().filter(|noted| stays(session, run, noted)).cloned());
    Ok(ProblemChanges::between(&before, problems))
}

/// Whether a problem is none of this run's: photos are looked at by themselves, as long as there is somebody whose they are.
fn stays(session: &Session<'_>, run: &FullRun, noted: &NotedProblem) -> bool {
    let is_active = |person: PersonId| run.index.get(&person).is_some_and(Known::is_active);
    matches!(noted.problem, Problem::Photo { .. })
        && session.connection.rules.photo.wanted().is_some()
        && noted.person.is_some_and(is_active)
}

/// Protected accounts that only their protection keeps, of people whom the snapshot did not show.
async fn protected(
    session: &Session<'_>,
    run: &FullRun,
    spared: &BTreeSet<Removal>,
) -> Result<Vec<NotedProblem>, Failure> {
    if spared.is_empty() {
        return Ok(Vec::new());
    }
    let people: Vec<PersonId> = spared.iter().map(|removal| removal.person).collect();
    let answers = ask(session, &run.graph, &people, &BTreeSet::new()).await?;
    let users = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
    let now = session.now();
    let policy = session.policy(&run.graph);
    let mut problems = Vec::new();
    for removal in spared {
        let (Some(answer), Some(user)) = (answers.get(&removal.person), users.get(&removal.person)) else { continue };
        if let Finding::Confirmed(Loss::Account(leaving)) = examine(removal, &policy, answer, now) {
            problems.push(NotedProblem::of(removal.person, user.name(), Problem::Protected { leaving }, now));
        }
    }
    Ok(problems)
}

/// People about whom Graph gives no answer, called as their accounts call them.
async fn nameless(session: &Session<'_>, people: Vec<PersonId>) -> Result<Vec<NotedProblem>, Failure> {
    let users = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
    let name = |person: &PersonId| users.get(person).map_or_else(|| person.to_string(), User::name);
    let noted = |person: PersonId| NotedProblem::of(person, name(&person), Problem::Unanswered, session.now());
    Ok(people.into_iter().map(noted).collect())
}

/// That Graph gives no answer about these people is noted; what else is stays.
pub(super) async fn unanswered(session: &Session<'_>, people: BTreeSet<PersonId>) -> Result<ProblemChanges, Failure> {
    let people: Vec<PersonId> = people.into_iter().collect();
    let mut noted = of_some(session, &people).await?;
    noted.retain(|_, noted| noted.problem == Problem::Unanswered);
    Ok(ProblemChanges::between(&noted, nameless(session, people).await?))
}

/// What is noted of some people alone.
pub(super) async fn of_some(
    session: &Session<'_>,
    people: &[PersonId],
) -> Result<BTreeMap<Uuid, NotedProblem>, Failure> {
    let possible = people.iter().flat_map(|person| NotedProblem::ids(*person));
    Ok(session.table().problems_by_id(session.connection.id, possible).await?)
}

/// What changes where this was noted of some people and that was found. About those without an answer nothing is known but
/// that there is none.
pub(super) fn changes(
    session: &Session<'_>,
    mut noted: BTreeMap<Uuid, NotedProblem>,
    found: BTreeMap<PersonId, (String, Problem)>,
    unanswered: &BTreeSet<PersonId>,
) -> ProblemChanges {
    let is_open = |noted: &NotedProblem| noted.person.is_some_and(|person| unanswered.contains(&person));
    noted.retain(|_, noted| noted.problem == Problem::Unanswered || !is_open(noted));
    let now = session.now();
    let found = found.into_iter().map(|(person, (label, problem))| NotedProblem::of(person, label, problem, now));
    ProblemChanges::between(&noted, found)
}
