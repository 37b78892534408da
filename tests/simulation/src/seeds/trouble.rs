//! What befalls secrets, releases, subscriptions, notifications and paging.

use std::time::Duration;

use bytes::Bytes;
use rand::Rng as _;
use rollcall_store::StoredCredential;
use rollcall_sync::job::{Cause, Job};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::catalogue::OLDEST_ANSWER_MILLIS;
use super::run::Play;
use super::sky::Outage;
use crate::dynamodb::Value;
use crate::network::ORIGIN;
use crate::stage::{Failed, secret};

impl Play {
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

    /// Another secret in the store, or another one at Microsoft.
    pub(super) async fn rotate(&mut self, customer: usize, what: u32) -> Result<(), Failed> {
        let Some(tenant) = self.tenants.get(customer).cloned() else { return Ok(()) };
        let connection = self.connection(customer);
        let mut stored = secret(&tenant);
        let name = match what {
            0 => "E58 the secret is stored anew",
            1 => {
                if let StoredCredential::ClientSecret { secret, .. } = &mut stored.credential {
                    *secret = SecretString::from("worn~out");
                }
                "E58 a secret that does not work"
            }
            2 => {
                self.stage.spoil_secret(connection).await?;
                self.sky.count("E58 a secret that lacks a field", 1);
                self.send(customer, Job::Incremental { cause: Cause::Poll });
                return self.deliver().await;
            }
            _ => return self.replace_secret(customer).await,
        };
        self.sky.count(name, 1);
        self.operator.secrets.update(connection, &stored).await?;
        self.send(customer, Job::Incremental { cause: Cause::Poll });
        self.deliver().await
    }

    /// Microsoft takes the old secret no more, and the new one is stored while a run is at work.
    async fn replace_secret(&mut self, customer: usize) -> Result<(), Failed> {
        let Some(tenant) = self.tenants.get(customer).cloned() else { return Ok(()) };
        let path = format!("apps/{}/secrets", tenant.client_id);
        let made = self.control(tenant.tenant_id, &path, &json!({"keepOld": false})).await?;
        let Some(new) = made.get("clientSecret").and_then(Json::as_str).map(str::to_owned) else { return Ok(()) };
        if let Some(known) = self.tenants.get_mut(customer) {
            known.client_secret.clone_from(&new);
        }
        if let Some(known) = self.customers.get_mut(customer) {
            known.secret.clone_from(&new);
        }
        let (secrets, connection) = (self.operator.secrets.clone(), self.connection(customer));
        let stored = secret(&entra::TenantInfo { client_secret: new, ..tenant });
        let later = Duration::from_millis(self.random.random_range(0..20_000));
        tokio::spawn(async move {
            sleep(later).await;
            secrets.update(connection, &stored).await
        });
        self.sky.count("E58 the secret is replaced during a run", 1);
        self.send(customer, Job::Full { cause: Cause::Schedule });
        self.deliver().await
    }

    /// A call of the tenant's control API.
    async fn control(&self, tenant: Uuid, path: &str, body: &Json) -> Result<Json, Failed> {
        let uri = format!("{ORIGIN}/control/tenants/{tenant}/{path}");
        let request = http::Request::post(uri).body(Bytes::from(body.to_string()))?;
        let answer = self.stage.entra.exchange(request).await;
        Ok(serde_json::from_slice(answer.response.body()).unwrap_or_default())
    }

    pub(super) async fn subscription(&mut self, customer: usize, what: u32) -> Result<(), Failed> {
        let tenant = self.tenant(customer);
        let subscriptions = self.stage.entra.subscriptions(tenant);
        let Some(id) = subscriptions.first().copied() else { return Ok(()) };
        let (name, event) = match what {
            0 | 1 => {
                self.stage.entra.drop_subscription(tenant, id);
                self.sky.count("D44 a subscription vanishes", 1);
                return Ok(());
            }
            2 => ("D45 reauthorizationRequired", "reauthorizationRequired"),
            3 => ("D45 subscriptionRemoved", "subscriptionRemoved"),
            4 => ("D45 missed", "missed"),
            _ => ("D45 an unknown lifecycle event", "somethingNew"),
        };
        self.control(tenant, &format!("subscriptions/{id}/lifecycle"), &json!({"event": event})).await?;
        self.sky.count(name, 1);
        Ok(())
    }

