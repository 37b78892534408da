//! firezone/firezone.

use std::time::Duration;

use entra::{Fault, Matcher, TenantOptions};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::rules::{EmailSource, Required};
use rollcall_directory::user::Leaving;
use rollcall_store::{ConnectionStatus, Decision, HoldStatus, RunStatus};
use rollcall_sync::check::{Checker, is_well};
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::subscription::address::Addresses;
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use crate::scene::{Done, Failed, Scene, status};

/// The provider answered 200 with half of the data missing, and all groups and identities were deleted.
#[tokio::test(start_paused = true)]
async fn firezone_9194_a_good_answer_with_missing_data_takes_nothing() -> Done {
    for (seed, path, every) in
        [(9194, "/members$", 2), (9195, "/members$", 8), (9196, "/users$", 2), (9197, "/users$", 40)]
    {
        let scene = Scene::of_groups(seed).await?;
        let before = scene.accounts().await?;
        scene.spoil(path, Fault::DropRows { every });
        scene.full().await?;
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        let run = scene.last_run().await?;
        let was_noticed = run.status == RunStatus::Held || run.status == RunStatus::Failed || run.counts.refuted > 0;
        assert!(was_noticed || path == "/users$", "{path}, {every}: {run:?}");
        scene.heal();
        scene.in_step_after_full().await?;
    }
    Ok(())
}

/// Takes everybody out of a group who is directly in it.
fn empty(scene: &Scene, group: Uuid) {
    for member in scene.members(group) {
        scene.leave(group, member);
    }
}

/// The breaker that had been built then blocked a clean-up that was meant.
#[tokio::test(start_paused = true)]
async fn firezone_10898_a_clean_up_that_is_meant_is_approved_and_done() -> Done {
    let (scene, group) = Scene::of_one_group(300, 80, 10_898).await?;
    let before = scene.accounts().await?;
    let kept = scene.members(group)[79];
    empty(&scene, group);
    scene.join(group, kept);
    let newcomer = scene.newcomer(group, "meanwhile");
    scene.incremental().await?;
    scene.full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert!(scene.has_access(newcomer).await?, "what gives is not held up");
    let run = scene.last_run().await?;
    assert_eq!((run.status, run.counts.held), (RunStatus::Held, 79), "{run:?}");
    let hold = scene.holds().await?.remove(0);
    assert_eq!((hold.status, hold.removals), (HoldStatus::Open, 79));
    let named = scene.table.hold_removals(scene.connection, hold.id).await?;
    assert!(
        before
            .keys()
            .filter(|person| **person != kept)
            .all(|person| named.iter().any(|removal| removal.person.0 == *person))
    );
    scene.table.decide_hold(scene.connection, hold.id, Decision::Approved, "ann", scene.now()).await?;
    scene.run(Job::ApplyHold { hold: hold.id, by: "ann".to_owned() }).await?;
    scene.in_step().await?;
    scene.in_step_after_full().await
}

/// Only "it would delete all" was asked about: all but one went unasked.
#[tokio::test(start_paused = true)]
async fn firezone_11939_a_part_is_asked_about_as_well_as_all() -> Done {
    for leavers in [12, 40, 79] {
        let (scene, group) = Scene::of_one_group(300, 80, 11_939).await?;
        let before = scene.accounts().await?;
        for person in scene.members(group).into_iter().take(leavers) {
            scene.leave(group, person);
        }
        scene.incremental().await?;
        scene.nobody_lost_anything_since(&before).await?;
        assert_eq!(scene.holds().await?.len(), 1, "{leavers} of 80");
    }
    Ok(())
}

