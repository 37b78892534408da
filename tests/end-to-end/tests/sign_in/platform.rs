//! The platform: what it asks for, what it gets for a code, and where it listens for sign-outs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::http::Answer;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::Failure;
use crate::browser::SignedIn;
use crate::scene::{Organisation, Scene};

/// Where the platform is told of sign-outs.
pub(crate) const LOGOUT_PATH: &str = "/back-channel-logout";

/// An application of the platform.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// What a client asks for in the browser.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    members: Vec<(String, String)>,
    pub(crate) verifier: String,
}

/// A digest as the standards write it.
pub(crate) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Result<Value, Failure> {
    let payload = token.split('.').nth(1).ok_or("this is no token")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?)
}

/// A form, or a query.
pub(crate) fn form(members: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish()
}

impl Wish {
    /// A sign-in by an organisation.
    pub(crate) fn by(scene: &Scene, organisation: &Organisation) -> Self {
        Self::anywhere(scene).with("connection", &organisation.connection)
    }

    /// A sign-in that names no organisation.
    pub(crate) fn anywhere(scene: &Scene) -> Self {
        let verifier = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let wish = Self { members: Vec::new(), verifier };
        let challenge = digest(&wish.verifier);
        wish.with("client_id", &scene.client.id)
            .with("redirect_uri", &scene.back())
            .with("response_type", "code")
            .with("scope", "openid profile email teams offline_access")
            .with("state", &Uuid::new_v4().to_string())
            .with("nonce", &Uuid::new_v4().to_string())
            .with("code_challenge", &challenge)
            .with("code_challenge_method", "S256")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.members.retain(|(known, _)| known != name);
        self.members.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn get(&self, name: &str) -> String {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub(crate) fn query(&self) -> String {
        let members: Vec<(&str, &str)> =
            self.members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form(&members)
    }

    pub(crate) fn url(&self, scene: &Scene) -> String {
        format!("{}?{}", scene.at("/authorize"), self.query())
    }
}

/// What a code was exchanged for.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) id_token: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// Of the ID token.
    pub(crate) claims: Value,
}

impl Tokens {
    /// A claim of the ID token as text.
    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Scene {
    /// Calls an endpoint of clients with a form.
    pub(crate) async fn call(&self, path: &str, members: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.call_as(path, None, members).await
    }

    /// The same with an `Authorization` header.
    pub(crate) async fn call_as(
        &self,
        path: &str,
        authorization: Option<&str>,
        members: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        Ok(self.http.send(http::Method::POST, &self.at(path), &headers, form(members).into()).await?)
    }

    /// Exchanges a code, as it should be done.
    pub(crate) async fn exchange(&self, signed_in: &SignedIn) -> Result<Tokens, Failure> {
        let answer = self.try_to_exchange(signed_in).await?.success()?;
        self.tokens(&answer)
    }

    /// The same, whatever comes of it.
    pub(crate) async fn try_to_exchange(&self, signed_in: &SignedIn) -> Result<Answer, Failure> {
        let SignedIn { wish, code } = signed_in;
        let members = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &wish.get("redirect_uri")),
            ("code_verifier", &wish.verifier),
            ("client_id", &self.client.id),
            ("client_secret", &self.client.secret),
        ];
        self.call("/token", &members).await
    }

    /// Reads the answer of the token endpoint.
    pub(crate) fn tokens(&self, answer: &Answer) -> Result<Tokens, Failure> {
        let body: Value = serde_json::from_slice(&answer.body)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id_token, access_token, refresh_token) = (text("id_token"), text("access_token"), text("refresh_token"));
        for secret in [&id_token, &access_token, &refresh_token] {
            self.is_secret(secret);
        }
        let claims = claims(&id_token)?;
        Ok(Tokens { id_token, access_token, refresh_token, claims })
    }

    /// Asks for new tokens.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Answer, Failure> {
        let members = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &self.client.id),
            ("client_secret", &self.client.secret),
        ];
        self.call("/token", &members).await
    }

    /// What the provider tells of whoever an access token is about.
    pub(crate) async fn userinfo(&self, token: &str) -> Result<Answer, Failure> {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        Ok(self.http.send(http::Method::GET, &self.at("/userinfo"), &headers, "".into()).await?)
    }
}

/// The error of an answer of the token endpoint.
pub(crate) fn error(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A logout token, and when it came.
pub(crate) type Logout = (Instant, String);

#[derive(Clone, Debug, Default)]
struct Heard {
    logouts: Arc<Mutex<Vec<Logout>>>,
    others: Arc<Mutex<Vec<String>>>,
}

/// Listens where the platform is. It stops with this value.
#[derive(Debug)]
pub(crate) struct Listener {
    heard: Heard,
    server: JoinHandle<()>,
}

impl Listener {
    /// Listens at an address of this machine.
    pub(crate) async fn start(origin: &str) -> Result<Self, Failure> {
        let listener = TcpListener::bind(origin.trim_start_matches("http://")).await?;
        let heard = Heard::default();
        let router = Router::new().fallback(hear).with_state(heard.clone());
        let server = tokio::spawn(async move {
            // It ends when the task does.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { heard, server })
    }

    /// The logout tokens that came so far.
    pub(crate) fn logouts(&self) -> Vec<Logout> {
        self.heard.logouts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything else that somebody asked for.
    pub(crate) fn others(&self) -> Vec<String> {
        self.heard.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the logout token of a session.
    pub(crate) async fn logout(&self, session: &str) -> Result<Logout, Failure> {
        for _ in 0..600 {
            let found = self.logouts().into_iter().find(|(_, token)| {
                claims(token).is_ok_and(|claims| claims.get("sid").and_then(Value::as_str) == Some(session))
            });
            if let Some(found) = found {
                return Ok(found);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Err(format!("the platform was not told within 30 s that session {session} has ended").into())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hear(State(heard): State<Heard>, uri: Uri, body: Bytes) -> StatusCode {
    let token = url::form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token");
    match token {
        Some((_, token)) if uri.path() == LOGOUT_PATH => {
            let mut logouts = heard.logouts.lock().unwrap_or_else(PoisonError::into_inner);
            logouts.push((Instant::now(), token.into_owned()));
        }
        _ => heard.others.lock().unwrap_or_else(PoisonError::into_inner).push(uri.to_string()),
    }
    StatusCode::OK
}
