//! Reading runs, their changes and their checkpoints.

use std::borrow::Cow;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, RunId};

use crate::change::Change;
use crate::error::Error;
use crate::item::{check_version, from_item, is_expired, read_binary, read_id, read_text};
use crate::keys::{CHANGE, Item, Key, RUN, SNAPSHOT, partition, run_partition};
use crate::lease::Lease;
use crate::page::{Page, PageRequest};
use crate::run::{Run, read_tally};
use crate::table::{Span, Table};

/// Chunks of changes that are read at once: some 200 KB each.
const CHUNKS: usize = 4;

impl Table {
    /// A run.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn run(&self, connection: ConnectionId, run: RunId) -> Result<Option<Run>, Error> {
        self.get(&Key::run(connection, run)).await?.map(|item| from_item("run", item)).transpose()
    }

    /// Runs, newest first. They are kept as long as the connection says.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn runs_page(&self, connection: ConnectionId, request: &PageRequest) -> Result<Page<Run>, Error> {
        let span = Span { backward: true, ..Span::prefixed(partition(connection), RUN) };
        let page = self.span_page(&format!("runs {connection}"), span, request).await?;
        let items = page.items.into_iter().map(|item| from_item("run", item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// The changes of a run, in the order in which they were made.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn changes_page(
        &self,
        connection: ConnectionId,
        run: RunId,
        request: &PageRequest,
    ) -> Result<Page<Change>, Error> {
        let list = format!("changes {connection} {run}");
        let cursors = self.cursors()?;
        // A position is the chunk that was read completely, and how many of the next one were.
        let (mut after, mut skip) = match &request.cursor {
            Some(cursor) => parse_position(&cursors.open(&list, cursor)?)?,
            None => (None, 0),
        };
        let mut found: Vec<Change> = Vec::new();
        loop {
            let span = Span::prefixed(run_partition(connection, run), CHANGE);
            let span = Span { after: after.clone(), limit: Some(CHUNKS), ..span };
            let (items, last) = self.query(&span).await?;
            for item in &items {
                let changes = read_changes(item)?;
                let count = changes.len();
                let wanted = request.size() - found.len();
                found.extend(changes.into_iter().skip(skip).take(wanted));
                if skip + wanted < count {
                    let position = format!("{}|{}", after.unwrap_or_default(), skip + wanted);
                    return Ok(Page { items: found, next: Some(cursors.seal(&list, &position)) });
                }
                skip = 0;
                after = Some(read_text("change", item, "sk")?.to_owned());
            }
            if last.is_none() {
                break;
            }
        }
        // The last part of a short history is in the run's own record.
        let record = self.get(&Key::run(connection, run)).await?.filter(|item| item.contains_key("changes"));
        let rest = record.as_ref().map(read_changes).transpose()?.unwrap_or_default();
        let (wanted, count) = (request.size() - found.len(), rest.len());
        found.extend(rest.into_iter().skip(skip).take(wanted));
        if skip + wanted < count {
            let position = format!("{}|{}", after.unwrap_or_default(), skip + wanted);
            return Ok(Page { items: found, next: Some(cursors.seal(&list, &position)) });
        }
        Ok(Page { items: found, next: None })
    }

    /// The pieces of a run's snapshot that its last checkpoint stands on, in order, with their numbers.
    ///
    /// # Errors
    /// [`Error::NotFound`] when a piece is missing or its time is over: the run must read anew.
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn snapshot_chunks(
        &self,
        connection: ConnectionId,
        run: RunId,
        now: Timestamp,
    ) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let Some(item) = self.get(&Key::run(connection, run)).await? else { return Ok(Vec::new()) };
        let (_, committed) = read_tally(item)?;
        if committed == 0 {
            return Ok(Vec::new());
        }
        let mut chunks = Vec::new();
        for item in self.query_all(Span::prefixed(run_partition(connection, run), SNAPSHOT)).await? {
            let number: u64 = read_id("snapshot", &item, "sk", SNAPSHOT)?;
            // A commit that was killed may have left pieces behind that no checkpoint knows of.
            if number < committed && !is_expired(&item, now) {
                check_version("snapshot", &item)?;
                chunks.push((number, read_binary("snapshot", &item, "bytes")?.to_vec()));
            }
        }
        if chunks.len() as u64 == committed { Ok(chunks) } else { Err(Error::NotFound { item: "snapshot" }) }
    }

    /// A page of one partition. The position is the last sort key.
    pub(crate) async fn span_page(&self, list: &str, span: Span, request: &PageRequest) -> Result<Page<Item>, Error> {
        let cursors = self.cursors()?;
        let after = request.cursor.as_ref().map(|cursor| cursors.open(list, cursor)).transpose()?;
        let (items, last) = self.query(&Span { after, limit: Some(request.size()), ..span }).await?;
        Ok(Page { items, next: last.map(|last| cursors.seal(list, &last)) })
    }
}

