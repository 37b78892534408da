//! Paths into an item: `name`, `#name.inner`, `list[3]`.

use super::super::error::Refusal;
use super::super::value::{Item, Value};
use super::token::Token;
use super::{Reader, invalid};

/// Where a value stands in an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Path(pub(in super::super) Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Step {
    /// Into an attribute of a map.
    Name(String),
    /// To an element of a list.
    Index(usize),
}

impl Path {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        let mut steps = vec![Step::Name(name(reader)?)];
        loop {
            if reader.takes(".") {
                steps.push(Step::Name(name(reader)?));
            } else if reader.takes("[") {
                let Some(Token::Number(index)) = reader.next() else { return Err(reader.unexpected()) };
                reader.expect("]")?;
                steps.push(Step::Index(index));
            } else {
                return Ok(Self(steps));
            }
        }
    }

    /// The name of the attribute at the top.
    pub(in super::super) fn top(&self) -> &str {
        match self.0.first() {
            Some(Step::Name(name)) => name,
            _ => "",
        }
    }

    /// The value there.
    pub(in super::super) fn find<'item>(&self, item: &'item Item) -> Option<&'item Value> {
        let mut value = item.get(self.top())?;
        for step in self.0.iter().skip(1) {
            value = match (step, value) {
                (Step::Name(name), Value::M(map)) => map.get(name)?,
                (Step::Index(index), Value::L(list)) => list.get(*index)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// Puts a value there.
    pub(super) fn set(&self, item: &mut Item, value: Value) -> Result<(), Refusal> {
        let Some((last, before)) = self.0.split_last() else { return Err(no_place()) };
        match (last, container(item, before)?) {
            (Step::Name(name), Place::Map(map)) => drop(map.insert(name.clone(), value)),
            (Step::Index(index), Place::List(list)) => match list.get_mut(*index) {
                Some(place) => *place = value,
                None => list.push(value),
            },
            _ => return Err(no_place()),
        }
        Ok(())
    }

    /// Takes away what is there. Nothing to take is fine at the top.
    pub(super) fn remove(&self, item: &mut Item) -> Result<(), Refusal> {
        let Some((last, before)) = self.0.split_last() else { return Err(no_place()) };
        match (last, container(item, before)?) {
            (Step::Name(name), Place::Map(map)) => drop(map.remove(name)),
            (Step::Index(index), Place::List(list)) if *index < list.len() => drop(list.remove(*index)),
            (Step::Index(_), Place::List(_)) => {}
            _ => return Err(no_place()),
        }
        Ok(())
    }
}

enum Place<'item> {
    Map(&'item mut Item),
    List(&'item mut Vec<Value>),
}

fn container<'item>(item: &'item mut Item, steps: &[Step]) -> Result<Place<'item>, Refusal> {
    let mut place = Place::Map(item);
    for step in steps {
        let value = match (step, place) {
            (Step::Name(name), Place::Map(map)) => map.get_mut(name),
            (Step::Index(index), Place::List(list)) => list.get_mut(*index),
            _ => None,
        };
        place = match value {
            Some(Value::M(map)) => Place::Map(map),
            Some(Value::L(list)) => Place::List(list),
            _ => return Err(no_place()),
        };
    }
    Ok(place)
}

fn no_place() -> Refusal {
    Refusal::validation("The document path provided in the update expression is invalid for update")
}

fn name(reader: &mut Reader<'_>) -> Result<String, Refusal> {
    match reader.next() {
        Some(Token::Word(word)) => reader.names.name(&word),
        Some(other) => Err(invalid(&format!("Syntax error; token: \"{other}\""))),
        None => Err(invalid("Syntax error; token: \"<EOF>\"")),
    }
}
