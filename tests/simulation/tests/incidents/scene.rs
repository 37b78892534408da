//! A world with people and groups that a test can name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::time::Duration;

use entra::directory::{Directory, Kind, NewObject, Slot};
use entra::{Fault, FaultRule, Matcher, TenantOptions};
use jiff::Timestamp;
use rollcall_directory::identity::{GroupId, PersonId, TenantId, UserId};
use rollcall_directory::scope::Scope;
use rollcall_directory::user::{Leaving, Status, User};
use rollcall_store::{Connection, Hold, NotedProblem, PageRequest, Run, RunStatus};
use rollcall_sync::notice::round::look;
use simulation::World;
use simulation::platform::platform;
use tokio::time::Instant;
use uuid::Uuid;

/// Whatever keeps a test from going on.
pub(crate) type Failed = simulation::stage::Failed;
/// How a test ends.
pub(crate) type Done = Result<(), Failed>;

/// An hour: longer than any pause that the product makes by itself.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// Time that a worker gets for a job.
pub(crate) const PLENTY: Duration = Duration::from_secs(300);

/// A world in step with its directory, to which something is about to happen.
pub(crate) struct Scene {
    world: World,
}

impl Deref for Scene {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// Who had what before the incident.
pub(crate) type Accounts = BTreeMap<Uuid, UserId>;

impl Scene {
    /// Some three hundred people, most of them in nested groups below three scope groups.
    pub(crate) async fn of_groups(seed: u64) -> Result<Self, Failed> {
        Self::of(TenantOptions { people: 300, groups: 18, seed, ..TenantOptions::default() }, false).await
    }

    /// So many people, all of them in scope.
    pub(crate) async fn of_everyone(people: u32, seed: u64) -> Result<Self, Failed> {
        Self::of(TenantOptions { people, groups: 8, seed, ..TenantOptions::default() }, true).await
    }

    /// A tenant of so many people without groups but one, which is the scope, with so many members.
    pub(crate) async fn of_one_group(people: u32, members: usize, seed: u64) -> Result<(Self, Uuid), Failed> {
        let options = TenantOptions { people, groups: 0, roots: 0, seed, ..TenantOptions::default() };
        let scene = Self { world: World::start(options, false).await? };
        let group = scene.new_group("Learners");
        for person in scene.read(enabled).into_iter().take(members) {
            scene.join(group, person);
        }
        scene.set_up(|connection| connection.scope = any_of(&[group])).await?;
        scene.in_step_after_full().await?;
        Ok((scene, group))
    }

    /// A world of any kind, after its first full run.
    pub(crate) async fn of(options: TenantOptions, everyone: bool) -> Result<Self, Failed> {
        let scene = Self { world: World::start(options, everyone).await? };
        scene.in_step_after_full().await?;
        Ok(scene)
    }

    /// Looks into the directory.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        self.entra.read(self.tenant.tenant_id, look).unwrap()
    }

    /// Changes the directory.
    pub(crate) fn change<T>(&self, edit: impl FnOnce(&mut Directory, i64) -> T) -> T {
        self.entra.change(self.tenant.tenant_id, edit).unwrap()
    }

    /// Somebody who is new, enabled, and in no group.
    pub(crate) fn new_person(&self, name: &str) -> Uuid {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let values = [
            ("accountEnabled", "true".to_owned()),
            ("displayName", name.to_owned()),
            ("givenName", name.to_owned()),
            ("surname", "Newcomer".to_owned()),
            ("userPrincipalName", format!("{name}@{}", self.tenant.domain)),
        ];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect();
        self.change(|directory, now| directory.create(NewObject { kind: Kind::User, id, values }, now)).unwrap();
        id
    }

    /// A new person who is a member of a group.
    pub(crate) fn newcomer(&self, group: Uuid, name: &str) -> Uuid {
        let person = self.new_person(name);
        self.join(group, person);
        person
    }

