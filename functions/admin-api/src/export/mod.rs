//! Exports: long lists as files, CSV or JSON, in answers of a size that API Gateway and Lambda carry.
//!
//! * [`csv`]: cells and lines (RFC 4180), with formulas made harmless.
//! * [`table`]: which columns a list has.
//! * [`gather`]: as many items as fit into one answer.
//! * [`file`]: the answer, with the link to what follows.

pub(crate) mod csv;
pub(crate) mod file;
pub(crate) mod gather;
pub(crate) mod table;

use serde_json::Value;

use table::Table;

/// How an export is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// As lines of these columns.
    Csv(&'static Table),
    /// As one array of the objects that the list shows.
    Json,
}

impl Format {
    /// What stands before the first item. Only the first answer of a CSV names the columns, so that the answers of an export
    /// make one file when they are put together.
    fn opening(self, first: bool) -> String {
        match self {
            Self::Csv(table) if first => table.head(),
            Self::Csv(_) => String::new(),
            Self::Json => "[".to_owned(),
        }
    }

    /// Some more items; `first` if there are none before them.
    fn items(self, items: &[Value], first: bool) -> String {
        match self {
            Self::Csv(table) => items.iter().map(|item| table.lines(item)).collect(),
            Self::Json => {
                let texts = items.iter().map(|item| format!("\n{item}")).collect::<Vec<_>>().join(",");
                if first || texts.is_empty() { texts } else { format!(",{texts}") }
            }
        }
    }

    /// What stands after the last item.
    fn closing(self) -> &'static str {
        match self {
            Self::Csv(_) => "",
            Self::Json => "\n]\n",
        }
    }
}
