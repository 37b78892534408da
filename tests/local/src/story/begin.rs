//! The connection is made, tested and activated; the first run fills the platform.

use super::teller::Teller;
use crate::error::{Error, Result};
use crate::json::{list, text};
use crate::platform::AdminApi;
use crate::stack::Stack;
use http::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// Who is told when something needs a person.
pub(super) const OWNER: &str = "owner@example.com";

/// Creates the connection.
pub(super) async fn connect<'stack>(
    stack: &'stack Stack,
    say: &'stack (dyn Fn(&str) + Sync),
) -> Result<Teller<'stack>> {
    let begun = Instant::now();
    let api = AdminApi::new(stack.url(), stack.admin_token());
    let facts = stack.tenant().facts().await?;
    let body = json!({
        "name": "Example",
        "tenant_id": facts.tenant_id,
        "credential": {"type": "client_secret", "client_id": facts.client_id, "client_secret": facts.client_secret},
        "scope": {"type": "groups", "groups": facts.roots},
        "rules": {"guests": "in"},
        "owners": [OWNER],
    });
    let created = api.call(Method::POST, "/connections", Some(&body)).await?;
    let mut teller = Teller::new(stack, api, facts, text(&created, "/id").to_owned(), say);
    say("\nthe story");
    teller.tell("a connection to the tenant, three groups in scope", begun.elapsed(), false);
    Ok(teller)
}

/// Tests and activates the connection.
pub(super) async fn first_run(teller: &mut Teller<'_>) -> Result<()> {
    let begun = Instant::now();
    let tested = teller.api.call(Method::POST, &teller.path("/test"), None).await?;
    let checks = list(&tested, "/checks");
    if checks.is_empty() || tested.pointer("/ok") != Some(&Value::Bool(true)) {
        return Err(Error::Story(format!("the test found something wrong: {tested}")));
    }
    teller.tell(&format!("its test: {} checks, all well", checks.len()), begun.elapsed(), false);

    let begun = Instant::now();
    teller.api.call(Method::POST, &teller.path("/activate"), None).await?;
    let known = Default::default();
    let run = teller.new_run("the first run to end", &known, |run| text(run, "/trigger/kind") == "activation").await?;
    if text(&run, "/status") != "succeeded" {
        return Err(Error::Story(format!("the first run: {run}")));
    }
    let took = begun.elapsed();
    teller.converged(begun).await?;
    let people = teller.platform().await?.accounts.len();
    teller.tell(&format!("activated; the first run made {people} accounts"), took, false);
    subscribed(teller).await?;
    teller.remark("subscribed to changes of users and of groups");
    Ok(())
}

/// Waits until Graph has the subscriptions, one for people and one for groups.
pub(super) async fn subscribed(teller: &Teller<'_>) -> Result<()> {
    let look = || async { Ok((teller.subscriptions().await?.len() >= 2).then_some(())) };
    teller.until("subscriptions for users and groups", look).await
}
