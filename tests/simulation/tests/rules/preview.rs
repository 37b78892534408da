//! A preview tells exactly what is then done, and does none of it.

use rollcall_directory::identity::RunId;
use rollcall_directory::rules::{Guests, ManagerTeams, Rules};
use rollcall_directory::scope::Scope;
use rollcall_store::{Change, ConnectionStatus, Decision, HoldStatus, PageRequest, Proposal, RunStatus};
use rollcall_sync::job::Job;
use uuid::Uuid;

use crate::people::{Done, Failed, Office, groups};

/// Previews settings: what would change.
async fn preview(office: &Office, scope: &Scope, rules: &Rules, slice: u64) -> Result<Vec<Change>, Failed> {
    let connection = office.world.stored_connection().await?;
    let id = RunId(Uuid::from_u128(0xfeed));
    let proposal = Proposal {
        id,
        scope: scope.clone(),
        rules: rules.clone(),
        limits: connection.limits,
        revision: connection.revision,
        by: "admin".to_owned(),
        created_at: (office.world.worker.clock)(),
    };
    office.world.table.propose(connection.id, &proposal).await?;
    let job = Job::Preview { preview: id, by: "admin".to_owned() };
    office.world.run_in_slices(job, std::time::Duration::from_secs(slice)).await?;
    let run = office.world.table.run(connection.id, id).await?.unwrap();
    assert!(matches!(run.status, RunStatus::Succeeded | RunStatus::Held), "{run:?}");
    office.changes(id).await
}

/// Approves what is held, if anything is, and gives everything that the latest runs changed.
async fn carried_out(office: &Office) -> Result<Vec<Change>, Failed> {
    office.full().await?;
    let run = office.world.runs().await?.remove(0);
    let mut changes = office.changes(run.id).await?;
    let holds = office.world.table.holds_page(office.world.connection, &PageRequest::first(5)).await?.items;
    if let Some(hold) = holds.into_iter().find(|hold| hold.status == HoldStatus::Open) {
        let now = (office.world.worker.clock)();
        office.world.table.decide_hold(office.world.connection, hold.id, Decision::Approved, "admin", now).await?;
        office.world.run(Job::ApplyHold { hold: hold.id, by: "admin".to_owned() }).await?;
        changes.extend(office.changes(office.world.runs().await?.remove(0).id).await?);
    }
    Ok(changes)
}

/// In an order without meaning, without the moment at which somebody became inactive.
fn told(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        let mut change = change.clone();
        if let Change::User(change) = &mut change {
            change.fields.retain(|field| field.field != rollcall_directory::history::Field::InactiveSince);
        }
        format!("{change:?}")
    };
    let mut lines: Vec<String> =
        changes.iter().filter(|change| !matches!(change, Change::Skipped(_))).map(line).collect();
    lines.sort();
    lines
}

#[tokio::test(start_paused = true)]
async fn the_preview_of_other_settings_is_what_is_then_applied() -> Done {
    let office = Office::open().await?;
    let people: Vec<Uuid> = (1..=12).map(|number| office.employ(number, &format!("Name{number}"))).collect();
    for report in &people[1..5] {
        office.manage(*report, Some(people[0]));
    }
    office.set(people[11], "userType", Some("Guest"));
    office.full().await?;
    let (south, late) = (office.group(1, "South"), office.hire(20, "Late"));
    let nameless = office.hire(21, "Nameless");
    office.set(nameless, "surname", None);
    for person in people[..8].iter().chain([&people[11], &late, &nameless]) {
        office.join(south, *person);
    }
    office.manage(people[6], Some(late));
    office.manage(late, Some(people[0]));
    let scope = Scope::any_of(groups(&[south]));
    let mut rules = Rules { guests: Guests::Out, ..Rules::default() };
    rules.teams.managers = Some(ManagerTeams::default());
    // Lists are served from an index that lags: preview and run shall see the same.
    office.world.advance(std::time::Duration::from_secs(600));
    let before = office.platform().await?;
    let state = office.world.table.state(office.world.connection).await?;
    let previewed = preview(&office, &scope, &rules, 300).await?;
    // Nothing was done.
    assert_eq!(format!("{:?}", office.platform().await?), format!("{before:?}"));
    let after = office.world.table.state(office.world.connection).await?;
    assert_eq!((after.cursor, after.takings, after.run), (state.cursor, state.takings, None));
    assert!(previewed.iter().any(|change| matches!(change, Change::Skipped(_))), "who is skipped is told");
    office.settings(|connection| (connection.scope, connection.rules) = (scope, rules)).await?;
    let applied = carried_out(&office).await?;
    assert_eq!(told(&previewed), told(&applied));
    assert!(previewed.len() > 10);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_first_run_is_previewed_before_the_connection_is_active() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.status = ConnectionStatus::Draft).await?;
    for number in 0..40 {
        office.employ(number, &format!("Name{number}"));
    }
    let connection = office.world.stored_connection().await?;
    let previewed = preview(&office, &connection.scope, &connection.rules, 300).await?;
    assert_eq!(office.platform().await?.active.len(), 0);
    office.settings(|connection| connection.status = ConnectionStatus::Active).await?;
    assert_eq!(told(&previewed), told(&carried_out(&office).await?));
    assert_eq!(office.platform().await?.active.len(), 40);
    Ok(())
}
