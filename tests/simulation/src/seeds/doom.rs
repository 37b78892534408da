//! What becomes of a worker's future: it is dropped at some await, or not polled for a while.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// How a worker ends, or is kept from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doom {
    /// Not at all.
    None,
    /// Killed after so many polls.
    Killed(u64),
    /// Frozen after so many polls, and thawed later.
    Frozen(u64, Duration),
    /// Ended after so much time, whatever it was promised.
    Cut(Duration),
}

/// A future with its doom.
pub(super) struct Doomed<F> {
    inner: Pin<Box<F>>,
    doom: Doom,
    polls: u64,
    sleeping: Option<Pin<Box<Sleep>>>,
    slept: bool,
}

impl<F> Doomed<F> {
    pub(super) fn new(inner: F, doom: Doom) -> Self {
        Self { inner: Box::pin(inner), doom, polls: 0, sleeping: None, slept: false }
    }
}

impl<F: Future> Future for Doomed<F> {
    /// Nothing when it was killed.
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.polls += 1;
        match this.doom {
            Doom::Killed(polls) if this.polls > polls => return Poll::Ready(None),
            Doom::Frozen(polls, pause) if this.polls > polls && !this.slept => {
                let sleeping = this.sleeping.get_or_insert_with(|| Box::pin(sleep(pause)));
                std::task::ready!(sleeping.as_mut().poll(context));
                this.slept = true;
            }
            _ => {}
        }
        this.inner.as_mut().poll(context).map(Some)
    }
}
