//! The whole stack with one active connection, as `cargo local up` would serve it, but built with the release profile.

use http::Method;
use local::artifacts::Profile;
use local::json::{list, text};
use local::platform::AdminApi;
use local::story::Teller;
use local::{Options, Stack};
use serde_json::{Value, json};

use crate::Result;

/// The stack, and the connection's id.
pub(crate) struct Connected {
    stack: Stack,
    connection: String,
}

impl Connected {
    /// Deploys, connects the tenant, and waits for the first run and the subscriptions.
    pub(crate) async fn start() -> Result<Self> {
        let options = Options { profile: Profile::Release, ..Options::named("bench-stack") };
        let stack = Stack::start(&options, &|text| eprintln!("{text}")).await?;
        let connection = create(&stack).await?;
        let connected = Self { stack, connection };
        connected.activate().await?;
        Ok(connected)
    }

    /// The stack.
    pub(crate) const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Who looks at both sides of the connection.
    pub(crate) async fn teller(&self) -> Result<Teller<'_>> {
        let facts = self.stack.tenant().facts().await?;
        let api = AdminApi::new(self.stack.url(), self.stack.admin_token());
        Ok(Teller::new(&self.stack, api, facts, self.connection.clone(), &silent))
    }

    /// Calls the tenant's control API.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        Ok(self.stack.tenant().control(method, path, body).await?)
    }

    /// The subscriptions that Graph has.
    pub(crate) async fn subscriptions(&self) -> Result<Vec<Value>> {
        let found = self.control(Method::GET, "/tenants/first/subscriptions", None).await?;
        Ok(list(&found, "/subscriptions").to_vec())
    }

    async fn activate(&self) -> Result<()> {
        let teller = self.teller().await?;
        teller.api.call(Method::POST, &teller.path("/activate"), None).await?;
        let known = std::collections::BTreeSet::new();
        let run = teller.new_run("the first run to end", &known, |_| true).await?;
        if text(&run, "/status") != "succeeded" {
            return Err(format!("the first run: {run}").into());
        }
        let both = || async { Ok((teller.subscriptions().await?.len() >= 2).then_some(())) };
        teller.until("subscriptions for users and groups", both).await?;
        teller.converged(std::time::Instant::now()).await?;
        Ok(())
    }
}

async fn create(stack: &Stack) -> Result<String> {
    let api = AdminApi::new(stack.url(), stack.admin_token());
    let facts = stack.tenant().facts().await?;
    let body = json!({
        "name": "Contoso",
        "tenant_id": facts.tenant_id,
        "credential": {"type": "client_secret", "client_id": facts.client_id, "client_secret": facts.client_secret},
        "scope": {"type": "groups", "groups": facts.roots}, "rules": {"guests": "in"},
        "owners": ["owner@example.com"],
    });
    let created = api.call(Method::POST, "/connections", Some(&body)).await?;
    Ok(text(&created, "/id").to_owned())
}

/// What the teller would tell is no figure.
fn silent(_: &str) {}
