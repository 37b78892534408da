//! microsoft/o365-moodle.

use std::collections::BTreeSet;
use std::time::Duration;

use entra::{Fault, TenantOptions};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::rules::{EmailSource, Required};
use rollcall_directory::scope::{Combine, Nesting, Scope};
use rollcall_directory::user::Leaving;
use rollcall_store::{Mode, RunStatus};
use rollcall_sync::job::{Cause, Job, Message};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::scene::{Done, HOUR, PLENTY, Scene, any_of, ids, status};

/// Users were deleted while Microsoft was out of order: no connection was taken for no users.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1650_an_outage_takes_nothing_from_anybody() -> Done {
    let scene = Scene::of_groups(1650).await?;
    let before = scene.accounts().await?;
    let leaver = scene.people().await?[0];
    scene.delete(leaver);
    for fault in [status(503), status(504), Fault::ResetBeforeHead, Fault::Html { status: 503 }] {
        scene.spoil(".", fault.clone());
        scene.full().await?;
        scene.incremental().await?;
        scene.nobody_lost_anything_since(&before).await?;
        assert!(matches!(scene.last_run().await?.status, RunStatus::Waiting { .. }), "{fault:?}");
        scene.hourly_look().await?;
        assert_eq!(scene.letters().len(), 0, "an outage of an hour is nobody's work");
        scene.heal();
    }
    scene.spoil(".", status(503));
    scene.advance(4 * HOUR);
    scene.incremental().await?;
    scene.hourly_look().await?;
    assert_eq!(scene.letters().len(), 1, "one of half a day is");
    scene.heal();
    scene.in_step_after_full().await?;
    assert_eq!(scene.left(leaver).await?, Some(Leaving::Deleted));
    let stayed = before.into_iter().filter(|(person, _)| *person != leaver).collect();
    scene.nobody_lost_anything_since(&stayed).await
}

/// "Error in full usersync: Error in API call", and 5,160 accounts were suspended in the same run.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2048_a_failed_read_suspends_nobody() -> Done {
    let paths = [
        "/users/delta",
        "/groups/delta",
        "/groups/[^/]+$",
        "/members$",
        "/users$",
        "count$",
        "batch$",
        "/users/[^/]+$",
    ];
    for (seed, path) in (2048..).zip(paths) {
        let scene = Scene::of_groups(seed).await?;
        let before = scene.accounts().await?;
        let people = scene.people().await?;
        // One leaves truly: even that waits for a whole reading.
        scene.delete(people[0]);
        scene.set(people[1], "accountEnabled", Some("false"));
        scene.spoil(path, status(500));
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        let run = scene.last_run().await?;
        assert!(!matches!(run.status, RunStatus::Succeeded | RunStatus::Held), "{path}: {run:?}");
        scene.heal();
        scene.in_step_after_full().await?;
        assert_eq!(scene.deactivated().await?, 2, "{path}");
    }
    Ok(())
}

/// The same, where only what changed is read.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2085_a_failed_read_of_changes_suspends_nobody() -> Done {
    for (seed, path) in (2085..).zip(["/users/delta", "/groups/delta", "batch$"]) {
        let scene = Scene::of_groups(seed).await?;
        let before = scene.accounts().await?;
        scene.delete(scene.people().await?[0]);
        scene.spoil(path, status(500));
        scene.incremental().await?;
        scene.nobody_lost_anything_since(&before).await?;
        scene.heal();
        scene.in_step_after_incremental().await?;
        assert_eq!(scene.deactivated().await?, 1, "{path}");
    }
    Ok(())
}

