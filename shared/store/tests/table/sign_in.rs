//! Signing in: what is once is once, however many ask at the same moment, and a session dies with its account.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_directory::plan::{Loss, take};
use rollcall_directory::user::{Leaving, Status, User};
use rollcall_store::{
    AccountStamp, BegunSession, ClientId, CodeGrant, CodeUse, Commit, Error, HistoryDays, PageRequest, Pending,
    PlatformRequest, Purpose, SecretDigest, Session, SessionId, SessionKey, SignInRecord, StoredUser, Table, UserWrite,
    VerificationKey,
};
use uuid::Uuid;

use crate::world::{CONNECTION, NOW, TENANT, World, creations, user, working};

const CLIENT: ClientId = ClientId(Uuid::from_u128(0xc1));
const OTHER: ClientId = ClientId(Uuid::from_u128(0xc2));

fn after(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn digest(text: &str) -> SecretDigest {
    SecretDigest::of(text.as_bytes())
}

fn pending(browser: &str) -> Pending {
    let request = PlatformRequest {
        client: CLIENT,
        redirect_uri: "https://p.example/c".to_owned(),
        state: Some("s".to_owned()),
        nonce: None,
        challenge: "c".to_owned(),
        scope: "openid".to_owned(),
        silent: false,
    };
    Pending {
        browser: digest(browser),
        connection: Some(CONNECTION),
        purpose: Purpose::SignIn { request },
        started_at: NOW,
        ends_at: after(600),
    }
}

#[tokio::test]
async fn what_a_browser_began_is_taken_once_and_by_that_browser_alone() {
    let world = World::new("pending").await;
    let table = &world.table;
    table.begin_pending(&digest("state"), &pending("mine")).await.unwrap();
    assert_eq!(table.take_pending(&digest("state"), &digest("yours")).await.unwrap(), None);
    assert_eq!(table.take_pending(&digest("other"), &digest("mine")).await.unwrap(), None);
    assert_eq!(table.pending(&digest("state")).await.unwrap(), Some(pending("mine")));
    let (state, browser) = (digest("state"), digest("mine"));
    let taken = join_all((0..20).map(|_| table.take_pending(&state, &browser))).await;
    let taken: Vec<Pending> = taken.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken, [pending("mine")]);
    assert_eq!(table.pending(&digest("state")).await.unwrap(), None);
}

/// The first account of the world, as it is now.
async fn account(table: &Table) -> StoredUser {
    table.user(CONNECTION, TENANT, user(0, &[]).person).await.unwrap().unwrap()
}

fn session(account: &StoredUser, number: u128) -> Session {
    let key = SessionKey {
        connection: CONNECTION,
        user: account.user.id,
        person: account.user.person,
        session: SessionId(Uuid::from_u128(number)),
    };
    Session {
        key,
        client: CLIENT,
        cookie: digest("cookie"),
        refresh: None,
        scope: "openid".to_owned(),
        upstream: Some(digest("upstream")),
        account: AccountStamp::of(account),
        authenticated_at: NOW,
        ends_at: after(3_600),
    }
}

async fn begin(table: &Table, session: &Session, code: &str) -> Option<()> {
    let grant = CodeGrant {
        session: session.key,
        client: CLIENT,
        redirect_uri: "https://p.example/c".to_owned(),
        nonce: None,
        challenge: "c".to_owned(),
        scope: "openid".to_owned(),
        ends_at: after(60),
    };
    let (person, id) = (session.key.person, session.key.session);
    let record = SignInRecord { at: NOW, person, client: Some(CLIENT), session: id, refused: None };
    let kept = HistoryDays::default();
    let begun = BegunSession { session, code: &digest(code), grant: &grant, record: &record, kept };
    table.begin_session(&begun).await.unwrap()
}

/// Closes the account, or opens it again.
async fn turn(lease: &rollcall_store::Lease, before: &User, open: bool) -> User {
    let after = match open {
        true => User { status: Status::Active, ..before.clone() },
        false => take(before.clone(), &Loss::Account(Leaving::Disabled), NOW).unwrap(),
    };
    let write = UserWrite::giving(Some(before.clone()), after.clone());
    lease.commit(Commit { users: vec![write], ..Commit::at(NOW) }).await.unwrap();
    after
}

