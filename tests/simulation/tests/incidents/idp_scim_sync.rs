//! slashdevops/idp-scim-sync.

use std::time::Duration;

use entra::directory::{Kind, NewObject};
use entra::{Fault, Matcher, TenantOptions};
use rollcall_directory::adoption::{Decision, Existing, ExistingId, Match, MatchBy};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::{PersonId, TenantId};
use rollcall_directory::rules::Leavers;
use rollcall_directory::user::Leaving;
use rollcall_store::{ConnectionStatus, Mode, PauseKind, RunStatus};
use simulation::stage::secret;
use uuid::Uuid;

use crate::scene::{Done, Failed, HOUR, Scene, slot};

async fn requests(people: u32, groups: u32) -> Result<u64, Failed> {
    let scene = Scene::of(TenantOptions { people, groups, seed: 520, ..TenantOptions::default() }, false).await?;
    let before = scene.network.requests();
    scene.in_step_after_full().await?;
    Ok(scene.network.requests() - before)
}

/// A hundred thousand calls became five hundred when groups were no longer multiplied with users.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_520_twice_as_many_of_both_cost_twice_as_much_at_most() -> Done {
    let (once, twice) = (requests(400, 40).await?, requests(800, 80).await?);
    assert!(twice <= 2 * once + 5, "{once} and {twice} requests");
    Ok(())
}

/// "Never delete, only add and change" was asked for as a mode.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_70_who_leaves_keeps_access_where_that_is_wanted() -> Done {
    let (scene, group) = Scene::of_one_group(300, 60, 70).await?;
    scene.set_up(|connection| connection.rules.leavers = Leavers::KeepAccess).await?;
    scene.in_step_after_full().await?;
    let before = scene.accounts().await?;
    for (number, person) in scene.members(group).into_iter().enumerate().take(40) {
        if number % 2 == 0 { scene.delete(person) } else { scene.leave(group, person) }
    }
    scene.incremental().await?;
    scene.full().await?;
    scene.nobody_lost_anything_since(&before).await?;
    assert_eq!((scene.holds().await?.len(), scene.deactivated().await?), (0, 0));
    Ok(())
}

/// Somebody was in the state and nowhere else, and every run ended there with a 404.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_104_somebody_gone_for_good_holds_up_nobody_and_is_gone_in_the_end() -> Done {
    let scene = Scene::of_groups(104).await?;
    let root = scene.tenant.roots[0];
    let gone = scene.people().await?[0];
    // Purged, and the change is never told: no delta row, no record of a deletion.
    scene.change(|directory, now| directory.purge(slot(directory, gone), now)).unwrap();
    scene.entra.reset_delta(scene.tenant.tenant_id);
    let newcomer = scene.newcomer(root, "first");
    scene.full().await?;
    assert_eq!(scene.last_run().await?.status, RunStatus::Succeeded);
    assert!(scene.has_access(newcomer).await?);
    assert!(scene.has_access(gone).await?, "not found once is no proof");
    scene.advance(HOUR);
    let second = scene.newcomer(root, "second");
    scene.in_step_after_full().await?;
    assert!(scene.has_access(second).await?);
    assert_eq!(scene.left(gone).await?, Some(Leaving::Deleted));
    Ok(())
}

/// The target was changed, and the state was still that of the old one.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_42_a_credential_of_another_tenant_takes_nothing_from_anybody() -> Done {
    for everyone in [false, true] {
        let scene = if everyone { Scene::of_everyone(200, 42).await? } else { Scene::of_groups(42).await? };
        let before = scene.accounts().await?;
        let other = scene.entra.add_tenant(&TenantOptions { people: 150, seed: 4242, ..TenantOptions::default() });
        scene.environment.secrets.update(scene.connection, &secret(&other)).await?;
        scene.worker.access.renewed(scene.connection).await?;
        scene.incremental().await?;
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        let (run, connection) = (scene.last_run().await?, scene.stored_connection().await?);
        let is_paused = matches!(&connection.status, ConnectionStatus::Paused { reason, .. } if reason.kind == PauseKind::GroupGone);
        assert!(is_paused || run.status == RunStatus::Held, "{run:?}, {connection:?}");
        // The right credential again.
        scene.environment.secrets.update(scene.connection, &secret(&scene.tenant)).await?;
        scene.worker.access.renewed(scene.connection).await?;
        scene.set_up(|connection| connection.status = ConnectionStatus::Active).await?;
        scene.full().await?;
        scene.nobody_lost_anything_since(&before).await?;
        assert_eq!(scene.worker.access.client(scene.connection).await?.0, TenantId(scene.tenant.tenant_id));
    }
    Ok(())
}

