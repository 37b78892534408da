//! Queue and mail in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use rollcall_sync::job::Message;
use rollcall_sync::ports::{Letter, Mail, MailError, Queue, QueueError};

use crate::time::Clock;

/// How long a key is remembered, in milliseconds (SQS, "Exactly-once processing").
const KEYS_KEPT: i64 = 300_000;

/// A queue that keeps the order, and takes messages with the same key within five minutes once.
pub struct MemoryQueue {
    clock: Clock,
    trouble: Arc<dyn Fn() -> bool + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    keys: BTreeMap<String, i64>,
}

impl std::fmt::Debug for MemoryQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryQueue").finish_non_exhaustive()
    }
}

impl MemoryQueue {
    /// An empty queue. `trouble` is asked at each message whether the queue refuses it.
    pub(crate) fn new(clock: Clock, trouble: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        Self { clock, trouble, state: Mutex::default() }
    }

    /// Takes the first message out.
    pub fn take(&self) -> Option<Message> {
        self.state().messages.pop_front()
    }

    /// Takes the first message out, or another one: any place in the queue will do.
    pub fn take_at(&self, place: usize) -> Option<Message> {
        let mut state = self.state();
        let count = state.messages.len();
        if count == 0 { None } else { state.messages.remove(place % count) }
    }

    /// Puts a message back that was not done.
    pub fn put_back(&self, message: Message) {
        self.state().messages.push_front(message);
    }

    /// Adds a message that no key protects.
    pub fn add(&self, message: Message) {
        self.state().messages.push_back(message);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.state().messages.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for MemoryQueue {
    fn send<'a>(&'a self, message: &'a Message, key: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            if (self.trouble)() {
                return Err(QueueError("simulated".to_owned()));
            }
            let now = self.clock.now_millis();
            let mut state = self.state();
            state.keys.retain(|_, at| now - *at < KEYS_KEPT);
            if !state.keys.contains_key(key) {
                state.keys.insert(key.to_owned(), now);
                state.messages.push_back(message.clone());
            }
            Ok(())
        })
    }
}

/// Letters that were sent.
#[derive(Debug, Default)]
pub(crate) struct MemoryMail {
    letters: Mutex<Vec<Letter>>,
}

impl MemoryMail {
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Mail for MemoryMail {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
        Box::pin(std::future::ready(Ok(())))
    }
}
