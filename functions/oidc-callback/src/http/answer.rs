//! What all answers have in common.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, PRAGMA, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rollcall_sign_in::flow::reply::{Body, Reply};
use rollcall_sign_in::page::style_hash;

use crate::app::App;

/// Where Entra puts us into an invisible frame: there alone we may be framed, and there is nothing to see.
pub(crate) const FRAMED: &str = "/sign-out/entra";

/// A reply as an answer.
pub(crate) fn answer(reply: Reply) -> Response {
    let Reply { status, location, body, cookies, form_targets } = reply;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Body::Nothing => status.into_response(),
        Body::Page(page) => {
            let mut response = (status, page.into_string()).into_response();
            set(response.headers_mut(), CONTENT_TYPE, "text/html; charset=utf-8");
            set(response.headers_mut(), CONTENT_SECURITY_POLICY, &policy(&form_targets));
            response
        }
        Body::Json(value) => (status, axum::Json(value)).into_response(),
    };
    let headers = response.headers_mut();
    if let Some(location) = location {
        set(headers, LOCATION, &location);
    }
    for cookie in cookies {
        if let Ok(value) = HeaderValue::try_from(cookie) {
            headers.append(SET_COOKIE, value);
        }
    }
    if status == StatusCode::UNAUTHORIZED && headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        set(headers, WWW_AUTHENTICATE, "Basic realm=\"token\", Bearer");
    }
    response
}

/// No answer is kept, framed, taken for something else, or told of to the next page.
pub(crate) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let framed = request.uri().path() == FRAMED;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let or = |headers: &mut HeaderMap, name: HeaderName, value: &str| {
        if !headers.contains_key(&name) {
            set(headers, name, value);
        }
    };
    or(headers, CACHE_CONTROL, "no-store");
    set(headers, REFERRER_POLICY, "no-referrer");
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, STRICT_TRANSPORT_SECURITY, "max-age=63072000");
    if framed {
        let login = app.service.platform.origins().login().origin().ascii_serialization();
        set(headers, CONTENT_SECURITY_POLICY, &format!("default-src 'none'; frame-ancestors {login}"));
    } else {
        or(headers, CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
        set(headers, X_FRAME_OPTIONS, "DENY");
    }
    // For caches that know nothing newer (RFC 6749, section 5.1).
    if headers.get(CACHE_CONTROL).is_some_and(|value| value == "no-store") {
        set(headers, PRAGMA, "no-cache");
    }
    response
}

/// Pages load nothing, run nothing, and send their forms to us, from where they may go on to these origins.
fn policy(form_targets: &[String]) -> String {
    let mut forms = String::from("'self'");
    for target in form_targets {
        // An origin has none of the characters that end a directive.
        if !target.contains([';', ',', ' ']) && target != "null" {
            forms.push(' ');
            forms.push_str(target);
        }
    }
    let style = style_hash();
    format!("default-src 'none'; style-src {style}; form-action {forms}; frame-ancestors 'none'; base-uri 'none'")
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

pub(crate) async fn no_route() -> StatusCode {
    StatusCode::NOT_FOUND
}
