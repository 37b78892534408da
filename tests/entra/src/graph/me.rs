//! `/me`: the person behind a delegated token.

use super::{Call, GraphError, Outcome, collection};
use crate::directory::Kind;
use std::sync::Arc;

/// Answers a read of the signed-in person, or of what they are in.
pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Outcome {
    let refused =
        || GraphError::new(400, "BadRequest", "/me request is only valid with delegated authentication flow.");
    let key = call.person.ok_or_else(refused)?.to_string();
    let mut roles = call.roles.clone();
    // These read one's own profile whole, and nobody else's.
    if call.may(&["User.Read", "User.ReadWrite"]) {
        roles.insert("User.Read.All".to_owned());
    }
    let own = Call { tenant: Arc::clone(&call.tenant), roles, ..*call };
    let path: Vec<&str> = std::iter::once(key.as_str()).chain(path.iter().copied()).collect();
    collection(&own, Kind::User, &path)
}
