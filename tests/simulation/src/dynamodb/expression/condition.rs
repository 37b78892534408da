//! Conditions: what they say, and whether an item fulfils them.

use std::cmp::Ordering;

use super::super::error::Refusal;
use super::super::value::{Item, Value};
use super::path::Path;
use super::token::Token;
use super::{Names, Reader, invalid};

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    IsType(Path, Operand),
    BeginsWith(Path, Operand),
    Contains(Path, Operand),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Operand {
    Value(Value),
    Path(Path),
    Size(Path),
}

impl Condition {
    /// Reads a whole expression.
    pub(in super::super) fn parse(text: &str, names: &Names) -> Result<Self, Refusal> {
        let mut reader = Reader::new(text, names)?;
        let condition = either(&mut reader)?;
        reader.end()?;
        Ok(condition)
    }

    /// Whether an item fulfils it. An item that does not exist has no attributes.
    pub(in super::super) fn holds(&self, item: &Item) -> bool {
        match self {
            Self::And(one, two) => one.holds(item) && two.holds(item),
            Self::Or(one, two) => one.holds(item) || two.holds(item),
            Self::Not(condition) => !condition.holds(item),
            Self::Compare(one, comparison, two) => comparison.holds(one.value(item).as_ref(), two.value(item).as_ref()),
            Self::Between(what, low, high) => {
                let what = what.value(item);
                Comparison::AtLeast.holds(what.as_ref(), low.value(item).as_ref())
                    && Comparison::AtMost.holds(what.as_ref(), high.value(item).as_ref())
            }
            Self::In(what, list) => {
                let what = what.value(item);
                list.iter().any(|one| Comparison::Equal.holds(what.as_ref(), one.value(item).as_ref()))
            }
            Self::Exists(path) => path.find(item).is_some(),
            Self::NotExists(path) => path.find(item).is_none(),
            Self::IsType(path, kind) => path
                .find(item)
                .is_some_and(|found| kind.value(item).as_ref().and_then(Value::text) == Some(found.kind())),
            Self::BeginsWith(path, prefix) => match (path.find(item), prefix.value(item)) {
                (Some(Value::S(text)), Some(Value::S(prefix))) => text.starts_with(&prefix),
                _ => false,
            },
            Self::Contains(path, part) => match (path.find(item), part.value(item)) {
                (Some(found), Some(part)) => contains(found, &part),
                _ => false,
            },
        }
    }
}

fn contains(found: &Value, part: &Value) -> bool {
    match (found, part) {
        (Value::S(text), Value::S(part)) => text.contains(part.as_str()),
        (Value::L(list), part) => list.contains(part),
        (Value::Texts(set), Value::S(part)) => set.contains(part),
        (Value::Numbers(set), Value::N(part)) => set.contains(part),
        (Value::Binaries(set), Value::B(part)) => set.contains(part),
        _ => false,
    }
}

impl Comparison {
    /// What is missing compares to nothing; two values of different types are only different.
    pub(in super::super) fn holds(self, one: Option<&Value>, two: Option<&Value>) -> bool {
        let (Some(one), Some(two)) = (one, two) else {
            return self == Self::Different && (one.is_some() || two.is_some());
        };
        match self {
            Self::Equal => one == two,
            Self::Different => one != two,
            Self::Less => one.compare(two) == Some(Ordering::Less),
            Self::AtMost => one.compare(two).is_some_and(Ordering::is_le),
            Self::More => one.compare(two) == Some(Ordering::Greater),
            Self::AtLeast => one.compare(two).is_some_and(Ordering::is_ge),
        }
    }
}

impl Operand {
    fn value(&self, item: &Item) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Path(path) => path.find(item).cloned(),
            Self::Size(path) => path.find(item).map(|found| Value::N(length(found).to_string())),
        }
    }
}

