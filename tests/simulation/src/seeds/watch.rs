//! What must hold after every step, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entra::Server;
use jiff::{SignedDuration, Timestamp};
use reference::Account;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::aws::Operation;
use crate::dynamodb::{Item, Value, Written};
use crate::held::account;
use crate::model::{Terms, lasting_teams, may_be_deleted, should_stay};

/// A customer, as far as rules need to know one.
#[derive(Clone, Debug)]
pub(super) struct Customer {
    pub(super) connection: ConnectionId,
    pub(super) tenant: Uuid,
    pub(super) secret: String,
    /// The terms until now, with those that it had while an invocation was at work.
    pub(super) terms: Vec<Terms>,
    /// Whether managers ever had teams. Whoever moves from one to the other has lost nothing, and is counted all the same.
    pub(super) had_managers_teams: bool,
}

/// What an invocation is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand {
    pub(super) connection: ConnectionId,
    /// When it began, in milliseconds since 1970.
    pub(super) since: i64,
}

/// Watches every write.
#[derive(Debug, Default)]
pub(super) struct Watch {
    leases: BTreeMap<String, Lease>,
    /// By client, in the order in which they began.
    errands: BTreeMap<String, Vec<Errand>>,
    violations: Vec<String>,
    pub(super) deactivations: u64,
    pub(super) deletions: u64,
}

/// How wrong a worker's clock may be.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(11);

#[derive(Clone, Debug, Default)]
struct Lease {
    owner: String,
    epoch: i128,
}

/// How much older than its reading an answer may be, in milliseconds, while copies lag.
pub(super) struct Window {
    pub(super) oldest_answer: i64,
}

impl Watch {
    /// A worker begins.
    pub(super) fn begin(&mut self, client: &str, errand: Errand) {
        self.errands.entry(client.to_owned()).or_default().push(errand);
    }

    /// What was broken so far.
    pub(super) fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Something else found something broken.
    pub(super) fn complain(&mut self, what: String) {
        self.violations.push(what);
    }

    /// Looks at what was written.
    pub(super) fn look(&mut self, record: &[Operation], customers: &[Customer], entra: &Server, window: &Window) {
        for operation in record {
            for written in &operation.written {
                self.own_rows_only(operation, written);
                self.fenced(operation, written);
                self.no_secret(operation, written, customers);
                self.nothing_wrongly_taken(operation, written, customers, entra, window);
            }
            self.history_once(operation);
            for written in &operation.written {
                self.lease(operation, written);
            }
        }
    }

    /// What a client was at when it sent a call.
    fn errand(&self, operation: &Operation) -> Option<Errand> {
        let errands = self.errands.get(&operation.client)?;
        errands.iter().rev().find(|errand| errand.since <= operation.sent).copied()
    }

    fn own_rows_only(&mut self, operation: &Operation, written: &Written) {
        let Some(errand) = self.errand(operation) else { return };
        let id = errand.connection.to_string();
        let own = written.pk == format!("C#{id}")
            || written.pk.starts_with(&format!("C#{id}#"))
            || (written.pk == "CONNECTIONS" && written.sk == id);
        if !own {
            let Operation { client, operation, .. } = operation;
            self.complain(format!(
                "{client} wrote {}/{} by {operation}, which is another connection's",
                written.pk, written.sk
            ));
        }
    }

    /// What a sync writes, it writes while it holds the lease.
    fn fenced(&mut self, operation: &Operation, written: &Written) {
        let Some(errand) = self.errand(operation) else { return };
        if written.pk == "CONNECTIONS" || is_unfenced(&written.sk) {
            return;
        }
        let partition = format!("C#{}", errand.connection);
        let owner = self.leases.get(&partition).map(|lease| lease.owner.clone()).unwrap_or_default();
        if !owner.starts_with(&format!("{}:", operation.client)) {
            let client = &operation.client;
            self.complain(format!("{client} wrote {}/{} while the lease was '{owner}''s", written.pk, written.sk));
        }
    }

    fn lease(&mut self, operation: &Operation, written: &Written) {
        if written.sk != "LEASE" {
            return;
        }
        let Some(item) = &written.after else { return };
        let owner = item.get("owner").and_then(Value::text).unwrap_or_default().to_owned();
        let epoch = item.get("epoch").and_then(Value::whole).unwrap_or_default();
        let before = self.leases.insert(written.pk.clone(), Lease { owner, epoch }).unwrap_or_default();
        if epoch < before.epoch {
            self.complain(format!("{} took the epoch back from {} to {epoch}", operation.client, before.epoch));
        }
    }

    fn no_secret(&mut self, operation: &Operation, written: &Written, customers: &[Customer]) {
        let Some(item) = &written.after else { return };
        let text = serde_json::to_string(item).unwrap_or_default();
        for customer in customers {
            if text.contains(&customer.secret) || text.contains(&customer.tenant.to_string()) {
                let client = &operation.client;
                self.complain(format!("{client} wrote a secret or a tenant id into {}/{}", written.pk, written.sk));
            }
        }
    }

