//! The oidc-callback function as it is shipped, with a client, a connection and somebody who has an account.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use entra::{Options, Server, TenantOptions};
use http::Method;
use jiff::Timestamp;
use local::emulator::Aws;
use local::http::Http;
use local::json::{list, text};
use rollcall_directory::identity::{PersonId, TenantId, UserId};
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use rollcall_store::{ClientAuthentication, PlatformClient, SignIn as Settings};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ground::Ground;
use crate::interface_emulator::InterfaceEmulator;
use crate::stopwatch::Stopwatch;
use crate::{Result, binaries};

/// The function's longest invocation, as in the template.
const TIMEOUT: Duration = Duration::from_secs(29);
/// Where a client is answered. Nobody listens: the browser would go there.
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
/// The public address of the deployment.
const PUBLIC_URL: &str = "http://127.0.0.1:8";
/// Samples of what API Gateway hands over.
const AUTHORIZE: &str = include_str!("../../../events/oidc-callback/authorize-for-connection.json");
const CALLBACK: &str = include_str!("../../../events/oidc-callback/callback.json");

/// The function, where it stands, and who signs in.
pub(crate) struct SignIn {
    pub(crate) ground: Ground,
    /// Between the function and its table.
    pub(crate) table: Stopwatch,
    /// Between the function and everything else: secrets and Entra.
    pub(crate) others: [Stopwatch; 2],
    entra: Server,
    tenant: Uuid,
    person: Uuid,
    authorize: String,
    executable: PathBuf,
    variables: BTreeMap<String, String>,
}

impl SignIn {
    /// Builds the function, and stores what it needs.
    pub(crate) async fn prepare() -> Result<Self> {
        let ground = Ground::start().await?;
        let executable = binaries::function(&ground.layout, "oidc-callback").await?;
        let entra = Server::start(Options::one(TenantOptions::with_people(50))).await?;
        let tenant = entra.tenant().ok_or("there is a tenant")?;
        let connection = ground.connect(&tenant, Scope::everyone(), Rules::default(), now()).await?;
        let stored = ground.table.connection(connection).await?.ok_or("there is a connection")?;
        let signing_in = rollcall_store::Connection { sign_in: Some(Settings::default()), ..stored.clone() };
        ground.table.update_connection(&signing_in, stored.revision).await?;
        let authentication = ClientAuthentication::Secret { secrets: Vec::new() };
        let client = PlatformClient::new("Platform".to_owned(), authentication, now());
        let client = PlatformClient { redirect_uris: vec![REDIRECT_URI.to_owned()], ..client };
        let client = ground.table.create_client(&client).await?;
        let person = somebody(&entra, tenant.tenant_id).await?;
        give_account(&ground, connection.0, tenant.tenant_id, person).await?;
        let app = json!({"redirectUris": [format!("{PUBLIC_URL}/login/callback")], "optionalClaims": {"sid": true}});
        let path = format!("/control/tenants/{}/apps/{}", tenant.tenant_id, tenant.client_id);
        Http::default().json(Method::PATCH, &format!("{}{path}", entra.origin()), &[], Some(&app)).await?.success()?;

        let table = Stopwatch::before(ground.table_url()).await?;
        let others = [Stopwatch::before(ground.aws().url()).await?, Stopwatch::before(&entra.origin()).await?];
        let [aws, login] = &others;
        let mut variables = ground.variables(login.url());
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), table.url().to_owned());
        variables.insert("AWS_ENDPOINT_URL".to_owned(), aws.url().to_owned());
        variables.insert("PUBLIC_URL".to_owned(), PUBLIC_URL.to_owned());
        let authorize = format!(
            "client_id={}&connection={connection}&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&response_type=code\
             &scope=openid%20profile&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
            client.id
        );
        Ok(Self { ground, table, others, entra, tenant: tenant.tenant_id, person, authorize, executable, variables })
    }

    /// A new environment. Its function starts with the first invocation.
    pub(crate) async fn environment(&self) -> Result<InterfaceEmulator> {
        InterfaceEmulator::start(&self.ground.layout, &self.executable, &self.variables, TIMEOUT).await
    }

    /// Begins a sign-in, and passes Entra's pages. The event is what the browser then brings.
    pub(crate) async fn begin(&self, environment: &InterfaceEmulator) -> Result<Value> {
        let answer = environment.invoke(&event(AUTHORIZE, &self.authorize, None)?).await?;
        let location = answer.pointer("/headers/location").and_then(Value::as_str).unwrap_or_default();
        let cookie = answer.pointer("/cookies/0").and_then(Value::as_str).unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default();
        if location.is_empty() || cookie.is_empty() {
            return Err(format!("nobody was sent to Entra: {answer}").into());
        }
        let body = json!({"url": location, "user": self.person, "consent": true});
        let url = format!("{}/control/tenants/{}/authorize", self.entra.origin(), self.tenant);
        let passed: Value = Http::default().json(Method::POST, &url, &[], Some(&body)).await?.parse()?;
        let back = passed.get("location").and_then(Value::as_str).and_then(|back| back.split_once('?'));
        let (_, query) = back.ok_or("Entra does not send anybody back")?;
        self.take();
        event(CALLBACK, query, Some(cookie))
    }

    /// Has the callback answered.
    ///
    /// # Errors
    /// No code for the platform came of it: then a time would say nothing.
    pub(crate) async fn finish(&self, environment: &InterfaceEmulator, event: &Value) -> Result<Calls> {
        let answer = environment.invoke(event).await?;
        let location = answer.pointer("/headers/location").and_then(Value::as_str).unwrap_or_default();
        if !location.starts_with(REDIRECT_URI) || !location.contains("code=") {
            return Err(format!("nobody signed in: {answer}").into());
        }
        Ok(self.take())
    }

    /// The calls since the last time this was asked.
    fn take(&self) -> Calls {
        let table = self.table.take();
        let others: Duration = self.others.iter().flat_map(Stopwatch::take).sum();
        Calls { tables: table.len(), took: table.iter().sum::<Duration>() + others }
    }
}

