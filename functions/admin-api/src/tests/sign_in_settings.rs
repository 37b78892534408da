//! Whether and how people sign in by a connection, and what leads to it.

use axum::http::Method;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::{HttpClient, Origins};
use rollcall_sync::access::GraphAccess;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::application::waiting;
use super::world::{ISSUER, World};

const DOMAINS: [&str; 3] = ["a.example", "b.example", "c.example"];

impl World {
    /// Puts a Graph in the place of the simulated one that knows these domains of every tenant.
    async fn with_domains(mut self, domains: &[&str]) -> (Self, MockServer) {
        let graph = MockServer::start().await;
        let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" });
        let domains: Vec<Value> = domains.iter().map(|name| json!({ "name": name, "isDefault": false })).collect();
        let organization = json!({ "value": [{ "id": Uuid::nil(), "displayName": "X", "verifiedDomains": domains }] });
        for (method, path, answer) in [("POST", "token$", token), ("GET", "^/v1.0/organization$", organization)] {
            Mock::given(matchers::method(method))
                .and(matchers::path_regex(path))
                .respond_with(ResponseTemplate::new(200).set_body_json(answer))
                .mount(&graph)
                .await;
        }
        let origin: url::Url = graph.uri().parse().unwrap();
        let origins = Origins::custom(origin.clone(), origin).unwrap();
        self.app.access = GraphAccess::new(HttpClient::new().unwrap(), origins, self.app.secrets.clone());
        (self, graph)
    }

    /// Where each of the domains leads, and the tenant.
    async fn leads(&self) -> ([Option<ConnectionId>; 3], Option<ConnectionId>) {
        let mut leads = [None; 3];
        for (lead, domain) in leads.iter_mut().zip(DOMAINS) {
            *lead = self.app.table.connection_of_domain(domain).await.unwrap();
        }
        let tenant = self.app.seal.tenant(TenantId(self.tenant.tenant_id));
        (leads, self.app.table.connection_of_tenant(&tenant).await.unwrap())
    }

    async fn set_sign_in(&self, id: ConnectionId, sign_in: Value) -> (u16, Value) {
        self.call(Method::PATCH, &format!("/connections/{id}"), Some(json!({ "sign_in": sign_in }))).await
    }

    async fn contoso(&self) -> ConnectionId {
        self.connect("Contoso", "secret", json!({"type": "everyone"})).await
    }

    fn with_sign_in(&self, sign_in: &Value) -> Value {
        let mut new = waiting();
        new["tenant_id"] = json!(self.tenant.tenant_id);
        new["credential"] = json!({ "type": "client_secret", "client_id": Uuid::nil(), "client_secret": "canary" });
        new["sign_in"] = sign_in.clone();
        new
    }
}

#[tokio::test]
async fn domains_lead_to_a_connection_as_long_as_its_settings_say_so() {
    let (world, _graph) = World::new("sign-in").await.with_domains(&["A.example", "b.example", "c.example"]).await;
    let id = world.contoso().await;
    let path = format!("/connections/{id}");
    assert_eq!(world.get(&path).await.1["sign_in"], Value::Null);
    assert_eq!(world.leads().await, ([None; 3], None));

    let (status, changed) = world.set_sign_in(id, json!({ "domains": ["B.EXAMPLE", "a.example", "a.example"] })).await;
    assert_eq!(status, 200, "{changed}");
    let shown = json!({
        "domains": ["a.example", "b.example"], "just_in_time": false, "sign_out_of_entra": false,
        "link": format!("{ISSUER}/sign-in/{id}"),
    });
    assert_eq!(changed["sign_in"], shown);
    assert_eq!(world.get(&path).await.1["sign_in"], shown);
    assert_eq!(world.get("/connections").await.1["items"][0]["sign_in"], shown);
    assert_eq!(world.leads().await, ([Some(id), Some(id), None], Some(id)));

    // A change of anything else leaves it alone.
    assert_eq!(world.call(Method::PATCH, &path, Some(json!({ "name": "Contoso AG" }))).await.0, 200);
    assert_eq!(world.leads().await, ([Some(id), Some(id), None], Some(id)));
    let (_, changed) =
        world.set_sign_in(id, json!({ "domains": ["b.example", "c.example"], "just_in_time": true })).await;
    assert_eq!((&changed["sign_in"]["just_in_time"], &changed["revision"]), (&json!(true), &json!(4)));
    assert_eq!(world.leads().await, ([None, Some(id), Some(id)], Some(id)));
    // Without any domain people come by the link or the tenant.
    assert_eq!(world.set_sign_in(id, json!({})).await.1["sign_in"]["domains"], json!([]));
    assert_eq!(world.leads().await, ([None; 3], Some(id)));
    assert_eq!(world.set_sign_in(id, Value::Null).await.1["sign_in"], Value::Null);
    assert_eq!(world.leads().await, ([None; 3], None));

    // With the connection goes what leads to it.
    world.set_sign_in(id, json!({ "domains": DOMAINS })).await;
    assert_eq!(world.leads().await, ([Some(id); 3], Some(id)));
    assert!(world.queued().is_empty());
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, 202);
    assert_eq!(world.leads().await, ([None; 3], None));
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, 202, "it may be asked for twice");
}

