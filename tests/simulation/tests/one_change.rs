//! What one change costs, whatever the size of the tenant: requests to Graph, and items written.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::time::Duration;

use entra::TenantOptions;
use entra::directory::Kind;
use rollcall_directory::rules::{EmailSource, ManagerTeams};
use simulation::World;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The most requests and the most items that one of ten single changes costs.
async fn cost(people: u32) -> Result<(u64, u64), Failed> {
    let options = TenantOptions { people, groups: 10, seed: 5, ..TenantOptions::default() };
    let world = World::start(options, true).await?;
    let mut connection = world.stored_connection().await?;
    connection.rules.teams.managers = Some(ManagerTeams::default());
    world.table.update_connection(&connection, connection.revision).await?;
    world.full().await?;
    world.advance(Duration::from_secs(600));
    world.incremental().await?;
    let (mut requests, mut writes) = (0, 0);
    for number in 0..10 {
        world.entra.change(world.tenant.tenant_id, |directory, now| {
            let enabled = |slot| directory.text(slot, "accountEnabled") == Some("true");
            let person = directory.live(Kind::User).map(|(slot, _)| slot).filter(|slot| enabled(*slot)).nth(5).unwrap();
            let value = [("officeLocation".to_owned(), Some(format!("Room {number}")))];
            directory.set(person, &value, now).unwrap();
        });
        world.advance(Duration::from_secs(600));
        world.entra.reset_metrics();
        let before = world.aws.database(|database| database.writes());
        world.incremental().await?;
        let run = world.runs().await?.remove(0);
        assert_eq!(run.counts.tally.updated, 1, "{run:?}");
        writes = writes.max(world.aws.database(|database| database.writes()) - before);
        requests = requests.max(run.requests);
    }
    Ok((requests, writes))
}

/// The same for changes by which two people come to share an e-mail address, and have one each again. Where that is an item of
/// the work-list, this item is counted apart.
async fn cost_of_an_address(people: u32) -> Result<(u64, u64), Failed> {
    let options = TenantOptions { people, groups: 10, seed: 6, ..TenantOptions::default() };
    let world = World::start(options, true).await?;
    let mut connection = world.stored_connection().await?;
    connection.rules.email = EmailSource::MailThenUserPrincipalName;
    world.table.update_connection(&connection, connection.revision).await?;
    world.full().await?;
    let (mut requests, mut writes, mut known) = (0, 0, 0);
    for address in ["one@example.com", "other@example.com"] {
        for number in 0..2 {
            world.entra.change(world.tenant.tenant_id, |directory, now| {
                let enabled = |slot| directory.text(slot, "accountEnabled") == Some("true");
                let people = directory.live(Kind::User).map(|(slot, _)| slot);
                let person = people.filter(|slot| enabled(*slot)).nth(5 + number).unwrap();
                directory.set(person, &[("mail".to_owned(), Some(address.to_owned()))], now).unwrap();
            });
            world.advance(Duration::from_secs(600));
            let before = world.aws.database(|database| database.writes());
            world.incremental().await?;
            let listed = world.table.problems(world.connection).await?.len();
            assert_eq!(listed, number, "{address}");
            let item = u64::from(listed != known);
            known = listed;
            writes = writes.max(world.aws.database(|database| database.writes()) - before - item);
            requests = requests.max(world.runs().await?.remove(0).requests);
        }
    }
    Ok((requests, writes))
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_address_costs_no_more_than_that() -> Result<(), Failed> {
    let (small, large) = (cost_of_an_address(50).await?, cost_of_an_address(3_000).await?);
    println!("{} requests and {} items", large.0, large.1);
    assert_eq!(small, large);
    assert!(large.0 <= 5 && large.1 <= 5, "{large:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_change_costs_five_requests_and_five_items_at_most_however_large_the_tenant() -> Result<(), Failed> {
    let (small, large) = (cost(50).await?, cost(3_000).await?);
    println!("{} requests and {} items", large.0, large.1);
    assert_eq!(small, large);
    assert!(large.0 <= 5 && large.1 <= 5, "{large:?}");
    Ok(())
}
