//! Whatever happened to the subscriptions, afterwards Graph has exactly those that are wanted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use entra::{Fault, FaultRule, Matcher};
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::ConnectionId;
use rollcall_directory::scope::Scope;
use rollcall_graph::GraphClient;
use rollcall_graph::subscriptions::{self, NewSubscription};
use rollcall_store::{Connection, ConnectionStatus, CredentialKind, Resource};
use rollcall_sync::job::{Cause, Job};
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::subscription::address::Addresses;
use rollcall_sync::subscription::keeper::{KeepError, Keeper, Kept};
use rollcall_sync::subscription::removal::remove_all;
use secrecy::SecretString;
use uuid::Uuid;

use crate::stage::{Memory, Stage};

struct Play {
    stage: Stage,
    memory: Memory,
    keeper: Keeper,
    connection: Connection,
    now: Timestamp,
}

fn wall_clock() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_second(since.as_secs().try_into().unwrap()).unwrap()
}

fn connection(scope: Scope) -> Connection {
    Connection {
        id: ConnectionId(Uuid::from_u128(1)),
        name: "Contoso".to_owned(),
        status: ConnectionStatus::Active,
        scope,
        rules: rollcall_directory::rules::Rules::default(),
        settings_revision: 0,
        limits: Limits::default(),
        owners: Vec::new(),
        sync_every_hours: None,
        history_days: rollcall_store::HistoryDays::default(),
        sign_in: None,
        unbound: false,
        credential_kind: CredentialKind::ClientSecret,
        secret_expires_at: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        revision: 1,
    }
}

impl Play {
    async fn start() -> Self {
        let stage = Stage::start().await;
        let memory = Memory::default();
        let keeper = Keeper {
            rows: Arc::new(memory.clone()),
            queue: Arc::new(memory.clone()),
            key: ClientStateKey::new(&SecretString::from("key")),
            addresses: stage.addresses.clone(),
        };
        let connection = connection(stage.scope());
        Self { stage, memory, keeper, connection, now: wall_clock() }
    }

    async fn ensure(&self) -> Result<Kept, KeepError> {
        self.keeper.ensure(&self.stage.client(), self.stage.tenant(), &self.connection, self.now).await
    }

    async fn remove_all(&self, client: &GraphClient) -> usize {
        remove_all(&self.memory, client, &self.stage.addresses, self.connection.id, self.now).await.unwrap()
    }

    /// Graph and the rows agree, and hold one subscription for each resource that is wanted.
    async fn assert_settled(&self, wanted: &[&str]) {
        let listed = self.stage.listed().await;
        let resources: Vec<&str> = listed.iter().map(|found| found.resource.trim_matches('/')).collect();
        assert_eq!(resources, wanted);
        let at_graph: BTreeSet<String> = listed.iter().map(|found| found.id.to_string()).collect();
        let in_rows: BTreeSet<String> = self.memory.rows().into_iter().filter_map(|row| row.id).collect();
        assert_eq!(at_graph, in_rows);
        assert_eq!(self.memory.rows().len(), wanted.len());
    }

    fn gaps(&self) -> usize {
        let gap = Job::Incremental { cause: Cause::SubscriptionGap };
        self.memory.sent.lock().unwrap().iter().filter(|message| message.job == gap).count()
    }

    fn pass(&mut self, time: Duration) {
        self.stage.entra.advance_clock(time);
        self.now += SignedDuration::try_from(time).unwrap();
    }

    async fn vanish(&self, resource: &str) {
        let listed = self.stage.listed().await;
        let found = listed.iter().find(|found| found.resource.trim_matches('/') == resource).unwrap();
        self.stage.client().send(&subscriptions::delete(found.id)).await.unwrap();
    }
}

const BOTH: &[&str] = &["groups", "users"];

#[tokio::test]
async fn an_active_connection_gets_its_subscriptions_once() {
    let play = Play::start().await;
    assert_eq!(play.ensure().await.unwrap().created, 2);
    play.assert_settled(BOTH).await;
    assert_eq!(play.gaps(), 2);
    let again = play.ensure().await.unwrap();
    assert_eq!((again.created, again.renewed, again.deleted, again.ends.len()), (0, 0, 0, 2));
    assert_eq!(play.gaps(), 2);
}

#[tokio::test]
async fn where_everyone_is_in_only_users_are_watched() {
    let mut play = Play::start().await;
    play.ensure().await.unwrap();
    play.connection.scope = Scope::everyone();
    assert_eq!(play.ensure().await.unwrap().deleted, 1);
    play.assert_settled(&["users"]).await;
}

#[tokio::test]
async fn they_live_as_long_as_graph_allows_and_are_renewed_at_half_of_it() {
    let mut play = Play::start().await;
    play.ensure().await.unwrap();
    let first = play.stage.listed().await[0].expiration_date_time;
    assert!(first.duration_since(play.now) > SignedDuration::from_hours(28 * 24));
    play.pass(Duration::from_secs(14 * 86_400));
    assert_eq!(play.ensure().await.unwrap().renewed, 0);
    play.pass(Duration::from_secs(86_400));
    assert_eq!(play.ensure().await.unwrap().renewed, 2);
    assert_eq!(play.ensure().await.unwrap().renewed, 0);
    play.assert_settled(BOTH).await;
    assert!(play.stage.listed().await[0].expiration_date_time > first);
    assert_eq!(play.gaps(), 2);
}