#[tokio::test]
async fn a_domain_leads_to_one_connection_and_what_was_taken_beside_it_is_given_back() {
    let (world, _graph) = World::new("sign-in-taken").await.with_domains(&DOMAINS).await;
    let first = world.contoso().await;
    let second = world.contoso().await;
    world.set_sign_in(first, json!({ "domains": ["b.example"] })).await;
    let before = ([None, Some(first), None], Some(first));
    assert_eq!(world.leads().await, before);
    let shown = world.get(&format!("/connections/{second}")).await.1;

    let (status, problem) = world.set_sign_in(second, json!({ "domains": DOMAINS })).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:conflict")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("b.example"), "{problem}");
    assert_eq!(world.leads().await, before);
    assert_eq!(world.get(&format!("/connections/{second}")).await.1, shown);

    // What it had before stays.
    assert_eq!(world.set_sign_in(second, json!({ "domains": ["c.example"] })).await.0, 200);
    assert_eq!(world.set_sign_in(second, json!({ "domains": DOMAINS })).await.0, 409);
    let between = ([None, Some(first), Some(second)], Some(first));
    assert_eq!(world.leads().await, between, "the first connection of a tenant keeps it");

    // A new connection leaves nothing behind.
    let (status, problem) = world
        .call(Method::POST, "/connections", Some(world.with_sign_in(&json!({ "domains": ["a.example", "b.example"] }))))
        .await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("b.example") && !problem.to_string().contains("canary"));
    assert_eq!(world.leads().await, between);
    assert_eq!(world.get("/connections").await.1["items"].as_array().unwrap().len(), 2);

    // Whoever lets a domain go lets others have it; the tenant goes to whoever is set next.
    assert_eq!(world.set_sign_in(first, Value::Null).await.0, 200);
    assert_eq!(world.set_sign_in(second, json!({ "domains": DOMAINS })).await.0, 200);
    assert_eq!(world.leads().await, ([Some(second); 3], Some(second)));

    // A connection that is gone for good holds nothing, whatever was left of it.
    world.app.table.remove_connection(second).await.unwrap();
    assert_eq!(world.set_sign_in(first, json!({ "domains": ["a.example"] })).await.0, 200);
    assert_eq!(world.leads().await.0, [Some(first), Some(second), Some(second)]);
}

#[tokio::test]
async fn changes_at_the_same_moment_leave_what_the_settings_say() {
    let (world, _graph) = World::new("sign-in-race").await.with_domains(&DOMAINS).await;
    let id = world.contoso().await;
    let each = DOMAINS.map(|domain| world.set_sign_in(id, json!({ "domains": [domain] })));
    let answers = futures::future::join_all(each).await;
    assert!(answers.iter().all(|(status, _)| [200, 409].contains(status)), "{answers:?}");
    let domains = world.app.table.connection(id).await.unwrap().unwrap().sign_in.unwrap().domains;
    assert_eq!(world.leads().await.0, DOMAINS.map(|domain| domains.contains(domain).then_some(id)));
}

#[tokio::test]
async fn a_new_connection_can_be_signed_in_by_at_once() {
    let (world, _graph) = World::new("sign-in-new").await.with_domains(&DOMAINS).await;
    let new = world.with_sign_in(&json!({ "domains": ["c.example"], "sign_out_of_entra": true }));
    let (status, created) = world.call(Method::POST, "/connections", Some(new)).await;
    assert_eq!(status, 201, "{created}");
    let id = ConnectionId(created["id"].as_str().unwrap().parse().unwrap());
    assert_eq!(created["sign_in"]["sign_out_of_entra"], true);
    assert_eq!(world.leads().await, ([None, None, Some(id)], Some(id)));
}

#[tokio::test]
async fn only_verified_domains_of_the_tenant_are_taken() {
    let world = World::new("sign-in-verified").await;
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let domain = world.tenant.domain.clone();
    let (status, problem) = world.set_sign_in(id, json!({ "domains": [domain, "a.example"] })).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("sign_in.domains")), "{problem}");
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert!(message.ends_with(": a.example"), "{message}");
    let mut new = world.with_sign_in(&json!({ "domains": ["a.example"] }));
    new["credential"] = json!({
        "type": "client_secret", "client_id": world.tenant.client_id.to_string(), "client_secret": world.tenant.client_secret,
    });
    assert_eq!(world.call(Method::POST, "/connections", Some(new)).await.0, 400);
    assert_eq!(world.leads().await, ([None; 3], None));
    assert_eq!(world.get("/connections").await.1["items"].as_array().unwrap().len(), 1);
    assert_eq!(world.set_sign_in(id, json!({ "domains": [domain] })).await.0, 200);

    // A credential that is replaced in the same request is the one that is used; one that does not work changes nothing.
    let path = format!("/connections/{id}");
    let wrong =
        json!({ "type": "client_secret", "client_id": world.tenant.client_id.to_string(), "client_secret": "canary" });
    let both = json!({ "credential": wrong, "sign_in": { "domains": [domain, "a.example"] } });
    let (status, problem) = world.call(Method::PATCH, &path, Some(both)).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:directory-refused")), "{problem}");
    assert!(!problem.to_string().contains("canary"));
    assert_eq!(world.get(&format!("{path}/directory/groups")).await.0, 200, "the credential is the old one");
    // What was verified before needs nobody's answer.
    let (status, changed) = world.set_sign_in(id, json!({ "domains": [domain], "just_in_time": true })).await;
    assert_eq!((status, &changed["sign_in"]["just_in_time"]), (200, &json!(true)), "{changed}");
}

