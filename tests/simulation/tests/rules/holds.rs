//! Removals that wait for a decision, while the directory goes on changing and is followed by changes alone.

use std::collections::BTreeSet;

use rollcall_directory::guard::PlanHash;
use rollcall_directory::identity::PersonId;
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::scope::Scope;
use rollcall_directory::user::Leaving;
use rollcall_store::{Decision, Hold, HoldStatus, PageRequest, RunStatus};
use rollcall_sync::job::Job;
use uuid::Uuid;

use crate::people::{Done, Failed, Office, groups, set};

/// Twenty people in "Staff", all of them synced.
async fn crowd() -> Result<(Office, Vec<Uuid>), Failed> {
    let office = Office::open().await?;
    let people = (0..20).map(|number| office.employ(number, &format!("Person{number}"))).collect();
    office.full().await?;
    Ok((office, people))
}

fn leave(office: &Office, people: &[Uuid]) {
    people.iter().for_each(|person| office.leave(office.staff, *person));
}

async fn holds(office: &Office) -> Result<Vec<Hold>, Failed> {
    Ok(office.world.table.holds_page(office.world.connection, &PageRequest::first(50)).await?.items)
}

/// The one hold that waits, and its list, whose hash is the hold's.
async fn waiting(office: &Office) -> Result<(Hold, BTreeSet<Removal>), Failed> {
    let mut open: Vec<Hold> = holds(office).await?.into_iter().filter(|hold| hold.status == HoldStatus::Open).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    let hold = open.remove(0);
    let removals = office.world.table.hold_removals(office.world.connection, hold.id).await?;
    assert_eq!(PlanHash::of(&removals).to_string(), hold.hash);
    Ok((hold, removals))
}

fn out_of_scope(people: &[Uuid]) -> BTreeSet<Removal> {
    let removal = |person: &Uuid| Removal { person: PersonId(*person), loss: Loss::Account(Leaving::OutOfScope) };
    people.iter().map(removal).collect()
}

async fn decide(office: &Office, hold: &Hold, decision: Decision) -> Done {
    let (world, now) = (&office.world, (office.world.worker.clock)());
    world.table.decide_hold(world.connection, hold.id, decision, "ann", now).await?;
    Ok(())
}

async fn approve(office: &Office, hold: &Hold) -> Done {
    decide(office, hold, Decision::Approved).await?;
    office.world.run(Job::ApplyHold { hold: hold.id, by: "ann".to_owned() }).await?;
    Ok(())
}

