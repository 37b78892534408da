//! One worker for each connection.
//!
//! No clock is compared between machines: whoever finds the lease held watches its beat, and
//! takes over when it has stood still for [`PATIENCE`] by the watcher's own clock. A worker that
//! was only asleep finds itself fenced by the higher epoch, whatever it then tries to write.

use std::time::Duration;

use rollcall_directory::identity::ConnectionId;
use rollcall_store::Error;
use rollcall_store::lease::{Acquired, Lease};
use tokio::time::{Instant, interval, sleep};

use super::session::time_ordered;
use super::{WorkError, Worker};

/// How often a worker shows that it lives.
const BEAT: Duration = Duration::from_secs(4);
/// How long a lease must stand still before it is taken over.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a watcher looks.
const LOOK: Duration = Duration::from_secs(1);

/// Does `work` under the lease of a connection, beating all the while, and gives the lease back.
pub(super) async fn with<T>(
    worker: &Worker,
    connection: ConnectionId,
    deadline: Instant,
    work: impl AsyncFnOnce(&Lease) -> Result<T, WorkError>,
) -> Result<T, WorkError> {
    let lease = acquire(worker, connection, deadline).await?;
    let done = tokio::select! {
        // Work that is done stays done, and the same events lead to the same end each time.
        biased;
        done = work(&lease) => done,
        lost = beat(&lease) => Err(lost.into()),
    };
    // A lease that is lost is not ours to give back.
    if !matches!(done, Err(WorkError::Store(Error::Lost))) {
        lease.release().await?;
    }
    done
}

async fn acquire(worker: &Worker, connection: ConnectionId, deadline: Instant) -> Result<Lease, WorkError> {
    // New for each hold of the lease: a worker must not mistake an earlier owner for itself.
    let name = format!("{}:{}", worker.name, time_ordered((worker.clock)()));
    let mut seen: Option<(u64, u64, Instant)> = None;
    loop {
        let stood_still = seen.filter(|(_, _, since)| since.elapsed() >= PATIENCE);
        let acquired = match stood_still {
            None => worker.table.acquire(connection, &name).await?,
            Some((beat, epoch, _)) => worker.table.take_over(connection, &name, beat, epoch).await?,
        };
        match acquired {
            Acquired::Lease(lease) => return Ok(lease),
            Acquired::Busy { beat, epoch } => {
                if !matches!(seen, Some((known, same, _)) if known == beat && same == epoch) {
                    seen = Some((beat, epoch, Instant::now()));
                }
            }
        }
        if Instant::now() + LOOK >= deadline {
            return Err(WorkError::Busy);
        }
        sleep(LOOK).await;
    }
}

/// Beats until the lease is lost. A beat that fails for another reason is tried again: the work
/// itself will find out if the table is gone.
async fn beat(lease: &Lease) -> Error {
    let mut ticks = interval(BEAT);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        match lease.beat().await {
            Ok(()) => {}
            Err(Error::Lost) => return Error::Lost,
            Err(error) => tracing::warn!(%error, "a sign of life could not be written"),
        }
    }
}
