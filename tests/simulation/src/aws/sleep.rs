//! Sleep in the runtime's time, which may be virtual.

use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};

/// The SDK's pauses and time limits, in the runtime's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Virtual;

impl AsyncSleep for Virtual {
    fn sleep(&self, time: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(time))
    }
}
