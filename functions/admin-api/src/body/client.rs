//! An application of the platform that people sign in to, and changes of one.

use rollcall_sign_in::provider::client_proof::is_key_set;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::address::{Address, Addresses, PerhapsAddresses};
use super::given;
use super::text::Name;

/// The longest key set.
const LONGEST_KEYS: usize = 16_384;
/// Members of a JSON Web Key that only its owner may know (RFC 7518, section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A new client: an application of the platform that people sign in to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClient {
    /// What people call it. They see it when they sign in.
    pub(crate) name: Name,
    /// Where codes may be sent: a request names one of these exactly.
    #[schema(value_type = Vec<Address>, min_items = 1, max_items = 20)]
    pub(crate) redirect_uris: Addresses,
    /// Where people may be sent after signing out: a request names one of these exactly.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Address>>, max_items = 20, default = json!([]))]
    pub(crate) post_logout_redirect_uris: PerhapsAddresses,
    /// Where a sign-in goes on that begins at Rollcall, by the link of a connection or in My Apps (`OpenID` Connect Core 1.0,
    /// section 4). Without one such people are told to begin at the platform.
    #[serde(default)]
    pub(crate) initiate_login_uri: Option<Address>,
    /// Where it is told that a session has ended (`OpenID` Connect Back-Channel Logout 1.0). Without one it is not told.
    #[serde(default)]
    pub(crate) backchannel_logout_uri: Option<Address>,
    /// How it proves who it is.
    pub(crate) authentication: Authentication,
}

/// What is to be changed. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientPatch {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Name, required = false)]
    pub(crate) name: Option<Name>,
    /// Where codes may be sent, all of them. What is not among them any more is refused from then on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Address>, min_items = 1, max_items = 20, required = false)]
    pub(crate) redirect_uris: Option<Addresses>,
    /// Where people may be sent after signing out, all of them; null for nowhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Address>>, max_items = 20, required = false)]
    pub(crate) post_logout_redirect_uris: Option<PerhapsAddresses>,
    /// Where a sign-in goes on that begins at Rollcall; null for nowhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Address>, required = false)]
    pub(crate) initiate_login_uri: Option<Option<Address>>,
    /// Where it is told that a session has ended; null for nowhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Address>, required = false)]
    pub(crate) backchannel_logout_uri: Option<Option<Address>>,
    /// How it proves who it is. **What it destroys**: with another method, or other keys, the old secrets or keys are good no
    /// more. A client that has secrets keeps them with the method `secret`; one that had keys gets a secret, shown in the answer.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Authentication, required = false)]
    pub(crate) authentication: Option<Authentication>,
}

/// How a client proves who it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = NewClientAuthentication)]
pub(crate) enum Authentication {
    /// By a secret that is made here and shown once.
    #[schema(title = "SecretAuthentication")]
    Secret {},
    /// By signatures of a key of its own (`private_key_jwt`): ES256, RS256 or PS256.
    #[schema(title = "PrivateKeyAuthentication")]
    PrivateKey {
        /// Its public keys, a JSON Web Key Set of at most 16,384 characters.
        #[schema(value_type = Object)]
        jwks: KeySet,
    },
}

/// Public keys, as the text of a JSON Web Key Set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct KeySet(pub(crate) String);

impl TryFrom<Value> for KeySet {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let keys = value.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if keys.iter().any(|key| PRIVATE.iter().any(|member| key.get(member).is_some())) {
            return Err("must have public keys only: a private one is known to others now, so make a new one");
        }
        let text = value.to_string();
        if text.len() > LONGEST_KEYS {
            return Err("must have at most 16384 characters");
        }
        if is_key_set(&text) {
            Ok(Self(text))
        } else {
            Err("must be a JSON Web Key Set with keys for ES256, RS256 or PS256")
        }
    }
}