    /// Nothing is taken from anybody who should have had it all the time that the run was reading.
    fn nothing_wrongly_taken(
        &mut self,
        operation: &Operation,
        written: &Written,
        customers: &[Customer],
        entra: &Server,
        window: &Window,
    ) {
        let customer =
            customers.iter().find(|customer| written.pk.starts_with(&format!("C#{}#U#", customer.connection)));
        let (Some(customer), Ok(person)) = (customer, written.sk.parse::<PersonId>()) else { return };
        let (Some(before), after) = (written.before.as_ref().map(account), written.after.as_ref().map(account)) else {
            return;
        };
        let since = self.errand(operation).map_or(operation.at, |errand| errand.since);
        let window = (since - window.oldest_answer, operation.at);
        let (terms, client) = (&customer.terms, &operation.client);
        // A worker's clock may be ahead.
        let now = Timestamp::from_millisecond(operation.at).unwrap_or_default() + CLOCK_ERROR;
        let is_active = after.as_ref().is_some_and(Account::is_active);
        let wrong = entra.read(customer.tenant, |directory| {
            if before.is_active() && !is_active {
                return should_stay(directory, terms, person, &before, window, now)
                    .then(|| "deactivated, who should have stayed all the time".to_owned());
            }
            if !before.is_active() && after.is_none() {
                return (!may_be_deleted(directory, terms, person, &before, window, now))
                    .then(|| "deleted, whose account was to be kept".to_owned());
            }
            let kept = after.map(|account| account.teams).unwrap_or_default();
            if !is_active || before.teams.is_subset(&kept) {
                return None;
            }
            let lasting = lasting_teams(directory, terms, person, &before, window, now);
            let lost: BTreeSet<&GroupId> = lasting.difference(&kept).collect();
            (!lost.is_empty()).then(|| format!("taken out of {lost:?}, who should have been there all the time"))
        });
        if before.is_active() && !is_active {
            self.deactivations += 1;
        }
        if !before.is_active() && written.after.is_none() {
            self.deletions += 1;
        }
        if let Some(Some(wrong)) = wrong {
            self.complain(format!("{client}: {person} was {wrong}"));
        }
    }

    /// Each visible change of an account is in the history that is written with it, once, and nothing else is.
    fn history_once(&mut self, operation: &Operation) {
        let (mut changed, mut told, mut fields) = (Vec::new(), Vec::new(), BTreeSet::new());
        for written in &operation.written {
            if is_forgotten(written) {
                self.complain(format!("{} took the history out of {}/{}", operation.client, written.pk, written.sk));
            }
            if written.pk.contains("#U#") && !visible(written).is_empty() {
                changed.push(written.sk.clone());
                fields.extend(visible(written));
            } else if written.sk.starts_with("CHANGE#") || written.sk.starts_with("RUN#") {
                told.extend(people_of(written));
            }
        }
        changed.sort();
        told.sort();
        if changed != told {
            let only = |one: &[String], other: &[String]| -> BTreeSet<String> {
                one.iter().filter(|person| !other.contains(person)).cloned().collect()
            };
            let (untold, made_up) = (only(&changed, &told), only(&told, &changed));
            let client = &operation.client;
            self.complain(format!(
                "{client}: changed without history: {untold:?}, in {fields:?}; history without change: {made_up:?}"
            ));
        }
    }
}

fn is_unfenced(sk: &str) -> bool {
    sk == "LEASE" || sk.starts_with("SUBSCRIPTION#") || sk.starts_with("NOTICE#")
}

/// Attributes that people see.
const VISIBLE: [&str; 10] =
    ["state", "reason", "since", "attributes", "email", "language", "manager", "teams", "reports_to", "linked"];

/// What of a write people see.
fn visible(written: &Written) -> Vec<&'static str> {
    let (Some(before), Some(after)) = (&written.before, &written.after) else { return vec!["all of it"] };
    VISIBLE.into_iter().filter(|name| after.get(*name) != before.get(*name)).collect()
}

/// People in the history that a write adds: a chunk of its own, or a small one in the run's record.
fn people_of(written: &Written) -> Vec<String> {
    let changes = |item: &Option<Item>| item.as_ref().and_then(|item| item.get("changes").cloned());
    let (before, after) = (changes(&written.before), changes(&written.after));
    if before == after {
        return Vec::new();
    }
    let json = after.map(|after| match after {
        Value::B(packed) => unpacked(&packed),
        text => text.text().map(|text| text.as_bytes().to_vec()),
    });
    let changes: Vec<Json> = json.flatten().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let person = |change: &Json| change.get("user")?.get("person")?.as_str().map(str::to_owned);
    changes.iter().filter_map(person).collect()
}

fn unpacked(base64: &str) -> Option<Vec<u8>> {
    lz4_flex::block::decompress_size_prepended(&STANDARD.decode(base64).ok()?).ok()
}

/// History that was there, and is not any more.
fn is_forgotten(written: &Written) -> bool {
    let has = |item: &Option<Item>| item.as_ref().is_some_and(|item| item.contains_key("changes"));
    has(&written.before) && !has(&written.after)
}