impl Lease {
    /// Deletes the pieces of a finished run's snapshot. They would expire by themselves after eight days.
    ///
    /// # Errors
    /// [`Error::Lost`] when another worker has taken over; [`Error::Unavailable`].
    pub async fn drop_snapshot(&self, run: RunId) -> Result<(), Error> {
        let connection = self.connection();
        let span = Span { only: Some("sk"), ..Span::prefixed(run_partition(connection, run), SNAPSHOT) };
        let mut keys = Vec::new();
        for item in self.inner.table.query_all(span).await? {
            keys.push(Key::new(run_partition(connection, run), read_text("snapshot", &item, "sk")?.to_owned()));
        }
        self.delete(keys).await
    }
}

/// Bytes of history that one item holds at most once it is unpacked: some times what a transaction writes.
const MOST_UNPACKED: usize = 1_000_000;

/// Changes of an item of their own, which are packed, or of a run's record.
fn read_changes(item: &Item) -> Result<Vec<Change>, Error> {
    check_version("change", item)?;
    let json = match item.get("changes") {
        Some(AttributeValue::B(packed)) => Cow::Owned(unpacked(packed.as_ref())?),
        _ => Cow::Borrowed(read_text("change", item, "changes")?.as_bytes()),
    };
    // Without the text of the error, which can quote values.
    serde_json::from_slice(&json)
        .map_err(|error| corrupt(format!("JSON at line {}, column {}", error.line(), error.column())))
}

fn unpacked(packed: &[u8]) -> Result<Vec<u8>, Error> {
    let (length, rest) = lz4_flex::block::uncompressed_size(packed).map_err(|error| corrupt(error.to_string()))?;
    if length > MOST_UNPACKED {
        return Err(corrupt(format!("{length} bytes of history in one item")));
    }
    lz4_flex::block::decompress(rest, length).map_err(|error| corrupt(error.to_string()))
}

const fn corrupt(what: String) -> Error {
    Error::Corrupt { item: "change", what }
}

fn parse_position(text: &str) -> Result<(Option<String>, usize), Error> {
    let (after, skip) = text.split_once('|').ok_or(Error::BadCursor)?;
    let skip = skip.parse().map_err(|_| Error::BadCursor)?;
    Ok(((!after.is_empty()).then(|| after.to_owned()), skip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{VERSION, binary, number};

    fn read(changes: Vec<u8>) -> Result<Vec<Change>, Error> {
        read_changes(&Item::from([("v".to_owned(), number(VERSION)), ("changes".to_owned(), binary(changes))]))
    }

    #[test]
    fn what_can_not_be_unpacked_is_corrupt() {
        assert_eq!(read(lz4_flex::block::compress_prepend_size(b"[]")).ok(), Some(Vec::new()));
        let longer = [&u32::MAX.to_le_bytes()[..], b"abc"].concat();
        for odd in [Vec::new(), b"[]".to_vec(), longer, lz4_flex::block::compress_prepend_size(b"[7]")] {
            let error = read(odd.clone());
            assert!(matches!(error, Err(Error::Corrupt { item: "change", .. })), "{odd:?}: {error:?}");
        }
    }
}