/// While Graph was waited for, the database gave up its connection, and what was left looked like nobody.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1325_a_worker_that_is_lost_while_it_waits_takes_nothing() -> Done {
    let scene = Scene::of_groups(1325).await?;
    let before = scene.accounts().await?;
    let leaver = scene.people().await?[0];
    scene.delete(leaver);
    scene.entra.adjust(scene.tenant.tenant_id, |settings| settings.page_delay_millis = 4_000);
    let message = Message::new(scene.connection, Job::Full { cause: Cause::Schedule });
    for seconds in [2, 5, 9, 13] {
        let worked = timeout(Duration::from_secs(seconds), scene.worker.work(&message, Instant::now() + PLENTY)).await;
        assert!(worked.is_err(), "it was at work");
        // The lease, and with it the right to write, is gone in the middle.
        scene.table.revoke(scene.connection).await?;
        scene.nobody_lost_anything_since(&before).await?;
    }
    scene.entra.adjust(scene.tenant.tenant_id, |settings| settings.page_delay_millis = 0);
    scene.in_step_after_full().await?;
    assert_eq!(scene.left(leaver).await?, Some(Leaving::Deleted));
    Ok(())
}

/// A chain of three groups below a scope group, with so many people in the deepest.
fn nested(scene: &Scene, people: usize) -> (Uuid, Uuid, Vec<Uuid>) {
    let [outer, middle, inner] = ["Outer", "Middle", "Inner"].map(|name| scene.new_group(name));
    scene.join(outer, middle);
    scene.join(middle, inner);
    let people = (0..people).map(|number| scene.newcomer(inner, &format!("nested{number}"))).collect();
    scene.join(scene.tenant.roots[0], outer);
    (outer, middle, people)
}

/// Accounts were made for members of nested groups, and suspended by a phase that did not look into them.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1771_whoever_is_let_in_by_a_nested_group_is_not_put_out_by_another_phase() -> Done {
    let scene = Scene::of_groups(1771).await?;
    let (.., people) = nested(&scene, 12);
    scene.in_step_after_incremental().await?;
    let before = scene.accounts().await?;
    for person in &people {
        assert!(before.contains_key(person));
        // A change of the person makes the phase of changes look at them.
        scene.set(*person, "department", Some("Nested"));
    }
    scene.in_step_after_incremental().await?;
    scene.in_step_after_full().await?;
    scene.run(Job::Person { person: PersonId(people[0]), by: "ann".to_owned() }).await?;
    scene.in_step_after_full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// Those who were suspended by mistake came back by some twenty-six a day.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1719_all_come_back_at_once_with_their_own_accounts() -> Done {
    let scene = Scene::of_groups(1719).await?;
    let (outer, middle, people) = nested(&scene, 20);
    scene.in_step_after_incremental().await?;
    let before = scene.accounts().await?;
    scene.leave(outer, middle);
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.left(people[7]).await?, Some(Leaving::OutOfScope));
    scene.join(outer, middle);
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.last_run().await?.counts.tally.reactivated, 20);
    scene.nobody_lost_anything_since(&before).await
}

/// Who left the group, and not the tenant, kept the account.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2216_leaving_the_scope_group_ends_access() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 2216).await?;
    let people = scene.members(group);
    scene.leave(group, people[0]);
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.left(people[0]).await?, Some(Leaving::OutOfScope));
    // And where the change itself was never told.
    scene.entra.reset_delta(scene.tenant.tenant_id);
    scene.leave(group, people[1]);
    scene.in_step_after_full().await?;
    assert_eq!(scene.left(people[1]).await?, Some(Leaving::OutOfScope));
    Ok(())
}

/// Leaving one of several groups is no leaving; leaving the last one is.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1318_who_is_in_two_groups_leaves_with_the_second() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 1318).await?;
    let other = scene.new_group("Teachers");
    let person = scene.members(group)[0];
    scene.join(other, person);
    scene.set_up(|connection| connection.scope = any_of(&[group, other])).await?;
    scene.in_step_after_full().await?;
    scene.leave(group, person);
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(person).await?);
    assert_eq!(scene.account(person).await?.unwrap().teams, ids(&[other]));
    scene.leave(other, person);
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.left(person).await?, Some(Leaving::OutOfScope));
    Ok(())
}

