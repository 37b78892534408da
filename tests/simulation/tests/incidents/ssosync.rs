//! awslabs/ssosync.

use entra::{Fault, Matcher, TenantOptions};
use rollcall_directory::adoption::{Decision, Existing, ExistingId, MatchBy};
use rollcall_directory::desired::Problem;
use rollcall_directory::history::Action;
use rollcall_directory::identity::{PersonId, RunId};
use rollcall_directory::user::Leaving;
use rollcall_store::{Change, Mode, PageRequest, Proposal, RunStatus};
use rollcall_sync::job::Job;
use simulation::platform::platform;
use uuid::Uuid;

use crate::scene::{Done, Scene, any_of, status, throttled};

/// Nobody was returned, all were deleted; the next run made them anew, without what they had been assigned.
#[tokio::test(start_paused = true)]
async fn ssosync_194_nobody_returned_is_nobody_deleted_and_nobody_made_anew() -> Done {
    for (seed, path, everyone) in [(194, "/users$", true), (195, "/users$", false), (196, "/members$", false)] {
        let scene = if everyone { Scene::of_everyone(300, seed).await? } else { Scene::of_groups(seed).await? };
        let before = scene.accounts().await?;
        let teams = platform(&scene.table, scene.connection).await?.active;
        scene.spoil(path, Fault::ZeroRows);
        scene.full().await?;
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        assert_ne!(scene.last_run().await?.counts.tally.deactivated, teams.len() as u64);
        scene.heal();
        scene.in_step_after_full().await?;
        assert_eq!(scene.accounts().await?, before, "{path}: the very same accounts");
        assert_eq!(platform(&scene.table, scene.connection).await?.active, teams, "{path}: with all that they had");
        assert_eq!(scene.deactivated().await?, 0, "{path}");
    }
    Ok(())
}

/// A 503 was swallowed, and members of some groups were gone.
#[tokio::test(start_paused = true)]
async fn ssosync_236_a_page_of_members_that_can_not_be_read_drops_no_members() -> Done {
    for seed in 236..240 {
        let scene = Scene::of_groups(seed).await?;
        let before = platform(&scene.table, scene.connection).await?.active;
        let matcher =
            Matcher { path: Some("/members$".to_owned()), probability: Some(0.7), seed, ..Matcher::default() };
        scene.spoil_some(matcher, status(503));
        for _ in 0..3 {
            scene.full().await?;
            assert_eq!(platform(&scene.table, scene.connection).await?.active, before);
            scene.advance(crate::scene::HOUR);
        }
        scene.heal();
        scene.in_step_after_full().await?;
        assert_eq!(platform(&scene.table, scene.connection).await?.active, before);
    }
    Ok(())
}

/// A 503 about one user, and that user was deleted with all aliases.
#[tokio::test(start_paused = true)]
async fn ssosync_278_an_error_about_one_person_takes_nothing_from_that_person() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 278).await?;
    let before = scene.accounts().await?;
    let person = scene.members(group)[0];
    let newcomer = scene.newcomer(group, "another");
    // The group lacks the person for a moment, and the question about the person can't be answered.
    scene.leave(group, person);
    scene.spoil(&format!("/users/{person}"), status(503));
    scene.full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert!(scene.has_access(newcomer).await?, "nobody else waits for that");
    scene.join(group, person);
    scene.heal();
    scene.in_step_after_full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// Two hundred groups times two hundred users were forty thousand calls.
#[tokio::test(start_paused = true)]
async fn ssosync_17_groups_and_people_add_up_and_do_not_multiply() -> Done {
    let options = TenantOptions { people: 200, groups: 200, seed: 17, ..TenantOptions::default() };
    let scene = Scene::of(options, false).await?;
    let groups = scene.table.groups(scene.connection).await?.len() as u64;
    assert!(groups > 100, "{groups}");
    let before = scene.network.requests();
    scene.in_step_after_full().await?;
    let requests = scene.network.requests() - before;
    assert!(requests <= groups + 20, "{requests} requests for {groups} groups");
    Ok(())
}

/// A 429 was dropped, or what had worked was repeated and refused.
#[tokio::test(start_paused = true)]
async fn ssosync_13_throttling_and_lost_answers_lose_nobody_and_double_nobody() -> Done {
    for (seed, fault) in [(13, throttled(7)), (14, Fault::LoseAnswer), (15, Fault::DuplicateRows)] {
        let world = simulation::World::start(
            TenantOptions { people: 400, groups: 24, seed, ..TenantOptions::default() },
            false,
        )
        .await?;
        let rule = entra::FaultRule {
            matcher: Matcher { every: Some(3), ..Matcher::default() },
            times: None,
            fault: fault.clone(),
        };
        world.entra.set_faults(vec![rule])?;
        world.full().await?;
        // Two accounts of one person would be among the differences.
        assert_eq!(world.differences().await?, Vec::<String>::new(), "{fault:?}");
        world.full().await?;
        let run = world.runs().await?.remove(0);
        assert!(run.counts.tally.is_empty(), "{fault:?}: {run:?}");
    }
    Ok(())
}

