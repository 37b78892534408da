//! A server and a client of it.

use entra::{Options, Server, TenantInfo, TenantOptions};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::sync::Once;

/// A tenant with a client that has a token.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) tenant: TenantInfo,
    pub(crate) http: Client,
    pub(crate) token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn rows(&self) -> &[Value] {
        self.body["value"].as_array().unwrap_or_else(|| panic!("no rows: {}", self.text))
    }

    pub(crate) fn link(&self, name: &str) -> Option<String> {
        self.body[name].as_str().map(str::to_owned)
    }
}

pub(crate) const EVENTUAL: (&str, &str) = ("consistencylevel", "eventual");

impl World {
    pub(crate) async fn new(options: TenantOptions) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        });
        let server = Server::start(Options::one(options)).await.unwrap();
        let tenant = server.tenant().unwrap();
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut world = Self { server, tenant, http, token: String::new() };
        world.sign_in().await;
        world
    }

    /// The usual small tenant.
    pub(crate) async fn small() -> Self {
        Self::new(TenantOptions::default()).await
    }

    /// An empty tenant.
    pub(crate) async fn empty() -> Self {
        Self::new(TenantOptions::empty()).await
    }

    /// The usual small tenant, the app with these permissions.
    pub(crate) async fn with_roles(roles: &[&str]) -> Self {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        Self::new(TenantOptions { roles, ..TenantOptions::default() }).await
    }

    pub(crate) async fn sign_in(&mut self) {
        let answer = self.token(&[]).await;
        self.token =
            answer.body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {}", answer.text)).to_owned();
    }

    /// Asks for a token with the right secret; pairs replace fields, and empty values leave them out.
    pub(crate) async fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        let client = self.tenant.client_id.to_string();
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_id", client.as_str()),
            ("client_secret", self.tenant.client_secret.as_str()),
        ];
        for (name, value) in pairs {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        form.retain(|(_, value)| !value.is_empty());
        let url = format!("{}/{}/oauth2/v2.0/token", self.server.origin(), self.tenant.tenant_id);
        answer(self.http.post(url).form(&form)).await
    }

    /// A Graph request; a path is taken below `/v1.0`.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}/v1.0{path}", self.server.origin()) };
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    pub(crate) async fn get_eventual(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[EVENTUAL], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// All rows of a listing or a delta round, and the delta link if there is one.
    pub(crate) async fn all(&self, path: &str) -> (Vec<Value>, Option<String>) {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        let mut delta = None;
        while let Some(path) = next {
            let answer = self.get_eventual(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            rows.extend(answer.rows().iter().cloned());
            next = answer.link("@odata.nextLink");
            delta = answer.link("@odata.deltaLink");
        }
        (rows, delta)
    }

    /// A control request below the tenant.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/control/tenants/{}{path}", self.server.origin(), self.tenant.tenant_id);
        let request = self.http.request(method, url);
        answer(if let Some(body) = body { request.json(&body) } else { request }).await
    }

    /// One action or a list of them; answers the results.
    pub(crate) async fn act(&self, actions: Value) -> Value {
        let answer = self.control(Method::POST, "/actions", Some(actions)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["results"].clone()
    }

    pub(crate) async fn settings(&self, change: Value) {
        let answer = self.control(Method::PATCH, "/settings", Some(change)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// A person with just these properties.
    pub(crate) async fn join(&self, name: &str) -> String {
        let results = self.act(json!([{"action": "join", "properties": {"displayName": name, "accountEnabled": true, "userPrincipalName": format!("{}@x.example", name.replace(' ', "."))}}])).await;
        results[0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let results = self.act(json!([{"action": "createGroup", "displayName": name, "members": members}])).await;
        results[0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn faults(&self, rules: Value) {
        let answer = answer(self.http.put(format!("{}/control/faults", self.server.origin())).json(&rules)).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.server.advance_clock(std::time::Duration::from_secs(seconds));
    }
}

/// Sends a request and reads the answer whole.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, headers, text, body }
}

/// The ids of rows, sorted.
pub(crate) fn ids(rows: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}
