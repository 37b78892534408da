//! What a sign-in exchanges with the identity platform behind the browser's back: metadata, keys, and tokens for a code.
//!
//! Paths are those that Microsoft documents (identity platform pages "OpenID Connect", "OAuth 2.0 authorization code flow"),
//! below the configured origin: no address in an answer is ever followed. **Nothing here is checked that only a relying
//! party can check**: signature, issuer, audience, times and nonce of an ID token are the caller's.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::client_proof::{NoProof, Proof};
use crate::cloud::Origins;
use crate::credential::Credential;
use crate::graph_error::safe_code;
use crate::http_client::HttpClient;
use crate::transport::TransportError;

/// Who may sign in at an endpoint (identity platform page "Application types and OAuth 2.0", on tenants).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authority {
    /// People of one tenant.
    Tenant(Uuid),
    /// People of any tenant: which one turns out by the token.
    Organizations,
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(tenant) => tenant.fmt(f),
            Self::Organizations => f.write_str("organizations"),
        }
    }
}

/// The identity platform of one cloud. Cheap to clone.
#[derive(Clone)]
pub struct IdentityPlatform {
    http: HttpClient,
    origins: Origins,
}

/// Why there is no usable answer. The texts have no secret and nothing of an answer but codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It could not be reached, did not answer in time, or is out of order. Whether a code was used up is unknown.
    #[error("the identity platform is not available: {0}")]
    Unavailable(String),
    /// It refuses. Microsoft's numbers (AADSTS) say more than the code.
    #[error("the identity platform refuses: {code} {aadsts:?}")]
    Refused {
        /// The OAuth error.
        code: String,
        /// Microsoft's numbers.
        aadsts: Vec<u32>,
    },
    /// It answered something else than what is documented.
    #[error("the identity platform did not answer as documented: {0}")]
    ContractBroken(&'static str),
    /// Our own credential can't be used.
    #[error("the credential of the application can't be used: {0}")]
    Credential(&'static str),
}

/// What a tenant's metadata says (OpenID Connect Discovery 1.0, section 3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// The issuer of its tokens.
    pub issuer: String,
    /// Where people sign in.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
}

/// A key of the key set, as far as it is RSA.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct JsonWebKey {
    /// The kind: `RSA`.
    pub kty: String,
    /// What it is for: `sig`.
    #[serde(default, rename = "use")]
    pub usage: Option<String>,
    /// Its id.
    #[serde(default)]
    pub kid: Option<String>,
    /// The modulus, base64url.
    #[serde(default)]
    pub n: Option<String>,
    /// The exponent, base64url.
    #[serde(default)]
    pub e: Option<String>,
    /// The issuer, or the template of issuers, for whose tokens alone it is good.
    #[serde(default)]
    pub issuer: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<JsonWebKey>,
}

/// What the token endpoint gives for a code or a refresh token.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    /// Who signed in, unchecked.
    #[serde(default)]
    pub id_token: Option<SecretString>,
    /// The right to act for them.
    #[serde(default)]
    pub access_token: Option<SecretString>,
    /// For a new access token later on, with `offline_access`.
    #[serde(default)]
    pub refresh_token: Option<SecretString>,
    /// What the access token is good for.
    #[serde(default)]
    pub scope: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What a token is asked for with.
#[derive(Debug)]
pub enum Grant<'a> {
    /// An authorization code.
    Code {
        /// The code.
        code: &'a SecretString,
        /// Where it was sent.
        redirect_uri: &'a str,
        /// The PKCE verifier of the request that led to it.
        verifier: &'a SecretString,
    },
    /// A refresh token.
    RefreshToken {
        /// The token.
        token: &'a SecretString,
        /// What the new access token is to be good for.
        scope: &'a str,
    },
}

/// An error body of the token endpoint (RFC 6749, section 5.2, with Microsoft's additions).
#[derive(Deserialize)]
struct Failure {
    error: String,
    #[serde(default)]
    error_codes: Vec<u32>,
}

impl IdentityPlatform {
    /// The identity platform at these origins.
    #[must_use]
    pub const fn new(http: HttpClient, origins: Origins) -> Self {
        Self { http, origins }
    }

    /// Where it is.
    #[must_use]
    pub const fn origins(&self) -> &Origins {
        &self.origins
    }

    /// An address of it: `path` below an authority.
    #[must_use]
    pub fn address(&self, authority: Authority, path: &str) -> Url {
        let mut url = self.origins.login().clone();
        url.set_path(&format!("/{authority}/{path}"));
        url
    }

