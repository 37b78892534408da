//! `cargo local test`: every test there is. Those that need a stack start their own.

use local::error::Result;
use local::layout::Layout;
use local::{artifacts, prerequisites, tools};

/// Installs and builds what stacks need once, then runs all tests.
pub(crate) async fn test(arguments: &[String]) -> Result<()> {
    prerequisites::check()?;
    let layout = Layout::new("test")?;
    tokio::try_join!(artifacts::build(&layout, artifacts::Profile::Local, true), tools::install(&layout))?;
    let mut all = vec!["test", "--locked", "--workspace"];
    all.extend(arguments.iter().map(String::as_str));
    super::cargo(&all).await
}
