//! What comes back out of storage: items of the table, page cursors.

use std::sync::LazyLock;

use fuzz::aws::Aws;
use fuzz::graph::run;
use fuzz::memory::bounded;
use fuzz::reading::{CANARY, has_name};
use rollcall_directory::identity::{ConnectionId, HoldId, RunId};
use rollcall_store::{Error, PageRequest, Table};
use serde_json::Value;
use uuid::Uuid;

use crate::{BLIND, BLIND_EVENTS, target};

target!(
    /// What the table answers, to each reading call.
    items, BLIND_EVENTS, item
);
target!(
    /// A cursor that somebody sends.
    cursors, BLIND, cursor
);

/// What the items come from, and what no cursor may reach.
static AWS: LazyLock<Aws> = LazyLock::new(Aws::default);
static UNREACHED: LazyLock<Aws> = LazyLock::new(Aws::default);

fn table(aws: &Aws) -> Table {
    Table::new(aws_sdk_dynamodb::Client::new(&aws.config()), "rollcall").with_cursor_key(b"a key for the samples only")
}

fn item(input: &[u8]) {
    let table = table(&AWS);
    let one = Uuid::from_u128(1);
    let (connection, first) = (ConnectionId(one), PageRequest::first(10));
    let errors = bounded(input, 4 << 20, 1_000, || {
        AWS.answer_with(input);
        run(async {
            [
                table.connection(connection).await.err(),
                table.connections(&first).await.err(),
                table.state(connection).await.err(),
                table.run(connection, RunId(one)).await.err(),
                table.runs_page(connection, &first).await.err(),
                table.changes_page(connection, RunId(one), &first).await.err(),
                table.hold(connection, HoldId(one)).await.err(),
                table.holds_page(connection, &first).await.err(),
                table.hold_removals(connection, HoldId(one)).await.err(),
                table.subscriptions(connection).await.err(),
                table.users_page(connection, &first, None).await.err(),
                table.groups(connection).await.err(),
                table.teams(connection).await.err(),
            ]
        })
    });
    let value = serde_json::from_slice::<Value>(input).unwrap_or_default();
    for error in errors.into_iter().flatten() {
        let told = format!("{error} {error:?}");
        assert!(has_name(&value, CANARY) || !told.contains(CANARY), "{told}");
    }
}

fn cursor(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let page = PageRequest { limit: 10, cursor: Some(text.to_owned()) };
    let before = UNREACHED.calls();
    let read =
        bounded(input, 1 << 18, 16, || run(table(&UNREACHED).runs_page(ConnectionId(Uuid::from_u128(1)), &page)));
    // No cursor of these was ever given out, so the table is not even asked.
    assert!(matches!(read, Err(Error::BadCursor)), "{read:?}");
    assert_eq!(UNREACHED.calls(), before);
}