/// The changes of users tell nothing of memberships, so that a new member of the group was not seen.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1322_a_new_member_is_seen_though_nothing_about_the_person_changed() -> Done {
    let scene = Scene::of_groups(1322).await?;
    let person = scene.new_person("quiet");
    scene.in_step_after_incremental().await?;
    assert!(!scene.has_access(person).await?);
    scene.join(scene.tenant.roots[1], person);
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(person).await?);
    Ok(())
}

/// Who was skipped under the old settings was never looked at again, and no line said so.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1180_who_was_skipped_is_looked_at_again_when_the_settings_change() -> Done {
    let scene = Scene::of_groups(1180).await?;
    scene.set_up(|connection| connection.rules.required = [Required::GivenName].into()).await?;
    let person = scene.newcomer(scene.tenant.roots[0], "nameless");
    scene.set(person, "givenName", None);
    scene.incremental().await?;
    scene.full().await?;
    assert!(!scene.has_access(person).await?);
    let noted = scene.problems().await?.into_iter().find(|noted| noted.person == Some(PersonId(person))).unwrap();
    assert_eq!(noted.problem, Problem::Lacks { what: [Required::GivenName].into() });
    scene.set_up(|connection| connection.rules.required = BTreeSet::new()).await?;
    // The poll, though nothing in the directory has changed.
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(person).await?);
    assert_eq!(scene.problems().await?, []);
    Ok(())
}

/// The way out was to edit the office of every user who had been skipped.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2630_a_wider_scope_lets_in_whom_nobody_has_touched() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 2630).await?;
    let other = scene.new_group("Teachers");
    let person = scene.newcomer(other, "teacher");
    scene.in_step_after_incremental().await?;
    assert!(!scene.has_access(person).await?);
    scene.set_up(|connection| connection.scope = any_of(&[group, other])).await?;
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(person).await?);
    Ok(())
}

/// Two tokens were put into one request, which reset them: every second run was a full one of five hours.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2535_rounds_of_many_pages_never_lead_to_a_full_run() -> Done {
    let mut options = TenantOptions { people: 400, groups: 24, seed: 2535, ..TenantOptions::default() };
    options.settings.delta.page_size = 5;
    options.settings.delta.random_page_size = true;
    options.settings.delta.empty_page_percent = 30;
    options.settings.delta.replay_percent = 20;
    let scene = Scene::of(options, false).await?;
    let people = scene.people().await?;
    for round in 0..6 {
        scene.entra.reset_metrics();
        for person in people.iter().take(60) {
            scene.set(*person, "department", Some(&format!("Round {round}")));
        }
        scene.in_step_after_incremental().await?;
        assert_eq!(scene.last_run().await?.mode, Mode::Incremental);
        let counts = scene.entra.counts();
        assert!(counts.requests["usersDelta"] > 12, "the round had many pages: {counts:?}");
        assert_eq!((counts.requests.get("usersPages"), counts.requests.get("members")), (None, None));
    }
    Ok(())
}

/// "Sync must reach steady state within 30 days": an old token, and no way out.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1841_an_expired_token_costs_one_full_run_and_no_more() -> Done {
    for refusal in [400, 410] {
        let mut options = TenantOptions { people: 200, groups: 12, seed: 1841, ..TenantOptions::default() };
        options.settings.delta.expired_status = refusal;
        let scene = Scene::of(options, false).await?;
        for _ in 0..2 {
            let person = scene.newcomer(scene.tenant.roots[0], &format!("late{}", scene.now().as_second()));
            scene.advance(Duration::from_secs(8 * 86_400));
            scene.in_step_after_incremental().await?;
            assert_eq!(scene.last_run().await?.mode, Mode::Full, "{refusal}");
            scene.set(person, "city", Some("Ulm"));
            scene.in_step_after_incremental().await?;
            assert_eq!(scene.last_run().await?.mode, Mode::Incremental, "{refusal}");
        }
    }
    Ok(())
}

