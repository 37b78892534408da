//! Queue and mail in memory.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use rollcall_sync::job::Message;
use rollcall_sync::ports::{Letter, Mail, MailError, Queue, QueueError};

/// A queue that keeps the order and drops messages with a key that it has seen.
#[derive(Default)]
pub(crate) struct MemoryQueue {
    state: Mutex<(VecDeque<Message>, HashSet<String>)>,
}

impl MemoryQueue {
    pub(crate) fn take(&self) -> Option<Message> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.pop_front()
    }
}

impl Queue for MemoryQueue {
    fn send<'a>(&'a self, message: &'a Message, key: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.1.insert(key.to_owned()) {
            state.0.push_back(message.clone());
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Letters that were sent.
#[derive(Default)]
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