async fn sync_one(office: &Office, person: Uuid) -> Done {
    office.world.run(Job::Person { person: PersonId(person), by: "ann".to_owned() }).await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_a_later_round_holds_is_added_to_what_waits_and_approved_together() -> Done {
    let (office, people) = crowd().await?;
    leave(&office, &people[..8]);
    office.incremental().await?;
    let (first, listed) = waiting(&office).await?;
    assert_eq!(listed, out_of_scope(&people[..8]));
    leave(&office, &people[8..15]);
    office.incremental().await?;
    let (second, listed) = waiting(&office).await?;
    assert_eq!(listed, out_of_scope(&people[..15]), "nothing that was listed is forgotten");
    assert_ne!(first.hash, second.hash);
    assert!(!second.reasons.is_empty());
    assert_eq!(office.active().await?, set(&people));
    assert_eq!(
        office.world.table.hold(office.world.connection, first.id).await?.unwrap().status,
        HoldStatus::Superseded
    );
    approve(&office, &second).await?;
    assert_eq!(office.active().await?, set(&people[15..]), "exactly what was listed");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn somebody_who_is_back_is_taken_off_the_list_by_the_next_round() -> Done {
    let (office, people) = crowd().await?;
    leave(&office, &people[..8]);
    office.incremental().await?;
    office.join(office.staff, people[0]);
    office.incremental().await?;
    assert_eq!(waiting(&office).await?.1, out_of_scope(&people[1..8]));
    people[1..8].iter().for_each(|person| office.join(office.staff, *person));
    office.incremental().await?;
    assert_eq!(holds(&office).await?[0].status, HoldStatus::Closed, "all of them are back");
    assert_eq!(office.active().await?, set(&people));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn nobody_loses_one_by_one_what_waits_for_a_decision() -> Done {
    let (office, people) = crowd().await?;
    let extra = office.group(1, "Extra");
    office.settings(|connection| connection.scope = Scope::any_of(groups(&[office.staff, extra]))).await?;
    people.iter().for_each(|person| office.join(extra, *person));
    office.full().await?;
    leave(&office, &people[..8]);
    people[8..16].iter().for_each(|person| office.leave(extra, *person));
    people[8..16].iter().for_each(|person| office.leave(office.staff, *person));
    office.incremental().await?;
    let listed = waiting(&office).await?.1;
    assert_eq!(listed.len(), 16);
    for (number, person) in people[..16].iter().enumerate() {
        office.set(*person, "officeLocation", Some(&format!("Room {number}")));
        office.incremental().await?;
        assert_eq!(waiting(&office).await?.1, listed, "still as it was listed");
        sync_one(&office, *person).await?;
        assert_eq!(office.world.runs().await?[0].status, RunStatus::Held);
        assert_eq!(waiting(&office).await?.1, listed);
    }
    assert_eq!(office.active().await?, set(&people));
    assert_eq!(office.account(people[0]).await?.teams, [office.staff, extra].into());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_single_leaver_goes_while_others_wait() -> Done {
    let (office, people) = crowd().await?;
    leave(&office, &people[..8]);
    office.incremental().await?;
    let listed = waiting(&office).await?.1;
    leave(&office, &people[19..]);
    office.set(people[0], "officeLocation", Some("Room 7"));
    office.incremental().await?;
    let run = office.world.runs().await?.remove(0);
    // It met somebody who waits, too. But a run that is called held has taken nothing.
    assert_eq!((run.status, run.counts.held), (RunStatus::Succeeded, 1), "{run:?}");
    assert_eq!(office.active().await?, set(&people[..19]));
    assert_eq!(waiting(&office).await?.1, listed);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_emptied_group_that_is_told_of_again_stays_held() -> Done {
    let (office, people) = crowd().await?;
    leave(&office, &people);
    office.incremental().await?;
    let listed = waiting(&office).await?.1;
    // Out and in and out again: the same rows once more.
    people.iter().for_each(|person| office.join(office.staff, *person));
    leave(&office, &people);
    office.incremental().await?;
    assert_eq!(waiting(&office).await?.1, listed);
    let stored = office.world.table.groups(office.world.connection).await?;
    assert_eq!(stored[&rollcall_directory::identity::GroupId(office.staff)].members, 20, "the size before");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_an_approved_list_that_was_not_applied_waits_for_another_decision() -> Done {
    let (office, people) = crowd().await?;
    leave(&office, &people[..8]);
    office.incremental().await?;
    let (hold, _) = waiting(&office).await?;
    office.join(office.staff, people[0]);
    approve(&office, &hold).await?;
    assert_eq!(office.active().await?, set(&people), "all of it or nothing");
    assert_eq!(office.world.runs().await?[0].status, RunStatus::Held);
    let (rest, listed) = waiting(&office).await?;
    assert_eq!(listed, out_of_scope(&people[1..8]));
    approve(&office, &rest).await?;
    assert_eq!(office.active().await?, set(&[&people[..1], &people[8..]].concat()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_list_that_was_rejected_stays_rejected() -> Done {
    let (office, people) = crowd().await?;
    for some in [&people[..6], &people[6..12]] {
        leave(&office, some);
        office.full().await?;
        let (hold, listed) = waiting(&office).await?;
        assert_eq!(listed, out_of_scope(some));
        decide(&office, &hold, Decision::Rejected).await?;
    }
    for _ in 0..2 {
        office.full().await?;
        assert_eq!(office.active().await?, set(&people));
        let status: Vec<HoldStatus> = holds(&office).await?.iter().map(|hold| hold.status).collect();
        assert_eq!(status, [HoldStatus::Rejected; 2]);
    }
    Ok(())
}
