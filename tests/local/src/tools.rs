//! Tools at pinned versions, installed once into the folder that git ignores.

use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::prerequisites;
use crate::process;
use std::path::Path;
use tokio::process::Command;

/// Exactly what is installed.
const REQUIREMENTS: &str = include_str!("../requirements/stack.txt");

/// Installs what is missing. Does nothing when the same list was installed before.
///
/// # Errors
/// A prerequisite is missing, or the installation failed.
pub async fn install(layout: &Layout) -> Result<()> {
    let folder = layout.tools();
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(());
    }
    let found = prerequisites::check()?;
    // Whatever is there is of another list, or was cut off halfway.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let log = layout.log("tools");
    process::run(Command::new(found.python).args(["-m", "venv"]).arg(&folder), &log).await?;
    pip(layout, &log).await?;
    std::fs::write(&stamp, REQUIREMENTS).map_err(Error::file(&stamp))
}

async fn pip(layout: &Layout, log: &Path) -> Result<()> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements/stack.txt");
    let mut command = Command::new(layout.tool("python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    // --no-deps, because the list is complete: nothing that it does not name can come in.
    command.args(["--only-binary", ":all:", "--requirement"]).arg(list);
    process::run(&mut command, log).await
}
