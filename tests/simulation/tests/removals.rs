//! Nobody loses access who should keep it; whoever should lose it does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics is a test that fails")]

use std::time::Duration;

use entra::directory::{Kind, Slot};
use entra::{Fault, FaultRule, Matcher, TenantOptions};
use rollcall_directory::identity::PersonId;
use rollcall_store::{ConnectionStatus, Decision, Hold, HoldStatus, PageRequest, PauseKind, RunStatus};
use rollcall_sync::job::Job;
use simulation::World;
use uuid::Uuid;

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn world(seed: u64) -> Result<World, Box<dyn std::error::Error + Send + Sync>> {
    let world =
        World::start(TenantOptions { people: 600, groups: 24, seed, ..TenantOptions::default() }, false).await?;
    world.full().await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    Ok(world)
}

fn rule(path: &str, fault: Fault) -> FaultRule {
    FaultRule { matcher: Matcher { path: Some(path.to_owned()), ..Matcher::default() }, times: None, fault }
}

fn status(status: u16) -> Fault {
    Fault::Status { status, retry_after: None, code: None, message: None, nested: false }
}

/// Empties a scope group by mistake: everybody and every group directly in it is taken out.
fn empty_root(world: &World, index: usize) -> Uuid {
    let root = world.tenant.roots[index];
    world.entra.change(world.tenant.tenant_id, |directory, now| {
        let slot = directory.find(root).unwrap();
        for member in directory.object(slot).unwrap().members().to_vec() {
            directory.remove_member(slot, member, now).unwrap();
        }
    });
    root
}

fn one_person_in_scope(world: &World) -> (Slot, Uuid) {
    let root = world.tenant.roots[0];
    world
        .entra
        .read(world.tenant.tenant_id, |directory| {
            let slot = directory.find(root).unwrap();
            let people = directory.present().transitive_members(slot);
            let person = people
                .into_iter()
                .find(|slot| {
                    directory.object(*slot).is_some_and(|object| object.kind == Kind::User)
                        && directory.text(*slot, "accountEnabled") == Some("true")
                })
                .unwrap();
            (person, directory.object(person).unwrap().id)
        })
        .unwrap()
}

async fn holds(world: &World) -> Result<Vec<Hold>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(world.table.holds_page(world.connection, &PageRequest::first(20)).await?.items)
}

async fn active(world: &World) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    Ok(world.table.state(world.connection).await?.active)
}

