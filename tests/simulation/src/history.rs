//! Random changes of a directory, from a seed.

use entra::directory::{Directory, Kind, NewObject, Slot};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// Makes random changes. The same seed makes the same changes of the same directory.
pub struct History {
    random: StdRng,
}

impl History {
    /// Changes from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    /// One change of a person or a membership. A change that the directory refuses is none.
    pub fn change(&mut self, directory: &mut Directory, now: i64) {
        let person = self.pick(directory, Kind::User);
        let group = self.pick(directory, Kind::Group);
        let (Some(person), Some(group)) = (person, group) else { return };
        let done = match self.random.random_range(0..12) {
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
        drop(done);
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

    fn pick(&mut self, directory: &Directory, kind: Kind) -> Option<Slot> {
        directory.live(kind).map(|(slot, _)| slot).choose(&mut self.random)
    }

    fn join(&mut self, directory: &mut Directory, group: Slot, now: i64) -> Result<(), entra::directory::WriteError> {
        let id = Uuid::from_u128(self.random.random());
        let values = [
            ("accountEnabled", "true".to_owned()),
            ("displayName", format!("Joiner {id}")),
            ("givenName", "Joiner".to_owned()),
            ("surname", id.simple().to_string()),
            ("userPrincipalName", format!("{}@example.com", id.simple())),
        ];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect();
        let slot = directory.create(NewObject { kind: Kind::User, id, values }, now)?;
        directory.add_member(group, slot, now)
    }

    fn restore(&mut self, directory: &mut Directory, now: i64) -> Result<(), entra::directory::WriteError> {
        let deleted = directory.slots().filter(|slot| {
            directory.object(*slot).is_some_and(|object| {
                object.kind == Kind::User && matches!(object.presence, entra::directory::Presence::Deleted(_))
            })
        });
        match deleted.choose(&mut self.random) {
            Some(slot) => directory.restore(slot, None, now),
            None => Ok(()),
        }
    }

    fn leave(&mut self, directory: &mut Directory, group: Slot, now: i64) -> Result<(), entra::directory::WriteError> {
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

fn set(
    directory: &mut Directory,
    slot: Slot,
    name: &str,
    value: Option<&str>,
    now: i64,
) -> Result<(), entra::directory::WriteError> {
    directory.set(slot, &[(name.to_owned(), value.map(str::to_owned))], now).map(drop)
}
