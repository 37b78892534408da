//! What the platform should hold: a second opinion.
//!
//! [`expected`] takes a [`World`] (a directory, the settings of a connection, the platform as it
//! was) and says what a sync must make of it: accounts, teams, problems, and what is taken from
//! whom. It is written from what the settings promise, not from how the engine keeps the
//! promise, and as plainly as possible: whole sets instead of graphs, every rule worked out anew
//! for everybody, no thought of speed beyond that of a test.
//!
//! Whoever tests the engine compares it with this. Where the two differ, one of them is wrong,
//! and the words of the settings' documentation decide which.
//!
//! **What may not be in here:** any call of a function of `rollcall-directory` that decides
//! something. Its types of settings, its ids and its names of properties may be used, nothing
//! else. No I/O, no clock, no order of events: only what holds when everything has settled.
//!
//! * [`World`]: what is given. [`platform`]: what comes out, and what was there before.
//! * `scope` says who is a member of what, `admission` who is in.
//! * `profile`, `language` say what is on an account, `adoption` which account that was there
//!   before may be whose, `teams` which teams there are and what they are called.
//! * `transition` says what becomes of one account.

mod admission;
mod adoption;
mod language;
pub mod platform;
mod profile;
mod scope;
mod teams;
mod transition;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::PersonId;

pub use platform::{Account, Loss, Platform, Problem, Status, Team};
pub use profile::field_names;
pub use scope::members;
pub use world::{Directory, Group, Person, World};

/// What a sync must come to, once everything has settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The platform afterwards.
    pub platform: Platform,
    /// What a person has to see to, for each person concerned.
    pub problems: BTreeMap<PersonId, Problem>,
    /// Addresses in lower case that several active accounts have, and whose they are.
    pub shared_emails: BTreeMap<String, BTreeSet<PersonId>>,
    /// What is taken from whom. Nothing else may be.
    pub losses: BTreeSet<(PersonId, Loss)>,
}

/// What a sync must make of this world.
#[must_use]
pub fn expected(world: &World) -> Expected {
    let teams_of_groups = teams::of_groups(world);
    let mut result = Expected::default();
    let people = world.directory.people.keys().chain(world.before.accounts.keys());
    for person in people.copied().collect::<BTreeSet<PersonId>>() {
        let wish = admission::wish(world, &teams_of_groups, person);
        let change = transition::of(world, person, wish);
        result.problems.extend(change.problem.map(|problem| (person, problem)));
        result.losses.extend(change.losses.into_iter().map(|loss| (person, loss)));
        result.platform.accounts.extend(change.account.map(|account| (person, account)));
    }
    result.platform.teams = teams::all(world, &teams_of_groups, &result.platform.accounts);
    result.shared_emails = shared_emails(&result.platform);
    result
}

fn shared_emails(platform: &Platform) -> BTreeMap<String, BTreeSet<PersonId>> {
    let mut people: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for (person, account) in platform.active() {
        if let Some(email) = &account.email {
            people.entry(email.to_lowercase()).or_default().insert(person);
        }
    }
    people.retain(|_, people| people.len() > 1);
    people
}
