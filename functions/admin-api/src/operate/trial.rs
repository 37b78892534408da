//! Testing a connection.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use rollcall_graph::Priority;
use rollcall_store::{ConnectionStatus, Error as StoreError};
use rollcall_sync::check::{Checker, is_well};
use rollcall_sync::job::Cause;
use tokio::time::Instant;

use super::application::resolved;
use super::status::start;
use super::{lasting, must_be_bound};
use crate::app::App;
use crate::http::problem::Problem;
use crate::view::check::TestReport;

/// The longest that a test may take: the API has to answer within 29 seconds.
const LONGEST: Duration = Duration::from_secs(22);

/// Makes the very calls that a sync makes. A connection that was paused goes on when all is well.
pub(crate) async fn test(app: &App, id: ConnectionId, now: Timestamp) -> Result<TestReport, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    let secret = match app.secrets.read(id).await {
        Err(StoreError::NotFound { .. }) => {
            return Err(Problem::conflict("The connection has no credential. Set one."));
        }
        secret => resolved(app, &secret?, now).await?,
    };
    // A client of its own: a kept one might still have a token from before the last change.
    let (_, client) =
        app.access.connect(&secret).map_err(|error| Problem::conflict(format!("It can not be tested: {error}.")))?;
    let client = client.until(Instant::now() + LONGEST).priority(Priority::High);
    let checker = Checker {
        client: &client,
        connection: id,
        scope: &connection.scope,
        rules: &connection.rules,
        addresses: &app.addresses,
    };
    let checks = checker.run(now).await;
    let resumed = is_well(&checks) && matches!(connection.status, ConnectionStatus::Paused { .. });
    if resumed {
        start(app, connection, Cause::Resumption, now).await?;
    }
    Ok(TestReport::of(checks, resumed))
}
