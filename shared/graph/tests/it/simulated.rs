//! Against a simulated tenant, which is an independent reading of Microsoft's contract.

use std::collections::BTreeSet;
use std::time::Duration;

use entra::directory::Kind;
use entra::{FaultRule, Options, Server, TenantInfo, TenantOptions};
use rollcall_graph::users::{DeltaStart, Expand};
use rollcall_graph::{
    Credential, CredentialHint, Error, GraphClient, HttpClient, Limits, ManagerField, MemberKind, Origins, Page,
    PropertyValue, Removed, Request, StartOver, Tuning, groups, organization, photos, users,
};
use serde_json::{Value, json};
use uuid::Uuid;

struct World {
    server: Server,
    tenant: TenantInfo,
    client: GraphClient,
}

impl World {
    async fn new(options: TenantOptions) -> Self {
        let server = Server::start(Options::one(options)).await.unwrap();
        let tenant = server.tenant().unwrap();
        let client = client(&server, tenant.tenant_id, &tenant.client_id.to_string(), &tenant.client_secret);
        Self { server, tenant, client }
    }

    /// The ids of all live objects of a kind, read without HTTP.
    fn ids(&self, kind: Kind) -> BTreeSet<Uuid> {
        self.server.read(self.tenant.tenant_id, |all| all.live(kind).map(|(_, object)| object.id).collect()).unwrap()
    }

    fn inject(&self, faults: &[Value]) {
        let rules: Vec<FaultRule> = faults.iter().map(|rule| serde_json::from_value(rule.clone()).unwrap()).collect();
        self.server.set_faults(rules).unwrap();
    }
}

fn client(server: &Server, tenant: Uuid, client_id: &str, secret: &str) -> GraphClient {
    let origin: url::Url = server.origin().parse().unwrap();
    let limits = Limits { headers: Duration::from_millis(500), total: Duration::from_secs(1), ..Limits::default() };
    let credential = Credential::ClientSecret { client_id: client_id.to_owned(), secret: secret.into() };
    let tuning = Tuning { back_off: Duration::from_millis(1), jitter_seed: Some(1), ..Tuning::default() };
    let http = HttpClient::with_limits(limits).unwrap();
    GraphClient::with_tuning(http, Origins::custom(origin.clone(), origin).unwrap(), tenant, credential, tuning)
}

async fn read_all<T: Send + 'static>(client: &GraphClient, request: Request<Page<T>>) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    let mut pages = client.pages(request);
    while let Some(page) = pages.next().await? {
        all.extend(page.value);
    }
    Ok(all)
}

