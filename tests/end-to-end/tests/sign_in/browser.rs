//! A browser, as far as sign-ins notice: it keeps cookies, follows no redirect by itself, and sends what it is told.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode};
use local::http::Answer;
use serde_json::Value;
use url::Url;

use crate::Failure;
use crate::platform::Wish;
use crate::scene::{Organisation, Scene};

/// Begins the name of a cookie of a sign-in under way.
pub(crate) const PENDING: &str = "__Host-sign-in-";
/// Begins the name of a cookie of a session.
pub(crate) const SESSION: &str = "__Host-session-";

/// The cookies of a browser, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// As a header.
    pub(crate) fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Those whose names begin so.
    pub(crate) fn named(&self, prefix: &str) -> Vec<(&str, &str)> {
        let named = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
        named.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub(crate) fn put(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The cookie of the session, if there is one.
    pub(crate) fn session(&self) -> Option<(&str, &str)> {
        self.named(SESSION).first().copied()
    }

    /// Keeps the cookies of an answer. Every one that any test meets has to have the flags (row A20).
    fn keep(&mut self, answer: &Answer) -> Result<Vec<String>, Failure> {
        let mut kept = Vec::new();
        for header in answer.headers.get_all("set-cookie") {
            let text = header.to_str()?;
            let (pair, flags) = text.split_once(';').ok_or_else(|| format!("a cookie without flags: {text}"))?;
            let (name, value) = pair.split_once('=').ok_or_else(|| format!("no cookie: {text}"))?;
            let flags: Vec<String> = flags.split(';').map(|flag| flag.trim().to_ascii_lowercase()).collect();
            let has = |flag: &str| flags.iter().any(|known| known == flag);
            let is_safe = name.starts_with("__Host-")
                && ["path=/", "secure", "httponly", "samesite=lax"].into_iter().all(has)
                && !flags.iter().any(|flag| flag.starts_with("domain"));
            if !is_safe {
                return Err(format!("the cookie {name} has not its flags: {flags:?}").into());
            }
            if has("max-age=0") || value.is_empty() {
                self.0.remove(name);
            } else {
                self.put(name, value);
                kept.push(value.to_owned());
            }
        }
        Ok(kept)
    }
}

/// A browser.
#[derive(Clone, Debug)]
pub(crate) struct Browser<'scene> {
    pub(crate) scene: &'scene Scene,
    pub(crate) jar: Jar,
}

/// A sign-in that is under way at Entra.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// Where the browser was sent.
    pub(crate) entra: Url,
    /// What the platform had asked for.
    pub(crate) wish: Wish,
}

impl Begun {
    /// A member of the request to Entra.
    pub(crate) fn member(&self, name: &str) -> String {
        member(&self.entra, name).unwrap_or_default()
    }
}

/// Somebody who is back at the platform.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) wish: Wish,
    /// The code for the platform.
    pub(crate) code: String,
}

/// A member of a query.
pub(crate) fn member(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Where an answer sends the browser.
pub(crate) fn location(answer: &Answer) -> Result<Url, Failure> {
    let header = answer.headers.get("location").ok_or_else(|| format!("no redirect: {}", answer.unexpected()))?;
    Ok(Url::parse(header.to_str()?)?)
}

/// A header as text.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl<'scene> Browser<'scene> {
    /// Without cookies.
    pub(crate) fn new(scene: &'scene Scene) -> Self {
        Self { scene, jar: Jar::default() }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, url, &[], "").await
    }

    /// Goes somewhere with more headers than a browser has by itself.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, Failure> {
        let cookies = self.jar.header();
        let mut headers = headers.to_vec();
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        if !body.is_empty() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let answer = self.scene.http.send(method, url, &headers, Bytes::from(body.to_owned())).await?;
        for value in self.jar.keep(&answer)? {
            // Of a sign-in under way the time stands before the secret.
            self.scene.is_secret(value.rsplit('.').next().unwrap_or_default());
        }
        Ok(answer)
    }

    /// Begins a sign-in by the first organisation.
    pub(crate) async fn begin(&mut self) -> Result<Begun, Failure> {
        let scene = self.scene;
        self.begin_with(Wish::by(scene, &scene.first)).await
    }

    /// Begins the sign-in that the platform wishes.
    pub(crate) async fn begin_with(&mut self, wish: Wish) -> Result<Begun, Failure> {
        let answer = self.get(&wish.url(self.scene)).await?;
        let entra = location(&answer)?;
        let begun = Begun { entra, wish };
        if answer.status != StatusCode::SEE_OTHER || !begun.entra.as_str().starts_with(&self.scene.login()) {
            return Err(format!("the browser was not sent to Entra: {}", answer.unexpected()).into());
        }
        self.scene.is_secret(&begun.member("state"));
        Ok(begun)
    }

    /// Comes back from Entra.
    pub(crate) async fn finish(&mut self, callback: &str) -> Result<Answer, Failure> {
        let answer = self.get(callback).await?;
        if let Some(code) = location(&answer).ok().and_then(|url| member(&url, "code")) {
            self.scene.is_secret(&code);
        }
        Ok(answer)
    }

    /// The whole way of somebody of the first organisation, whose ID token is as `token` says.
    pub(crate) async fn try_to_sign_in(&mut self, person: &str, token: Value) -> Result<(Begun, Answer), Failure> {
        let scene = self.scene;
        self.try_at(&scene.first, person, token).await
    }

    /// The same at another organisation.
    pub(crate) async fn try_at(
        &mut self,
        organisation: &Organisation,
        person: &str,
        token: Value,
    ) -> Result<(Begun, Answer), Failure> {
        let begun = self.begin_with(Wish::by(self.scene, organisation)).await?;
        let callback = self.scene.entra(organisation, begun.entra.as_str(), person, token).await?;
        let answer = self.finish(&callback).await?;
        Ok((begun, answer))
    }

    /// The whole way of somebody who has to get in.
    pub(crate) async fn sign_in(&mut self, person: &str) -> Result<SignedIn, Failure> {
        let (begun, answer) = self.try_to_sign_in(person, Value::Null).await?;
        self.arrived(begun, &answer)
    }

    /// What the platform gets, if somebody was sent back to it with a code and has a session.
    pub(crate) fn arrived(&self, begun: Begun, answer: &Answer) -> Result<SignedIn, Failure> {
        if answer.status != StatusCode::SEE_OTHER {
            return Err(format!("nobody was let in: {}", answer.unexpected()).into());
        }
        let back = location(answer)?;
        let code = member(&back, "code")
            .ok_or_else(|| format!("there is no code in the way back: {:?}", member(&back, "error")))?;
        let is_answer = back.as_str().starts_with(&begun.wish.get("redirect_uri"))
            && member(&back, "state") == Some(begun.wish.get("state"))
            && member(&back, "iss").as_deref() == Some(self.scene.stack.url());
        if !is_answer || self.jar.session().is_none() {
            return Err("the way back has not our issuer, the platform's address and state, and a session".into());
        }
        Ok(SignedIn { wish: begun.wish, code })
    }

    /// Whether this browser's session is good.
    pub(crate) async fn is_signed_in(&mut self) -> Result<bool, Failure> {
        let answer = self.get(&self.scene.at("/session")).await?;
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::UNAUTHORIZED => Ok(false),
            _ => Err(answer.unexpected().into()),
        }
    }
}
