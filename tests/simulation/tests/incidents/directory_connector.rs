//! bitwarden/directory-connector, and bitwarden/server with it.

use std::collections::BTreeSet;

use entra::{Fault, Matcher, TenantOptions};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::rules::EmailSource;
use rollcall_directory::user::Leaving;
use rollcall_store::{Mode, RunStatus};
use rollcall_sync::job::{Cause, Job};
use simulation::World;
use simulation::history::History;

use crate::scene::{Done, HOUR, Scene};

/// "Hopefully we don't get reports of AD sync all-of-a-sudden wiping out all org users."
#[tokio::test(start_paused = true)]
async fn directory_connector_107_an_empty_answer_wipes_out_no_organisation_however_small() -> Done {
    // So small that the limits hold nothing up: then the second question must do.
    for people in [3, 5, 40] {
        for path in ["/users$", "/users/delta", "/members$"] {
            let options = TenantOptions { people, groups: 0, roots: 0, seed: 107, ..TenantOptions::default() };
            let scene = Scene::of(options, true).await?;
            let group = scene.new_group("Everybody");
            for person in scene.people().await? {
                scene.join(group, person);
            }
            if path == "/members$" {
                scene.set_up(|connection| connection.scope = crate::scene::any_of(&[group])).await?;
                scene.full().await?;
            }
            let before = scene.accounts().await?;
            assert!(!before.is_empty());
            scene.spoil(path, Fault::ZeroRows);
            scene.full().await?;
            scene.incremental().await?;
            scene.nobody_lost_anything_since(&before).await?;
            scene.heal();
            scene.full().await?;
            scene.nobody_lost_anything_since(&before).await?;
        }
    }
    Ok(())
}

/// Only the first page of members was read, and all others were removed.
#[tokio::test(start_paused = true)]
async fn directory_connector_38_pages_that_were_not_read_remove_nobody() -> Done {
    let (scene, _) = Scene::of_one_group(1_400, 1_050, 38).await?;
    let before = scene.accounts().await?;
    assert_eq!(before.len(), 1_050, "more than one page");
    scene.spoil("/members$", Fault::NoLinks);
    scene.full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    let run = scene.last_run().await?;
    assert!(run.counts.refuted > 0 || run.status == RunStatus::Held, "the directory was asked again: {run:?}");
    scene.heal();
    scene.in_step_after_full().await?;
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// All users were downloaded, and then each was asked about with a call of its own.
#[tokio::test(start_paused = true)]
async fn directory_connector_83_nobody_is_asked_about_alone_who_stays() -> Done {
    for (seed, everyone) in [(83, false), (84, true)] {
        let world =
            World::start(TenantOptions { people: 400, groups: 24, seed, ..TenantOptions::default() }, everyone).await?;
        for _ in 0..2 {
            world.entra.reset_metrics();
            world.run(Job::Full { cause: Cause::Activation }).await?;
            assert_eq!(world.differences().await?, Vec::<String>::new());
            let requests = world.entra.counts().requests;
            for class in ["memberOf", "user", "manager", "transitiveMembers"] {
                assert_eq!(requests.get(class), None, "{requests:?}");
            }
        }
    }
    Ok(())
}

/// One address that two people had ended the whole sync, and nothing said whose it was.
#[tokio::test(start_paused = true)]
async fn directory_connector_190_a_double_address_names_both_and_ends_nothing() -> Done {
    let scene = Scene::of_groups(190).await?;
    scene.set_up(|connection| connection.rules.email = EmailSource::MailThenUserPrincipalName).await?;
    let root = scene.tenant.roots[0];
    let names = ["one", "two", "three"];
    let people = names.map(|name| scene.newcomer(root, name));
    for person in people {
        scene.set(person, "mail", Some("shared@example.com"));
    }
    let bystander = scene.newcomer(root, "bystander");
    scene.full().await?;
    assert_eq!(scene.last_run().await?.status, RunStatus::Succeeded);
    for person in people.into_iter().chain([bystander]) {
        assert!(scene.has_access(person).await?);
    }
    let all: BTreeSet<PersonId> = people.into_iter().map(PersonId).collect();
    let problem = Problem::SharedEmail { email: "shared@example.com".to_owned(), people: all };
    assert!(scene.problems().await?.iter().any(|noted| noted.problem == problem));
    scene.set(people[0], "mail", Some("one@example.com"));
    scene.set(people[1], "mail", Some("two@example.com"));
    scene.full().await?;
    assert!(!scene.problems().await?.iter().any(|noted| matches!(noted.problem, Problem::SharedEmail { .. })));
    Ok(())
}

/// One changed address made the sync fail for all until it was mended by hand.
#[tokio::test(start_paused = true)]
async fn directory_connector_4117_changed_and_exchanged_addresses_fail_nobody() -> Done {
    let scene = Scene::of_groups(4117).await?;
    let before = scene.accounts().await?;
    let people = scene.people().await?;
    let find = |person| scene.read(|directory| directory.find(person).unwrap());
    let (one, other) = (find(people[0]), find(people[1]));
    for property in ["userPrincipalName", "mail"] {
        scene.change(|directory, now| directory.swap(one, other, property, now)).unwrap();
    }
    scene.set(people[2], "userPrincipalName", Some(&format!("fresh@{}", scene.tenant.domain)));
    let newcomer = scene.newcomer(scene.tenant.roots[0], "newcomer");
    scene.in_step_after_incremental().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert!(scene.has_access(newcomer).await?);
    scene.in_step_after_full().await
}

/// Deleted users were still shown in their groups, and the question about them was answered with a 404.
#[tokio::test(start_paused = true)]
async fn directory_connector_464_a_group_that_still_shows_somebody_deleted_stops_nothing() -> Done {
    let scene = Scene::of_groups(464).await?;
    let root = scene.tenant.roots[0];
    let gone = scene.newcomer(root, "deleted");
    scene.in_step_after_incremental().await?;
    scene.advance(HOUR);
    scene.delete(gone);
    let matcher = Matcher { path: Some("/members$".to_owned()), ..Matcher::default() };
    scene.spoil_some(matcher, Fault::StaleRead { millis: 60_000 });
    scene.in_step_after_full().await?;
    assert_eq!(scene.left(gone).await?, Some(Leaving::Deleted));
    scene.heal();
    let newcomer = scene.newcomer(root, "afterwards");
    scene.in_step_after_full().await?;
    assert!(scene.has_access(newcomer).await?);
    Ok(())
}

/// Memberships stayed wrong until somebody cleared a cache.
#[tokio::test(start_paused = true)]
async fn directory_connector_764_a_full_run_finds_nothing_that_small_ones_left_wrong() -> Done {
    let scene = Scene::of_groups(764).await?;
    let mut history = History::new(764);
    for _ in 0..8 {
        scene.change(|directory, now| (0..3).filter_map(|_| history.change(directory, now)).count());
        scene.in_step_after_incremental().await?;
        assert_eq!(scene.last_run().await?.mode, Mode::Incremental);
    }
    scene.in_step_after_full().await?;
    let run = scene.last_run().await?;
    assert!(run.counts.tally.is_empty(), "{run:?}");
    Ok(())
}
