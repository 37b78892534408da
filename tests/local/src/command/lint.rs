//! `cargo local lint`: what the linters of `.ci/run` need.

use local::error::Result;
use local::layout::Layout;
use local::{artifacts, prerequisites, tools};
use std::path::Path;

/// Installs the tools and writes the template as it is after the SAM transform.
pub(crate) async fn lint(output: &Path) -> Result<()> {
    prerequisites::check()?;
    let layout = Layout::new("lint")?;
    tools::install(&layout).await?;
    artifacts::transformed(&layout, output).await.map(drop)
}
