//! Where things are: the workspace, and the folder that git ignores.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The paths that the local stack uses.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
    local: PathBuf,
    run: PathBuf,
}

impl Layout {
    /// The paths of this workspace; `name` keeps stacks that run side by side apart.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf();
        let local = root.join(".local");
        let run = local.join("run").join(name);
        std::fs::create_dir_all(&run).map_err(Error::file(&run))?;
        Ok(Self { root, local, run })
    }

    /// The workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The SAM template.
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// Installed tools, shared by all stacks.
    pub fn tools(&self) -> PathBuf {
        self.local.join("tools")
    }

    /// A program of the tools.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.tools().join("bin").join(name)
    }

    /// The functions as they are deployed, shared by all stacks.
    pub fn built(&self) -> PathBuf {
        self.local.join("built")
    }

    /// Removes what an earlier stack of this name left, so that logs tell of one stack only.
    ///
    /// # Errors
    /// The folder cannot be emptied.
    pub fn clear_run(&self) -> Result<()> {
        std::fs::remove_dir_all(&self.run).map_err(Error::file(&self.run))?;
        std::fs::create_dir_all(&self.run).map_err(Error::file(&self.run))
    }

    /// Logs and state of this stack.
    pub fn run(&self) -> &Path {
        &self.run
    }

    /// The log of one part of this stack.
    pub fn log(&self, part: &str) -> PathBuf {
        self.run.join(format!("{part}.log"))
    }
}
