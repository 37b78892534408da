//! Whether somebody should have an account, by the simulated directory's own truth at some moment.

use std::collections::BTreeSet;

use entra::directory::{Directory, Kind, View};
use uuid::Uuid;

use crate::settings::Settings;

/// Whether a person should have an active account, as the directory stands in this view.
pub(super) fn is_entitled(view: &View<'_>, settings: &Settings, person: Uuid) -> bool {
    let Some((slot, _)) = view.find(person) else { return false };
    if view.text(slot, "accountEnabled") != Some("true") {
        return false;
    }
    match settings {
        Settings::Everyone => true,
        Settings::Groups(_) => !teams(view, settings, person).is_empty(),
    }
}

/// The scope groups to which a person belongs, at any depth.
pub(super) fn teams(view: &View<'_>, settings: &Settings, person: Uuid) -> BTreeSet<Uuid> {
    let Some((slot, _)) = view.find(person) else { return BTreeSet::new() };
    let holders = view.transitive_holders(slot).into_iter();
    let ids: BTreeSet<Uuid> = holders
        .filter_map(|holder| view.object(holder))
        .filter(|holder| holder.kind == Kind::Group)
        .map(|holder| holder.id)
        .collect();
    settings.roots().intersection(&ids).copied().collect()
}

/// Whether a person should have had an account through all of a time, from one moment to another (in milliseconds
/// since 1970).
pub(super) fn was_always_entitled(
    directory: &Directory,
    settings: &Settings,
    person: Uuid,
    (from, to): (i64, i64),
) -> bool {
    let (first, last) = (directory.sequence_at(from), directory.sequence_at(to));
    (first..=last).all(|sequence| is_entitled(&directory.as_of(sequence), settings, person))
}
