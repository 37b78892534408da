//! The letters to owners. Plain text.

use rollcall_store::connection::{Connection, PauseReason};

use crate::ports::Letter;

/// That a connection is paused.
pub(super) fn paused(connection: &Connection, reason: &PauseReason) -> Letter {
    let Connection { id, name, owners, .. } = connection;
    let PauseReason { kind: _, message, action } = reason;
    Letter {
        to: owners.clone(),
        subject: format!("Rollcall has paused the connection {}", one_line(name)),
        body: format!(
            "The connection \"{name}\" to Microsoft Entra ID is paused.\n\n\
             What is wrong: {message}.\n\
             What to do: {action}\n\n\
             Nobody has lost access because of this. Until it is mended, changes in the directory do not arrive.\n\
             Connection: {id}\n"
        ),
    }
}

/// A subject is one line whatever a connection is called.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_line_break_can_not_add_a_header_to_the_mail() {
        assert_eq!(one_line("Acme\r\nBcc: evil@example.com"), "Acme  Bcc: evil@example.com");
    }
}
