//! Accounts that were on the platform before, ready to be searched.

use rollcall_directory::adoption::ExistingAccounts;
use rollcall_graph::organization;

use super::failure::Failure;
use super::session::Session;

/// Reads them, with the verified domains of the tenant, if there are any.
pub(super) async fn accounts(session: &Session<'_>) -> Result<ExistingAccounts, Failure> {
    let accounts = session.table().existing(session.connection.id).await?;
    if accounts.is_empty() {
        return Ok(ExistingAccounts::default());
    }
    let organization = session.graph.send(&organization::get()).await?;
    let domains = organization.value.into_iter().flat_map(|organization| organization.verified_domains);
    let adoption = &session.connection.rules.adoption;
    Ok(ExistingAccounts::new(accounts, adoption, domains.map(|domain| domain.name)))
}
