//! Taking back what a run did.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_directory::rules::Rules;
use rollcall_store::Connection;
use rollcall_sync::job::Job;

use super::{ADMIN, lasting, must_be_active, new_id, queue, save};
use crate::app::App;
use crate::http::problem::Problem;
use crate::view::preview::{QueuedRun, Undoing};

const FOLLOWS: &str =
    "Auto sync is on: where the directory still says what it said, the next run does again what is undone.";
const RESTS: &str = "Auto sync is off: the directory still says what it said, and a run would do again what is undone. Mend the \
                     directory or the settings, preview, and switch auto sync on again.";

/// Queues the run that finds out what undoing a run would do.
pub(crate) async fn preview(app: &App, id: ConnectionId, run: RunId, now: Timestamp) -> Result<QueuedRun, Problem> {
    lasting(app, id).await?;
    undoable(app, id, run).await?;
    let preview = RunId(new_id(now));
    let job = Job::PreviewUndo { run, preview, by: ADMIN.to_owned() };
    queue(app, id, job, &format!("preview-undo:{preview}")).await?;
    Ok(QueuedRun { run: preview.0 })
}

/// Queues the undoing of a run, with auto sync switched off before unless it shall stay as it is.
pub(crate) async fn undo(
    app: &App,
    id: ConnectionId,
    run: RunId,
    keep_auto_sync: bool,
    now: Timestamp,
) -> Result<Undoing, Problem> {
    let connection = lasting(app, id).await?;
    must_be_active(&connection)?;
    undoable(app, id, run).await?;
    let connection = if keep_auto_sync { connection } else { without_auto_sync(app, connection, now).await? };
    let reference = new_id(now);
    let job = Job::Undo { run, by: ADMIN.to_owned() };
    queue(app, id, job, &format!("undo:{reference}")).await?;
    tracing::info!(connection.id = %id, run.id = %run, reference = %reference, "a run is being undone");
    let auto_sync = connection.rules.auto_sync;
    Ok(Undoing { reference, auto_sync, message: if auto_sync { FOLLOWS } else { RESTS } })
}

async fn without_auto_sync(app: &App, connection: Connection, now: Timestamp) -> Result<Connection, Problem> {
    if !connection.rules.auto_sync {
        return Ok(connection);
    }
    let rules = Rules { auto_sync: false, ..connection.rules.clone() };
    save(app, Connection { rules, ..connection }, now).await
}

/// Whether there is anything to undo.
async fn undoable(app: &App, id: ConnectionId, run: RunId) -> Result<(), Problem> {
    let found = app.table.run(id, run).await?.ok_or_else(|| Problem::not_found("run"))?;
    if found.mode.is_preview() {
        return Err(Problem::conflict("The run is a preview. It has done nothing."));
    }
    if !found.status.is_final() {
        return Err(Problem::conflict("The run is not at its end. Wait for it, or deactivate the connection."));
    }
    if found.counts.tally.is_empty() {
        return Err(Problem::conflict("The run has changed nothing."));
    }
    Ok(())
}
