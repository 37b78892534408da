//! Whatever happens to the directory and however its delta pages are cut, a client that just applies them ends with
//! the directory.

use crate::world::World;
use entra::directory::{Directory, Kind, NewObject, Slot};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Clone, Debug)]
enum Step {
    Join,
    CreateGroup,
    Set(usize, u8),
    Clear(usize),
    Delete(usize),
    Restore(usize),
    Purge(usize),
    Manager(usize, usize),
    NoManager(usize),
    Add(usize, usize),
    Remove(usize, usize),
    ReadUsers,
    ReadGroups,
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..24_usize;
    prop_oneof![
        2 => Just(Step::Join),
        1 => Just(Step::CreateGroup),
        3 => (any.clone(), proptest::num::u8::ANY).prop_map(|(object, value)| Step::Set(object, value)),
        1 => any.clone().prop_map(Step::Clear),
        2 => any.clone().prop_map(Step::Delete),
        2 => any.clone().prop_map(Step::Restore),
        1 => any.clone().prop_map(Step::Purge),
        2 => (any.clone(), any.clone()).prop_map(|(person, manager)| Step::Manager(person, manager)),
        1 => any.clone().prop_map(Step::NoManager),
        6 => (any.clone(), any.clone()).prop_map(|(group, member)| Step::Add(group, member)),
        3 => (any.clone(), any).prop_map(|(group, member)| Step::Remove(group, member)),
        4 => Just(Step::ReadUsers),
        4 => Just(Step::ReadGroups),
    ]
}

/// Applies a step; one that makes no sense is passed over.
fn apply(directory: &mut Directory, step: &Step, now: i64) {
    let slot = |number: usize| Slot(u32::try_from(number).unwrap() % u32::try_from(directory.len().max(1)).unwrap());
    let create = |directory: &mut Directory, kind| {
        let name = format!("Object {}", directory.len());
        let values = vec![("displayName".to_owned(), Some(name))];
        let _ = directory.create(NewObject { kind, id: Uuid::from_u128(directory.len() as u128 + 1), values }, now);
    };
    match step {
        Step::Join => create(directory, Kind::User),
        Step::CreateGroup => create(directory, Kind::Group),
        Step::Set(object, value) => {
            let _ = directory.set(slot(*object), &[("displayName".to_owned(), Some(format!("Name {value}")))], now);
        }
        Step::Clear(object) => {
            let _ = directory.set(slot(*object), &[("displayName".to_owned(), None)], now);
        }
        Step::Delete(object) => drop(directory.delete(slot(*object), now)),
        Step::Restore(object) => drop(directory.restore(slot(*object), None, now)),
        Step::Purge(object) => drop(directory.purge(slot(*object), now)),
        Step::Manager(person, manager) => drop(directory.set_manager(slot(*person), Some(slot(*manager)), now)),
        Step::NoManager(person) => drop(directory.set_manager(slot(*person), None, now)),
        Step::Add(group, member) => drop(directory.add_member(slot(*group), slot(*member), now)),
        Step::Remove(group, member) => drop(directory.remove_member(slot(*group), slot(*member), now)),
        Step::ReadUsers | Step::ReadGroups => {}
    }
}

type Objects = BTreeMap<String, (BTreeMap<String, Value>, BTreeSet<String>)>;

/// A client that applies rows as they come: properties, and references under either annotation.
struct Naive {
    next: String,
    objects: Objects,
}

impl Naive {
    fn new(start: &str) -> Self {
        Self { next: start.to_owned(), objects: Objects::new() }
    }

    /// Reads one page; `true` when it ended a round.
    async fn read(&mut self, world: &World) -> bool {
        let answer = world.get(&self.next).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.rows().iter().for_each(|row| self.apply(row));
        let delta = answer.link("@odata.deltaLink");
        let ended = delta.is_some();
        self.next = delta.or_else(|| answer.link("@odata.nextLink")).unwrap();
        ended
    }

    fn apply(&mut self, row: &Value) {
        let id = row["id"].as_str().unwrap().to_owned();
        if row.get("@removed").is_some() {
            self.objects.remove(&id);
            return;
        }
        let (properties, references) = self.objects.entry(id).or_default();
        for (name, value) in row.as_object().unwrap() {
            if name.ends_with("@delta") {
                for reference in value.as_array().unwrap() {
                    let id = reference["id"].as_str().unwrap().to_owned();
                    if reference.get("@removed").is_some() {
                        references.remove(&id)
                    } else {
                        references.insert(id)
                    };
                }
            } else {
                properties.insert(name.clone(), value.clone());
            }
        }
    }

    /// To the end of this round, and through one whole round more.
    async fn finish(&mut self, world: &World) {
        for _ in 0..2 {
            while !self.read(world).await {}
        }
    }
}

fn truth(directory: &Directory, kind: Kind) -> Objects {
    let view = directory.present();
    let describe = |slot: Slot| {
        let object = view.object(slot).unwrap();
        let (name, _) = kind.property("displayName").unwrap();
        let mut properties = BTreeMap::from([("id".to_owned(), json!(object.id))]);
        if object.value(name).is_some() {
            properties.insert("displayName".to_owned(), json!(view.text(slot, "displayName")));
        }
        let id = |slot: Slot| view.object(slot).unwrap().id.to_string();
        let references = match kind {
            Kind::Group => view.members(object).into_iter().map(id).collect(),
            _ => view.manager(object).map(|(slot, _)| id(slot)).into_iter().collect(),
        };
        (object.id.to_string(), (properties, references))
    };
    directory.live(kind).map(|(slot, _)| describe(slot)).collect()
}

fn settings() -> impl Strategy<Value = Value> {
    (1..8_u32, 1..4_u32, any::<bool>(), any::<bool>(), 0..60_u8, 0..60_u8, any::<bool>(), 0..1000_u64).prop_map(
        |(page, members, random, shuffle, replay, empty, removed, seed)| {
            json!({"throttling": false, "delta": {
                "pageSize": page, "membersPerRow": members, "randomPageSize": random, "shuffle": shuffle, "replayPercent": replay,
                "emptyPagePercent": empty, "removedInInitial": removed, "seed": seed,
            }})
        },
    )
}

async fn check(steps: Vec<Step>, settings: Value, history_before: bool) {
    let world = World::empty().await;
    world.settings(settings).await;
    let tenant = world.tenant.tenant_id;
    let mut users = Naive::new("/users/delta?$select=id,displayName,manager");
    let mut groups = Naive::new("/groups/delta?$select=id,displayName,members");
    if history_before {
        for step in [
            Step::Join,
            Step::Join,
            Step::CreateGroup,
            Step::CreateGroup,
            Step::Join,
            Step::Add(2, 0),
            Step::Add(2, 1),
            Step::Add(3, 2),
        ] {
            world.server.change(tenant, |directory, now| apply(directory, &step, now));
        }
    }
    for step in &steps {
        match step {
            Step::ReadUsers => drop(users.read(&world).await),
            Step::ReadGroups => drop(groups.read(&world).await),
            _ => drop(world.server.change(tenant, |directory, now| apply(directory, step, now))),
        }
    }
    users.finish(&world).await;
    groups.finish(&world).await;
    let (people, teams) =
        world.server.read(tenant, |directory| (truth(directory, Kind::User), truth(directory, Kind::Group))).unwrap();
    assert_eq!(users.objects, people);
    assert_eq!(groups.objects, teams);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_client_that_applies_delta_pages_ends_with_the_directory(
        steps in proptest::collection::vec(step(), 0..80),
        settings in settings(),
        history_before in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(steps, settings, history_before));
    }
}
