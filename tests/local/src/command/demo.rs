//! `cargo local demo`: the story, on a stack that ends with it.

use super::{interrupted, options, say};
use crate::Settings;
use local::error::{Error, Result};
use local::layout::Layout;
use local::state::State;
use local::{Options, Stack, prerequisites, story};
use std::time::Instant;

/// Name of the demo's stack.
const NAME: &str = "demo";

/// Plays the story. The stack ends with this function, however it ends.
pub(crate) async fn demo(settings: &Settings) -> Result<()> {
    prerequisites::check()?;
    let layout = Layout::new(NAME)?;
    if let Some(state) = State::read(&State::path(&layout)) {
        if state.is_alive() {
            return Err(Error::AlreadyRunning(state.owner));
        }
        super::down::forget(&layout, &state);
    }
    let told = tokio::select! {
        told = play(settings) => told,
        () = interrupted() => Err(Error::Story("interrupted; everything is stopped".into())),
    };
    // It may never have been written.
    let _ = std::fs::remove_file(State::path(&layout));
    told
}

async fn play(settings: &Settings) -> Result<()> {
    let begun = Instant::now();
    let options = Options { record_calls: true, ..options(NAME, settings) };
    let stack = Stack::start(&options, &say).await?;
    State::of(&stack).write(stack.layout())?;
    let told = story::play(&stack, &say).await;
    if told.is_err() {
        say(&format!("\nlogs are in {}", stack.layout().run().display()));
    }
    told?;
    say(&format!("the whole demo took {:.0} s", begun.elapsed().as_secs_f64()));
    Ok(())
}