#[tokio::test]
async fn who_must_grant_what_is_said_where_graph_does_not_tell_the_domains() {
    let (world, graph) = World::new("sign-in-refused").await.with_domains(&[]).await;
    let id = world.contoso().await;
    let refused = json!({ "error": { "code": "Authorization_RequestDenied", "message": "Insufficient privileges" } });
    for answer in [None, Some(ResponseTemplate::new(403).set_body_json(refused))] {
        if let Some(answer) = answer {
            Mock::given(matchers::path("/v1.0/organization")).respond_with(answer).with_priority(1).mount(&graph).await;
        }
        let (status, problem) = world.set_sign_in(id, json!({ "domains": ["a.example"] })).await;
        assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:directory-refused")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("Grant the application permission Organization.Read.All"));
    }
    assert_eq!(world.leads().await, ([None; 3], None));
    // Without domains there is nothing to ask.
    assert_eq!(world.set_sign_in(id, json!({ "just_in_time": true })).await.0, 200);
}

#[tokio::test]
async fn a_change_of_sign_in_alone_starts_no_run() {
    let world = World::new("sign-in-quiet").await;
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    world.activate(id).await;
    let before = world.app.table.connection(id).await.unwrap().unwrap();
    for sign_in in [json!({ "domains": [world.tenant.domain] }), json!({ "just_in_time": true }), Value::Null] {
        assert_eq!(world.set_sign_in(id, sign_in).await.0, 200);
        assert!(world.queued().is_empty());
    }
    let after = world.app.table.connection(id).await.unwrap().unwrap();
    assert_eq!((after.settings_revision, after.revision), (before.settings_revision, before.revision + 3));
}

#[tokio::test]
async fn a_connection_without_a_tenant_has_no_domains() {
    let world = World::new("sign-in-unbound").await;
    let mut new = waiting();
    new["sign_in"] = json!({ "domains": ["a.example"] });
    let (status, problem) = world.call(Method::POST, "/connections", Some(new.clone())).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("sign_in.domains")), "{problem}");
    new["sign_in"] = json!({ "just_in_time": true });
    let (status, created) = world.call(Method::POST, "/connections", Some(new)).await;
    assert_eq!(status, 201, "{created}");
    let id = ConnectionId(created["id"].as_str().unwrap().parse().unwrap());
    let (status, problem) = world.set_sign_in(id, json!({ "domains": ["a.example"] })).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:unbound")), "{problem}");
    for sign_in in [json!({ "sign_out_of_entra": true }), Value::Null] {
        assert_eq!(world.set_sign_in(id, sign_in).await.0, 200);
    }
    assert_eq!(world.leads().await, ([None; 3], None));
}

#[tokio::test]
async fn a_wrong_setting_changes_nothing() {
    let world = World::new("sign-in-wrong").await;
    let id = world.contoso().await;
    let many = vec!["a.example"; 101];
    for (sign_in, field) in [
        (json!(true), "sign_in"),
        (json!({ "domains": null }), "sign_in.domains"),
        (json!({ "domains": "a.example" }), "sign_in.domains"),
        (json!({ "domains": ["a.example", "canary"] }), "sign_in.domains[1]"),
        (json!({ "domains": ["canary@a.example"] }), "sign_in.domains[0]"),
        (json!({ "domains": ["canary\u{3002}example"] }), "sign_in.domains[0]"),
        (json!({ "domains": many }), "sign_in.domains"),
        (json!({ "just_in_time": "canary" }), "sign_in.just_in_time"),
        (json!({ "sign_out_of_entra": null }), "sign_in.sign_out_of_entra"),
        (json!({ "link": "canary" }), "sign_in.link"),
    ] {
        let new = world.with_sign_in(&sign_in);
        for (status, problem) in
            [world.set_sign_in(id, sign_in.clone()).await, world.call(Method::POST, "/connections", Some(new)).await]
        {
            assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{sign_in}: {problem}");
            assert!(!problem.to_string().contains("canary"), "{problem}");
        }
    }
    let (_, shown) = world.get(&format!("/connections/{id}")).await;
    assert_eq!((&shown["sign_in"], &shown["revision"]), (&Value::Null, &json!(1)));
    assert_eq!(world.set_sign_in(ConnectionId(Uuid::nil()), Value::Null).await.0, 404);
}
