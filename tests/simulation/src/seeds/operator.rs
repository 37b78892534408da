//! What people do: decide about holds, mend what is paused, change settings and secrets, deploy.

use std::collections::BTreeSet;

use bytes::Bytes;
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rollcall_directory::guard::Limits;
use rollcall_directory::plan::{Loss, Removal};
use rollcall_store::{Connection, ConnectionStatus, Decision, Hold, HoldStatus, PageRequest};
use rollcall_sync::job::{Cause, Job};
use secrecy::SecretString;
use uuid::Uuid;

use super::run::Play;
use super::truth::{is_entitled, teams};
use crate::dynamodb::Value;
use crate::network::ORIGIN;
use crate::settings::Settings;
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
        let Some(known) = self.customers.get(customer) else { return Ok(false) };
        let Some(settings) = known.settings.last().cloned() else { return Ok(false) };
        let right = self.stage.entra.read(known.tenant, |directory| {
            let view = directory.present();
            removals.iter().all(|Removal { person, loss }| match loss {
                Loss::Account(_) => !is_entitled(&view, &settings, person.0),
                Loss::Team(group) => !teams(&view, &settings, person.0).contains(&group.0),
                Loss::Attribute(property) => {
                    view.find(person.0).is_some_and(|(slot, _)| view.text(slot, property.name()).is_none())
                }
                Loss::Email => {
                    view.find(person.0).is_some_and(|(slot, _)| view.text(slot, "userPrincipalName").is_none())
                }
                // No seed asks for deletions yet.
                Loss::Deletion => false,
                Loss::Manager => view.find(person.0).is_some_and(|(_, object)| view.manager(object).is_none()),
            })
        });
        Ok(right.unwrap_or_default())
    }

    /// Gives a connection what it needs, and sets it going again.
    pub(super) async fn mend(&mut self, customer: usize) -> Result<(), Failed> {
        let connection = self.stored(customer).await?;
        let Some(tenant) = self.tenants.get(customer) else { return Ok(()) };
        self.operator.secrets.update(connection.id, &secret(tenant)).await?;
        let settings = self.living(customer, &Settings::of(&connection.scope));
        let is_paused = matches!(connection.status, ConnectionStatus::Paused { .. });
        if is_paused || settings != Settings::of(&connection.scope) {
            self.update(
                customer,
                Connection { status: ConnectionStatus::Active, scope: settings.scope(), ..connection },
                &settings,
            )
            .await?;
            self.send(customer, Job::Full { cause: Cause::Resumption });
        }
        Ok(())
    }

    /// The settings without scope groups that are gone.
    fn living(&self, customer: usize, settings: &Settings) -> Settings {
        let roots = settings.roots();
        let living = self.stage.entra.read(self.tenant(customer), |directory| {
            let view = directory.present();
            roots.into_iter().filter(|root| view.find(*root).is_some()).collect::<BTreeSet<Uuid>>()
        });
        let living = living.unwrap_or_default();
        if living.is_empty() { Settings::Everyone } else { Settings::Groups(living) }
    }

    pub(super) async fn stored(&self, customer: usize) -> Result<Connection, Failed> {
        let found = self.operator.worker.table.connection(self.connection(customer)).await?;
        Ok(found.ok_or("the connection is gone")?)
    }

    /// Stores settings as the API does: first what is new, then the lease is taken away.
    async fn update(&mut self, customer: usize, connection: Connection, settings: &Settings) -> Result<(), Failed> {
        let (id, revision) = (connection.id, connection.revision);
        self.operator.worker.table.update_connection(&connection, revision).await?;
        self.operator.worker.table.revoke(id).await?;
        if let Some(known) = self.customers.get_mut(customer) {
            known.settings.push(settings.clone());
        }
        Ok(())
    }

    /// Another scope: some groups, or everyone.
    pub(super) async fn rescope(&mut self, customer: usize) -> Result<(), Failed> {
        let groups = self.stage.entra.read(self.tenant(customer), |directory| {
            directory.live(entra::directory::Kind::Group).map(|(_, group)| group.id).collect::<Vec<Uuid>>()
        });
        let groups = groups.unwrap_or_default();
        let count = self.random.random_range(0..4);
        let chosen: BTreeSet<Uuid> = groups.choose_multiple(&mut self.random, count).copied().collect();
        let settings = if chosen.is_empty() { Settings::Everyone } else { Settings::Groups(chosen) };
        let connection = self.stored(customer).await?;
        if connection.status != ConnectionStatus::Active {
            return Ok(());
        }
        let limits =
            if self.random.random_bool(0.2) { Limits { people: 50, ..Limits::default() } } else { Limits::default() };
        self.update(customer, Connection { scope: settings.scope(), limits, ..connection }, &settings).await?;
        self.send(customer, Job::Full { cause: Cause::Manual { who: "ann".to_owned() } });
        self.deliver().await
    }

    /// Another secret in the store; one that does not work if so.
    pub(super) async fn rotate(&mut self, customer: usize, invalid: bool) -> Result<(), Failed> {
        let Some(tenant) = self.tenants.get(customer) else { return Ok(()) };
        let mut stored = secret(tenant);
        if invalid {
            if let rollcall_store::StoredCredential::ClientSecret { secret, .. } = &mut stored.credential {
                *secret = SecretString::from("worn~out");
            }
            self.sky.count("E58 a secret that does not work", 1);
        } else {
            self.sky.count("E58 the secret is stored anew", 1);
        }
        self.operator.secrets.update(self.connection(customer), &stored).await?;
        self.send(customer, Job::Incremental { cause: Cause::Poll });
        self.deliver().await
    }

    /// Every item becomes one of the release before, or of the next one.
    pub(super) fn release(&mut self, ahead: bool) {
        let version = if ahead { "2" } else { "0" };
        self.stage.aws.database(|database| {
            database.rewrite(|_, item| {
                if item.contains_key("v") {
                    item.insert("v".to_owned(), Value::N(version.to_owned()));
                }
                if ahead {
                    item.insert("novelty".to_owned(), Value::S("of the next release".to_owned()));
                }
            });
        });
        self.sky.count(if ahead { "E59 items of the next release" } else { "E59 items of the release before" }, 1);
    }

    pub(super) async fn subscription(&mut self, customer: usize, what: u32) {
        let tenant = self.tenant(customer);
        let subscriptions = self.stage.entra.subscriptions(tenant);
        let Some(id) = subscriptions.first().copied() else { return };
        let event = match what {
            0 | 1 => {
                self.stage.entra.drop_subscription(tenant, id);
                return self.sky.count("D44 a subscription vanishes", 1);
            }
            2 => "reauthorizationRequired",
            3 => "subscriptionRemoved",
            _ => "missed",
        };
        let uri = format!("{ORIGIN}/control/tenants/{tenant}/subscriptions/{id}/lifecycle");
        let body = Bytes::from(format!("{{\"event\":\"{event}\"}}"));
        if let Ok(request) = http::Request::post(uri).body(body) {
            self.stage.entra.exchange(request).await;
            self.sky.count("D45 a lifecycle event", 1);
        }
    }

    pub(super) fn notifications(&mut self, what: u32) {
        let names = [
            "D44 all lost",
            "D44 some lost",
            "D42 many copies",
            "D42 hours late",
            "D42 out of order",
            "D48 a forged clientState",
        ];
        let Some(name) = names.get(what as usize).copied() else { return };
        for tenant in &self.tenants {
            self.stage.entra.adjust(tenant.tenant_id, |settings| {
                let notifications = &mut settings.notifications;
                match what {
                    0 => notifications.lose = true,
                    1 => notifications.lose_percent = 50,
                    2 => notifications.copies = 100,
                    3 => notifications.delay_millis = 4 * 3_600_000,
                    4 => notifications.shuffle = true,
                    _ => notifications.client_state = Some("forged".to_owned()),
                }
            });
        }
        self.sky.count(name, 1);
    }

    pub(super) fn paging(&mut self, what: u32) {
        let names = [
            "A12 one row on a page",
            "B15 rows are repeated",
            "B14 empty pages",
            "B16 rows in any order",
            "B23 deleted ones in the first round",
            "B20 pages are forgotten after a minute",
        ];
        let Some(name) = names.get(what as usize).copied() else { return };
        for tenant in &self.tenants {
            self.stage.entra.adjust(tenant.tenant_id, |settings| match what {
                0 => settings.delta.page_size = 1,
                1 => settings.delta.replay_percent = 50,
                2 => settings.delta.empty_page_percent = 30,
                3 => settings.delta.shuffle = true,
                4 => settings.delta.removed_in_initial = true,
                _ => settings.page_token_life_seconds = 60,
            });
        }
        self.sky.count(name, 1);
    }
}
