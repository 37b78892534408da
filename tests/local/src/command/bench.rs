//! `cargo local bench`: the figures that have a bar. The crate `bench` measures the functions as they are built for AWS;
//! it is itself built as the local stack is.

use local::error::{Error, Result};
use local::layout::Layout;
use local::{prerequisites, tools};

/// Measures one figure, or all.
pub(crate) async fn bench(name: Option<&str>) -> Result<()> {
    prerequisites::check()?;
    tools::install(&Layout::new("bench")?).await?;
    let mut arguments = vec!["run", "--locked", "--profile", "local", "--package", "bench", "--"];
    arguments.extend(name);
    let short = |_| Error::Story("a figure fell short or could not be measured; see above".into());
    super::cargo(&arguments).await.map_err(short)
}
