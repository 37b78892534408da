//! What happens to single people.

use super::teller::Teller;
use crate::comparison::{Directory, Group, desired};
use crate::error::{Error, Result};
use crate::json::text;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A joiner, a mover, a rename, a new manager, a disabled person, a leaver who comes back.
pub(super) async fn play(teller: &mut Teller<'_>) -> Result<()> {
    let directory = teller.directory().await?;
    let cast = Cast::choose(teller, &directory)?;
    join(teller, &cast).await?;
    move_between_groups(teller, &cast).await?;
    let [renamed, managed, disabled, leaver] = cast.people;
    teller
        .notified("somebody is renamed", json!({"action": "rename", "id": renamed, "displayName": "Ada Lovelace-King"}))
        .await?;
    teller
        .notified("somebody has a new manager", json!({"action": "setManager", "id": managed, "manager": renamed}))
        .await?;
    teller.notified("somebody's account is disabled", json!({"action": "disable", "id": disabled})).await?;
    teller.notified("somebody leaves", json!({"action": "leave", "id": leaver})).await?;
    let before = account(teller, leaver).await?;
    teller.notified("the leaver is restored", json!({"action": "restore", "id": leaver})).await?;
    let after = account(teller, leaver).await?;
    if text(&before, "/id") != text(&after, "/id") {
        return Err(Error::Story(format!("the restored leaver has another account: {before} and {after}")));
    }
    Ok(())
}

/// Who and what the steps are about.
struct Cast {
    /// Two groups, nested below different scope groups, and somebody who is a member of the first alone.
    nested: (Uuid, Uuid, Uuid),
    /// People with an account, each for one step.
    people: [Uuid; 4],
}

impl Cast {
    fn choose(teller: &Teller<'_>, directory: &Directory) -> Result<Self> {
        let active: BTreeSet<Uuid> = desired(directory, &teller.scope()).into_keys().collect();
        let nested =
            nested(directory, &teller.roots, &active).ok_or_else(|| Error::Story("no nested groups".into()))?;
        let mut others = active.into_iter().filter(|person| *person != nested.2);
        let mut next = || others.next().ok_or_else(|| Error::Story("too few people in scope".into()));
        Ok(Self { nested, people: [next()?, next()?, next()?, next()?] })
    }
}

/// Two groups, nested below different scope groups, and somebody who is in scope by the first of them alone.
fn nested(directory: &Directory, roots: &BTreeSet<Uuid>, active: &BTreeSet<Uuid>) -> Option<(Uuid, Uuid, Uuid)> {
    let groups = &directory.groups;
    let children = |root: &Uuid| -> BTreeSet<Uuid> {
        let members = groups.get(root).into_iter().flat_map(|group: &Group| group.members.iter().copied());
        members.filter(|member| groups.contains_key(member) && !roots.contains(member)).collect()
    };
    let memberships = |person: &Uuid| groups.values().filter(|group| group.members.contains(person)).count();
    let below: Vec<BTreeSet<Uuid>> = roots.iter().map(children).collect();
    for (from, to) in below.iter().flatten().flat_map(|from| below.iter().flatten().map(move |to| (*from, *to))) {
        let apart = !below.iter().any(|together| together.contains(&from) && together.contains(&to));
        let mut members = groups.get(&from).into_iter().flat_map(|group| group.members.iter().copied());
        if let Some(mover) = members.find(|person| apart && active.contains(person) && memberships(person) == 1) {
            return Some((from, to, mover));
        }
    }
    None
}

async fn join(teller: &mut Teller<'_>, cast: &Cast) -> Result<()> {
    let (group, ..) = cast.nested;
    let [manager, ..] = cast.people;
    let join = json!({"action": "join", "groups": [group], "manager": manager});
    teller.notified("a joiner, in a group nested below a scope group", join).await
}

/// The mover keeps the account all the while: no run may have taken it, not even for a moment.
async fn move_between_groups(teller: &mut Teller<'_>, cast: &Cast) -> Result<()> {
    let (from, to, mover) = cast.nested;
    let before = account(teller, mover).await?;
    let known = teller.run_ids().await?;
    let actions = json!({"action": "move", "id": mover, "from": from, "to": to});
    teller.notified("a mover between nested groups", actions).await?;
    for run in teller.runs().await?.iter().filter(|run| !known.contains(text(run, "/id"))) {
        let path = teller.path(&format!("/runs/{}/changes", text(run, "/id")));
        for change in teller.api.all(&path).await? {
            let shown = change.to_string();
            if shown.contains(&mover.to_string()) && shown.contains("deactivated") {
                return Err(Error::Story(format!("the mover was deactivated in between: {shown}")));
            }
        }
    }
    let after = account(teller, mover).await?;
    let same = text(&before, "/id") == text(&after, "/id") && text(&after, "/status") == "active";
    if same { Ok(()) } else { Err(Error::Story(format!("the mover's account: {after}"))) }
}

/// A person's account as the API lists it.
async fn account(teller: &Teller<'_>, person: Uuid) -> Result<Value> {
    teller.api.get(&teller.path(&format!("/users/{person}"))).await
}
