//! Sign-ins that were: no address and no token is part of them.

use jiff::Timestamp;
use rollcall_store::SignInRecord as Stored;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One sign-in of somebody whom Entra vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SignInRecord {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The person's object id in Entra.
    person: Uuid,
    /// To which client, as far as there was one.
    client_id: Option<Uuid>,
    /// The session that began, or would have begun.
    session: Uuid,
    /// How it ended.
    outcome: Outcome,
    /// Why somebody was refused.
    reason: Option<String>,
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SignInOutcome)]
enum Outcome {
    /// A session began.
    SignedIn,
    /// The person was not let in.
    Refused,
}

impl From<Stored> for SignInRecord {
    fn from(record: Stored) -> Self {
        // Destructured in full: whoever adds a member decides here whether it is shown.
        let Stored { at, person, client, session, refused } = record;
        let outcome = if refused.is_some() { Outcome::Refused } else { Outcome::SignedIn };
        Self {
            at,
            person: person.0,
            client_id: client.map(|client| client.0),
            session: session.0,
            outcome,
            reason: refused,
        }
    }
}
