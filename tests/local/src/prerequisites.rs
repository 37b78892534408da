//! What must be on the machine before we begin: Rust (we run, so it is), Python 3.10 or later, a C compiler.

use crate::error::{Error, Result};
use std::process::{Command, Stdio};

/// Names that a Python may have, the plain one first.
const PYTHONS: [&str; 7] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

/// Looks for everything that is needed and says what is missing.
///
/// # Errors
/// One line that names what is missing and how to get it.
pub fn check() -> Result<Found> {
    if !runs("cc", &["--version"]) {
        return Err(Error::Prerequisite(
            "a C compiler is missing (`cc`): install the package build-essential, or Xcode's command line tools".into(),
        ));
    }
    let python = PYTHONS.into_iter().find(|name| is_new_enough(name)).ok_or_else(|| {
        Error::Prerequisite(
            "Python 3.10 or later is missing (looked for `python3` and `python3.10` to `python3.14`)".into(),
        )
    })?;
    if !runs(python, &["-c", "import venv, ensurepip"]) {
        return Err(Error::Prerequisite(format!(
            "{python} cannot make virtual environments: install its venv module (Debian: package python3-venv)"
        )));
    }
    Ok(Found { python })
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// A Python that is new enough.
    pub python: &'static str,
}

fn is_new_enough(python: &str) -> bool {
    runs(python, &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"])
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}
