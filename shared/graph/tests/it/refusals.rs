//! Refusals: sorted by what the caller can do.

use rollcall_graph::{Error, Request, User, users, users::Expand};
use serde_json::json;

use crate::support::{Reply, Scripted, answer, error, id, with};

async fn refused_with(reply: fn() -> Reply) -> Error {
    let world = Scripted::graph(move |_, _| reply());
    let request: Request<User> = users::get(id(5), &[], Expand::Nothing);
    let found = world.client().send(&request).await.unwrap_err();
    assert_eq!(world.graph_log().len(), 1, "a refusal is final: {found:?}");
    found
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named() {
    for reply in [
        || error(403, "Authorization_RequestDenied"),
        || error(403, "insufficient_claims"),
        || error(403, "accessDenied"),
    ] {
        let found = refused_with(reply).await;
        let Error::Consent { permission, .. } = &found else { panic!("{found:?}") };
        assert_eq!(*permission, Some("User.Read.All"));
        assert!(found.to_string().ends_with(": the application needs User.Read.All"), "{found}");
        assert!(found.needs_a_person());
    }
}

#[tokio::test(start_paused = true)]
async fn not_found_is_only_what_graph_itself_says() {
    let found = refused_with(|| {
        with(error(404, "Request_ResourceNotFound"), "request-id", "0b3e0d4c-9d3c-4a47-9a8f-000000000002")
    })
    .await;
    let Error::NotFound { code, call } = &found else { panic!("{found:?}") };
    assert_eq!(code, "Request_ResourceNotFound");
    assert_eq!(call.what, "GET /users/{id}");
    assert_eq!(call.request_id.unwrap().to_string(), "0b3e0d4c-9d3c-4a47-9a8f-000000000002");
}

#[tokio::test(start_paused = true)]
async fn every_other_refusal_keeps_status_and_code() {
    for (reply, status, code) in [
        ((|| error(400, "Request_UnsupportedQuery")) as fn() -> Reply, 400, "Request_UnsupportedQuery"),
        (|| error(409, "Conflict"), 409, "Conflict"),
        (|| error(403, "Directory_QuotaExceeded"), 403, "Directory_QuotaExceeded"),
        (|| error(501, "NotImplemented"), 501, "NotImplemented"),
        (|| answer(405, &json!({})), 405, "no error code"),
    ] {
        let found = refused_with(reply).await;
        let Error::Refused { status: told, code: named, .. } = &found else { panic!("{found:?}") };
        assert_eq!((*told, named.as_str()), (status, code));
        assert!(found.retry_after().is_none() && !found.needs_a_person());
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    for reply in [
        (|| with(answer(302, &json!({})), "location", "https://evil.test/v1.0/users")) as fn() -> Reply,
        || with(answer(307, &json!({})), "location", "https://graph.test/v1.0/elsewhere"),
        || answer(301, &json!({})),
    ] {
        assert!(matches!(refused_with(reply).await, Error::ForeignLink { .. }));
    }
}
