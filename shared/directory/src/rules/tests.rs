use super::*;
use crate::identity::{PersonId, UserId};
use uuid::Uuid;

fn person(values: &[(Property, &str)]) -> Person {
    Person {
        id: PersonId(Uuid::from_u128(1)),
        enabled: true,
        attributes: values.iter().map(|(property, value)| (property.clone(), (*value).to_owned())).collect(),
        manager: None,
    }
}

fn complete() -> Person {
    person(&[
        (Property::GivenName, "Ann"),
        (Property::Surname, "Lee"),
        (Property::UserPrincipalName, "ann@acme.example"),
        (Property::Mail, "ann.lee@acme.example"),
    ])
}

#[test]
fn seventeen_properties_are_selected_by_default() {
    assert_eq!(Rules::default().selected().len(), 17);
    assert!(Rules::default().account_holds_all());
}

#[test]
fn nothing_is_selected_that_no_rule_needs() {
    let off: BTreeSet<Property> = Property::defaults().collect();
    let mut rules = Rules { required: BTreeSet::new(), ..Rules::default() };
    rules.attributes.off = off;
    assert_eq!(rules.selected(), ["id", "accountEnabled", "userPrincipalName"]);
    assert!(!rules.account_holds_all(), "the address is there, but not what it is made of");
    rules.guests = Guests::Out;
    rules.attributes.more = BTreeSet::from([Property::Division, Property::CostCenter]);
    assert_eq!(rules.selected(), ["id", "accountEnabled", "employeeOrgData", "userPrincipalName", "userType"]);
}

#[test]
fn the_address_follows_its_source() {
    let email = |source: EmailSource, person: &Person| source.of(&person.attributes).map(str::to_owned);
    let no_mail = person(&[(Property::UserPrincipalName, "ann@acme.example")]);
    assert_eq!(email(EmailSource::UserPrincipalName, &complete()).as_deref(), Some("ann@acme.example"));
    assert_eq!(email(EmailSource::Mail, &complete()).as_deref(), Some("ann.lee@acme.example"));
    assert_eq!(email(EmailSource::Mail, &no_mail), None);
    assert_eq!(email(EmailSource::MailThenUserPrincipalName, &complete()).as_deref(), Some("ann.lee@acme.example"));
    assert_eq!(email(EmailSource::MailThenUserPrincipalName, &no_mail).as_deref(), Some("ann@acme.example"));
}

#[test]
fn who_lacks_something_is_told_what() {
    let rules = Rules { email: EmailSource::Mail, ..Rules::default() };
    assert_eq!(rules.lacks(&complete()), BTreeSet::new());
    assert_eq!(
        rules.lacks(&person(&[(Property::Surname, "Lee")])),
        BTreeSet::from([Required::GivenName, Required::Email])
    );
    assert_eq!(Rules { required: BTreeSet::new(), ..rules }.lacks(&person(&[])), BTreeSet::new());
}

#[test]
fn a_guest_is_told_by_type_and_by_name() {
    let rules = Rules { guests: Guests::Out, ..Rules::default() };
    let typed = |kind: &str, name: &str| person(&[(Property::UserType, kind), (Property::UserPrincipalName, name)]);
    assert_eq!(rules.admit(&typed("Guest", "ann@acme.example")), Err(Leaving::Guest));
    assert_eq!(rules.admit(&typed("guest", "ann@acme.example")), Err(Leaving::Guest));
    assert_eq!(rules.admit(&typed("Member", "ann_other.example#EXT#@acme.example")), Err(Leaving::Guest));
    assert_eq!(rules.admit(&typed("Member", "ann_other.example#ext#@acme.example")), Err(Leaving::Guest));
    assert_eq!(rules.admit(&typed("Member", "ann@acme.example")), Ok(()));
    assert_eq!(rules.admit(&person(&[])), Ok(()));
    assert_eq!(Rules::default().admit(&typed("Guest", "ann@acme.example")), Ok(()));
}

#[test]
fn who_is_disabled_is_out_unless_the_rules_say_in() {
    let disabled = Person { enabled: false, ..complete() };
    assert_eq!(Rules::default().admit(&disabled), Err(Leaving::Disabled));
    let rules = Rules { disabled_accounts: DisabledAccounts::In, ..Rules::default() };
    assert_eq!(rules.admit(&disabled), Ok(()));
}

#[test]
fn a_profile_has_what_is_kept_and_no_more() {
    let mut rules = Rules::default();
    rules.attributes.off.insert(Property::Mail);
    rules.attributes.more.insert(Property::UserType);
    let mut ann = complete();
    ann.attributes.insert(Property::UserType, "Member".to_owned());
    ann.attributes.insert(Property::Division, "North".to_owned());
    let profile = rules.profile(&ann);
    let kept: Vec<&Property> = profile.attributes.keys().collect();
    assert_eq!(kept, [&Property::GivenName, &Property::Surname, &Property::UserPrincipalName, &Property::UserType]);
    assert_eq!(profile.language, None);
    rules.languages.default = Some("en".to_owned());
    assert_eq!(rules.profile(&ann).language.as_deref(), Some("en"));
}

#[test]
fn a_property_has_graphs_name_unless_it_is_renamed() {
    let mut rules = Rules::default();
    rules.attributes.names.insert(Property::JobTitle, "position".to_owned());
    assert_eq!(rules.attributes.field(&Property::JobTitle), "position");
    assert_eq!(rules.attributes.field(&Property::City), "city");
}

