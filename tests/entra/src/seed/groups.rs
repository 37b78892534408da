//! Groups: nested ones below a few roots with a cycle, flat ones, an empty one, a large one.

use super::names::DEPARTMENTS;
use crate::directory::{Directory, Kind, NewObject, Slot};
use crate::options::TenantOptions;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

/// Creates the groups and answers the roots.
pub(super) fn create(
    directory: &mut Directory,
    random: &mut StdRng,
    options: &TenantOptions,
    people: &[Slot],
    now: i64,
) -> Vec<Slot> {
    let mut maker = Maker { directory, random, now };
    if options.groups == 0 {
        return Vec::new();
    }
    let roots: Vec<Slot> = (0..options.roots.min(options.groups))
        .map(|number| maker.group(&format!("Scope {}", number + 1), false))
        .collect();
    let mut nested = maker.nest(&roots, options);
    maker.close_a_cycle(&roots, &nested);
    maker.empty_group(&roots);
    let flat: Vec<Slot> =
        (0..options.groups / 4).map(|number| maker.group(&format!("Project {number}"), number % 3 == 0)).collect();
    nested.extend(&roots);
    maker.populate(&nested, &flat, people);
    maker.others(&roots, people);
    if let Some(size) = options.large_group {
        maker.large(people, size);
    }
    roots
}

struct Maker<'seed> {
    directory: &'seed mut Directory,
    random: &'seed mut StdRng,
    now: i64,
}

impl Maker<'_> {
    /// Microsoft 365 groups have a mail address and hold people only; security groups nest.
    fn group(&mut self, name: &str, unified: bool) -> Slot {
        let nickname = name.to_lowercase().replace([' ', '&', '"'], "");
        let pairs = [
            ("displayName", name.to_owned()),
            ("description", format!("Members of {name}")),
            ("mailNickname", nickname.clone()),
            ("groupTypes", if unified { "[\"Unified\"]".to_owned() } else { "[]".to_owned() }),
            ("mailEnabled", unified.to_string()),
            ("securityEnabled", (!unified).to_string()),
        ];
        let mut values: Vec<_> = pairs.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect();
        if unified {
            values.push(("mail".to_owned(), Some(format!("{nickname}@groups.example"))));
            values.push(("visibility".to_owned(), Some("Private".to_owned())));
        }
        self.create(Kind::Group, values)
    }

    fn create(&mut self, kind: Kind, values: Vec<(String, Option<String>)>) -> Slot {
        let id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
        // Groups have no unique property, so that creation cannot fail.
        self.directory.create(NewObject { kind, id, values }, self.now - 400 * 86_400_000).unwrap_or(Slot(u32::MAX))
    }

    fn join(&mut self, group: Slot, member: Slot) {
        // Somebody drawn twice is a member already, which is as good.
        let _ = self.directory.add_member(group, member, self.now);
    }

    /// A chain of the full depth below each root, and the other groups anywhere below.
    fn nest(&mut self, roots: &[Slot], options: &TenantOptions) -> Vec<Slot> {
        let room = usize::try_from(options.groups - options.groups / 4).unwrap_or(0).saturating_sub(roots.len() + 1);
        let mut levels: Vec<Vec<Slot>> = vec![roots.to_vec()];
        let mut nested = Vec::new();
        for level in 1..usize::try_from(options.depth).unwrap_or(1) {
            let above = levels.last().cloned().unwrap_or_default();
            let row: Vec<Slot> =
                above.iter().take(room.saturating_sub(nested.len())).map(|parent| self.child(*parent, level)).collect();
            nested.extend(&row);
            levels.push(row);
        }
        levels.pop();
        while nested.len() < room && !roots.is_empty() {
            let level = self.random.random_range(0..levels.len().max(1));
            let Some(parent) = levels.get(level).and_then(|row| row.choose(self.random)).copied() else { break };
            let child = self.child(parent, level + 1);
            nested.push(child);
            if let Some(row) = levels.get_mut(level + 1) {
                row.push(child);
            }
        }
        nested
    }

    fn child(&mut self, parent: Slot, level: usize) -> Slot {
        let department = DEPARTMENTS.choose(self.random).copied().unwrap_or_default();
        let name = format!("{department} L{level} {}", self.directory.len());
        let child = self.group(&name, false);
        self.join(parent, child);
        child
    }

    /// The deepest group of the first root holds that root.
    fn close_a_cycle(&mut self, roots: &[Slot], nested: &[Slot]) {
        let Some(root) = roots.first().copied() else { return };
        let below = self.directory.present().transitive_members(root);
        if let Some(deepest) = nested.iter().rev().find(|group| below.contains(group)).copied() {
            self.join(deepest, root);
        }
    }

    fn empty_group(&mut self, roots: &[Slot]) {
        let empty = self.group("Empty group", false);
        if let Some(root) = roots.last().copied() {
            self.join(root, empty);
        }
    }

    /// Three in four people are in a nested group or two, everybody may be in a flat one.
    fn populate(&mut self, nested: &[Slot], flat: &[Slot], people: &[Slot]) {
        for person in people {
            if self.random.random_range(0..4) > 0 {
                self.join_one_of(nested, *person);
            }
            if self.random.random_range(0..8) == 0 {
                self.join_one_of(nested, *person);
            }
            if self.random.random_range(0..2) == 0 {
                self.join_one_of(flat, *person);
            }
        }
    }

    fn join_one_of(&mut self, groups: &[Slot], person: Slot) {
        if let Some(group) = groups.choose(self.random).copied() {
            self.join(group, person);
        }
    }

    /// A device and an enterprise application in a scope group, and a directory role: what a reader must pass over.
    fn others(&mut self, roots: &[Slot], people: &[Slot]) {
        let name = |text: &str| vec![("displayName".to_owned(), Some(text.to_owned()))];
        for (kind, text) in [(Kind::Device, "LAPTOP-0001"), (Kind::ServicePrincipal, "Backup service")] {
            let other = self.create(kind, name(text));
            if let Some(root) = roots.first().copied() {
                self.join(root, other);
            }
        }
        let role = self.create(Kind::DirectoryRole, name("Global Administrator"));
        if let Some(person) = people.first().copied() {
            self.join(role, person);
        }
    }

    fn large(&mut self, people: &[Slot], size: u32) {
        let group = self.group("Everybody", false);
        for person in people.iter().take(usize::try_from(size).unwrap_or(usize::MAX)) {
            self.join(group, *person);
        }
    }
}
