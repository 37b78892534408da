//! A platform that people can sign in to at a stack that stays: the sample web application, connected to the simulated tenant.

use crate::error::{Error, Result};
use crate::json::{list, text};
use crate::node::Node;
use crate::platform::AdminApi;
use crate::sign_in::Platform;
use crate::stack::Stack;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::process::Child;

/// Between two looks at the first run.
const PAUSE: Duration = Duration::from_millis(300);
const LOOKS: u32 = 400;

/// Where somebody can sign in, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The link of the connection.
    pub link: String,
    /// The platform.
    pub platform: String,
    /// Somebody of the tenant.
    pub person: String,
}

/// The sample platform. It ends with this value.
#[derive(Debug)]
pub struct SamplePlatform {
    process: Child,
    /// How to try it.
    pub trial: Trial,
}

impl SamplePlatform {
    /// Connects the simulated tenant, waits for its accounts, and starts the platform.
    ///
    /// # Errors
    /// There is no Node, or the API or the tenant refuses.
    pub async fn start(stack: &Stack) -> Result<Self> {
        let node = Node::install(stack.layout()).await?;
        let api = AdminApi::new(stack.url(), stack.admin_token());
        let facts = stack.tenant().facts().await?;
        let body = json!({
            "name": "Example",
            "tenant_id": facts.tenant_id,
            "credential": {"type": "client_secret", "client_id": facts.client_id, "client_secret": facts.client_secret},
            "scope": {"type": "groups", "groups": facts.roots},
            "owners": ["owner@example.com"],
        });
        let created = api.call(Method::POST, "/connections", Some(&body)).await?;
        let connection = text(&created, "/id").to_owned();
        api.call(Method::POST, &format!("/connections/{connection}/activate"), None).await?;
        let person = first_person(&api, &connection).await?;
        let client = Platform::register(stack, &api, &connection).await?;
        let port = stack.platform().rsplit(':').next().unwrap_or_default();
        let arguments = [("port", port), ("issuer", stack.url()), ("client-id", &client.client_id)];
        let (process, said) =
            node.serve("platform/server.mjs", &arguments, &[("CLIENT_SECRET", &client.client_secret)]).await?;
        let link = format!("{}/sign-in/{connection}", stack.url());
        let trial = Trial { link, platform: text(&said, "/url").to_owned(), person };
        Ok(Self { process, trial })
    }

    /// The process.
    pub fn process(&self) -> Option<u32> {
        self.process.id()
    }
}

/// Somebody with an account, once the first run has ended.
async fn first_person(api: &AdminApi, connection: &str) -> Result<String> {
    let path = format!("/connections/{connection}");
    for _ in 0..LOOKS {
        let runs = api.get(&format!("{path}/runs")).await?;
        if text(&runs, "/items/0/status") == "succeeded" {
            let users = api.get(&format!("{path}/users?active=true")).await?;
            let address = |user: &Value| Some(text(user, "/email").to_owned()).filter(|address| !address.is_empty());
            return list(&users, "/items")
                .iter()
                .find_map(address)
                .ok_or_else(|| Error::Story("the first run made no account".into()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    let seconds = u64::from(LOOKS) * u64::try_from(PAUSE.as_millis()).unwrap_or_default() / 1_000;
    Err(Error::Waited { what: "the first run".to_owned(), seconds })
}
