//! Realistic people.

use super::names::{DEPARTMENTS, KINDS_OF_EMPLOYMENT, LANGUAGES, Language, TITLES};
use crate::directory::{Directory, Kind, NewObject, Slot};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

/// A property and its value; `None` is never set.
type Pairs = Vec<(String, Option<String>)>;

/// Creates people, with a tree of managers: everybody but the first reports to somebody created before.
pub(super) fn create(directory: &mut Directory, random: &mut StdRng, domain: &str, count: u32, now: i64) -> Vec<Slot> {
    let mut people = Vec::new();
    for number in 0..count {
        let person = person(random, domain, number);
        let Ok(slot) = directory.create(person, now - random.random_range(0..2_000) * 86_400_000) else { continue };
        // One in twenty has no manager on record.
        if !people.is_empty() && random.random_range(0..20) > 0 {
            // About eight people report to each manager.
            let manager = people.get(people.len() / 8).copied();
            let _ = directory.set_manager(slot, manager, now);
        }
        people.push(slot);
    }
    people
}

/// One person. The number makes the userPrincipalName unique.
pub(crate) fn person(random: &mut StdRng, domain: &str, number: u32) -> NewObject {
    let language = language(random);
    let (given, given_latin) = language.given.choose(random).copied().unwrap_or(("Ann", "ann"));
    let (surname, surname_latin) = language.surnames.choose(random).copied().unwrap_or(("Smith", "smith"));
    let alias = format!("{given_latin}.{surname_latin}{number}");
    let display = if language.surname_first { format!("{surname}{given}") } else { format!("{given} {surname}") };
    let id = uuid::Builder::from_random_bytes(random.random()).into_uuid();
    let guest = random.random_range(0..100) < 6;
    let mut pairs =
        if guest { guest_pairs(random, domain, &alias) } else { member_pairs(random, domain, &alias, number) };
    set(&mut pairs, "displayName", &display);
    set(&mut pairs, "accountEnabled", if random.random_range(0..100) < 4 { "false" } else { "true" });
    if random.random_range(0..100) >= 2 {
        set(&mut pairs, "givenName", given);
        set(&mut pairs, "surname", surname);
    }
    set(&mut pairs, "preferredLanguage", language.tag);
    let (country, code, cities) = language.country;
    set(&mut pairs, "country", country);
    set(&mut pairs, "usageLocation", code);
    set(&mut pairs, "city", cities.choose(random).copied().unwrap_or_default());
    NewObject { kind: Kind::User, id, values: pairs }
}

fn member_pairs(random: &mut StdRng, domain: &str, alias: &str, number: u32) -> Pairs {
    let mut pairs = Pairs::new();
    let principal = format!("{alias}@{domain}");
    set(&mut pairs, "userPrincipalName", &principal);
    set(&mut pairs, "userType", "Member");
    set(&mut pairs, "mailNickname", alias);
    set(&mut pairs, "companyName", "Contoso");
    set(&mut pairs, "department", DEPARTMENTS.choose(random).copied().unwrap_or_default());
    set(&mut pairs, "jobTitle", TITLES.choose(random).copied().unwrap_or_default());
    set(&mut pairs, "employeeType", KINDS_OF_EMPLOYMENT.choose(random).copied().unwrap_or_default());
    set(&mut pairs, "employeeId", &format!("E{number:06}"));
    set(&mut pairs, "officeLocation", &format!("{}/{:04}", random.random_range(1..20), random.random_range(1..400)));
    let (year, month, day) = (random.random_range(1998..2026), random.random_range(1..13), random.random_range(1..29));
    set(&mut pairs, "employeeHireDate", &format!("{year}-{month:02}-{day:02}T00:00:00Z"));
    if random.random_range(0..100) >= 5 {
        // Some addresses differ from the sign-in name in case, and some in domain.
        let mail = match random.random_range(0..10) {
            0 => principal.to_uppercase(),
            1 => format!("{alias}@mail.{domain}"),
            _ => principal,
        };
        set(&mut pairs, "mail", &mail);
        set(&mut pairs, "proxyAddresses", &serde_json::json!([format!("SMTP:{mail}")]).to_string());
    }
    if random.random_range(0..100) < 30 {
        set(&mut pairs, "mobilePhone", &format!("+49 170 {:07}", random.random_range(0..10_000_000)));
    }
    if random.random_range(0..100) < 10 {
        let center = format!("{:04}", random.random_range(0..50));
        set(&mut pairs, "employeeOrgData", &serde_json::json!({"division": "North", "costCenter": center}).to_string());
    }
    pairs
}

fn guest_pairs(random: &mut StdRng, domain: &str, alias: &str) -> Pairs {
    let mut pairs = Pairs::new();
    let home = ["fabrikam.example", "gmail.example", "woodgrove.example"].choose(random).copied().unwrap_or_default();
    set(&mut pairs, "userPrincipalName", &format!("{alias}_{home}#EXT#@{domain}"));
    set(&mut pairs, "mail", &format!("{alias}@{home}"));
    set(&mut pairs, "userType", "Guest");
    set(&mut pairs, "creationType", "Invitation");
    set(&mut pairs, "externalUserState", if random.random_bool(0.7) { "Accepted" } else { "PendingAcceptance" });
    pairs
}

fn set(pairs: &mut Pairs, name: &str, value: &str) {
    pairs.push((name.to_owned(), Some(value.to_owned())));
}

fn language(random: &mut StdRng) -> &'static Language {
    let mut left = random.random_range(0..100);
    let [fallback, ..] = &LANGUAGES;
    for language in &LANGUAGES {
        if left < language.share {
            return language;
        }
        left -= language.share;
    }
    fallback
}
