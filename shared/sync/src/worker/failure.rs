//! Why a run did not come to its end.

use rollcall_directory::identity::GroupId;
use rollcall_directory::seal::Unsealed;

use crate::access::AccessError;

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Graph.
    #[error(transparent)]
    Graph(#[from] rollcall_graph::Error),
    /// The table.
    #[error(transparent)]
    Store(#[from] rollcall_store::Error),
    /// The credential could not be read.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A scope group does not exist.
    #[error("the scope group {0} does not exist in the directory")]
    GroupGone(GroupId),
    /// Everything that could be read was read, but not everything there is.
    #[error(transparent)]
    Incomplete(#[from] Unsealed),
    /// The invocation's time is used up. What was done is saved.
    #[error("out of time")]
    OutOfTime,
    /// The checkpoint can't be read, or belongs to other settings.
    #[error("the checkpoint is of no use: {0}")]
    Checkpoint(String),
    /// Too much has changed for single changes: a full run is cheaper and safer.
    #[error("{0}")]
    NeedsFull(&'static str),
    /// The settings changed while the run was at work.
    #[error("the settings of the connection changed")]
    SettingsChanged,
}