/// One member that was not what had been expected was fatal, and no state was written.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_83_members_that_are_no_people_stop_nothing() -> Done {
    let scene = Scene::of_groups(83).await?;
    let root = scene.tenant.roots[0];
    for (number, kind) in [Kind::Device, Kind::ServicePrincipal, Kind::OrgContact].into_iter().enumerate() {
        let id = Uuid::from_u128(0x83_0000 + number as u128);
        let values = vec![("displayName".to_owned(), Some("No person".to_owned()))];
        scene.change(|directory, now| directory.create(NewObject { kind, id, values }, now)).unwrap();
        scene.join(root, id);
    }
    let newcomer = scene.newcomer(root, "person");
    scene.in_step_after_incremental().await?;
    scene.in_step_after_full().await?;
    assert!(scene.has_access(newcomer).await?);
    assert_eq!(scene.deactivated().await?, 0);
    Ok(())
}

/// More than a hundred members in one request were refused.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_62_hundreds_who_join_at_once_are_all_let_in() -> Done {
    let mut options = TenantOptions { people: 900, groups: 12, seed: 62, ..TenantOptions::default() };
    options.settings.delta.members_per_row = 20;
    options.settings.delta.page_size = 7;
    let scene = Scene::of(options, false).await?;
    let group = scene.new_group("All at once");
    scene.join(scene.tenant.roots[0], group);
    scene.in_step_after_incremental().await?;
    for number in 0..450 {
        scene.newcomer(group, &format!("many{number}"));
    }
    scene.in_step_after_incremental().await?;
    let run = scene.last_run().await?;
    assert_eq!((run.mode, run.counts.tally.created), (Mode::Incremental, 450), "{run:?}");
    Ok(())
}

/// The first run met accounts that were there already, and ended with a 409.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_45_a_platform_that_is_not_empty_gets_no_second_accounts() -> Done {
    let scene = Scene::of_groups(45).await?;
    let (root, domain) = (scene.tenant.roots[0], scene.tenant.domain.clone());
    scene.set_up(|connection| connection.rules.adoption.by = vec![MatchBy::UserPrincipalName]).await?;
    let existing = Existing {
        id: ExistingId("4711".to_owned()),
        employee_id: None,
        email: Some(format!("OldHand@{domain}")),
        protected: false,
        decision: Decision::Open,
    };
    scene.table.note_existing(scene.connection, vec![existing.clone()]).await?;
    let person = scene.newcomer(root, "oldhand");
    let other = scene.newcomer(root, "newhand");
    scene.full().await?;
    assert_eq!(scene.last_run().await?.status, RunStatus::Succeeded);
    assert!(scene.account(person).await?.is_none(), "no second account is made");
    assert!(scene.has_access(other).await?, "and nobody else waits");
    let found = Match::Proposed { account: existing.id.clone(), by: MatchBy::UserPrincipalName };
    let problems = scene.problems().await?;
    assert!(problems.iter().any(|noted| noted.problem == Problem::Adoption { found: found.clone() }), "{problems:?}");
    let decision = Decision::Linked { person: PersonId(person) };
    scene.table.decide_existing(scene.connection, &existing.id, decision).await?;
    scene.in_step_after_full().await?;
    assert_eq!(scene.account(person).await?.unwrap().linked, Some(existing.id));
    assert_eq!(scene.problems().await?, []);
    Ok(())
}

/// Who was suspended at the source was made active at the target.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_40_who_is_disabled_gets_no_account_and_keeps_none() -> Done {
    let scene = Scene::of_groups(40).await?;
    let person = scene.newcomer(scene.tenant.roots[0], "suspended");
    scene.set(person, "accountEnabled", Some("false"));
    scene.in_step_after_full().await?;
    assert!(scene.account(person).await?.is_none());
    scene.set(person, "accountEnabled", Some("true"));
    scene.in_step_after_incremental().await?;
    assert!(scene.has_access(person).await?);
    scene.set(person, "accountEnabled", Some("false"));
    // Something else about them changes, too, which must not bring them back.
    scene.set(person, "city", Some("Ulm"));
    scene.in_step_after_incremental().await?;
    assert_eq!(scene.left(person).await?, Some(Leaving::Disabled));
    scene.in_step_after_full().await?;
    assert_eq!(scene.left(person).await?, Some(Leaving::Disabled));
    Ok(())
}

/// Entries that were there twice led to a sync of everything in every run.
#[tokio::test(start_paused = true)]
async fn idp_scim_sync_v0_44_rows_that_come_twice_are_no_change() -> Done {
    let scene = Scene::of_groups(44).await?;
    let every = Matcher { path: Some("/(users|members|delta)$".to_owned()), ..Matcher::default() };
    scene.spoil_some(every, Fault::DuplicateRows);
    for _ in 0..2 {
        scene.advance(Duration::from_secs(600));
        scene.in_step_after_full().await?;
        let run = scene.last_run().await?;
        assert!(run.counts.tally.is_empty(), "{run:?}");
    }
    assert!(scene.spoiled() > 0);
    Ok(())
}
