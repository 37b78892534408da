//! Words, placeholders and signs of an expression.

use std::fmt;

use super::super::error::Refusal;
use super::invalid;

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a function or an attribute, `#name` too.
    Word(String),
    /// `:value`.
    Value(String),
    /// A whole number, as in `list[3]`.
    Number(usize),
    /// Punctuation or a comparison.
    Sign(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Value(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

/// Longer signs come first.
const SIGNS: [&str; 14] = ["<>", "<=", ">=", "<", ">", "=", "(", ")", "[", "]", ",", ".", "+", "-"];

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = rest.strip_prefix(sign).unwrap_or_default().trim_start();
            continue;
        }
        let end = rest.char_indices().skip(1).find(|(_, c)| !(c.is_ascii_alphanumeric() || *c == '_'));
        let (word, after) = rest.split_at(end.map_or(rest.len(), |(index, _)| index));
        tokens.push(match first {
            ':' => Token::Value(word.to_owned()),
            '0'..='9' => Token::Number(word.parse().map_err(|_| invalid(&format!("Syntax error; token: \"{word}\"")))?),
            '#' | 'a'..='z' | 'A'..='Z' => Token::Word(word.to_owned()),
            _ => return Err(invalid(&format!("Syntax error; token: \"{first}\""))),
        });
        rest = after.trim_start();
    }
    if tokens.is_empty() {
        return Err(Refusal::validation("Invalid expression: The expression can not be empty;"));
    }
    Ok(tokens)
}
