//! A worker that dies is taken over: same end, no double account, nothing from the grave.

use std::time::Duration;

use entra::{Fault, FaultRule, Matcher, TenantOptions};
use rollcall_directory::scope::Scope;
use rollcall_store::{Connection, RunStatus};
use rollcall_sync::job::{Cause, Job, Message};
use simulation::World;
use tokio::time::{Instant, timeout};

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

const PLENTY: Duration = Duration::from_secs(300);

fn options(seed: u64) -> TenantOptions {
    TenantOptions { people: 2_200, groups: 16, seed, ..TenantOptions::default() }
}

/// Kills the worker while page `nth` is being read: the page hangs, and the future is dropped there.
/// Answers whether it was at work then.
async fn killed_at(nth: u64) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let world = World::start(options(nth), false).await?;
    let message = Message::new(world.connection, Job::Full { cause: Cause::Activation });
    world.entra.set_faults(vec![FaultRule {
        matcher: Matcher { nth: Some(nth), ..Matcher::default() },
        times: Some(1),
        fault: Fault::SlowHead { millis: 60_000 },
    }])?;
    let killed = timeout(Duration::from_millis(2_500), world.worker.work(&message, Instant::now() + PLENTY)).await;
    world.entra.set_faults(Vec::new())?;
    if killed.is_err() {
        // The lease of the dead is taken over, whoever comes: the same message again.
        world.worker.work(&message, Instant::now() + PLENTY).await?;
    }
    assert_eq!(world.differences().await?, Vec::<String>::new(), "killed at page {nth}");
    assert_eq!(world.runs().await?.len(), 1, "killed at page {nth}: one run, taken over");
    Ok(killed.is_err())
}

#[tokio::test(start_paused = true)]
async fn a_worker_killed_at_any_page_of_the_first_run_is_taken_over() -> Done {
    // All pages of the first run: token and anchors, groups and their members, the pages of people, counts.
    let pages = {
        let world = World::start(options(0), false).await?;
        world.entra.reset_metrics();
        world.full().await?;
        world.runs().await?.remove(0).requests
    };
    let all: Vec<u64> = (1..=pages).collect();
    let mut killed = 0;
    for some in all.chunks(24) {
        let at_work = futures::future::try_join_all(some.iter().map(|nth| killed_at(*nth))).await?;
        killed += at_work.into_iter().filter(|killed| *killed).count();
    }
    assert!(killed >= all.len() / 2, "{killed} of {} were killed at work", all.len());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_lost_its_lease_writes_nothing_more() -> Done {
    let world = World::start(options(99), false).await?;
    let message = Message::new(world.connection, Job::Full { cause: Cause::Activation });
    world.entra.set_faults(vec![FaultRule {
        matcher: Matcher { path: Some("/users$".to_owned()), ..Matcher::default() },
        times: Some(1),
        fault: Fault::SlowHead { millis: 3_000 },
    }])?;
    let revoked = async {
        tokio::time::sleep(Duration::from_millis(2_000)).await;
        world.table.revoke(world.connection).await
    };
    let (worked, revoked) = tokio::join!(world.worker.work(&message, Instant::now() + PLENTY), revoked);
    revoked?;
    assert!(worked.is_err(), "the worker noticed");
    assert_eq!(world.table.state(world.connection).await?.active, 0, "nothing was written after that");
    world.full().await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_begun_with_another_scope_is_given_up_for_one_with_the_new_scope() -> Done {
    let mut options = options(98);
    options.settings.page_delay_millis = 400;
    let world = World::start(options, false).await?;
    let message = Message::new(world.connection, Job::Full { cause: Cause::Activation });
    let killed = timeout(Duration::from_millis(2_500), world.worker.work(&message, Instant::now() + PLENTY)).await;
    assert!(killed.is_err(), "the run was at work");
    world.table.revoke(world.connection).await?;
    let before = world.stored_connection().await?;
    let revision = before.revision;
    let after = Connection { scope: Scope::everyone(), ..before };
    world.table.update_connection(&after, revision).await?;
    world.full().await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    let states: Vec<RunStatus> = world.runs().await?.into_iter().map(|run| run.status).collect();
    assert_eq!(states, [RunStatus::Succeeded, RunStatus::Cancelled]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_taken_up_when_what_it_read_has_expired_gives_way_to_another_one() -> Done {
    let mut options = options(97);
    options.settings.page_delay_millis = 400;
    let world = World::start(options, false).await?;
    let message = Message::new(world.connection, Job::Full { cause: Cause::Activation });
    let killed = timeout(Duration::from_millis(2_500), world.worker.work(&message, Instant::now() + PLENTY)).await;
    assert!(killed.is_err(), "the run was at work");
    // Nobody comes for two months, and the pieces of its checkpoint are not kept for so long.
    world.advance(Duration::from_secs(60 * 86_400));
    world.full().await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    let states: Vec<RunStatus> = world.runs().await?.into_iter().map(|run| run.status).collect();
    assert_eq!(states, [RunStatus::Succeeded, RunStatus::Failed]);
    Ok(())
}
