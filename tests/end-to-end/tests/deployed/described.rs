//! The API against its own description, by schemathesis: whatever the description allows is tried, and much that it does not.

use std::process::Stdio;

use local::Stack;
use local::layout::Layout;
use tokio::process::Command;

use crate::Done;

/// Exactly what is installed, with everything below it.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/requirements/schemathesis.txt");

/// Installs schemathesis into a folder of its own, once for each list.
async fn schemathesis(layout: &Layout) -> Result<std::path::PathBuf, Box<dyn std::error::Error + Send + Sync>> {
    let folder = layout.root().join(".local/schemathesis");
    let (stamp, wanted) = (folder.join("installed.txt"), std::fs::read_to_string(REQUIREMENTS)?);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder.join("bin/schemathesis"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    let python = layout.tool("python");
    let log = layout.log("schemathesis-install");
    local::process::run(Command::new(python).args(["-m", "venv"]).arg(&folder), &log).await?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
        REQUIREMENTS,
    ]);
    local::process::run(&mut pip, &log).await?;
    std::fs::write(&stamp, wanted)?;
    Ok(folder.join("bin/schemathesis"))
}

pub(crate) async fn the_api_is_as_it_describes_itself(stack: &Stack) -> Done {
    let program = schemathesis(stack.layout()).await?;
    let output = Command::new(program)
        .current_dir(stack.layout().run())
        .arg("run")
        .arg(format!("{}/openapi.json", stack.url()))
        .args(["--header", &format!("Authorization: Bearer {}", stack.admin_token())])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--seed", "1", "--workers", "1"])
        .args(["--request-timeout", "30", "--no-color"])
        .stdin(Stdio::null())
        .output()
        .await?;
    if output.status.success() {
        return Ok(());
    }
    // The token is part of the requests that it shows.
    let shown = String::from_utf8_lossy(&output.stdout).replace(stack.admin_token(), "…");
    Err(shown.chars().rev().take(6_000).collect::<Vec<_>>().into_iter().rev().collect::<String>().into())
}
