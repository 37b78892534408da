//! The addresses that Graph sends to.
//!
//! The notification address of each subscription ends with its nonce: `…/webhooks/graph?subscription={nonce}`.
//! Graph keeps the query (Graph page "Receive change notifications through webhooks") and shows
//! it when subscriptions are listed. So each listed subscription leads to its row, also if the
//! answer to its creation was lost. The nonce is no secret; the `clientState` is what proves anything.

use url::Url;
use uuid::Uuid;

const NOTIFICATIONS: &str = "/webhooks/graph";
const LIFECYCLE: &str = "/webhooks/graph/lifecycle";
const NONCE: &str = "subscription";

/// Where this deployment can be reached by Graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    base: Url,
}

impl Addresses {
    /// Addresses below a base URL, whose own path is kept.
    #[must_use]
    pub const fn new(base: Url) -> Self {
        Self { base }
    }

    /// Where the notifications of a subscription go.
    #[must_use]
    pub fn notifications(&self, nonce: Uuid) -> Url {
        let mut url = self.below(NOTIFICATIONS);
        url.query_pairs_mut().append_pair(NONCE, &nonce.to_string());
        url
    }

    /// Where lifecycle events go.
    #[must_use]
    pub fn lifecycle(&self) -> Url {
        self.below(LIFECYCLE)
    }

    /// The nonce of a notification address of ours.
    #[must_use]
    pub fn nonce(&self, address: &str) -> Option<Uuid> {
        let mut url = Url::parse(address).ok()?;
        let nonce = url.query_pairs().find(|(name, _)| name == NONCE)?.1.parse().ok()?;
        url.set_query(None);
        (url == self.below(NOTIFICATIONS)).then_some(nonce)
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let above = self.base.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{above}{path}"));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(base: &str) -> Addresses {
        Addresses::new(Url::parse(base).unwrap())
    }

    #[test]
    fn an_address_leads_back_to_its_nonce() {
        let nonce = Uuid::from_u128(7);
        for base in ["https://api.example.com", "https://api.example.com/", "https://cdn.example.com/rollcall"] {
            let url = addresses(base).notifications(nonce);
            assert_eq!(addresses(base).nonce(url.as_str()), Some(nonce), "{url}");
        }
        assert_eq!(
            addresses("https://api.example.com").notifications(nonce).as_str(),
            "https://api.example.com/webhooks/graph?subscription=00000000-0000-0000-0000-000000000007"
        );
        assert_eq!(addresses("https://x.test/a/").lifecycle().as_str(), "https://x.test/a/webhooks/graph/lifecycle");
    }

    #[test]
    fn an_address_of_somebody_else_is_not_ours() {
        let ours = addresses("https://api.example.com");
        for address in [
            "https://other.example.com/webhooks/graph?subscription=00000000-0000-0000-0000-000000000007",
            "https://api.example.com/other?subscription=00000000-0000-0000-0000-000000000007",
            "https://api.example.com/webhooks/graph",
            "https://api.example.com/webhooks/graph?subscription=x",
            "no address",
        ] {
            assert_eq!(ours.nonce(address), None, "{address}");
        }
    }
}
