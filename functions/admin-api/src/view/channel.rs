//! What is shown of a notification channel: not its address.

use rollcall_sync::ports::ChannelError;
use serde::Serialize;
use utoipa::ToSchema;

/// A notification channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChannelState {
    /// Whether there is one. Its address is never shown.
    pub(crate) set: bool,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChannelTest {
    /// Whether the workflow took the message. Whether it then posts it, its owner sees in Teams.
    posted: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Who must do what.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
}

impl ChannelTest {
    pub(crate) fn of(result: Result<(), ChannelError>) -> Self {
        let Err(error) = result else { return Self { posted: true, message: None, action: None } };
        let action = match &error {
            ChannelError::Throttled { .. } => "Wait a minute, and try again.",
            ChannelError::Gone { .. } => {
                "The owner of the workflow must switch it on, or make a new one; then set its address here."
            }
            ChannelError::Refused { .. } => {
                "The workflow must have the trigger \"When a Teams webhook request is received\", for anyone, and post the card \
                 that it receives."
            }
            ChannelError::Unavailable(_) => "Try again in some minutes.",
        };
        Self { posted: false, message: Some(error.to_string()), action: Some(action) }
    }
}
