//! Building what is deployed and what stands beside it.
//!
//! One `cargo build` for all functions and the simulated tenant, for this machine: the same binaries that
//! `sam build` makes one after the other, and they run on macOS too.

use crate::error::{Error, Result};
use crate::json::text;
use crate::layout::Layout;
use crate::process;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// The simulated tenant's package and binary.
const TENANT: &str = "entra";

/// How the binaries are built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Ready soon: for the demo and the tests.
    #[default]
    Local,
    /// As on AWS: for figures.
    Release,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Release => "release",
        }
    }
}

/// What was built.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Artifacts {
    /// Names of the functions, in alphabetical order.
    pub functions: Vec<String>,
    /// The simulated tenant, where it was built.
    pub tenant: Option<PathBuf>,
    /// The template whose functions point to their executables.
    pub template: PathBuf,
}

/// The functions: the folders of `functions/`.
///
/// # Errors
/// The folder cannot be read.
pub fn functions(layout: &Layout) -> Result<Vec<String>> {
    let folder = layout.root().join("functions");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(Error::file(&folder))? {
        let entry = entry.map_err(Error::file(&folder))?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds the functions, and the simulated tenant where it is wanted. Cargo tells its progress on standard error.
///
/// # Errors
/// Something does not compile.
pub async fn build(layout: &Layout, profile: Profile, tenant: bool) -> Result<BTreeMap<String, PathBuf>> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(layout.root()).args(["build", "--locked", "--profile", profile.name()]);
    for package in functions(layout)?.iter().map(String::as_str).chain(tenant.then_some(TENANT)) {
        command.args(["--package", package, "--bin", package]);
    }
    command.args(["--message-format", "json-render-diagnostics"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let cargo = command.kill_on_drop(true).spawn().map_err(Error::file("cargo"))?;
    let output = cargo.wait_with_output().await.map_err(Error::file("cargo"))?;
    if !output.status.success() {
        return Err(Error::Prerequisite("the build failed; cargo says above why".into()));
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().filter_map(executable).collect())
}

/// Name and path of an executable, when this line of cargo's output tells of one.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message.get("executable")?.as_str()?;
    Some((text(&message, "/target/name").to_owned(), PathBuf::from(path)))
}

/// Puts the executables where the built template expects them.
///
/// # Errors
/// A file cannot be written, or a function was not built.
pub async fn assemble(layout: &Layout, profile: Profile, executables: &BTreeMap<String, PathBuf>) -> Result<Artifacts> {
    let find = |name: &str| {
        let missing = || Error::Prerequisite(format!("cargo built no executable `{name}`"));
        executables.get(name).cloned().ok_or_else(missing)
    };
    let folder = layout.built().join(profile.name());
    let functions = functions(layout)?;
    for function in &functions {
        install(&find(function)?, &folder.join(function))?;
    }
    let template = layout.run().join("template.json");
    let mut command = Command::new(layout.tool("python"));
    command.arg(script()).arg("built").arg(layout.template()).arg(&template).arg(&folder);
    process::run(&mut command, &layout.log("template")).await?;
    Ok(Artifacts { functions, tenant: executables.get(TENANT).cloned(), template })
}

impl Artifacts {
    /// Writes down what was built, for a process that starts the stack.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, layout: &Layout) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Story(error.to_string()))?;
        std::fs::write(Self::path(layout), text).map_err(Error::file(Self::path(layout)))
    }

    /// What was written down.
    ///
    /// # Errors
    /// Nothing was.
    pub fn read(layout: &Layout) -> Result<Self> {
        let text = std::fs::read(Self::path(layout)).map_err(Error::file(Self::path(layout)))?;
        serde_json::from_slice(&text).map_err(|error| Error::Story(error.to_string()))
    }

    fn path(layout: &Layout) -> PathBuf {
        layout.run().join("artifacts.json")
    }
}

/// Writes the template as it is after the SAM transform, and gives it.
///
/// # Errors
/// The template is not valid.
pub async fn transformed(layout: &Layout, output: &Path) -> Result<Value> {
    let mut command = Command::new(layout.tool("python"));
    command.arg(script()).arg("transformed").arg(layout.template()).arg(output);
    process::run(&mut command, &layout.log("template")).await?;
    let text = std::fs::read(output).map_err(Error::file(output))?;
    serde_json::from_slice(&text).map_err(|error| Error::Story(format!("{}: {error}", output.display())))
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/template.py")
}

/// Copies an executable to `folder/bootstrap` in one step, because another stack may be reading it.
fn install(executable: &Path, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let target = folder.join("bootstrap");
    let new = std::fs::read(executable).map_err(Error::file(executable))?;
    if std::fs::read(&target).is_ok_and(|old| old == new) {
        return Ok(());
    }
    let draft = folder.with_extension(format!("{}.new", std::process::id()));
    std::fs::copy(executable, &draft).map_err(Error::file(&draft))?;
    std::fs::rename(&draft, &target).map_err(Error::file(&target))
}