    /// The issuer of a tenant's tokens (identity platform page "Access tokens", on issuers).
    #[must_use]
    pub fn issuer(&self, tenant: Uuid) -> String {
        self.address(Authority::Tenant(tenant), "v2.0").into()
    }

    /// A tenant's metadata, unchecked.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn metadata(&self, tenant: Uuid, until: Instant) -> Result<Metadata, IdentityError> {
        self.read(self.address(Authority::Tenant(tenant), "v2.0/.well-known/openid-configuration"), until).await
    }

    /// The keys of a tenant.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn keys(&self, tenant: Uuid, until: Instant) -> Result<Vec<JsonWebKey>, IdentityError> {
        let set: KeySet = self.read(self.address(Authority::Tenant(tenant), KEYS), until).await?;
        Ok(set.keys)
    }

    /// Asks for tokens, once: a code that may have been used up is not sent again (RFC 6749, section 10.5).
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn tokens(
        &self,
        authority: Authority,
        credential: &Credential,
        grant: &Grant<'_>,
        now: Timestamp,
        until: Instant,
    ) -> Result<Tokens, IdentityError> {
        let url = self.address(authority, TOKEN);
        let proof = Proof::of(credential, url.as_str(), now).await.map_err(unproven)?;
        let mut request = request(Method::POST, &url, form(credential, grant, &proof));
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        let answer = self.send(request, until).await?;
        if answer.status().is_success() {
            return serde_json::from_slice(answer.body()).map_err(|_| IdentityError::ContractBroken("no tokens"));
        }
        Err(refusal(&answer))
    }

    async fn read<T: DeserializeOwned>(&self, url: Url, until: Instant) -> Result<T, IdentityError> {
        let answer = self.send(request(Method::GET, &url, Bytes::new()), until).await?;
        if answer.status().is_success() {
            return serde_json::from_slice(answer.body())
                .map_err(|_| IdentityError::ContractBroken("not the JSON wanted"));
        }
        Err(refusal(&answer))
    }

    async fn send(&self, request: Request<Bytes>, until: Instant) -> Result<Response<Bytes>, IdentityError> {
        match self.http.send(request.clone(), Some(until)).await {
            // Nothing was sent, so that it can be sent now.
            Err(TransportError::Connect) => self.http.send(request, Some(until)).await,
            answer => answer,
        }
        .map_err(|error| IdentityError::Unavailable(error.to_string()))
    }
}

/// Where a tenant's keys are, below its authority.
pub const KEYS: &str = "discovery/v2.0/keys";
/// Where tokens are asked for, below an authority.
pub const TOKEN: &str = "oauth2/v2.0/token";
/// Where people sign in, below an authority.
pub const AUTHORIZE: &str = "oauth2/v2.0/authorize";
/// Where people sign out, below an authority.
pub const LOGOUT: &str = "oauth2/v2.0/logout";
/// Where administrators consent, below an authority.
pub const ADMIN_CONSENT: &str = "v2.0/adminconsent";

fn request(method: Method, url: &Url, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // A `Url` that was parsed is a valid URI.
    *request.uri_mut() = url.as_str().parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Ok(value) = HeaderValue::try_from(Uuid::new_v4().to_string()) {
        headers.insert("client-request-id", value);
    }
    request
}

fn form(credential: &Credential, grant: &Grant<'_>, proof: &Proof<'_>) -> Bytes {
    let mut form = Serializer::new(String::new());
    match grant {
        Grant::Code { code, redirect_uri, verifier } => form
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose_secret())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", verifier.expose_secret()),
        Grant::RefreshToken { token, scope } => form
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token.expose_secret())
            .append_pair("scope", scope),
    };
    proof.append(credential.client_id(), &mut form);
    form.finish().into()
}

fn refusal(answer: &Response<Bytes>) -> IdentityError {
    let status = answer.status();
    if status.is_server_error() || status.as_u16() == 429 {
        return IdentityError::Unavailable(format!("HTTP status {}", status.as_u16()));
    }
    match serde_json::from_slice(answer.body()) {
        Ok(Failure { error, error_codes }) if status.is_client_error() => {
            IdentityError::Refused { code: safe_code(&error), aadsts: error_codes }
        }
        _ => IdentityError::ContractBroken("neither success nor an error of its own"),
    }
}

fn unproven(reason: NoProof) -> IdentityError {
    match reason {
        NoProof::CertificateUnusable => IdentityError::Credential("the certificate or its key is unusable"),
        NoProof::AssertionRefused => IdentityError::Credential("there is no assertion"),
        NoProof::AssertionUnavailable => IdentityError::Unavailable("no assertion".to_owned()),
    }
}
