//! Accounts that were on the platform before, ready to be searched.

use std::collections::BTreeSet;

use rollcall_directory::adoption::{Decision, Existing, ExistingAccounts, ExistingId, Match};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_graph::organization;

use super::failure::Failure;
use super::session::Session;

/// Reads them, with the verified domains of the tenant, if there are any.
pub(super) async fn accounts(session: &Session<'_>) -> Result<ExistingAccounts, Failure> {
    searchable(session, session.table().existing(session.connection.id).await?).await
}

/// The same, with the people who wait for a decision that has been made since. No change of the directory tells of them.
pub(super) async fn accounts_and_released(
    session: &Session<'_>,
) -> Result<(ExistingAccounts, BTreeSet<PersonId>), Failure> {
    let accounts = session.table().existing(session.connection.id).await?;
    let released = released(session, &accounts).await?;
    Ok((searchable(session, accounts).await?, released))
}

async fn released(session: &Session<'_>, accounts: &[Existing]) -> Result<BTreeSet<PersonId>, Failure> {
    let decided = accounts.iter().filter(|account| account.decision != Decision::Open);
    let decided: BTreeSet<&ExistingId> = decided.map(|account| &account.id).collect();
    if decided.is_empty() {
        return Ok(BTreeSet::new());
    }
    let waits_for_one = |problem: &Problem| match problem {
        Problem::Adoption { found: Match::Proposed { account, .. } } => decided.contains(account),
        Problem::Adoption { found: Match::Ambiguous { accounts, .. } } => {
            accounts.iter().any(|account| decided.contains(account))
        }
        _ => false,
    };
    let noted = session.table().problems(session.connection.id).await?;
    let waiting = noted.into_values().filter(|noted| waits_for_one(&noted.problem));
    Ok(waiting.filter_map(|noted| noted.person).collect())
}

async fn searchable(session: &Session<'_>, accounts: Vec<Existing>) -> Result<ExistingAccounts, Failure> {
    if accounts.is_empty() {
        return Ok(ExistingAccounts::default());
    }
    let organization = session.graph.send(&organization::get()).await?;
    let domains = organization.value.into_iter().flat_map(|organization| organization.verified_domains);
    let adoption = &session.connection.rules.adoption;
    Ok(ExistingAccounts::new(accounts, adoption, domains.map(|domain| domain.name)))
}
