//! What people do by mistake, and what they forget.

use super::begin::OWNER;
use super::teller::Teller;
use crate::comparison::desired;
use crate::deploy::STACK;
use crate::error::{Error, Result};
use crate::json::{list, text};
use http::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// A scope group emptied, a client secret expired.
pub(super) async fn play(teller: &mut Teller<'_>) -> Result<()> {
    empty_a_scope_group(teller).await?;
    expire_the_secret(teller).await
}

/// Nobody loses anything: the removals wait, are rejected, and the group is filled again.
async fn empty_a_scope_group(teller: &mut Teller<'_>) -> Result<()> {
    let directory = teller.directory().await?;
    let largest =
        teller.roots.iter().max_by_key(|root| directory.groups.get(root).map_or(0, |group| group.members.len()));
    let root = largest.copied().ok_or_else(|| Error::Story("no scope group".into()))?;
    let members = directory.groups.get(&root).map(|group| group.members.clone()).unwrap_or_default();

    teller.quiet().await?;
    teller.change(json!({"action": "emptyGroup", "id": root})).await?;
    let begun = Instant::now();
    let hold = open_hold(teller).await?;
    teller.unchanged_since(&directory).await?;
    teller.tell("somebody empties a scope group: held, nobody lost anything", begun.elapsed(), false);
    teller.remark(&format!(
        "hold {}: {} removals wait",
        text(&hold, "/id"),
        hold.get("removals").unwrap_or(&Value::Null)
    ));

    let begun = Instant::now();
    let path = teller.path(&format!("/holds/{}/reject", text(&hold, "/id")));
    teller.api.call(Method::POST, &path, None).await?;
    let known = teller.run_ids().await?;
    teller.api.call(Method::POST, &teller.path("/sync"), Some(&json!({"mode": "full"}))).await?;
    let manual = |run: &Value| text(run, "/trigger/kind") == "manual";
    teller.new_run("a full run after the rejection", &known, manual).await?;
    teller.unchanged_since(&directory).await?;
    teller.tell("rejected; after a full run still nobody lost anything", begun.elapsed(), false);

    let back: Vec<Value> =
        members.iter().map(|member| json!({"action": "addMember", "group": root, "member": member})).collect();
    teller.change(Value::Array(back)).await?;
    let took = teller.converged(Instant::now()).await?;
    teller.tell(&format!("the {} members are put back, nothing is to be done", members.len()), took, false);
    Ok(())
}

async fn open_hold(teller: &Teller<'_>) -> Result<Value> {
    let look = || async {
        let holds = teller.api.get(&teller.path("/holds")).await?;
        Ok(list(&holds, "/items").iter().find(|hold| text(hold, "/status") == "open").cloned())
    };
    teller.until("a hold", look).await
}

/// The connection pauses, its owners get one mail, and a new secret sets it going again.
async fn expire_the_secret(teller: &mut Teller<'_>) -> Result<()> {
    teller.quiet().await?;
    let mails = teller.stack.aws().mails().await?.len();
    let client = teller.facts.client_id;
    let app = format!("/tenants/first/apps/{client}");
    teller.stack.tenant().control(Method::POST, &format!("{app}/expire-secrets"), None).await?;
    // Tokens live for an hour; new environments, as AWS makes them all day, need a new one.
    teller.stack.functions().retire(&format!("{STACK}-sync-worker")).await;
    let directory = teller.directory().await?;
    let person = desired(&directory, &teller.scope()).into_keys().next().unwrap_or_default();
    let begun = Instant::now();
    teller
        .change(json!({"action": "setProperties", "id": person, "properties": {"jobTitle": "Keeper of Secrets"}}))
        .await?;
    let paused = status(teller, "paused").await?;
    let mail = owners_mail(teller, mails).await?;
    teller.tell("the client secret expires: paused, owners mailed", begun.elapsed(), false);
    teller.remark(&format!("paused: {}. {}", text(&paused, "/pause/message"), text(&paused, "/pause/action")));
    for line in mail.lines() {
        teller.remark(&format!("| {line}"));
    }

    let begun = Instant::now();
    let rotated = teller.stack.tenant().control(Method::POST, &format!("{app}/secrets"), Some(&json!({}))).await?;
    let credential =
        json!({"type": "client_secret", "client_id": client, "client_secret": text(&rotated, "/clientSecret")});
    teller.api.call(Method::PATCH, &teller.path(""), Some(&json!({"credential": credential}))).await?;
    status(teller, "active").await?;
    teller.converged(begun).await?;
    teller.tell("a new secret: resumed, and the change has arrived", begun.elapsed(), false);
    Ok(())
}

async fn status(teller: &Teller<'_>, wanted: &str) -> Result<Value> {
    let look = || async {
        let connection = teller.api.get(&teller.path("")).await?;
        Ok((text(&connection, "/status") == wanted).then_some(connection))
    };
    teller.until(&format!("the connection to be {wanted}"), look).await
}

/// The one mail that was sent to the owner since there were `before`.
async fn owners_mail(teller: &Teller<'_>, before: usize) -> Result<String> {
    let look = || async {
        let mails = teller.stack.aws().mails().await?;
        let new: Vec<Value> = mails.into_iter().skip(before).filter(|mail| mail.to_string().contains(OWNER)).collect();
        match new.as_slice() {
            [] => Ok(None),
            [mail] => Ok(Some(words(mail))),
            more => Err(Error::Story(format!("the owner got {} mails, one would do", more.len()))),
        }
    };
    teller.until("a mail to the owner", look).await
}

fn words(mail: &Value) -> String {
    format!("To: {OWNER}\nSubject: {}\n\n{}", text(mail, "/Subject"), text(mail, "/BodyText"))
}
