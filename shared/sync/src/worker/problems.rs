//! The list of what a person has to see to.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::user::User;
use rollcall_store::problem::{NotedProblem, ProblemChanges};

use super::failure::Failure;
use super::full::FullRun;
use super::session::Session;

/// The whole list, after everybody was read.
pub(super) async fn after_full(session: &Session<'_>, run: &FullRun) -> Result<ProblemChanges, Failure> {
    let now = session.now();
    let of_people = run.snapshot.problems().iter();
    let mut problems: Vec<NotedProblem> = of_people
        .map(|(person, (label, problem))| NotedProblem::of(*person, label.clone(), problem.clone(), now))
        .collect();
    for people in run.snapshot.same_emails() {
        let users = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
        problems.extend(
            shared(users.values()).into_iter().map(|(email, people)| NotedProblem::shared_email(email, people, now)),
        );
    }
    let before = session.table().problems(session.connection.id).await?;
    Ok(ProblemChanges::between(&before, problems))
}

/// Addresses that several of these active accounts have.
fn shared<'a>(users: impl Iterator<Item = &'a User>) -> BTreeMap<String, BTreeSet<PersonId>> {
    let mut by_email: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for user in users.filter(|user| user.status.is_active()) {
        if let Some(email) = &user.email {
            by_email.entry(email.to_lowercase()).or_default().insert(user.person);
        }
    }
    by_email.retain(|_, people| people.len() > 1);
    by_email
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
