//! The scene of all tests: two organisations that are connected, two clients of the platform, and what the platform hears.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use local::http::Http;
use local::platform::AdminApi;
use local::tenant::Size;
use local::{Options, Stack};
use serde_json::{Value, json};

use crate::Failure;
use crate::platform::{Client, LOGOUT_PATH, Listener};

/// The table.
pub(crate) const TABLE: &str = "rollcall";
/// The function that signs people in.
pub(crate) const FUNCTION: &str = "rollcall-oidc-callback";

/// A customer: a tenant, its app, and the connection to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Organisation {
    pub(crate) connection: String,
    pub(crate) tenant: String,
    pub(crate) app: String,
    pub(crate) domain: String,
    /// A group in scope.
    pub(crate) root: String,
    /// Accounts that are active after the first run.
    pub(crate) people: Vec<Person>,
}

/// An account, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The object id in Entra.
    pub(crate) id: String,
    /// The account, which the platform knows as `sub`.
    pub(crate) account: String,
    pub(crate) email: String,
    /// All that the admin API tells.
    pub(crate) all: Value,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) stack: Stack,
    pub(crate) api: AdminApi,
    pub(crate) http: Http,
    pub(crate) first: Organisation,
    pub(crate) other: Organisation,
    /// Where the platform's own application is registered. It is connected to nothing.
    pub(crate) vendor: Organisation,
    pub(crate) client: Client,
    pub(crate) second_client: Client,
    pub(crate) platform: Listener,
    secrets: Mutex<BTreeSet<String>>,
    next: AtomicUsize,
}

