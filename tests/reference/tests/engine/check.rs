//! What must hold of every world.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};

use reference::{Account, Expected, Platform, Status, Team, World, expected, field_names};
use rollcall_directory::adoption::{ExistingId, Match};
use rollcall_directory::desired::Problem;
use rollcall_directory::history::difference;
use rollcall_directory::identity::{PersonId, TeamSource, UserId};
use rollcall_directory::plan::{Loss, PersonPlan, Removal};
use rollcall_directory::user::{self, User};

use crate::engine::{Manner, Pass, Stored, pass, stored};
use crate::values::TENANT;

pub(crate) const PLAIN: Manner = Manner { scope_only: false, reversed: false };

/// Everything that must hold. Answers what was expected.
pub(crate) fn check(world: &World) -> Result<Expected, String> {
    let expected = expected(world);
    let before = stored(&world.before);
    let first = pass(world, &before, PLAIN);
    as_expected(&expected, world, &first)?;
    touches_only_what_is_given(world, &before, &first)?;
    is_settled(world, &before, &first)?;
    let reversed = pass(world, &before, Manner { reversed: true, ..PLAIN });
    same(format_args!("the plan of the same inputs in another order"), &reversed.bytes(), &first.bytes())?;
    let scope_only = pass(world, &before, Manner { scope_only: true, ..PLAIN });
    as_expected(&expected, world, &scope_only).map_err(|fault| format!("reading nobody outside the scope: {fault}"))?;
    Ok(expected)
}

fn same<T: PartialEq + Debug>(what: fmt::Arguments<'_>, engine: &T, model: &T) -> Result<(), String> {
    if engine == model {
        return Ok(());
    }
    Err(format!("{what}\n  engine: {engine:#?}\n   model: {model:#?}"))
}

pub(crate) fn as_expected(expected: &Expected, world: &World, pass: &Pass) -> Result<(), String> {
    let platform = platform(&pass.after);
    let people = platform.accounts.keys().chain(expected.platform.accounts.keys());
    for person in people.collect::<BTreeSet<&PersonId>>() {
        let (engine, model) = (platform.accounts.get(person), expected.platform.accounts.get(person));
        same(format_args!("the account of {person}"), &engine, &model)?;
        if let (Some(user), Some(account)) = (pass.after.users.get(person), model) {
            same(format_args!("the fields of {person}"), &fields(world, user), &field_names(&world.rules, account))?;
        }
    }
    same(format_args!("the teams"), &platform.teams, &expected.platform.teams)?;
    let problems: BTreeMap<PersonId, reference::Problem> =
        pass.problems.iter().map(|(person, problem)| (*person, plain_problem(problem))).collect();
    same(format_args!("the problems"), &problems, &expected.problems)?;
    same(format_args!("shared addresses"), &pass.shared_emails, &expected.shared_emails)?;
    let taken: BTreeSet<(PersonId, reference::Loss)> = pass.taken.iter().map(plain_loss).collect();
    same(format_args!("what is taken"), &taken, &expected.losses)?;
    // Only a deletion may be refuted: whoever is away and wanted back is looked at again.
    let vain = pass.removals.len() - pass.taken.len();
    let refuted =
        pass.removals.iter().filter(|removal| removal.loss == Loss::Deletion && !pass.taken.contains(removal));
    same(format_args!("removals that were planned in vain"), &vain, &refuted.count())
}

fn fields(world: &World, user: &User) -> BTreeMap<String, String> {
    let rules = &world.rules.attributes;
    user.attributes.iter().map(|(property, value)| (rules.field(property).to_owned(), value.clone())).collect()
}

/// What anybody sees of the platform.
fn platform(stored: &Stored) -> Platform {
    let accounts: BTreeMap<PersonId, Account> =
        stored.users.iter().map(|(person, user)| (*person, account(user))).collect();
    let in_team = |source: TeamSource| -> BTreeSet<PersonId> {
        let users = stored.users.values().filter(|user| user.roster().contains(&source));
        users.map(|user| user.person).collect()
    };
    let team = |(source, team): (&TeamSource, &rollcall_directory::team::Team)| {
        let members = if team.active { in_team(*source) } else { BTreeSet::new() };
        (*source, Team { name: team.name.clone(), active: team.active, supervisor: team.supervisor(), members })
    };
    Platform { accounts, teams: stored.teams.iter().map(team).collect() }
}

