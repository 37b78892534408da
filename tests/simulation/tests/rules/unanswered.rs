//! A record that Graph can't read holds up nobody else.

use std::collections::BTreeSet;
use std::time::Duration;

use entra::{Fault, FaultRule, Matcher};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_store::{Decision, HoldStatus, NotedProblem, PageRequest, RunStatus};
use rollcall_sync::job::{Cause, Job};
use uuid::Uuid;

use crate::people::{Done, Failed, Office, set};

/// Longer than somebody is left alone about whom Graph gives no answer.
const LATER: Duration = Duration::from_secs(11 * 60);

/// From now on Graph fails whenever it is asked about one of these people.
fn break_records(office: &Office, people: &[Uuid]) {
    let fault = Fault::Status { status: 500, retry_after: None, code: None, message: None, nested: false };
    let rule = |person: &Uuid| {
        let path = format!("/(users|deletedItems)/{person}");
        let matcher = Matcher { path: Some(path), in_batch: Some(true), ..Matcher::default() };
        FaultRule { matcher, times: None, fault: fault.clone() }
    };
    office.world.entra.set_faults(people.iter().map(rule).collect()).unwrap();
}

fn heal(office: &Office) {
    office.world.entra.set_faults(Vec::new()).unwrap();
    office.world.advance(LATER);
}

async fn unanswered(office: &Office) -> Result<Vec<NotedProblem>, Failed> {
    Ok(office.problems().await?.into_iter().filter(|noted| noted.problem == Problem::Unanswered).collect())
}

async fn only(office: &Office, person: Uuid, name: &str) -> Done {
    let noted = unanswered(office).await?;
    let told: Vec<(Option<PersonId>, &str)> = noted.iter().map(|noted| (noted.person, noted.label.as_str())).collect();
    assert_eq!(told, [(Some(PersonId(person)), name)]);
    Ok(())
}

/// Approves the list that waits.
async fn approve(office: &Office) -> Done {
    let world = &office.world;
    let holds = world.table.holds_page(world.connection, &PageRequest::first(9)).await?.items;
    let open = holds.iter().find(|hold| hold.status == HoldStatus::Open).ok_or("nothing waits")?;
    world.table.decide_hold(world.connection, open.id, Decision::Approved, "ann", (world.worker.clock)()).await?;
    world.run(Job::ApplyHold { hold: open.id, by: "ann".to_owned() }).await?;
    Ok(())
}

fn spoiled(office: &Office) -> u64 {
    office.world.entra.fault_report().into_iter().map(|(_, _, injected)| injected).sum()
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_whose_record_is_broken_is_named_and_comes_in_once_it_is_mended() -> Done {
    let office = Office::open().await?;
    let eve = office.employ(1, "Eve");
    break_records(&office, &[eve]);
    let before = office.world.table.state(office.world.connection).await?;
    office.world.advance(LATER);
    let bob = office.employ(2, "Bob");
    office.incremental().await?;
    assert_eq!(office.world.runs().await?[0].status, RunStatus::Succeeded);
    assert_eq!(office.active().await?, set(&[bob]));
    only(&office, eve, &eve.to_string()).await?;
    let after = office.world.table.state(office.world.connection).await?;
    assert_ne!(before.cursor, after.cursor, "the cursor has moved on");
    assert_eq!(after.trouble, None);
    // Graph fails slowly: she is left alone for a while, so that nobody waits for that.
    let asked = spoiled(&office);
    let cid = office.employ(3, "Cid");
    office.incremental().await?;
    assert_eq!((office.active().await?, spoiled(&office)), (set(&[bob, cid]), asked));
    office.world.advance(LATER);
    office.incremental().await?;
    assert!(spoiled(&office) > asked, "then she is asked about again");
    only(&office, eve, &eve.to_string()).await?;
    heal(&office);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[bob, cid, eve]));
    assert_eq!(unanswered(&office).await?, []);
    assert_eq!(office.world.table.state(office.world.connection).await?.unanswered.len(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn from_somebody_whose_record_is_broken_nothing_is_taken() -> Done {
    for full in [false, true] {
        let office = Office::open().await?;
        let people: Vec<Uuid> =
            ["Eve", "Bob", "Cid"].iter().zip(1..).map(|(name, id)| office.employ(id, name)).collect();
        office.full().await?;
        break_records(&office, &people[..1]);
        people[..2].iter().for_each(|person| office.leave(office.staff, *person));
        if full {
            office.full().await?
        } else {
            office.incremental().await?
        }
        assert_eq!(office.world.runs().await?[0].status, RunStatus::Succeeded);
        assert_eq!(office.active().await?, set(&[people[0], people[2]]), "she stays, and the other leaver has left");
        only(&office, people[0], "Eve Lee").await?;
        heal(&office);
        office.incremental().await?;
        assert_eq!(office.active().await?, set(&people[2..]));
        assert_eq!(unanswered(&office).await?, []);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn where_each_is_asked_about_a_broken_record_does_not_stop_a_full_run() -> Done {
    // So few of so many that the list of all users is not read.
    let office = Office::open_among(2_100).await?;
    let people: Vec<Uuid> = (0..20).map(|number| office.employ(number, &format!("Person{number}"))).collect();
    office.full().await?;
    break_records(&office, &people[..1]);
    office.leave(office.staff, people[1]);
    let newcomer = office.employ(30, "Newcomer");
    office.full().await?;
    let expected: BTreeSet<Uuid> =
        people.iter().copied().filter(|person| *person != people[1]).chain([newcomer]).collect();
    assert_eq!(office.active().await?, expected);
    only(&office, people[0], "Person0 Lee").await?;
    heal(&office);
    office.full().await?;
    assert_eq!(unanswered(&office).await?, []);
    assert_eq!(office.world.table.state(office.world.connection).await?.unanswered.len(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_broken_record_does_not_keep_a_list_from_being_approved() -> Done {
    let office = Office::open().await?;
    let people: Vec<Uuid> = (0..12).map(|number| office.employ(number, &format!("Person{number}"))).collect();
    office.full().await?;
    people[..8].iter().for_each(|person| office.leave(office.staff, *person));
    office.incremental().await?;
    break_records(&office, &people[..1]);
    approve(&office).await?;
    approve(&office).await?;
    assert_eq!(office.active().await?, set(&[&people[..1], &people[8..]].concat()));
    only(&office, people[0], "Person0 Lee").await?;
    heal(&office);
    office.incremental().await?;
    assert_eq!(unanswered(&office).await?, []);
    // Seven have gone within the day: she is one too many to go without a decision.
    approve(&office).await?;
    assert_eq!(office.active().await?, set(&people[8..]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn when_graph_fails_for_most_that_is_no_matter_of_these_people() -> Done {
    let office = Office::open().await?;
    let people: Vec<Uuid> = (0..25).map(|number| office.employ(number, &format!("Person{number}"))).collect();
    break_records(&office, &people);
    office.world.run(Job::Incremental { cause: Cause::Poll }).await?;
    let run = office.world.runs().await?.remove(0);
    assert!(matches!(run.status, RunStatus::Waiting { .. }), "{run:?}");
    assert_eq!(unanswered(&office).await?, []);
    heal(&office);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&people));
    Ok(())
}
