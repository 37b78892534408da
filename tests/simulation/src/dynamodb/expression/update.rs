//! Updates: `SET`, `REMOVE`, `ADD` and `DELETE`.

use std::collections::BTreeSet;

use super::super::error::Refusal;
use super::super::value::{Item, Value};
use super::path::Path;
use super::token::Token;
use super::{Names, Reader, invalid};

/// What an update does, in the order in which it was written.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Update {
    set: Vec<(Path, Term)>,
    remove: Vec<Path>,
    add: Vec<(Path, Value)>,
    delete: Vec<(Path, Value)>,
}

/// What an attribute is set to.
#[derive(Clone, Debug)]
enum Term {
    Value(Value),
    Path(Path),
    OrElse(Path, Box<Term>),
    Append(Box<Term>, Box<Term>),
    Plus(Box<Term>, Box<Term>),
    Minus(Box<Term>, Box<Term>),
}

impl Update {
    /// Reads a whole expression.
    pub(in super::super) fn parse(text: &str, names: &Names) -> Result<Self, Refusal> {
        let mut reader = Reader::new(text, names)?;
        let mut update = Self::default();
        let mut met = BTreeSet::new();
        while let Some(Token::Word(clause)) = reader.next() {
            let clause = clause.to_ascii_uppercase();
            if !met.insert(clause.clone()) {
                return Err(invalid(&format!(
                    "The \"{clause}\" section can only be used once in an update expression;"
                )));
            }
            loop {
                update.action(&clause, &mut reader)?;
                if !reader.takes(",") {
                    break;
                }
            }
        }
        reader.end()?;
        update.check_overlaps()?;
        Ok(update)
    }

    fn action(&mut self, clause: &str, reader: &mut Reader<'_>) -> Result<(), Refusal> {
        let path = Path::read(reader)?;
        match clause {
            "SET" => {
                reader.expect("=")?;
                self.set.push((path, sum(reader)?));
            }
            "REMOVE" => self.remove.push(path),
            "ADD" => self.add.push((path, value(reader)?)),
            "DELETE" => self.delete.push((path, value(reader)?)),
            other => return Err(invalid(&format!("Syntax error; token: \"{other}\""))),
        }
        Ok(())
    }

    fn check_overlaps(&self) -> Result<(), Refusal> {
        let mut met = BTreeSet::new();
        for path in self.paths() {
            if !met.insert(path) {
                return Err(Refusal::validation(
                    "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths",
                ));
            }
        }
        Ok(())
    }

    /// Every path that it changes.
    pub(in super::super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let values = self.add.iter().chain(&self.delete).map(|(path, _)| path);
        self.set.iter().map(|(path, _)| path).chain(&self.remove).chain(values)
    }

    /// The item after the update. Everything on the right is read from the item before it.
    pub(in super::super) fn apply(&self, before: &Item) -> Result<Item, Refusal> {
        let mut after = before.clone();
        for (path, term) in &self.set {
            path.set(&mut after, term.value(before)?)?;
        }
        for path in &self.remove {
            path.remove(&mut after)?;
        }
        for (path, value) in &self.add {
            path.set(&mut after, added(path.find(before), value)?)?;
        }
        for (path, value) in &self.delete {
            match taken(path.find(before), value)? {
                Some(rest) => path.set(&mut after, rest)?,
                None => path.remove(&mut after)?,
            }
        }
        Ok(after)
    }
}

impl Term {
    fn value(&self, item: &Item) -> Result<Value, Refusal> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Path(path) => path.find(item).cloned().ok_or_else(|| {
                Refusal::validation("The provided expression refers to an attribute that does not exist in the item")
            })?,
            Self::OrElse(path, other) => match path.find(item) {
                Some(value) => value.clone(),
                None => other.value(item)?,
            },
            Self::Append(one, two) => match (one.value(item)?, two.value(item)?) {
                (Value::L(one), Value::L(two)) => Value::L(one.into_iter().chain(two).collect()),
                _ => return Err(wrong_type("list_append")),
            },
            Self::Plus(one, two) => calculate(&one.value(item)?, &two.value(item)?, "+")?,
            Self::Minus(one, two) => calculate(&one.value(item)?, &two.value(item)?, "-")?,
        })
    }
}

