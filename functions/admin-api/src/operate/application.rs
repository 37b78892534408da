//! The platform's own application, by which tenants that have consented to it are read and people of all tenants sign in.

use jiff::Timestamp;
use rollcall_store::{ConnectionSecret, Error as StoreError, StoredCredential};

use crate::app::App;
use crate::body::credential::{ApplicationCredential, Credential};
use crate::http::problem::Problem;

/// What is kept of it, as it is now.
pub(crate) async fn state(app: &App, now: Timestamp) -> Result<Option<StoredCredential>, Problem> {
    // Another environment may have replaced it since it was kept here.
    app.secrets.forget(&app.application).await;
    match app.secrets.application(now).await {
        // The secret is there and has no value yet.
        Err(StoreError::NotFound { .. }) => Ok(None),
        result => Ok(result?),
    }
}

/// Replaces its credential.
pub(crate) async fn set(app: &App, credential: ApplicationCredential) -> Result<(), Problem> {
    app.secrets.set_application(&Credential::from(credential).stored()).await?;
    tracing::info!("the credential of the platform's application was replaced");
    Ok(())
}

/// The secret of a connection, with a credential that can be used: as it is now, also where another environment has just replaced it.
pub(super) async fn resolved(
    app: &App,
    secret: &ConnectionSecret,
    now: Timestamp,
) -> Result<ConnectionSecret, Problem> {
    let credential = match &secret.credential {
        StoredCredential::PlatformApplication => state(app, now).await?.ok_or_else(Problem::no_application)?,
        own => own.clone(),
    };
    Ok(ConnectionSecret { credential, ..secret.clone() })
}
