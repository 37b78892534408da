//! Random settings of a connection.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::adoption::{Adoption, MatchBy};
use rollcall_directory::language::Languages;
use rollcall_directory::photo::PhotoRule;
use rollcall_directory::rules::{
    AttributeRules, DisabledAccounts, EmailSource, Guests, Leavers, ManagerTeams, Required, Rules, TeamRules,
};
use rollcall_directory::scope::{Combine, Nesting, Scope};
use rollcall_directory::team_name::Pattern;

use crate::dice::Dice;
use crate::values;

/// `groups` of the scope are there: a scope group that is gone pauses the connection.
pub(crate) fn scope(dice: &mut Dice, groups: &[rollcall_directory::identity::GroupId]) -> Scope {
    let nesting = if dice.chance(70) { Nesting::Followed } else { Nesting::DirectOnly };
    let excluded = if dice.chance(40) { dice.some(groups, 20) } else { BTreeSet::new() };
    match dice.up_to(9) {
        0 | 1 => Scope::Everyone { excluded, nesting },
        2 => {
            let mut people = dice.some(&values::people(), 40);
            people.insert(dice.pick(&values::people()));
            Scope::People { people }
        }
        _ if groups.is_empty() => Scope::Everyone { excluded, nesting },
        _ => {
            let mut chosen = dice.some(groups, 30);
            chosen.insert(dice.pick(groups));
            let combine = if dice.chance(70) { Combine::Any } else { Combine::All };
            Scope::Groups { groups: chosen, combine, excluded, nesting }
        }
    }
}

pub(crate) fn rules(dice: &mut Dice) -> Rules {
    if dice.chance(10) {
        return Rules::default();
    }
    let required = if dice.chance(40) { dice.some(Required::ALL, 50) } else { Rules::default().required };
    Rules {
        auto_sync: dice.chance(80),
        guests: if dice.chance(60) { Guests::In } else { Guests::Out },
        disabled_accounts: if dice.chance(75) { DisabledAccounts::Out } else { DisabledAccounts::In },
        required,
        email: dice.pick(&[EmailSource::UserPrincipalName, EmailSource::Mail, EmailSource::MailThenUserPrincipalName]),
        attributes: attributes(dice),
        languages: languages(dice),
        teams: teams(dice),
        leavers: leavers(dice),
        allow_deletion: dice.chance(70),
        adoption: adoption(dice),
        // No plan looks at photos, so that it makes no difference.
        photo: PhotoRule { keep: dice.chance(50), ..PhotoRule::default() },
    }
}

fn attributes(dice: &mut Dice) -> AttributeRules {
    let properties = values::properties();
    let off = if dice.chance(40) { dice.some(&properties, 20) } else { BTreeSet::new() };
    let more = if dice.chance(50) { dice.some(&properties, 20) } else { BTreeSet::new() };
    let names = if dice.chance(30) {
        let renamed = dice.some(&properties, 20);
        renamed.into_iter().enumerate().map(|(number, property)| (property, format!("field {number}"))).collect()
    } else {
        BTreeMap::new()
    };
    AttributeRules { off, more, names }
}

fn languages(dice: &mut Dice) -> Languages {
    let supported = ["de", "de-CH", "en", "EN-us", "pt-BR", "zh-Hant"].map(str::to_owned);
    Languages {
        default: dice.maybe(50, |dice| {
            dice.pick(&["en", "de-AT", "sv", "nl_NL", "fr", "DA", "zh", "cs", "es", "fi", "it", "nb", "no", "pl", "pt"])
                .to_owned()
        }),
        supported: if dice.chance(50) { dice.some(&supported, 40) } else { BTreeSet::new() },
    }
}

fn teams(dice: &mut Dice) -> TeamRules {
    let patterns =
        ["*", "team *", "Sales*", "*ing", "s*-*g", "x", "", "ÄRZ*", "*a*l*s"].map(|text| Pattern(text.to_owned()));
    TeamRules {
        scope_groups: dice.chance(70),
        group_names: if dice.chance(40) { dice.some(&patterns, 15) } else { BTreeSet::new() },
        managers: dice.maybe(50, |dice| ManagerTeams {
            name_template: dice.maybe(40, |dice| {
                dice.pick(&["{name's} people", "Reports of {name}", "{name}/{name's}", "Reports"]).to_owned()
            }),
        }),
    }
}

fn leavers(dice: &mut Dice) -> Leavers {
    match dice.up_to(3) {
        0 => Leavers::KeepAccess,
        1 => Leavers::Deactivate,
        _ => Leavers::DeactivateThenDelete { after_days: dice.pick(&[0, 30, 45]) },
    }
}

fn adoption(dice: &mut Dice) -> Adoption {
    let mut by = vec![MatchBy::EmployeeId, MatchBy::UserPrincipalName, MatchBy::Mail];
    if dice.chance(50) {
        by.reverse();
    }
    by.retain(|_| dice.chance(40));
    Adoption { by }
}
