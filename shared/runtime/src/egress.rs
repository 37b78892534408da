//! Calls to addresses that are data: of channels, of platforms.
//!
//! Three things hold for each call: names that lead to anything but public addresses lead nowhere (`public.rs`), redirects are not
//! followed, and no proxy of the environment is used. An origin that the deployment names itself, for tests, is called as it is.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

use crate::public::PublicOnly;

/// No client can be built: a fault of the build.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be built: {0}")]
pub(crate) struct EgressError(String);

/// The two clients.
#[derive(Clone, Debug)]
pub(crate) struct Egress {
    guarded: Client,
    own: Client,
}

impl Egress {
    /// Clients whose calls take no longer than this.
    pub(crate) fn new(longest: Duration) -> Result<Self, EgressError> {
        let guarded = builder(longest)?.https_only(true).dns_resolver(Arc::new(PublicOnly));
        let build = |builder: ClientBuilder| builder.build().map_err(|error| EgressError(error.to_string()));
        Ok(Self { guarded: build(guarded)?, own: build(builder(longest)?)? })
    }

    /// The client for an address; `own` for an origin that the deployment names itself.
    pub(crate) const fn client(&self, own: bool) -> &Client {
        if own { &self.own } else { &self.guarded }
    }
}

fn builder(longest: Duration) -> Result<ClientBuilder, EgressError> {
    let tls = tls().map_err(|error| EgressError(error.to_string()))?;
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(longest / 2)
        .timeout(longest)
        // Calls are far apart, and a socket does not outlive the pause of a frozen environment.
        .pool_max_idle_per_host(0)
        .user_agent("rollcall"))
}

fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
