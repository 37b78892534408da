//! A call to Graph as a value.

use std::fmt;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use uuid::Uuid;

use crate::cloud::Origins;
use crate::decode::{self, Body, Unread};
use crate::link::{Foreign, PageLink};
use crate::page::{self, Page};

/// One call to Graph v1.0 that answers a `T`. Built by the functions in [`users`](crate::users),
/// [`groups`](crate::groups), …, or by hand for what they do not cover.
///
/// `Debug` shows the method and the path template only.
pub struct Request<T> {
    pub(crate) parts: Parts,
    pub(crate) read: fn(&Body<'_>) -> Result<T, Unread>,
}

/// All of a request that does not depend on the type of its answer.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    path: String,
    query: String,
    link: Option<PageLink>,
    pub(crate) advanced: bool,
    pub(crate) search: bool,
    pub(crate) repeatable: bool,
    pub(crate) permission: Option<&'static str>,
    pub(crate) body: Option<Bytes>,
}

impl<T> Request<T> {
    fn new(method: Method, template: &'static str, ids: &[Uuid], read: fn(&Body<'_>) -> Result<T, Unread>) -> Self {
        // A create may have happened even though its answer was lost; all other calls can be repeated safely.
        let repeatable = method != Method::POST;
        let path = fill(template, ids);
        let query = String::new();
        let parts = Parts {
            method,
            template,
            path,
            query,
            link: None,
            advanced: false,
            search: false,
            repeatable,
            permission: None,
            body: None,
        };
        Self { parts, read }
    }

    /// Adds a query option, encoded once. Graph's own options start with `$`.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.parts.query.push(if self.parts.query.is_empty() { '?' } else { '&' });
        encode(name, &mut self.parts.query);
        self.parts.query.push('=');
        encode(value, &mut self.parts.query);
        self
    }

    /// Adds `$select`. `id` is always selected.
    #[must_use]
    pub fn select(self, properties: &[&str]) -> Self {
        let mut selected = vec!["id"];
        selected.extend(properties.iter().filter(|name| **name != "id"));
        self.option("$select", &selected.join(","))
    }

    /// Makes it an advanced query: `$count=true` and, on every page, `ConsistencyLevel: eventual`
    /// (Graph page "Advanced query capabilities on Microsoft Entra ID objects").
    #[must_use]
    pub fn advanced(mut self) -> Self {
        self.parts.advanced = true;
        self.option("$count", "true")
    }

    /// Adds `$search`, as an advanced query. On every page `Prefer: legacySearch=false` goes with it: without it Graph v1.0
    /// refuses an ampersand and decodes the text a second time (Graph known issue 18185).
    #[must_use]
    pub(crate) fn search(mut self, clauses: &str) -> Self {
        self.parts.search = true;
        self.option("$search", clauses).advanced()
    }

    /// Names the least application permission for the call, as a help in [`Error::Consent`](crate::Error::Consent).
    #[must_use]
    pub fn permission(mut self, permission: &'static str) -> Self {
        self.parts.permission = Some(permission);
        self
    }

    /// Says that a `POST` changes nothing, so that it may be repeated after any failure.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.parts.repeatable = true;
        self
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn body(mut self, body: &impl Serialize) -> Self {
        // Only a map with keys that are no strings fails, and a body without its content fails at Graph.
        self.parts.body = Some(serde_json::to_vec(body).unwrap_or_default().into());
        self
    }
}

impl<T: DeserializeOwned> Request<T> {
    /// A call that answers one JSON object. Each `{id}` of `template` stands for the next of `ids`.
    pub fn object(method: Method, template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(method, template, ids, decode::json)
    }
}

impl<T: DeserializeOwned> Request<Page<T>> {
    /// Reads a collection page by page.
    pub fn list(template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(Method::GET, template, ids, page::list)
    }

    /// Reads a delta round page by page. `template` ends with `/delta`.
    pub fn delta(template: &'static str) -> Self {
        Self::new(Method::GET, template, &[], page::delta)
    }

    /// A `POST` that answers a collection.
    pub fn post_list(template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(Method::POST, template, ids, page::list)
    }
}

impl<T> Request<Page<T>> {
    /// The same reading, continued (or, with a delta link, started) at `link`. Headers stay, because links do not
    /// carry them; all query options are inside the link.
    #[must_use]
    pub fn at(mut self, link: PageLink) -> Self {
        self.parts.link = Some(link);
        self
    }
}

impl Request<()> {
    /// A call whose answer is its status.
    pub fn silent(method: Method, template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(method, template, ids, decode::nothing)
    }
}

impl Request<Bytes> {
    /// Reads the bytes of an image. `template` ends with `/$value`.
    pub fn image(template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(Method::GET, template, ids, decode::image)
    }
}

impl Request<u64> {
    /// Reads a `/$count` segment. Always an advanced query.
    pub fn count(template: &'static str) -> Self {
        let mut request = Self::new(Method::GET, template, &[], decode::count);
        request.parts.advanced = true;
        request
    }
}

impl Parts {
    /// The URL to call.
    pub(crate) fn url(&self, origins: &Origins) -> Result<Url, Foreign> {
        match &self.link {
            Some(link) => link.url(origins),
            None => {
                let mut url = origins.graph().clone();
                url.set_path(&format!("/v1.0{}", self.path));
                url.set_query(self.query.strip_prefix('?'));
                Ok(url)
            }
        }
    }

    /// The URL as an item of `$batch` names it: without origin and version.
    pub(crate) fn relative(&self, origins: &Origins) -> Result<String, Foreign> {
        let url = self.url(origins)?;
        let path = url.path().strip_prefix("/v1.0").unwrap_or_default();
        Ok(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
    }

    pub(crate) fn link(&self) -> Option<&PageLink> {
        self.link.as_ref()
    }

    /// Whether it is part of a delta round.
    pub(crate) fn is_delta(&self) -> bool {
        self.template.ends_with("/delta")
    }

    /// Whether the answer is an image, and not JSON.
    pub(crate) fn is_image(&self) -> bool {
        self.template.ends_with("/$value")
    }

    /// Method and template, for errors and logs.
    pub(crate) fn what(&self) -> String {
        let suffix = if self.link.is_some() { " (by link)" } else { "" };
        format!("{} {}{suffix}", self.method, self.template)
    }
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), read: self.read }
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", self.parts.what())
    }
}

fn fill(template: &str, ids: &[Uuid]) -> String {
    ids.iter().fold(template.to_owned(), |path, id| path.replacen("{id}", &id.to_string(), 1))
}

/// Percent-encodes one name or value of a query. What `OData` needs and RFC 3986 allows stays readable.
fn encode(text: &str, into: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => into.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'$' | b'(' | b')' | b',' | b':' | b'=' | b'/' => into.push(char::from(byte)),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}
