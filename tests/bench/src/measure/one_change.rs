//! One change, in a tenant of 500,000 people and in one of 1,000.
//!
//! Items that are written are counted by the simulation's table, in a test: `tests/simulation/tests/one_change.rs`.

use entra::directory::Kind;
use serde_json::json;

use crate::Result;
use crate::figure::Figure;
use crate::statistics::median;
use crate::synced::Synced;

/// Changes that are made one after the other.
const CHANGES: u32 = 21;

/// What single changes cost.
pub(super) struct Cost {
    /// Median time from the job to its end, in milliseconds.
    millis: f64,
    /// Most requests to Graph.
    requests: u64,
}

/// Changes the office of one person after the other, and reads each.
pub(super) async fn take(synced: &Synced) -> Result<Cost> {
    let (mut times, mut requests) = (Vec::new(), 0);
    for number in 0..=CHANGES {
        synced
            .tenant
            .server
            .change(synced.tenant.info.tenant_id, |directory, now| {
                let enabled = |slot| directory.text(slot, "accountEnabled") == Some("true");
                let person = directory.live(Kind::User).map(|(slot, _)| slot).filter(|slot| enabled(*slot)).nth(7);
                let value = [("officeLocation".to_owned(), Some(format!("Room {number}")))];
                person.map(|person| directory.set(person, &value, now))
            })
            .flatten()
            .ok_or("there is nobody to change")??;
        let before = synced.latest_run().await?.id;
        let played = synced.play(&json!({"kind": "incremental", "cause": {"by": "poll"}})).await?;
        let run = synced.latest_run().await?;
        if run.id == before || run.counts.tally.updated != 1 {
            return Err(format!("the change did not arrive: {:?}", run.counts).into());
        }
        requests = requests.max(played.pages());
        // The first finds connections and caches cold.
        if number > 0 {
            times.push(played.done.took.as_secs_f64() * 1e3);
        }
    }
    Ok(Cost { millis: median(&times), requests })
}

/// The figures of both tenants.
pub(super) fn figures(large: &Cost, small: &Cost) -> Vec<Figure> {
    let requests = "for each of the changes in the larger tenant, at most".to_owned();
    let time = format!("the time of 1,000 people: {:.1} ms, and {:.1} ms for 500,000", small.millis, large.millis);
    let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    vec![
        Figure::at_most("half-million-one-change-requests", count(large.requests), 5.0, "requests", requests),
        Figure::at_most("half-million-one-change-time", large.millis / small.millis, 1.5, "x", time),
    ]
}
