//! What happened, line by line, so that two runs can be compared and a failure can be read.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::time::Clock;

/// A trace. Cheap to clone; clones write to the same.
#[derive(Clone)]
pub struct Trace {
    clock: Clock,
    begun: i64,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// Digest of all lines.
    hash: DefaultHasher,
    /// The lines, where they are kept.
    lines: Option<String>,
    /// Ids by the order in which they were met: some are drawn by chance, and must not make a difference.
    ids: HashMap<String, usize>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl Trace {
    /// An empty trace, which keeps its lines or only their digest.
    #[must_use]
    pub fn new(clock: Clock, keep: bool) -> Self {
        let inner = Inner { lines: keep.then(String::new), ..Inner::default() };
        Self { begun: clock.now_millis(), clock, inner: Arc::new(Mutex::new(inner)) }
    }

    /// Adds a line. Ids in it are replaced by numbers in the order in which they appear.
    pub fn note(&self, line: &str) {
        let at = self.clock.now_millis() - self.begun;
        let mut inner = self.inner();
        let text = inner.numbered(line);
        inner.hash.write(text.as_bytes());
        inner.hash.write_i64(at);
        if let Some(lines) = &mut inner.lines {
            // Writing to a text does not fail.
            let _ = writeln!(lines, "{:>9}.{:03} {text}", at / 1_000, at % 1_000);
        }
    }

    /// Digest of the lines so far.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.inner().hash.finish()
    }

    /// The lines so far, where they are kept.
    #[must_use]
    pub fn text(&self) -> String {
        self.inner().lines.clone().unwrap_or_default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Length of an id in its usual form.
const ID: usize = 36;

impl Inner {
    fn numbered(&mut self, line: &str) -> String {
        let mut text = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(dash) = rest.find('-') {
            let start = dash.checked_sub(8);
            let id = start.and_then(|start| rest.get(start..start + ID)).filter(|id| uuid::Uuid::try_parse(id).is_ok());
            let (Some(start), Some(id)) = (start, id) else {
                let (before, after) = rest.split_at(dash + 1);
                text.push_str(before);
                rest = after;
                continue;
            };
            let next = self.ids.len();
            let number = *self.ids.entry(id.to_owned()).or_insert(next);
            text.push_str(rest.get(..start).unwrap_or_default());
            let _ = write!(text, "#{number}");
            rest = rest.get(start + ID..).unwrap_or_default();
        }
        text.push_str(rest);
        text
    }
}
