//! What happens to groups, and to many at once.

use super::teller::Teller;
use crate::comparison::desired;
use crate::error::{Error, Result};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Changes that arrive at once.
const BURST: u32 = 1_000;

/// A group added below a scope group, then a thousand changes at once.
pub(super) async fn play(teller: &mut Teller<'_>) -> Result<()> {
    let directory = teller.directory().await?;
    let active: BTreeSet<Uuid> = desired(&directory, &teller.scope()).into_keys().collect();
    let outside = directory.people.iter().filter(|person| person.enabled && !active.contains(&person.id));
    let members: Vec<Uuid> = outside.map(|person| person.id).take(25).collect();
    let root = teller.roots.first().copied().ok_or_else(|| Error::Story("no scope group".into()))?;
    let create =
        json!({"action": "createGroup", "displayName": "Project Kestrel", "members": members, "parents": [root]});
    teller.notified(&format!("a group of {} people is added below a scope group", members.len()), create).await?;

    let burst = json!({"action": "burst", "count": BURST, "seed": 7, "within": root});
    teller.notified(&format!("a burst of {BURST} changes"), burst).await
}
