//! Pages of objects: where a listing stands, and how its pages are written.

use super::json::{Annotations, open_object, write_limited};
use super::query::{Columns, Expand, Query, columns};
use super::{Call, GraphError};
use crate::directory::{Kind, Object, Slot, View};
use crate::reply::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Result sets kept for their later pages; the oldest goes first.
const KEPT: usize = 64;

/// Result sets that are computed once and read page by page: closures and ordered lists.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    next: u64,
    kept: VecDeque<(u64, Arc<Vec<Slot>>)>,
}

/// What a `$skiptoken` of a listing carries.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Objects after this position, or the offset in a kept result set.
    pub(crate) after: u32,
    /// The kept result set.
    pub(crate) set: Option<u64>,
    /// When the token was made.
    pub(crate) issued: i64,
}

/// Rows of one page and where the next one starts.
pub(crate) struct Page {
    pub(crate) slots: Vec<Slot>,
    pub(crate) next: Option<Place>,
    pub(crate) total: Option<usize>,
}

/// How rows are written.
pub(crate) struct Shape {
    kinds: Vec<(Kind, Columns, bool)>,
    expand: Option<(Expand, Columns)>,
    annotations: Annotations,
}

impl Listings {
    pub(crate) fn keep(&mut self, slots: Arc<Vec<Slot>>) -> u64 {
        self.next += 1;
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((self.next, slots));
        self.next
    }

    pub(crate) fn get(&self, id: u64) -> Option<Arc<Vec<Slot>>> {
        self.kept.iter().find(|(known, _)| *known == id).map(|(_, slots)| slots.clone())
    }
}

impl Shape {
    /// Rows of one kind without type annotation. Every selected name must exist.
    pub(crate) fn of_kind(query: &Query, kind: Kind) -> Result<Self, GraphError> {
        let expand = match &query.expand {
            Some(expand) => Some((expand.clone(), columns(expand.select.as_deref(), Kind::User)?)),
            None => None,
        };
        Ok(Self { kinds: vec![(kind, query.columns(kind)?, true)], expand, annotations: Annotations::None })
    }

    /// Rows of any kind with type annotation; kinds that the app may not read show type and id alone.
    pub(crate) fn of_all_kinds(call: &Call<'_>, query: &Query) -> Result<Self, GraphError> {
        query.check_select(&Kind::ALL)?;
        let kinds = Kind::ALL.into_iter().map(|kind| (kind, query.loose_columns(kind), call.sees(kind))).collect();
        Ok(Self { kinds, expand: None, annotations: Annotations::Type })
    }

    /// Writes one row.
    pub(crate) fn write(&self, out: &mut Vec<u8>, view: &View<'_>, object: &Object) {
        let Some((_, columns, visible)) = self.kinds.iter().find(|(kind, ..)| *kind == object.kind) else { return };
        if !visible {
            return write_limited(out, object, columns);
        }
        open_object(out, view, object, columns, self.annotations);
        if let Some((expand, columns)) = &self.expand {
            super::expand::write(out, view, object, expand, columns);
        }
        out.push(b'}');
    }
}

/// Puts something into an opaque token.
pub(crate) fn seal<T: Serialize>(content: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(content).unwrap_or_default())
}

