//! Ids, and the hash by which a plan is approved.

use fuzz::reading::CANARY;
use rollcall_directory::guard::PlanHash;
use rollcall_directory::identity::{ConnectionId, PersonId, TenantId, UserId};
use uuid::Uuid;

use crate::{BLIND, target};

target!(
    /// A text that should be one.
    texts, BLIND, text
);

fn text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(hash) = text.parse::<PlanHash>() {
        assert!(text.eq_ignore_ascii_case(&hash.to_string()), "a hash has one spelling, but for case: {text}");
    }
    match text.parse::<ConnectionId>() {
        Ok(id) => {
            assert_eq!(id.to_string().parse(), Ok(id));
            let digits = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
            let name = text.strip_prefix("urn:uuid:").unwrap_or(text);
            assert_eq!(digits(name), digits(&id.to_string()));
            let account = UserId::derive(TenantId(id.0), PersonId(id.0));
            assert_ne!(account, UserId::derive(TenantId(id.0), PersonId(Uuid::nil())));
        }
        Err(error) => assert!(!error.to_string().contains(CANARY), "{error}"),
    }
}
