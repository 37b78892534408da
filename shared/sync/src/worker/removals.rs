//! The only place where something is taken from anybody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::evidence::{Answer, Finding, examine};
use rollcall_directory::guard::{PlanHash, Reason, Situation, judge};
use rollcall_directory::identity::{GroupId, HoldId, PersonId};
use rollcall_directory::plan::{Loss, Removal, take};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::user::User;
use rollcall_store::commit::{Commit, UserWrite};
use rollcall_store::hold::{Hold, HoldStatus, HoldWrite};
use rollcall_store::page::PageRequest;

use super::failure::Failure;
use super::question::ask;
use super::session::{Session, time_ordered};
use crate::job::{Job, Message};

/// People who are asked about, and from whom things are then taken, between two checkpoints.
const AT_ONCE: usize = 200;
/// The latest holds, among which an open or rejected one for the same removals is looked for.
const HOLDS: u32 = 100;

/// What became of removals.
pub(super) struct Settled {
    /// They wait for a person's decision.
    pub(super) held: bool,
    /// Groups whose emptying is held or was rejected: they keep the size that they had, so that
    /// the next run sees the same.
    pub(super) unsettled_groups: BTreeSet<GroupId>,
    /// People to be asked about again, and since when they are missing if they are.
    pub(super) doubts: BTreeMap<PersonId, Option<Timestamp>>,
    /// Holds to open, close or replace, together with the advance of the cursor.
    pub(super) holds: Vec<HoldWrite>,
    /// What was taken.
    pub(super) taken: Vec<UserWrite>,
}

/// Guards removals, asks about each person once more, and takes what is confirmed.
///
/// `emptied` are groups that lose their last member, with the size they had; `deleted` are
/// people of whom a delta row said that they were removed; `complete` says that `removals` are
/// all that there are, and not only those of one round of changes.
pub(super) async fn settle(
    session: &mut Session<'_>,
    graph: &GroupGraph,
    mut removals: BTreeSet<Removal>,
    mut emptied: BTreeMap<GroupId, u64>,
    deleted: &BTreeSet<PersonId>,
    complete: bool,
) -> Result<Settled, Failure> {
    let state = session.state();
    let known = latest_holds(session).await?;
    let rejected = Rejected::among(session, &known, &removals).await?;
    removals.retain(|removal| !rejected.removals.contains(removal));
    emptied.retain(|group, _| !rejected.groups.contains(group));
    let situation =
        Situation { active: state.active, taken_lately: state.takings.lately(session.now()), emptied: emptied.clone() };
    let reasons = judge(&removals, &situation, session.connection.limits);
    session.run.counts.held = rejected.removals.len() as u64;
    session.run.hold = rejected.hold;
    session.run.reasons.clone_from(&reasons);
    let mut unsettled_groups = rejected.groups;
    // A preview shows what would go, and why it would be held first.
    if reasons.is_empty() || session.run.mode.is_preview() {
        let (doubts, taken) = apply(session, graph, &removals, deleted).await?;
        let holds = if complete { moves(&known, rejected.hold, HoldStatus::Closed) } else { Vec::new() };
        return Ok(Settled { held: !reasons.is_empty(), unsettled_groups, doubts, holds, taken });
    }
    session.run.counts.held += removals.len() as u64;
    unsettled_groups.extend(emptied.into_keys());
    let holds = hold(session, &known, removals, reasons);
    remind(session, &known).await;
    Ok(Settled { held: true, unsettled_groups, doubts: state.doubts, holds, taken: Vec::new() })
}

/// What a person refused to have taken, as far as the directory still asks for it.
#[derive(Default)]
struct Rejected {
    hold: Option<HoldId>,
    removals: BTreeSet<Removal>,
    groups: BTreeSet<GroupId>,
}

impl Rejected {
    async fn among(session: &Session<'_>, known: &[Hold], wanted: &BTreeSet<Removal>) -> Result<Self, Failure> {
        let Some(hold) = known.iter().find(|hold| hold.status == HoldStatus::Rejected) else {
            return Ok(Self::default());
        };
        let refused = session.table().hold_removals(session.connection.id, hold.id).await?;
        let removals: BTreeSet<Removal> = refused.intersection(wanted).cloned().collect();
        if removals.is_empty() {
            return Ok(Self::default());
        }
        let groups = emptied_groups(hold).collect();
        Ok(Self { hold: Some(hold.id), removals, groups })
    }
}

/// Groups whose emptying is among the reasons of a hold.
pub(super) fn emptied_groups(hold: &Hold) -> impl Iterator<Item = GroupId> + '_ {
    hold.reasons.iter().filter_map(|reason| match reason {
        Reason::EmptiedGroup { group, .. } => Some(*group),
        _ => None,
    })
}

/// Opens a hold in place of an older open one, unless one for the very same removals waits.
fn hold(
    session: &mut Session<'_>,
    known: &[Hold],
    removals: BTreeSet<Removal>,
    reasons: Vec<Reason>,
) -> Vec<HoldWrite> {
    let hash = PlanHash::of(&removals).to_string();
    let same = |hold: &&Hold| hold.hash == hash && matches!(hold.status, HoldStatus::Open | HoldStatus::Approved);
    if let Some(same) = known.iter().find(same) {
        session.run.hold = Some(same.id);
        return Vec::new();
    }
    let now = session.now();
    let hold = Hold {
        id: HoldId(time_ordered(now)),
        run: session.run.id,
        hash,
        status: HoldStatus::Open,
        reasons,
        created_at: now,
        decided_at: None,
        decided_by: None,
        removals: removals.len() as u64,
    };
    session.run.hold = Some(hold.id);
    let mut writes = moves(known, None, HoldStatus::Superseded);
    writes.push(HoldWrite::Open { hold, removals });
    writes
}

