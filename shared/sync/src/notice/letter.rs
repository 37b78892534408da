//! A notice as a mail: plain text.

use std::fmt::Write;

use super::words::Words;
use crate::ports::Letter;

/// The mail to the owners.
pub(super) fn letter(to: &[String], words: &Words) -> Letter {
    let Words { tone: _, subject, answers, reminder, connection } = words;
    let mut body = format!("{subject}.\n\n");
    for (question, answer) in answers {
        let _ = writeln!(body, "{question}: {answer}");
    }
    if let Some(reminder) = reminder {
        let _ = write!(body, "\n{reminder}\n");
    }
    let _ = write!(body, "\nConnection: {connection}\n");
    Letter { to: to.to_vec(), subject: subject.clone(), body }
}
