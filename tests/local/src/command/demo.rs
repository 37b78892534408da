//! `cargo local demo`: the story, on a stack that ends with it.

use super::{interrupted, options, say};
use crate::Settings;
use local::error::{Error, Result};
use local::state::State;
use local::{Stack, prerequisites};

/// Plays the story. The stack ends with this function, however it ends.
pub(crate) async fn demo(settings: &Settings) -> Result<()> {
    prerequisites::check()?;
    tokio::select! {
        told = play(settings) => told,
        () = interrupted() => Err(Error::Story("interrupted; everything is stopped".into())),
    }
}

async fn play(settings: &Settings) -> Result<()> {
    let stack = Stack::start(&options("demo", settings), &say).await?;
    State::of(&stack).write(stack.layout())?;
    let _ = std::fs::remove_file(State::path(stack.layout()));
    Ok(())
}
