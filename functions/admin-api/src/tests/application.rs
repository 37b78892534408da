//! The platform's own application, and connections that use it.

use axum::http::{Method, StatusCode};
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_runtime::clock;
use rollcall_store::{ConnectionSecret, CredentialKind, StoredCredential};
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::Stage;
use super::world::World;

const ID: &str = "0a1b2c3d-4e5f-4061-8273-849506172839";

impl World {
    /// Lets the platform have the application of the tenant.
    pub(super) async fn set_application(&self) {
        let credential = json!({
            "type": "client_secret", "client_id": self.tenant.client_id.to_string(), "client_secret": self.tenant.client_secret,
        });
        let (status, answer) = self.call(Method::PUT, "/application", Some(json!({ "credential": credential }))).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// A connection without a tenant.
    pub(super) async fn wait_for_consent(&self) -> ConnectionId {
        let (status, created) = self.call(Method::POST, "/connections", Some(waiting())).await;
        assert_eq!((status, &created["bound"]), (201, &json!(false)), "{created}");
        ConnectionId(created["id"].as_str().unwrap().parse().unwrap())
    }
}

/// A connection that waits for an administrator's consent.
pub(super) fn waiting() -> Value {
    json!({
        "name": "Contoso", "owners": ["it@contoso.com"], "scope": { "type": "everyone" },
        "credential": { "type": "platform_application" },
    })
}

#[tokio::test]
async fn an_application_is_set_and_never_read_back() {
    let world = World::new("application").await;
    let nothing = json!({ "set": false, "type": null, "client_id": null });
    assert_eq!(world.get("/application").await, (200, nothing));
    for secret in ["canary-one", "canary-two"] {
        let credential = json!({ "type": "client_secret", "client_id": ID, "client_secret": secret });
        let (status, headers, body) =
            world.send(Method::PUT, "/application", Some(json!({ "credential": credential }).to_string())).await;
        assert_eq!((status, body.as_str()), (StatusCode::NO_CONTENT, ""));
        assert!(!format!("{headers:?}").contains("canary"));
        let shown = json!({ "set": true, "type": "client_secret", "client_id": ID });
        assert_eq!(world.get("/application").await, (200, shown));
        let kept = world.app.secrets.application(clock::now()).await.unwrap();
        assert!(matches!(kept, Some(StoredCredential::ClientSecret { client_id, .. }) if client_id == ID));
    }
}

#[tokio::test]
async fn a_credential_that_is_none_is_refused_and_not_repeated() {
    let stage = Stage::start().await;
    for (body, field) in [
        (json!({}), "."),
        (json!({ "credential": null }), "credential"),
        (json!({ "credential": { "type": "platform_application" } }), "credential"),
        (json!({ "credential": { "type": "canary" } }), "credential"),
        (json!({ "credential": { "type": "client_secret", "client_id": ID } }), "credential"),
        (
            json!({ "credential": { "type": "client_secret", "client_id": "canary", "client_secret": "x" } }),
            "credential",
        ),
        (json!({ "credential": { "type": "client_secret", "client_id": ID, "client_secret": "" } }), "credential"),
        (
            json!({ "credential": { "type": "certificate", "client_id": ID, "certificate_pem": "canary", "private_key_pem": "canary" } }),
            "credential",
        ),
        (
            json!({ "credential": { "type": "client_secret", "client_id": ID, "client_secret": "x", "tenant_id": "canary" } }),
            "credential",
        ),
        (
            json!({ "credential": { "type": "client_secret", "client_id": ID, "client_secret": "x" }, "canary": 1 }),
            "canary",
        ),
    ] {
        let (status, problem) = stage.call(Method::PUT, "/application", Some(&body.to_string())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let named = problem["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{body}: {problem}");
        assert!(field == "canary" || !problem.to_string().contains("canary"), "{problem}");
    }
}

#[tokio::test]
async fn a_connection_by_the_platform_s_application_works_once_it_has_one() {
    let world = World::new("platform-application").await;
    let mut new = waiting();
    new["tenant_id"] = json!(world.tenant.tenant_id);
    let (status, created) = world.call(Method::POST, "/connections", Some(new)).await;
    assert_eq!((status, &created["bound"]), (201, &json!(true)), "{created}");
    assert_eq!(created["credential"], json!({ "type": "platform_application", "set": true }));
    let path = format!("/connections/{}", created["id"].as_str().unwrap());
    for (method, path) in [(Method::POST, format!("{path}/test")), (Method::GET, format!("{path}/directory/groups"))] {
        let (status, problem) = world.call(method, &path, None).await;
        assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:no-application")), "{problem}");
    }
    world.set_application().await;
    let signed_in = json!({ "check": "sign_in", "ok": true });
    let (status, report) = world.call(Method::POST, &format!("{path}/test"), None).await;
    assert_eq!((status, &report["checks"][0]), (200, &signed_in), "{report}");
    assert_eq!(world.get(&format!("{path}/directory/groups")).await.0, 200);

    // A connection can go over to it, and back.
    let id = world.connect("Fabrikam", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let kind = async || world.app.table.connection(id).await.unwrap().unwrap().credential_kind;
    let own = json!({
        "type": "client_secret", "client_id": world.tenant.client_id.to_string(), "client_secret": world.tenant.client_secret,
    });
    for (credential, expected) in [
        (json!({ "type": "platform_application" }), CredentialKind::PlatformApplication),
        (own, CredentialKind::ClientSecret),
    ] {
        let body = json!({ "credential": credential });
        assert_eq!(world.call(Method::PATCH, &format!("/connections/{id}"), Some(body)).await.0, 200);
        assert_eq!(kind().await, expected);
        assert_eq!(world.call(Method::POST, &format!("/connections/{id}/test"), None).await.1["checks"][0], signed_in);
    }
}

#[tokio::test]
async fn what_has_no_tenant_yet_says_who_must_do_what() {
    let world = World::new("unbound").await;
    let id = world.wait_for_consent().await;
    let path = format!("/connections/{id}");
    assert!(world.app.secrets.read(id).await.is_err(), "there is no secret yet");
    let person = Uuid::nil();
    for (method, below) in [
        (Method::POST, "test".to_owned()),
        (Method::POST, "activate".to_owned()),
        (Method::POST, "sync".to_owned()),
        (Method::POST, "previews".to_owned()),
        (Method::GET, "directory/groups".to_owned()),
        (Method::GET, "directory/people?search=a".to_owned()),
        (Method::GET, format!("directory/people/{person}/why")),
        (Method::POST, format!("directory/people/{person}/sync")),
    ] {
        let (status, problem) = world.call(method, &format!("{path}/{below}"), None).await;
        assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:unbound")), "{below}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("administrator of the customer"), "{problem}");
    }
    for (method, below) in [
        (Method::GET, format!("users/{person}")),
        (Method::GET, format!("users/{person}/photo")),
        (Method::PUT, format!("users/{person}/protection")),
        (Method::POST, format!("users/{person}/sign-out")),
    ] {
        assert_eq!(world.call(method, &format!("{path}/{below}"), None).await.0, 404, "{below}");
    }
    // Its credential is what it will be; another one has no place yet.
    let platform = json!({ "credential": { "type": "platform_application" }, "name": "Contoso AG" });
    assert_eq!(world.call(Method::PATCH, &path, Some(platform)).await.0, 200);
    let own = json!({ "credential": { "type": "client_secret", "client_id": ID, "client_secret": "canary" } });
    assert_eq!(world.call(Method::PATCH, &path, Some(own)).await.0, 409);
    let (_, shown) = world.get(&path).await;
    assert_eq!((&shown["bound"], &shown["name"]), (&json!(false), &json!("Contoso AG")));
    assert_eq!(shown["credential"]["type"], "platform_application");
    assert!(world.queued().is_empty());

    // Once it is bound it is like any other.
    world.set_application().await;
    let tenant = TenantId(world.tenant.tenant_id);
    let secret = ConnectionSecret { tenant, credential: StoredCredential::PlatformApplication, channel_webhook: None };
    world.app.secrets.create(id, &secret).await.unwrap();
    let mut connection = world.app.table.connection(id).await.unwrap().unwrap();
    connection.unbound = false;
    world.app.table.update_connection(&connection, connection.revision).await.unwrap();
    assert_eq!(world.get(&path).await.1["bound"], true);
    world.activate(id).await;

    let gone = world.wait_for_consent().await;
    assert_eq!(world.call(Method::DELETE, &format!("/connections/{gone}"), None).await.0, 202);
    world.work().await;
    assert_eq!(world.get(&format!("/connections/{gone}")).await.0, 404);
}

#[tokio::test]
async fn only_the_platform_s_application_does_without_a_tenant() {
    let stage = Stage::start().await;
    let mut new = waiting();
    new["credential"] = json!({ "type": "client_secret", "client_id": ID, "client_secret": "canary" });
    for tenant in [None, Some(Value::Null)] {
        if let Some(tenant) = tenant {
            new["tenant_id"] = tenant;
        }
        let (status, problem) = stage.call(Method::POST, "/connections", Some(&new.to_string())).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (400, &json!("tenant_id")), "{problem}");
        assert!(!problem.to_string().contains("canary"));
    }
    for extra in [json!({ "client_id": ID }), json!({ "client_secret": "canary" })] {
        let mut new = waiting();
        new["credential"].as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let (status, problem) = stage.call(Method::POST, "/connections", Some(&new.to_string())).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (400, &json!("credential")), "{problem}");
    }
}
