//! One or two each of further systems, and the known issues of Microsoft's own provisioning.

use std::time::Duration;

use entra::{Fault, FaultRule, Matcher, TenantOptions};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::property::Property;
use rollcall_directory::rules::{EmailSource, Guests, Required};
use rollcall_directory::user::Leaving;
use rollcall_store::{ConnectionStatus, Mode, RunStatus};
use rollcall_sync::job::{Cause, Job, Message};
use simulation::World;
use tokio::time::{Instant, sleep, timeout};

use crate::scene::{Done, Failed, HOUR, PLENTY, Scene, status};

/// All were deleted in the night and added again in the morning.
#[tokio::test(start_paused = true)]
async fn netbird_4068_a_night_without_anybody_deletes_nobody_and_adds_nobody() -> Done {
    for everyone in [false, true] {
        let scene = if everyone { Scene::of_everyone(300, 4068).await? } else { Scene::of_groups(4068).await? };
        let before = scene.accounts().await?;
        let rule = |path: &str| FaultRule {
            matcher: Matcher { path: Some(path.to_owned()), ..Matcher::default() },
            times: None,
            fault: Fault::ZeroRows,
        };
        scene.entra.set_faults(vec![rule("/users$"), rule("/members$")])?;
        for _ in 0..4 {
            scene.advance(2 * HOUR);
            scene.full().await?;
        }
        scene.heal();
        scene.in_step_after_full().await?;
        assert_eq!(scene.accounts().await?, before);
        for run in scene.runs().await?.into_iter().take(5) {
            assert!(run.counts.tally.is_empty(), "{run:?}");
        }
    }
    Ok(())
}

/// One deleted user, and the sync failed for all.
#[tokio::test(start_paused = true)]
async fn netbird_1593_one_deleted_person_fails_nobody() -> Done {
    let scene = Scene::of_groups(1593).await?;
    let people = scene.people().await?;
    // A manager, so that others point at somebody who is gone.
    let gone = people
        .iter()
        .copied()
        .max_by_key(|person| scene.read(|directory| directory.reports(directory.find(*person).unwrap()).len()));
    let gone = gone.unwrap();
    scene.delete(gone);
    let newcomer = scene.newcomer(scene.tenant.roots[0], "newcomer");
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.last_run().await?.status, RunStatus::Succeeded);
    assert_eq!(scene.left(gone).await?, Some(Leaving::Deleted));
    assert!(scene.has_access(newcomer).await?);
    scene.change(|directory, now| directory.purge(directory.find(gone).unwrap(), now)).unwrap();
    scene.in_step_after_incremental().await?;
    scene.in_step_after_full().await
}

/// "Stopping pagination early", said the log, and the clean-up then deleted whoever had not been seen.
#[tokio::test(start_paused = true)]
async fn cartography_a_later_page_that_fails_deletes_nobody() -> Done {
    let faults = [
        (1_100, status(500)),
        (1_100, status(400)),
        (1_100, Fault::TruncatedJson),
        // The second of three pages looks like the last one.
        (2_100, Fault::NoLinks),
    ];
    for (seed, (people, fault)) in (1..).zip(faults) {
        let scene = Scene::of_everyone(people, seed).await?;
        let before = scene.accounts().await?;
        let leaver = scene.people().await?[0];
        scene.delete(leaver);
        let matcher =
            Matcher { path: Some("/users$".to_owned()), query: Some("skiptoken".to_owned()), ..Matcher::default() };
        scene.spoil_some(matcher, fault.clone());
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        let run = scene.last_run().await?;
        assert_ne!(run.status, RunStatus::Succeeded, "{fault:?}: {run:?}");
        scene.heal();
        scene.in_step_after_full().await?;
        assert_eq!(scene.left(leaver).await?, Some(Leaving::Deleted), "{fault:?}");
    }
    Ok(())
}

