//! Writes accounts together with what follows from them.
//!
//! A run can end after any write, and what it has written is no change any more for the next one. So the teams of managers
//! and the list of shared addresses are written in the same commit as the accounts by which they change.

use std::collections::BTreeSet;

use rollcall_store::commit::{Commit, UserWrite};
use rollcall_store::run::Mode;

use super::failure::Failure;
use super::session::Session;
use super::{addresses, manager_teams};

/// Writes accounts.
pub(super) async fn write(session: &mut Session<'_>, users: Vec<UserWrite>) -> Result<(), Failure> {
    let mut commit = Commit::at(session.now());
    match session.run.mode {
        // They look at everybody at their end.
        Mode::Full | Mode::Preview => commit.teams = manager_teams::renamed(session, &users).await?,
        _ => {
            commit.teams = manager_teams::with_changes(session, &users).await?;
            commit.problems = Box::pin(addresses::after_changes(session, users.iter(), BTreeSet::new())).await?;
        }
    }
    session.save(Commit { users, ..commit }).await
}
