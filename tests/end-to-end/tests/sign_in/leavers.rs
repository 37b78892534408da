//! Whoever leaves is out within seconds.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::crowd::figures;
use crate::platform::error;
use crate::scene::Scene;
use crate::{Done, Failure};

/// So many people leave.
const LEAVERS: usize = 20;
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

pub(crate) async fn a_leaver_is_refused_everywhere_within_seconds(scene: &Scene) -> Done {
    let (mut refresh, mut session, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..LEAVERS {
        let person = scene.newcomer().await?;
        let mut browser = Browser::new(scene);
        let signed_in = browser.sign_in(&person.id).await?;
        let tokens = scene.exchange(&signed_in).await?;
        scene.refresh(&tokens.refresh_token).await?.success()?;
        // They are at Entra's page, and their code is good, when they are disabled.
        let mut late = Browser::new(scene);
        let begun = late.begin().await?;
        let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;

        scene.act(json!({"action": "disable", "id": person.id})).await?;
        let begun = Instant::now();
        let (dead, over, farewell) = futures::join!(
            after(begun, "the refresh token is good", async || {
                let answer = scene.refresh(&tokens.refresh_token).await?;
                Ok(answer.status == http::StatusCode::BAD_REQUEST && error(&answer) == "invalid_grant")
            }),
            after(begun, "the session is good", async || Ok(!browser.is_signed_in().await?)),
            scene.platform.farewell(tokens.claim("sid")),
        );
        refresh.push(dead?);
        session.push(over?);
        told.push(farewell?.0.duration_since(begun));

        let watch = scene.watch().await?;
        let answer = late.finish(&callback).await?;
        if !answer.status.is_client_error() || answer.headers.contains_key("location") {
            return Err(format!("a leaver was let in: {}", answer.unexpected()).into());
        }
        watch.nothing_came_of_it("a leaver").await?;
        if scene.userinfo(&tokens.access_token).await?.status != http::StatusCode::UNAUTHORIZED {
            return Err("the access token of a leaver tells of them".into());
        }
    }
    println!("{LEAVERS} leavers, from the change in the directory:");
    figures("  refresh token refused", refresh);
    figures("  session over", session);
    figures("  platform told by the back channel", told);
    Ok(())
}
