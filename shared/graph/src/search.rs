//! `$search` on directory objects (Graph page "Use the $search query parameter").

/// Characters of a searched text that are used. What comes after them is left out.
const LONGEST: usize = 256;

/// Clauses of which one must hold. `displayName` and `description` are searched word by word, other properties from
/// their start.
///
/// Each clause is `"property:text"`. Inside of the quotes `"` and `\` are escaped with `\`, so that no text can leave them.
pub(crate) fn any_of(properties: &[&str], text: &str) -> String {
    let text = escaped(text);
    let clauses: Vec<String> = properties.iter().map(|property| format!("\"{property}:{text}\"")).collect();
    clauses.join(" OR ")
}

fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    text.trim().replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The texts of the clauses, read as Microsoft's page says; `None` where it is not one clause after the other.
    fn read(search: &str) -> Option<Vec<String>> {
        let (mut clauses, mut rest) = (Vec::new(), search);
        loop {
            let mut chars = rest.strip_prefix('"')?.char_indices();
            let mut clause = String::new();
            let end = loop {
                match chars.next()? {
                    (_, '\\') => clause.push(chars.next()?.1),
                    (at, '"') => break at,
                    (_, other) => clause.push(other),
                }
            };
            clauses.push(clause);
            match rest.get(end + 2..)? {
                "" => return Some(clauses),
                more => rest = more.strip_prefix(" OR ")?,
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_quotes(text in "[a-z\"\\\\ :()%&]{0,40}|\\PC{0,40}") {
            let expected: String = text.chars().take(LONGEST).collect();
            let clauses = ["displayName", "mail"].map(|property| format!("{property}:{}", expected.trim()));
            prop_assert_eq!(read(&any_of(&["displayName", "mail"], &text)), Some(clauses.to_vec()));
        }
    }

    #[test]
    fn control_characters_are_left_out_and_long_texts_cut() {
        assert_eq!(any_of(&["mail"], " a\r\nb\0 "), "\"mail:ab\"");
        assert_eq!(any_of(&["mail"], &"x".repeat(999)).len(), LONGEST + "\"mail:\"".len());
    }
}
