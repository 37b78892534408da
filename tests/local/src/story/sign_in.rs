//! People sign in to a platform, and whoever leaves is out everywhere within seconds.

use super::teller::Teller;
use crate::comparison::desired;
use crate::error::{Error, Result};
use crate::json::text;
use crate::sign_in::{Browser, Logouts, Platform, SignedIn};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long somebody who was disabled may stay in. The promise is seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Somebody signs in, a joiner whom no notification told of signs in, a stranger is refused, a leaver is out.
pub(super) async fn play(teller: &mut Teller<'_>) -> Result<()> {
    let stack = teller.stack;
    let logouts = Logouts::listen(stack.platform()).await?;
    let begun = Instant::now();
    let platform = Platform::register(stack, &teller.api, &teller.connection).await?;
    teller.tell("a platform is registered as a client of the OpenID provider", begun.elapsed(), false);

    let everybody: BTreeSet<Uuid> = desired(&teller.directory().await?, &teller.scope()).into_keys().collect();
    let leaver = *everybody.last().ok_or_else(|| Error::Story("nobody is in scope".into()))?;
    let begun = Instant::now();
    let signed_in = Browser::new(stack).sign_in(&platform, leaver).await?;
    is_account_of(teller, &signed_in, leaver).await?;
    teller.tell("somebody signs in: the platform learns who they are", begun.elapsed(), false);

    join(teller, &platform).await?;
    refuse(teller, &platform).await?;
    leave(teller, &platform, &logouts, leaver, &signed_in).await
}

/// Whether the platform learned of the account that the sync has made.
async fn is_account_of(teller: &Teller<'_>, signed_in: &SignedIn, person: Uuid) -> Result<()> {
    let account = teller.api.get(&teller.path(&format!("/users/{person}"))).await?;
    let same = |claim: &str, member: &str| text(&signed_in.claims, claim) == text(&account, member);
    if same("/sub", "/id") && same("/email", "/email") && same("/given_name", "/attributes/givenName") {
        return Ok(());
    }
    Err(Error::Story(format!("signed in as {}, but the account is {account}", signed_in.claims)))
}

/// Somebody is added to a scope group and signs in before any notification has told of it.
async fn join(teller: &mut Teller<'_>, platform: &Platform) -> Result<()> {
    teller.lose_notifications(true).await?;
    let root = *teller.roots.first().ok_or_else(|| Error::Story("there is no scope group".into()))?;
    let joined = teller.change(json!({"action": "join", "groups": [root]})).await?;
    let joiner = joined.pointer("/results/0/id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let joiner: Uuid = joiner.ok_or_else(|| Error::Story(format!("nobody joined: {joined}")))?;
    let begun = Instant::now();
    let signed_in = Browser::new(teller.stack).sign_in(platform, joiner).await?;
    is_account_of(teller, &signed_in, joiner).await?;
    teller.tell("a joiner signs in before any notification: the account is made meanwhile", begun.elapsed(), false);
    teller.lose_notifications(false).await?;
    teller.converged(Instant::now()).await.map(drop)
}

/// Somebody of the tenant who is in no scope group.
async fn refuse(teller: &mut Teller<'_>, platform: &Platform) -> Result<()> {
    let directory = teller.directory().await?;
    let in_scope = desired(&directory, &teller.scope());
    let stranger = directory.people.iter().find(|person| person.enabled && !in_scope.contains_key(&person.id));
    let stranger = stranger.ok_or_else(|| Error::Story("everybody is in scope".into()))?.id;
    let begun = Instant::now();
    match Browser::new(teller.stack).sign_in(platform, stranger).await {
        Err(Error::Answer { status: 403, .. }) => {
            teller.tell("somebody out of scope is refused, and gets no account", begun.elapsed(), false);
            Ok(())
        }
        Err(error) => Err(error),
        Ok(signed_in) => Err(Error::Story(format!("a stranger got in: {}", signed_in.claims))),
    }
}

/// Somebody is disabled in the directory.
async fn leave(
    teller: &mut Teller<'_>,
    platform: &Platform,
    logouts: &Logouts,
    leaver: Uuid,
    signed_in: &SignedIn,
) -> Result<()> {
    teller.change(json!({"action": "disable", "id": leaver})).await?;
    let begun = Instant::now();
    while platform.refresh(signed_in).await? {
        if begun.elapsed() > PATIENCE {
            return Err(Error::Story("a leaver's refresh token is good still".into()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    logouts.wait(&signed_in.session, PATIENCE).await?;
    if let Ok(signed_in) = Browser::new(teller.stack).sign_in(platform, leaver).await {
        return Err(Error::Story(format!("a leaver got in again: {}", signed_in.claims)));
    }
    teller.tell("they are disabled: refresh token dead, platform told, sign-in refused", begun.elapsed(), true);
    teller.converged(Instant::now()).await.map(drop)
}
