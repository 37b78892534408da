//! Creating connections.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_directory::rules::{Guests, Rules};
use rollcall_store::{Connection, ConnectionSecret, ConnectionStatus, Deletion, SignIn};

use super::{new_id, sign_in};
use crate::app::App;
use crate::body::connection::NewConnection;
use crate::body::credential::Credential;
use crate::http::problem::Problem;

/// Creates a connection and its secret, which one without a tenant has not. It begins as a draft.
pub(crate) async fn create(app: &App, new: NewConnection, now: Timestamp) -> Result<Connection, Problem> {
    let NewConnection {
        name,
        tenant_id,
        credential,
        scope,
        rules,
        sign_in,
        owners,
        limits,
        sync_every_hours,
        history_days,
    } = new;
    // Whoever is a guest somewhere is nobody's employee there: they come in only where somebody says so.
    let rules = rules.over(Rules { guests: Guests::Out, ..Rules::default() })?;
    let tenant = match (tenant_id, &credential) {
        (None, Credential::PlatformApplication {}) => None,
        (None, _) => return Err(Problem::invalid("tenant_id", "must be given with a credential of its own")),
        (Some(id), _) => Some(TenantId(id)),
    };
    let connection = Connection {
        id: ConnectionId(new_id(now)),
        name: name.0,
        status: ConnectionStatus::Draft,
        scope: scope.into(),
        rules,
        limits: limits.into(),
        owners: owners.0,
        sync_every_hours: sync_every_hours.map(|hours| hours.0),
        history_days: history_days.0,
        sign_in: sign_in.map(SignIn::from),
        unbound: tenant.is_none(),
        credential_kind: credential.kind(),
        secret_expires_at: credential.expires_at(),
        settings_revision: 0,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    let domains = sign_in::domains(connection.sign_in.as_ref());
    if tenant.is_none() && !domains.is_empty() {
        return Err(Problem::invalid("sign_in.domains", "must be empty until the connection has a tenant"));
    }
    let credential = credential.stored();
    let secret = tenant.map(|tenant| ConnectionSecret { tenant, credential, channel_webhook: None });
    sign_in::verify(app, secret.as_ref(), &domains, now).await?;
    if let Some(secret) = &secret {
        app.secrets.create(connection.id, secret).await?;
    }
    let created = write(app, &connection, tenant).await;
    if created.is_err() {
        forget(app, connection.id, &domains, tenant).await;
    }
    created
}

/// Writes a new connection. It is there before anything leads to it.
async fn write(app: &App, connection: &Connection, tenant: Option<TenantId>) -> Result<Connection, Problem> {
    let created = app.table.create_connection(connection).await?;
    if let Some(sign_in) = &created.sign_in {
        sign_in::lead(app, created.id, &sign_in.domains, tenant).await?;
    }
    Ok(created)
}

/// Takes everything back of a connection that could not be created. Without its row nobody would ever find its secret.
async fn forget(app: &App, id: ConnectionId, domains: &BTreeSet<String>, tenant: Option<TenantId>) {
    if let Err(left) = app.table.remove_connection(id).await {
        tracing::error!(connection.id = %id, error = %left, "a connection is left that could not be created");
    }
    sign_in::give_back(app, id, domains, tenant).await;
    if let Err(left) = app.secrets.delete(id, Deletion::Final).await {
        tracing::error!(connection.id = %id, error = %left, "a secret is left without a connection");
    }
}
