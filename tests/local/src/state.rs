//! What is written down about a running stack, so that another command can find and stop it.

use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::sample_platform::{SamplePlatform, Trial};
use crate::stack::Stack;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running stack, as its owner tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The process that owns everything.
    pub owner: u32,
    /// The processes that it started.
    pub children: Vec<u32>,
    /// Base URL of the API.
    pub api: String,
    /// The emulator.
    pub emulator: String,
    /// Microsoft Graph, as simulated.
    pub graph: String,
    /// The identity platform, as simulated.
    pub login: String,
    /// How to try a sign-in, or why it can't be tried. Only of a stack that stays.
    pub sign_in: Option<std::result::Result<Trial, String>>,
}

impl State {
    /// The state of this stack.
    pub fn of(stack: &Stack) -> Self {
        Self {
            owner: std::process::id(),
            children: stack.processes(),
            api: stack.url().to_owned(),
            emulator: stack.aws().url().to_owned(),
            graph: stack.tenant().origins().graph.clone(),
            login: stack.tenant().origins().login.clone(),
            sign_in: None,
        }
    }

    /// The same with the platform beside it.
    #[must_use]
    pub fn with_platform(mut self, platform: &Result<SamplePlatform>) -> Self {
        self.children.extend(platform.as_ref().ok().and_then(SamplePlatform::process));
        self.sign_in = Some(platform.as_ref().map(|platform| platform.trial.clone()).map_err(ToString::to_string));
        self
    }

    /// Where a stack's state is.
    pub fn path(layout: &Layout) -> PathBuf {
        layout.run().join("stack.json")
    }

    /// Writes it in one step.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, layout: &Layout) -> Result<()> {
        let path = Self::path(layout);
        let draft = path.with_extension("new");
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Story(error.to_string()))?;
        std::fs::write(&draft, text).map_err(Error::file(&draft))?;
        std::fs::rename(&draft, &path).map_err(Error::file(&path))
    }

    /// Reads it, when there is one that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Whether its owner still runs. A process id can have been given to another program, so the name counts too.
    pub fn is_alive(&self) -> bool {
        runs(self.owner, "local")
    }

    /// Ends the owner, which ends everything else; ends the children where the owner did not live to do it.
    pub fn stop(&self) {
        if self.is_alive() {
            signal(self.owner, "-TERM");
            for _ in 0..100 {
                if !self.is_alive() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
        for child in &self.children {
            if ["python", "entra", "node"].iter().any(|name| runs(*child, name)) {
                signal(*child, "-KILL");
            }
        }
    }
}

fn runs(process: u32, name: &str) -> bool {
    let output = Command::new("ps").args(["-o", "stat=,comm=", "-p", &process.to_string()]).output();
    output.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // A zombie has ended; its parent only has not looked yet.
        text.contains(name) && !text.trim_start().starts_with('Z')
    })
}

fn signal(process: u32, signal: &str) {
    // A process that is gone already is as good.
    let _ = Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status();
}
