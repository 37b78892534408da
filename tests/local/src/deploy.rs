//! `sam deploy`, against the emulator.

use crate::emulator::{Aws, REGION};
use crate::error::{Error, Result};
use crate::json::{list, text};
use crate::layout::Layout;
use crate::process;
use http::Method;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::process::Command;

/// Name of the stack, and what the names of its resources begin with.
pub const STACK: &str = "rollcall";

/// Values of the template's parameters.
pub type Parameters = BTreeMap<String, String>;

/// Deploys the built template.
///
/// # Errors
/// `sam` failed.
pub async fn deploy(layout: &Layout, aws: &Aws, template: &Path, parameters: &Parameters) -> Result<()> {
    let mut command = Command::new(layout.tool("python"));
    command
        .args(["-m", "samcli", "deploy", "--stack-name", STACK, "--resolve-s3", "--no-confirm-changeset"])
        .args(["--capabilities", "CAPABILITY_IAM", "--no-progressbar", "--template-file"])
        .arg(template)
        .arg("--parameter-overrides")
        .args(parameters.iter().map(|(name, value)| format!("{name}={value}")))
        .current_dir(layout.run())
        .env("AWS_ENDPOINT_URL", aws.url())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_REGION", REGION)
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .env("SAM_CLI_TELEMETRY", "0")
        // Seconds between two looks at the progress; sam's own choice is made for AWS.
        .env("SAM_CLI_POLL_DELAY", "0.2");
    process::run(&mut command, &layout.log("deploy")).await
}

/// The id of the HTTP API that was deployed.
///
/// # Errors
/// There is none.
pub async fn api_id(aws: &Aws) -> Result<String> {
    let apis = aws.rest("apigateway", Method::GET, "/v2/apis", None).await?;
    let ours = list(&apis, "/items").iter().find(|api| text(api, "/name") == STACK);
    ours.map(|api| text(api, "/apiId").to_owned()).ok_or_else(|| Error::Story("the deployment made no HTTP API".into()))
}

/// The machine's processor, as the template's parameter names it.
pub const fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}
