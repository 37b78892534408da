//! Signing in: between the browser, Entra and the platform. What happens is decided and done in `rollcall-sign-in`; here a request
//! becomes a visit, and a reply becomes an answer with the headers that all have.
//!
//! | routes | for |
//! |---|---|
//! | `GET /.well-known/openid-configuration`, `GET /jwks` | everybody |
//! | `GET`, `POST /authorize`, `GET /login/callback`, `GET /login/wait` | browsers that sign in |
//! | `GET`, `POST /end-session`, `GET /signed-out`, `GET /session`, `GET /sign-out/entra` | browsers that sign out |
//! | `GET /sign-in`, `GET /sign-in/{connection}` | links, and My Apps |
//! | `GET`, `POST /connect`, `GET /connect/callback` | administrators who let the application into their tenant |
//! | `GET`, `POST /delegate` | people who let the application act for them |
//! | `POST /token`, `POST /revoke`, `GET`, `POST /userinfo` | the platform |
//!
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `SECRET_PREFIX`, `SIGN_IN_KEY_ARN`, `SIGNING_KEYS_ARN`, `PLATFORM_APPLICATION_ARN`,
//! `PUBLIC_URL`, `CLOUD`, `GRAPH_ORIGIN`, `LOGIN_ORIGIN`, `LOG_LEVEL`.

mod app;
pub mod event;
mod http;
mod routes;

pub use app::{App, router};