/// An empty page ended the loop, and whoever came after it was deleted.
#[tokio::test(start_paused = true)]
async fn polis_an_empty_page_is_not_the_last_one() -> Done {
    let mut options = TenantOptions { people: 1_100, groups: 18, seed: 7, ..TenantOptions::default() };
    options.settings.delta.empty_page_percent = 60;
    options.settings.delta.page_size = 9;
    for everyone in [false, true] {
        let scene = Scene::of(options.clone(), everyone).await?;
        let before = scene.accounts().await?;
        let people = scene.people().await?;
        let rule = |path: &str, matcher| FaultRule {
            matcher: Matcher { path: Some(path.to_owned()), ..matcher },
            times: None,
            fault: Fault::EmptyPage,
        };
        // The first page of the list, and of every other group.
        scene.entra.set_faults(vec![
            rule("/users$", Matcher { nth: Some(1), ..Matcher::default() }),
            rule("/members$", Matcher { every: Some(2), ..Matcher::default() }),
        ])?;
        scene.in_step_after_full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        scene.heal();
        for person in people.iter().take(50) {
            scene.set(*person, "city", Some("Ulm"));
        }
        scene.in_step_after_incremental().await?;
    }
    Ok(())
}

/// 429 without a word on how long to wait.
#[tokio::test(start_paused = true)]
async fn azurehound_35_throttling_without_a_time_is_waited_out() -> Done {
    let scene = Scene::of_everyone(1_100, 35).await?;
    let before = scene.accounts().await?;
    let newcomer = scene.new_person("patient");
    let leaver = scene.people().await?[0];
    scene.delete(leaver);
    scene.spoil_some(Matcher { probability: Some(0.4), seed: 35, ..Matcher::default() }, status(429));
    scene.in_step_after_full().await?;
    assert!(scene.has_access(newcomer).await? && !scene.has_access(leaver).await?);
    scene.heal();
    let stayed = before.into_iter().filter(|(person, _)| *person != leaver).collect();
    scene.nobody_lost_anything_since(&stayed).await
}

/// It gave up after three attempts.
#[tokio::test(start_paused = true)]
async fn azurehound_65_an_hour_of_throttling_ends_in_step_without_anybodys_help() -> Done {
    let scene = Scene::of_groups(65).await?;
    let before = scene.accounts().await?;
    let newcomer = scene.newcomer(scene.tenant.roots[0], "patient");
    scene.spoil(".", status(429));
    let over = async {
        sleep(HOUR).await;
        scene.nobody_lost_anything_since(&before).await?;
        assert!(scene.spoiled() < 600, "it goes easy on a service that is overworked: {}", scene.spoiled());
        scene.heal();
        Ok::<(), Failed>(())
    };
    let (worked, over) = tokio::join!(scene.incremental(), over);
    worked?;
    over?;
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(newcomer).await?);
    assert_eq!(scene.stored_connection().await?.status, ConnectionStatus::Active);
    Ok(())
}

/// The next page had expired while the one before was still worked on, and pages were small.
#[tokio::test(start_paused = true)]
async fn azurehound_189_an_expired_page_starts_the_reading_over_and_pages_are_large() -> Done {
    let scene = Scene::of_everyone(1_100, 189).await?;
    let before = scene.accounts().await?;
    let newcomer = scene.new_person("newcomer");
    let fault = Fault::Status {
        status: 400,
        retry_after: None,
        code: Some("Directory_ExpiredPageToken".to_owned()),
        message: None,
        nested: false,
    };
    let matcher =
        Matcher { path: Some("/users$".to_owned()), query: Some("skiptoken".to_owned()), ..Matcher::default() };
    scene.entra.set_faults(vec![FaultRule { matcher, times: Some(1), fault }])?;
    scene.entra.reset_metrics();
    scene.in_step_after_full().await?;
    assert_eq!(scene.spoiled(), 1);
    assert!(scene.has_access(newcomer).await?);
    scene.nobody_lost_anything_since(&before).await?;
    // One and a refused one, and two from the beginning.
    assert_eq!(scene.entra.counts().requests["usersPages"], 4);
    Ok(())
}

