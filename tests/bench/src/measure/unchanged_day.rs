//! The daily reconciliation of a directory in which nothing changed.

use serde_json::json;

use crate::Result;
use crate::figure::Figure;
use crate::synced::Synced;
use rollcall_store::run::Tally;

/// Runs it on the tenant that was just synced, and a poll after it.
pub(crate) async fn measure(synced: &Synced) -> Result<Vec<Figure>> {
    let before = synced.latest_run().await?.id;
    let day = synced.play(&json!({"kind": "full", "cause": {"by": "schedule"}})).await?;
    let run = synced.latest_run().await?;
    if run.id == before || !run.status.is_final() {
        return Err("the reconciliation left no finished run".into());
    }
    let poll = synced.play(&json!({"kind": "incremental", "cause": {"by": "poll"}})).await?;
    synced.compare().await?;
    let writes = format!(
        "of users and teams, {} people unchanged, in {:.1} s",
        run.counts.unchanged,
        day.done.took.as_secs_f64()
    );
    let pages = synced.first.pages();
    let requests = format!(
        "one full read is the first sync's {pages}, and could not be less than {}; {}; a poll takes {} more",
        synced.tenant.fewest_pages,
        day.classes(),
        poll.pages(),
    );
    Ok(vec![
        Figure::at_most("unchanged-day-writes", count(changes(&run.counts.tally)), 0.0, "writes", writes),
        Figure::at_most("unchanged-day-requests", count(day.pages()), count(pages), "requests", requests),
    ])
}

/// Changes of users, teams, memberships and photos.
pub(super) fn changes(tally: &Tally) -> u64 {
    let Tally {
        created,
        updated,
        reactivated,
        deactivated,
        deleted,
        teams_created,
        teams_renamed,
        teams_retired,
        memberships_added,
        memberships_removed,
        photos,
    } = *tally;
    let users = created + updated + reactivated + deactivated + deleted;
    users + teams_created + teams_renamed + teams_retired + memberships_added + memberships_removed + photos
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
