//! Scopes, rules and limits that are drawn: everything that a connection can ask for.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rollcall_directory::adoption::{Adoption, MatchBy};
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::language::Languages;
use rollcall_directory::property::Property;
use rollcall_directory::rules::{
    AttributeRules, DisabledAccounts, EmailSource, Guests, Leavers, ManagerTeams, Required, Rules, TeamRules,
};
use rollcall_directory::scope::{Combine, Nesting, Scope};
use rollcall_directory::team_name::Pattern;

use crate::model::Terms;

/// What of a directory settings can name.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Everybody, deleted people too: who was chosen once can be gone.
    pub(super) people: Vec<PersonId>,
    /// Groups, those that are meant as scope groups first and once more.
    pub(super) groups: Vec<GroupId>,
}

/// Chance, in the words of settings.
struct Dice<'a>(&'a mut StdRng);

impl Dice<'_> {
    /// True so many times of a hundred.
    fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    fn pick<T: Clone>(&mut self, first: T, others: &[T]) -> T {
        let place = self.0.random_range(0..=others.len());
        place.checked_sub(1).and_then(|place| others.get(place)).cloned().unwrap_or(first)
    }

    /// Each of these so many times of a hundred.
    fn some<T: Clone + Ord>(&mut self, from: &[T], percent: u32) -> BTreeSet<T> {
        from.iter().filter(|_| self.chance(percent)).cloned().collect()
    }

    /// From one to so many of these.
    fn few<T: Clone + Ord>(&mut self, from: &[T], most: usize) -> BTreeSet<T> {
        let count = self.0.random_range(1..=most);
        from.choose_multiple(self.0, count).cloned().collect()
    }
}

/// Draws scope and rules.
pub(super) fn terms(random: &mut StdRng, names: &Names) -> Terms {
    Terms { scope: scope(random, names), rules: rules(random) }
}

/// Draws a scope.
pub(super) fn scope(random: &mut StdRng, names: &Names) -> Scope {
    let mut dice = Dice(random);
    let nesting = if dice.chance(80) { Nesting::Followed } else { Nesting::DirectOnly };
    let excluded = if dice.chance(25) { dice.few(&names.groups, 2) } else { BTreeSet::new() };
    match dice.0.random_range(0..100) {
        0..25 => Scope::Everyone { excluded, nesting },
        25..35 if !names.people.is_empty() => {
            let share = dice.0.random_range(10..90);
            let mut people = dice.some(&names.people, share);
            people.extend(dice.few(&names.people, 1));
            Scope::People { people }
        }
        _ if names.groups.is_empty() => Scope::Everyone { excluded, nesting },
        kind => {
            let combine = if kind < 85 { Combine::Any } else { Combine::All };
            Scope::Groups { groups: dice.few(&names.groups, 3), combine, excluded, nesting }
        }
    }
}

/// Draws rules: some from the usual ones on, each rule in its turn otherwise.
pub(super) fn rules(random: &mut StdRng) -> Rules {
    let mut dice = Dice(random);
    let usual = Rules::default();
    let plain = dice.chance(25);
    let mut other = |percent: u32| !plain && dice.chance(percent);
    let changes: Vec<bool> = [6, 30, 20, 60, 50, 40, 35, 50, 50].map(&mut other).to_vec();
    let is = |number: usize| changes.get(number).copied().unwrap_or_default();
    Rules {
        auto_sync: !is(0),
        guests: if is(1) { Guests::Out } else { usual.guests },
        disabled_accounts: if is(2) { DisabledAccounts::In } else { usual.disabled_accounts },
        required: if is(3) { dice.some(Required::ALL, 40) } else { usual.required },
        email: if is(4) {
            dice.pick(EmailSource::UserPrincipalName, &[EmailSource::Mail, EmailSource::MailThenUserPrincipalName])
        } else {
            usual.email
        },
        attributes: if is(5) { attributes(&mut dice) } else { usual.attributes },
        languages: if is(6) { languages(&mut dice) } else { usual.languages },
        teams: if is(7) { teams(&mut dice) } else { usual.teams },
        leavers: if is(8) { leavers(&mut dice) } else { usual.leavers },
        allow_deletion: dice.chance(60),
        adoption: adoption(&mut dice),
        // No account depends on photos: they have rules' tests of their own.
        photo: usual.photo,
    }
}

fn attributes(dice: &mut Dice<'_>) -> AttributeRules {
    let usual: Vec<Property> = Property::defaults().collect();
    let rare = [Property::UserType, Property::Division, Property::CostCenter, Property::ProxyAddresses];
    let renamed = dice.some(&usual, 10).into_iter().enumerate();
    let names: BTreeMap<Property, String> =
        renamed.map(|(number, property)| (property, format!("field {number}"))).collect();
    AttributeRules { off: dice.some(&usual, 15), more: dice.some(&rare, 40), names }
}

fn languages(dice: &mut Dice<'_>) -> Languages {
    let supported = ["de", "en", "fr-CA", "pt-BR", "sv"].map(str::to_owned);
    let default = dice.pick("en", &["de-AT", "nl", "sv", "fr"]).to_owned();
    Languages { default: dice.chance(70).then_some(default), supported: dice.some(&supported, 50) }
}

fn teams(dice: &mut Dice<'_>) -> TeamRules {
    let patterns = ["*", "Scope *", "project *", "* L1 *", "Group 1*", "nothing"].map(|text| Pattern(text.to_owned()));
    let template = dice.pick("Reports of {name}", &["{name's} people", "People"]).to_owned();
    let managers = ManagerTeams { name_template: dice.chance(30).then_some(template) };
    TeamRules {
        scope_groups: dice.chance(70),
        group_names: if dice.chance(50) { dice.some(&patterns, 25) } else { BTreeSet::new() },
        managers: dice.chance(50).then_some(managers),
    }
}

fn leavers(dice: &mut Dice<'_>) -> Leavers {
    match dice.0.random_range(0..10) {
        0..2 => Leavers::KeepAccess,
        2..4 => Leavers::Deactivate,
        _ => Leavers::DeactivateThenDelete { after_days: dice.pick(30, &[0, 32]) },
    }
}

fn adoption(dice: &mut Dice<'_>) -> Adoption {
    let mut by = vec![MatchBy::EmployeeId, MatchBy::UserPrincipalName, MatchBy::Mail];
    if dice.chance(50) {
        by.reverse();
    }
    by.retain(|_| dice.chance(30));
    Adoption { by }
}

/// Draws limits: mostly the usual ones.
pub(super) fn limits(random: &mut StdRng) -> Limits {
    let mut dice = Dice(random);
    let usual = Limits::default();
    if dice.chance(60) {
        return usual;
    }
    Limits {
        people: dice.pick(usual.people, &[0, 1, 50, 1_000]),
        percent: dice.pick(usual.percent, &[0, 5, 50, 100]),
        emptied_group: dice.pick(usual.emptied_group, &[1, 5, 1_000]),
    }
}
