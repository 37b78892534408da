//! `cargo local down`: ends what was left running, by whichever command.

use super::say;
use local::error::{Error, Result};
use local::layout::Layout;
use local::state::State;

/// Stops every stack whose state is written down.
pub(crate) fn down() -> Result<()> {
    let mut stopped = 0;
    for name in stacks()? {
        let layout = Layout::new(&name)?;
        if let Some(state) = State::read(&State::path(&layout)) {
            forget(&layout, &state);
            say(&format!("stopped the stack `{name}` at {}", state.api));
            stopped += 1;
        }
    }
    if stopped == 0 {
        say("nothing is running");
    }
    Ok(())
}

/// Stops one stack and removes its state.
pub(super) fn forget(layout: &Layout, state: &State) {
    state.stop();
    // Its owner may have removed it.
    let _ = std::fs::remove_file(State::path(layout));
}

fn stacks() -> Result<Vec<String>> {
    let layout = Layout::new(super::up::NAME)?;
    let folder = layout.run().parent().unwrap_or(layout.run());
    let entries = std::fs::read_dir(folder).map_err(Error::file(folder))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect())
}
