//! Previews of settings, and saving what was previewed.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_store::{Connection, ConnectionStatus, Proposal, Run, RunStatus};
use rollcall_sync::job::{Cause, Job};

use super::connections::{put_to_use, start_anew};
use super::{ADMIN, existing, lasting, must_be_bound, new_id, queue};
use crate::app::App;
use crate::body::preview::PreviewRequest;
use crate::http::problem::Problem;
use crate::view::preview::Preview;

/// Notes settings, and queues the run that finds out what they would do.
pub(crate) async fn begin(
    app: &App,
    id: ConnectionId,
    request: PreviewRequest,
    now: Timestamp,
) -> Result<Preview, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    let PreviewRequest { scope, rules, limits } = request;
    let rules = match rules {
        Some(rules) => rules.over(connection.rules)?,
        None => connection.rules,
    };
    let preview = RunId(new_id(now));
    let proposal = Proposal {
        id: preview,
        scope: scope.map_or(connection.scope, Into::into),
        rules,
        limits: limits.map_or(connection.limits, Into::into),
        revision: connection.revision,
        by: ADMIN.to_owned(),
        created_at: now,
    };
    app.table.propose(id, &proposal).await?;
    let job = Job::Preview { preview, by: ADMIN.to_owned() };
    queue(app, id, job, &format!("preview:{preview}")).await?;
    Ok(Preview::at(now, proposal, None, false))
}

/// A preview as it stands now.
pub(crate) async fn show(app: &App, id: ConnectionId, preview: RunId, now: Timestamp) -> Result<Preview, Problem> {
    let connection = existing(app, id).await?;
    let (proposal, run) = found(app, id, preview, now).await?;
    let applicable = run.as_ref().is_some_and(is_done) && connection.revision == proposal.revision;
    Ok(Preview::at(now, proposal, run, applicable))
}

/// Saves exactly the settings that were previewed.
pub(crate) async fn apply(app: &App, id: ConnectionId, preview: RunId, now: Timestamp) -> Result<Connection, Problem> {
    let connection = lasting(app, id).await?;
    let (proposal, run) = found(app, id, preview, now).await?;
    if !run.as_ref().is_some_and(is_done) {
        return Err(Problem::conflict(match run.map(|run| run.status) {
            Some(RunStatus::Failed | RunStatus::Cancelled) => "The preview has failed. Preview again.",
            _ => "The preview is not at its end. Wait for it.",
        }));
    }
    if connection.revision != proposal.revision {
        return applied_before(app, connection, &proposal).await;
    }
    let Proposal { scope, rules, limits, revision, .. } = proposal;
    // Everybody is looked at anew, also where the settings are what they were: that was asked for.
    let after = Connection { scope, rules, limits, settings_revision: revision + 1, ..connection.clone() };
    put_to_use(app, &connection, after, true, now).await
}

/// Whoever applies a preview twice finds it applied; perhaps its run was not queued the first time.
async fn applied_before(app: &App, connection: Connection, proposal: &Proposal) -> Result<Connection, Problem> {
    let Proposal { scope, rules, limits, revision, .. } = proposal;
    let is_as_proposed = (&connection.scope, &connection.rules, &connection.limits) == (scope, rules, limits);
    let is_saved = connection.revision == revision + 1 && connection.settings_revision == connection.revision;
    if !is_as_proposed || !is_saved {
        return Err(Problem::conflict("The connection has been changed since it was previewed. Preview again."));
    }
    if connection.status == ConnectionStatus::Active {
        start_anew(app, &connection, Cause::Manual { who: ADMIN.to_owned() }).await?;
    }
    Ok(connection)
}

async fn found(
    app: &App,
    id: ConnectionId,
    preview: RunId,
    now: Timestamp,
) -> Result<(Proposal, Option<Run>), Problem> {
    let proposal = app.table.open_proposal(id, preview, now).await?.ok_or_else(|| Problem::not_found("preview"))?;
    Ok((proposal, app.table.run(id, preview).await?))
}

/// A preview of which removals would be held is at its end too.
const fn is_done(run: &Run) -> bool {
    matches!(run.status, RunStatus::Succeeded | RunStatus::Held)
}
