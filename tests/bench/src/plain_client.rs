//! Microsoft's Graph client for Python in a process of its own, which reads a directory as plain JSON.
//!
//! It is installed into a folder below `.local` at its first use, at pinned versions.

use std::path::PathBuf;
use std::process::Stdio;

use local::layout::Layout;
use local::process;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Result;

/// Exactly what is installed, with everything below it.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../local/requirements/msgraph-sdk.txt");
/// What it runs.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/plain_client.py");

/// The client, installed.
pub(crate) struct PlainClient {
    python: PathBuf,
}

/// What a reading cost the client's process.
pub(crate) struct Reading {
    /// User and system time, without the imports.
    pub(crate) cpu_seconds: f64,
    /// User and system time of the imports.
    pub(crate) import_cpu_seconds: f64,
    /// From the first request to the last answer.
    pub(crate) wall_seconds: f64,
    /// Peak of resident memory.
    pub(crate) peak_mib: f64,
    /// People, as many as came.
    pub(crate) people: u64,
    /// Members of the groups, nested ones followed, added up.
    pub(crate) members: u64,
    /// Requests to Graph.
    pub(crate) requests: u64,
}

impl PlainClient {
    /// Installs it, once for each list of packages.
    pub(crate) async fn install(layout: &Layout) -> Result<Self> {
        let folder = layout.root().join(".local/msgraph-sdk");
        let python = folder.join("bin/python");
        let (stamp, wanted) = (folder.join("installed.txt"), std::fs::read_to_string(REQUIREMENTS)?);
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(Self { python });
        }
        let _ = std::fs::remove_dir_all(&folder);
        let log = layout.log("msgraph-sdk");
        process::run(Command::new(layout.tool("python")).args(["-m", "venv"]).arg(&folder), &log).await?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        process::run(pip.args(["--requirement", REQUIREMENTS]), &log).await?;
        std::fs::write(&stamp, wanted)?;
        Ok(Self { python })
    }

    /// Reads all users with their managers, and the members of the tenant's roots, nested ones followed.
    ///
    /// With `keep` it has all of it in memory at the end; without, never more than a page.
    pub(crate) async fn read(&self, tenant: &entra::TenantInfo, origin: &str, keep: bool) -> Result<Reading> {
        let settings = json!({"origin": origin, "token": token(tenant, origin).await?, "groups": tenant.roots});
        let mut command = Command::new(&self.python);
        command.arg(PROGRAM).args((!keep).then_some("--drop")).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().ok_or("the client has no input")?;
        stdin.write_all(settings.to_string().as_bytes()).await?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            return Err("Microsoft's client failed; it says above why".into());
        }
        reading(&serde_json::from_slice(&output.stdout)?)
    }
}

fn reading(told: &Value) -> Result<Reading> {
    let member = |name: &str| told.get(name).ok_or_else(|| format!("Microsoft's client did not tell {name}"));
    let number = |name| member(name).map(|value| value.as_f64().unwrap_or(f64::NAN));
    let count = |name| member(name).map(|value| value.as_u64().unwrap_or_default());
    Ok(Reading {
        cpu_seconds: number("cpuSeconds")?,
        import_cpu_seconds: number("importCpuSeconds")?,
        wall_seconds: number("wallSeconds")?,
        peak_mib: number("peakMib")?,
        people: count("people")?,
        members: count("members")?,
        requests: count("requests")?,
    })
}

/// A token for the client. Its own way to one demands TLS, and is no part of what is compared.
async fn token(tenant: &entra::TenantInfo, origin: &str) -> Result<String> {
    use http::header::CONTENT_TYPE;
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        tenant.client_id,
        escaped(&tenant.client_secret),
    );
    let request = http::Request::post(format!("{origin}/{}/oauth2/v2.0/token", tenant.tenant_id))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(http_body_util::Full::new(bytes::Bytes::from(form)))?;
    let answer: Value = serde_json::from_slice(crate::client::Plain::new().send(request).await?.body())?;
    let token = answer.get("access_token").and_then(Value::as_str);
    Ok(token.ok_or_else(|| format!("there is no token: {answer}"))?.to_owned())
}

/// A value of a form.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
