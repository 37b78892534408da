//! The handshake: before Graph creates a subscription, it asks the address to repeat a token
//! (Graph page "Receive change notifications through webhooks", "notificationUrl validation").

/// The longest token that is repeated.
const LONGEST: usize = 4_096;

/// The token of a query string, decoded; `None` if the query has none.
///
/// # Errors
/// [`RefusedToken`], when there is one that Graph would never send.
pub fn token(query: &str) -> Option<Result<String, RefusedToken>> {
    let (_, token) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "validationToken")?;
    Some(if is_harmless(&token) { Ok(token.into_owned()) } else { Err(RefusedToken) })
}

/// A token that is too long, or that a browser could take for a page. Graph sends plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the validation token is not one of Graph's")]
pub struct RefusedToken;

fn is_harmless(token: &str) -> bool {
    !token.is_empty() && token.len() <= LONGEST && !token.chars().any(|c| matches!(c, '<' | '>') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_decoded() {
        let query = "validationToken=Validation%3A+Testing%20a%26b%2Bc";
        assert_eq!(token(query), Some(Ok("Validation: Testing a&b+c".to_owned())));
        assert_eq!(token("a=b&validationToken=x&validationToken=y"), Some(Ok("x".to_owned())));
    }

    #[test]
    fn a_query_without_a_token_is_no_handshake() {
        assert_eq!(token(""), None);
        assert_eq!(token("validationtoken=x&token=y"), None);
    }

    #[test]
    fn a_token_that_graph_would_not_send_is_refused() {
        for bad in ["", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "a%0D%0Ab", "a%00b", &"x".repeat(4_097)] {
            assert_eq!(token(&format!("validationToken={bad}")), Some(Err(RefusedToken)), "{bad}");
        }
    }
}