    /// An empty security group.
    pub(crate) fn new_group(&self, name: &str) -> Uuid {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let values = [("displayName", name), ("securityEnabled", "true"), ("groupTypes", "[]")];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).collect();
        self.change(|directory, now| directory.create(NewObject { kind: Kind::Group, id, values }, now)).unwrap();
        id
    }

    /// Puts somebody, or a group, into a group.
    pub(crate) fn join(&self, group: Uuid, member: Uuid) {
        self.change(|directory, now| directory.add_member(slot(directory, group), slot(directory, member), now))
            .unwrap();
    }

    /// Takes somebody, or a group, out of a group.
    pub(crate) fn leave(&self, group: Uuid, member: Uuid) {
        self.change(|directory, now| directory.remove_member(slot(directory, group), slot(directory, member), now))
            .unwrap();
    }

    /// Sets a property, or clears it.
    pub(crate) fn set(&self, object: Uuid, property: &str, value: Option<&str>) {
        let values = [(property.to_owned(), value.map(str::to_owned))];
        self.change(|directory, now| directory.set(slot(directory, object), &values, now)).unwrap();
    }

    /// Sets a person's manager.
    pub(crate) fn set_manager(&self, person: Uuid, manager: Option<Uuid>) {
        self.change(|directory, now| {
            let manager = manager.map(|manager| slot(directory, manager));
            directory.set_manager(slot(directory, person), manager, now)
        })
        .unwrap();
    }

    /// Moves an object to the recycle bin.
    pub(crate) fn delete(&self, object: Uuid) {
        self.change(|directory, now| directory.delete(slot(directory, object), now)).unwrap();
    }

    /// A property of an object.
    pub(crate) fn text(&self, object: Uuid, property: &str) -> Option<String> {
        self.read(|directory| directory.text(slot(directory, object), property).map(str::to_owned))
    }

    /// The groups, and the people that a group has as direct members.
    pub(crate) fn members(&self, group: Uuid) -> Vec<Uuid> {
        self.read(|directory| {
            let members = directory.object(slot(directory, group)).unwrap().members();
            members.iter().map(|member| directory.object(*member).unwrap().id).collect()
        })
    }

    /// Everybody who has an active account, and which.
    pub(crate) async fn accounts(&self) -> Result<Accounts, Failed> {
        let active = platform(&self.table, self.connection).await?.active;
        let tenant = TenantId(self.tenant.tenant_id);
        let people: Vec<PersonId> = active.keys().map(|person| PersonId(*person)).collect();
        let users = self.table.users_by_person(self.connection, tenant, &people).await?;
        Ok(users.into_values().map(|user| (user.person.0, user.id)).collect())
    }

    /// The account of somebody, active or not.
    pub(crate) async fn account(&self, person: Uuid) -> Result<Option<User>, Failed> {
        let tenant = TenantId(self.tenant.tenant_id);
        let mut found = self.table.users_by_person(self.connection, tenant, &[PersonId(person)]).await?;
        Ok(found.remove(&PersonId(person)))
    }

    /// Whether somebody may use the platform.
    pub(crate) async fn has_access(&self, person: Uuid) -> Result<bool, Failed> {
        Ok(self.account(person).await?.is_some_and(|user| user.status.is_active()))
    }

    /// Why somebody may not use the platform, if they have an account that they may not use.
    pub(crate) async fn left(&self, person: Uuid) -> Result<Option<Leaving>, Failed> {
        Ok(self.account(person).await?.and_then(|user| match user.status {
            Status::Active => None,
            Status::Inactive { reason, .. } => Some(reason),
        }))
    }

    /// People who have an account and should have one, in a fixed order. Members, no guests.
    pub(crate) async fn people(&self) -> Result<Vec<Uuid>, Failed> {
        let is_member = |person: &Uuid| self.text(*person, "userType").as_deref() == Some("Member");
        Ok(self.accounts().await?.into_keys().filter(is_member).collect())
    }

    /// Nobody who had an account has lost it or got another one.
    pub(crate) async fn nobody_lost_anything_since(&self, before: &Accounts) -> Done {
        let now = self.accounts().await?;
        let lost: Vec<&Uuid> =
            before.iter().filter(|(person, user)| now.get(person) != Some(user)).map(|(id, _)| id).collect();
        assert_eq!(lost, Vec::<&Uuid>::new(), "they have lost their accounts");
        Ok(())
    }

    /// The platform is what the directory says.
    pub(crate) async fn in_step(&self) -> Done {
        assert_eq!(self.differences().await?, Vec::<String>::new());
        Ok(())
    }

    /// A full run succeeds, and the platform is what the directory says.
    pub(crate) async fn in_step_after_full(&self) -> Done {
        self.full().await?;
        let run = self.last_run().await?;
        assert_eq!(run.status, RunStatus::Succeeded, "{run:?}");
        self.in_step().await
    }

    /// An incremental run, and the platform is what the directory says.
    pub(crate) async fn in_step_after_incremental(&self) -> Done {
        self.incremental().await?;
        self.in_step().await
    }

    /// From now on answers to these paths are spoiled.
    pub(crate) fn spoil(&self, path: &str, fault: Fault) {
        self.spoil_some(Matcher { path: Some(path.to_owned()), ..Matcher::default() }, fault);
    }

    /// From now on answers to these requests are spoiled.
    pub(crate) fn spoil_some(&self, matcher: Matcher, fault: Fault) {
        self.entra.set_faults(vec![FaultRule { matcher, times: None, fault }]).unwrap();
    }

    /// How many answers were spoiled. A test in which none was shows nothing.
    pub(crate) fn spoiled(&self) -> u64 {
        self.entra.fault_report().into_iter().map(|(_, _, injected)| injected).sum()
    }

    /// Nothing is spoiled any more, and an hour has passed.
    pub(crate) fn heal(&self) {
        assert!(self.spoiled() > 0, "the fault has met no request");
        self.entra.set_faults(Vec::new()).unwrap();
        self.advance(HOUR);
    }

    /// The latest run.
    pub(crate) async fn last_run(&self) -> Result<Run, Failed> {
        Ok(self.runs().await?.remove(0))
    }

    /// Accounts that all runs together have deactivated.
    pub(crate) async fn deactivated(&self) -> Result<u64, Failed> {
        Ok(self.runs().await?.iter().map(|run| run.counts.tally.deactivated).sum())
    }

    /// All holds, the newest first.
    pub(crate) async fn holds(&self) -> Result<Vec<Hold>, Failed> {
        Ok(self.table.holds_page(self.connection, &PageRequest::first(20)).await?.items)
    }

    /// What people have to see to.
    pub(crate) async fn problems(&self) -> Result<Vec<NotedProblem>, Failed> {
        Ok(self.table.problems(self.connection).await?.into_values().collect())
    }

    /// Changes the settings, as the API does it.
    pub(crate) async fn set_up(&self, edit: impl FnOnce(&mut Connection)) -> Done {
        let before = self.stored_connection().await?;
        let revision = before.revision;
        let mut after = Connection { settings_revision: revision + 1, updated_at: self.now(), ..before };
        edit(&mut after);
        self.table.update_connection(&after, revision).await?;
        Ok(())
    }

    /// What a worker's clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        (self.worker.clock)()
    }

    /// The hourly look at what people must be told.
    pub(crate) async fn hourly_look(&self) -> Done {
        look(&self.table, &self.worker.teller, Instant::now() + PLENTY, self.now()).await?;
        Ok(())
    }
}

/// The position of an object.
pub(crate) fn slot(directory: &Directory, object: Uuid) -> Slot {
    directory.find(object).unwrap()
}

/// Members of any of these groups.
pub(crate) fn any_of(groups: &[Uuid]) -> Scope {
    Scope::any_of(ids(groups))
}

/// Groups in the product's terms.
pub(crate) fn ids(groups: &[Uuid]) -> BTreeSet<GroupId> {
    groups.iter().copied().map(GroupId).collect()
}

/// An error of Graph.
pub(crate) fn status(status: u16) -> Fault {
    Fault::Status { status, retry_after: None, code: None, message: None, nested: false }
}

/// Being told to wait so many seconds.
pub(crate) fn throttled(seconds: u32) -> Fault {
    Fault::Status { status: 429, retry_after: Some(seconds.to_string()), code: None, message: None, nested: false }
}

fn enabled(directory: &Directory) -> Vec<Uuid> {
    let people = directory.live(Kind::User).filter(|(slot, _)| directory.text(*slot, "accountEnabled") == Some("true"));
    people.map(|(_, object)| object.id).collect()
}
