//! Whoever leaves is out within seconds.

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::crowd::figures;
use crate::platform::{Tokens, error};
use crate::scene::Scene;
use crate::{Done, Failure};

/// So many people leave.
const LEAVERS: usize = 20;
/// At a time.
const AT_A_TIME: usize = 4;
/// A session of somebody who left ends within a minute (row A27); a notification is faster.
const LONGEST: Duration = Duration::from_secs(60);

/// Asks again and again until the answer is yes, and tells how long after the beginning that was.
async fn after(
    begun: Instant,
    what: &str,
    mut is_so: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<Duration, Failure> {
    loop {
        if is_so().await? {
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > LONGEST {
            return Err(format!("{what}: not after {} s", LONGEST.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Somebody who is signed in, and is about to sign in anew.
struct Leaver<'scene> {
    person: String,
    browser: Browser<'scene>,
    tokens: Tokens,
    /// They are at Entra's page, and their code is good.
    late: Browser<'scene>,
    callback: String,
}

async fn signed_in<'scene>(scene: &'scene Scene, person: String) -> Result<Leaver<'scene>, Failure> {
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person).await?;
    let tokens = scene.exchange(&signed_in).await?;
    scene.refresh(&tokens.refresh_token).await?.success()?;
    let mut late = Browser::new(scene);
    let begun = late.begin().await?;
    let callback = scene.entra(&scene.first, begun.entra.as_str(), &person, Value::Null).await?;
    Ok(Leaver { person, browser, tokens, late, callback })
}

/// How long after the change in the directory the refresh token was refused, the session over, and the platform told.
async fn leave(scene: &Scene, leaver: &Leaver<'_>) -> Result<[Duration; 3], Failure> {
    let Leaver { person, browser, tokens, .. } = leaver;
    let mut browser = browser.clone();
    scene.act(json!({"action": "disable", "id": person})).await?;
    let begun = Instant::now();
    let (dead, over, told) = futures::join!(
        after(begun, "the refresh token is good", async || {
            let answer = scene.refresh(&tokens.refresh_token).await?;
            Ok(answer.status == StatusCode::BAD_REQUEST && error(&answer) == "invalid_grant")
        }),
        after(begun, "the session is good", async || Ok(!browser.is_signed_in().await?)),
        scene.platform.logout(tokens.claim("sid")),
    );
    Ok([dead?, over?, told?.0.duration_since(begun)])
}

pub(crate) async fn a_leaver_is_refused_everywhere_within_seconds(scene: &Scene) -> Done {
    let mut leavers = Vec::new();
    for person in scene.newcomers(LEAVERS).await? {
        leavers.push(signed_in(scene, person.id).await?);
    }
    let took = stream::iter(&leavers).map(|leaver| leave(scene, leaver)).buffer_unordered(AT_A_TIME);
    let took: Vec<[Duration; 3]> = took.try_collect().await?;
    for Leaver { tokens, mut late, callback, .. } in leavers {
        let watch = scene.watch().await?;
        let answer = late.finish(&callback).await?;
        if !answer.status.is_client_error() || answer.headers.contains_key("location") {
            return Err(format!("a leaver was let in: {}", answer.unexpected()).into());
        }
        watch.nothing_came_of_it("a leaver").await?;
        if scene.userinfo(&tokens.access_token).await?.status != StatusCode::UNAUTHORIZED {
            return Err("the access token of a leaver tells of them".into());
        }
    }
    println!(
        "{LEAVERS} leavers, from the change in the directory (the emulator looks at its queues every one to five seconds):"
    );
    let [refresh, session, told] = [0, 1, 2].map(|at| took.iter().filter_map(|took| took.get(at).copied()).collect());
    figures("  refresh token refused", refresh);
    figures("  session over", session);
    figures("  platform told by the back channel", told);
    Ok(())
}
