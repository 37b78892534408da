//! The list of what a person has to see to.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::desired::Problem;
use rollcall_directory::evidence::{Finding, examine};
use rollcall_directory::identity::PersonId;
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::user::shared_emails;
use rollcall_store::problem::{NotedProblem, ProblemChanges};

use super::failure::Failure;
use super::full::FullRun;
use super::question::ask;
use super::session::Session;

/// The whole list, after everybody was read. `spared` would be taken from accounts that are protected.
pub(super) async fn after_full(
    session: &Session<'_>,
    run: &FullRun,
    spared: &BTreeSet<Removal>,
) -> Result<ProblemChanges, Failure> {
    let now = session.now();
    let of_people = run.snapshot.problems().iter();
    let mut problems: Vec<NotedProblem> = of_people
        .map(|(person, (label, problem))| NotedProblem::of(*person, label.clone(), problem.clone(), now))
        .collect();
    for people in run.snapshot.same_emails() {
        let users = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
        problems.extend(
            shared_emails(users.values())
                .into_iter()
                .map(|(email, people)| NotedProblem::shared_email(email, people, now)),
        );
    }
    problems.extend(protected(session, run, spared).await?);
    let before = session.table().problems(session.connection.id).await?;
    Ok(ProblemChanges::between(&before, problems))
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

/// What is found of some people, and nobody else's.
pub(super) async fn of_some(
    session: &Session<'_>,
    people: &[PersonId],
    found: BTreeMap<PersonId, (String, Problem)>,
) -> Result<ProblemChanges, Failure> {
    let now = session.now();
    let possible = people.iter().flat_map(|person| NotedProblem::ids(*person));
    let before = session.table().problems_by_id(session.connection.id, possible).await?;
    let after = found.into_iter().map(|(person, (label, problem))| NotedProblem::of(person, label, problem, now));
    Ok(ProblemChanges::between(&before, after))
}
