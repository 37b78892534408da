//! JSON lines on standard output, which Lambda carries to `CloudWatch`.
//!
//! No line carries a request or response body, a secret, a name or an address. People appear as
//! object ids, customers as connection ids. Values are JSON strings, so control characters in
//! them can't make a line of their own.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogConfig;

/// Crates whose lines follow the configured level. All others log warnings and errors.
const OURS: [&str; 13] = [
    "admin_api",
    "deliver",
    "oidc_callback",
    "renew_subscriptions",
    "rollcall_directory",
    "rollcall_graph",
    "rollcall_runtime",
    "rollcall_sign_in",
    "rollcall_store",
    "rollcall_sync",
    "scheduled_sync",
    "sync_worker",
    "webhook",
];

/// Starts logging. A second call changes nothing.
pub fn init(config: LogConfig) {
    // Only a subscriber that is already there makes this fail, and then logging works.
    let _ = subscriber(config, std::io::stdout).try_init();
}

fn subscriber<W>(config: LogConfig, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(targets(config.level)).with(lines)
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        // The span of an invocation: it carries the request id into each line.
        .with_target("lambda_runtime", level.min(LevelFilter::INFO))
        .with_targets(OURS.map(|name| (name, level)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, log: impl FnOnce()) -> Vec<serde_json::Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(LogConfig { level }, move || writer.clone()), log);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_carries_its_fields_flat_and_its_span() {
        let lines = logged(LevelFilter::INFO, || {
            let _span = tracing::info_span!("run", run.id = "r1").entered();
            tracing::info!(users.created = 3, "applied");
        });
        assert_eq!(lines[0]["message"], "applied");
        assert_eq!(lines[0]["users.created"], 3);
        assert_eq!(lines[0]["span"]["run.id"], "r1");
    }

    #[test]
    fn a_value_cannot_make_a_line_of_its_own() {
        let lines = logged(LevelFilter::INFO, || tracing::warn!(what = "x\n{\"level\":\"ERROR\"}", "odd"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "WARN");
    }

    #[test]
    fn every_crate_of_ours_is_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for folder in ["functions", "shared"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let manifest = entry.unwrap().path().join("Cargo.toml");
                let Ok(manifest) = std::fs::read_to_string(manifest) else { continue };
                let name = manifest.split("name = \"").nth(1).unwrap().split('"').next().unwrap().replace('-', "_");
                assert!(OURS.contains(&name.as_str()), "lines of {name} are not logged");
            }
        }
    }

    #[test]
    fn libraries_log_warnings_only_at_every_level() {
        let lines = logged(LevelFilter::DEBUG, || {
            tracing::debug!(target: "rollcall_sync::worker", "ours");
            tracing::info!(target: "aws_smithy_runtime", "theirs");
            tracing::warn!(target: "aws_smithy_runtime", "theirs, worth knowing");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["ours", "theirs, worth knowing"]);
    }
}