/// A large directory took longer than the time-out, and everything that had been read was thrown away.
#[tokio::test(start_paused = true)]
async fn firezone_8771_what_was_read_before_the_time_ran_out_is_kept() -> Done {
    let mut options = TenantOptions { people: 3_500, groups: 8, seed: 8771, ..TenantOptions::default() };
    options.settings.page_delay_millis = 1_500;
    let world = simulation::World::start(options, true).await?;
    let mut message = Message::new(world.connection, Job::Full { cause: Cause::Activation });
    let mut came_so_far = vec![0];
    for _ in 0..40 {
        world.worker.work(&message, Instant::now() + Duration::from_secs(14)).await?;
        came_so_far.push(world.table.state(world.connection).await?.active);
        let Some(next) = world.queue.take() else { break };
        message = next;
    }
    assert!(came_so_far.len() > 2, "it took several invocations: {came_so_far:?}");
    assert!(
        came_so_far.is_sorted() && came_so_far[came_so_far.len() / 2] > 0,
        "each goes on from the last: {came_so_far:?}"
    );
    assert_eq!(world.differences().await?, Vec::<String>::new());
    let runs = world.runs().await?;
    assert_eq!(runs.len(), 1);
    // Token, anchor, count, four pages and the count again: nothing is read over and over.
    assert!(world.network.requests() <= 20, "{} requests", world.network.requests());
    Ok(())
}

/// Nobody was told that the sync did not work any more.
#[tokio::test(start_paused = true)]
async fn firezone_5960_the_owners_are_told_at_once_and_when_it_is_well_again() -> Done {
    let scene = Scene::of_groups(5960).await?;
    scene.spoil("/members$", status(403));
    scene.full().await?;
    let letters = scene.letters();
    assert_eq!(letters.len(), 1);
    assert!(matches!(scene.stored_connection().await?.status, ConnectionStatus::Paused { .. }));
    scene.full().await?;
    scene.hourly_look().await?;
    assert_eq!(scene.letters().len(), 1, "once, and not every hour");
    scene.advance(Duration::from_secs(25 * 3_600));
    scene.hourly_look().await?;
    assert_eq!(scene.letters().len(), 2, "but again on the next day");
    scene.heal();
    scene.set_up(|connection| connection.status = ConnectionStatus::Active).await?;
    scene.in_step_after_full().await?;
    scene.hourly_look().await?;
    assert_eq!(scene.letters().len(), 3, "and that it is well again");
    Ok(())
}

/// Whether the check of a connection finds all well.
async fn check(scene: &Scene) -> Result<bool, Failed> {
    let connection = scene.stored_connection().await?;
    let (_, client) = scene.worker.access.client(scene.connection).await?;
    let addresses = Addresses::new("https://rollcall.example".parse()?);
    let checker = Checker {
        client: &client,
        connection: connection.id,
        scope: &connection.scope,
        rules: &connection.rules,
        addresses: &addresses,
    };
    Ok(is_well(&checker.run(scene.now()).await))
}

/// The check of the set-up passed, and the sync failed on a call that it had not made.
#[tokio::test(start_paused = true)]
async fn firezone_11470_what_the_sync_will_fail_on_the_check_fails_on() -> Done {
    for (seed, path) in (11_470..).zip(["/users$", "/users/delta", "/groups/[^/]+$", "/members$", "/groups/delta"]) {
        let scene = Scene::of_groups(seed).await?;
        assert!(check(&scene).await?);
        scene.spoil(path, status(403));
        assert!(!check(&scene).await?, "{path}");
        let before = scene.accounts().await?;
        scene.full().await?;
        assert_eq!(scene.last_run().await?.status, RunStatus::Failed, "{path}");
        scene.nobody_lost_anything_since(&before).await?;
        scene.heal();
        assert!(check(&scene).await?);
    }
    Ok(())
}

