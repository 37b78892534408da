//! The app registrations of a tenant: credentials and granted application permissions.

use crate::login::Certificate;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// An app in a tenant: registration and service principal in one.
#[derive(Clone, Debug)]
pub(crate) struct App {
    /// The client id.
    pub client_id: Uuid,
    /// The object id of the service principal.
    pub principal_id: Uuid,
    /// A disabled app gets AADSTS7000112.
    pub enabled: bool,
    /// Client secrets.
    pub secrets: Vec<Secret>,
    /// Certificates for client assertions.
    pub certificates: Vec<Certificate>,
    /// Federated identity credentials.
    pub federated: Vec<Federated>,
    /// Application permissions granted by an administrator, by name.
    pub roles: BTreeSet<String>,
}

/// A client secret.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// The id that the portal shows beside the value, which people paste by mistake.
    pub id: Uuid,
    /// The value.
    pub value: String,
    /// When it expires, in milliseconds since 1970.
    pub expires: i64,
}

/// A federated identity credential with the keys of its issuer.
#[derive(Clone, Debug)]
pub(crate) struct Federated {
    /// The `iss` of the external token.
    pub issuer: String,
    /// The `sub` of the external token.
    pub subject: String,
    /// The `aud` of the external token.
    pub audience: String,
    /// The issuer's JSON Web Keys.
    pub keys: Vec<Value>,
}

/// What a new app of a seeded tenant may do: what a directory sync asks for.
pub(crate) const DEFAULT_ROLES: [&str; 4] =
    ["User.Read.All", "Group.Read.All", "GroupMember.Read.All", "Organization.Read.All"];

/// Two years in milliseconds, the portal's longest life of a secret.
pub(crate) const SECRET_LIFE_MILLIS: i64 = 730 * 24 * 3_600_000;

impl App {
    /// An app with one secret and the given permissions.
    pub(crate) fn new(client_id: Uuid, secret: Secret, roles: impl IntoIterator<Item = String>) -> Self {
        Self {
            client_id,
            principal_id: Uuid::new_v5(&client_id, b"service principal"),
            enabled: true,
            secrets: vec![secret],
            certificates: Vec::new(),
            federated: Vec::new(),
            roles: roles.into_iter().collect(),
        }
    }
}

impl Secret {
    /// A random secret in the form Microsoft gives them: 40 characters with a tilde.
    pub(crate) fn generate(random: &mut impl rand::Rng, now: i64) -> Self {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
        let mut value = String::from("sim8Q~");
        for _ in 0..34 {
            let letter = LETTERS.get(random.random_range(0..LETTERS.len())).copied().unwrap_or(b'a');
            value.push(char::from(letter));
        }
        Self {
            id: uuid::Builder::from_random_bytes(random.random()).into_uuid(),
            value,
            expires: now + SECRET_LIFE_MILLIS,
        }
    }
}