#[tokio::test]
async fn a_session_dies_with_its_account_and_stays_dead_when_that_is_opened_again() {
    let world = World::new("sessions").await;
    let table = &world.table;
    let (lease, _) = working(table, "worker").await;
    lease.commit(Commit { users: creations(0..1, &[]), ..Commit::at(NOW) }).await.unwrap();
    let first = account(table).await;
    let session_one = session(&first, 1);
    assert_eq!(begin(table, &session_one, "one").await, Some(()));
    assert_eq!(table.session(&session_one.key).await.unwrap().as_ref(), Some(&session_one));
    assert!(session_one.is_good(Some(&first), after(3_599)) && !session_one.is_good(Some(&first), after(3_600)));
    assert!(!session_one.is_good(None, NOW));

    let closed = turn(&lease, &first.user, false).await;
    let now_closed = account(table).await;
    assert_eq!((now_closed.sign_outs, session_one.is_good(Some(&now_closed), NOW)), (1, false));
    // Whoever read the account before it was closed begins nothing.
    assert_eq!(begin(table, &session(&first, 2), "two").await, None);
    assert_eq!(table.sessions(CONNECTION, first.user.person).await.unwrap(), std::slice::from_ref(&session_one));
    assert!(matches!(table.use_code(&digest("two"), CLIENT, NOW).await.unwrap(), CodeUse::Unknown));

    turn(&lease, &closed, true).await;
    let opened = account(table).await;
    assert_eq!((opened.sign_outs, session_one.is_good(Some(&opened), NOW)), (1, false));
    let fresh = session(&opened, 3);
    assert_eq!(begin(table, &fresh, "three").await, Some(()));
    assert!(fresh.is_good(Some(&account(table).await), NOW));
    table.sign_out_everywhere(CONNECTION, TENANT, first.user.person, NOW).await.unwrap();
    assert!(!fresh.is_good(Some(&account(table).await), NOW));
    assert!(account(table).await.user.status.is_active(), "they may sign in again");
}

#[tokio::test]
async fn a_code_is_used_once_and_its_second_use_is_noticed() {
    let world = World::new("codes").await;
    let table = &world.table;
    let (lease, _) = working(table, "worker").await;
    lease.commit(Commit { users: creations(0..1, &[]), ..Commit::at(NOW) }).await.unwrap();
    let session = session(&account(table).await, 1);
    begin(table, &session, "code").await.unwrap();
    let code = digest("code");
    assert!(matches!(table.use_code(&code, OTHER, NOW).await.unwrap(), CodeUse::Unknown));
    let uses = join_all((0..20).map(|_| table.use_code(&code, CLIENT, NOW))).await;
    let uses: Vec<CodeUse> = uses.into_iter().map(Result::unwrap).collect();
    let count = |wanted: fn(&CodeUse) -> bool| uses.iter().filter(|used| wanted(used)).count();
    assert_eq!(count(|used| matches!(used, CodeUse::First(_))), 1);
    assert_eq!(count(|used| matches!(used, CodeUse::Again(_))), 19);
    assert!(matches!(table.use_code(&code, OTHER, NOW).await.unwrap(), CodeUse::Unknown));

    begin(
        table,
        &Session { key: SessionKey { session: SessionId(Uuid::from_u128(2)), ..session.key }, ..session.clone() },
        "late",
    )
    .await
    .unwrap();
    assert!(matches!(table.use_code(&digest("late"), CLIENT, after(60)).await.unwrap(), CodeUse::Unknown));
}

