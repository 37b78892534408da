//! What a browser or a client gets.

use maud::Markup;
use serde_json::Value;

/// An answer, before it has the headers that all have.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Where the browser goes on.
    pub location: Option<String>,
    /// What it gets.
    pub body: Body,
    /// Values of `Set-Cookie` headers.
    pub cookies: Vec<String>,
    /// Origins beside ours to which a form of the page may lead, by redirects too.
    pub form_targets: Vec<String>,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// None.
    Nothing,
    /// A page.
    Page(Markup),
    /// JSON.
    Json(Value),
}

impl Reply {
    /// Sends the browser on. A form's members do not go along (RFC 9700, section 4.12).
    #[must_use]
    pub fn redirect(location: impl Into<String>) -> Self {
        Self { location: Some(location.into()), ..Self::empty(303) }
    }

    /// A page.
    #[must_use]
    pub fn page(status: u16, page: Markup) -> Self {
        Self { body: Body::Page(page), ..Self::empty(status) }
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, value: Value) -> Self {
        Self { body: Body::Json(value), ..Self::empty(status) }
    }

    /// Nothing but a status.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self { status, location: None, body: Body::Nothing, cookies: Vec::new(), form_targets: Vec::new() }
    }

    /// The same with one more cookie.
    #[must_use]
    pub fn cookie(mut self, header: String) -> Self {
        self.cookies.push(header);
        self
    }

    /// The same with more cookies.
    #[must_use]
    pub fn cookies(mut self, headers: impl IntoIterator<Item = String>) -> Self {
        self.cookies.extend(headers);
        self
    }

    /// The same, whose forms may lead to these origins.
    #[must_use]
    pub fn forms_to(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.form_targets.extend(origins);
        self
    }
}
