//! Sends what is due.

use std::sync::Arc;

use jiff::Timestamp;
use rollcall_store::Table;
use rollcall_store::connection::{Connection, ConnectionStatus};

use super::letter;
use crate::ports::Mail;

/// Tells people what needs them. Cheap to clone.
#[derive(Clone)]
pub struct Teller {
    mail: Arc<dyn Mail>,
}

impl Teller {
    /// Tells by mail.
    #[must_use]
    pub fn by_mail(_table: Table, mail: Arc<dyn Mail>) -> Self {
        Self { mail }
    }

    /// Looks at a connection, and tells its people what they should know now. What can't be told is logged.
    pub async fn visit(&self, connection: &Connection, _now: Timestamp) {
        let ConnectionStatus::Paused { reason, .. } = &connection.status else { return };
        if connection.owners.is_empty() {
            return;
        }
        if let Err(error) = self.mail.send(&letter::paused(connection, reason)).await {
            tracing::error!(connection.id = %connection.id, %error, "the owners could not be told that the connection is paused");
        }
    }
}
