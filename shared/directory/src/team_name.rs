//! Which groups become teams by their name, and what a manager's team is called.

use serde::{Deserialize, Serialize};

/// A pattern for names of groups: text with `*` for any run of characters. Compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// Whether a name fits.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        fits(&lower(&self.0), &lower(name))
    }

    /// What every name that fits begins with: text that Graph can be asked for.
    #[must_use]
    pub fn beginning(&self) -> &str {
        self.0.split('*').next().unwrap_or_default()
    }
}

fn lower(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Greedy with one step back behind the last `*`: never more than the product of both lengths.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut star, mut resume) = (0, None, 0);
    let mut index = 0;
    while let Some(character) = name.get(index) {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                star = Some(at);
                resume = index;
            }
            Some(expected) if expected == character => {
                at += 1;
                index += 1;
            }
            _ => match star {
                Some(after) => {
                    at = after;
                    resume += 1;
                    index = resume;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

/// Stands for the manager's name in a template.
pub const NAME: &str = "{name}";
/// Stands for the manager's name as its language says whose something is: "Peter Wright's".
pub const POSSESSIVE: &str = "{name's}";

/// What the team of the people who report to `manager` is called.
///
/// `template` holds [`NAME`] or [`POSSESSIVE`]; without one the usual name of the language is
/// taken, and English for a language that is not listed.
#[must_use]
pub fn team_of(manager: &str, template: Option<&str>, language: Option<&str>) -> String {
    let language = language.unwrap_or("en").split(['-', '_']).next().unwrap_or("en").to_ascii_lowercase();
    let template = template.unwrap_or_else(|| usual(&language));
    template.replace(POSSESSIVE, &possessive(manager, &language)).replace(NAME, manager)
}

/// The Scandinavian names are put together as the English one is, with a possessive of their own.
fn usual(language: &str) -> &'static str {
    match language {
        "de" => "Team von {name}",
        "fr" => "Équipe de {name}",
        "es" => "Equipo de {name}",
        "it" => "Team di {name}",
        "pt" => "Equipa de {name}",
        "nl" => "Team van {name}",
        "fi" => "Tiimi: {name}",
        "pl" => "Zespół: {name}",
        "cs" => "Tým: {name}",
        _ => "{name's} team",
    }
}

/// A name in the possessive, in languages that form one at its end; elsewhere the name itself.
fn possessive(name: &str, language: &str) -> String {
    let last = name.chars().next_back().and_then(|last| last.to_lowercase().next());
    let hisses = matches!(last, Some('s' | 'ß' | 'x' | 'z'));
    match language {
        // Duden, rule 16: an apostrophe where no s can be heard.
        "de" if hisses => format!("{name}’"),
        "de" => format!("{name}s"),
        "nl" if hisses => format!("{name}’"),
        "nl" if matches!(last, Some('a' | 'i' | 'o' | 'u' | 'y')) => format!("{name}’s"),
        "nl" => format!("{name}s"),
        "sv" if hisses => name.to_owned(),
        "da" | "nb" | "no" if hisses => format!("{name}’"),
        "sv" | "da" | "nb" | "no" => format!("{name}s"),
        "fr" | "es" | "it" | "pt" | "fi" | "pl" | "cs" => name.to_owned(),
        // English, and whatever is not listed. The Chicago Manual of Style, 7.16: "James's" is as
        // right as "James'"; this is the shorter one.
        _ if last == Some('s') => format!("{name}'"),
        _ => format!("{name}'s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (text, name) in [
            ("Team *", "team North"),
            ("*", ""),
            ("*", "x"),
            ("", ""),
            ("a*b*c", "aXXbYYbc"),
            ("a*b*c", "abbc"),
            ("*-Training", "Sales-TRAINING"),
            ("**x", "yx"),
            ("x**", "x"),
        ] {
            assert!(pattern(text).fits(name), "{text} {name}");
        }
        for (text, name) in
            [("Team *", "Teams"), ("", "x"), ("a*b", "abc"), ("a*b*c", "acb"), ("abc", "ab"), ("*x", "xy")]
        {
            assert!(!pattern(text).fits(name), "{text} {name}");
        }
    }

    #[test]
    fn the_beginning_is_what_comes_before_the_first_star() {
        assert_eq!(pattern("Team *-x").beginning(), "Team ");
        assert_eq!(pattern("*x").beginning(), "");
        assert_eq!(pattern("Team").beginning(), "Team");
    }

    #[test]
    fn a_managers_team_is_called_as_the_language_says() {
        for (manager, language, name) in [
            ("Peter Wright", None, "Peter Wright's team"),
            ("Peter Wright", Some("en-GB"), "Peter Wright's team"),
            ("Anna Jones", Some("en"), "Anna Jones' team"),
            ("Anna Jonas", Some("de-AT"), "Team von Anna Jonas"),
            ("Eva Lund", Some("sv"), "Eva Lunds team"),
            ("Eva Lindros", Some("sv_SE"), "Eva Lindros team"),
            ("Lars Friis", Some("da"), "Lars Friis’ team"),
            ("Luc Petit", Some("FR"), "Équipe de Luc Petit"),
            ("Li Wei", Some("zh"), "Li Wei's team"),
            ("Anna Jones", Some("zh"), "Anna Jones' team"),
        ] {
            assert_eq!(team_of(manager, None, language), name);
        }
    }

    #[test]
    fn a_template_may_use_the_name_or_its_possessive() {
        assert_eq!(team_of("Max Groß", Some("{name's} Leute"), Some("de")), "Max Groß’ Leute");
        assert_eq!(team_of("Max Braun", Some("{name's} Leute"), Some("de")), "Max Brauns Leute");
        assert_eq!(team_of("Anna Visser", Some("{name's} team"), Some("nl")), "Anna Vissers team");
        assert_eq!(team_of("Jan Bakema", Some("{name's} team"), Some("nl")), "Jan Bakema’s team");
        assert_eq!(team_of("Jan Vos", Some("{name's} team"), Some("nl")), "Jan Vos’ team");
        assert_eq!(team_of("Luc Petit", Some("{name's} – {name}"), Some("fr")), "Luc Petit – Luc Petit");
        assert_eq!(team_of("Ann Lee", Some("Reports"), None), "Reports");
        assert_eq!(team_of("", None, None), "'s team");
    }

    proptest! {
        /// Against the plainest way to say it.
        #[test]
        fn a_pattern_fits_as_its_definition_says(text in "[ab*]{0,6}", name in "[ab]{0,6}") {
            fn plain(pattern: &str, name: &str) -> bool {
                match pattern.chars().next() {
                    None => name.is_empty(),
                    Some('*') => (0..=name.len()).any(|skip| plain(&pattern[1..], &name[skip..])),
                    Some(first) => name.starts_with(first) && plain(&pattern[1..], &name[1..]),
                }
            }
            prop_assert_eq!(pattern(&text).fits(&name), plain(&text, &name));
        }
    }

    #[test]
    fn every_language_has_its_usual_name() {
        let names = ["cs", "da", "de", "en", "es", "fi", "fr", "it", "nb", "nl", "no", "pl", "pt", "sv"]
            .map(|language| team_of("Eva Lund", None, Some(language)));
        assert_eq!(
            names,
            [
                "Tým: Eva Lund",
                "Eva Lunds team",
                "Team von Eva Lund",
                "Eva Lund's team",
                "Equipo de Eva Lund",
                "Tiimi: Eva Lund",
                "Équipe de Eva Lund",
                "Team di Eva Lund",
                "Eva Lunds team",
                "Team van Eva Lund",
                "Eva Lunds team",
                "Zespół: Eva Lund",
                "Equipa de Eva Lund",
                "Eva Lunds team",
            ]
        );
    }

    #[test]
    fn a_possessive_ends_as_its_language_writes_it() {
        for (language, plain, hissing, vowel) in [
            ("en", "Lee's", "Marx's", "Anna's"),
            ("zh", "Lee's", "Marx's", "Anna's"),
            ("de", "Lees", "Marx’", "Annas"),
            ("nl", "Lees", "Marx’", "Anna’s"),
            ("sv", "Lees", "Marx", "Annas"),
            ("da", "Lees", "Marx’", "Annas"),
            ("fr", "Lee", "Marx", "Anna"),
        ] {
            let name = |name: &str| team_of(name, Some(POSSESSIVE), Some(language));
            assert_eq!([name("Lee"), name("Marx"), name("Anna")], [plain, hissing, vowel], "{language}");
        }
    }
}
