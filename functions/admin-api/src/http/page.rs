//! Pages of long lists.

use rollcall_store::{Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items of a page, unless the caller says otherwise.
const DEFAULT: u32 = 50;
/// The most items of a page.
const MOST: u32 = 200;

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
    /// Where to go on: `next` of the page before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

impl PageQuery {
    /// As the store wants it.
    pub(crate) fn request(self) -> PageRequest {
        page_request(self.limit, self.cursor)
    }
}

/// As the store wants it.
pub(crate) fn page_request(limit: Limit, cursor: Option<String>) -> PageRequest {
    PageRequest { limit: limit.0, cursor }
}

/// How many items of a page, 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Limit(u32);

impl Limit {
    /// As Microsoft Graph wants it.
    pub(crate) fn page_size(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }

    /// As a number.
    pub(crate) const fn size(self) -> usize {
        self.0 as usize
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if (1..=MOST).contains(&number) { Ok(Self(number)) } else { Err("must be from 1 to 200") }
    }
}

/// How many small items of a page, 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Many(u32);

impl Many {
    /// As a number.
    pub(crate) const fn size(self) -> usize {
        self.0 as usize
    }
}

impl Default for Many {
    fn default() -> Self {
        Self(1_000)
    }
}

impl TryFrom<u32> for Many {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if (1..=10_000).contains(&number) { Ok(Self(number)) } else { Err("must be from 1 to 10000") }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The items. There may be fewer than asked for, even when more follow.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page. Absent at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Listing<T> {
    /// A page of the store, each item shown.
    pub(crate) fn of<U>(page: Page<U>, show: impl FnMut(U) -> T) -> Self {
        let Page { items, next } = page.map(show);
        Self { items, next }
    }
}
