//! Both delta rounds, read to their end and folded.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::PersonReading;
use rollcall_directory::property::Property;
use rollcall_graph::{DeltaStart, Group, MemberChange, MemberKind, PageLink, Removed, User, groups, users};
use rollcall_store::state::Cursor;

use super::ByPerson;
use crate::worker::failure::Failure;
use crate::worker::full::{GROUP_DELTA_SELECT, user_delta_select};
use crate::worker::reading::{Answered, person};
use crate::worker::session::Session;

/// Rows after which a full run is the cheaper way, and memory is worth sparing.
const MOST_ROWS: usize = 30_000;

/// What changed since the cursor.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The last word on each person who exists.
    pub(super) readings: ByPerson<PersonReading>,
    /// People whose last word is that they were removed.
    pub(super) deleted: BTreeSet<PersonId>,
    /// The last word on each group.
    pub(super) groups: BTreeMap<GroupId, GroupChange>,
    /// From where the next round begins; none where no round was read.
    pub(super) cursor: Option<Cursor>,
}

/// What changed on a group.
#[derive(Debug, Default)]
pub(super) struct GroupChange {
    pub(super) name: Option<String>,
    pub(super) removed: bool,
    /// The last word on each person's membership: joined or left.
    pub(super) people: BTreeMap<PersonId, bool>,
    /// The last word on each nested group: there or not.
    pub(super) children: BTreeMap<GroupId, bool>,
}

pub(super) async fn read(session: &mut Session<'_>, cursor: &Cursor) -> Result<Changes, Failure> {
    let read_at = session.now();
    let mut changes = Changes::default();
    let mut next = Cursor { read_at, ..cursor.clone() };
    if let Some(link) = &cursor.groups {
        let start = DeltaStart::Link(PageLink::new(link.clone()));
        let mut pages = session.graph.pages(groups::delta(GROUP_DELTA_SELECT, start));
        let mut rows = 0;
        while let Some(page) = pages.next().await? {
            session.run.progress.pages += 1;
            rows += page.value.iter().map(|group| 1 + group.members.len()).sum::<usize>();
            enough(rows)?;
            page.value.into_iter().for_each(|row| changes.group_row(row));
            next.groups = page.delta.map(|link| link.as_str().to_owned()).or(next.groups);
        }
    }
    // Users after groups: whoever is in a group row by now is known to the users' round as well.
    let start = DeltaStart::Link(PageLink::new(cursor.users.clone()));
    let select = user_delta_select(session);
    let select: Vec<&str> = select.iter().map(String::as_str).collect();
    let mut pages = session.graph.pages(users::delta(&select, start));
    while let Some(page) = pages.next().await? {
        session.run.progress.pages += 1;
        page.value.into_iter().for_each(|row| changes.user_row(row, &session.inputs));
        enough(changes.readings.len() + changes.deleted.len())?;
        if let Some(link) = page.delta {
            next.users = link.as_str().to_owned();
        }
    }
    changes.cursor = Some(next);
    Ok(changes)
}

fn enough(rows: usize) -> Result<(), Failure> {
    if rows > MOST_ROWS { Err(Failure::NeedsFull("more has changed than single changes are worth")) } else { Ok(()) }
}

impl Changes {
    fn user_row(&mut self, row: User, inputs: &BTreeSet<Property>) {
        let id = PersonId(row.id);
        match row.removed {
            Some(Removed::Changed | Removed::Deleted) => {
                self.readings.remove(&id);
                self.deleted.insert(id);
            }
            None => {
                self.deleted.remove(&id);
                let reading = person(&row, inputs, Answered::AsDelta);
                self.readings.entry(id).or_insert_with(|| PersonReading::of(id)).absorb(reading);
            }
        }
    }

    fn group_row(&mut self, row: Group) {
        let change = self.groups.entry(GroupId(row.id)).or_default();
        change.removed = row.removed.is_some();
        if let Some(name) = row.display_name.value() {
            change.name = Some(name.clone());
        }
        for MemberChange { id, kind, removed } in row.members {
            match kind {
                MemberKind::User => drop(change.people.insert(PersonId(id), !removed)),
                MemberKind::Group => drop(change.children.insert(GroupId(id), !removed)),
                MemberKind::Other => {}
                // Whoever it was left, whatever it was: both readings are harmless.
                MemberKind::NotStated if removed => {
                    change.people.insert(PersonId(id), false);
                    change.children.insert(GroupId(id), false);
                }
                MemberKind::NotStated => drop(change.people.insert(PersonId(id), true)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_directory::person::Reading;
    use serde_json::json;
    use uuid::Uuid;

    fn id() -> PersonId {
        PersonId(Uuid::from_u128(1))
    }

    #[test]
    fn a_person_who_was_removed_and_restored_in_one_round_is_there() {
        let mut changes = Changes::default();
        let id_text = id().to_string();
        for row in
            [json!({"id": id_text, "@removed": {"reason": "changed"}}), json!({"id": id_text, "accountEnabled": true})]
        {
            changes.user_row(serde_json::from_value(row).unwrap(), &BTreeSet::new());
        }
        assert!(changes.deleted.is_empty());
        assert_eq!(changes.readings[&id()].enabled, Reading::Is(true));
    }

    #[test]
    fn slices_of_one_group_are_merged_and_the_last_word_on_a_member_holds() {
        let mut changes = Changes::default();
        let group = Uuid::from_u128(9).to_string();
        for members in [
            json!([{"@odata.type": "#microsoft.graph.user", "id": id()}]),
            json!([{"@odata.type": "#microsoft.graph.user", "id": id(), "@removed": {"reason": "deleted"}}]),
        ] {
            let row = json!({"id": group, "displayName": "Sales", "members@delta": members});
            changes.group_row(serde_json::from_value(row).unwrap());
        }
        let change = &changes.groups[&GroupId(Uuid::from_u128(9))];
        assert_eq!(change.people, BTreeMap::from([(id(), false)]));
    }
}