    /// Somebody posts what Graph never would.
    pub(super) async fn forge(&mut self, customer: usize, what: u32) {
        let notification = |state: Json| {
            json!({
                "subscriptionId": Uuid::from_u128(9), "clientState": state, "changeType": "updated",
                "tenantId": self.tenant(customer), "resource": format!("Users/{}", Uuid::from_u128(8)),
                "subscriptionExpirationDateTime": "2031-01-01T00:00:00Z",
            })
        };
        let (name, body) = match what {
            0 => ("D48 clientState is null", notification(Json::Null)),
            1 => {
                let mut body = notification(Json::Null);
                body.as_object_mut().map(|members| members.remove("clientState"));
                ("D48 no clientState", body)
            }
            2 => ("D48 a forged clientState", notification("forged".into())),
            _ => {
                let state = self.stage.client_state(Uuid::from_u128(0xdead), self.tenant(customer));
                ("D48 a subscription of a connection that is gone", notification(state.into()))
            }
        };
        self.stage.post(json!({ "value": [body] }).to_string()).await;
        self.sky.count(name, 1);
    }

    pub(super) fn notifications(&mut self, what: u32) {
        let names = [
            "D44 all lost",
            "D44 some lost",
            "D42 many copies",
            "D42 hours late",
            "D42 out of order",
            "D42 many in one request",
            "D48 a wrong clientState in all",
            "D46 the receiver is cold",
        ];
        let Some(name) = names.get(what as usize).copied() else { return };
        if what == 7 {
            self.stage.slow_down_receiver(Duration::from_secs(11));
        }
        for tenant in &self.tenants {
            self.stage.entra.adjust(tenant.tenant_id, |settings| {
                let notifications = &mut settings.notifications;
                match what {
                    0 => notifications.lose = true,
                    1 => notifications.lose_percent = 50,
                    2 => notifications.copies = 100,
                    3 => notifications.delay_millis = 4 * 3_600_000,
                    4 => notifications.shuffle = true,
                    5 => (notifications.batch_millis, notifications.batch_size) = (120_000, 1_000),
                    6 => notifications.client_state = Some("forged".to_owned()),
                    _ => {}
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
            "A12 pages of any size",
            "B15 a group over many rows",
            "B21 delta links die after a day",
            "B28 everything is seen late",
            "C34 tokens live for a minute",
            "A03 a small budget of requests",
        ];
        let Some(name) = names.get(what as usize).copied() else { return };
        let lag = self.random.random_range(60_000..OLDEST_ANSWER_MILLIS);
        if what == 9 {
            self.lied = true;
            self.oldest_answer = OLDEST_ANSWER_MILLIS;
        }
        for tenant in &self.tenants {
            self.stage.entra.adjust(tenant.tenant_id, |settings| match what {
                0 => settings.delta.page_size = 1,
                1 => settings.delta.replay_percent = 50,
                2 => settings.delta.empty_page_percent = 30,
                3 => settings.delta.shuffle = true,
                4 => settings.delta.removed_in_initial = true,
                5 => settings.page_token_life_seconds = 60,
                6 => settings.delta.random_page_size = true,
                7 => settings.delta.members_per_row = 1,
                8 => settings.delta.life_days = 1,
                9 => settings.propagation_lag_millis = lag,
                10 => settings.token_life_seconds = 60,
                _ => settings.resource_units = 60,
            });
        }
        self.sky.count(name, 1);
    }

    /// For the time of a few invocations a service does nothing that is asked of it.
    pub(super) async fn outage(&mut self, customer: usize, what: Outage) -> Result<(), Failed> {
        if !self.sky.begin_outage(what) {
            return Ok(());
        }
        self.send(customer, Job::Full { cause: Cause::Schedule });
        let outcome = self.deliver().await;
        self.sky.end_outage();
        outcome
    }
}
