//! Many random changes at once.

use crate::directory::{Directory, Kind, Slot, WriteError};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};

/// Performs random changes until as many as asked for took effect. `within` keeps them to people and groups below a
/// group. Answers how many took effect: fewer only when the directory has nothing to change.
pub(super) fn perform(
    directory: &mut Directory,
    domain: &str,
    count: u32,
    seed: u64,
    within: Option<Slot>,
    now: i64,
) -> u32 {
    let mut burst = Burst::new(directory, domain, seed, within, now);
    let mut performed = 0;
    for _ in 0..count.saturating_mul(20) {
        if performed == count {
            break;
        }
        performed += u32::from(burst.one().is_some());
    }
    performed
}

struct Burst<'directory> {
    directory: &'directory mut Directory,
    domain: String,
    random: StdRng,
    people: Vec<Slot>,
    groups: Vec<Slot>,
    now: i64,
}

impl<'directory> Burst<'directory> {
    fn new(directory: &'directory mut Directory, domain: &str, seed: u64, within: Option<Slot>, now: i64) -> Self {
        let all: Vec<Slot> = match within {
            Some(group) => directory.present().transitive_members(group).into_iter().chain([group]).collect(),
            None => directory.slots().collect(),
        };
        let of = |kind: Kind| -> Vec<Slot> {
            all.iter()
                .copied()
                .filter(|slot| directory.object(*slot).is_some_and(|object| object.kind == kind && object.is_live()))
                .collect()
        };
        let (people, groups) = (of(Kind::User), of(Kind::Group));
        Self { directory, domain: domain.to_owned(), random: StdRng::seed_from_u64(seed), people, groups, now }
    }

    /// One change; `None` when it had no effect.
    fn one(&mut self) -> Option<()> {
        match self.random.random_range(0..100) {
            0..40 => self.retitle(),
            40..60 => self.change_membership(),
            60..75 => self.new_manager(),
            75..85 => self.rename(),
            85..93 => self.join(),
            93..97 => self.toggle(),
            _ => self.leave(),
        }
    }

    fn person(&mut self) -> Option<Slot> {
        self.people.choose(&mut self.random).copied()
    }

    fn set(&mut self, slot: Slot, name: &str, value: String) -> Option<()> {
        self.directory.set(slot, &[(name.to_owned(), Some(value))], self.now).ok()?.then_some(())
    }

    fn retitle(&mut self) -> Option<()> {
        let person = self.person()?;
        let number = self.random.random_range(0..1_000);
        let name = ["jobTitle", "department", "officeLocation"].choose(&mut self.random).copied()?;
        self.set(person, name, format!("{name} {number}"))
    }

    fn rename(&mut self) -> Option<()> {
        let person = self.person()?;
        let number = self.random.random_range(0..100_000);
        self.set(person, "surname", format!("Married-{number}"))
    }

    fn change_membership(&mut self) -> Option<()> {
        let person = self.person()?;
        let group = self.groups.choose(&mut self.random).copied()?;
        match self.directory.add_member(group, person, self.now) {
            Ok(()) => Some(()),
            Err(WriteError::AlreadyMember) => self.directory.remove_member(group, person, self.now).ok(),
            Err(_) => None,
        }
    }

    fn new_manager(&mut self) -> Option<()> {
        let (person, manager) = (self.person()?, self.person()?);
        let same = person == manager || self.directory.object(person)?.manager == Some(manager);
        if same { None } else { self.directory.set_manager(person, Some(manager), self.now).ok() }
    }

    fn join(&mut self) -> Option<()> {
        let number = u32::try_from(self.directory.len()).ok()?;
        let person = crate::seed::person(&mut self.random, &self.domain, number);
        let slot = self.directory.create(person, self.now).ok()?;
        if let Some(group) = self.groups.choose(&mut self.random) {
            self.directory.add_member(*group, slot, self.now).ok()?;
        }
        self.people.push(slot);
        Some(())
    }

    fn toggle(&mut self) -> Option<()> {
        let person = self.person()?;
        let enabled = self.directory.text(person, "accountEnabled") == Some("true");
        self.set(person, "accountEnabled", (!enabled).to_string())
    }

    fn leave(&mut self) -> Option<()> {
        let place = self.random.random_range(0..self.people.len().max(1));
        if self.people.is_empty() {
            return None;
        }
        let person = self.people.swap_remove(place);
        self.directory.delete(person, self.now).ok()
    }
}