/// A text of a JSON value.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Scene {
    /// Starts the stack and sets everything up.
    pub(crate) async fn set() -> Result<Self, Failure> {
        let size = Size { people: 200, groups: 20, seed: 1 };
        // The most talkative level: no secret may be in any log at any level.
        let parameters = [("LogLevel".to_owned(), "debug".to_owned())].into();
        let options = Options { size, parameters, ..Options::named("sign-in") };
        let stack = Stack::start(&options, &|text| println!("{text}")).await?;
        let platform = Listener::start(stack.platform()).await?;
        let api = AdminApi::new(stack.url(), stack.admin_token());
        let mut scene = Self {
            api,
            http: Http::default(),
            first: Organisation::default(),
            other: Organisation::default(),
            vendor: Organisation::default(),
            client: Client { id: String::new(), secret: String::new() },
            second_client: Client { id: String::new(), secret: String::new() },
            platform,
            secrets: Mutex::default(),
            next: AtomicUsize::default(),
            stack,
        };
        // Signing keys are made when they are first needed: before several instances need them at once.
        scene.http.send(Method::GET, &scene.at("/jwks"), &[], "".into()).await?.success()?;
        scene.client = scene.new_client("Platform").await?;
        scene.second_client = scene.new_client("Another").await?;
        let tenant = scene.control(Method::GET, "/tenants/first", Value::Null).await?;
        scene.first = scene.connect("Example", &tenant, json!({})).await?;
        let tenant = json!({"seed": 2, "people": 40, "groups": 6, "roots": 1});
        let tenant = scene.control(Method::POST, "/tenants", tenant).await?;
        scene.other = scene.connect("Other", &tenant, json!({"guests": "in"})).await?;
        scene.vendor = scene.register_application().await?;
        let (first, other) = (scene.first.people.len(), scene.other.people.len());
        println!("{first} people of one tenant and {other} of another have accounts");
        Ok(scene)
    }

    /// An address of ours.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.stack.url())
    }

    /// Where Entra is.
    pub(crate) fn login(&self) -> String {
        self.stack.tenant().origins().login.clone()
    }

    /// Where codes go.
    pub(crate) fn back(&self) -> String {
        format!("{}/callback", self.stack.platform())
    }

    /// Notes that a text must be nowhere but where it was sent.
    pub(crate) fn is_secret(&self, text: &str) {
        if text.len() >= 16 {
            self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned());
        }
    }

    /// All that were noted.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody with an account, another one each time.
    pub(crate) fn somebody(&self) -> Result<&Person, Failure> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.first.people.len().max(1);
        Ok(self.first.people.get(number).ok_or("nobody has an account")?)
    }

    /// Calls the control API of the simulated Entra.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> Result<Value, Failure> {
        let body = Some(body).filter(|body| !body.is_null());
        Ok(self.stack.tenant().control(method, path, body.as_ref()).await?)
    }

    /// One action in the directory of the first organisation.
    pub(crate) async fn act(&self, action: Value) -> Result<Value, Failure> {
        let path = format!("/tenants/{}/actions", self.first.tenant);
        let done = self.control(Method::POST, &path, action).await?;
        Ok(done.pointer("/results/0").cloned().unwrap_or_default())
    }

    /// Sets the faults of Entra; none for none.
    pub(crate) async fn faults(&self, rules: Value) -> Result<(), Failure> {
        let method = if rules.is_null() { Method::DELETE } else { Method::PUT };
        self.control(method, "/faults", rules).await.map(drop)
    }

    /// What somebody does at Entra. Gives where they are sent from there. `token` says how their ID token differs from a right one.
    pub(crate) async fn entra(
        &self,
        organisation: &Organisation,
        url: &str,
        person: &str,
        token: Value,
    ) -> Result<String, Failure> {
        let mut body = json!({"url": url, "user": person, "consent": true});
        if let (Some(members), false) = (body.as_object_mut(), token.is_null()) {
            members.insert("token".to_owned(), token);
        }
        let path = format!("/tenants/{}/authorize", organisation.tenant);
        let callback = text(&self.control(Method::POST, &path, body).await?, "/location");
        if let Some((_, code)) = url::Url::parse(&callback)?.query_pairs().find(|(name, _)| name == "code") {
            self.is_secret(&code);
        }
        Ok(callback)
    }

    /// The time of Entra's clock, which is ours, in milliseconds since 1970.
    pub(crate) async fn now(&self) -> Result<i64, Failure> {
        let clock = self.control(Method::GET, "/clock", Value::Null).await?;
        Ok(clock.get("millis").and_then(Value::as_i64).ok_or("the clock tells no time")?)
    }

    /// The account of a person of the first organisation, once it is as it has to be.
    pub(crate) async fn account(&self, person: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
        self.account_at(&self.first, person, wanted).await
    }

    /// The same at another organisation.
    pub(crate) async fn account_at(
        &self,
        organisation: &Organisation,
        person: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failure> {
        let path = format!("/connections/{}/users/{person}", organisation.connection);
        let mut last = String::new();
        for _ in 0..300 {
            let answer = self.api.send(Method::GET, &path, None).await?;
            if answer.status.is_success() {
                let account: Value = answer.parse()?;
                if wanted(&account) {
                    return Ok(account);
                }
                last = account.to_string();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let runs = self.api.get(&format!("/connections/{}/runs?limit=3", organisation.connection)).await?;
        Err(format!("the account of {person} did not become as it should within 30 s: {last}; the last runs: {runs}")
            .into())
    }

    /// Somebody new, directly in a group in scope, once they have an account.
    pub(crate) async fn newcomer(&self) -> Result<Person, Failure> {
        self.newcomers(1).await?.pop().ok_or_else(|| "nobody joined".into())
    }

    /// Somebody joins these groups. Of those whom the directory makes up by itself, some are guests.
    pub(crate) fn member(&self, groups: &[&str]) -> Value {
        let name = format!("newcomer-{}", uuid::Uuid::new_v4().simple());
        let address = format!("{name}@{}", self.first.domain);
        json!({"action": "join", "groups": groups, "properties": {
            "displayName": name, "givenName": "New", "surname": name, "userPrincipalName": address, "mail": address,
            "userType": "Member", "accountEnabled": true,
        }})
    }

    /// So many of them.
    pub(crate) async fn newcomers(&self, number: usize) -> Result<Vec<Person>, Failure> {
        let mut joined = Vec::new();
        for _ in 0..number {
            joined.push(text(&self.act(self.member(&[&self.first.root])).await?, "/id"));
        }
        let mut people = Vec::new();
        for id in joined {
            let account = self.account(&id, |account| text(account, "/status") == "active").await?;
            people.push(Person::of(&account));
        }
        Ok(people)
    }

    async fn new_client(&self, name: &str) -> Result<Client, Failure> {
        let body = json!({
            "name": name,
            "redirect_uris": [self.back()],
            "post_logout_redirect_uris": [format!("{}/signed-out", self.stack.platform())],
            "initiate_login_uri": format!("{}/initiate", self.stack.platform()),
            "backchannel_logout_uri": format!("{}{LOGOUT_PATH}", self.stack.platform()),
            "authentication": {"method": "secret"},
        });
        let made = self.api.call(Method::POST, "/clients", Some(&body)).await?;
        let client = Client { id: text(&made, "/client_id"), secret: text(&made, "/client_secret") };
        self.is_secret(&client.secret);
        Ok(client)
    }

    async fn connect(&self, name: &str, tenant: &Value, rules: Value) -> Result<Organisation, Failure> {
        let (id, app, secret) = (text(tenant, "/tenantId"), text(tenant, "/clientId"), text(tenant, "/clientSecret"));
        self.is_secret(&secret);
        let body = json!({
            "name": name, "tenant_id": id, "owners": ["owner@example.com"],
            "scope": {"type": "groups", "groups": tenant.get("roots")},
            "credential": {"type": "client_secret", "client_id": app, "client_secret": secret},
            "limits": {"people": 100_000, "percent": 100}, "sign_in": {"just_in_time": false},
            "rules": rules,
        });
        let made = self.api.call(Method::POST, "/connections", Some(&body)).await?;
        let connection = text(&made, "/id");
        let registration = json!({
            "redirectUris": [self.at("/login/callback"), self.at("/connect/callback"), self.at("/signed-out")],
            "frontChannelLogoutUrl": self.at("/sign-out/entra"),
            "optionalClaims": {"sid": true},
        });
        self.control(Method::PATCH, &format!("/tenants/{id}/apps/{app}"), registration).await?;
        self.api.call(Method::POST, &format!("/connections/{connection}/activate"), None).await?;
        self.first_run(&connection).await?;
        let users = self.api.all(&format!("/connections/{connection}/users")).await?;
        let active = users.iter().filter(|user| text(user, "/status") == "active").map(Person::of);
        let (root, domain) = (text(tenant, "/roots/0"), text(tenant, "/domain"));
        Ok(Organisation { connection, tenant: id, app, domain, root, people: active.collect() })
    }

    pub(crate) async fn first_run(&self, connection: &str) -> Result<(), Failure> {
        for _ in 0..600 {
            let runs = self.api.get(&format!("/connections/{connection}/runs")).await?;
            match text(&runs, "/items/0/status").as_str() {
                "succeeded" => return Ok(()),
                "failed" => return Err(format!("the first run failed: {runs}").into()),
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        Err("the first run did not end within a minute".into())
    }

    /// The platform's own application, which is registered in a tenant of its own.
    async fn register_application(&self) -> Result<Organisation, Failure> {
        let vendor = self.control(Method::POST, "/tenants", json!({"seed": 3, "people": 5, "groups": 1})).await?;
        let tenant = text(&vendor, "/tenantId");
        let app = json!({
            "displayName": "Platform", "multiTenant": true, "optionalClaims": {"sid": true, "wids": true},
            "redirectUris": [self.at("/login/callback"), self.at("/connect/callback")],
            "requiredRoles": ["User.Read.All", "GroupMember.Read.All", "Group.Read.All", "Organization.Read.All"],
        });
        let app = self.control(Method::POST, &format!("/tenants/{tenant}/apps"), app).await?;
        let (app, secret) = (text(&app, "/clientId"), text(&app, "/clientSecret"));
        self.is_secret(&secret);
        let body = json!({"credential": {"type": "client_secret", "client_id": app, "client_secret": secret}});
        self.api.call(Method::PUT, "/application", Some(&body)).await?;
        Ok(Organisation { tenant, app, ..Organisation::default() })
    }
}

impl Person {
    pub(crate) fn of(user: &Value) -> Self {
        let (id, account, email) = (text(user, "/person"), text(user, "/id"), text(user, "/email"));
        Self { id, account, email, all: user.clone() }
    }
}
