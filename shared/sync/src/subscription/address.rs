//! The addresses that Graph sends to.
//!
//! The notification address of each subscription names its row:
//! `…/webhooks/graph?connection={connection}&subscription={nonce}`. Graph keeps the query (Graph page "Receive change
//! notifications through webhooks") and shows it when subscriptions are listed. So each listed
//! subscription leads to its row, also if the answer to its creation was lost, and two connections
//! that share an application do not end each other's. Neither part is a secret; the `clientState`
//! is what proves anything.

use rollcall_directory::identity::ConnectionId;
use url::Url;
use uuid::Uuid;

const NOTIFICATIONS: &str = "/webhooks/graph";
const LIFECYCLE: &str = "/webhooks/graph/lifecycle";
const CONNECTION: &str = "connection";
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
    pub fn notifications(&self, connection: ConnectionId, nonce: Uuid) -> Url {
        let mut url = self.below(NOTIFICATIONS);
        url.query_pairs_mut().append_pair(CONNECTION, &connection.to_string()).append_pair(NONCE, &nonce.to_string());
        url
    }

    /// Where lifecycle events go.
    #[must_use]
    pub fn lifecycle(&self) -> Url {
        self.below(LIFECYCLE)
    }

    /// The nonce of a notification address of this connection and this deployment.
    #[must_use]
    pub fn nonce(&self, connection: ConnectionId, address: &str) -> Option<Uuid> {
        let mut url = Url::parse(address).ok()?;
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let (of, nonce) = (value(CONNECTION)?, value(NONCE)?.parse().ok()?);
        url.set_query(None);
        (url == self.below(NOTIFICATIONS) && of.parse() == Ok(connection)).then_some(nonce)
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

    const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(1));
    const NONCE: Uuid = Uuid::from_u128(7);

    fn addresses(base: &str) -> Addresses {
        Addresses::new(Url::parse(base).unwrap())
    }

    #[test]
    fn an_address_leads_back_to_its_nonce() {
        for base in ["https://api.example.com", "https://api.example.com/", "https://cdn.example.com/rollcall"] {
            let url = addresses(base).notifications(CONNECTION, NONCE);
            assert_eq!(addresses(base).nonce(CONNECTION, url.as_str()), Some(NONCE), "{url}");
        }
        assert_eq!(
            addresses("https://api.example.com").notifications(CONNECTION, NONCE).as_str(),
            "https://api.example.com/webhooks/graph?connection=00000000-0000-0000-0000-000000000001\
             &subscription=00000000-0000-0000-0000-000000000007"
        );
        assert_eq!(addresses("https://x.test/a/").lifecycle().as_str(), "https://x.test/a/webhooks/graph/lifecycle");
    }

    #[test]
    fn an_address_of_somebody_else_is_not_ours() {
        let ours = addresses("https://api.example.com");
        let address = ours.notifications(CONNECTION, NONCE).to_string();
        assert_eq!(ours.nonce(ConnectionId(NONCE), &address), None);
        for address in [
            address.replace("api.", "other."),
            address.replace("/graph", "/else"),
            address.replace("&subscription=00000000", "&subscription=x"),
            "https://api.example.com/webhooks/graph".to_owned(),
            "no address".to_owned(),
        ] {
            assert_eq!(ours.nonce(CONNECTION, &address), None, "{address}");
        }
    }
}
