//! Expressions: conditions, filters, key conditions, updates and projections.
//!
//! Source: `DynamoDB` developer guide, "Condition and filter expressions, operators, and functions", "Update
//! expressions", "Projection expressions".

mod condition;
mod path;
mod reserved;
mod token;
mod update;

pub(super) use condition::{Comparison, Condition, Operand};
pub(super) use path::{Path, Step};
pub(super) use update::Update;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use self::token::{Token, tokens};
use super::error::Refusal;
use super::value::{Item, Value};

/// What stands behind `#` and `:`, and what of it was used.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: BTreeMap<String, String>,
    values: Item,
    used: RefCell<BTreeSet<String>>,
}

impl Names {
    pub(super) fn new(names: Option<BTreeMap<String, String>>, values: Option<Item>) -> Result<Self, Refusal> {
        let values = super::value::checked_item(values.unwrap_or_default())?;
        Ok(Self { names: names.unwrap_or_default(), values, used: RefCell::default() })
    }

    fn name(&self, token: &str) -> Result<String, Refusal> {
        if !token.starts_with('#') {
            let reserved = || invalid(&format!("Attribute name is a reserved keyword; reserved keyword: {token}"));
            return if reserved::is_reserved(token) { Err(reserved()) } else { Ok(token.to_owned()) };
        }
        self.used.borrow_mut().insert(token.to_owned());
        let undefined = || {
            invalid(&format!(
                "An expression attribute name used in the document path is not defined; attribute name: {token}"
            ))
        };
        self.names.get(token).cloned().ok_or_else(undefined)
    }

    fn value(&self, token: &str) -> Result<Value, Refusal> {
        self.used.borrow_mut().insert(token.to_owned());
        let undefined = || {
            invalid(&format!(
                "An expression attribute value used in expression is not defined; attribute value: {token}"
            ))
        };
        self.values.get(token).cloned().ok_or_else(undefined)
    }

    /// A name or value that no expression uses is refused.
    pub(super) fn check_used(&self) -> Result<(), Refusal> {
        let used = self.used.borrow();
        let unused = |all: Vec<&String>| -> Vec<String> {
            all.into_iter().filter(|name| !used.contains(*name)).cloned().collect()
        };
        let message = |what: &str, unused: &[String]| {
            Refusal::validation(format!(
                "Value provided in {what} unused in expressions: keys: {{{}}}",
                unused.join(", ")
            ))
        };
        let (names, values) = (unused(self.names.keys().collect()), unused(self.values.keys().collect()));
        if !names.is_empty() {
            return Err(message("ExpressionAttributeNames", &names));
        }
        if !values.is_empty() {
            return Err(message("ExpressionAttributeValues", &values));
        }
        Ok(())
    }
}

/// An expression that can't be read.
fn invalid(what: &str) -> Refusal {
    Refusal::validation(format!("Invalid expression: {what}"))
}

/// Reads tokens one after the other.
struct Reader<'names> {
    tokens: Vec<Token>,
    at: usize,
    names: &'names Names,
}

impl<'names> Reader<'names> {
    fn new(text: &str, names: &'names Names) -> Result<Self, Refusal> {
        Ok(Self { tokens: tokens(text)?, at: 0, names })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Takes a sign if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes a keyword if it comes next, in any case.
    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn end(&self) -> Result<(), Refusal> {
        if self.at >= self.tokens.len() { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Refusal {
        let what = self.peek().map_or_else(|| "<EOF>".to_owned(), ToString::to_string);
        invalid(&format!("Syntax error; token: \"{what}\""))
    }
}

/// The paths of a projection.
pub(super) fn projection(text: &str, names: &Names) -> Result<Vec<Path>, Refusal> {
    let mut reader = Reader::new(text, names)?;
    let mut paths = vec![Path::read(&mut reader)?];
    while reader.takes(",") {
        paths.push(Path::read(&mut reader)?);
    }
    reader.end()?;
    Ok(paths)
}
