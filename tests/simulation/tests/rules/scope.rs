//! Who is in.

use std::collections::BTreeSet;

use rollcall_directory::property::Property;
use rollcall_directory::rules::EmailSource;
use rollcall_directory::rules::{DisabledAccounts, Guests};
use rollcall_directory::scope::{Combine, Nesting, Scope};
use rollcall_sync::job::{Cause, Job};

use crate::people::{Done, Office, groups, people, set};

#[tokio::test(start_paused = true)]
async fn members_of_an_excluded_group_are_out_however_they_came_in() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    let contractors = office.group(1, "Contractors");
    let nested = office.group(2, "Nested");
    office.join(contractors, nested);
    office.join(nested, bob);
    let staff = office.staff;
    office
        .settings(|connection| {
            connection.scope = Scope::Groups {
                groups: groups(&[staff]),
                combine: Combine::Any,
                excluded: groups(&[contractors]),
                nesting: Nesting::Followed,
            };
        })
        .await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    assert_eq!(office.teams().await?.len(), 1, "an excluded group is no team");
    // By changes alone: one becomes a contractor, the other ceases to be one.
    office.join(contractors, ann);
    office.leave(nested, bob);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[bob]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn everyone_but_the_excluded() -> Done {
    let office = Office::open().await?;
    let (ann, robots) = (office.hire(1, "Ann"), office.group(1, "Robots"));
    office.settings(|connection| connection.scope = Scope::everyone()).await?;
    office.full().await?;
    let all = office.active().await?;
    assert!(all.contains(&ann) && all.len() > 20);
    office.join(robots, ann);
    let scope = Scope::Everyone { excluded: groups(&[robots]), nesting: Nesting::Followed };
    office.settings(|connection| connection.scope = scope).await?;
    // Whatever asks first, other settings are followed by a full run.
    office.incremental().await?;
    assert_eq!(office.active().await?.len(), all.len() - 1);
    office.leave(robots, ann);
    office.incremental().await?;
    assert_eq!(office.active().await?, all);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn members_of_all_groups_and_not_only_of_one() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    let licensed = office.group(1, "Licensed");
    office.join(licensed, ann);
    let both = groups(&[office.staff, licensed]);
    let scope =
        Scope::Groups { groups: both, combine: Combine::All, excluded: groups(&[]), nesting: Nesting::Followed };
    office.settings(|connection| connection.scope = scope).await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    office.join(licensed, bob);
    office.leave(office.staff, ann);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[bob]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn only_direct_members() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.hire(2, "Bob"));
    let nested = office.group(1, "Nested");
    office.join(office.staff, nested);
    office.join(nested, bob);
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]));
    let direct = Scope::Groups {
        groups: groups(&[office.staff]),
        combine: Combine::Any,
        excluded: groups(&[]),
        nesting: Nesting::DirectOnly,
    };
    office.settings(|connection| connection.scope = direct).await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    office.join(office.staff, bob);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn chosen_people_and_nobody_else() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.hire(1, "Ann"), office.hire(2, "Bob")];
    office.settings(|connection| connection.scope = Scope::People { people: people(&[ann]) }).await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    office.set(ann, "jobTitle", Some("Trainer"));
    office.set(bob, "jobTitle", Some("Trainer"));
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    assert_eq!(office.account(ann).await?.attributes["jobTitle"], "Trainer");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_auto_sync_changes_wait_until_somebody_asks() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules.auto_sync = false).await?;
    let ann = office.employ(1, "Ann");
    for cause in [Cause::Schedule, Cause::Poll, Cause::Notification, Cause::SubscriptionGap] {
        office.world.run(Job::Full { cause: cause.clone() }).await?;
        office.world.run(Job::Incremental { cause }).await?;
    }
    assert_eq!(office.active().await?, set(&[]));
    office.world.run(Job::Full { cause: Cause::Manual { who: "admin".to_owned() } }).await?;
    assert_eq!(office.active().await?, set(&[ann]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn guests_are_in_or_out_by_type_and_by_name() -> Done {
    let office = Office::open().await?;
    let [ann, gil, gus] = [office.employ(1, "Ann"), office.employ(2, "Gil"), office.employ(3, "Gus")];
    office.set(gil, "userType", Some("Guest"));
    office.set(gus, "userPrincipalName", Some("gus_other.example#EXT#@example.com"));
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann, gil, gus]));
    office.settings(|connection| connection.rules.guests = Guests::Out).await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    office.set(gil, "userType", Some("Member"));
    office.set(ann, "userType", Some("Guest"));
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[gil]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_is_disabled_is_in_where_the_rules_say_so() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.set(ann, "accountEnabled", Some("false"));
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[]));
    office.settings(|connection| connection.rules.disabled_accounts = DisabledAccounts::In).await?;
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_person_is_synced_at_once() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    let by = "admin".to_owned();
    office.world.run(Job::Person { person: rollcall_directory::identity::PersonId(ann), by: by.clone() }).await?;
    assert_eq!(office.active().await?, set(&[ann]));
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]), "what changed before is still told");
    office.leave(office.staff, ann);
    office.world.run(Job::Person { person: rollcall_directory::identity::PersonId(ann), by }).await?;
    assert_eq!(office.active().await?, set(&[bob]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_joins_one_more_group_keeps_the_address_that_their_account_does_not_hold() -> Done {
    let office = Office::open().await?;
    office
        .settings(|connection| {
            connection.rules.email = EmailSource::MailThenUserPrincipalName;
            connection.rules.attributes.off = BTreeSet::from([Property::Mail]);
        })
        .await?;
    let (ann, night) = (office.employ(1, "Ann"), office.group(1, "Night shift"));
    office.set(ann, "mail", Some("ann@mail.example.com"));
    office.join(office.staff, night);
    office.full().await?;
    assert_eq!(office.account(ann).await?.email.as_deref(), Some("ann@mail.example.com"));
    // Graph tells of the group alone, and nothing of Ann.
    office.join(night, ann);
    office.incremental().await?;
    assert_eq!(office.account(ann).await?.email.as_deref(), Some("ann@mail.example.com"));
    Ok(())
}
