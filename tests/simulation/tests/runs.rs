//! Full and incremental runs end where the directory says.

use std::time::Duration;

use entra::{Fault, FaultRule, Matcher, TenantOptions};
use rollcall_directory::identity::PersonId;
use rollcall_store::{Mode, RunStatus};
use rollcall_sync::job::{Cause, Job, Message};
use simulation::World;
use simulation::history::History;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn tenant(people: u32, seed: u64) -> TenantOptions {
    TenantOptions { people, groups: 30, seed, ..TenantOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn a_first_run_brings_everybody_in_scope() -> Done {
    let world = World::start(tenant(1_500, 1), false).await?;
    world.full().await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    let run = world.runs().await?.remove(0);
    assert_eq!(run.status, RunStatus::Succeeded, "{run:?}");
    assert!(run.counts.tally.created > 100, "{run:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_first_run_over_everyone_brings_everyone() -> Done {
    let world = World::start(tenant(2_500, 2), true).await?;
    world.full().await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_day_writes_no_account() -> Done {
    let world = World::start(tenant(1_500, 3), false).await?;
    world.full().await?;
    world.full().await?;
    let run = world.runs().await?.remove(0);
    assert!(run.counts.tally.is_empty(), "{run:?}");
    assert!(run.counts.unchanged > 100, "{run:?}");
    Ok(())
}

/// Small changes, one by one and in rounds, by delta only, end where a full run would.
async fn changes_arrive(seed: u64, everyone: bool) -> Done {
    let world = World::start(tenant(400, seed), everyone).await?;
    world.full().await?;
    let mut history = History::new(seed);
    for round in 0..12 {
        let changes = if round % 3 == 0 { 1 } else { 6 };
        world.entra.change(world.tenant.tenant_id, |directory, now| {
            for _ in 0..changes {
                history.change(directory, now);
            }
            if round % 4 == 3 {
                history.nest(directory, now);
            }
        });
        world.incremental().await?;
        let held = world.runs().await?.first().is_some_and(|run| run.status == RunStatus::Held);
        if !held {
            assert_eq!(world.differences().await?, Vec::<String>::new(), "seed {seed}, round {round}");
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn changes_of_groups_and_people_arrive_by_delta() -> Done {
    for seed in 10..14 {
        changes_arrive(seed, false).await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn changes_of_people_arrive_by_delta_where_everyone_is_in() -> Done {
    for seed in 20..22 {
        changes_arrive(seed, true).await?;
    }
    Ok(())
}

/// Does jobs as the queue gives them, and answers how many invocations that took. Fails when there is no end to them.
async fn invocations(world: &World, job: Job) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    let mut next = Some(Message::new(world.connection, job));
    let mut count = 0;
    while let Some(message) = next {
        count += 1;
        assert!(count < 10, "the run hands itself on without rest");
        world.worker.work(&message, Instant::now() + Duration::from_secs(300)).await?;
        next = world.queue.take();
    }
    Ok(count)
}

#[tokio::test(start_paused = true)]
async fn while_graph_lets_nobody_in_a_run_rests_and_the_poll_goes_on_from_where_it_was() -> Done {
    for (full, pause) in [(true, 200), (true, 20), (false, 200), (false, 20)] {
        let mut options = tenant(3_000, 5);
        options.settings.page_delay_millis = 60;
        let world = World::start(options, false).await?;
        world.full().await?;
        let mut history = History::new(5);
        world.entra.change(world.tenant.tenant_id, |directory, now| history.change(directory, now));
        let fault = Fault::Status {
            status: 429,
            retry_after: Some(pause.to_string()),
            code: None,
            message: None,
            nested: false,
        };
        // Nobody is let in any more once the run has begun.
        let matcher = Matcher { skip: if full { 8 } else { 0 }, ..Matcher::default() };
        world.entra.set_faults(vec![FaultRule { matcher, times: None, fault }])?;
        let before = world.table.state(world.connection).await?.active;
        let job = if full { Job::Full { cause: Cause::Schedule } } else { Job::Incremental { cause: Cause::Poll } };
        assert!(invocations(&world, job).await? <= 4);
        let run = world.runs().await?.remove(0);
        assert!(matches!(run.status, RunStatus::Waiting { .. }), "{run:?}");
        assert_eq!(run.error.as_ref().map(|error| error.kind.as_str()), Some("throttled"));
        for _ in 0..24 {
            world.advance(Duration::from_secs(300));
            assert!(invocations(&world, Job::Incremental { cause: Cause::Poll }).await? <= 2);
            let now = world.runs().await?.remove(0);
            assert_eq!((now.id, world.table.state(world.connection).await?.active), (run.id, before));
            assert!(matches!(now.status, RunStatus::Waiting { .. }), "{now:?}");
        }
        world.entra.set_faults(Vec::new())?;
        world.advance(Duration::from_secs(600));
        invocations(&world, Job::Incremental { cause: Cause::Poll }).await?;
        let runs = world.runs().await?;
        let done = runs.iter().find(|known| known.id == run.id).ok_or("the run is gone")?;
        assert_eq!(done.status, RunStatus::Succeeded, "{done:?}");
        assert_eq!(world.differences().await?, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_while_another_run_is_unfinished_is_done_after_it() -> Done {
    let world = World::start(tenant(300, 6), false).await?;
    world.full().await?;
    let mut history = History::new(6);
    world.entra.change(world.tenant.tenant_id, |directory, now| history.change(directory, now));
    let fault =
        Fault::Status { status: 429, retry_after: Some("300".to_owned()), code: None, message: None, nested: false };
    world.entra.set_faults(vec![FaultRule { matcher: Matcher::default(), times: None, fault }])?;
    world.incremental().await?;
    assert!(matches!(world.runs().await?.remove(0).status, RunStatus::Waiting { .. }));
    let person = PersonId(Uuid::from_u128(1));
    let jobs = [Job::Full { cause: Cause::Schedule }, Job::Person { person, by: "ann".to_owned() }];
    for job in jobs.iter().chain(&jobs) {
        assert_eq!(invocations(&world, job.clone()).await?, 1);
    }
    world.entra.set_faults(Vec::new())?;
    sleep(Duration::from_secs(1_200)).await;
    world.incremental().await?;
    let mut done: Vec<(Mode, RunStatus)> = world.runs().await?.into_iter().map(|run| (run.mode, run.status)).collect();
    done.reverse();
    let modes = [Mode::Full, Mode::Incremental, Mode::Full, Mode::Person(person)];
    assert_eq!(done, modes.map(|mode| (mode, RunStatus::Succeeded)), "each of them once");
    assert_eq!(world.table.state(world.connection).await?.deferred, Vec::<String>::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn pages_that_lead_back_to_themselves_end_a_run_and_not_its_time() -> Done {
    for path in ["/users$", "/members$", "/delta$"] {
        let world = World::start(tenant(300, 7), false).await?;
        world.full().await?;
        let mut history = History::new(7);
        world.entra.change(world.tenant.tenant_id, |directory, now| history.change(directory, now));
        let before = world.table.state(world.connection).await?.active;
        let matcher = Matcher { path: Some(path.to_owned()), ..Matcher::default() };
        world.entra.set_faults(vec![FaultRule { matcher, times: None, fault: Fault::LinkToSelf }])?;
        world.entra.reset_metrics();
        invocations(&world, Job::Full { cause: Cause::Schedule }).await?;
        assert!(world.table.state(world.connection).await?.active >= before, "{path}");
        invocations(&world, Job::Incremental { cause: Cause::Poll }).await?;
        let asked: u64 = world.entra.counts().requests.values().sum();
        assert!(asked < 600, "{asked} requests where {path} goes round in a circle");
        let spoiled: u64 = world.entra.fault_report().into_iter().map(|(_, _, injected)| injected).sum();
        assert!(spoiled > 0, "{path} was not asked for");
        world.entra.set_faults(Vec::new())?;
        sleep(Duration::from_secs(1_200)).await;
        world.full().await?;
        assert_eq!(world.differences().await?, Vec::<String>::new(), "{path}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_first_run_in_many_slices_ends_where_one_in_one_does() -> Done {
    let mut options = tenant(3_000, 4);
    options.settings.page_delay_millis = 60;
    let world = World::start(options, false).await?;
    // Ten seconds are kept for saving, so that each slice has a good half second of work.
    world.run_in_slices(Job::Full { cause: Cause::Activation }, Duration::from_millis(10_600)).await?;
    assert_eq!(world.differences().await?, Vec::<String>::new());
    assert_eq!(world.runs().await?.len(), 1);
    Ok(())
}
