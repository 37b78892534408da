//! Groups in scope as the last read found them, and teams.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::{ConnectionId, GroupId, PersonId, TeamId, TeamSource};
use rollcall_directory::team::Team;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::item::{MAX_ITEM, size, to_item};
use crate::item::{VERSION, binary, check_version, from_item, number, read_binary, read_id, read_text, read_u64, text};
use crate::keys::{GROUP, Item, Key, TEAM, partition};
use crate::page::{Page, PageRequest};
use crate::table::{Span, Table};
use crate::write::Write;

/// A group that scope reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredGroup {
    /// The display name.
    pub name: String,
    /// The groups that are direct members of this one. Some 24,000 fit into an item.
    pub children: BTreeSet<GroupId>,
    /// People who are direct members.
    pub members: u64,
}

/// The write that remembers a group.
pub(crate) fn write(connection: ConnectionId, group: GroupId, stored: &StoredGroup) -> Result<Write, Error> {
    let StoredGroup { name, children, members } = stored;
    let children: Vec<u8> = children.iter().flat_map(|child| *child.0.as_bytes()).collect();
    let mut item = Key::group(connection, group).item();
    item.insert("v".to_owned(), number(VERSION));
    item.insert("name".to_owned(), text(name));
    item.insert("children".to_owned(), binary(children));
    item.insert("members".to_owned(), number(*members));
    let bytes = size(&item);
    if bytes > MAX_ITEM {
        return Err(Error::TooLarge { item: "group", bytes });
    }
    Write::put("group", &item)
}

fn read(item: &Item) -> Result<(GroupId, StoredGroup), Error> {
    check_version("group", item)?;
    let bytes = read_binary("group", item, "children")?;
    if bytes.len() % 16 != 0 {
        return Err(Error::Corrupt { item: "group", what: "children are no whole ids".to_owned() });
    }
    let children = bytes.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok().map(GroupId)).collect();
    let name = read_text("group", item, "name")?.to_owned();
    Ok((
        read_id("group", item, "sk", GROUP)?,
        StoredGroup { name, children, members: read_u64("group", item, "members")? },
    ))
}

#[derive(Serialize, Deserialize)]
struct TeamRow {
    id: TeamId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<GroupId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manager: Option<PersonId>,
    name: String,
    active: bool,
}

/// The write that makes or changes a team.
pub(crate) fn write_team(connection: ConnectionId, team: &Team) -> Result<Write, Error> {
    let Team { id, source, name, active } = team.clone();
    let (group, manager) = match source {
        TeamSource::Group(group) => (Some(group), None),
        TeamSource::Manager(person) => (None, Some(person)),
    };
    let item = to_item("team", &Key::team(connection, source.id()), &TeamRow { id, group, manager, name, active })?;
    Write::put("team", &item)
}

fn read_team(item: Item) -> Result<Team, Error> {
    let TeamRow { id, group, manager, name, active } = from_item("team", item)?;
    let source = match (group, manager) {
        (Some(group), _) => TeamSource::Group(group),
        (None, Some(person)) => TeamSource::Manager(person),
        (None, None) => {
            return Err(Error::Corrupt { item: "team", what: "neither of a group nor of a manager".to_owned() });
        }
    };
    Ok(Team { id, source, name, active })
}

impl Table {
    /// All groups in scope as last read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn groups(&self, connection: ConnectionId) -> Result<BTreeMap<GroupId, StoredGroup>, Error> {
        self.query_all(Span::prefixed(partition(connection), GROUP)).await?.iter().map(read).collect()
    }

    /// Some groups by id. Who is not remembered is left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn groups_by_id(
        &self,
        connection: ConnectionId,
        groups: &BTreeSet<GroupId>,
    ) -> Result<BTreeMap<GroupId, StoredGroup>, Error> {
        let keys: Vec<Key> = groups.iter().map(|group| Key::group(connection, *group)).collect();
        self.get_many(&keys).await?.iter().map(read).collect()
    }

    /// All teams, retired ones too.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn teams(&self, connection: ConnectionId) -> Result<Vec<Team>, Error> {
        self.query_all(Span::prefixed(partition(connection), TEAM)).await?.into_iter().map(read_team).collect()
    }

    /// Teams, retired ones too, in the order of the object ids for which they stand.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn teams_page(&self, connection: ConnectionId, request: &PageRequest) -> Result<Page<Team>, Error> {
        let span = Span::prefixed(partition(connection), TEAM);
        let page = self.span_page(&format!("teams {connection}"), span, request).await?;
        let items = page.items.into_iter().map(read_team).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// The teams that stand for some groups or managers, by their object ids, in no particular order.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn teams_by_source(
        &self,
        connection: ConnectionId,
        sources: &BTreeSet<Uuid>,
    ) -> Result<Vec<Team>, Error> {
        let keys: Vec<Key> = sources.iter().map(|source| Key::team(connection, *source)).collect();
        self.get_many(&keys).await?.into_iter().map(read_team).collect()
    }

    /// The team that stands for the group or the manager with this object id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn team(&self, connection: ConnectionId, source: Uuid) -> Result<Option<Team>, Error> {
        self.get(&Key::team(connection, source)).await?.map(read_team).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(9));

    fn item(write: Write) -> Item {
        match write {
            Write::Put { item, .. } => item.item(),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn a_group_comes_back_as_it_was_written(
            name in ".{0,20}",
            members in any::<u64>(),
            children in proptest::collection::btree_set(any::<u128>(), 0..20),
        ) {
            let children = children.into_iter().map(|id| GroupId(Uuid::from_u128(id))).collect();
            let stored = StoredGroup { name, children, members };
            let group = GroupId(Uuid::from_u128(1));
            prop_assert_eq!(read(&item(write(CONNECTION, group, &stored).unwrap())).unwrap(), (group, stored));
        }

        #[test]
        fn a_team_comes_back_as_it_was_written(
            id in any::<u128>(),
            name in ".{0,20}",
            active in any::<bool>(),
            of_manager in any::<bool>(),
        ) {
            let id = Uuid::from_u128(id);
            let source =
                if of_manager { TeamSource::Manager(PersonId(id)) } else { TeamSource::Group(GroupId(id)) };
            let team = Team { id: TeamId(id), source, name, active };
            prop_assert_eq!(read_team(item(write_team(CONNECTION, &team).unwrap())).unwrap(), team);
        }
    }

    #[test]
    fn a_group_with_too_many_groups_below_is_refused_before_it_is_sent() {
        let children = (0..30_000).map(|id| GroupId(Uuid::from_u128(id))).collect();
        let stored = StoredGroup { children, ..StoredGroup::default() };
        let result = write(CONNECTION, GroupId(Uuid::from_u128(1)), &stored);
        assert!(matches!(result, Err(Error::TooLarge { .. })));
    }
}
