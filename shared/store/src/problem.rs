//! What a person has to see to: people in scope who get no account, or not all of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::{ConnectionId, PersonId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::item::{from_item, to_item};
use crate::keys::{Key, PROBLEM, partition};
use crate::page::{Page, PageRequest};
use crate::table::{Span, Table};
use crate::write::Write;

/// A problem that was noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedProblem {
    /// Always the same for the same subject and kind, so that a problem is one item however often it is found.
    pub id: Uuid,
    /// Whose problem; none where it is about several people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What people call the subject.
    pub label: String,
    /// What is wrong.
    pub problem: Problem,
    /// When it was first found.
    pub since: Timestamp,
}

impl NotedProblem {
    /// A problem of one person.
    #[must_use]
    pub fn of(person: PersonId, label: String, problem: Problem, since: Timestamp) -> Self {
        let kind = match &problem {
            Problem::Lacks { .. } => LACKS,
            Problem::Adoption { .. } => ADOPTION,
            Problem::Protected { .. } => PROTECTED,
            Problem::SharedEmail { .. } => SHARED_EMAIL,
            Problem::EnabledUnknown => ENABLED_UNKNOWN,
            Problem::Unanswered => UNANSWERED,
            Problem::Photo { .. } => PHOTO,
        };
        Self { id: Uuid::new_v5(&person.0, kind), person: Some(person), label, problem, since }
    }

    /// The id of what is wrong with a person's photo.
    #[must_use]
    pub fn photo_id(person: PersonId) -> Uuid {
        Uuid::new_v5(&person.0, PHOTO)
    }

    /// The ids of every problem that a person's account can have. Photos are looked at by themselves.
    pub fn ids(person: PersonId) -> impl Iterator<Item = Uuid> {
        [LACKS, ADOPTION, PROTECTED, ENABLED_UNKNOWN, UNANSWERED].map(|kind| Uuid::new_v5(&person.0, kind)).into_iter()
    }

    /// The id of the problem that several people share this address, which is in lower case.
    #[must_use]
    pub fn shared_email_id(email: &str) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, email.as_bytes())
    }

    /// A problem of several people: the address that they share.
    #[must_use]
    pub fn shared_email(email: String, people: std::collections::BTreeSet<PersonId>, since: Timestamp) -> Self {
        let id = Self::shared_email_id(&email);
        Self { id, person: None, label: email.clone(), problem: Problem::SharedEmail { email, people }, since }
    }
}

/// What changes of the list of problems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProblemChanges {
    /// New ones, and those that are not as they were.
    pub noted: Vec<NotedProblem>,
    /// Those that are no more.
    pub gone: Vec<Uuid>,
}

impl ProblemChanges {
    /// What takes the list from `before` to `after`. A problem that stays keeps the time at which it was first found.
    #[must_use]
    pub fn between(before: &BTreeMap<Uuid, NotedProblem>, after: impl IntoIterator<Item = NotedProblem>) -> Self {
        let after: BTreeMap<Uuid, NotedProblem> = after.into_iter().map(|problem| (problem.id, problem)).collect();
        let gone = before.keys().filter(|id| !after.contains_key(id)).copied().collect();
        let kept = |problem: NotedProblem| match before.get(&problem.id) {
            Some(earlier) => NotedProblem { since: earlier.since, ..problem },
            None => problem,
        };
        let noted = after.into_values().map(kept).filter(|problem| before.get(&problem.id) != Some(problem)).collect();
        Self { noted, gone }
    }

    /// Adds what changes of other problems.
    pub fn add(&mut self, others: Self) {
        let Self { noted, gone } = others;
        self.noted.extend(noted);
        self.gone.extend(gone);
    }
}

const KIND: &str = "problem";
const LACKS: &[u8] = b"lacks";
const ADOPTION: &[u8] = b"adoption";
const PROTECTED: &[u8] = b"protected";
const SHARED_EMAIL: &[u8] = b"email";
const ENABLED_UNKNOWN: &[u8] = b"enabled";
const UNANSWERED: &[u8] = b"unanswered";
const PHOTO: &[u8] = b"photo";