/// Groups in groups were not followed.
#[tokio::test(start_paused = true)]
async fn ssosync_51_groups_are_followed_however_deep_and_around_a_circle() -> Done {
    let scene = Scene::of_groups(51).await?;
    let mut outer = scene.tenant.roots[0];
    let people: Vec<Uuid> = (0..12)
        .map(|level| {
            let inner = scene.new_group(&format!("Level {level}"));
            scene.join(outer, inner);
            outer = inner;
            scene.newcomer(inner, &format!("level{level}"))
        })
        .collect();
    scene.join(outer, scene.tenant.roots[0]);
    scene.in_step_after_incremental().await?;
    for person in &people {
        assert!(scene.has_access(*person).await?);
    }
    scene.in_step_after_full().await?;
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// A mode called "groups" also deleted users, to the surprise of those who chose it.
#[tokio::test(start_paused = true)]
async fn ssosync_286_a_preview_names_everybody_who_would_lose_access_and_takes_nothing() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 286).await?;
    let before = scene.accounts().await?;
    let other = scene.new_group("Teachers");
    let kept = scene.members(group)[0];
    scene.join(other, kept);
    let connection = scene.stored_connection().await?;
    let id = RunId(Uuid::from_u128(286));
    let proposal = Proposal {
        id,
        scope: any_of(&[other]),
        rules: connection.rules,
        limits: connection.limits,
        revision: connection.revision,
        by: "ann".to_owned(),
        created_at: scene.now(),
    };
    scene.table.propose(scene.connection, &proposal).await?;
    scene.run(Job::Preview { preview: id, by: "ann".to_owned() }).await?;
    let run = scene.table.run(scene.connection, id).await?.unwrap();
    assert_eq!((run.mode, run.counts.tally.deactivated), (Mode::Preview, 59), "{run:?}");
    assert!(!run.reasons.is_empty(), "and says that it would be asked about first");
    let mut named = Vec::new();
    let mut request = PageRequest::first(50);
    loop {
        let page = scene.table.changes_page(scene.connection, id, &request).await?;
        named.extend(page.items.into_iter().filter_map(|change| match change {
            Change::User(change) if change.action == Action::Deactivated => Some(change.person.0),
            _ => None,
        }));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    named.sort_unstable();
    let expected: Vec<Uuid> = before.keys().copied().filter(|person| *person != kept).collect();
    assert_eq!(named, expected);
    scene.nobody_lost_anything_since(&before).await
}

/// To take somebody out of a group who had just been deleted was fatal.
#[tokio::test(start_paused = true)]
async fn ssosync_219_who_leaves_a_group_and_is_deleted_stops_nobody() -> Done {
    let scene = Scene::of_groups(219).await?;
    let root = scene.tenant.roots[0];
    let gone = scene.newcomer(root, "gone");
    scene.in_step_after_incremental().await?;
    scene.leave(root, gone);
    scene.delete(gone);
    let newcomer = scene.newcomer(root, "here");
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.last_run().await?.status, RunStatus::Succeeded);
    assert!(scene.has_access(newcomer).await?);
    assert_eq!(scene.left(gone).await?, Some(Leaving::Deleted));
    Ok(())
}

/// "Not found" to the question for somebody's groups is no list of groups: whoever is there keeps what they have.
#[tokio::test(start_paused = true)]
async fn ssosync_219_not_found_is_not_an_answer_about_groups() -> Done {
    let scene = Scene::of_groups(2190).await?;
    let small = scene.new_group("Small");
    scene.join(scene.tenant.roots[0], small);
    for number in 0..3 {
        scene.newcomer(small, &format!("small{number}"));
    }
    scene.in_step_after_incremental().await?;
    let before = scene.accounts().await?;
    let rule = |path: String, fault| entra::FaultRule {
        matcher: Matcher { path: Some(path), ..Matcher::default() },
        times: None,
        fault,
    };
    // A copy of the directory that knows neither the members nor the people, as Graph has them for minutes.
    scene.entra.set_faults(vec![
        rule(format!("/groups/{small}/members$"), Fault::ZeroRows),
        rule("checkMemberGroups$".to_owned(), status(404)),
    ])?;
    scene.full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!(scene.last_run().await?.counts.unproven, 3);
    scene.heal();
    scene.in_step_after_full().await?;
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// Accounts that had been made by hand could not be told from synced ones, and were deleted.
#[tokio::test(start_paused = true)]
async fn ssosync_179_accounts_that_were_there_before_are_never_touched() -> Done {
    let scene = Scene::of_groups(179).await?;
    let root = scene.tenant.roots[0];
    let admin = scene.new_person("admin");
    let existing = |name: &str, protected| Existing {
        id: ExistingId(name.to_owned()),
        employee_id: None,
        email: Some(format!("{name}@{}", scene.tenant.domain)),
        protected,
        decision: Decision::Open,
    };
    let by_hand = existing("by-hand", false);
    let linked = Existing { decision: Decision::Linked { person: PersonId(admin) }, ..existing("admin", true) };
    scene.table.note_existing(scene.connection, vec![by_hand.clone(), linked.clone()]).await?;
    scene.set_up(|connection| connection.rules.adoption.by = vec![MatchBy::UserPrincipalName]).await?;
    scene.join(root, admin);
    scene.in_step_after_full().await?;
    assert_eq!(scene.account(admin).await?.unwrap().linked, Some(linked.id.clone()));
    // The administrator's directory user goes, and so does everybody with the name of the account made by hand.
    scene.leave(root, admin);
    scene.delete(admin);
    scene.incremental().await?;
    scene.full().await?;
    assert!(scene.has_access(admin).await?, "the linked account is protected");
    let noted = scene.problems().await?;
    let problem = &noted.iter().find(|noted| noted.person == Some(PersonId(admin))).unwrap().problem;
    assert!(matches!(problem, Problem::Protected { .. }), "{noted:?}");
    let known = scene.table.existing(scene.connection).await?;
    assert!(known.contains(&by_hand) && known.contains(&linked));
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}
