//! Random changes of a directory, from a seed.

use entra::directory::{Directory, Kind, NewObject, Object, Presence, Slot, WriteError};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// Makes random changes. The same seed makes the same changes of the same directory.
pub struct History {
    random: StdRng,
}

type Done = Result<(), WriteError>;

impl History {
    /// Changes from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    /// One change of a person or a membership. A change that the directory refuses is none. Tells of those that are in
    /// the list of what is to be survived.
    pub fn change(&mut self, directory: &mut Directory, now: i64) -> Option<&'static str> {
        let person = self.pick(directory, Kind::User);
        let group = self.pick(directory, Kind::Group);
        let (Some(person), Some(group)) = (person, group) else { return None };
        let kind = self.random.random_range(0..12);
        let done = match kind {
            0 => self.join(directory, group, now),
            1 => directory.delete(person, now),
            2 => self.restore(directory, now),
            3 => set(directory, person, "accountEnabled", Some("false"), now),
            4 => set(directory, person, "accountEnabled", Some("true"), now),
            5 => set(directory, person, "department", Some(&format!("Department {}", self.random.random::<u8>())), now),
            6 => set(directory, person, "officeLocation", None, now),
            7 => directory.set_manager(person, self.pick(directory, Kind::User), now),
            8 | 9 => directory.add_member(group, person, now),
            10 => self.leave(directory, group, now),
            _ => set(directory, group, "displayName", Some(&format!("Group {}", self.random.random::<u8>())), now),
        };
        // Refused changes (a member twice, a manager of oneself) are part of a directory's life.
        let name = match kind {
            1 => "B30 somebody is deleted",
            2 => "B22 somebody is restored",
            3 => "B30 an account is disabled",
            10 => "B24 somebody leaves a group",
            11 => "B31 a group is renamed",
            _ => return None,
        };
        done.ok().map(|()| name)
    }

    /// Nests a group into another, or takes one out.
    pub fn nest(&mut self, directory: &mut Directory, now: i64) {
        let (Some(outer), Some(inner)) = (self.pick(directory, Kind::Group), self.pick(directory, Kind::Group)) else {
            return;
        };
        let done = if self.random.random_bool(0.5) {
            directory.add_member(outer, inner, now)
        } else {
            directory.remove_member(outer, inner, now)
        };
        drop(done);
    }

    /// One event of those that a directory meets more rarely. Tells what it was, if the directory took it.
    pub fn event(&mut self, directory: &mut Directory, now: i64) -> Option<&'static str> {
        let person = self.pick(directory, Kind::User)?;
        let group = self.pick(directory, Kind::Group)?;
        let (name, done) = match self.random.random_range(0..100) {
            0..20 => ("B22 rehire under another name", self.restore_renamed(directory, now)),
            20..30 => ("B22 deleted for good", directory.purge(person, now)),
            30..36 => ("B22 a new person takes the name of a deleted one", self.reuse_name(directory, group, now)),
            36..52 => ("B27 two swap their names", self.swap(directory, "userPrincipalName", now)),
            52..62 => ("B27 two swap their addresses", self.swap(directory, "mail", now)),
            62..68 => ("B27 three pass on their names", self.rotate(directory, now)),
            68..74 => ("B27 only the case of a name changes", upper_case(directory, person, now)),
            74..78 => ("B27 an address of somebody else", self.share_address(directory, person, now)),
            78..83 => ("B26 managers in a circle", self.manager_circle(directory, now)),
            83..86 => ("B25 a group is a member of itself", directory.add_member(group, group, now)),
            86..94 => {
                self.nest(directory, now);
                ("B25 groups nest otherwise", Ok(()))
            }
            94..96 => ("B32 a group is emptied", empty(directory, group, now)),
            96..97 => ("B31 a group is deleted", directory.delete(group, now)),
            _ => ("B33 an attribute is blank for all", blank(directory, now)),
        };
        done.ok().map(|()| name)
    }

    /// Empties a group, and gives what was in it.
    pub fn drain(&mut self, directory: &mut Directory, group: Uuid, now: i64) -> Vec<Slot> {
        let Some(slot) = directory.find(group) else { return Vec::new() };
        let members = directory.object(slot).map(|group| group.members().to_vec()).unwrap_or_default();
        drop(empty(directory, slot, now));
        members
    }

    fn pick(&mut self, directory: &Directory, kind: Kind) -> Option<Slot> {
        directory.live(kind).map(|(slot, _)| slot).choose(&mut self.random)
    }

    fn join(&mut self, directory: &mut Directory, group: Slot, now: i64) -> Done {
        let id = Uuid::from_u128(self.random.random());
        self.create(directory, group, id, &format!("{}@example.com", id.simple()), now)
    }

    fn create(&mut self, directory: &mut Directory, group: Slot, id: Uuid, name: &str, now: i64) -> Done {
        let values = [
            ("accountEnabled", "true".to_owned()),
            ("displayName", format!("Joiner {id}")),
            ("givenName", "Joiner".to_owned()),
            ("surname", id.simple().to_string()),
            ("userPrincipalName", name.to_owned()),
        ];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect();
        let slot = directory.create(NewObject { kind: Kind::User, id, values }, now)?;
        directory.add_member(group, slot, now)
    }

    fn deleted(&mut self, directory: &Directory) -> Option<Slot> {
        let is_deleted = |object: &Object| object.kind == Kind::User && matches!(object.presence, Presence::Deleted(_));
        directory.slots().filter(|slot| directory.object(*slot).is_some_and(is_deleted)).choose(&mut self.random)
    }

    fn restore(&mut self, directory: &mut Directory, now: i64) -> Done {
        match self.deleted(directory) {
            Some(slot) => directory.restore(slot, None, now),
            None => Ok(()),
        }
    }

    fn restore_renamed(&mut self, directory: &mut Directory, now: i64) -> Done {
        let name = format!("rehired{}@example.com", self.random.random::<u32>());
        match self.deleted(directory) {
            Some(slot) => directory.restore(slot, Some(&name), now),
            None => Err(WriteError::Missing(String::new())),
        }
    }

    fn reuse_name(&mut self, directory: &mut Directory, group: Slot, now: i64) -> Done {
        let deleted = self.deleted(directory).ok_or_else(|| WriteError::Missing(String::new()))?;
        let name = directory.text(deleted, "userPrincipalName").unwrap_or_default().to_owned();
        let id = Uuid::from_u128(self.random.random());
        self.create(directory, group, id, &name, now)
    }

    fn swap(&mut self, directory: &mut Directory, property: &str, now: i64) -> Done {
        match (self.pick(directory, Kind::User), self.pick(directory, Kind::User)) {
            (Some(one), Some(other)) if one != other => directory.swap(one, other, property, now),
            _ => Err(WriteError::Kind),
        }
    }

    /// A takes B's name, B takes C's, C takes A's.
    fn rotate(&mut self, directory: &mut Directory, now: i64) -> Done {
        let three: Vec<Slot> = directory.live(Kind::User).map(|(slot, _)| slot).choose_multiple(&mut self.random, 3);
        let [one, two, three] = three.as_slice() else { return Err(WriteError::Kind) };
        directory.swap(*one, *two, "userPrincipalName", now)?;
        directory.swap(*two, *three, "userPrincipalName", now)
    }

    fn share_address(&mut self, directory: &mut Directory, person: Slot, now: i64) -> Done {
        let other = self.pick(directory, Kind::User).filter(|other| *other != person).ok_or(WriteError::Kind)?;
        let address = directory.text(other, "mail").ok_or(WriteError::Kind)?.to_owned();
        set(directory, person, "mail", Some(&address), now)
    }

    fn manager_circle(&mut self, directory: &mut Directory, now: i64) -> Done {
        let three: Vec<Slot> = directory.live(Kind::User).map(|(slot, _)| slot).choose_multiple(&mut self.random, 3);
        for (number, person) in three.iter().enumerate() {
            directory.set_manager(*person, three.get((number + 1) % three.len()).copied(), now)?;
        }
        Ok(())
    }

    fn leave(&mut self, directory: &mut Directory, group: Slot, now: i64) -> Done {
        let members: Vec<Slot> = directory.object(group).map(|group| group.members().to_vec()).unwrap_or_default();
        let people: Vec<&Slot> = members
            .iter()
            .filter(|member| directory.object(**member).is_some_and(|object| object.kind == Kind::User))
            .collect();
        match people.choose(&mut self.random) {
            Some(person) => directory.remove_member(group, **person, now),
            None => Ok(()),
        }
    }
}

fn empty(directory: &mut Directory, group: Slot, now: i64) -> Done {
    let members = directory.object(group).map(|group| group.members().to_vec()).unwrap_or_default();
    for member in members {
        directory.remove_member(group, member, now)?;
    }
    Ok(())
}

fn blank(directory: &mut Directory, now: i64) -> Done {
    let people: Vec<Slot> = directory.live(Kind::User).map(|(slot, _)| slot).collect();
    for person in people {
        set(directory, person, "officeLocation", None, now)?;
    }
    Ok(())
}

fn upper_case(directory: &mut Directory, person: Slot, now: i64) -> Done {
    let name = directory.text(person, "userPrincipalName").unwrap_or_default().to_uppercase();
    set(directory, person, "userPrincipalName", Some(&name), now)
}

fn set(directory: &mut Directory, slot: Slot, name: &str, value: Option<&str>, now: i64) -> Done {
    directory.set(slot, &[(name.to_owned(), value.map(str::to_owned))], now).map(drop)
}
