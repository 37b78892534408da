//! Later rounds: what changed between two points of the log.

use super::row::{Manager, write_gone, write_live};
use super::token::{Stage, Token, Tracked};
use super::{Written, page_size};
use crate::directory::{Change, Directory, Presence, Slot, View, What};
use crate::graph::Call;
use crate::settings::DeltaSettings;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// Rounds kept for their later pages. A round can always be computed again from the log.
const KEPT: usize = 16;

/// Rounds that were computed.
#[derive(Debug, Default)]
pub(crate) struct Rounds(VecDeque<(String, Arc<Vec<Row>>)>);

/// One row of a round.
#[derive(Clone, Debug)]
struct Row {
    slot: Slot,
    /// As it was at the end of the round, if it was gone.
    gone: Option<Presence>,
    /// Created or restored: the whole object is told.
    whole: bool,
    mask: u128,
    members: Vec<(Slot, bool)>,
    /// Former managers, when the manager is told.
    manager: Option<Vec<Slot>>,
}

/// What happened to one object in a round.
#[derive(Default)]
struct Touched {
    whole: bool,
    mask: u128,
    manager: Option<BTreeSet<Slot>>,
    members: BTreeMap<Slot, bool>,
}

/// Writes one page. The state is the two ends of the round in the log and the number of the next row.
pub(super) fn write(
    call: &Call<'_>,
    view: &View<'_>,
    token: &Token,
    tracked: &Tracked,
    settings: &DeltaSettings,
    random: &mut StdRng,
    (from, to, next): (u64, u64, u64),
) -> Written {
    let rows = rows(call, view.directory(), token, tracked, settings, (from, to));
    let start = usize::try_from(next).unwrap_or(usize::MAX).min(rows.len());
    let end = start.saturating_add(page_size(settings, random)).min(rows.len());
    let mut written = Vec::new();
    for row in rows.get(start..end).unwrap_or_default() {
        written.push(write_row(view, row, token, tracked));
        if random.random_range(0..100) < settings.replay_percent
            && let Some(earlier) = rows.get(random.random_range(0..end.max(1)))
        {
            written.push(write_row(view, earlier, token, tracked));
        }
    }
    let place = u64::try_from(end).unwrap_or(u64::MAX);
    let next = (end < rows.len()).then_some(Stage::Changes { from, to, next: place, after_empty: false });
    Written { rows: written, next, end: to }
}

fn write_row(view: &View<'_>, row: &Row, token: &Token, tracked: &Tracked) -> Vec<u8> {
    let Some(object) = view.object(row.slot) else { return b"{}".to_vec() };
    if !object.is_live() {
        return write_gone(object.id, object.presence);
    }
    if let Some(presence) = row.gone {
        return write_gone(object.id, presence);
    }
    let mask = (token.minimal && !row.whole).then_some(row.mask);
    let manager = row.manager.as_deref().map_or(Manager::Same, |before| Manager::Now { before });
    write_live(view, object, tracked, mask, &row.members, manager)
}

fn rows(
    call: &Call<'_>,
    directory: &Directory,
    token: &Token,
    tracked: &Tracked,
    settings: &DeltaSettings,
    (from, to): (u64, u64),
) -> Arc<Vec<Row>> {
    let key = format!(
        "{}/{from}/{to}/{:?}/{:?}/{}/{}",
        token.kind, token.select, token.ids, settings.members_per_row, settings.shuffle
    );
    let mut kept = crate::sync::lock(&call.tenant.rounds);
    if let Some((_, rows)) = kept.0.iter().find(|(known, _)| *known == key) {
        return rows.clone();
    }
    let rows = Arc::new(compute(directory, token, tracked, settings, (from, to)));
    if kept.0.len() >= KEPT {
        kept.0.pop_front();
    }
    kept.0.push_back((key, rows.clone()));
    rows
}

fn compute(
    directory: &Directory,
    token: &Token,
    tracked: &Tracked,
    settings: &DeltaSettings,
    (from, to): (u64, u64),
) -> Vec<Row> {
    let mut order = Vec::new();
    let mut touched: HashMap<Slot, Touched> = HashMap::new();
    for change in directory.changes(from, to) {
        let wanted =
            directory.object(change.object).is_some_and(|object| object.kind == token.kind() && token.wants(object.id));
        if wanted && tells(&change.what, tracked) {
            let entry = touched.entry(change.object).or_insert_with(|| {
                order.push(change.object);
                Touched::default()
            });
            entry.add(change);
        }
    }
    let end = directory.as_of(to);
    let most = usize::try_from(settings.members_per_row.max(1)).unwrap_or(1);
    // A group's first slice comes with the other objects, its second after all first ones, and so on.
    let mut turns: Vec<(usize, Row)> = Vec::new();
    for slot in order {
        if let Some(found) = touched.remove(&slot) {
            turns.extend(found.into_rows(&end, slot, tracked, most).into_iter().enumerate());
        }
    }
    turns.sort_by_key(|(turn, _)| *turn);
    let mut rows: Vec<Row> = turns.into_iter().map(|(_, row)| row).collect();
    if settings.shuffle {
        rows.shuffle(&mut StdRng::seed_from_u64(settings.seed ^ to));
    }
    rows
}

fn tells(what: &What, tracked: &Tracked) -> bool {
    match what {
        What::Created | What::Presence { .. } => true,
        What::Set { mask, .. } => mask & tracked.mask != 0,
        What::Manager { .. } => tracked.manager,
        What::MemberAdded(_) | What::MemberRemoved(_) => tracked.members,
    }
}

impl Touched {
    fn add(&mut self, change: &Change) {
        match &change.what {
            What::Created => self.whole = true,
            What::Presence { after, .. } => self.whole |= *after == Presence::Live,
            What::Set { mask, .. } => self.mask |= mask,
            What::Manager { before } => {
                self.manager.get_or_insert_default().extend(before);
            }
            What::MemberAdded(member) => {
                self.members.insert(*member, true);
            }
            What::MemberRemoved(member) => {
                self.members.insert(*member, false);
            }
        }
    }

    fn into_rows(mut self, end: &View<'_>, slot: Slot, tracked: &Tracked, most: usize) -> Vec<Row> {
        let Some(object) = end.object(slot) else { return Vec::new() };
        let gone = (!object.is_live()).then_some(object.presence);
        if self.whole && gone.is_none() && tracked.members {
            self.members.extend(end.members(object).into_iter().map(|member| (member, true)));
        }
        if self.whole && tracked.manager {
            self.manager.get_or_insert_default();
        }
        let manager: Option<Vec<Slot>> = self.manager.map(|before| before.into_iter().collect());
        let members: Vec<(Slot, bool)> = if gone.is_some() { Vec::new() } else { self.members.into_iter().collect() };
        let row = |members: &[(Slot, bool)]| Row {
            slot,
            gone,
            whole: self.whole,
            mask: self.mask,
            members: members.to_vec(),
            manager: manager.clone(),
        };
        if members.is_empty() { vec![row(&[])] } else { members.chunks(most).map(row).collect() }
    }
}
