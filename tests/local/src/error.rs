//! What can go wrong, in the words of whoever typed the command.

use std::path::PathBuf;

/// Why a command stopped. Each variant prints as one clear line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that must be there before we begin is not.
    #[error("{0}")]
    Prerequisite(String),
    /// A port that was asked for is in use.
    #[error("port {0} is taken by another program; choose another with --port")]
    PortTaken(u16),
    /// `up` was said twice.
    #[error("the local stack is running already (process {0}); stop it with `cargo local down`")]
    AlreadyRunning(u32),
    /// A program that we ran failed.
    #[error("{program} failed ({status}); its output is in {}", log.display())]
    Failed {
        /// What ran.
        program: String,
        /// How it ended.
        status: String,
        /// Where its output is.
        log: PathBuf,
    },
    /// A part of the stack did not start in time.
    #[error("{what} did not start within {seconds} s; its output is in {}", log.display())]
    NotReady {
        /// Which part.
        what: &'static str,
        /// How long we waited.
        seconds: u64,
        /// Where its output is.
        log: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A request was not answered.
    #[error("{method} {url}: {reason}")]
    Request {
        /// The method.
        method: String,
        /// The address, without its query.
        url: String,
        /// Why.
        reason: String,
    },
    /// A request was answered with something else than expected.
    #[error("{method} {url} answered {status}: {body}")]
    Answer {
        /// The method.
        method: String,
        /// The address, without its query.
        url: String,
        /// The status.
        status: u16,
        /// The beginning of the body.
        body: String,
    },
    /// Something expected did not happen in time.
    #[error("waited {seconds} s in vain: {what}")]
    Waited {
        /// What was expected, and what was seen last.
        what: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The platform is not what the directory says.
    #[error("the platform differs from the directory: {0}")]
    Different(String),
    /// A step of the story saw something wrong.
    #[error("{0}")]
    Story(String),
}

impl Error {
    /// For `map_err` on file operations.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;