/// A user who was deleted was not among the changes of the groups.
#[tokio::test(start_paused = true)]
async fn msgraph_docs_5855_a_deletion_that_groups_do_not_tell_is_told_by_the_user() -> Done {
    let scene = Scene::of_groups(5855).await?;
    let gone = scene.people().await?[0];
    scene.delete(gone);
    scene.spoil("/groups/delta", Fault::DropRows { every: 1 });
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.left(gone).await?, Some(Leaving::Deleted));
    assert_eq!(scene.last_run().await?.mode, Mode::Incremental);
    Ok(())
}

/// For some tenants delta told nothing at all.
#[tokio::test(start_paused = true)]
async fn msgraph_docs_6675_what_delta_does_not_tell_the_daily_reading_finds() -> Done {
    let scene = Scene::of_groups(6675).await?;
    let people = scene.people().await?;
    scene.delete(people[0]);
    scene.set(people[1], "accountEnabled", Some("false"));
    scene.set(people[2], "surname", Some("Changed"));
    let newcomer = scene.newcomer(scene.tenant.roots[0], "unheard");
    scene.spoil("/delta", Fault::DropRows { every: 1 });
    scene.incremental().await?;
    assert!(!scene.has_access(newcomer).await?, "delta told nothing");
    scene.in_step_after_full().await?;
    assert!(scene.has_access(newcomer).await?);
    assert_eq!(scene.deactivated().await?, 2);
    Ok(())
}

/// A new name was reported as a deletion, and there was no way to read everything anew.
#[tokio::test(start_paused = true)]
async fn ssoready_164_a_new_name_deletes_nobody_and_a_full_run_can_be_asked_for() -> Done {
    let scene = Scene::of_groups(164).await?;
    let before = scene.accounts().await?;
    let people = scene.people().await?;
    for (number, person) in people.iter().enumerate().take(30) {
        scene.set(*person, "userPrincipalName", Some(&format!("renamed{number}@{}", scene.tenant.domain)));
    }
    scene.in_step_after_incremental().await?;
    scene.run(Job::Full { cause: Cause::Manual { who: "ann".to_owned() } }).await?;
    scene.in_step().await?;
    assert_eq!(scene.accounts().await?, before);
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// No mailbox, no mail: an account was made with which nobody could sign in.
#[tokio::test(start_paused = true)]
async fn smallstep_537_who_has_no_mailbox_gets_a_usable_account_or_is_on_the_list() -> Done {
    let scene = Scene::of_groups(537).await?;
    let root = scene.tenant.roots[0];
    let name = |person: &str| format!("{person}@{}", scene.tenant.domain);
    let by_name = scene.newcomer(root, "byname");
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.account(by_name).await?.unwrap().email, Some(name("byname")));
    scene.set_up(|connection| connection.rules.email = EmailSource::MailThenUserPrincipalName).await?;
    let by_either = scene.newcomer(root, "byeither");
    scene.incremental().await?;
    assert_eq!(scene.account(by_either).await?.unwrap().email, Some(name("byeither")));
    scene
        .set_up(|connection| {
            connection.rules.email = EmailSource::Mail;
            connection.rules.required = [Required::Email].into();
            connection.limits.people = 1_000;
        })
        .await?;
    let by_mail = scene.newcomer(root, "bymail");
    scene.incremental().await?;
    assert!(scene.account(by_mail).await?.is_none());
    let lacks = Problem::Lacks { what: [Required::Email].into() };
    let problems = scene.problems().await?;
    assert!(problems.iter().any(|noted| noted.person == Some(PersonId(by_mail)) && noted.problem == lacks));
    // The mailbox is made a day later.
    scene.set(by_mail, "mail", Some("by.mail@example.com"));
    scene.incremental().await?;
    assert_eq!(scene.account(by_mail).await?.unwrap().email.as_deref(), Some("by.mail@example.com"));
    assert!(!scene.problems().await?.iter().any(|noted| noted.person == Some(PersonId(by_mail))));
    Ok(())
}

