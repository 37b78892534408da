//! How much memory something takes. Only what its own thread allocates is counted, so tests may run side by side.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Does something, and fails if it took more than `base` bytes at one time and `factor` for each byte of its input.
///
/// # Panics
/// It took more.
pub fn bounded<T>(input: &[u8], base: usize, factor: usize, work: impl FnOnce() -> T) -> T {
    let mut outcome = None;
    // A panic must not leave the count open, because the engine goes on to look for a shorter input.
    let took = allocation_counter::measure(|| outcome = Some(catch_unwind(AssertUnwindSafe(work)))).bytes_max;
    let done = match outcome.expect("the work was done") {
        Ok(done) => done,
        Err(panic) => resume_unwind(panic),
    };
    let most = base + factor * input.len();
    assert!(took <= most as u64, "{took} bytes for an input of {}: more than {most}", input.len());
    done
}
