//! The validation handshake: a receiver must send back an opaque token as plain text.

use crate::state::State;
use crate::tenant::Tenant;
use std::time::Duration;
use uuid::Uuid;

/// Calls a receiver as Graph does while a subscription is created.
///
/// The token has everything that breaks a careless receiver: a space, a plus, a colon, an ampersand, a percent sign, a
/// slash and a sharp sign, and it must come back decoded.
pub(crate) async fn validate(state: &State, tenant: &Tenant, url: &str) -> Result<(), String> {
    let token = format!("Validation: Testing client application reachability + &amp; 100%/# {}", Uuid::new_v4());
    let encoded: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    // Graph writes a space as %20 and not as a plus.
    let encoded = encoded.replace('+', "%20");
    let separator = if url.contains('?') { '&' } else { '?' };
    let millis = tenant.settings().notifications.validation_timeout_millis;
    let url = format!("{url}{separator}validationToken={encoded}");
    let answer = state.post.send(&url, "text/plain; charset=utf-8", "", Duration::from_millis(millis)).await;
    let answer = answer.map_err(|_| "Subscription validation request timed out.".to_owned())?;
    if answer.status != 200 {
        return Err(format!("Subscription validation request failed. HTTP status code is '{}'.", answer.status));
    }
    if !answer.content_type.starts_with("text/plain") {
        return Err("Subscription validation request failed. Must respond with Content-Type text/plain.".to_owned());
    }
    if answer.body == token {
        Ok(())
    } else {
        Err("Subscription validation request failed. Response must exactly match validationToken query parameter."
            .to_owned())
    }
}
