//! How much memory something takes.

use std::sync::{Mutex, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// One at a time, because all threads share the count.
static ALONE: Mutex<()> = Mutex::new(());

/// Does something while no other thread does anything in here.
pub fn alone<T>(work: impl FnOnce() -> T) -> T {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// Does something [`alone`], and fails if it took more than `base` bytes and `factor` for each byte of its input.
///
/// # Panics
/// It took more.
pub fn bounded<T>(input: &[u8], base: usize, factor: usize, work: impl FnOnce() -> T) -> T {
    let before = COUNTED.current_usage();
    COUNTED.reset_peak_usage();
    let done = work();
    let took = COUNTED.peak_usage().saturating_sub(before);
    let most = base + factor * input.len();
    assert!(took <= most, "{took} bytes for an input of {}: more than {most}", input.len());
    done
}
