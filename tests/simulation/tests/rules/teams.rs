//! Teams for groups, for groups by name, and for managers.

use std::collections::BTreeMap;

use entra::{Fault, FaultRule, Matcher};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::rules::{EmailSource, ManagerTeams};
use rollcall_directory::team_name::Pattern;
use rollcall_store::RunStatus;
use rollcall_sync::job::{Cause, Job};
use uuid::Uuid;

use crate::people::{Done, Failed, Office, people, set};

async fn with_managers() -> Result<Office, Failed> {
    let office = Office::open().await?;
    office
        .settings(|connection| {
            connection.rules.teams.scope_groups = false;
            connection.rules.teams.managers = Some(ManagerTeams::default());
        })
        .await?;
    Ok(office)
}

fn one(source: Uuid, name: &str) -> BTreeMap<Uuid, String> {
    BTreeMap::from([(source, name.to_owned())])
}

#[tokio::test(start_paused = true)]
async fn a_team_for_each_group_whose_name_fits_with_the_people_who_are_in() -> Done {
    let office = Office::open().await?;
    let (ann, bob, cid) = (office.employ(1, "Ann"), office.employ(2, "Bob"), office.hire(3, "Cid"));
    let (north, inner) = (office.group(1, "Team North"), office.group(2, "Inner"));
    office.join(north, inner);
    for (group, person) in [(north, ann), (inner, bob), (north, cid)] {
        office.join(group, person);
    }
    let pattern = Pattern("team *".to_owned());
    office.settings(|connection| _ = connection.rules.teams.group_names.insert(pattern)).await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]), "a team lets nobody in");
    let staff = office.staff;
    let expected = BTreeMap::from([(staff, "Staff".to_owned()), (north, "Team North".to_owned())]);
    assert_eq!(office.teams().await?, expected);
    assert_eq!(office.account(bob).await?.teams, set(&[staff, north]));
    // A new group by that name, and members of it, by changes alone.
    let south = office.group(3, "Team South");
    office.join(south, ann);
    office.incremental().await?;
    assert_eq!(office.account(ann).await?.teams, set(&[staff, north, south]));
    assert_eq!(office.teams().await?[&south], "Team South");
    office.leave(north, ann);
    office.set(south, "displayName", Some("Team Far South"));
    office.incremental().await?;
    assert_eq!(office.account(ann).await?.teams, set(&[staff, south]));
    assert_eq!(office.teams().await?[&south], "Team Far South");
    // Called otherwise it is no team any more.
    office.set(south, "displayName", Some("South"));
    office.incremental().await?;
    assert_eq!(office.account(ann).await?.teams, set(&[staff]));
    assert!(!office.teams().await?.contains_key(&south));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_list_of_groups_that_lacks_a_team_takes_nobody_out_of_it() -> Done {
    let office = Office::open().await?;
    let (ann, north) = (office.employ(1, "Ann"), office.group(1, "Team North"));
    office.join(north, ann);
    let pattern = Pattern("team *".to_owned());
    office.settings(|connection| _ = connection.rules.teams.group_names.insert(pattern)).await?;
    office.full().await?;
    let before = office.teams().await?;
    assert_eq!(before[&north], "Team North");
    let matcher = Matcher { path: Some("/groups$".to_owned()), ..Matcher::default() };
    let rules = vec![FaultRule { matcher, times: None, fault: Fault::DropRows { every: 1 } }];
    office.world.entra.set_faults(rules)?;
    office.full().await?;
    assert_eq!(office.world.runs().await?.remove(0).status, RunStatus::Succeeded);
    assert_eq!(office.teams().await?, before);
    assert_eq!(office.account(ann).await?.teams, set(&[office.staff, north]));
    // What is gone, or called otherwise, is no team by that list either.
    office.set(north, "displayName", Some("North"));
    office.full().await?;
    assert_eq!(office.account(ann).await?.teams, set(&[office.staff]));
    office.world.entra.set_faults(Vec::new())?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_scope_group_that_is_a_team_by_its_name_alone_goes_by_its_name() -> Done {
    let office = Office::open().await?;
    office
        .settings(|connection| {
            connection.rules.teams.scope_groups = false;
            connection.rules.teams.group_names.insert(Pattern("staff*".to_owned()));
        })
        .await?;
    let (ann, bob, inner) = (office.employ(1, "Ann"), office.hire(2, "Bob"), office.group(1, "Inner"));
    office.join(office.staff, inner);
    office.join(inner, bob);
    office.full().await?;
    let staff = office.staff;
    assert_eq!(office.teams().await?, one(staff, "Staff"));
    office.set(staff, "displayName", Some("Crew"));
    office.incremental().await?;
    assert_eq!(office.teams().await?, BTreeMap::new());
    assert_eq!(office.account(bob).await?.teams, set(&[]));
    office.set(staff, "displayName", Some("Staff again"));
    office.incremental().await?;
    assert_eq!(office.teams().await?, one(staff, "Staff again"));
    for person in [ann, bob] {
        assert_eq!(office.account(person).await?.teams, set(&[staff]));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_team_for_each_manager_who_is_in_and_has_reports() -> Done {
    let office = with_managers().await?;
    let (ann, bob, boss) = (office.employ(1, "Ann"), office.employ(2, "Bob"), office.hire(3, "Peter"));
    office.manage(ann, Some(boss));
    office.manage(bob, Some(boss));
    office.full().await?;
    assert_eq!(office.teams().await?, BTreeMap::new(), "the manager is not in");
    assert_eq!(office.account(ann).await?.manager, Some(boss));
    // The manager arrives late.
    office.join(office.staff, boss);
    office.incremental().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter Lee's team"));
    assert_eq!(office.account(bob).await?.reports_to, Some(boss));
    // Marries, and the team with them.
    office.set(boss, "surname", Some("Jones"));
    office.incremental().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter Jones' team"));
    // Leaves.
    office.leave(office.staff, boss);
    office.incremental().await?;
    assert_eq!(office.teams().await?, BTreeMap::new());
    assert_eq!(office.active().await?, set(&[ann, bob]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_team_whose_last_member_left_ends_and_comes_back_with_the_next() -> Done {
    let office = with_managers().await?;
    let (ann, boss, other) = (office.employ(1, "Ann"), office.employ(3, "Peter"), office.employ(4, "Olga"));
    office.manage(ann, Some(boss));
    office.full().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter Lee's team"));
    office.manage(ann, Some(other));
    office.incremental().await?;
    assert_eq!(office.teams().await?, one(other, "Olga Lee's team"));
    office.manage(ann, None);
    office.incremental().await?;
    assert_eq!(office.teams().await?, BTreeMap::new());
    assert_eq!(office.account(ann).await?.manager, None);
    office.manage(ann, Some(boss));
    office.incremental().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter Lee's team"));
    office.leave(office.staff, ann);
    office.world.run(Job::Person { person: PersonId(ann), by: "admin".to_owned() }).await?;
    assert_eq!(office.teams().await?, BTreeMap::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn managers_in_a_ring_have_a_team_each() -> Done {
    let office = with_managers().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    office.manage(ann, Some(bob));
    office.manage(bob, Some(ann));
    office.full().await?;
    let names: Vec<String> = office.teams().await?.into_values().collect();
    assert_eq!(names, ["Ann Lee's team", "Bob Lee's team"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn another_template_renames_all_teams_and_none_ends_them() -> Done {
    let office = with_managers().await?;
    let (ann, boss) = (office.employ(1, "Ann"), office.employ(3, "Hans"));
    office.manage(ann, Some(boss));
    office.full().await?;
    let template = Some("Leute um {name}".to_owned());
    office
        .settings(|connection| connection.rules.teams.managers = Some(ManagerTeams { name_template: template }))
        .await?;
    office.full().await?;
    assert_eq!(office.teams().await?, one(boss, "Leute um Hans Lee"));
    office.settings(|connection| connection.rules.teams.managers = None).await?;
    office.full().await?;
    assert_eq!(office.teams().await?, BTreeMap::new());
    assert_eq!(office.account(ann).await?.reports_to, None);
    assert_eq!(office.account(ann).await?.manager, Some(boss));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_manager_whose_surname_is_taken_by_a_full_run_renames_the_team() -> Done {
    let office = with_managers().await?;
    office.settings(|connection| connection.rules.required.clear()).await?;
    let (ann, boss) = (office.employ(1, "Ann"), office.employ(3, "Peter"));
    office.manage(ann, Some(boss));
    office.full().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter Lee's team"));
    office.set(boss, "surname", None);
    office.full().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter's team"));
    Ok(())
}

/// A run that writes accounts and fails when it comes to what is to be taken: the second batch it sends.
async fn fail_in_between(office: &Office, job: Job) -> Done {
    let path = Some("/[$]batch$".to_owned());
    let matcher = Matcher { path, skip: 1, ..Matcher::default() };
    let fault = Fault::Redirect { status: 302, location: "https://elsewhere.example".to_owned() };
    office.world.entra.set_faults(vec![FaultRule { matcher, times: None, fault }])?;
    office.world.run(job).await?;
    assert_eq!(office.world.runs().await?.remove(0).status, RunStatus::Failed);
    office.world.entra.set_faults(Vec::new())?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_accounts_is_not_lost_with_a_run_that_fails_right_after() -> Done {
    let office = with_managers().await?;
    office.settings(|connection| connection.rules.email = EmailSource::Mail).await?;
    let (ann, bob, cid) = (office.employ(1, "Ann"), office.employ(2, "Bob"), office.employ(5, "Cid"));
    let (boss, other) = (office.employ(3, "Peter"), office.employ(4, "Olga"));
    office.manage(ann, Some(boss));
    office.full().await?;
    office.manage(ann, Some(other));
    office.set(cid, "mail", Some("ann@example.com"));
    office.leave(office.staff, bob);
    fail_in_between(&office, Job::Incremental { cause: Cause::Poll }).await?;
    office.incremental().await?;
    assert_eq!(office.teams().await?, one(other, "Olga Lee's team"));
    let shared = Problem::SharedEmail { email: "ann@example.com".to_owned(), people: people(&[ann, cid]) };
    let listed: Vec<Problem> = office.problems().await?.into_iter().map(|noted| noted.problem).collect();
    assert_eq!(listed, [shared]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_managers_new_name_is_not_lost_with_a_full_run_that_fails_right_after() -> Done {
    let office = with_managers().await?;
    let (ann, bob, boss) = (office.employ(1, "Ann"), office.employ(2, "Bob"), office.employ(3, "Peter"));
    office.manage(ann, Some(boss));
    office.full().await?;
    office.set(boss, "surname", Some("Jones"));
    office.delete(bob);
    fail_in_between(&office, Job::Full { cause: Cause::Poll }).await?;
    office.full().await?;
    assert_eq!(office.teams().await?, one(boss, "Peter Jones' team"));
    Ok(())
}
