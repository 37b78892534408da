//! The first round: every object, large groups in slices that take turns with each other.

use super::row::{Manager, write_gone, write_live};
use super::token::{Stage, Token, Tracked};
use super::{Written, page_size};
use crate::directory::{Object, Presence, Slot, View, narrow};
use crate::settings::DeltaSettings;
use rand::Rng;
use rand::rngs::StdRng;

/// Writes one page. The state is the end of the round in the log, the next position, and the unfinished groups.
pub(super) fn write(
    view: &View<'_>,
    token: &Token,
    tracked: &Tracked,
    settings: &DeltaSettings,
    random: &mut StdRng,
    (to, next, unfinished): (u64, u32, &[(u32, u32)]),
) -> Written {
    let size = page_size(settings, random);
    let mut page = Page { view, tracked, settings, rows: Vec::new(), open: Vec::new() };
    let (turn, later) = unfinished.split_at(unfinished.len().min(size));
    for (group, after) in turn {
        page.slice(Slot(*group), Some(Slot(*after)));
    }
    let mut position = next;
    let mut candidates = view.from(Slot(next), token.kind());
    while page.rows.len() < size {
        let Some((slot, object)) = candidates.next() else {
            position = narrow(view.directory().len());
            break;
        };
        position = slot.0 + 1;
        if token.wants(object.id) {
            page.object(slot, object);
        }
    }
    replay(&mut page, token, random, next);
    let Page { rows, mut open, .. } = page;
    open.extend_from_slice(later);
    let finished = open.is_empty() && usize::try_from(position).unwrap_or(usize::MAX) >= view.directory().len();
    let next = (!finished).then_some(Stage::First { to, next: position, open, after_empty: false });
    Written { rows, next, end: to }
}

/// Repeats some object of an earlier page.
fn replay(page: &mut Page<'_, '_>, token: &Token, random: &mut StdRng, next: u32) {
    if next == 0 || random.random_range(0..100) >= page.settings.replay_percent {
        return;
    }
    let slot = Slot(random.random_range(0..next));
    let found = page.view.object(slot).filter(|object| object.kind == token.kind() && token.wants(object.id));
    if let Some(object) = found {
        let open = page.open.len();
        page.object(slot, object);
        // The rest of a repeated group was told already, or will be.
        page.open.truncate(open);
    }
}

struct Page<'page, 'view> {
    view: &'page View<'view>,
    tracked: &'page Tracked,
    settings: &'page DeltaSettings,
    rows: Vec<Vec<u8>>,
    open: Vec<(u32, u32)>,
}

impl Page<'_, '_> {
    fn object(&mut self, slot: Slot, object: &Object) {
        match object.presence {
            Presence::Live => self.slice(slot, None),
            Presence::Deleted(_) if self.settings.removed_in_initial => {
                self.rows.push(write_gone(object.id, object.presence));
            }
            _ => {}
        }
    }

    /// A row of a group with the members after one; of any other object just its row.
    fn slice(&mut self, slot: Slot, after: Option<Slot>) {
        let Some(object) = self.view.live(slot) else { return };
        let most = usize::try_from(self.settings.members_per_row.max(1)).unwrap_or(1);
        let mut members = Vec::new();
        if self.tracked.members {
            let all = object.members().iter().filter(|member| after.is_none_or(|after| **member > after));
            let mut live = all.filter(|member| self.view.live(**member).is_some());
            members.extend(live.by_ref().take(most).map(|member| (*member, true)));
            if let (Some((last, _)), Some(_)) = (members.last(), live.next()) {
                self.open.push((slot.0, last.0));
            }
        }
        let manager = if self.tracked.manager { Manager::Now { before: &[] } } else { Manager::Same };
        self.rows.push(write_live(self.view, object, self.tracked, None, &members, manager));
    }
}