/// A change that named one member was read as the whole list, and the group was empty.
#[tokio::test(start_paused = true)]
async fn suna_5097_a_change_of_one_member_leaves_all_others_where_they_are() -> Done {
    let (scene, group) = Scene::of_one_group(300, 80, 5097).await?;
    let before = scene.accounts().await?;
    let newcomer = scene.newcomer(group, "eightyfirst");
    scene.in_step_after_incremental().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!(scene.accounts().await?.len(), 81);
    scene.leave(group, newcomer);
    scene.in_step_after_incremental().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!(scene.accounts().await?.len(), 80);
    Ok(())
}

/// Subscriptions ended over a weekend, and nobody noticed what had changed since.
#[tokio::test(start_paused = true)]
async fn training_26_what_changes_while_nothing_is_subscribed_arrives_all_the_same() -> Done {
    let scene = Scene::of_groups(26).await?;
    let listener = &scene.environment.worker;
    let message = Message::new(scene.connection, Job::Full { cause: Cause::Schedule });
    listener.work(&message, Instant::now() + PLENTY).await?;
    let subscriptions = scene.entra.subscriptions(scene.tenant.tenant_id);
    assert_eq!(subscriptions.len(), 2, "users and groups");
    while scene.queue.take().is_some() {}
    let told = scene.newcomer(scene.tenant.roots[0], "told");
    sleep(Duration::from_secs(5)).await;
    let message = scene.queue.take().unwrap();
    assert_eq!(message.job, Job::Incremental { cause: Cause::Notification });
    scene.worker.work(&message, Instant::now() + PLENTY).await?;
    assert!(scene.has_access(told).await?);
    while scene.queue.take().is_some() {}
    for subscription in subscriptions {
        scene.entra.drop_subscription(scene.tenant.tenant_id, subscription);
    }
    let untold = scene.newcomer(scene.tenant.roots[0], "untold");
    sleep(Duration::from_secs(60)).await;
    assert!(scene.queue.is_empty());
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(untold).await?);
    Ok(())
}

/// Microsoft: "null values are not provisioned".
#[tokio::test(start_paused = true)]
async fn microsoft_a_value_that_is_cleared_is_cleared() -> Done {
    let scene = Scene::of_groups(501).await?;
    let person = scene.people().await?[0];
    for (incremental, city) in [(true, "Ulm"), (false, "Bonn")] {
        scene.set(person, "city", Some(city));
        scene.in_step_after_incremental().await?;
        assert_eq!(scene.account(person).await?.unwrap().attributes[&Property::City], city);
        scene.set(person, "city", None);
        scene.set_manager(person, None);
        if incremental {
            scene.in_step_after_incremental().await?
        } else {
            scene.in_step_after_full().await?
        }
        let account = scene.account(person).await?.unwrap();
        assert_eq!((account.attributes.get(&Property::City), account.manager), (None, None));
    }
    Ok(())
}

/// Microsoft: a manager who arrives later is not linked.
#[tokio::test(start_paused = true)]
async fn microsoft_a_manager_who_arrives_later_is_linked() -> Done {
    let scene = Scene::of_groups(502).await?;
    let root = scene.tenant.roots[0];
    let person = scene.newcomer(root, "report");
    scene.in_step_after_incremental().await?;
    let manager = scene.new_person("boss");
    scene.set_manager(person, Some(manager));
    scene.in_step_after_incremental().await?;
    assert!(!scene.has_access(manager).await?);
    scene.join(root, manager);
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(manager).await?);
    assert_eq!(scene.account(person).await?.unwrap().manager, Some(PersonId(manager)));
    Ok(())
}

/// Microsoft: who comes into scope again is only provisioned after a restart.
#[tokio::test(start_paused = true)]
async fn microsoft_who_comes_back_has_the_same_account_as_the_directory_has_them_now() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 503).await?;
    let person = scene.members(group)[0];
    let before = scene.account(person).await?.unwrap();
    scene.leave(group, person);
    scene.in_step_after_incremental().await?;
    scene.set(person, "surname", Some("Meanwhile"));
    scene.set(person, "officeLocation", None);
    scene.in_step_after_incremental().await?;
    scene.join(group, person);
    scene.in_step_after_incremental().await?;
    let after = scene.account(person).await?.unwrap();
    assert_eq!((after.id, after.attributes[&Property::Surname].as_str()), (before.id, "Meanwhile"));
    Ok(())
}