/// An approved hold that is still asked for was not applied: its run failed, or its message was lost. It is queued again.
async fn remind(session: &Session<'_>, known: &[Hold]) {
    let is_meant = |hold: &&Hold| session.run.hold == Some(hold.id) && hold.status == HoldStatus::Approved;
    let Some(hold) = known.iter().find(is_meant) else { return };
    let connection = session.connection.id;
    let by = hold.decided_by.clone().unwrap_or_default();
    let message = Message::new(connection, Job::ApplyHold { hold: hold.id, by });
    let key = format!("{connection}:hold:{}:{}", hold.id, session.lease.epoch());
    if let Err(error) = session.worker.queue.send(&message, &key).await {
        // The next run finds it as this one did.
        tracing::warn!(connection.id = %connection, %error, "an approved hold could not be queued again");
    }
}

async fn latest_holds(session: &Session<'_>) -> Result<Vec<Hold>, Failure> {
    let page = PageRequest { limit: HOLDS, cursor: None };
    Ok(session.table().holds_page(session.connection.id, &page).await?.items)
}

/// Ends open holds. A complete run that holds nothing has found that the directory itself undid
/// what was held, and then also what was rejected, unless `still_rejected`.
fn moves(known: &[Hold], still_rejected: Option<HoldId>, to: HoldStatus) -> Vec<HoldWrite> {
    let ends = |hold: &&Hold| match hold.status {
        HoldStatus::Open => true,
        HoldStatus::Rejected => to == HoldStatus::Closed && still_rejected != Some(hold.id),
        _ => false,
    };
    known.iter().filter(ends).map(|hold| HoldWrite::Move { hold: hold.id, from: hold.status, to }).collect()
}

/// Asks and takes. Answers who is still in doubt.
async fn apply(
    session: &mut Session<'_>,
    graph: &GroupGraph,
    removals: &BTreeSet<Removal>,
    deleted: &BTreeSet<PersonId>,
) -> Result<(BTreeMap<PersonId, Option<Timestamp>>, Vec<UserWrite>), Failure> {
    let by_person = by_person(removals);
    let people: Vec<PersonId> = by_person.keys().copied().collect();
    let before = session.state().doubts;
    let mut doubts = BTreeMap::new();
    let mut done = Vec::new();
    for some in people.chunks(AT_ONCE) {
        session.check_time()?;
        let asked: Vec<PersonId> = some.iter().filter(|person| needs_asking(&by_person, **person)).copied().collect();
        let answers = ask(session, graph, &asked, deleted).await?;
        let now = session.now();
        let mut taken: BTreeMap<PersonId, Vec<Loss>> = BTreeMap::new();
        for removal in some.iter().filter_map(|person| by_person.get(person)).flatten() {
            match finding(session, graph, removal, &answers, now) {
                Finding::Confirmed(loss) => taken.entry(removal.person).or_default().push(loss),
                // Who is back with an inactive account is looked at by every full run anyway.
                Finding::Refuted | Finding::Unproven if removal.loss == Loss::Deletion => {}
                Finding::Refuted => {
                    session.run.counts.refuted += 1;
                    doubts.insert(removal.person, None);
                }
                Finding::Unproven => {
                    session.run.counts.unproven += 1;
                    let missing = matches!(answers.get(&removal.person), Some(Answer::Missing { .. }));
                    let since = before.get(&removal.person).copied().flatten().unwrap_or(now);
                    doubts.insert(removal.person, missing.then_some(since));
                }
            }
        }
        done.extend(take_from(session, &taken).await?);
    }
    Ok((doubts, done))
}

fn finding(
    session: &Session<'_>,
    graph: &GroupGraph,
    removal: &Removal,
    answers: &BTreeMap<PersonId, Answer>,
    now: Timestamp,
) -> Finding {
    match answers.get(&removal.person) {
        Some(answer) => examine(removal, &session.policy(graph), answer, now),
        // Nobody was asked, because nothing needs asking about.
        None => Finding::Confirmed(removal.loss.clone()),
    }
}

fn needs_asking(by_person: &BTreeMap<PersonId, Vec<Removal>>, person: PersonId) -> bool {
    let needs = |removal: &Removal| matches!(removal.loss, Loss::Account(_) | Loss::Team(_) | Loss::Deletion);
    by_person.get(&person).is_some_and(|removals| removals.iter().any(needs))
}

pub(super) fn by_person(removals: &BTreeSet<Removal>) -> BTreeMap<PersonId, Vec<Removal>> {
    let mut sorted: BTreeMap<PersonId, Vec<Removal>> = BTreeMap::new();
    for removal in removals {
        sorted.entry(removal.person).or_default().push(removal.clone());
    }
    sorted
}

/// Takes from each what is listed. Answers what that changed.
pub(super) async fn take_from(
    session: &mut Session<'_>,
    taken: &BTreeMap<PersonId, Vec<Loss>>,
) -> Result<Vec<UserWrite>, Failure> {
    let people: Vec<PersonId> = taken.keys().copied().collect();
    let stored = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
    let now = session.now();
    let mut users = Vec::new();
    for (person, losses) in taken {
        let Some(before) = stored.get(person) else { continue };
        let taking = |user: Option<User>, loss: &Loss| user.and_then(|user| take(user, loss, now));
        let after = losses.iter().fold(Some(before.clone()), taking);
        if after.as_ref() != Some(before) {
            users.push(UserWrite { before: Some(before.clone()), after, taken: losses.clone() });
        }
    }
    if !users.is_empty() {
        session.save(Commit { users: users.clone(), ..Commit::at(now) }).await?;
    }
    Ok(users)
}
