//! Which teams there are.

use std::collections::BTreeSet;

use rollcall_directory::rules;
use rollcall_directory::team_name::{self, NAME, POSSESSIVE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which teams there are. A team for which there is no reason any more is retired and its members leave it; it is never deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = TeamRules)]
pub(crate) struct Teams {
    /// One for each scope group. On unless said otherwise; off retires them at the next run.
    #[schema(default = true)]
    scope_groups: bool,
    /// One for each group of the tenant whose name fits one of these: `*` stands for any run of characters, and capitals do not
    /// matter. None unless given. Only people in scope are members. Without a pattern the teams of its groups are retired.
    #[schema(value_type = Vec<Pattern>, max_items = 20, default = json!([]))]
    group_names: Patterns,
    /// One for each person who manages somebody in scope, with that person as supervisor and the direct reports as members. None
    /// unless given; null retires them at the next run.
    managers: Option<ManagerTeams>,
}

impl Default for Teams {
    fn default() -> Self {
        rules::TeamRules::default().into()
    }
}

/// Teams of the people who report to the same manager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ManagerTeams {
    /// What they are called: a text with `{name}`, or with `{name's}` for the possessive. Without one the usual name in the default
    /// language, "Peter Wright's team" in English. A change renames the teams at the next run.
    name_template: Option<Template>,
}

/// A pattern for names of groups: 1 to 120 characters, `*` for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 120, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", examples("Training *"))]
pub(crate) struct Pattern(String);

impl TryFrom<String> for Pattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err("must have 1 to 120 characters, none of them a control character") }
    }
}

/// Up to 20 patterns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Pattern>")]
pub(crate) struct Patterns(BTreeSet<Pattern>);

impl TryFrom<Vec<Pattern>> for Patterns {
    type Error = &'static str;

    fn try_from(patterns: Vec<Pattern>) -> Result<Self, Self::Error> {
        if patterns.len() <= 20 { Ok(Self(patterns.into_iter().collect())) } else { Err("must be at most 20 patterns") }
    }
}

/// The name of a manager's team: at most 200 characters, with `{name}` or `{name's}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 6, max_length = 200, pattern = r"\{name('s)?\}", examples("Team {name}"))]
pub(crate) struct Template(String);

impl TryFrom<String> for Template {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let names = text.contains(NAME) || text.contains(POSSESSIVE);
        let fits = text.chars().count() <= 200 && !text.chars().any(char::is_control);
        match (names, fits) {
            (true, true) => Ok(Self(text)),
            (true, false) => Err("must have at most 200 characters, none of them a control character"),
            (false, _) => Err("must contain {name} or {name's}"),
        }
    }
}

impl From<Teams> for rules::TeamRules {
    fn from(teams: Teams) -> Self {
        let Teams { scope_groups, group_names, managers } = teams;
        let template = |teams: ManagerTeams| rules::ManagerTeams {
            name_template: teams.name_template.map(|Template(template)| template),
        };
        Self {
            scope_groups,
            group_names: group_names.0.into_iter().map(|Pattern(pattern)| team_name::Pattern(pattern)).collect(),
            managers: managers.map(template),
        }
    }
}

impl From<rules::TeamRules> for Teams {
    fn from(teams: rules::TeamRules) -> Self {
        let rules::TeamRules { scope_groups, group_names, managers } = teams;
        let template = |teams: rules::ManagerTeams| ManagerTeams { name_template: teams.name_template.map(Template) };
        Self {
            scope_groups,
            group_names: Patterns(
                group_names.into_iter().map(|team_name::Pattern(pattern)| Pattern(pattern)).collect(),
            ),
            managers: managers.map(template),
        }
    }
}
