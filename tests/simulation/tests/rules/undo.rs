//! A run is taken back: accounts, memberships, managers and attributes exactly as they were.

use rollcall_directory::identity::RunId;
use rollcall_directory::rules::ManagerTeams;
use rollcall_store::{RunStatus, StoredUser};
use rollcall_sync::job::Job;
use uuid::Uuid;

use crate::people::{Done, Failed, Office};

async fn accounts(office: &Office) -> Result<Vec<StoredUser>, Failed> {
    let request = rollcall_store::PageRequest::first(500);
    let page = office.world.table.users_page(office.world.connection, &request, None).await?;
    let mut accounts = page.items;
    accounts.sort_by_key(|stored| stored.user.person);
    Ok(accounts)
}

/// What anybody sees of all accounts.
async fn seen(office: &Office) -> Result<Vec<String>, Failed> {
    let plain = |stored: StoredUser| {
        let mut user = stored.user;
        // Bookkeeping, which follows the directory.
        user.groups.clear();
        format!("{user:?}")
    };
    Ok(accounts(office).await?.into_iter().map(plain).collect())
}

#[tokio::test(start_paused = true)]
async fn everything_that_a_run_did_is_taken_back_as_the_preview_says() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules.teams.managers = Some(ManagerTeams::default())).await?;
    let people: Vec<Uuid> = (1..=40).map(|number| office.employ(number, &format!("Name{number}"))).collect();
    office.manage(people[0], Some(people[9]));
    office.manage(people[1], Some(people[9]));
    office.set(people[2], "department", Some("Sales"));
    office.full().await?;
    let (before, teams) = (seen(&office).await?, office.teams().await?);
    // One run with a bit of everything.
    office.set(people[0], "accountEnabled", Some("false"));
    office.leave(office.staff, people[1]);
    office.set(people[2], "department", None);
    office.set(people[3], "jobTitle", Some("Trainer"));
    office.manage(people[4], Some(people[8]));
    office.full().await?;
    let run = office.world.runs().await?.remove(0);
    assert_eq!((run.status, run.counts.tally.deactivated), (RunStatus::Succeeded, 2));
    assert_ne!(seen(&office).await?, before);
    let by = "admin".to_owned();
    let preview = RunId(Uuid::from_u128(0xfeed));
    office.world.run(Job::PreviewUndo { run: run.id, preview, by: by.clone() }).await?;
    assert_ne!(seen(&office).await?, before, "a preview does nothing");
    office.settings(|connection| connection.rules.auto_sync = false).await?;
    office.world.run(Job::Undo { run: run.id, by }).await?;
    assert_eq!((seen(&office).await?, office.teams().await?), (before, teams));
    let undone = office.world.runs().await?.remove(0);
    assert_eq!((undone.status, undone.counts.changed_since), (RunStatus::Succeeded, 0));
    let told = |changes: Vec<rollcall_store::Change>| {
        let mut lines: Vec<String> = changes.into_iter().map(|change| format!("{change:?}")).collect();
        lines.sort();
        lines
    };
    let previewed = told(office.changes(preview).await?);
    assert_eq!(previewed, told(office.changes(undone.id).await?));
    office.platform().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_has_changed_again_since_stays_and_is_counted() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.full().await?;
    office.set(ann, "jobTitle", Some("Trainer"));
    office.set(ann, "city", Some("Ulm"));
    office.full().await?;
    let run = office.world.runs().await?.remove(0);
    office.set(ann, "jobTitle", Some("Coach"));
    office.incremental().await?;
    office.world.run(Job::Undo { run: run.id, by: "admin".to_owned() }).await?;
    let account = office.account(ann).await?;
    assert_eq!(account.attributes["jobTitle"], "Coach");
    assert!(!account.attributes.contains_key("city"));
    assert_eq!(office.world.runs().await?[0].counts.changed_since, 1);
    Ok(())
}