/// An upper-case name at Microsoft was taken for a new name, and logins broke.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2331_another_case_is_no_other_person() -> Done {
    let scene = Scene::of_groups(2331).await?;
    let before = scene.accounts().await?;
    for person in scene.people().await?.into_iter().take(40) {
        for property in ["userPrincipalName", "mail"] {
            if let Some(value) = scene.text(person, property) {
                let other_case =
                    if value.chars().any(char::is_lowercase) { value.to_uppercase() } else { value.to_lowercase() };
                scene.set(person, property, Some(&other_case));
            }
        }
    }
    scene.in_step_after_incremental().await?;
    scene.in_step_after_full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!(scene.accounts().await?, before, "and nobody has a second one");
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// Somebody marries, and everything by which others would know them changes at once.
#[tokio::test(start_paused = true)]
async fn o365_moodle_1156_a_new_name_keeps_the_account() -> Done {
    let scene = Scene::of_groups(1156).await?;
    let before = scene.accounts().await?;
    let person = scene.people().await?[0];
    let address = format!("ann.married@{}", scene.tenant.domain);
    for (property, value) in
        [("surname", "Married"), ("displayName", "Ann Married"), ("userPrincipalName", &address), ("mail", &address)]
    {
        scene.set(person, property, Some(value));
    }
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.accounts().await?, before);
    assert_eq!(scene.account(person).await?.unwrap().email, Some(address));
    Ok(())
}

/// Two ids had one mail address, and one took the other's account.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2526_two_people_with_one_mail_have_two_accounts_and_somebody_is_told() -> Done {
    let scene = Scene::of_groups(2526).await?;
    scene.set_up(|connection| connection.rules.email = EmailSource::MailThenUserPrincipalName).await?;
    scene.full().await?;
    let before = scene.accounts().await?;
    let people = scene.people().await?;
    scene.set(people[0], "mail", Some("office@example.com"));
    scene.set(people[1], "mail", Some("Office@Example.com"));
    scene.full().await?;
    assert_eq!(scene.last_run().await?.status, RunStatus::Succeeded);
    assert_eq!(scene.accounts().await?, before);
    let both: BTreeSet<PersonId> = people[..2].iter().copied().map(PersonId).collect();
    let problems: Vec<Problem> = scene.problems().await?.into_iter().map(|noted| noted.problem).collect();
    assert!(
        problems.contains(&Problem::SharedEmail { email: "office@example.com".to_owned(), people: both }),
        "{problems:?}"
    );
    Ok(())
}

/// A name came to a new person, who got the account of the one who had gone.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2382_who_gets_the_name_of_somebody_gone_does_not_get_the_account() -> Done {
    let scene = Scene::of_groups(2382).await?;
    let gone = scene.people().await?[0];
    let name = scene.text(gone, "userPrincipalName").unwrap();
    let old = scene.account(gone).await?.unwrap();
    scene.delete(gone);
    let new = scene.newcomer(scene.tenant.roots[0], "namesake");
    scene.set(new, "userPrincipalName", Some(&name));
    scene.in_step_after_incremental().await?;
    let account = scene.account(new).await?.unwrap();
    assert_ne!(account.id, old.id);
    assert_eq!(account.email, Some(name));
    assert_eq!(scene.left(gone).await?, Some(Leaving::Deleted));
    Ok(())
}

/// Letters that say that the connection is not synced any more, or that it is again.
fn missed(scene: &Scene) -> usize {
    scene
        .letters()
        .iter()
        .filter(|letter| letter.subject.contains("is not synced") || letter.subject.contains("is synced"))
        .count()
}

/// The task died for want of memory, run after run, and nobody heard of it.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2930_a_worker_that_dies_without_a_word_is_missed() -> Done {
    let scene = Scene::of_groups(2930).await?;
    scene.entra.adjust(scene.tenant.tenant_id, |settings| settings.page_delay_millis = 5_000);
    let message = Message::new(scene.connection, Job::Full { cause: Cause::Schedule });
    for _ in 0..3 {
        scene.hourly_look().await?;
        assert_eq!(scene.letters().len(), 0);
        let worked = timeout(Duration::from_secs(3), scene.worker.work(&message, Instant::now() + PLENTY)).await;
        assert!(worked.is_err(), "it died at work");
        scene.advance(9 * HOUR);
    }
    scene.hourly_look().await?;
    assert_eq!(missed(&scene), 1, "no run for 27 hours");
    scene.hourly_look().await?;
    assert_eq!(missed(&scene), 1, "that is told once");
    scene.entra.adjust(scene.tenant.tenant_id, |settings| settings.page_delay_millis = 0);
    scene.in_step_after_full().await?;
    scene.hourly_look().await?;
    assert_eq!(missed(&scene), 2, "and that it is well again, too");
    Ok(())
}

