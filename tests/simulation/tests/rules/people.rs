//! A small directory in which everybody has a name.

use std::collections::{BTreeMap, BTreeSet};

use entra::TenantOptions;
use entra::directory::{Directory, Kind, NewObject};
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::scope::Scope;
use rollcall_store::{Change, Connection, NotedProblem, PageRequest, RunStatus};
use simulation::World;
use simulation::platform::{Account, Platform, platform};
use simulation::stage::TABLE;
use uuid::Uuid;

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Done = Result<(), Failed>;

/// A world whose only scope group, "Staff", is empty, and which has been synced once.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) staff: Uuid,
}

impl Office {
    pub(crate) async fn open() -> Result<Self, Failed> {
        Self::open_among(30).await
    }

    /// The same in a tenant of so many other people.
    pub(crate) async fn open_among(people: u32) -> Result<Self, Failed> {
        let options = TenantOptions { people, groups: 4, seed: 7, ..TenantOptions::default() };
        let world = World::start(options, true).await?;
        let office = Self { staff: Uuid::from_u128(0xa0), world };
        office.create(Kind::Group, office.staff, &[("displayName", "Staff")]);
        office.settings(|connection| connection.scope = Scope::any_of(groups(&[office.staff]))).await?;
        office.full().await?;
        Ok(office)
    }

    fn create(&self, kind: Kind, id: Uuid, values: &[(&str, &str)]) {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        self.change(|directory, now| _ = directory.create(NewObject { kind, id, values }, now).unwrap());
    }

    pub(crate) fn change(&self, edit: impl FnOnce(&mut Directory, i64)) {
        self.world.entra.change(self.world.tenant.tenant_id, edit).unwrap();
    }

    /// A person with a given name, a surname, a mail address and a user principal name.
    pub(crate) fn hire(&self, number: u128, name: &str) -> Uuid {
        let id = Uuid::from_u128(0xbee0_0000 + number);
        let address = format!("{}@example.com", name.to_lowercase());
        let values = [
            ("accountEnabled", "true"),
            ("displayName", name),
            ("givenName", name),
            ("surname", "Lee"),
            ("mail", &address),
            ("userPrincipalName", &address),
            ("userType", "Member"),
        ];
        self.create(Kind::User, id, &values);
        id
    }

    /// A person in the group "Staff".
    pub(crate) fn employ(&self, number: u128, name: &str) -> Uuid {
        let id = self.hire(number, name);
        self.join(self.staff, id);
        id
    }

    pub(crate) fn group(&self, number: u128, name: &str) -> Uuid {
        let id = Uuid::from_u128(0x6000 + number);
        self.create(Kind::Group, id, &[("displayName", name)]);
        id
    }

    pub(crate) fn join(&self, group: Uuid, member: Uuid) {
        self.change(|directory, now| {
            let (group, member) = (directory.find(group).unwrap(), directory.find(member).unwrap());
            directory.add_member(group, member, now).unwrap();
        });
    }

    pub(crate) fn leave(&self, group: Uuid, member: Uuid) {
        self.change(|directory, now| {
            let (group, member) = (directory.find(group).unwrap(), directory.find(member).unwrap());
            directory.remove_member(group, member, now).unwrap();
        });
    }

    pub(crate) fn set(&self, object: Uuid, name: &str, value: Option<&str>) {
        self.change(|directory, now| {
            let slot = directory.find(object).unwrap();
            directory.set(slot, &[(name.to_owned(), value.map(str::to_owned))], now).unwrap();
        });
    }

    pub(crate) fn manage(&self, person: Uuid, manager: Option<Uuid>) {
        self.change(|directory, now| {
            let manager = manager.map(|manager| directory.find(manager).unwrap());
            directory.set_manager(directory.find(person).unwrap(), manager, now).unwrap();
        });
    }

    pub(crate) fn delete(&self, person: Uuid) {
        self.change(|directory, now| directory.delete(directory.find(person).unwrap(), now).unwrap());
    }

    /// Saves settings as the API does. Everything that is not said stays.
    pub(crate) async fn settings(&self, edit: impl FnOnce(&mut Connection)) -> Done {
        let before = self.world.stored_connection().await?;
        let mut after = before.clone();
        edit(&mut after);
        after.settings_revision = before.revision + 1;
        self.world.table.update_connection(&after, before.revision).await?;
        Ok(())
    }

    pub(crate) async fn full(&self) -> Done {
        self.world.full().await?;
        self.succeeded().await
    }

    pub(crate) async fn incremental(&self) -> Done {
        self.world.incremental().await?;
        self.succeeded().await
    }

    async fn succeeded(&self) -> Done {
        let run = self.world.runs().await?.remove(0);
        assert!(matches!(run.status, RunStatus::Succeeded | RunStatus::Held), "{run:?}");
        Ok(())
    }

    pub(crate) async fn platform(&self) -> Result<Platform, Failed> {
        let platform = platform(&self.world.table, self.world.connection).await?;
        assert_eq!(platform.damage, Vec::<String>::new());
        Ok(platform)
    }

    /// Who has an active account.
    pub(crate) async fn active(&self) -> Result<BTreeSet<Uuid>, Failed> {
        Ok(self.platform().await?.active.into_keys().collect())
    }

    pub(crate) async fn account(&self, person: Uuid) -> Result<Account, Failed> {
        Ok(self.platform().await?.active.remove(&person).ok_or("no active account")?)
    }

    pub(crate) async fn teams(&self) -> Result<BTreeMap<Uuid, String>, Failed> {
        Ok(self.platform().await?.teams)
    }

    pub(crate) async fn problems(&self) -> Result<Vec<NotedProblem>, Failed> {
        Ok(self.world.table.problems(self.world.connection).await?.into_values().collect())
    }

    /// Takes an item off the list, as if it had never been found.
    pub(crate) async fn forget(&self, problem: &NotedProblem) -> Done {
        let client = self.world.aws.dynamodb("operator");
        let key = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
        let (partition, sort) = (format!("C#{}", self.world.connection), format!("PROBLEM#{}", problem.id));
        client.delete_item().table_name(TABLE).key("pk", key(partition)).key("sk", key(sort)).send().await?;
        Ok(())
    }

    /// Everything that a run changed, or would have.
    pub(crate) async fn changes(&self, run: rollcall_directory::identity::RunId) -> Result<Vec<Change>, Failed> {
        let (mut all, mut request) = (Vec::new(), PageRequest::first(500));
        loop {
            let page = self.world.table.changes_page(self.world.connection, run, &request).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => return Ok(all),
            }
        }
    }
}

pub(crate) fn groups(ids: &[Uuid]) -> BTreeSet<GroupId> {
    ids.iter().copied().map(GroupId).collect()
}

pub(crate) fn people(ids: &[Uuid]) -> BTreeSet<PersonId> {
    ids.iter().copied().map(PersonId).collect()
}

pub(crate) fn set(ids: &[Uuid]) -> BTreeSet<Uuid> {
    ids.iter().copied().collect()
}