/// Who is disabled must lose access at once; an answer that does not say it must neither open nor close an account.
#[tokio::test(start_paused = true)]
async fn firezone_12851_silence_about_account_enabled_neither_opens_nor_closes_an_account() -> Done {
    let scene = Scene::of_groups(12_851).await?;
    let people = scene.people().await?;
    scene.set(people[0], "accountEnabled", Some("false"));
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.left(people[0]).await?, Some(Leaving::Disabled));
    let before = scene.accounts().await?;
    let newcomer = scene.newcomer(scene.tenant.roots[0], "unsaid");
    for person in &people[1..4] {
        scene.set(*person, "department", Some("Unsaid"));
    }
    scene.spoil("/users", Fault::BlankProperty { names: vec!["accountEnabled".to_owned()] });
    assert!(!check(&scene).await?, "the check says what is missing");
    for everything in [false, true] {
        if everything {
            scene.full().await?
        } else {
            scene.incremental().await?
        }
        let problems = scene.problems().await?;
        let noted = problems.iter().find(|noted| noted.person == Some(PersonId(newcomer))).unwrap();
        assert_eq!(noted.problem, Problem::EnabledUnknown, "and that is loud");
    }
    scene.nobody_lost_anything_since(&before).await?;
    assert!(!scene.has_access(newcomer).await?);
    assert_eq!(scene.left(people[0]).await?, Some(Leaving::Disabled));
    scene.heal();
    scene.in_step_after_full().await?;
    assert!(scene.has_access(newcomer).await?);
    Ok(())
}

/// Failed items of a `$batch` were logged and dropped, and whoever they were about was then deleted as unseen.
#[tokio::test(start_paused = true)]
async fn firezone_failed_items_of_a_batch_delete_nobody() -> Done {
    for (seed, code) in [(1, 503), (2, 404), (3, 400)] {
        // So few of so many that each is asked for by a batch.
        let (scene, group) = Scene::of_one_group(4_000, 70, 50 + seed).await?;
        let before = scene.accounts().await?;
        let matcher =
            Matcher { in_batch: Some(true), path: Some("/users/".to_owned()), every: Some(3), ..Matcher::default() };
        scene.entra.reset_metrics();
        scene.spoil_some(matcher, status(code));
        scene.full().await?;
        scene.full().await?;
        assert!(scene.entra.counts().requests["batch"] > 0);
        scene.nobody_lost_anything_since(&before).await?;
        scene.heal();
        let newcomer = scene.newcomer(group, "after");
        scene.in_step_after_full().await?;
        assert!(scene.has_access(newcomer).await?);
    }
    Ok(())
}

/// One user without a valid address made the whole directory invalid, and it was disabled.
#[tokio::test(start_paused = true)]
async fn firezone_one_bad_address_disables_nothing() -> Done {
    let scene = Scene::of_groups(40).await?;
    scene
        .set_up(|connection| {
            connection.rules.email = EmailSource::Mail;
            connection.rules.required = [Required::Email].into();
        })
        .await?;
    scene.full().await?;
    let before = scene.accounts().await?;
    let root = scene.tenant.roots[0];
    let [missing, odd, good] = ["missing", "odd", "good"].map(|name| scene.newcomer(root, name));
    scene.set(odd, "mail", Some("not an address"));
    scene.set(good, "mail", Some("good@example.com"));
    for everything in [false, true] {
        if everything {
            scene.full().await?
        } else {
            scene.incremental().await?
        }
        let run = scene.last_run().await?;
        assert_eq!(run.status, RunStatus::Succeeded, "{run:?}");
        assert_eq!(scene.stored_connection().await?.status, ConnectionStatus::Active);
        assert!(scene.has_access(good).await? && !scene.has_access(missing).await?);
        scene.nobody_lost_anything_since(&before).await?;
        let problems = scene.problems().await?;
        let noted = problems.iter().find(|noted| noted.person == Some(PersonId(missing))).unwrap();
        assert_eq!(noted.problem, Problem::Lacks { what: [Required::Email].into() });
        assert!(noted.label.contains("missing"), "{noted:?}");
    }
    Ok(())
}

/// A value of a kind that nobody had thought of.
#[tokio::test(start_paused = true)]
async fn firezone_a_property_of_an_odd_kind_takes_nothing() -> Done {
    let scene = Scene::of_groups(41).await?;
    let before = scene.accounts().await?;
    for value in [Value::Bool(true), Value::from(7), serde_json::json!({"odd": 1}), serde_json::json!(["odd"])] {
        scene.spoil("/users", Fault::SetProperty { name: "accountEnabled".to_owned(), value });
        scene.incremental().await?;
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        scene.heal();
    }
    Ok(())
}
