//! The size of what is uploaded.

use crate::figure::Figure;
use crate::webhook::Webhook;
use crate::{Result, binaries};

/// Packs the executable.
pub(crate) async fn measure(webhook: &Webhook) -> Result<Vec<Figure>> {
    const MIB: f64 = 1_048_576.0;
    let size = |bytes: u64| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / MIB;
    let unpacked = size(std::fs::metadata(&webhook.executable)?.len());
    let packed = size(binaries::zipped_size(&webhook.ground.layout, &webhook.executable).await?);
    let remark = format!("{unpacked:.1} MiB unpacked");
    Ok(vec![Figure::at_most("webhook-zip", packed, 4.0, "MiB", remark)])
}
