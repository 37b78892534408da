//! Change notifications: subscriptions, what they are told, and how it is delivered.

mod deliver;
mod event;
mod health;
mod post;
mod subscription;
mod validate;

pub(crate) use deliver::Outbox;
pub(crate) use event::{events, lifecycle};
pub(crate) use post::Post;
pub use post::{Received, Receiver};
pub(crate) use subscription::{Subscription, Target};
pub(crate) use validate::validate;

/// The client that calls receivers: no redirects, no proxy.
pub(crate) fn client() -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    Ok(builder.redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(4).build()?)
}
