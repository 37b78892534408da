//! Whether an object meets a filter.

use super::{Field, Filter, Literal, Operator};
use crate::directory::{Form, Object, PropertyId, View};
use serde_json::Value;
use std::cmp::Ordering;

/// Whether an object meets a filter. Texts are compared without case, as Graph compares almost all of them.
pub(crate) fn matches(filter: &Filter, view: &View<'_>, object: &Object) -> bool {
    test(filter, view, object, None)
}

fn test(filter: &Filter, view: &View<'_>, object: &Object, element: Option<&str>) -> bool {
    let value = |field: &Field| field_text(field, view, object, element);
    match filter {
        Filter::And(parts) => parts.iter().all(|part| test(part, view, object, element)),
        Filter::Or(parts) => parts.iter().any(|part| test(part, view, object, element)),
        Filter::Not(part) => !test(part, view, object, element),
        Filter::Compare(field, operator, literal) => compare(value(field).as_deref(), *operator, literal),
        Filter::In(field, literals) => {
            let found = value(field);
            literals.iter().any(|literal| compare(found.as_deref(), Operator::Equal, literal))
        }
        Filter::StartsWith(field, prefix) => {
            value(field).is_some_and(|text| text.to_lowercase().starts_with(&prefix.to_lowercase()))
        }
        Filter::EndsWith(field, suffix) => {
            value(field).is_some_and(|text| text.to_lowercase().ends_with(&suffix.to_lowercase()))
        }
        Filter::Any(property, inner) => list(view, object, *property).iter().any(|item| {
            let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            test(inner, view, object, Some(&text))
        }),
        Filter::Count(property, operator, number) => {
            let length = i64::try_from(list(view, object, *property).len()).unwrap_or(i64::MAX);
            holds(length.cmp(number), *operator)
        }
    }
}

fn field_text(field: &Field, view: &View<'_>, object: &Object, element: Option<&str>) -> Option<String> {
    let stored = |id: PropertyId| view.directory().texts().get(object.value(id)?);
    match field {
        Field::Id => Some(object.id.to_string()),
        Field::Element => element.map(str::to_owned),
        Field::Property(id) => match object.kind.describe(*id)?.form {
            Form::Created => Some(crate::clock::iso(object.created)),
            _ => stored(*id).map(str::to_owned),
        },
        Field::Member(id, member) => {
            let whole: Value = serde_json::from_str(stored(*id)?).ok()?;
            whole.get(member).and_then(Value::as_str).map(str::to_owned)
        }
    }
}

fn list(view: &View<'_>, object: &Object, property: PropertyId) -> Vec<Value> {
    let text = object.value(property).and_then(|symbol| view.directory().texts().get(symbol));
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn compare(text: Option<&str>, operator: Operator, literal: &Literal) -> bool {
    let Some(text) = text else {
        // Null equals null and differs from everything else; it is not ordered.
        return match operator {
            Operator::Equal => *literal == Literal::Null,
            Operator::NotEqual => *literal != Literal::Null,
            _ => false,
        };
    };
    match literal {
        Literal::Null => operator == Operator::NotEqual,
        Literal::Bool(flag) => holds(text.cmp(if *flag { "true" } else { "false" }), operator),
        // Times in UTC with the same form order as texts do.
        Literal::Text(other) | Literal::Bare(other) => holds(text.to_lowercase().cmp(&other.to_lowercase()), operator),
    }
}

fn holds(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
    }
}