fn inactive(protected: bool) -> User {
    User {
        status: Status::Inactive { reason: Leaving::Deleted, since: Timestamp::UNIX_EPOCH },
        protected,
        ..User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)))
    }
}

#[test]
fn nothing_is_deleted_unless_both_settings_say_so_and_then_after_the_grace() {
    let deleting = Leavers::DeactivateThenDelete { after_days: 45 };
    let mut rules = Rules { leavers: deleting, ..Rules::default() };
    assert_eq!(rules.deletion_due(&inactive(false)), None);
    rules.allow_deletion = true;
    let due = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(45 * 24);
    assert_eq!(rules.deletion_due(&inactive(false)), Some(due));
    assert_eq!(rules.deletion_due(&inactive(true)), None);
    assert_eq!(rules.deletion_due(&User { status: Status::Active, ..inactive(false) }), None);
    rules.leavers = Leavers::DeactivateThenDelete { after_days: 1 };
    let least = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(30 * 24);
    assert_eq!(rules.deletion_due(&inactive(false)), Some(least));
    rules.leavers = Leavers::Deactivate;
    assert_eq!(rules.deletion_due(&inactive(false)), None);
    assert!(rules.takes_access());
    rules.leavers = Leavers::KeepAccess;
    assert!(!rules.takes_access());
}

#[test]
fn rules_come_back_as_they_were_and_what_is_left_out_has_its_default() {
    let mut rules =
        Rules { guests: Guests::Out, leavers: Leavers::DeactivateThenDelete { after_days: 60 }, ..Rules::default() };
    rules.teams.managers = Some(ManagerTeams::default());
    rules.attributes.names.insert(Property::Division, "division".to_owned());
    let text = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<Rules>(&text).unwrap(), rules);
    assert_eq!(serde_json::from_str::<Rules>("{}").unwrap(), Rules::default());
    assert_eq!(serde_json::from_str::<Rules>(r#"{"of_a_newer_version":1}"#).unwrap(), Rules::default());
}

#[test]
fn a_group_is_a_team_by_scope_or_by_name() {
    let group = |number| GroupId(Uuid::from_u128(number));
    let scope = Scope::any_of(BTreeSet::from([group(1)]));
    let named = [(group(1), "Sales"), (group(2), "Team North"), (group(3), "")];
    let mut rules = TeamRules::default();
    assert_eq!(rules.groups(&scope, named), BTreeSet::from([group(1)]));
    rules.group_names.insert(Pattern("team *".to_owned()));
    assert_eq!(rules.groups(&scope, named), BTreeSet::from([group(1), group(2)]));
    rules.scope_groups = false;
    assert_eq!(rules.groups(&scope, named), BTreeSet::from([group(2)]));
}

#[test]
fn groups_matter_to_a_scope_of_groups_or_to_teams_by_name() {
    let group = GroupId(Uuid::from_u128(1));
    let plain = Rules::default();
    let mut by_name = Rules::default();
    by_name.teams.group_names.insert(Pattern("*".to_owned()));
    assert!(!plain.looks_at_groups(&Scope::everyone()));
    assert!(plain.looks_at_groups(&Scope::any_of(BTreeSet::from([group]))));
    assert!(by_name.looks_at_groups(&Scope::everyone()));
    assert!(by_name.looks_at_groups(&Scope::any_of(BTreeSet::from([group]))));
}

/// What the rules ask for where nothing is kept and nothing else is switched on.
fn asked(change: impl FnOnce(&mut Rules)) -> Vec<String> {
    let mut rules = Rules { required: BTreeSet::new(), ..Rules::default() };
    rules.attributes.off = Property::defaults().collect();
    change(&mut rules);
    rules.selected().split_off(2)
}

#[test]
fn each_rule_asks_for_what_it_looks_at() {
    use crate::adoption::MatchBy;
    assert_eq!(asked(|rules| rules.email = EmailSource::Mail), ["mail"]);
    assert_eq!(asked(|rules| rules.email = EmailSource::MailThenUserPrincipalName), ["mail", "userPrincipalName"]);
    let required = |rules: &mut Rules| rules.required = Required::ALL.iter().copied().collect();
    assert_eq!(asked(required), ["givenName", "surname", "userPrincipalName"]);
    let languages = |rules: &mut Rules| rules.languages.default = Some("en".to_owned());
    assert_eq!(asked(languages), ["preferredLanguage", "userPrincipalName"]);
    let adoption = |rules: &mut Rules| rules.adoption.by = vec![MatchBy::EmployeeId, MatchBy::Mail];
    assert_eq!(asked(adoption), ["employeeId", "mail", "userPrincipalName"]);
}

#[test]
fn a_grace_beyond_all_time_never_ends() {
    let leavers = Leavers::DeactivateThenDelete { after_days: u32::MAX };
    let rules = Rules { leavers, allow_deletion: true, ..Rules::default() };
    assert_eq!(rules.deletion_due_since(Timestamp::UNIX_EPOCH), None);
}

#[test]
fn photos_ask_for_no_property_and_a_connection_of_before_keeps_none() {
    let with = Rules { photo: PhotoRule { keep: true, ..PhotoRule::default() }, ..Rules::default() };
    assert_eq!(with.selected(), Rules::default().selected());
    let stored: Rules = serde_json::from_str(r#"{"auto_sync":true}"#).unwrap();
    assert_eq!(stored.photo.wanted(), None);
    let stored: Rules = serde_json::from_str(r#"{"photo":{"keep":true}}"#).unwrap();
    assert_eq!(stored.photo, with.photo);
}