fn calculate(one: &Value, two: &Value, sign: &str) -> Result<Value, Refusal> {
    let (Some(one), Some(two)) = (one.whole(), two.whole()) else { return Err(wrong_type(sign)) };
    let sum = if sign == "+" { one.checked_add(two) } else { one.checked_sub(two) };
    sum.map(|sum| Value::N(sum.to_string())).ok_or_else(|| Refusal::validation("Number overflow"))
}

fn wrong_type(operator: &str) -> Refusal {
    Refusal::validation(format!(
        "An operand in the update expression has an incorrect data type; operator or function: {operator}"
    ))
}

fn added(before: Option<&Value>, value: &Value) -> Result<Value, Refusal> {
    Ok(match (before, value) {
        (None, Value::N(_) | Value::Texts(_) | Value::Numbers(_) | Value::Binaries(_)) => value.clone(),
        (Some(before @ Value::N(_)), Value::N(_)) => calculate(before, value, "+")?,
        (Some(Value::Texts(one)), Value::Texts(two)) => Value::Texts(one.union(two).cloned().collect()),
        (Some(Value::Numbers(one)), Value::Numbers(two)) => Value::Numbers(one.union(two).cloned().collect()),
        (Some(Value::Binaries(one)), Value::Binaries(two)) => Value::Binaries(one.union(two).cloned().collect()),
        _ => return Err(wrong_type("ADD")),
    })
}

/// What is left of a set; nothing when it would be empty.
fn taken(before: Option<&Value>, value: &Value) -> Result<Option<Value>, Refusal> {
    let rest =
        |one: &BTreeSet<String>, two: &BTreeSet<String>| -> BTreeSet<String> { one.difference(two).cloned().collect() };
    let left = match (before, value) {
        (None, _) => return Ok(None),
        (Some(Value::Texts(one)), Value::Texts(two)) => Value::Texts(rest(one, two)),
        (Some(Value::Numbers(one)), Value::Numbers(two)) => Value::Numbers(rest(one, two)),
        (Some(Value::Binaries(one)), Value::Binaries(two)) => Value::Binaries(rest(one, two)),
        _ => return Err(wrong_type("DELETE")),
    };
    let is_empty = matches!(&left, Value::Texts(set) | Value::Numbers(set) | Value::Binaries(set) if set.is_empty());
    Ok((!is_empty).then_some(left))
}

fn sum(reader: &mut Reader<'_>) -> Result<Term, Refusal> {
    let one = term(reader)?;
    if reader.takes("+") {
        return Ok(Term::Plus(Box::new(one), Box::new(term(reader)?)));
    }
    if reader.takes("-") {
        return Ok(Term::Minus(Box::new(one), Box::new(term(reader)?)));
    }
    Ok(one)
}

fn term(reader: &mut Reader<'_>) -> Result<Term, Refusal> {
    if let Some(Token::Value(name)) = reader.peek().cloned() {
        reader.next();
        return reader.names.value(&name).map(Term::Value);
    }
    if reader.takes_word("if_not_exists") {
        reader.expect("(")?;
        let path = Path::read(reader)?;
        reader.expect(",")?;
        let other = term(reader)?;
        reader.expect(")")?;
        return Ok(Term::OrElse(path, Box::new(other)));
    }
    if reader.takes_word("list_append") {
        reader.expect("(")?;
        let one = term(reader)?;
        reader.expect(",")?;
        let two = term(reader)?;
        reader.expect(")")?;
        return Ok(Term::Append(Box::new(one), Box::new(two)));
    }
    Path::read(reader).map(Term::Path)
}

fn value(reader: &mut Reader<'_>) -> Result<Value, Refusal> {
    match reader.next() {
        Some(Token::Value(name)) => reader.names.value(&name),
        _ => Err(invalid("Syntax error; a value was expected")),
    }
}
