//! Comma-separated values (RFC 4180), in UTF-8.
//!
//! Every cell is quoted, so that no separator in a value is taken for one of the file. A spreadsheet takes a cell that begins
//! like a formula for one (OWASP, "CSV Injection"): such a text gets an apostrophe in front. To tell it from a text that has
//! one of its own, a text of apostrophes before a formula gets one more. [`tests::original`] is the way back.

/// A line, with its end.
pub(super) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for cell in cells {
        line.push_str(if line.is_empty() { "\"" } else { ",\"" });
        if is_formula(cell.trim_start_matches('\'')) {
            line.push('\'');
        }
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

/// Whether a spreadsheet may take a text for a formula: it begins with a sign that starts one, perhaps after what nobody
/// sees, or with a tab or the end of a line.
fn is_formula(text: &str) -> bool {
    let starts_one = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let is_unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
    };
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(is_unseen).starts_with(starts_one)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a file as RFC 4180 says.
    pub(crate) fn parse(text: &str) -> Vec<Vec<String>> {
        let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
        let (mut chars, mut quoted) = (text.chars().peekable(), false);
        while let Some(c) = chars.next() {
            match (c, quoted) {
                ('"', true) if chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
                ('"', _) => quoted = !quoted,
                (',', false) => line.push(std::mem::take(&mut cell)),
                ('\r', false) => {
                    assert_eq!(chars.next(), Some('\n'));
                    line.push(std::mem::take(&mut cell));
                    lines.push(std::mem::take(&mut line));
                }
                (other, true) => cell.push(other),
                (other, false) => panic!("{other:?} outside of quotes"),
            }
        }
        assert!(!quoted && cell.is_empty() && line.is_empty(), "the file does not end with a line");
        lines
    }

    /// The text of a cell.
    pub(crate) fn original(cell: &str) -> &str {
        match cell.strip_prefix('\'') {
            Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
            _ => cell,
        }
    }

    fn any_cell() -> impl Strategy<Value = String> {
        prop_oneof!["[=+@'\" \t\r\n,a-]{0,6}", "\\PC{0,12}", any::<String>()]
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(cells in proptest::collection::vec(proptest::collection::vec(any_cell(), 1..5), 0..5)) {
            let text: String = cells.iter().map(|cells| line(cells.iter().map(String::as_str))).collect();
            let read = parse(&text);
            let back: Vec<Vec<String>> =
                read.iter().map(|line| line.iter().map(|cell| original(cell).to_owned()).collect()).collect();
            prop_assert_eq!(back, cells);
            for cell in read.iter().flatten() {
                let first = cell.trim_start().chars().next();
                prop_assert!(!first.is_some_and(|c| "=+-@".contains(c)) && !cell.starts_with(['\t', '\r']), "{cell:?}");
            }
        }
    }

    #[test]
    fn formulas_become_texts_and_names_stay_as_they_are() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("  =cmd|' /C calc'!A0", "'  =cmd|' /C calc'!A0"),
            ("+49 731 1", "'+49 731 1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\rx", "'\rx"),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("O'Hara", "O'Hara"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(line([cell]), format!("\"{written}\"\r\n"), "{cell:?}");
        }
        assert_eq!(line(["say \"hi\"", "a,b"]), "\"say \"\"hi\"\"\",\"a,b\"\r\n");
    }
}