/// Microsoft: stopping does not stop the cycle that runs.
#[tokio::test(start_paused = true)]
async fn microsoft_stopping_stops_the_run_that_is_at_work() -> Done {
    let options = TenantOptions { people: 2_500, groups: 16, seed: 504, ..TenantOptions::default() };
    let world = World::start(options, true).await?;
    world.entra.adjust(world.tenant.tenant_id, |settings| settings.page_delay_millis = 2_000);
    let message = Message::new(world.connection, Job::Full { cause: Cause::Activation });
    let stopped = async {
        sleep(Duration::from_secs(9)).await;
        let before = world.stored_connection().await?;
        let revision = before.revision;
        let stopped = rollcall_store::Connection { status: ConnectionStatus::Inactive, ..before };
        world.table.update_connection(&stopped, revision).await?;
        world.table.revoke(world.connection).await?;
        let active = world.table.state(world.connection).await?.active;
        Ok::<u64, simulation::stage::Failed>(active)
    };
    let (worked, active) = tokio::join!(world.worker.work(&message, Instant::now() + PLENTY), stopped);
    let active = active?;
    assert!(worked.is_err(), "the worker noticed");
    assert!(active > 0 && active < 2_000, "it was in the middle: {active}");
    assert_eq!(world.table.state(world.connection).await?.active, active, "nothing was written after that");
    world.full().await?;
    assert_eq!(world.table.state(world.connection).await?.active, active, "nor by the next job");
    Ok(())
}

/// Microsoft: guests can't be told from members by their type.
#[tokio::test(start_paused = true)]
async fn microsoft_guests_are_out_where_they_are_not_wanted_by_type_and_by_name() -> Done {
    let scene = Scene::of_groups(505).await?;
    let root = scene.tenant.roots[0];
    scene
        .set_up(|connection| {
            connection.rules.guests = Guests::Out;
            connection.limits.people = 1_000;
        })
        .await?;
    scene.full().await?;
    let [by_type, by_name, member] = ["bytype", "byname", "member"].map(|name| scene.newcomer(root, name));
    scene.set(by_type, "userType", Some("Guest"));
    scene.set(by_name, "userPrincipalName", Some(&format!("by_name_fabrikam.example#EXT#@{}", scene.tenant.domain)));
    scene.incremental().await?;
    assert!(scene.account(by_type).await?.is_none() && scene.account(by_name).await?.is_none());
    assert!(scene.has_access(member).await?);
    // Microsoft turns an account into a member's, and into a guest's again.
    scene.set(by_type, "userType", Some("Member"));
    scene.incremental().await?;
    assert!(scene.has_access(by_type).await?);
    scene.set(by_type, "userType", Some("Guest"));
    scene.incremental().await?;
    assert_eq!(scene.left(by_type).await?, Some(Leaving::Guest));
    for person in scene.people().await? {
        assert!(scene.has_access(person).await?);
    }
    Ok(())
}

/// A worker that hangs for good is no reason to wait for good.
#[tokio::test(start_paused = true)]
async fn netbird_4528_an_answer_that_never_ends_is_given_up() -> Done {
    let scene = Scene::of_groups(4528).await?;
    let before = scene.accounts().await?;
    let newcomer = scene.newcomer(scene.tenant.roots[0], "newcomer");
    scene.spoil("/users$", Fault::Endless);
    let job = Job::Full { cause: Cause::Schedule };
    timeout(HOUR, scene.run_in_slices(job, Duration::from_secs(900))).await??;
    assert!(matches!(scene.last_run().await?.status, RunStatus::Waiting { .. }));
    scene.nobody_lost_anything_since(&before).await?;
    scene.heal();
    scene.in_step_after_full().await?;
    assert!(scene.has_access(newcomer).await?);
    Ok(())
}
