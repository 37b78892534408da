//! Rows of delta pages as JSON.

use super::token::Tracked;
use crate::directory::{Kind, Object, Presence, Slot, View};
use crate::graph::json::{comma, key, write_id, write_known, write_type};
use uuid::Uuid;

/// Members told by one row: who came (`true`) and who went.
pub(super) type Members<'rows> = &'rows [(Slot, bool)];

/// What a row tells of the manager.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manager<'row> {
    /// Nothing: it did not change.
    Same,
    /// The one there is now, and everybody who was it in the round and went: a page of the round before may have told
    /// any of them.
    Now { before: &'row [Slot] },
}

/// A row of an object that is there.
pub(super) fn write_live(
    view: &View<'_>,
    object: &Object,
    tracked: &Tracked,
    mask: Option<u128>,
    members: Members<'_>,
    manager: Manager<'_>,
) -> Vec<u8> {
    let mut out = vec![b'{'];
    write_id(&mut out, object.id);
    write_known(&mut out, view, object, &tracked.columns, mask);
    if !members.is_empty() {
        out.extend_from_slice(b",\"members@delta\":");
        write_references(&mut out, view, members);
    }
    if let Manager::Now { before } = manager {
        write_manager(&mut out, view, object, before);
    }
    out.push(b'}');
    out
}

/// A row of an object that is gone: `changed` for the recycle bin, `deleted` for good.
pub(super) fn write_gone(id: Uuid, presence: Presence) -> Vec<u8> {
    let mut out = vec![b'{'];
    write_id(&mut out, id);
    write_removed(&mut out, if matches!(presence, Presence::Deleted(_)) { "changed" } else { "deleted" });
    out.push(b'}');
    out
}

fn write_manager(out: &mut Vec<u8>, view: &View<'_>, object: &Object, before: &[Slot]) {
    let now = view.manager(object).map(|(slot, _)| slot);
    let gone = before.iter().filter(|before| Some(**before) != now);
    let mut references: Vec<(Slot, bool)> = gone.map(|slot| (*slot, false)).collect();
    references.extend(now.map(|slot| (slot, true)));
    if !references.is_empty() {
        out.extend_from_slice(b",\"manager@delta\":");
        write_references(out, view, &references);
    }
}

fn write_references(out: &mut Vec<u8>, view: &View<'_>, references: Members<'_>) {
    out.push(b'[');
    let start = out.len();
    for (slot, present) in references {
        let (kind, id) = view.object(*slot).map_or((Kind::User, Uuid::nil()), |object| (object.kind, object.id));
        comma(out, start);
        out.push(b'{');
        write_type(out, kind);
        out.push(b',');
        write_id(out, id);
        if !present {
            write_removed(out, "deleted");
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn write_removed(out: &mut Vec<u8>, reason: &str) {
    out.push(b',');
    key(out, "@removed");
    out.extend_from_slice(b"{\"reason\":\"");
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\"}");
}