/// What `size` gives: bytes of a text, elements of what has elements.
fn length(value: &Value) -> usize {
    match value {
        Value::L(list) => list.len(),
        Value::M(map) => map.len(),
        Value::Texts(set) | Value::Numbers(set) | Value::Binaries(set) => set.len(),
        other => other.size(),
    }
}

fn either(reader: &mut Reader<'_>) -> Result<Condition, Refusal> {
    let mut condition = both(reader)?;
    while reader.takes_word("OR") {
        condition = Condition::Or(Box::new(condition), Box::new(both(reader)?));
    }
    Ok(condition)
}

fn both(reader: &mut Reader<'_>) -> Result<Condition, Refusal> {
    let mut condition = negated(reader)?;
    while reader.takes_word("AND") {
        condition = Condition::And(Box::new(condition), Box::new(negated(reader)?));
    }
    Ok(condition)
}

fn negated(reader: &mut Reader<'_>) -> Result<Condition, Refusal> {
    if reader.takes_word("NOT") {
        return Ok(Condition::Not(Box::new(negated(reader)?)));
    }
    if reader.takes("(") {
        let condition = either(reader)?;
        reader.expect(")")?;
        return Ok(condition);
    }
    for (name, arity) in [
        ("attribute_not_exists", 1),
        ("attribute_exists", 1),
        ("attribute_type", 2),
        ("begins_with", 2),
        ("contains", 2),
    ] {
        if reader.takes_word(name) {
            return function(reader, name, arity);
        }
    }
    comparison(reader)
}

fn function(reader: &mut Reader<'_>, name: &str, arity: usize) -> Result<Condition, Refusal> {
    reader.expect("(")?;
    let path = Path::read(reader)?;
    let argument = if arity == 2 {
        reader.expect(",")?;
        Some(operand(reader)?)
    } else {
        None
    };
    reader.expect(")")?;
    match (name, argument) {
        ("attribute_exists", None) => Ok(Condition::Exists(path)),
        ("attribute_not_exists", None) => Ok(Condition::NotExists(path)),
        ("attribute_type", Some(argument)) => Ok(Condition::IsType(path, argument)),
        ("begins_with", Some(argument)) => Ok(Condition::BeginsWith(path, argument)),
        ("contains", Some(argument)) => Ok(Condition::Contains(path, argument)),
        _ => Err(invalid(&format!(
            "Incorrect number of operands for operator or function; operator or function: {name}"
        ))),
    }
}

fn comparison(reader: &mut Reader<'_>) -> Result<Condition, Refusal> {
    let one = operand(reader)?;
    if reader.takes_word("BETWEEN") {
        let low = operand(reader)?;
        if !reader.takes_word("AND") {
            return Err(reader.unexpected());
        }
        return Ok(Condition::Between(one, low, operand(reader)?));
    }
    if reader.takes_word("IN") {
        reader.expect("(")?;
        let mut list = vec![operand(reader)?];
        while reader.takes(",") {
            list.push(operand(reader)?);
        }
        reader.expect(")")?;
        return Ok(Condition::In(one, list));
    }
    let sign = match reader.next() {
        Some(Token::Sign(sign)) => sign,
        _ => return Err(invalid("Syntax error; a comparison was expected")),
    };
    let comparison = match sign {
        "=" => Comparison::Equal,
        "<>" => Comparison::Different,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::More,
        ">=" => Comparison::AtLeast,
        other => return Err(invalid(&format!("Syntax error; token: \"{other}\""))),
    };
    Ok(Condition::Compare(one, comparison, operand(reader)?))
}

fn operand(reader: &mut Reader<'_>) -> Result<Operand, Refusal> {
    if let Some(Token::Value(name)) = reader.peek().cloned() {
        reader.next();
        return reader.names.value(&name).map(Operand::Value);
    }
    if matches!(reader.peek(), Some(Token::Word(word)) if word == "size") {
        reader.next();
        reader.expect("(")?;
        let path = Path::read(reader)?;
        reader.expect(")")?;
        return Ok(Operand::Size(path));
    }
    Path::read(reader).map(Operand::Path)
}
