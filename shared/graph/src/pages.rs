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
use crate::link::PageLink;
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
    followed: FollowedLinks,
    state: State<T>,
}

/// The links that were followed from page to page, so that a circle of them comes to an end.
#[derive(Debug, Default)]
pub struct FollowedLinks {
    /// Hashes of the links; they themselves are long.
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl FollowedLinks {
    /// Notes where a reading begins that was begun before.
    pub fn begin(&mut self, link: &PageLink) {
        self.hashes.insert(self.hasher.hash_one(link));
    }

    /// Notes the link to the next page, which an answer to this request, or to one like it, has given.
    ///
    /// # Errors
    /// [`Error::ContractBroken`] when it was followed before, or when there are more pages than any tenant has.
    pub fn follow<T>(&mut self, next: &PageLink, request: &Request<Page<T>>) -> Result<(), Error> {
        if self.hashes.len() < MOST_PAGES && self.hashes.insert(self.hasher.hash_one(next)) {
            return Ok(());
        }
        Err(Error::ContractBroken {
            what: "the page links go round in a circle or have no end".to_owned(),
            call: call(request),
        })
    }
}

fn call<T>(request: &Request<Page<T>>) -> Box<Call> {
    Box::new(Call { what: request.parts.what(), ..Call::default() })
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
        let mut followed = FollowedLinks::default();
        request.parts.link().into_iter().for_each(|link| followed.begin(link));
        Pages { client: self.clone(), request, followed, state: State::Start }
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
            self.followed.follow(next, &self.request)?;
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

    fn cancelled(&self) -> Error {
        Error::Transient { retry_after: retry_after::SHORTEST, cause: Cause::Broken, call: call(&self.request) }
    }
}
