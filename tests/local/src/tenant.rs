//! The directory's side: the simulated tenant, ours or one that is served elsewhere.

use crate::emulator::free_port;
use crate::error::{Error, Result};
use crate::http::Http;
use crate::layout::Layout;
use crate::process;
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use uuid::Uuid;

/// How long the tenant may take to make its people.
const PATIENCE: Duration = Duration::from_secs(120);

/// How large the tenant is. The same figures give the same directory.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// People, guests among them.
    pub people: u32,
    /// Groups.
    pub groups: u32,
    /// Seed of ids and names.
    pub seed: u64,
}

impl Default for Size {
    /// The demo's tenant.
    fn default() -> Self {
        Self { people: 2_000, groups: 60, seed: 1 }
    }
}

/// Where Microsoft Graph and the identity platform are.
#[derive(Clone, Debug)]
pub struct Origins {
    /// Microsoft Graph.
    pub graph: String,
    /// The identity platform.
    pub login: String,
}

/// Who may sign in as the tenant's app, and what a sync might take as its scope.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The app.
    pub client_id: Uuid,
    /// Its secret.
    pub client_secret: String,
    /// Groups at the top of the nesting.
    pub roots: Vec<Uuid>,
}

/// The simulated tenant. Ours ends with this value.
#[derive(Debug)]
pub struct Tenant {
    child: Option<Child>,
    origins: Origins,
    http: Http,
}

impl Tenant {
    /// Starts the simulated tenant and waits until it answers.
    ///
    /// # Errors
    /// It did not start.
    pub async fn start(layout: &Layout, executable: &Path, size: Size) -> Result<Self> {
        let log = layout.log("tenant");
        let port = free_port()?;
        let mut command = Command::new(executable);
        command.args(["--port", &port.to_string(), "--people", &size.people.to_string()]).args([
            "--groups",
            &size.groups.to_string(),
            "--seed",
            &size.seed.to_string(),
        ]);
        let mut child = process::spawn(&mut command, &log)?;
        let url = format!("http://127.0.0.1:{port}");
        let origins = Origins { graph: url.clone(), login: url };
        let http = Http::default();
        let begun = Instant::now();
        while http.send(Method::GET, &format!("{}/control", origins.graph), &[], Bytes::new()).await.is_err() {
            if child.try_wait().ok().flatten().is_some() || begun.elapsed() > PATIENCE {
                return Err(Error::NotReady { what: "the simulated tenant", seconds: begun.elapsed().as_secs(), log });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { child: Some(child), origins, http })
    }

    /// A tenant that somebody else serves.
    pub fn elsewhere(origins: Origins) -> Self {
        Self { child: None, origins, http: Http::default() }
    }

    /// Where it is.
    pub const fn origins(&self) -> &Origins {
        &self.origins
    }

    /// Its process, when it is ours.
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// The first tenant's app and groups.
    ///
    /// # Errors
    /// This tenant has no control API.
    pub async fn facts(&self) -> Result<Facts> {
        let found = self.control(Method::GET, "/tenants/first", None).await?;
        serde_json::from_value(found).map_err(|error| Error::Story(format!("the tenant's control API: {error}")))
    }

    /// Calls the control API, below `/control`.
    ///
    /// # Errors
    /// It refused, or this tenant has none.
    pub async fn control(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}/control{path}", self.origins.graph);
        let answer = self.http.json(method, &url, &[], body).await?.success()?;
        if answer.body.is_empty() { Ok(Value::Null) } else { answer.parse() }
    }
}