fn account(user: &User) -> Account {
    let User {
        id: _,
        person: _,
        status,
        attributes,
        email,
        language,
        manager,
        groups: _,
        teams,
        reports_to,
        linked,
        protected,
    } = user.clone();
    let status = match status {
        user::Status::Active => Status::Active,
        user::Status::Inactive { reason, since } => Status::Inactive { reason, since },
    };
    let attributes = attributes.into_iter().collect();
    Account { status, attributes, email, language, manager, teams, manager_team: reports_to, linked, protected }
}

fn plain_problem(problem: &Problem) -> reference::Problem {
    match problem.clone() {
        Problem::Lacks { what } => reference::Problem::Lacks(what),
        Problem::Adoption { found: Match::Proposed { account, by } } => {
            reference::Problem::MayHave { accounts: BTreeSet::from([account]), by }
        }
        Problem::Adoption { found: Match::Ambiguous { accounts, by } } => reference::Problem::MayHave { accounts, by },
        Problem::Protected { leaving } => reference::Problem::Protected(leaving),
        Problem::Adoption { found: Match::Linked { .. } } | Problem::SharedEmail { .. } | Problem::Photo { .. } => {
            panic!("no problem of one person: {problem:?}")
        }
        Problem::EnabledUnknown | Problem::Unanswered => panic!("everything is told here: {problem:?}"),
    }
}

fn plain_loss(removal: &Removal) -> (PersonId, reference::Loss) {
    let loss = match removal.loss.clone() {
        Loss::Account(leaving) => reference::Loss::Access(leaving),
        Loss::Team(group) => reference::Loss::Team(group),
        Loss::Attribute(property) => reference::Loss::Attribute(property),
        Loss::Manager => reference::Loss::Manager,
        Loss::Email => reference::Loss::Email,
        Loss::Deletion => reference::Loss::Account,
    };
    (removal.person, loss)
}

/// Nobody is written or loses something who is in neither directory nor platform, and nobody is
/// given what is in neither.
fn touches_only_what_is_given(world: &World, before: &Stored, pass: &Pass) -> Result<(), String> {
    for (person, plan) in &pass.plans {
        let observed = before.users.get(person);
        let Some(write) = &plan.write else { continue };
        let directory = &world.directory;
        same(
            format_args!("whose account is written"),
            &(write.person, write.id),
            &(*person, UserId::derive(TENANT, *person)),
        )?;
        let known =
            |group| directory.groups.contains_key(group) || observed.is_some_and(|user| user.teams.contains(group));
        let managers =
            [directory.people.get(person).and_then(|person| person.manager), observed.and_then(|user| user.manager)];
        let linked = |id: &ExistingId| {
            world.existing.iter().any(|account| account.id == *id)
                || observed.is_some_and(|user| user.linked.as_ref() == Some(id))
        };
        let given = write.teams.iter().all(known)
            && write.groups.iter().all(|group| directory.groups.contains_key(group))
            && (write.manager.is_none() || managers.contains(&write.manager))
            && write.linked.as_ref().is_none_or(linked);
        same(format_args!("{write:?} has only what is given"), &given, &true)?;
    }
    for removal in &pass.removals {
        let Some(user) = before.users.get(&removal.person) else {
            return Err(format!("something is taken from somebody who has no account: {removal:?}"));
        };
        let has = match &removal.loss {
            Loss::Account(_) => user.status.is_active(),
            Loss::Team(team) => user.teams.contains(team),
            Loss::Attribute(property) => user.attributes.contains_key(property),
            Loss::Manager => user.manager.is_some(),
            Loss::Email => user.email.is_some(),
            Loss::Deletion => !user.status.is_active(),
        };
        same(format_args!("{removal:?}: they have it"), &has, &true)?;
    }
    Ok(())
}

