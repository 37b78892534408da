//! One page of a collection.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::decode::{Body, Row, Unread, json};
use crate::link::PageLink;

/// One page of a collection or of a delta round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The objects of this page. Empty pages are normal, also in the middle.
    pub value: Vec<T>,
    /// The size of the whole collection, where it was asked for. Graph gives it on the first page only.
    pub count: Option<u64>,
    /// The next page. `None` on the last one.
    pub next: Option<PageLink>,
    /// Where the next round of changes starts. On the last page of a delta round only.
    pub delta: Option<PageLink>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    value: Option<Vec<Row<T>>>,
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<PageLink>,
    #[serde(rename = "@odata.deltaLink")]
    delta: Option<PageLink>,
    error: Option<IgnoredAny>,
}

/// Reads a page of a plain collection: without a next link it is the last one.
pub(crate) fn list<T: DeserializeOwned>(body: &Body<'_>) -> Result<Page<T>, Unread> {
    let page = page(body)?;
    Ok(Page { delta: None, ..page })
}

/// Reads a page of a delta round: exactly one of the two links is there (Graph page "Delta query overview").
pub(crate) fn delta<T: DeserializeOwned>(body: &Body<'_>) -> Result<Page<T>, Unread> {
    let page = page(body)?;
    match (&page.next, &page.delta) {
        (None, None) => Err(Unread::Broken("a delta page has neither a next link nor a delta link".to_owned())),
        (Some(_), Some(_)) => Err(Unread::Broken("a delta page has both a next link and a delta link".to_owned())),
        _ => Ok(page),
    }
}

fn page<T: DeserializeOwned>(body: &Body<'_>) -> Result<Page<T>, Unread> {
    let Envelope { value, count, next, delta, error } = json(body)?;
    if error.is_some() {
        return Err(Unread::NoAnswer);
    }
    let Some(value) = value else {
        return Err(Unread::Broken("a collection has no value".to_owned()));
    };
    for link in [&next, &delta].into_iter().flatten() {
        link.url(body.origins).map_err(|_| Unread::Foreign)?;
    }
    Ok(Page { value: Row::all(value), count, next, delta })
}