#[tokio::test]
async fn one_that_vanished_is_recreated_and_followed_by_a_read() {
    let play = Play::start().await;
    play.ensure().await.unwrap();
    play.vanish("users").await;
    assert_eq!(play.ensure().await.unwrap().created, 1);
    play.assert_settled(BOTH).await;
    assert_eq!(play.gaps(), 3);
}

#[tokio::test]
async fn after_everything_expired_it_begins_anew() {
    let mut play = Play::start().await;
    play.ensure().await.unwrap();
    play.pass(Duration::from_secs(40 * 86_400));
    assert_eq!(play.ensure().await.unwrap().created, 2);
    play.assert_settled(BOTH).await;
}

#[tokio::test]
async fn a_refused_renewal_is_answered_by_a_new_subscription() {
    for status in [400, 403, 404] {
        let mut play = Play::start().await;
        play.ensure().await.unwrap();
        play.pass(Duration::from_secs(15 * 86_400));
        let refusal =
            Fault::Status { status, retry_after: None, code: Some("Refused".to_owned()), message: None, nested: false };
        let renewals = Matcher { method: Some("PATCH".to_owned()), ..Matcher::default() };
        play.stage.entra.set_faults(vec![FaultRule { matcher: renewals, times: Some(1), fault: refusal }]).unwrap();
        let kept = play.ensure().await.unwrap();
        assert_eq!((kept.created, kept.renewed), (1, 1), "status {status}");
        play.assert_settled(BOTH).await;
    }
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_found_again() {
    let play = Play::start().await;
    let creations =
        Matcher { method: Some("POST".to_owned()), path: Some("subscriptions".to_owned()), ..Matcher::default() };
    let rule = FaultRule { matcher: creations, times: Some(1), fault: Fault::LoseAnswer };
    play.stage.entra.set_faults(vec![rule]).unwrap();
    assert!(matches!(play.ensure().await, Err(KeepError::Graph(_))));
    play.ensure().await.unwrap();
    play.assert_settled(BOTH).await;
}

#[tokio::test]
async fn a_new_authorisation_is_given_when_it_was_asked_for() {
    let mut play = Play::start().await;
    play.ensure().await.unwrap();
    play.pass(Duration::from_secs(3_600));
    let asked = play.memory.rows().remove(0);
    play.memory.rows.lock().unwrap().get_mut(&asked.nonce).unwrap().reauthorize_at = Some(play.now);
    assert_eq!(play.ensure().await.unwrap().renewed, 1);
    assert!(play.memory.rows().iter().all(|row| row.reauthorize_at.is_none()));
    assert_eq!(play.ensure().await.unwrap().renewed, 0);
}

#[tokio::test]
async fn another_deployments_subscription_is_respected() {
    let play = Play::start().await;
    let theirs =
        Addresses::new(format!("{}theirs", play.stage.addresses.lifecycle().join("/").unwrap()).parse().unwrap());
    let foreign = NewSubscription {
        resource: "users".to_owned(),
        change_type: "updated,deleted".to_owned(),
        notification_url: theirs.notifications(play.connection.id, Uuid::from_u128(5)),
        lifecycle_notification_url: None,
        expiration: play.now + SignedDuration::from_hours(24),
        client_state: SecretString::from("theirs"),
    };
    let foreign = play.stage.client().send(&subscriptions::create(&foreign, "User.Read.All")).await.unwrap();
    assert!(matches!(play.ensure().await, Err(KeepError::Taken(Resource::Users))));
    assert!(play.stage.listed().await.iter().any(|found| found.id == foreign.id));
}

#[tokio::test]
async fn two_connections_with_one_application_do_not_end_each_others() {
    let mut play = Play::start().await;
    play.ensure().await.unwrap();
    let first = play.memory.rows.lock().unwrap().clone();
    play.connection.id = ConnectionId(Uuid::from_u128(2));
    play.memory.rows.lock().unwrap().clear();
    assert!(matches!(play.ensure().await, Err(KeepError::Taken(Resource::Users))));
    *play.memory.rows.lock().unwrap() = first;
    play.assert_settled(BOTH).await;
}

#[tokio::test]
async fn removing_all_ends_them_and_leaves_no_row() {
    let play = Play::start().await;
    play.ensure().await.unwrap();
    let client = play.stage.client();
    assert_eq!(play.remove_all(&client).await, 2);
    play.assert_settled(&[]).await;
    let requests = client.requests();
    assert_eq!(play.remove_all(&client).await, 0);
    assert_eq!(client.requests(), requests, "without rows there is nothing to ask");
}

#[tokio::test]
async fn rows_of_what_is_over_go_without_a_working_credential() {
    let mut play = Play::start().await;
    play.ensure().await.unwrap();
    play.pass(Duration::from_secs(40 * 86_400));
    let client = play.stage.client_of(play.stage.info.tenant_id, "nobody", "wrong");
    play.remove_all(&client).await;
    assert!(play.memory.rows().is_empty());
}