#[tokio::test]
async fn sign_ins_are_told_by_connection_and_by_person_and_entra_finds_its_sessions() {
    let world = World::new("records").await;
    let table = &world.table;
    let (lease, _) = working(table, "worker").await;
    lease.commit(Commit { users: creations(0..2, &[]), ..Commit::at(NOW) }).await.unwrap();
    let first = account(table).await;
    begin(table, &session(&first, 1), "one").await.unwrap();
    let refused = SignInRecord {
        at: after(1),
        person: user(1, &[]).person,
        client: None,
        session: SessionId(Uuid::from_u128(9)),
        refused: Some("guest".to_owned()),
    };
    table.record_sign_in(CONNECTION, &refused, HistoryDays::default()).await.unwrap();
    let all = table.sign_ins(CONNECTION, &PageRequest::first(10)).await.unwrap().items;
    assert_eq!(all.iter().map(|record| record.refused.as_deref()).collect::<Vec<_>>(), [Some("guest"), None]);
    let theirs = table.sign_ins_of(CONNECTION, refused.person, &PageRequest::first(10)).await.unwrap().items;
    assert_eq!(theirs, [refused]);
    let upstream = table.sessions_upstream(&digest("upstream")).await.unwrap();
    assert_eq!(upstream, [session(&first, 1).key]);
    assert!(table.give_refresh_token(&upstream[0], &digest("refresh")).await.unwrap());
    assert_eq!(table.session(&upstream[0]).await.unwrap().unwrap().refresh, Some(digest("refresh")));
    table.end_session(&upstream[0]).await.unwrap();
    assert!(!table.give_refresh_token(&upstream[0], &digest("again")).await.unwrap());
    assert_eq!(table.session(&upstream[0]).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_that_want_new_keys_one_fetches_them_in_five_minutes() {
    let world = World::new("keys").await;
    let (table, issuer) = (&world.table, digest("issuer"));
    let may = |now| async move { join_all((0..20).map(|_| table.may_fetch_keys(&issuer, now))).await };
    let count = |answers: Vec<Result<bool, Error>>| answers.into_iter().filter(|may| *may.as_ref().unwrap()).count();
    assert_eq!(count(may(NOW).await), 1);
    let keys = [VerificationKey { kid: "k".to_owned(), n: "n".to_owned(), e: "e".to_owned() }];
    table.keep_keys(&issuer, &keys, NOW).await.unwrap();
    assert_eq!(count(may(after(299)).await), 0);
    assert_eq!(count(may(after(300)).await), 1);
    let kept = table.verification_keys(&issuer).await.unwrap().unwrap();
    assert_eq!((kept.keys.as_slice(), kept.fetched_at), (keys.as_slice(), Some(NOW)));
    // After a failure the next may try soon, and what was good stays.
    table.let_others_fetch_keys(&issuer, after(300)).await.unwrap();
    assert_eq!(count(may(after(309)).await), 0);
    assert_eq!(count(may(after(310)).await), 1);
    assert_eq!(table.verification_keys(&issuer).await.unwrap().unwrap().keys, keys);
}

#[tokio::test]
async fn a_domain_leads_to_one_connection_and_what_is_once_is_once() {
    let world = World::new("leads").await;
    let table = &world.table;
    let other = ConnectionId(Uuid::from_u128(0xc9));
    table.lead_domain("a.example", CONNECTION).await.unwrap();
    table.lead_domain("a.example", CONNECTION).await.unwrap();
    assert!(matches!(table.lead_domain("a.example", other).await, Err(Error::Conflict { .. })));
    table.stop_leading_domain("a.example", other).await.unwrap();
    assert_eq!(table.connection_of_domain("a.example").await.unwrap(), Some(CONNECTION));
    table.stop_leading_domain("a.example", CONNECTION).await.unwrap();
    assert_eq!(table.connection_of_domain("a.example").await.unwrap(), None);
    table.lead_tenant(&digest("tenant"), other).await.unwrap();
    assert_eq!(table.connection_of_tenant(&digest("tenant")).await.unwrap(), Some(other));

    let (id, until) = (digest("assertion"), after(60));
    let used = join_all((0..10).map(|_| table.use_once(&id, until))).await;
    assert_eq!(used.into_iter().filter(|first| *first.as_ref().unwrap()).count(), 1);
    let counted = join_all((0..10).map(|_| table.count_in_minute(&id, NOW))).await;
    let mut counted: Vec<u64> = counted.into_iter().map(Result::unwrap).collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=10).collect::<Vec<_>>());
    assert_eq!(table.count_in_minute(&id, after(60)).await.unwrap(), 1);
}
