//! An emulator with an empty table, and people to put into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use jiff::Timestamp;
use local::emulator::{Emulator, REGION};
use local::layout::Layout;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId, RunId, TeamSource, TenantId, UserId};
use rollcall_directory::property::{Attributes, Property};
use rollcall_directory::user::User;
use rollcall_store::run::{Counts, Mode, Progress, RunStatus, Trigger};
use rollcall_store::{Acquired, Commit, Lease, Run, StateChange, Table, UserWrite};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::faults::Faults;

pub(crate) const NOW: Timestamp = Timestamp::constant(1_900_000_000, 0);
pub(crate) const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(0xc0));
pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(0x7e));
const NAME: &str = "rollcall";

static TOOLS: OnceCell<()> = OnceCell::const_new();

/// An emulator with an empty table. It ends with this value.
pub(crate) struct World {
    emulator: Emulator,
    pub(crate) client: Client,
    pub(crate) table: Table,
}

impl World {
    pub(crate) async fn new(name: &str) -> Self {
        let layout = Layout::new(&format!("store-{name}")).unwrap();
        TOOLS.get_or_init(|| async { local::tools::install(&layout).await.unwrap() }).await;
        let emulator = Emulator::start(&layout, &BTreeMap::new()).await.unwrap();
        let client = client(emulator.aws().url(), None);
        create(&client).await;
        let table = Table::new(client.clone(), NAME).with_cursor_key(b"key");
        Self { emulator, client, table }
    }

    pub(crate) fn url(&self) -> &str {
        self.emulator.aws().url()
    }

    /// The same table, over a connection with faults.
    pub(crate) fn faulty(&self) -> (Table, Faults) {
        let faults = Faults::default();
        (Table::new(client(self.url(), Some(faults.clone())), NAME), faults)
    }

    pub(crate) async fn lease(&self, worker: &str) -> Lease {
        lease(&self.table, worker).await
    }

    /// Everything that is in the table.
    pub(crate) async fn everything(&self) -> BTreeMap<(String, String), HashMap<String, AttributeValue>> {
        let mut all = BTreeMap::new();
        let mut start = None;
        loop {
            let page = self.client.scan().table_name(NAME).set_exclusive_start_key(start).send().await.unwrap();
            for item in page.items.unwrap_or_default() {
                all.insert((text(&item, "pk"), text(&item, "sk")), item);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return all;
            }
        }
    }
}

pub(crate) fn text(item: &HashMap<String, AttributeValue>, name: &str) -> String {
    item[name].as_s().unwrap().clone()
}

pub(crate) async fn lease(table: &Table, worker: &str) -> Lease {
    match table.acquire(CONNECTION, worker).await.unwrap() {
        Acquired::Lease(lease) => lease,
        busy => panic!("{busy:?}"),
    }
}

/// A lease with a run under way.
pub(crate) async fn working(table: &Table, worker: &str) -> (Lease, Run) {
    let lease = lease(table, worker).await;
    let run = run(1);
    let state = StateChange { run: Some(Some(run.id)), ..StateChange::default() };
    lease.commit(Commit { run: Some(run.clone()), state, ..Commit::at(NOW) }).await.unwrap();
    (lease, run)
}

fn client(url: &str, faults: Option<Faults>) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"));
    let config = match faults {
        // What the SDK would repeat by itself is what these tests want to see.
        Some(faults) => config.interceptor(faults).retry_config(RetryConfig::disabled()),
        None => config,
    };
    Client::from_conf(config.build())
}

async fn create(client: &Client) {
    let mut call = client.create_table().table_name(NAME).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        call = call.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
    }
    call.send().await.unwrap();
}

pub(crate) fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(0xbee0_0000 + number))
}

pub(crate) fn group(number: u128) -> GroupId {
    GroupId(Uuid::from_u128(0x6000 + number))
}

/// The team of a group.
pub(crate) fn team(number: u128) -> TeamSource {
    TeamSource::Group(group(number))
}

pub(crate) fn groups(numbers: impl IntoIterator<Item = u128>) -> BTreeSet<GroupId> {
    numbers.into_iter().map(group).collect()
}

/// An active account in these teams.
pub(crate) fn user(number: u128, teams: &[u128]) -> User {
    let value = |name: &str| format!("{name} {number}");
    User {
        attributes: Attributes::from_iter([
            (Property::GivenName, value("Ann")),
            (Property::Surname, value("Ünal")),
            (Property::Mail, format!("ann{number}@example.com")),
            (Property::UserPrincipalName, format!("ann{number}@example.com")),
            (Property::Department, "Sales and Marketing".to_owned()),
            (Property::JobTitle, "Specialist".to_owned()),
            (Property::City, "Ulm".to_owned()),
            (Property::Country, "Germany".to_owned()),
        ]),
        manager: Some(person(number / 10)),
        groups: groups(teams.iter().copied()),
        teams: groups(teams.iter().copied()),
        ..User::new(UserId::derive(TENANT, person(number)), person(number))
    }
}

pub(crate) fn creation(user: User) -> UserWrite {
    UserWrite::giving(None, user)
}

pub(crate) fn creations(numbers: std::ops::Range<u128>, teams: &[u128]) -> Vec<UserWrite> {
    numbers.map(|number| creation(user(number, teams))).collect()
}

pub(crate) fn run(number: u128) -> Run {
    Run {
        id: RunId(Uuid::from_u128(number)),
        mode: Mode::Full,
        trigger: Trigger::Activation,
        status: RunStatus::Running,
        started_at: NOW,
        finished_at: None,
        epoch: 1,
        counts: Counts::default(),
        progress: Progress::default(),
        error: None,
        requests: 0,
        hold: None,
        reasons: Vec::new(),
        resume: None,
    }
}
