//! The language of an account.

use rollcall_directory::language::Languages;
use rollcall_directory::property::Property;

use crate::world::Person;

/// The language of a person: none where the connection maps none; else the preferred one as
/// far as it is supported, else the default.
pub(crate) fn of(languages: &Languages, person: &Person) -> Option<String> {
    if languages.default.is_none() && languages.supported.is_empty() {
        return None;
    }
    let preferred = person.properties.get(&Property::PreferredLanguage).map(|tag| tag.trim());
    match preferred {
        None | Some("") => languages.default.clone(),
        Some(tag) if languages.supported.is_empty() => Some(tag.to_owned()),
        Some(tag) => supported(languages, tag).or_else(|| languages.default.clone()),
    }
}

/// The supported language that comes nearest: the tag itself, else the tag without its last
/// part, and so on (RFC 4647, section 3.4), else the first of the same language.
fn supported(languages: &Languages, tag: &str) -> Option<String> {
    let wanted = parts(tag);
    for length in (1..=wanted.len()).rev() {
        let shortened = wanted.get(..length)?;
        if let Some(found) = languages.supported.iter().find(|supported| parts(supported) == shortened) {
            return Some(found.clone());
        }
    }
    languages.supported.iter().find(|supported| parts(supported).first() == wanted.first()).cloned()
}

fn parts(tag: &str) -> Vec<String> {
    tag.split(['-', '_']).map(str::to_lowercase).collect()
}
