//! The story of the demo: a tenant of 2,000 people is connected, and then things happen to it.
//!
//! One file for each group of steps. After each step the whole platform is compared with the directory; a step that does
//! not end in agreement ends the story.

mod begin;
mod clock;
mod groups;
mod mishaps;
mod people;
mod scheduler;
mod sign_in;
mod teller;

pub use teller::{Teller, Told};

use crate::audit;
use crate::error::{Error, Result};
use crate::stack::Stack;
use std::time::{Duration, Instant};

/// Plays the whole story and tells it through `say`.
///
/// # Errors
/// The first step that goes wrong, or the first difference between platform and directory.
pub async fn play(stack: &Stack, say: &(dyn Fn(&str) + Sync)) -> Result<Vec<Told>> {
    let begun = Instant::now();
    let mut teller = begin::connect(stack, say).await?;
    begin::first_run(&mut teller).await?;
    people::play(&mut teller).await?;
    groups::play(&mut teller).await?;
    sign_in::play(&mut teller).await?;
    clock::play(&mut teller).await?;
    mishaps::play(&mut teller).await?;
    audit(&mut teller).await?;
    let told = teller.end();
    summary(&told, begun.elapsed(), say);
    Ok(told)
}

/// The emulator lets everybody do everything; AWS would not. So what was done is held against the roles.
async fn audit(teller: &mut Teller<'_>) -> Result<()> {
    let begun = Instant::now();
    let calls = audit::calls(teller.stack.aws()).await?;
    let refused = audit::not_allowed(&calls);
    if !refused.is_empty() {
        return Err(Error::Story(format!("a function called what its role does not allow: {refused:?}")));
    }
    let what = format!("{} kinds of AWS calls, each one allowed by its function's role", calls.len());
    teller.tell(&what, begun.elapsed(), false);
    Ok(())
}

fn summary(told: &[Told], took: Duration, say: &(dyn Fn(&str) + Sync)) {
    let mut notified: Vec<f64> = told.iter().filter(|step| step.notified).map(|step| step.took.as_secs_f64()).collect();
    notified.sort_by(f64::total_cmp);
    let slowest = notified.last().copied().unwrap_or_default();
    let middle = notified.get(notified.len() / 2).copied().unwrap_or_default();
    say(&format!(
        "\n{} steps in {:.0} s; after each one the platform was what the directory said.\n\
         From a change in the directory to the platform, by notification: {middle:.1} s in the middle, {slowest:.1} s at most.",
        told.len(),
        took.as_secs_f64(),
    ));
}