/// What a function asked of others.
pub(crate) struct Calls {
    /// Calls to the table.
    pub(crate) tables: usize,
    /// The time of all calls, the others too.
    pub(crate) took: Duration,
}

/// A sample event with another query and cookie.
fn event(sample: &str, query: &str, cookie: Option<&str>) -> Result<Value> {
    let mut event: Value = serde_json::from_str(sample)?;
    let members = event.as_object_mut().ok_or("the sample event is no object")?;
    members.insert("rawQueryString".to_owned(), query.into());
    members.remove("queryStringParameters");
    members.insert("cookies".to_owned(), cookie.into_iter().collect());
    Ok(event)
}

/// A member of the tenant whose account is enabled.
async fn somebody(entra: &Server, tenant: Uuid) -> Result<Uuid> {
    let url = format!("{}/control/tenants/{tenant}/state?properties=accountEnabled,userType", entra.origin());
    let state: Value = Http::default().json(Method::GET, &url, &[], None).await?.parse()?;
    let is = |person: &Value, name: &str, wanted: Value| person.get(name) == Some(&wanted);
    let may = |person: &&Value| is(person, "accountEnabled", true.into()) && !is(person, "userType", "Guest".into());
    let found = list(&state, "/people").iter().find(may).map(|person| text(person, "/id").parse());
    Ok(found.ok_or("there is nobody who may sign in")??)
}

/// An active account as the table has it, without the sync that would make it.
async fn give_account(ground: &Ground, connection: Uuid, tenant: Uuid, person: Uuid) -> Result<()> {
    let user = UserId::derive(TenantId(tenant), PersonId(person));
    let shard = user.to_string().get(..1).unwrap_or_default().to_owned();
    let made = json!({"S": "2026-01-01T00:00:00Z"});
    let item = json!({
        "pk": {"S": format!("C#{connection}#U#{shard}")}, "sk": {"S": person}, "id": {"S": user.0}, "v": {"N": "1"},
        "state": {"S": "active"}, "attributes": {"M": {}}, "groups": {"L": []}, "teams": {"L": []},
        "fp": {"B": "AAAAAAAAAAAAAAAAAAAAAA=="}, "created_at": made, "updated_at": made,
    });
    let put = json!({"TableName": ground.table_name(), "Item": item});
    Aws::at(ground.table_url()).call("DynamoDB_20120810.PutItem", &put).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the rim of the measurements")]
fn now() -> Timestamp {
    Timestamp::now()
}
