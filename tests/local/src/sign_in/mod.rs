//! Signing in without a browser: what a browser, Entra's pages and a platform do, by plain requests.

mod logouts;

pub use logouts::Logouts;

use crate::error::{Error, Result};
use crate::http::{Answer, Http};
use crate::json::text;
use crate::platform::AdminApi;
use crate::stack::Stack;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use http::header::{LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// The example of RFC 7636, appendix B: nobody else has to be kept from these codes.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Between two looks whether an account is there.
const PAUSE: Duration = Duration::from_millis(200);
const LOOKS: u32 = 300;

/// The platform: a client of the OpenID provider.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    connection: String,
    redirect_uri: String,
    provider: String,
    http: Http,
}

/// Somebody who is signed in at the platform.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What the ID token says.
    pub claims: Value,
    /// Its session.
    pub session: String,
    /// The platform's refresh token.
    pub refresh_token: String,
}

impl Platform {
    /// Registers a platform at the stack, and lets people of the connection sign in to it.
    ///
    /// # Errors
    /// The API or the tenant refuses.
    pub async fn register(stack: &Stack, api: &AdminApi, connection: &str) -> Result<Self> {
        let origin = stack.platform();
        let redirect_uri = format!("{origin}/callback");
        let client = json!({
            "name": "Platform",
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [format!("{origin}/signed-out")],
            "initiate_login_uri": format!("{origin}/initiate"),
            "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
            "authentication": {"method": "secret"},
        });
        let client = api.call(Method::POST, "/clients", Some(&client)).await?;
        let settings = json!({"sign_in": {"just_in_time": true}});
        api.call(Method::PATCH, &format!("/connections/{connection}"), Some(&settings)).await?;
        register_with_entra(stack).await?;
        let platform = Self {
            client_id: text(&client, "/client_id").to_owned(),
            client_secret: text(&client, "/client_secret").to_owned(),
            connection: connection.to_owned(),
            redirect_uri,
            provider: stack.url().to_owned(),
            http: Http::default(),
        };
        // The first key is made by whoever asks first, and here nobody else does.
        platform.http.send(Method::GET, &format!("{}/jwks", platform.provider), &[], "".into()).await?.success()?;
        Ok(platform)
    }

    /// Where a browser begins.
    fn authorization_url(&self) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", self.client_id.as_str()),
                ("redirect_uri", &self.redirect_uri),
                ("connection", &self.connection),
                ("response_type", "code"),
                ("scope", "openid profile email teams offline_access"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        format!("{}/authorize?{query}", self.provider)
    }

    async fn token(&self, members: &[(&str, &str)]) -> Result<Answer> {
        let client = [("client_id", self.client_id.as_str()), ("client_secret", &self.client_secret)];
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(client).extend_pairs(members).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.http.send(Method::POST, &format!("{}/token", self.provider), &headers, form.into()).await
    }

    async fn exchange(&self, code: &str) -> Result<SignedIn> {
        let members = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let tokens: Value = self.token(&members).await?.parse()?;
        let claims = claims(text(&tokens, "/id_token")).ok_or_else(|| Error::Story("no ID token".into()))?;
        let session = text(&claims, "/sid").to_owned();
        Ok(SignedIn { claims, session, refresh_token: text(&tokens, "/refresh_token").to_owned() })
    }

    /// Whether a refresh token is good still.
    ///
    /// # Errors
    /// The provider does not answer, or answers something else.
    pub async fn refresh(&self, signed_in: &SignedIn) -> Result<bool> {
        let members = [("grant_type", "refresh_token"), ("refresh_token", &signed_in.refresh_token)];
        let answer = self.token(&members).await?;
        match answer.status.as_u16() {
            200 => Ok(true),
            400 if answer.text().contains("invalid_grant") => Ok(false),
            _ => Err(answer.unexpected()),
        }
    }
}

/// A browser that signs somebody in.
#[derive(Debug)]
pub struct Browser<'stack> {
    stack: &'stack Stack,
    http: Http,
    cookies: BTreeMap<String, String>,
}

impl<'stack> Browser<'stack> {
    /// One without cookies.
    pub fn new(stack: &'stack Stack) -> Self {
        Self { stack, http: Http::default(), cookies: BTreeMap::new() }
    }

    /// Signs somebody in to a platform. Whoever has to wait for an account waits.
    ///
    /// # Errors
    /// They do not get in.
    pub async fn sign_in(&mut self, platform: &Platform, person: Uuid) -> Result<SignedIn> {
        let entra = self.follow(&platform.authorization_url()).await?;
        let mut back = self.follow(&self.pass_entra(&entra, person).await?).await?;
        if back.starts_with(self.stack.url()) {
            back = self.wait(&back).await?;
        }
        let back = url::Url::parse(&back).map_err(|error| Error::Story(error.to_string()))?;
        let code = back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        platform.exchange(&code.ok_or_else(|| Error::Story(format!("no code came back: {back}")))?).await
    }

    /// Passes Entra's pages as somebody who agrees to everything, and tells where they lead.
    async fn pass_entra(&self, url: &str, person: Uuid) -> Result<String> {
        let pages = json!({"url": url, "user": person, "consent": true});
        let passed = self.stack.tenant().control(Method::POST, "/tenants/first/authorize", Some(&pages)).await?;
        Ok(text(&passed, "/location").to_owned())
    }

    /// Looks again, as the page does, until there is an account.
    async fn wait(&mut self, room: &str) -> Result<String> {
        for _ in 0..LOOKS {
            let answer = self.go(room).await?;
            match answer.headers.get(LOCATION).and_then(|location| location.to_str().ok()) {
                Some(back) => return Ok(back.to_owned()),
                None if answer.status.is_success() => tokio::time::sleep(PAUSE).await,
                None => return Err(answer.unexpected()),
            }
        }
        Err(Error::Waited { what: "an account".to_owned(), seconds: (PAUSE * LOOKS).as_secs() })
    }

    /// Goes to an address, and tells where that leads.
    async fn follow(&mut self, url: &str) -> Result<String> {
        let answer = self.go(url).await?;
        let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        location.map(str::to_owned).ok_or_else(|| answer.unexpected())
    }

    async fn go(&mut self, url: &str) -> Result<Answer> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = [("cookie", cookies.join("; "))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = self.http.send(Method::GET, url, &headers, "".into()).await?;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}

/// Tells the app registration of our addresses.
async fn register_with_entra(stack: &Stack) -> Result<()> {
    let facts = stack.tenant().facts().await?;
    let url = stack.url();
    let app = json!({
        "redirectUris": [format!("{url}/login/callback"), format!("{url}/connect/callback"), format!("{url}/signed-out")],
        "frontChannelLogoutUrl": format!("{url}/sign-out/entra"),
        "homepageUrl": format!("{url}/sign-in"),
        "optionalClaims": {"sid": true},
    });
    let path = format!("/tenants/first/apps/{}", facts.client_id);
    stack.tenant().control(Method::PATCH, &path, Some(&app)).await.map(drop)
}

/// The session of a token, unverified.
pub fn session_of(token: &str) -> Option<String> {
    Some(text(&claims(token)?, "/sid").to_owned())
}

/// What a token says, unverified.
fn claims(token: &str) -> Option<Value> {
    let claims = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
