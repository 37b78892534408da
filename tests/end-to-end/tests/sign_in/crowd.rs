//! Many at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::browser::Browser;
use crate::scene::Scene;
use crate::{Done, Failure};

/// Sign-ins.
const ALL: usize = 1_000;
/// At a time.
const AT_A_TIME: usize = 50;

/// Prints what half of them took at most, and 95 of 100.
pub(crate) fn figures(what: &str, mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort_unstable();
    let at = |percent: usize| took.get((took.len().saturating_sub(1)) * percent / 100).copied().unwrap_or_default();
    let (half, most) = (at(50), at(95));
    println!("{what}: p50 {:.0} ms, p95 {:.0} ms", half.as_secs_f64() * 1e3, most.as_secs_f64() * 1e3);
    (half, most)
}

async fn one(scene: &Scene, number: usize) -> Result<(String, Duration), Failure> {
    let people = &scene.first.people;
    let person = people.get(number % people.len()).ok_or("nobody has an account")?;
    let begun = Instant::now();
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    let took = begun.elapsed();
    let is_theirs = tokens.claim("sub") == person.account
        && tokens.claim("nonce") == signed_in.wish.get("nonce")
        && tokens.claim("aud") == scene.client.id
        && tokens.claim("email") == person.email
        && tokens.claim("connection") == scene.first.connection;
    if !is_theirs {
        return Err(format!("{} got the session of {}", person.account, tokens.claim("sub")).into());
    }
    if !browser.is_signed_in().await? {
        return Err("a session is not good".into());
    }
    Ok((tokens.claim("sid").to_owned(), took))
}

pub(crate) async fn a_thousand_people_sign_in_fifty_at_a_time_and_none_gets_the_session_of_another(
    scene: &Scene,
) -> Done {
    let watch = scene.watch().await?;
    let begun = Instant::now();
    let all = stream::iter(0..ALL).map(|number| one(scene, number)).buffer_unordered(AT_A_TIME);
    let all: Vec<(String, Duration)> = all.try_collect().await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{ALL} sign-ins of {} people, {AT_A_TIME} at a time: {:.1} a second",
        scene.first.people.len(),
        ALL as f64 / seconds
    );
    figures("  from the platform to its tokens", all.iter().map(|(_, took)| *took).collect());
    let sessions: BTreeMap<&String, ()> = all.iter().map(|(session, _)| (session, ())).collect();
    if sessions.len() != ALL || watch.sessions().await? != ALL {
        return Err(format!("{} sessions began", sessions.len()).into());
    }
    let codes = watch.codes_sent().await?;
    if codes == u64::try_from(ALL)? { Ok(()) } else { Err(format!("{codes} codes were sent to Entra").into()) }
}
