//! `cargo local bench`: the figures that have a bar. They come from the crate `bench`, built as on AWS.

use local::error::Result;
use local::layout::Layout;
use local::{prerequisites, tools};

/// Measures one figure, or all.
pub(crate) async fn bench(name: Option<&str>) -> Result<()> {
    prerequisites::check()?;
    tools::install(&Layout::new("bench")?).await?;
    let mut arguments = vec!["run", "--locked", "--quiet", "--release", "--package", "bench", "--"];
    arguments.extend(name);
    super::cargo(&arguments).await
}
