//! What people do: decide about holds, mend what is paused, change settings, protect and adopt accounts.

use std::collections::BTreeSet;

use entra::directory::{Kind, Slot};
use rand::Rng as _;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use reference::{Expected, Platform};
use rollcall_directory::adoption::{Decision as Adopted, Existing, ExistingId};
use rollcall_directory::identity::{GroupId, PersonId, TenantId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::property::Property;
use rollcall_directory::scope::Scope;
use rollcall_store::{Connection, ConnectionStatus, Decision, HistoryDays, Hold, HoldStatus, PageRequest};
use rollcall_sync::job::{Cause, Job};
use uuid::Uuid;

use super::run::Play;
use super::terms::{Names, limits, terms};
use crate::held::held;
use crate::model::{Held, Terms, directory};
use crate::stage::{Failed, secret};

impl Play {
    /// Mends what is paused, and approves what is right.
    pub(super) async fn operate(&mut self) -> Result<(), Failed> {
        for customer in 0..self.customers.len() {
            self.mend(customer).await?;
            for hold in self.open_holds(customer).await? {
                if self.is_right(customer, &hold).await? {
                    self.approve(customer, &hold).await?;
                }
            }
        }
        self.deliver().await
    }

    pub(super) async fn open_holds(&self, customer: usize) -> Result<Vec<Hold>, Failed> {
        let page = self.operator.worker.table.holds_page(self.connection(customer), &PageRequest::first(20)).await?;
        Ok(page.items.into_iter().filter(|hold| hold.status == HoldStatus::Open).collect())
    }

    pub(super) async fn approve(&mut self, customer: usize, hold: &Hold) -> Result<(), Failed> {
        let (connection, now) = (self.connection(customer), self.stage.clock.now());
        self.operator.worker.table.decide_hold(connection, hold.id, Decision::Approved, "ann", now).await?;
        self.send(customer, Job::ApplyHold { hold: hold.id, by: "ann".to_owned() });
        self.story.push(format!("  the operator approves a hold of {} removals", hold.removals));
        Ok(())
    }

    /// Whether everything that a hold would take is to be taken, by the directory's own truth.
    pub(super) async fn is_right(&self, customer: usize, hold: &Hold) -> Result<bool, Failed> {
        let removals = self.operator.worker.table.hold_removals(self.connection(customer), hold.id).await?;
        let expected = self.expected(customer, self.held(customer).platform).await?;
        Ok(removals.iter().all(|removal| is_due(&expected, removal)))
    }

    /// What the table holds of a customer.
    pub(super) fn held(&self, customer: usize) -> Held {
        self.stage.aws.database(|database| held(database, self.connection(customer)))
    }

    /// What the reference makes of what was held before.
    pub(super) async fn expected(&self, customer: usize, before: Platform) -> Result<Expected, Failed> {
        let Connection { id, scope, rules, .. } = self.stored(customer).await?;
        let existing = self.operator.worker.table.existing(id).await?;
        let now = self.stage.clock.now();
        Ok(Terms { scope, rules }.expected(self.directory(customer), before, existing, now))
    }

    fn directory(&self, customer: usize) -> reference::Directory {
        let domain = self.tenants.get(customer).map(|tenant| tenant.domain.clone()).unwrap_or_default();
        let found = self.stage.entra.read(self.tenant(customer), |found| directory(&found.present()));
        reference::Directory { verified_domains: BTreeSet::from([domain]), ..found.unwrap_or_default() }
    }

    /// Gives a connection what it needs, and sets it going again.
    pub(super) async fn mend(&mut self, customer: usize) -> Result<(), Failed> {
        let connection = self.stored(customer).await?;
        let Some(tenant) = self.tenants.get(customer) else { return Ok(()) };
        self.operator.secrets.update(connection.id, &secret(tenant)).await?;
        let scope = self.living(customer, &connection.scope);
        if matches!(connection.status, ConnectionStatus::Paused { .. }) || scope != connection.scope {
            self.put_to_use(customer, Connection { scope, ..connection }).await?;
        }
        Ok(())
    }

    /// The scope without groups that are gone.
    fn living(&self, customer: usize, scope: &Scope) -> Scope {
        let living = |groups: &BTreeSet<GroupId>| -> BTreeSet<GroupId> {
            let present = self.stage.entra.read(self.tenant(customer), |directory| {
                let view = directory.present();
                groups.iter().filter(|group| view.find(group.0).is_some()).copied().collect()
            });
            present.unwrap_or_default()
        };
        match scope.clone() {
            Scope::Everyone { excluded, nesting } => Scope::Everyone { excluded: living(&excluded), nesting },
            Scope::Groups { groups, combine, excluded, nesting } => {
                let (groups, excluded) = (living(&groups), living(&excluded));
                if groups.is_empty() {
                    Scope::Everyone { excluded, nesting }
                } else {
                    Scope::Groups { groups, combine, excluded, nesting }
                }
            }
            people @ Scope::People { .. } => people,
        }
    }

    pub(super) async fn stored(&self, customer: usize) -> Result<Connection, Failed> {
        let found = self.operator.worker.table.connection(self.connection(customer)).await?;
        Ok(found.ok_or("the connection is gone")?)
    }

    /// Stores settings as the API does: first what is new, then the lease is taken away, and everybody is looked at anew.
    async fn put_to_use(&mut self, customer: usize, after: Connection) -> Result<(), Failed> {
        let (id, revision) = (after.id, after.revision);
        let cause = match after.status {
            ConnectionStatus::Paused { .. } => Cause::Resumption,
            _ => Cause::Manual { who: "ann".to_owned() },
        };
        let terms = Terms { scope: after.scope.clone(), rules: after.rules.clone() };
        let after = Connection { status: ConnectionStatus::Active, settings_revision: revision + 1, ..after };
        self.operator.worker.table.update_connection(&after, revision).await?;
        self.operator.worker.table.revoke(id).await?;
        self.agree(customer, terms);
        self.send(customer, Job::Full { cause });
        Ok(())
    }

    /// How long history is kept. Nobody has to be looked at anew for that.
    pub(super) async fn keep_history(&self, customer: usize, history_days: HistoryDays) -> Result<(), Failed> {
        let before = self.stored(customer).await?;
        let revision = before.revision;
        let after = Connection { history_days, ..before };
        self.operator.worker.table.update_connection(&after, revision).await?;
        Ok(())
    }

    /// Other settings: all of them, or only scope, rules or limits.
    pub(super) async fn resettle(&mut self, customer: usize) -> Result<(), Failed> {
        let names = self.names(customer);
        let before = self.stored(customer).await?;
        let Terms { scope, rules } = terms(&mut self.random, &names);
        let limits = limits(&mut self.random);
        let (all, one) = (self.random.random_bool(0.3), self.random.random_range(0..10));
        let after = Connection {
            scope: if all || one < 4 { scope } else { before.scope.clone() },
            rules: if all || (4..9).contains(&one) { rules } else { before.rules.clone() },
            limits: if all || one == 9 { limits } else { before.limits },
            ..before
        };
        self.put_to_use(customer, after).await?;
        self.deliver().await
    }

    /// What settings of a customer can name.
    pub(super) fn names(&self, customer: usize) -> Names {
        let names = self.stage.entra.read(self.tenant(customer), |directory| {
            let ids = |kind: Kind| -> Vec<Uuid> {
                let slots = directory.slots_of(kind, Slot(0)).iter();
                slots.filter_map(|slot| directory.object(*slot)).map(|object| object.id).collect()
            };
            let living = directory.live(Kind::Group).map(|(_, group)| GroupId(group.id)).collect();
            Names { people: ids(Kind::User).into_iter().map(PersonId).collect(), groups: living }
        });
        names.unwrap_or_default()
    }

    /// Somebody's account is protected, or is not any more.
    pub(super) async fn protect(&mut self, customer: usize) -> Result<(), Failed> {
        let accounts = self.held(customer).platform.accounts;
        let Some((person, account)) = accounts.iter().choose(&mut self.random) else { return Ok(()) };
        let (connection, tenant) = (self.connection(customer), TenantId(self.tenant(customer)));
        self.operator.worker.table.protect(connection, tenant, *person, !account.protected).await?;
        Ok(())
    }

    /// Somebody asks for one person at once.
    pub(super) async fn one_person(&mut self, customer: usize) -> Result<(), Failed> {
        let people = self.names(customer).people;
        let Some(person) = people.choose(&mut self.random).copied() else { return Ok(()) };
        self.send(customer, Job::Person { person, by: "ann".to_owned() });
        self.deliver().await
    }

    /// Somebody decides whose an account is that was there before.
    pub(super) async fn adopt(&mut self, customer: usize) -> Result<(), Failed> {
        let (connection, table) = (self.connection(customer), &self.operator.worker.table);
        let existing = table.existing(connection).await?;
        let Some(account) = existing.iter().choose(&mut self.random) else { return Ok(()) };
        if account.decision != Adopted::Open {
            return Ok(());
        }
        let taken = self.held(customer).platform.accounts;
        let is_free = |person: &PersonId| {
            !taken.contains_key(person)
                && existing.iter().all(|other| other.decision != Adopted::Linked { person: *person })
        };
        let free = self.names(customer).people.into_iter().filter(is_free).choose(&mut self.random);
        match free.filter(|_| self.random.random_bool(0.7)) {
            Some(person) => {
                table.decide_existing(connection, &account.id, Adopted::Linked { person }).await?;
                self.send(customer, Job::Person { person, by: "ann".to_owned() });
            }
            None => drop(table.decide_existing(connection, &account.id, Adopted::Apart).await?),
        }
        self.deliver().await
    }

    /// Accounts that were there before a connection was made.
    pub(super) async fn furnish(&mut self, customer: usize) -> Result<(), Failed> {
        let count = self.random.random_range(0..6);
        let people = self.names(customer).people;
        let chosen: Vec<PersonId> = people.choose_multiple(&mut self.random, count).copied().collect();
        let accounts = self.stage.entra.read(self.tenant(customer), |found| {
            let found = directory(&found.present());
            let of = |(number, person): (usize, &PersonId)| {
                let properties = &found.people.get(person)?.properties;
                let email = if number % 2 == 0 { Property::UserPrincipalName } else { Property::Mail };
                Some(Existing {
                    id: ExistingId(format!("existing {number}")),
                    employee_id: properties.get(&Property::EmployeeId).filter(|_| number % 3 != 0).cloned(),
                    email: properties.get(&email).cloned(),
                    protected: number == 4,
                    decision: Adopted::Open,
                })
            };
            chosen.iter().enumerate().filter_map(of).collect::<Vec<Existing>>()
        });
        let table = &self.operator.worker.table;
        Ok(table.note_existing(self.connection(customer), accounts.unwrap_or_default()).await?)
    }
}

/// Whether what a removal would take is to be taken.
fn is_due(expected: &Expected, Removal { person, loss }: &Removal) -> bool {
    let account = expected.platform.accounts.get(person);
    match loss {
        Loss::Account(_) => account.is_none_or(|account| !account.is_active()),
        Loss::Deletion => account.is_none(),
        Loss::Team(team) => account.is_none_or(|account| !account.teams.contains(team)),
        Loss::Attribute(property) => account.is_none_or(|account| !account.attributes.contains_key(property)),
        Loss::Email => account.is_none_or(|account| account.email.is_none()),
        Loss::Manager => account.is_none_or(|account| account.manager.is_none()),
    }
}
