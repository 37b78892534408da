//! As many items as fit into one answer.

use futures::future::BoxFuture;
use rollcall_store::{Page, PageRequest};
use serde_json::Value;

use super::Format;
use crate::http::problem::Problem;

/// What an answer may have, as Lambda counts it: the body is a string in a JSON document of at most 6 MB (Lambda quotas,
/// "Invocation payload"). Some room is left for the rest of that document.
const MOST: usize = 4_000_000;
/// Items that are read at once.
const AT_ONCE: u32 = 500;

/// A list that is read page by page.
pub(crate) trait List: Sync {
    /// A page of it.
    fn page<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<Page<Value>, Problem>>;
}

/// Part of an export.
#[derive(Debug)]
pub(crate) struct Part {
    pub(super) body: String,
    /// Where the next part begins.
    pub(super) next: Option<String>,
    /// Whether it is the first one.
    pub(super) first: bool,
}

/// Reads pages from a cursor on until the answer is full or the list ends.
///
/// A page that does not fit any more is left to the next part, or read again in smaller pieces if it alone is too large. So a
/// part has one item at least, and exports end.
pub(crate) async fn gather(
    format: Format,
    cursor: Option<String>,
    list: &(impl List + ?Sized),
) -> Result<Part, Problem> {
    gather_up_to(MOST, format, cursor, list).await
}

async fn gather_up_to(
    most: usize,
    format: Format,
    cursor: Option<String>,
    list: &(impl List + ?Sized),
) -> Result<Part, Problem> {
    let first = cursor.is_none();
    let mut body = format.opening(first);
    let (mut used, mut empty) = (weight(&body), true);
    let mut request = PageRequest { limit: AT_ONCE, cursor };
    loop {
        let page = list.page(&request).await?;
        let text = format.items(&page.items, empty);
        let weight = weight(&text);
        if used + weight > most && !page.items.is_empty() {
            if !empty {
                break;
            }
            if page.items.len() > 1 {
                // From the number that came: a page may be shorter than asked for.
                request.limit = u32::try_from(page.items.len() / 2).unwrap_or(1).max(1);
                continue;
            }
        }
        used += weight;
        empty &= page.items.is_empty();
        body.push_str(&text);
        request.cursor = page.next;
        if request.cursor.is_none() {
            break;
        }
    }
    body.push_str(format.closing());
    Ok(Part { body, next: request.cursor, first })
}

/// The length of a text within a JSON string.
fn weight(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..=0x1f => 6,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::csv::tests::{original, parse};
    use super::super::table::REMOVALS;
    use super::*;

    /// In memory; a cursor is the index.
    impl List for [Value] {
        fn page<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<Page<Value>, Problem>> {
            let start = request.cursor.as_ref().map_or(0, |cursor| cursor.parse::<usize>().unwrap());
            let end = self.len().min(start + request.limit as usize);
            let page = Page { items: self[start..end].to_vec(), next: (end < self.len()).then(|| end.to_string()) };
            Box::pin(async { Ok(page) })
        }
    }

    async fn parts(all: &[Value], most: usize, format: Format) -> Vec<String> {
        let (mut parts, mut cursor) = (Vec::new(), None);
        loop {
            let part = gather_up_to(most, format, cursor, all).await.unwrap();
            parts.push(part.body);
            match part.next {
                Some(next) => cursor = Some(next),
                None => return parts,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_parts_together_are_the_whole_and_none_is_too_large(
            names in proptest::collection::vec("[a-z=\"\n]{0,40}", 0..1_500),
            most in 300usize..60_000,
        ) {
            let all: Vec<Value> = names.iter().map(|name| json!({"person": "p", "name": name, "loss": {"kind": "manager"}})).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let csv = runtime.block_on(parts(&all, most, Format::Csv(&REMOVALS)));
            let back: Vec<String> = parse(&csv.concat()).iter().skip(1).map(|line| original(&line[1]).to_owned()).collect();
            prop_assert_eq!(&back, &names);
            let json = runtime.block_on(parts(&all, most, Format::Json));
            let back: Vec<Value> =
                json.iter().flat_map(|part| serde_json::from_str::<Vec<Value>>(part).unwrap()).collect();
            prop_assert_eq!(back, all);
            for part in csv.iter().chain(&json) {
                let encoded = serde_json::to_string(part).unwrap().len() - 2;
                prop_assert_eq!(encoded, weight(part));
                prop_assert!(encoded <= most + Format::Json.closing().len() * 2);
            }
        }
    }

    #[tokio::test]
    async fn an_item_that_is_too_large_goes_alone() {
        let all: Vec<Value> = ["a", &"x".repeat(5_000), "b"].map(|name| json!({ "name": name })).to_vec();
        let parts = parts(&all, 400, Format::Json).await;
        let lengths: Vec<usize> =
            parts.iter().map(|part| serde_json::from_str::<Vec<Value>>(part).unwrap().len()).collect();
        assert_eq!(lengths.iter().sum::<usize>(), 3);
        assert!(lengths.iter().all(|length| *length >= 1));
    }

    #[tokio::test]
    async fn a_list_without_items_is_a_file_too() {
        assert_eq!(parts(&[], 400, Format::Json).await, ["[\n]\n"]);
        assert_eq!(parts(&[], 4_000, Format::Csv(&REMOVALS)).await, [REMOVALS.head()]);
    }
}
