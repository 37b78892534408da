//! A collection, page after page.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::panic::resume_unwind;

use futures::Stream;
use futures::stream::try_unfold;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::client::GraphClient;
use crate::error::{Call, Cause, Error};
use crate::page::Page;
use crate::request::Request;
use crate::retry_after;

/// More pages than the largest tenant has, even at one object a page. Stops a chain of links without an end.
const MOST_PAGES: usize = 1_000_000;

/// The pages of a collection or of a delta round, in order. While one page is worked on, the next is under way.
///
/// The first error ends it. Whoever needs to resume later keeps [`Page::next`] of the last page that was
/// worked on, and starts with [`Request::at`].
pub struct Pages<T> {
    client: GraphClient,
    request: Request<Page<T>>,
    /// Hashes of the links that were followed; the links themselves are long.
    seen: HashSet<u64>,
    hasher: RandomState,
    state: State<T>,
}

enum State<T> {
    Start,
    Reading(Reading<T>),
    Ended,
}

/// A page under way. Dropping it stops the reading.
struct Reading<T>(JoinHandle<Result<Page<T>, Error>>);

impl<T> Drop for Reading<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl GraphClient {
    /// Reads a collection to its end. Nothing is sent before the first [`Pages::next`].
    pub fn pages<T: Send + 'static>(&self, request: Request<Page<T>>) -> Pages<T> {
        let hasher = RandomState::new();
        let seen = request.parts.link().map(|link| hasher.hash_one(link)).into_iter().collect();
        Pages { client: self.clone(), request, seen, hasher, state: State::Start }
    }
}

impl<T: Send + 'static> Pages<T> {
    /// The next page; `None` after the last one and after an error.
    ///
    /// # Errors
    /// As [`GraphClient::send`]. A link that repeats itself is [`Error::ContractBroken`].
    pub async fn next(&mut self) -> Result<Option<Page<T>>, Error> {
        let mut reading = match std::mem::replace(&mut self.state, State::Ended) {
            State::Start => self.read(self.request.clone()),
            State::Reading(reading) => reading,
            State::Ended => return Ok(None),
        };
        let page = match (&mut reading.0).await {
            Ok(page) => page?,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => return Err(self.cancelled()),
            },
        };
        if let Some(next) = &page.next {
            if self.seen.len() >= MOST_PAGES || !self.seen.insert(self.hasher.hash_one(next)) {
                return Err(self.endless());
            }
            self.state = State::Reading(self.read(self.request.clone().at(next.clone())));
        }
        Ok(Some(page))
    }

    /// The same as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = Result<Page<T>, Error>> + Send {
        try_unfold(self, |mut pages| async move { Ok(pages.next().await?.map(|page| (page, pages))) })
    }

    fn read(&self, request: Request<Page<T>>) -> Reading<T> {
        let client = self.client.clone();
        Reading(tokio::spawn(async move { client.send(&request).await }.in_current_span()))
    }

    fn call(&self) -> Box<Call> {
        Box::new(Call { what: self.request.parts.what(), ..Call::default() })
    }

    fn endless(&self) -> Error {
        Error::ContractBroken {
            what: "the page links go round in a circle or have no end".to_owned(),
            call: self.call(),
        }
    }

    fn cancelled(&self) -> Error {
        Error::Transient { retry_after: retry_after::SHORTEST, cause: Cause::Broken, call: self.call() }
    }
}