pub(crate) fn writes(
    connection: ConnectionId,
    changes: ProblemChanges,
) -> impl Iterator<Item = Result<Write, Error>> + Send {
    let ProblemChanges { noted, gone } = changes;
    let noted = noted
        .into_iter()
        .map(move |problem| Write::put(KIND, &to_item(KIND, &Key::problem(connection, problem.id), &problem)?));
    noted.chain(gone.into_iter().map(move |id| Ok(Write::Delete(Key::problem(connection, id)))))
}

impl Table {
    /// All problems, by id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn problems(&self, connection: ConnectionId) -> Result<BTreeMap<Uuid, NotedProblem>, Error> {
        let items = self.query_all(Span::prefixed(partition(connection), PROBLEM)).await?;
        let problems = items.into_iter().map(|item| from_item::<NotedProblem>(KIND, item));
        problems.map(|problem| problem.map(|problem| (problem.id, problem))).collect()
    }

    /// Some problems by id. What is not noted is left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn problems_by_id(
        &self,
        connection: ConnectionId,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<BTreeMap<Uuid, NotedProblem>, Error> {
        let keys: Vec<Key> = ids.into_iter().map(|id| Key::problem(connection, id)).collect();
        let problems = self.get_many(&keys).await?.into_iter().map(|item| from_item::<NotedProblem>(KIND, item));
        problems.map(|problem| problem.map(|problem| (problem.id, problem))).collect()
    }

    /// Problems, in an order without meaning.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn problems_page(
        &self,
        connection: ConnectionId,
        request: &PageRequest,
    ) -> Result<Page<NotedProblem>, Error> {
        let span = Span::prefixed(partition(connection), PROBLEM);
        let page = self.span_page(&format!("problems {connection}"), span, request).await?;
        let items = page.items.into_iter().map(|item| from_item(KIND, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_directory::rules::Required;
    use std::collections::BTreeSet;

    fn lacks(person: u128, what: Required, second: i64) -> NotedProblem {
        let problem = Problem::Lacks { what: BTreeSet::from([what]) };
        let since = Timestamp::from_second(second).unwrap();
        NotedProblem::of(PersonId(Uuid::from_u128(person)), "Ann".to_owned(), problem, since)
    }

    fn known(problems: impl IntoIterator<Item = NotedProblem>) -> BTreeMap<Uuid, NotedProblem> {
        problems.into_iter().map(|problem| (problem.id, problem)).collect()
    }

    #[test]
    fn a_problem_that_stays_is_not_written_again() {
        let before = known([lacks(1, Required::Email, 5)]);
        assert_eq!(ProblemChanges::between(&before, [lacks(1, Required::Email, 9)]), ProblemChanges::default());
    }

    #[test]
    fn the_problems_that_one_person_can_have_are_found_by_their_ids_and_come_back_as_they_were() {
        let ann = PersonId(Uuid::from_u128(1));
        let lacks = Problem::Lacks { what: BTreeSet::from([Required::Email]) };
        for problem in [lacks, Problem::EnabledUnknown, Problem::Unanswered] {
            let noted = NotedProblem::of(ann, "Ann".to_owned(), problem, Timestamp::UNIX_EPOCH);
            assert!(NotedProblem::ids(ann).any(|id| id == noted.id), "{noted:?}");
            let key = Key::problem(ConnectionId(Uuid::from_u128(9)), noted.id);
            assert_eq!(from_item::<NotedProblem>(KIND, to_item(KIND, &key, &noted).unwrap()).unwrap(), noted);
        }
    }

    #[test]
    fn one_that_changed_keeps_its_time_and_one_that_is_solved_goes() {
        let before = known([lacks(1, Required::Email, 5), lacks(2, Required::Email, 5)]);
        let changes = ProblemChanges::between(&before, [lacks(1, Required::Surname, 9)]);
        assert_eq!(changes.noted, [lacks(1, Required::Surname, 5)]);
        assert_eq!(changes.gone, [lacks(2, Required::Email, 5).id]);
    }
}
