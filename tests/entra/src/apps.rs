//! The apps of a tenant: credentials, registration, and what was consented to.

use crate::login::Certificate;
use crate::registration::Registration;
use crate::state::State;
use crate::tenant::Tenant;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An app in a tenant: registration and service principal in one, or the service principal alone.
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
    /// Those of them that tokens do not have yet, with the time from which they do, in milliseconds since 1970.
    pub delayed: BTreeMap<String, i64>,
    /// The tenant where the app is registered, when it is another one: its credentials are there.
    pub home: Option<Uuid>,
    /// What the registration says. Of an app of another tenant, assignment alone is kept here.
    pub registration: Registration,
    /// Delegated permissions that an administrator granted for everybody.
    pub delegated: BTreeSet<String>,
    /// Delegated permissions that people granted for themselves.
    pub consents: BTreeMap<Uuid, BTreeSet<String>>,
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
            delayed: BTreeMap::new(),
            home: None,
            registration: Registration::default(),
            delegated: BTreeSet::new(),
            consents: BTreeMap::new(),
        }
    }

    /// The service principal, in one tenant, of an app that is registered in another.
    pub(crate) fn principal(client_id: Uuid, home: Uuid, tenant: Uuid) -> Self {
        Self {
            client_id,
            principal_id: Uuid::new_v5(&client_id, tenant.as_bytes()),
            enabled: true,
            secrets: Vec::new(),
            certificates: Vec::new(),
            federated: Vec::new(),
            roles: BTreeSet::new(),
            delayed: BTreeMap::new(),
            home: Some(home),
            registration: Registration::default(),
            delegated: BTreeSet::new(),
            consents: BTreeMap::new(),
        }
    }

    /// The name that pages show.
    pub(crate) fn name(&self) -> String {
        self.registration.display_name.clone().unwrap_or_else(|| self.client_id.to_string())
    }

    /// The application permissions that a token has now.
    pub(crate) fn roles_at(&self, now: i64) -> BTreeSet<&str> {
        let there = |role: &&String| self.delayed.get(*role).is_none_or(|from| *from <= now);
        self.roles.iter().filter(there).map(String::as_str).collect()
    }

    /// The delegated permissions that one person's sign-in may use.
    pub(crate) fn granted_to(&self, person: Uuid) -> BTreeSet<String> {
        self.delegated.iter().chain(self.consents.get(&person).into_iter().flatten()).cloned().collect()
    }

    /// The same app with credentials and registration of its home tenant; assignment stays the tenant's own.
    fn with_home(mut self, registered: &App) -> Self {
        let Registration { assignment_required, assigned_users, .. } = self.registration;
        self.registration = Registration { assignment_required, assigned_users, ..registered.registration.clone() };
        self.secrets.clone_from(&registered.secrets);
        self.certificates.clone_from(&registered.certificates);
        self.federated.clone_from(&registered.federated);
        self.enabled = self.enabled && registered.enabled;
        self
    }
}

/// The app as a tenant knows it, whole: with what its home tenant has when that is another one.
pub(crate) fn in_tenant(state: &State, tenant: &Tenant, client_id: Uuid) -> Option<App> {
    let app = crate::sync::read(&tenant.apps).get(&client_id).cloned()?;
    let Some(home) = app.home else { return Some(app) };
    let home = state.tenant(home)?;
    let registered = crate::sync::read(&home.apps).get(&client_id).cloned()?;
    Some(app.with_home(&registered))
}

/// Where an app is registered, and how.
pub(crate) fn registered(state: &State, client_id: Uuid) -> Option<(Uuid, App)> {
    let tenants: Vec<_> = crate::sync::read(&state.tenants).values().cloned().collect();
    tenants.iter().find_map(|tenant| {
        let app = crate::sync::read(&tenant.apps).get(&client_id).cloned().filter(|app| app.home.is_none())?;
        Some((tenant.id, app))
    })
}

/// Whether some app may be answered at that address.
pub(crate) fn is_redirect_uri(state: &State, uri: &str) -> bool {
    let tenants: Vec<_> = crate::sync::read(&state.tenants).values().cloned().collect();
    let registers = |app: &App| app.registration.redirect_uris.iter().any(|known| known == uri);
    tenants.iter().any(|tenant| crate::sync::read(&tenant.apps).values().any(registers))
}

/// The app as a tenant would know it after consent: an app of several tenants need not be there yet.
pub(crate) fn reachable(state: &State, tenant: &Tenant, client_id: Uuid) -> Option<App> {
    if let Some(app) = in_tenant(state, tenant, client_id) {
        return Some(app);
    }
    let (home, app) = registered(state, client_id)?;
    app.registration.multi_tenant.then(|| App::principal(client_id, home, tenant.id).with_home(&app))
}

/// Changes what a tenant keeps of an app, which gets a service principal when it has none there.
pub(crate) fn change_principal(state: &State, tenant: &Tenant, client_id: Uuid, change: impl FnOnce(&mut App)) {
    let home = registered(state, client_id).map_or(tenant.id, |(home, _)| home);
    let mut apps = crate::sync::write(&tenant.apps);
    change(apps.entry(client_id).or_insert_with(|| App::principal(client_id, home, tenant.id)));
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
