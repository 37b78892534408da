//! One variable of the environment, read and checked.

use url::Url;

/// A variable that is missing or malformed. Its value is not shown: it may have been meant for another variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is missing or empty.
    #[error("environment variable {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// It is not what it should be.
    #[error("environment variable {name} is malformed: it must be {wanted}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
}

impl ConfigError {
    pub(super) const fn missing(name: &'static str) -> Self {
        Self::Missing { name }
    }

    pub(super) const fn malformed(name: &'static str, wanted: &'static str) -> Self {
        Self::Malformed { name, wanted }
    }
}

/// The source of variables: the environment, or a test's table.
pub(super) struct Variables<'a>(pub(super) &'a dyn Fn(&str) -> Option<String>);

/// The process's own environment.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the environment is read")]
pub(super) fn environment() -> Variables<'static> {
    Variables(&|name| std::env::var(name).ok())
}

impl Variables<'_> {
    /// A variable that may be absent. An empty one counts as absent.
    pub(super) fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    pub(super) fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::missing(name))
    }

    pub(super) fn arn(&self, name: &'static str) -> Result<String, ConfigError> {
        let value = self.text(name)?;
        if value.starts_with("arn:") { Ok(value) } else { Err(ConfigError::malformed(name, "an ARN")) }
    }

    pub(super) fn url(&self, name: &'static str) -> Result<Url, ConfigError> {
        self.optional_url(name)?.ok_or(ConfigError::missing(name))
    }

    pub(super) fn optional_url(&self, name: &'static str) -> Result<Option<Url>, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        match Url::parse(&value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
            _ => Err(ConfigError::malformed(name, "an http or https URL")),
        }
    }
}