/// Planning again finds nothing to do. Who is as they should be is told by the fingerprint alone.
fn is_settled(world: &World, before: &Stored, first: &Pass) -> Result<(), String> {
    let again = pass(world, &first.after, PLAIN);
    for (person, PersonPlan { write, removals, problem: _ }) in &again.plans {
        same(format_args!("what is left to do for {person}"), &(write, removals), &(&None, &Vec::new()))?;
    }
    for (person, fingerprint) in &first.looks {
        let Some(user) = before.users.get(person) else { continue };
        let PersonPlan { write, removals, problem: _ } = &first.plans[person];
        if user.status.is_active() && *fingerprint == user.fingerprint() {
            same(format_args!("what is to do for {person}, unchanged"), &(write, removals), &(&None, &Vec::new()))?;
        }
    }
    for (person, fingerprint) in &again.looks {
        let user = first.after.users.get(person).filter(|user| user.status.is_active());
        if let Some(user) = user {
            same(format_args!("the fingerprint of {person}"), &user.fingerprint(), fingerprint)?;
        }
    }
    same(format_args!("what a second pass takes"), &again.taken, &BTreeSet::new())?;
    same(format_args!("the platform after a second pass"), &again.after, &first.after)?;
    same(format_args!("the problems after a second pass"), &again.problems, &first.problems)?;
    for (person, user) in &first.after.users {
        let before = first.after.users.get(person);
        same(format_args!("a change of nothing"), &difference(before, Some(user)), &None)?;
    }
    Ok(())
}

/// In how many worlds something happened.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub(crate) fn add(&mut self, world: &World, after: &Expected) {
        let before = &world.before.accounts;
        let loss = |test: fn(&reference::Loss) -> bool| after.losses.iter().any(|(_, loss)| test(loss));
        let problem = |test: fn(&reference::Problem) -> bool| after.problems.values().any(test);
        let back = after.platform.active().any(|(person, _)| before.get(&person).is_some_and(|user| !user.is_active()));
        let kept = after.platform.active().any(|(person, _)| !world.directory.people.contains_key(&person));
        let linked =
            after.platform.active().any(|(person, user)| user.linked.is_some() && !before.contains_key(&person));
        let of_managers = after.platform.teams.values().any(|team| team.supervisor.is_some() && team.active);
        let retired =
            world.before.teams.iter().any(|(source, team)| team.active && !after.platform.teams[source].active);
        for (what, happened) in [
            ("created", after.platform.accounts.keys().any(|person| !before.contains_key(person))),
            ("back", back),
            ("kept without a person", kept),
            ("linked", linked),
            ("nothing to do", after.platform == world.before),
            ("a manager's team", of_managers),
            ("a team retired", retired),
            ("access lost", loss(|loss| matches!(loss, reference::Loss::Access(_)))),
            ("account deleted", loss(|loss| *loss == reference::Loss::Account)),
            ("team lost", loss(|loss| matches!(loss, reference::Loss::Team(_)))),
            ("attribute lost", loss(|loss| matches!(loss, reference::Loss::Attribute(_)))),
            ("manager lost", loss(|loss| *loss == reference::Loss::Manager)),
            ("e-mail lost", loss(|loss| *loss == reference::Loss::Email)),
            ("something lacks", problem(|problem| matches!(problem, reference::Problem::Lacks(_)))),
            ("may have an account", problem(|problem| matches!(problem, reference::Problem::MayHave { .. }))),
            ("protected", problem(|problem| matches!(problem, reference::Problem::Protected(_)))),
            ("address shared", !after.shared_emails.is_empty()),
        ] {
            *self.0.entry(what).or_default() += u64::from(happened);
        }
    }

    pub(crate) fn plus(mut self, other: Self) -> Self {
        for (what, worlds) in other.0 {
            *self.0.entry(what).or_default() += worlds;
        }
        self
    }

    pub(crate) fn rarest(&self) -> u64 {
        self.0.values().copied().min().unwrap_or(0)
    }
}