/// Reads an opaque token.
pub(crate) fn open<T: DeserializeOwned>(token: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// Where a listing stands; `None` at its start.
pub(crate) fn place(call: &Call<'_>, query: &Query) -> Result<Option<Place>, GraphError> {
    let Some(token) = &query.skip_token else { return Ok(None) };
    let place: Place = open(token).ok_or_else(|| GraphError::bad_request("Skip token is not valid."))?;
    let life = call.tenant.settings().page_token_life_seconds;
    if life > 0 && call.now - place.issued > life * 1000 {
        return Err(expired());
    }
    Ok(Some(place))
}

/// 400: the nextLink is too old.
pub(crate) fn expired() -> GraphError {
    GraphError::new(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )
}

/// A page of objects taken in order of creation from a live scan.
pub(crate) fn scan(
    call: &Call<'_>,
    query: &Query,
    view: &View<'_>,
    kind: Kind,
    wanted: impl Fn(&Object) -> bool,
) -> Result<Page, GraphError> {
    let place = place(call, query)?;
    let start = Slot(place.map_or(0, |place| place.after));
    let mut found = view.from(start, kind).filter(|(_, object)| wanted(object)).map(|(slot, _)| slot);
    let slots: Vec<Slot> = found.by_ref().take(query.top).collect();
    let next = found.next().map(|slot| Place { after: slot.0, set: None, issued: call.now });
    let total =
        (query.count && place.is_none()).then(|| view.from(Slot(0), kind).filter(|(_, object)| wanted(object)).count());
    Ok(Page { slots, next, total })
}

/// A page of a result set that is computed on the first page and kept for the others.
pub(crate) fn kept(
    call: &Call<'_>,
    query: &Query,
    view: &View<'_>,
    compute: impl FnOnce() -> Vec<Slot>,
) -> Result<Page, GraphError> {
    let place = place(call, query)?;
    let (set, all) = match place {
        Some(Place { set: Some(id), .. }) => {
            (Some(id), crate::sync::lock(&call.tenant.listings).get(id).ok_or_else(expired)?)
        }
        Some(_) => return Err(GraphError::bad_request("Skip token is not valid.")),
        None => (None, Arc::new(compute())),
    };
    let offset = place.map_or(0, |place| usize::try_from(place.after).unwrap_or(usize::MAX));
    let part: Vec<Slot> = all.iter().skip(offset).take(query.top).copied().collect();
    let end = offset.saturating_add(part.len());
    // Whoever was deleted since the first page is left out, so that a page may be short.
    let slots = part.into_iter().filter(|slot| view.live(*slot).is_some()).collect();
    let next = (end < all.len()).then(|| {
        let id = set.unwrap_or_else(|| crate::sync::lock(&call.tenant.listings).keep(all.clone()));
        Place { after: crate::directory::narrow(end), set: Some(id), issued: call.now }
    });
    let total = (query.count && place.is_none()).then_some(all.len());
    Ok(Page { slots, next, total })
}

/// Writes a page.
pub(crate) fn reply(call: &Call<'_>, view: &View<'_>, page: &Page, shape: &Shape, context: &str) -> Reply {
    let mut out = Vec::with_capacity(256 + page.slots.len() * 400);
    open_page(&mut out, call, context);
    if let Some(total) = page.total {
        out.extend_from_slice(format!(",\"@odata.count\":{total}").as_bytes());
    }
    if let Some(next) = &page.next {
        write_link(&mut out, "@odata.nextLink", &link(call, &seal(next)));
    }
    out.extend_from_slice(b",\"value\":[");
    let start = out.len();
    for object in page.slots.iter().filter_map(|slot| view.object(*slot)) {
        super::json::comma(&mut out, start);
        shape.write(&mut out, view, object);
    }
    out.extend_from_slice(b"]}");
    Reply::bytes(200, super::JSON, out)
}

/// Writes the opening of a page.
pub(crate) fn open_page(out: &mut Vec<u8>, call: &Call<'_>, context: &str) {
    out.push(b'{');
    super::json::key(out, "@odata.context");
    super::json::string(out, &format!("{}/v1.0/$metadata#{context}", call.request.origin));
}

/// Writes a link of a page with a comma before.
pub(crate) fn write_link(out: &mut Vec<u8>, name: &str, link: &str) {
    out.push(b',');
    super::json::key(out, name);
    super::json::string(out, link);
}

/// The same request with a `$skiptoken`. Everything else stays in the link; headers do not.
fn link(call: &Call<'_>, token: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &call.request.query {
        if !name.eq_ignore_ascii_case("$skiptoken") {
            pairs.append_pair(name, value);
        }
    }
    pairs.append_pair("$skiptoken", token);
    let query = pairs.finish().replace("%24", "$").replace("%2C", ",");
    format!("{}{}?{query}", call.request.origin, call.request.path)
}