/// Requests of a full run over a group of so many people in a tenant of so many.
async fn requests(people: u32, members: usize) -> Result<u64, crate::scene::Failed> {
    let (scene, _) = Scene::of_one_group(people, members, 2543).await?;
    let before = scene.network.requests();
    scene.in_step_after_full().await?;
    Ok(scene.network.requests() - before)
}

/// 25,000 people in a tenant of 80,000 took eight hours: all were read, and then most were dropped.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2543_a_larger_tenant_around_the_same_scope_costs_no_more() -> Done {
    let (small, large) = (requests(1_000, 60).await?, requests(6_000, 60).await?);
    assert!(large <= small + 3, "{small} requests in a tenant of 1,000 and {large} in one of 6,000");
    let wide = requests(6_000, 600).await?;
    assert!(wide > large && wide <= 10 * large, "{large} requests for 60 people and {wide} for 600");
    Ok(())
}

/// Rules over several groups at once are taken away at Microsoft's side, and several scope groups are wanted instead.
#[tokio::test(start_paused = true)]
async fn o365_moodle_3383_several_groups_are_combined_as_asked() -> Done {
    let scene = Scene::of_groups(3383).await?;
    let [staff, learners, external] = ["Staff", "Learners", "External"].map(|name| scene.new_group(name));
    let groups = [&[staff][..], &[learners], &[staff, learners], &[staff, learners, external], &[]];
    let people: Vec<Uuid> = groups
        .iter()
        .enumerate()
        .map(|(number, groups)| {
            let person = scene.new_person(&format!("combined{number}"));
            groups.iter().for_each(|group| scene.join(*group, person));
            person
        })
        .collect();
    let asked = |combine, excluded: &[Uuid]| Scope::Groups {
        groups: ids(&[staff, learners]),
        combine,
        excluded: ids(excluded),
        nesting: Nesting::Followed,
    };
    for (scope, expected) in [
        (asked(Combine::Any, &[]), [true, true, true, true, false]),
        (asked(Combine::Any, &[external]), [true, true, true, false, false]),
        (asked(Combine::All, &[]), [false, false, true, true, false]),
        (asked(Combine::All, &[external]), [false, false, true, false, false]),
    ] {
        scene
            .set_up(|connection| {
                connection.scope = scope.clone();
                connection.limits.people = 1_000;
            })
            .await?;
        scene.incremental().await?;
        for (person, expected) in people.iter().zip(expected) {
            assert_eq!(scene.has_access(*person).await?, expected, "{scope:?}, {person}");
        }
    }
    Ok(())
}

/// Signing in made accounts for anybody of the tenant, while the sync was limited to groups.
#[tokio::test(start_paused = true)]
async fn o365_moodle_2662_the_question_about_one_person_lets_in_nobody_whom_the_sync_would_not() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 2662).await?;
    let outsider = scene.new_person("outsider");
    let insider = scene.newcomer(group, "insider");
    let leaver = scene.members(group)[0];
    scene.leave(group, leaver);
    scene.in_step_after_incremental().await?;
    let late = scene.newcomer(group, "late");
    for person in [outsider, insider, leaver, late] {
        scene.run(Job::Person { person: PersonId(person), by: "ann".to_owned() }).await?;
    }
    assert!(!scene.has_access(outsider).await?);
    assert!(scene.has_access(insider).await? && scene.has_access(late).await?);
    assert_eq!(scene.left(leaver).await?, Some(Leaving::OutOfScope), "and nobody comes back by being asked about");
    scene.in_step_after_incremental().await
}
