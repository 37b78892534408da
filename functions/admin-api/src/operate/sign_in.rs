//! By which domains, and from which tenant, people are led to a connection when they sign in.
//!
//! A domain leads to one connection, which says so in its settings. Leads are written before the settings and taken back after them,
//! by what the settings are then: whatever fails in between, no lead stays that nobody set.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::{Error as GraphError, Priority, organization};
use rollcall_sign_in::provider::authorization::canonical_domain;
use rollcall_store::{Connection, ConnectionSecret, ConnectionStatus, Error as StoreError, SecretDigest, SignIn};
use tokio::time::Instant;

use super::application::resolved;
use crate::app::App;
use crate::http::problem::Problem;

/// The longest that somebody waits for Graph.
const LONGEST: Duration = Duration::from_secs(8);
const GRANT: &str = "Microsoft Graph does not tell which domains the tenant has verified. Grant the application permission \
                     Organization.Read.All in Entra, with admin consent, and try again.";

/// The domains of a setting.
pub(super) fn domains(sign_in: Option<&SignIn>) -> BTreeSet<String> {
    sign_in.map(|sign_in| sign_in.domains.clone()).unwrap_or_default()
}

/// Whether these are verified domains of the tenant, as Graph says. Anybody could name others.
pub(super) async fn verify(
    app: &App,
    secret: Option<&ConnectionSecret>,
    domains: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(), Problem> {
    if domains.is_empty() {
        return Ok(());
    }
    let secret = resolved(app, secret.ok_or_else(Problem::unbound)?, now).await?;
    let (_, client) = app.access.connect(&secret)?;
    let client = client.until(Instant::now() + LONGEST).priority(Priority::High);
    let organization = match client.send(&organization::get()).await {
        Err(GraphError::Consent { .. } | GraphError::Refused { .. }) => return Err(Problem::directory_refused(GRANT)),
        answer => answer?,
    };
    let verified = organization.value.into_iter().flat_map(|organization| organization.verified_domains);
    let verified: BTreeSet<String> = verified.filter_map(|domain| canonical_domain(&domain.name)).collect();
    if verified.is_empty() {
        return Err(Problem::directory_refused(GRANT));
    }
    let others: Vec<&str> = domains.difference(&verified).map(String::as_str).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Problem::invalid(
        "sign_in.domains",
        format!("has what is no verified domain of the tenant: {}", others.join(", ")),
    ))
}

/// Lets the domains lead to a connection, and its tenant if it leads nowhere yet.
pub(super) async fn lead(
    app: &App,
    id: ConnectionId,
    domains: &BTreeSet<String>,
    tenant: Option<TenantId>,
) -> Result<(), Problem> {
    for domain in domains {
        match app.table.lead_domain(domain, id).await {
            Err(StoreError::Conflict { .. }) => lead_anew(app, id, domain).await?,
            led => led?,
        }
    }
    let Some(tenant) = tenant.map(|tenant| app.seal.tenant(tenant)) else { return Ok(()) };
    match app.table.lead_tenant(&tenant, id).await {
        // The first connection of a tenant keeps it.
        Err(StoreError::Conflict { .. }) => Ok(()),
        led => Ok(led?),
    }
}

/// Lets a domain lead here that leads to another connection, if that one does not exist any more.
async fn lead_anew(app: &App, id: ConnectionId, domain: &str) -> Result<(), Problem> {
    let taken =
        || Problem::conflict(format!("The domain {domain} leads to another connection. Take it from that one first."));
    if let Some(other) = app.table.connection_of_domain(domain).await? {
        if app.table.connection(other).await?.is_some() {
            return Err(taken());
        }
        app.table.stop_leading_domain(domain, other).await?;
    }
    match app.table.lead_domain(domain, id).await {
        Err(StoreError::Conflict { .. }) => Err(taken()),
        led => Ok(led?),
    }
}

/// Takes back what leads to a connection and is not in its settings as they are now: of these domains, and the tenant.
pub(super) async fn settle(
    app: &App,
    id: ConnectionId,
    mentioned: &BTreeSet<String>,
    tenant: Option<TenantId>,
) -> Result<(), Problem> {
    let now = app.table.connection(id).await?;
    let lasts = |connection: &Connection| connection.status != ConnectionStatus::Deleting;
    let sign_in = now.filter(lasts).and_then(|connection| connection.sign_in);
    for domain in mentioned.difference(&domains(sign_in.as_ref())) {
        app.table.stop_leading_domain(domain, id).await?;
    }
    match tenant.map(|tenant| app.seal.tenant(tenant)) {
        Some(tenant) if sign_in.is_none() => stop_tenant(app, id, &tenant).await,
        _ => Ok(()),
    }
}

async fn stop_tenant(app: &App, id: ConnectionId, tenant: &SecretDigest) -> Result<(), Problem> {
    Ok(app.table.stop_leading_tenant(tenant, id).await?)
}

/// The same after something has failed, of which the caller is told.
pub(super) async fn give_back(app: &App, id: ConnectionId, mentioned: &BTreeSet<String>, tenant: Option<TenantId>) {
    if settle(app, id, mentioned, tenant).await.is_err() {
        tracing::error!(connection.id = %id, "domains may lead to a connection that does not have them");
    }
}