#[tokio::test]
async fn everybody_is_read_with_managers_and_the_count_agrees() {
    let world = World::new(TenantOptions::with_people(2500)).await;
    let all = read_all(&world.client, users::list(&["mail", "accountEnabled"], Expand::Manager)).await.unwrap();
    let ids: BTreeSet<Uuid> = all.iter().map(|user| user.id).collect();
    assert_eq!((ids.len(), &ids), (all.len(), &world.ids(Kind::User)));
    assert_eq!(world.client.send(&users::count()).await.unwrap(), all.len() as u64);
    assert_eq!(world.client.requests(), 4, "three pages and a count");
    assert!(all.iter().all(|user| user.properties.contains_key("mail") && user.properties.keys().count() == 2));
    for user in all.iter().take(50) {
        let told = match world.client.send(&users::manager(user.id)).await {
            Ok(manager) => ManagerField::Is(manager.id),
            Err(Error::NotFound { .. }) => ManagerField::NotReturned,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(user.manager, told);
        let alone =
            world.client.send(&users::get(user.id, &["mail", "accountEnabled"], Expand::Manager)).await.unwrap();
        assert_eq!(&alone, user);
    }
}

#[tokio::test]
async fn a_batch_finds_the_same_managers_as_the_listing() {
    let world = World::new(TenantOptions::with_people(300)).await;
    let all = read_all(&world.client, users::list(&[], Expand::Manager)).await.unwrap();
    let requests: Vec<_> = all.iter().map(|user| users::manager(user.id)).collect();
    let managers = world.client.batch(&requests).await;
    assert_eq!(managers.len(), all.len());
    for (user, manager) in all.iter().zip(managers) {
        let told = match manager {
            Ok(manager) => ManagerField::Is(manager.id),
            Err(Error::NotFound { .. }) => ManagerField::NotReturned,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(user.manager, told);
    }
}

#[tokio::test]
async fn members_are_read_directly_nested_and_from_the_side_of_the_user() {
    let world = World::new(TenantOptions::with_people(400)).await;
    let client = &world.client;
    let root = world.tenant.roots[0];
    let direct = read_all(client, groups::members(root, groups::Names::Read)).await.unwrap();
    assert!(direct.iter().any(|member| member.kind == MemberKind::Group), "{direct:?}");
    for member in &direct {
        // Of a device the application may read no more than id and type.
        assert_ne!(member.kind, MemberKind::NotStated, "{member:?}");
        assert_eq!(member.display_name.value().is_some(), member.kind != MemberKind::Other, "{member:?}");
    }

    // The closure computed by hand is the one that Graph computes.
    let (mut seen, mut people, mut open) = (BTreeSet::from([root]), BTreeSet::new(), vec![root]);
    while let Some(group) = open.pop() {
        for member in read_all(client, groups::members(group, groups::Names::LeaveOut)).await.unwrap() {
            match member.kind {
                MemberKind::User => drop(people.insert(member.id)),
                MemberKind::Group if seen.insert(member.id) => open.push(member.id),
                _ => {}
            }
        }
    }
    let nested = read_all(client, groups::transitive_members(root)).await.unwrap();
    assert_eq!(nested.iter().map(|member| member.id).collect::<BTreeSet<_>>(), people);

    let somebody = *people.first().unwrap();
    let found = client.send(&users::check_member_groups(somebody, &[root, Uuid::nil()])).await.unwrap();
    assert_eq!(found.value, [root]);
    let holders = read_all(client, users::member_of(somebody)).await.unwrap();
    assert!(holders.iter().any(|group| seen.contains(&group.id)));
    assert_eq!(client.send(&groups::get(root)).await.unwrap().id, root);
    let all = read_all(client, groups::list()).await.unwrap();
    assert_eq!(all.iter().map(|group| group.id).collect::<BTreeSet<_>>(), world.ids(Kind::Group));
    assert_eq!(client.send(&organization::get()).await.unwrap().value[0].id, world.tenant.tenant_id);
}

#[tokio::test]
async fn a_delta_round_tells_what_changed_since_the_anchor() {
    let world = World::new(TenantOptions::default()).await;
    let (client, tenant) = (&world.client, world.tenant.tenant_id);
    let select = ["mail", "department", "manager"];
    let anchor = client.send(&users::delta(&select, DeltaStart::Latest)).await.unwrap();
    assert!(anchor.value.is_empty() && anchor.next.is_none());
    let (mover, leaver) = {
        let ids = world.ids(Kind::User);
        let mut ids = ids.into_iter();
        (ids.next().unwrap(), ids.next().unwrap())
    };
    world.server.change(tenant, |all, now| {
        let (mover, leaver) = (all.find(mover).unwrap(), all.find(leaver).unwrap());
        all.set(mover, &[("department".to_owned(), None)], now).unwrap();
        all.set_manager(mover, Some(leaver), now).unwrap();
        all.set_manager(mover, None, now).unwrap();
        all.delete(leaver, now).unwrap();
    });
    let round = read_all(client, users::delta(&select, DeltaStart::Link(anchor.delta.unwrap()))).await.unwrap();
    let moved = round.iter().rfind(|user| user.id == mover).unwrap();
    assert_eq!((moved.manager, moved.properties.get("department")), (ManagerField::Cleared, Some(PropertyValue::Null)));
    let left = round.iter().rfind(|user| user.id == leaver).unwrap();
    assert_eq!(left.removed, Some(Removed::Changed));
    assert_eq!(client.send(&users::deleted(leaver)).await.unwrap().id, leaver);
    assert!(matches!(client.send(&users::deleted(mover)).await, Err(Error::NotFound { .. })));
    assert!(matches!(client.send(&users::get(leaver, &[], Expand::Nothing)).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn an_old_delta_link_says_start_over() {
    let world = World::new(TenantOptions::default()).await;
    let anchor = world.client.send(&groups::delta(&["members"], DeltaStart::Latest)).await.unwrap().delta.unwrap();
    world.server.advance_clock(Duration::from_secs(8 * 24 * 3600));
    // The virtual clock is the server's alone, so that the token it gave is too old for it as well.
    let found = world.client.send(&groups::delta(&[], DeltaStart::Link(anchor))).await.unwrap_err();
    assert!(matches!(found, Error::StartOver { reason: StartOver::Expired, .. }), "{found:?}");
}

#[tokio::test]
async fn a_refused_credential_is_told_as_what_it_is() {
    let world = World::new(TenantOptions::default()).await;
    let TenantInfo { tenant_id, client_id, client_secret, client_secret_id, .. } = world.tenant.clone();
    let (app, id) = (client_id.to_string(), client_secret_id.to_string());
    for (tenant, app, secret, hint) in [
        (tenant_id, &app, id.as_str(), CredentialHint::SecretIdPasted),
        (tenant_id, &app, "wrong", CredentialHint::SecretWrong),
        (Uuid::nil(), &app, client_secret.as_str(), CredentialHint::TenantUnknown),
        (tenant_id, &Uuid::nil().to_string(), client_secret.as_str(), CredentialHint::ApplicationUnknown),
    ] {
        let found = client(&world.server, tenant, app, secret).send(&users::count()).await.unwrap_err();
        assert!(matches!(found, Error::Credential { hint: told, .. } if told == hint), "{found:?}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let options = TenantOptions { roles: vec!["User.Read.All".to_owned()], ..TenantOptions::default() };
    let world = World::new(options).await;
    world.client.send(&users::count()).await.unwrap();
    let found = world.client.send(&groups::list()).await.unwrap_err();
    assert!(matches!(found, Error::Consent { permission: Some("GroupMember.Read.All"), .. }), "{found:?}");
}

/// Each kind of fault, met by every third request for ever: whatever is read is everything, or it is an error.
#[tokio::test]
async fn no_fault_ever_makes_a_part_look_like_the_whole() {
    let world = World::new(TenantOptions::with_people(2200)).await;
    let everybody = world.ids(Kind::User);
    let faults = [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 503}),
        json!({"kind": "status", "status": 504}),
        json!({"kind": "status", "status": 404, "code": "UnknownError"}),
        json!({"kind": "html", "status": 200}),
        json!({"kind": "html", "status": 502}),
        json!({"kind": "emptyBody"}),
        json!({"kind": "errorWith200"}),
        json!({"kind": "contentType", "value": "text/plain"}),
        json!({"kind": "truncatedJson"}),
        json!({"kind": "contentLength", "extra": 5}),
        json!({"kind": "endless"}),
        json!({"kind": "resetBeforeHead"}),
        json!({"kind": "resetInHead"}),
        json!({"kind": "resetInBody", "after": 100}),
        json!({"kind": "slowHead", "millis": 700}),
        json!({"kind": "emptyPage"}),
        json!({"kind": "duplicateRows"}),
        json!({"kind": "reverseRows"}),
        json!({"kind": "linkToSelf"}),
        json!({"kind": "foreignLink", "origin": "https://evil.example"}),
        json!({"kind": "redirect", "status": 302, "location": "https://evil.example/"}),
        json!({"kind": "gone"}),
    ];
    let mut whole = 0;
    for fault in &faults {
        world.inject(&[json!({"match": {"path": "users", "every": 3}, "fault": fault})]);
        match read_all(&world.client, users::list(&["mail"], Expand::Nothing)).await {
            Ok(all) => {
                let ids: BTreeSet<Uuid> = all.iter().map(|user| user.id).collect();
                assert_eq!(ids, everybody, "{fault}");
                whole += 1;
            }
            Err(error) => assert!(!error.needs_a_person(), "{fault}: {error}"),
        }
    }
    assert!(whole >= 18, "most of it is passing trouble and is survived: {whole} of {}", faults.len());
}

#[tokio::test]
async fn photos_are_described_and_fetched_alone_and_in_a_batch() {
    let world = World::new(TenantOptions::with_people(10)).await;
    let person = *world.ids(Kind::User).first().unwrap();
    let nobody = *world.ids(Kind::User).last().unwrap();
    let bytes = [&[0xff, 0xd8, 0xff, 0xe0][..], &[7; 6_476]].concat();
    let photo = entra::Photo { bytes: bytes.clone(), content_type: "image/jpeg".to_owned(), side: 648 };
    world.server.set_photo(world.tenant.tenant_id, person, Some(photo)).unwrap();
    let described = world.client.batch(&[photos::describe(person), photos::describe(nobody)]).await;
    assert!(described[0].as_ref().unwrap().etag.as_ref().is_some_and(|etag| !etag.is_empty()));
    assert!(matches!(&described[1], Err(Error::NotFound { code, .. }) if code == "ImageNotFound"), "{described:?}");
    for pixels in [648, 240] {
        let request = photos::image(person, pixels).unwrap();
        let alone = world.client.send(&request).await.unwrap();
        assert_eq!(alone, bytes[..bytes.len() * usize::from(pixels) / 648]);
        assert_eq!(world.client.batch(&[request]).await.remove(0).unwrap(), alone);
    }
}
