//! Two people with one e-mail address are found, and named no more, by whatever run meets them.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::rules::{EmailSource, Leavers, Required};
use rollcall_store::NotedProblem;
use rollcall_sync::job::Job;
use uuid::Uuid;

use crate::people::{Done, Failed, Office, people, set};

/// An office in which addresses come from `mail`, with so many people of whom each has one of their own.
async fn office(names: &[&str]) -> Result<(Office, Vec<Uuid>), Failed> {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules.email = EmailSource::Mail).await?;
    let hired = names.iter().enumerate().map(|(number, name)| office.employ(number as u128, name)).collect();
    office.full().await?;
    assert_eq!(office.problems().await?, []);
    Ok((office, hired))
}

/// Addresses that are listed, with all who have them.
async fn shared(office: &Office) -> Result<Vec<(String, BTreeSet<PersonId>)>, Failed> {
    let of_addresses = |noted: NotedProblem| match noted.problem {
        Problem::SharedEmail { email, people } => Some((email, people)),
        _ => None,
    };
    Ok(office.problems().await?.into_iter().filter_map(of_addresses).collect())
}

async fn sync_one(office: &Office, person: Uuid) -> Done {
    office.world.run(Job::Person { person: PersonId(person), by: "ann".to_owned() }).await?;
    Ok(())
}

const ADDRESS: &str = "the.o'haras@example.com";

#[tokio::test(start_paused = true)]
async fn changes_alone_find_a_shared_address_and_its_end() -> Done {
    let (office, hired) = office(&["Ann", "Bob"]).await?;
    let [ann, bob] = [hired[0], hired[1]];
    office.set(ann, "mail", Some("The.O'Haras@example.com"));
    office.incremental().await?;
    assert_eq!(shared(&office).await?, [], "nobody else has it");
    office.set(bob, "mail", Some(ADDRESS));
    office.incremental().await?;
    assert_eq!(shared(&office).await?, [(ADDRESS.to_owned(), people(&[ann, bob]))]);
    assert_eq!(office.active().await?, set(&[ann, bob]), "nobody is merged, nobody waits");
    let cid = office.employ(2, "Cid");
    office.set(cid, "mail", Some(ADDRESS));
    office.incremental().await?;
    assert_eq!(shared(&office).await?, [(ADDRESS.to_owned(), people(&[ann, bob, cid]))], "a newcomer has it too");
    let noted = office.problems().await?;
    office.full().await?;
    assert_eq!(office.problems().await?, noted, "a full run finds the very same");
    office.leave(office.staff, cid);
    office.incremental().await?;
    assert_eq!(shared(&office).await?, [(ADDRESS.to_owned(), people(&[ann, bob]))], "who has left counts no more");
    office.set(bob, "mail", Some("bob@example.com"));
    office.incremental().await?;
    assert_eq!(shared(&office).await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn two_who_take_up_one_address_in_the_same_round_are_found() -> Done {
    let (office, hired) = office(&["Ann", "Bob"]).await?;
    hired.iter().for_each(|person| office.set(*person, "mail", Some(ADDRESS)));
    office.incremental().await?;
    assert_eq!(shared(&office).await?, [(ADDRESS.to_owned(), people(&hired))]);
    office.delete(hired[0]);
    office.incremental().await?;
    assert_eq!(shared(&office).await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_swaps_addresses_shares_none() -> Done {
    let (office, hired) = office(&["Ann", "Bob"]).await?;
    office.set(hired[0], "mail", Some("bob@example.com"));
    office.set(hired[1], "mail", Some("ann@example.com"));
    office.incremental().await?;
    assert_eq!(office.account(hired[0]).await?.email.as_deref(), Some("bob@example.com"));
    assert_eq!(shared(&office).await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_address_that_falls_back_to_the_name_of_another_is_found() -> Done {
    let (office, hired) = office(&["Ann", "Bob"]).await?;
    let source = EmailSource::MailThenUserPrincipalName;
    office.settings(|connection| connection.rules.email = source).await?;
    office.set(hired[0], "mail", None);
    office.full().await?;
    office.set(hired[1], "mail", Some("ANN@example.com"));
    office.incremental().await?;
    assert_eq!(shared(&office).await?, [("ann@example.com".to_owned(), people(&hired))]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn syncing_one_person_finds_whose_address_they_have() -> Done {
    let (office, hired) = office(&["Ann", "Bob"]).await?;
    let [ann, bob] = [hired[0], hired[1]];
    office.set(bob, "mail", Some("ann@example.com"));
    sync_one(&office, bob).await?;
    assert_eq!(shared(&office).await?, [("ann@example.com".to_owned(), people(&[ann, bob]))]);
    office.set(bob, "mail", Some("bob@example.com"));
    sync_one(&office, bob).await?;
    assert_eq!(shared(&office).await?, []);
    // Lost from the list, as by an earlier release that looked only in full runs.
    office.set(bob, "mail", Some("ann@example.com"));
    office.incremental().await?;
    let noted = office.problems().await?.remove(0);
    office.forget(&noted).await?;
    sync_one(&office, ann).await?;
    assert_eq!(shared(&office).await?, [("ann@example.com".to_owned(), people(&[ann, bob]))]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_address_that_an_account_only_keeps_is_shared_all_the_same() -> Done {
    let (office, hired) = office(&["Ann", "Bob", "Cid", "Dan"]).await?;
    let [ann, bob, cid, dan] = [hired[0], hired[1], hired[2], hired[3]];
    office
        .settings(|connection| {
            connection.rules.leavers = Leavers::KeepAccess;
            connection.rules.required.insert(Required::Email);
        })
        .await?;
    // She has left, and he has no address any more: both keep their accounts as they were.
    office.leave(office.staff, ann);
    office.set(bob, "mail", None);
    office.set(cid, "mail", Some("ann@example.com"));
    office.set(dan, "mail", Some("bob@example.com"));
    office.full().await?;
    assert_eq!(office.account(bob).await?.email.as_deref(), Some("bob@example.com"));
    let both = [("ann@example.com", people(&[ann, cid])), ("bob@example.com", people(&[bob, dan]))];
    let listed: BTreeMap<String, BTreeSet<PersonId>> = shared(&office).await?.into_iter().collect();
    assert_eq!(listed, both.map(|(address, people)| (address.to_owned(), people)).into());
    Ok(())
}