#[tokio::test(start_paused = true)]
async fn an_emptied_scope_group_is_held_and_after_approval_exactly_that_is_applied() -> Done {
    let world = world(1).await?;
    let before = active(&world).await?;
    empty_root(&world, 0);
    world.full().await?;
    assert_eq!(active(&world).await?, before, "nobody has lost access");
    let open = holds(&world).await?.remove(0);
    assert_eq!(open.status, HoldStatus::Open);
    world.full().await?;
    assert_eq!(holds(&world).await?.len(), 1, "the same removals are one hold");
    world.table.decide_hold(world.connection, open.id, Decision::Approved, "ann", (world.worker.clock)()).await?;
    world.run(Job::ApplyHold { hold: open.id, by: "ann".to_owned() }).await?;
    assert_eq!(holds(&world).await?.remove(0).status, HoldStatus::Applied);
    assert_eq!(world.differences().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_was_rejected_stays_and_holds_up_nobody_else() -> Done {
    let world = world(2).await?;
    empty_root(&world, 1);
    world.full().await?;
    let open = holds(&world).await?.remove(0);
    world.table.decide_hold(world.connection, open.id, Decision::Rejected, "ann", (world.worker.clock)()).await?;
    let before = active(&world).await?;
    let (person, id) = one_person_in_scope(&world);
    world.entra.change(world.tenant.tenant_id, |directory, now| directory.delete(person, now));
    world.full().await?;
    assert_eq!(active(&world).await?, before - 1, "the leaver has left, and only the leaver");
    assert_eq!(holds(&world).await?.len(), 1, "what was rejected is not asked again");
    let gone = world
        .table
        .users_by_person(world.connection, world.worker.access.client(world.connection).await?.0, &[PersonId(id)])
        .await?;
    assert!(gone.values().all(|user| !user.status.is_active()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_mistake_that_the_directory_undoes_closes_the_hold_by_itself() -> Done {
    let world = world(3).await?;
    let root = world.tenant.roots[0];
    let members = world.entra.read(world.tenant.tenant_id, |directory| {
        directory.object(directory.find(root).unwrap()).unwrap().members().to_vec()
    });
    empty_root(&world, 0);
    world.full().await?;
    assert_eq!(holds(&world).await?.remove(0).status, HoldStatus::Open);
    world.entra.change(world.tenant.tenant_id, |directory, now| {
        let slot = directory.find(root).unwrap();
        for member in members.unwrap() {
            directory.add_member(slot, member, now).unwrap();
        }
    });
    world.full().await?;
    assert_eq!(holds(&world).await?.remove(0).status, HoldStatus::Closed);
    assert_eq!(world.differences().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_approved_hold_is_not_applied_when_one_of_its_people_is_back() -> Done {
    let world = world(4).await?;
    let root = world.tenant.roots[0];
    let (person, _) = one_person_in_scope(&world);
    empty_root(&world, 0);
    world.full().await?;
    let open = holds(&world).await?.remove(0);
    let before = active(&world).await?;
    world.entra.change(world.tenant.tenant_id, |directory, now| {
        directory.add_member(directory.find(root).unwrap(), person, now)
    });
    world.table.decide_hold(world.connection, open.id, Decision::Approved, "ann", (world.worker.clock)()).await?;
    world.run(Job::ApplyHold { hold: open.id, by: "ann".to_owned() }).await?;
    assert_eq!(active(&world).await?, before, "all of it or nothing");
    let status: Vec<HoldStatus> = holds(&world).await?.iter().map(|hold| hold.status).collect();
    assert_eq!(status, [HoldStatus::Open, HoldStatus::Superseded], "what is left of it is listed anew");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failing_page_takes_nothing_from_anybody() -> Done {
    let world = world(5).await?;
    let before = active(&world).await?;
    for fault in [status(503), Fault::ErrorWith200, Fault::Html { status: 200 }, Fault::TruncatedJson, Fault::EmptyBody]
    {
        let (person, _) = one_person_in_scope(&world);
        world.entra.set_faults(vec![rule("/members$", fault.clone())])?;
        world.entra.change(world.tenant.tenant_id, |directory, now| directory.delete(person, now));
        world.full().await?;
        assert_eq!(active(&world).await?, before, "{fault:?}");
        let run = world.runs().await?.remove(0);
        assert!(!matches!(run.status, RunStatus::Succeeded), "{fault:?}: {run:?}");
        world.entra.set_faults(Vec::new())?;
        world.entra.change(world.tenant.tenant_id, |directory, now| directory.restore(person, None, now));
        world.advance(Duration::from_secs(3_600));
        world.full().await?;
        assert_eq!(world.differences().await?, Vec::<String>::new(), "{fault:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn not_found_alone_deactivates_nobody() -> Done {
    let world = world(6).await?;
    let (_, id) = one_person_in_scope(&world);
    let before = active(&world).await?;
    // The person is missing from every answer, as on a replica that lags, but was never deleted.
    world.entra.set_faults(vec![
        rule(&format!("/users/{id}"), status(404)),
        rule(&format!("/deletedItems/{id}"), status(404)),
    ])?;
    world.entra.change(world.tenant.tenant_id, |directory, now| {
        let slot = directory.find(id).unwrap();
        directory.set(slot, &[("accountEnabled".to_owned(), Some("false".to_owned()))], now)
    });
    world.incremental().await?;
    assert_eq!(active(&world).await?, before);
    world.entra.set_faults(Vec::new())?;
    world.incremental().await?;
    assert_eq!(active(&world).await?, before - 1, "asked again, and then the answer was clear");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_deleted_scope_group_pauses_the_connection_and_the_owners_are_told_once() -> Done {
    let world = world(7).await?;
    let before = active(&world).await?;
    let root = world.tenant.roots[0];
    world.entra.change(world.tenant.tenant_id, |directory, now| directory.delete(directory.find(root).unwrap(), now));
    world.incremental().await?;
    world.full().await?;
    world.full().await?;
    assert_eq!(active(&world).await?, before);
    let connection = world.stored_connection().await?;
    assert!(
        matches!(&connection.status, ConnectionStatus::Paused { reason, .. } if reason.kind == PauseKind::GroupGone),
        "{connection:?}"
    );
    assert_eq!(world.letters().len(), 1);
    assert!(world.letters()[0].body.contains(&root.to_string()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_pauses_the_connection() -> Done {
    let world = world(8).await?;
    world.entra.set_faults(vec![FaultRule {
        matcher: Matcher { plane: entra::Plane::Any, ..Matcher::default() },
        times: None,
        fault: Fault::Aadsts { number: 7_000_222 },
    }])?;
    world.worker.access.renewed(world.connection).await?;
    let before = active(&world).await?;
    world.full().await?;
    assert_eq!(active(&world).await?, before);
    let connection = world.stored_connection().await?;
    assert!(
        matches!(&connection.status, ConnectionStatus::Paused { reason, .. } if reason.kind == PauseKind::Credential),
        "{connection:?}"
    );
    assert_eq!(world.letters().len(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_expired_delta_link_leads_to_a_full_run() -> Done {
    let world = world(9).await?;
    world.entra.change(world.tenant.tenant_id, |directory, now| {
        simulation::history::History::new(9).change(directory, now);
    });
    world.advance(Duration::from_secs(8 * 86_400));
    world.incremental().await?;
    assert_eq!(world.runs().await?.remove(0).mode, rollcall_store::Mode::Full);
    assert_eq!(world.differences().await?, Vec::<String>::new());
    Ok(())
}
