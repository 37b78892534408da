//! What an account holds, and who gets none for now.

use std::collections::BTreeSet;

use entra::{Fault, FaultRule, Matcher};
use rollcall_directory::adoption::{Decision, Existing, ExistingId, Match, MatchBy};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::{PersonId, TenantId};
use rollcall_directory::property::Property;
use rollcall_directory::rules::{EmailSource, Required, Rules};
use rollcall_store::RunStatus;

use crate::people::{Done, Office, people, set};

#[tokio::test(start_paused = true)]
async fn who_lacks_something_is_listed_and_holds_up_nobody() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules = Rules::default()).await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    office.set(bob, "surname", None);
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    let problem = office.problems().await?.remove(0);
    assert_eq!((problem.person, problem.label.as_str()), (Some(PersonId(bob)), "Bob"));
    assert_eq!(problem.problem, Problem::Lacks { what: BTreeSet::from([Required::Surname]) });
    // It is mended for one, and the other loses it.
    office.set(bob, "surname", Some("Ross"));
    office.set(ann, "surname", None);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]));
    assert_eq!(office.account(ann).await?.attributes["surname"], "Lee", "what everybody must have is kept");
    let problems = office.problems().await?;
    assert_eq!((problems.len(), problems[0].person), (1, Some(PersonId(ann))));
    office.full().await?;
    assert_eq!(office.problems().await?, problems, "found again, it is the same problem");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn other_settings_look_at_those_who_were_skipped_too() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules = Rules::default()).await?;
    let ann = office.employ(1, "Ann");
    office.set(ann, "givenName", None);
    office.full().await?;
    assert_eq!(office.active().await?, set(&[]));
    office.settings(|connection| connection.rules.required = BTreeSet::new()).await?;
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_address_falls_back_and_a_shared_one_is_one_problem_of_both() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules.email = EmailSource::MailThenUserPrincipalName).await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    office.set(ann, "mail", Some("Shared@example.com"));
    office.set(bob, "mail", Some("shared@EXAMPLE.com"));
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]), "nobody is merged, nobody waits");
    let problem = office.problems().await?.remove(0);
    let both = people(&[ann, bob]);
    assert_eq!(problem.problem, Problem::SharedEmail { email: "shared@example.com".to_owned(), people: both });
    office.set(bob, "mail", None);
    office.incremental().await?;
    assert_eq!(office.account(bob).await?.email.as_deref(), Some("bob@example.com"));
    office.full().await?;
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn addresses_that_go_round_in_a_ring_arrive_without_merging_anybody() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules.email = EmailSource::Mail).await?;
    let ring = [office.employ(1, "Ann"), office.employ(2, "Bob"), office.employ(3, "Cid")];
    office.full().await?;
    for (person, address) in ring.iter().zip(["bob", "cid", "ann"]) {
        office.set(*person, "mail", Some(&format!("{address}@example.com")));
    }
    office.incremental().await?;
    let platform = office.platform().await?;
    let addresses: Vec<_> = ring.iter().map(|person| platform.active[person].email.clone().unwrap()).collect();
    assert_eq!(addresses, ["bob@example.com", "cid@example.com", "ann@example.com"]);
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn properties_go_on_and_off_and_complex_ones_are_read() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.set(ann, "jobTitle", Some("Trainer"));
    office.set(ann, "employeeOrgData", Some(r#"{"division":"North","costCenter":"7"}"#));
    office.full().await?;
    assert!(office.account(ann).await?.attributes.contains_key("jobTitle"));
    office
        .settings(|connection| {
            connection.rules.attributes.off.insert(Property::JobTitle);
            connection.rules.attributes.more.insert(Property::Division);
        })
        .await?;
    office.full().await?;
    let attributes = office.account(ann).await?.attributes;
    assert!(!attributes.contains_key("jobTitle") && !attributes.contains_key("employeeOrgData.costCenter"));
    assert_eq!(attributes["employeeOrgData.division"], "North");
    let run = office.world.runs().await?.remove(0);
    assert_eq!((run.counts.held, run.hold), (0, None), "what the owner switched off is no loss to be guarded");
    office.set(ann, "employeeOrgData", Some(r#"{"division":"South"}"#));
    office.incremental().await?;
    assert_eq!(office.account(ann).await?.attributes["employeeOrgData.division"], "South");
    office.set(ann, "employeeOrgData", None);
    office.incremental().await?;
    assert!(!office.account(ann).await?.attributes.contains_key("employeeOrgData.division"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn languages_are_those_that_the_platform_speaks() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    office.set(ann, "preferredLanguage", Some("de-AT"));
    office
        .settings(|connection| {
            connection.rules.languages.default = Some("en".to_owned());
            connection.rules.languages.supported = ["de", "en"].map(str::to_owned).into();
        })
        .await?;
    office.full().await?;
    assert_eq!(office.account(ann).await?.language.as_deref(), Some("de"));
    assert_eq!(office.account(bob).await?.language.as_deref(), Some("en"));
    office.set(ann, "preferredLanguage", None);
    office.incremental().await?;
    assert_eq!(office.account(ann).await?.language.as_deref(), Some("en"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_there_is_proposed_and_linked_only_by_a_person() -> Done {
    let office = Office::open().await?;
    let (table, connection) = (&office.world.table, office.world.connection);
    let ann = office.employ(1, "Ann");
    office.set(ann, "employeeId", Some("E7"));
    let id = ExistingId("old-7".to_owned());
    let existing = Existing {
        id: id.clone(),
        employee_id: Some("e7".to_owned()),
        email: None,
        protected: true,
        decision: Decision::Open,
    };
    table.note_existing(connection, vec![existing]).await?;
    office.settings(|connection| connection.rules.adoption.by = vec![MatchBy::EmployeeId]).await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[]), "nobody decided yet");
    let found = Match::Proposed { account: id.clone(), by: MatchBy::EmployeeId };
    assert_eq!(office.problems().await?[0].problem, Problem::Adoption { found });
    table.decide_existing(connection, &id, Decision::Linked { person: PersonId(ann) }).await?;
    office.full().await?;
    let tenant = rollcall_directory::identity::TenantId(office.world.tenant.tenant_id);
    let user = table.user(connection, tenant, PersonId(ann)).await?.unwrap().user;
    assert_eq!((user.linked, user.protected), (Some(id), true));
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn whoever_waited_for_a_decision_gets_an_account_by_the_next_round() -> Done {
    let office = Office::open().await?;
    let (table, connection) = (&office.world.table, office.world.connection);
    let existing = |name: &str| Existing {
        id: ExistingId(name.to_owned()),
        employee_id: Some("e7".to_owned()),
        email: None,
        protected: false,
        decision: Decision::Open,
    };
    let ann = office.employ(1, "Ann");
    office.set(ann, "employeeId", Some("E7"));
    let [one, other] = [existing("one"), existing("other")];
    table.note_existing(connection, vec![one.clone(), other.clone()]).await?;
    office.settings(|connection| connection.rules.adoption.by = vec![MatchBy::EmployeeId]).await?;
    office.full().await?;
    table.decide_existing(connection, &one.id, Decision::Apart).await?;
    office.incremental().await?;
    let found = Match::Proposed { account: other.id.clone(), by: MatchBy::EmployeeId };
    assert_eq!(office.problems().await?[0].problem, Problem::Adoption { found }, "the other may still be hers");
    table.decide_existing(connection, &other.id, Decision::Apart).await?;
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_field_that_was_cleared_stays_on_the_list_whatever_else_changes() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules = Rules::default()).await?;
    let (ann, extra) = (office.employ(1, "Ann"), office.group(1, "Extra"));
    office.join(office.staff, extra);
    office.full().await?;
    office.set(ann, "surname", None);
    office.incremental().await?;
    let problems = office.problems().await?;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].problem, Problem::Lacks { what: BTreeSet::from([Required::Surname]) });
    office.set(ann, "officeLocation", Some("Room 7"));
    office.incremental().await?;
    assert_eq!(office.problems().await?, problems);
    office.join(extra, ann);
    office.incremental().await?;
    assert_eq!(office.problems().await?, problems, "a row about the group does not speak of it");
    assert_eq!(office.account(ann).await?.attributes.get("officeLocation").map(String::as_str), Some("Room 7"));
    office.set(ann, "surname", Some("Miller"));
    office.incremental().await?;
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_protected_leaver_stays_on_the_list_whatever_else_changes() -> Done {
    let office = Office::open().await?;
    let (ann, extra) = (office.employ(1, "Ann"), office.group(1, "Extra"));
    office.join(office.staff, extra);
    office.full().await?;
    let tenant = TenantId(office.world.tenant.tenant_id);
    office.world.table.protect(office.world.connection, tenant, PersonId(ann), true).await?;
    office.set(ann, "accountEnabled", Some("false"));
    office.incremental().await?;
    let problems = office.problems().await?;
    assert_eq!(problems.len(), 1);
    office.set(ann, "officeLocation", Some("Room 7"));
    office.incremental().await?;
    assert_eq!(office.problems().await?, problems);
    office.join(extra, ann);
    office.incremental().await?;
    assert_eq!(office.problems().await?, problems, "a row about the group does not speak of it");
    office.set(ann, "accountEnabled", Some("true"));
    office.incremental().await?;
    assert_eq!(office.problems().await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_of_whom_nobody_says_whether_they_are_enabled_is_listed() -> Done {
    for full in [false, true] {
        let office = Office::open().await?;
        let bob = office.employ(2, "Bob");
        office.full().await?;
        let ann = office.employ(1, "Ann");
        let silence = Fault::BlankProperty { names: vec!["accountEnabled".to_owned()] };
        let matcher = Matcher { path: Some("/users".to_owned()), ..Matcher::default() };
        office.world.entra.set_faults(vec![FaultRule { matcher, times: None, fault: silence }]).unwrap();
        if full {
            office.full().await?
        } else {
            office.incremental().await?
        }
        let run = office.world.runs().await?.remove(0);
        assert_eq!((run.status, run.counts.skipped), (RunStatus::Succeeded, u64::from(full)), "{run:?}");
        let noted = office.problems().await?;
        let told: Vec<_> = noted.iter().map(|noted| (noted.person, noted.label.as_str(), &noted.problem)).collect();
        assert_eq!(told, [(Some(PersonId(ann)), "Ann Lee", &Problem::EnabledUnknown)]);
        assert_eq!(office.active().await?, set(&[bob]), "no account was opened and none closed");
        office.world.entra.set_faults(Vec::new()).unwrap();
        office.set(ann, "officeLocation", Some("Room 7"));
        office.incremental().await?;
        assert_eq!(office.active().await?, set(&[ann, bob]));
        assert_eq!(office.problems().await?, []);
    }
    Ok(())
}
