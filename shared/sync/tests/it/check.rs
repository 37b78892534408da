//! Each thing that can be wrong is found by the call that the sync would make, and named.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, GroupId};
use rollcall_directory::scope::Scope;
use rollcall_graph::GraphClient;
use rollcall_store::Resource;
use rollcall_sync::check::advice::Who;
use rollcall_sync::check::{Check, Checker, Subject, is_well};
use uuid::Uuid;

use crate::stage::{Stage, small, without};

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_second(since.as_secs().try_into().unwrap()).unwrap()
}

async fn checks_of(stage: &Stage, client: &GraphClient, scope: &Scope) -> Vec<Check> {
    let rules = &rollcall_directory::rules::Rules::default();
    Checker { client, connection: ConnectionId(Uuid::from_u128(1)), scope, rules, addresses: &stage.addresses }
        .run(now())
        .await
}

async fn checks(stage: &Stage) -> Vec<Check> {
    checks_of(stage, &stage.client(), &stage.scope()).await
}

/// The subjects with trouble, who must act, and whether what they must do names this.
fn troubles(checks: &[Check], names: &str) -> Vec<(Subject, Who, bool)> {
    let of = |check: &Check| {
        let advice = check.trouble.as_ref()?;
        Some((check.subject, advice.who, format!("{} {}", advice.what, advice.action).contains(names)))
    };
    checks.iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_sound_connection_passes_and_leaves_nothing_behind() {
    let stage = Stage::start().await;
    let checks = checks(&stage).await;
    assert!(is_well(&checks), "{checks:?}");
    let subjects: Vec<Subject> = checks.iter().map(|check| check.subject).collect();
    let mut expected = vec![Subject::SignIn, Subject::Users, Subject::UserChanges];
    let roots: BTreeSet<Uuid> = stage.info.roots.iter().copied().collect();
    expected.extend(roots.into_iter().map(|root| Subject::Group(GroupId(root))));
    expected.extend([
        Subject::GroupChanges,
        Subject::Subscription(Resource::Users),
        Subject::Subscription(Resource::Groups),
    ]);
    assert_eq!(subjects, expected);
    assert_eq!(stage.listed().await, []);
}

#[tokio::test]
async fn where_everyone_is_in_groups_are_not_asked_for() {
    let stage = Stage::with(without("GroupMember.Read.All")).await;
    let checks = checks_of(&stage, &stage.client(), &Scope::everyone()).await;
    assert!(is_well(&checks), "{checks:?}");
    assert_eq!(checks.len(), 4);
}

#[tokio::test]
async fn a_refused_credential_is_the_only_finding_and_says_what_to_do() {
    let stage = Stage::start().await;
    let (tenant, id) = (stage.info.tenant_id, stage.info.client_id.to_string());
    let (secret, secret_id) = (stage.info.client_secret.clone(), stage.info.client_secret_id.to_string());
    let nobody = Uuid::from_u128(9);
    for (tenant, id, secret, who, says) in [
        (tenant, id.as_str(), "canary-41b7", Who::ConnectionOwner, "client secret's value once more"),
        (tenant, &id, secret_id.as_str(), Who::ConnectionOwner, "not its *Secret ID*"),
        (nobody, &id, &secret, Who::ConnectionOwner, "tenant id"),
        (tenant, &nobody.to_string(), &secret, Who::TenantAdministrator, "admin consent"),
    ] {
        let client = stage.client_of(tenant, id, secret);
        let checks = checks_of(&stage, &client, &stage.scope()).await;
        assert_eq!(troubles(&checks, says), [(Subject::SignIn, who, true)], "{checks:?}");
        assert!(!format!("{checks:?}").contains(secret), "the secret shows itself");
    }
}

#[tokio::test]
async fn an_expired_secret_is_told_from_a_wrong_one() {
    let stage = Stage::start().await;
    stage.entra.advance_clock(std::time::Duration::from_secs(5 * 365 * 86_400));
    let checks = checks(&stage).await;
    assert_eq!(troubles(&checks, "expired"), [(Subject::SignIn, Who::TenantAdministrator, true)], "{checks:?}");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let stage = Stage::with(without("User.Read.All")).await;
    let found = troubles(&checks(&stage).await, "User.Read.All");
    assert!(found.contains(&(Subject::Users, Who::TenantAdministrator, true)), "{found:?}");
    assert!(found.contains(&(Subject::Subscription(Resource::Users), Who::TenantAdministrator, true)), "{found:?}");
}

#[tokio::test]
async fn permission_to_read_members_does_not_suffice_to_hear_of_groups() {
    let mut options = without("Group.Read.All");
    options.roles.push("GroupMember.Read.All".to_owned());
    let stage = Stage::with(options).await;
    let checks = checks(&stage).await;
    let found = troubles(&checks, "Group.Read.All");
    assert_eq!(found, [(Subject::Subscription(Resource::Groups), Who::TenantAdministrator, true)], "{checks:?}");
}

#[tokio::test]
async fn a_group_that_is_not_there_is_named_by_its_id() {
    let stage = Stage::start().await;
    let gone = GroupId(Uuid::from_u128(77));
    let mut groups = stage.scope().groups();
    groups.insert(gone);
    let checks = checks_of(&stage, &stage.client(), &Scope::any_of(groups)).await;
    let found = troubles(&checks, &gone.to_string());
    assert_eq!(found, [(Subject::Group(gone), Who::ConnectionOwner, true)]);
}

#[tokio::test]
async fn a_webhook_that_graph_does_not_reach_is_the_operators_affair() {
    let mut options = small();
    options.settings.notifications.validation_timeout_millis = 300;
    let mut stage = Stage::with(options).await;
    // Port 9 discards; nothing listens there.
    stage.addresses = rollcall_sync::subscription::address::Addresses::new("http://127.0.0.1:9".parse().unwrap());
    let found = troubles(&checks(&stage).await, "127.0.0.1");
    assert_eq!(
        found,
        [
            (Subject::Subscription(Resource::Users), Who::Operator, true),
            (Subject::Subscription(Resource::Groups), Who::Operator, true)
        ]
    );
}
