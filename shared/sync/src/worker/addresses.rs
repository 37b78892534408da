//! Which people share an e-mail address, after some accounts have changed.
//!
//! No item is kept for each address: a first sync would write one more for everybody. Graph itself finds who has an address,
//! and the accounts say whether it is so. Only addresses that were taken up or given up are looked at.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::PersonId;
use rollcall_directory::rules::EmailSource;
use rollcall_directory::user::{User, shared_emails};
use rollcall_graph::{ObjectId, Page, Request, users};
use rollcall_store::commit::UserWrite;
use rollcall_store::problem::{NotedProblem, ProblemChanges};

use super::failure::Failure;
use super::session::Session;

/// People with one address up to whom the list is kept exact between full runs: more are a mistake in the directory, and
/// each change would read them all.
const SHARERS: usize = 100;

/// What the list of problems has to say after these accounts were written, about addresses only. `asked` are addresses that
/// somebody wants to know of.
pub(super) async fn after_changes(
    session: &Session<'_>,
    written: impl Iterator<Item = &UserWrite>,
    asked: BTreeSet<String>,
) -> Result<ProblemChanges, Failure> {
    let Turned { taken_up, given_up, accounts } = Turned::by(written);
    let looked_up: BTreeSet<String> = taken_up.union(&asked).cloned().collect();
    let turned: BTreeSet<String> = looked_up.union(&given_up).cloned().collect();
    if turned.is_empty() {
        return Ok(ProblemChanges::default());
    }
    let ids = turned.iter().map(|address| NotedProblem::shared_email_id(address));
    let mut before = session.table().problems_by_id(session.connection.id, ids).await?;
    let mut sharers = holders(session, &looked_up).await?;
    for noted in before.values() {
        if let rollcall_directory::desired::Problem::SharedEmail { email, people } = &noted.problem {
            sharers.entry(email.clone()).or_default().extend(people);
        }
    }
    for (person, user) in &accounts {
        if let Some(address) = user.as_ref().and_then(User::address).filter(|address| looked_up.contains(address)) {
            sharers.entry(address).or_default().insert(*person);
        }
    }
    let too_many: BTreeSet<String> =
        sharers.iter().filter(|(_, people)| people.len() > SHARERS).map(|(address, _)| address.clone()).collect();
    before.retain(|_, noted| !too_many.contains(&noted.label));
    sharers.retain(|address, people| people.len() > 1 && !too_many.contains(address));
    let now = session.now();
    let known = known(session, sharers.values().flatten().copied().collect(), accounts).await?;
    let shared = shared_emails(known.values()).into_iter().filter(|(address, _)| turned.contains(address));
    let shared = shared.filter(|(address, _)| !too_many.contains(address));
    let after = shared.map(|(address, people)| NotedProblem::shared_email(address, people, now));
    Ok(ProblemChanges::between(&before, after))
}

/// What writes do to addresses.
#[derive(Default)]
struct Turned {
    taken_up: BTreeSet<String>,
    given_up: BTreeSet<String>,
    /// The accounts after the writes, which may not be in the table yet.
    accounts: BTreeMap<PersonId, Option<User>>,
}

impl Turned {
    fn by<'a>(written: impl Iterator<Item = &'a UserWrite>) -> Self {
        let mut turned = Self::default();
        for write in written {
            let address = |user: &Option<User>| user.as_ref().and_then(User::address);
            let (before, after) = (address(&write.before), address(&write.after));
            if before != after {
                turned.given_up.extend(before);
                turned.taken_up.extend(after);
            }
            if let Some(person) = write.person() {
                turned.accounts.insert(person, write.after.clone());
            }
        }
        turned
    }
}

/// Who has these addresses in the directory. Entra itself keeps user principal names apart.
async fn holders(
    session: &Session<'_>,
    addresses: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<PersonId>>, Failure> {
    let properties: &[&str] = match session.connection.rules.email {
        EmailSource::UserPrincipalName => return Ok(BTreeMap::new()),
        EmailSource::Mail => &["mail"],
        EmailSource::MailThenUserPrincipalName => &["mail", "userPrincipalName"],
    };
    let requests: Vec<Request<Page<ObjectId>>> =
        addresses.iter().map(|address| users::with_address(properties, address)).collect();
    let answers = session.graph.batch(&requests).await;
    let mut found = BTreeMap::new();
    for (address, answer) in addresses.iter().zip(answers) {
        match answer {
            Ok(page) => {
                found.insert(address.clone(), page.value.iter().map(|user| PersonId(user.id)).collect());
            }
            // An address that Graph can't look for holds up nobody: the next full run compares all of them.
            Err(error) if error.is_of_one_item() => {
                tracing::warn!(connection.id = %session.connection.id, %error, "an address could not be looked for");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The accounts of these people as they are after what was written.
async fn known(
    session: &Session<'_>,
    people: BTreeSet<PersonId>,
    written: BTreeMap<PersonId, Option<User>>,
) -> Result<BTreeMap<PersonId, User>, Failure> {
    let (mut written, people): (BTreeMap<PersonId, Option<User>>, Vec<PersonId>) =
        (written, people.into_iter().collect());
    let mut users = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
    for person in people {
        match written.remove(&person) {
            Some(Some(after)) => drop(users.insert(person, after)),
            Some(None) => drop(users.remove(&person)),
            None => {}
        }
    }
    Ok(users)
}
