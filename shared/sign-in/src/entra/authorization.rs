//! Where the browser is sent to sign in or to consent, and why.

use rollcall_graph::Authority;
use rollcall_graph::identity_platform::{ADMIN_CONSENT, AUTHORIZE, IdentityPlatform, LOGOUT};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::seal::{SealKey, challenge};

/// What Entra is asked to show (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing: an error instead of a page.
    None,
    /// The person proves anew who they are.
    Login,
    /// The person chooses an account.
    SelectAccount,
    /// The person consents anew.
    Consent,
}

impl Prompt {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::SelectAccount => "select_account",
            Self::Consent => "consent",
        }
    }

    /// The prompt with that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::Login, Self::SelectAccount, Self::Consent].into_iter().find(|prompt| prompt.word() == word)
    }
}

/// A request for a code.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Whose people may answer.
    pub authority: Authority,
    /// Our client id.
    pub client_id: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// Delegated permissions beside those of a sign-in.
    pub permissions: &'a [String],
    /// Who is expected, as somebody typed it.
    pub login_hint: Option<&'a str>,
    /// The domain of their organisation.
    pub domain_hint: Option<&'a str>,
    /// What is shown.
    pub prompt: Option<Prompt>,
}

/// The address of a request (identity platform page "OAuth 2.0 authorization code flow"). Verifier and nonce follow from the state.
#[must_use]
pub fn address(
    platform: &IdentityPlatform,
    request: &AuthorizationRequest<'_>,
    state: &SecretString,
    seal: &SealKey,
) -> Url {
    let AuthorizationRequest { authority, client_id, redirect_uri, permissions, login_hint, domain_hint, prompt } =
        request;
    let mut scope = "openid profile".to_owned();
    for permission in *permissions {
        scope.push(' ');
        scope.push_str(permission);
    }
    let mut url = platform.address(*authority, AUTHORIZE);
    let mut query = url.query_pairs_mut();
    query
        .append_pair("client_id", client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_mode", "query")
        .append_pair("scope", &scope)
        .append_pair("state", state.expose_secret())
        .append_pair("nonce", &seal.nonce(state))
        .append_pair("code_challenge", &challenge(seal.verifier(state).expose_secret()))
        .append_pair("code_challenge_method", "S256");
    for (name, value) in [("login_hint", login_hint), ("domain_hint", domain_hint)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    if let Some(prompt) = prompt {
        query.append_pair("prompt", prompt.word());
    }
    drop(query);
    url
}

/// The address at which an administrator consents to all application permissions that the application asks for
/// (identity platform page "Admin consent").
#[must_use]
pub fn consent_address(platform: &IdentityPlatform, client_id: &str, redirect_uri: &str, state: &SecretString) -> Url {
    let mut url = platform.address(Authority::Organizations, ADMIN_CONSENT);
    url.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("scope", &platform.origins().scope())
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state.expose_secret());
    url
}

/// The address at which somebody signs out of Entra, and comes back.
#[must_use]
pub fn sign_out_address(platform: &IdentityPlatform, authority: Authority, back: &str) -> Url {
    let mut url = platform.address(authority, LOGOUT);
    url.query_pairs_mut().append_pair("post_logout_redirect_uri", back);
    url
}
