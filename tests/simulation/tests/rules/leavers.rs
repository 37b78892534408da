//! What happens to those who leave.

use std::time::Duration;

use rollcall_directory::desired::Problem;
use rollcall_directory::identity::{PersonId, TenantId};
use rollcall_directory::rules::Leavers;
use rollcall_directory::user::Leaving;

use crate::people::{Done, Office, set};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(start_paused = true)]
async fn where_leavers_keep_their_access_nobody_loses_it() -> Done {
    let office = Office::open().await?;
    office.settings(|connection| connection.rules.leavers = Leavers::KeepAccess).await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    office.full().await?;
    office.leave(office.staff, ann);
    office.delete(bob);
    office.incremental().await?;
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn whoever_has_left_and_is_kept_stays_as_they_were_whatever_changes_later() -> Done {
    for protected in [false, true] {
        let office = Office::open().await?;
        let ann = office.employ(1, "Ann");
        office.full().await?;
        if protected {
            let tenant = TenantId(office.world.tenant.tenant_id);
            office.world.table.protect(office.world.connection, tenant, PersonId(ann), true).await?;
        } else {
            office.settings(|connection| connection.rules.leavers = Leavers::KeepAccess).await?;
            office.full().await?;
        }
        let before = office.account(ann).await?;
        office.leave(office.staff, ann);
        office.incremental().await?;
        office.set(ann, "jobTitle", Some("Elsewhere"));
        office.manage(ann, Some(ann));
        office.incremental().await?;
        assert_eq!(office.account(ann).await?, before);
        office.full().await?;
        assert_eq!(office.account(ann).await?, before);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_account_is_deleted_after_the_grace_and_not_a_day_before() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    office
        .settings(|connection| {
            connection.rules.leavers = Leavers::DeactivateThenDelete { after_days: 40 };
            connection.rules.allow_deletion = true;
        })
        .await?;
    office.full().await?;
    office.delete(ann);
    office.incremental().await?;
    let (tenant, table) = (TenantId(office.world.tenant.tenant_id), &office.world.table);
    let known = async || table.user(office.world.connection, tenant, PersonId(ann)).await;
    for _ in 0..39 {
        office.world.advance(DAY);
    }
    office.full().await?;
    assert!(known().await?.is_some());
    office.world.advance(2 * DAY);
    office.full().await?;
    assert!(known().await?.is_none());
    assert_eq!(office.active().await?, set(&[bob]));
    assert_eq!(office.world.runs().await?[0].counts.tally.deleted, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_the_second_setting_nothing_is_ever_deleted() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.settings(|connection| connection.rules.leavers = Leavers::DeactivateThenDelete { after_days: 30 }).await?;
    office.full().await?;
    office.delete(ann);
    office.incremental().await?;
    office.world.advance(100 * DAY);
    office.full().await?;
    assert_eq!(office.platform().await?.inactive, set(&[ann]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_protected_account_stays_and_is_listed() -> Done {
    let office = Office::open().await?;
    let [ann, bob] = [office.employ(1, "Ann"), office.employ(2, "Bob")];
    office.full().await?;
    let tenant = TenantId(office.world.tenant.tenant_id);
    office.world.table.protect(office.world.connection, tenant, PersonId(ann), true).await?;
    office.leave(office.staff, ann);
    office.leave(office.staff, bob);
    office.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    let problem = office.problems().await?.remove(0);
    assert_eq!(problem.person, Some(PersonId(ann)));
    assert_eq!(problem.problem, Problem::Protected { leaving: Leaving::OutOfScope });
    office.full().await?;
    assert_eq!(office.active().await?, set(&[ann]));
    assert_eq!(office.problems().await?.len(), 1, "a full run sees it too");
    Ok(())
}
