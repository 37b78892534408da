//! Answers that go to an app by way of the browser.

use super::{LoginError, pages};
use crate::reply::Reply;

/// How the parameters of an answer travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// An answer to an app.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    uri: String,
    mode: Mode,
    pub(super) parameters: Vec<(String, String)>,
}

impl Redirect {
    /// An answer without parameters yet.
    pub(super) fn new(uri: &str, mode: Mode) -> Self {
        Self { uri: uri.to_owned(), mode, parameters: Vec::new() }
    }

    /// One more parameter.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push((name.to_owned(), value.into()));
        self
    }

    /// One more parameter if there is a value.
    #[must_use]
    pub(super) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The parameters of an error.
    #[must_use]
    pub(super) fn refusing(self, name: &str, error: &LoginError, state: &crate::state::State) -> Self {
        self.with("error", name)
            .with("error_description", error.description(state.clock.now()))
            .with("error_uri", error.uri())
    }

    /// The person went away from a page.
    #[must_use]
    pub(super) fn cancelled(self, state: &crate::state::State) -> Self {
        self.refusing("access_denied", &LoginError::new(65_004), state).with("error_subcode", "cancel")
    }

    /// Where the browser is sent; of a posted form, where to.
    pub(super) fn location(&self) -> String {
        let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        match self.mode {
            Mode::Query if self.uri.contains('?') => format!("{}&{pairs}", self.uri),
            Mode::Query => format!("{}?{pairs}", self.uri),
            Mode::Fragment => format!("{}#{pairs}", self.uri),
            Mode::FormPost => self.uri.clone(),
        }
    }

    /// The fields of a posted form.
    pub(super) fn form(&self) -> Option<&[(String, String)]> {
        (self.mode == Mode::FormPost).then_some(self.parameters.as_slice())
    }

    /// The answer to the browser.
    pub(super) fn reply(&self) -> Reply {
        match self.form() {
            Some(fields) => pages::posting(&self.uri, fields),
            None => Reply::empty(302).header("location", self.location()).header("cache-control", "no-store, no-cache"),
        }
    }
}
