//! `$filter`: the part of `OData`'s language that Graph accepts for users and groups.

mod evaluate;
mod parse;

pub(crate) use evaluate::matches;
pub(crate) use parse::parse;

use super::GraphError;
use super::query::Query;
use crate::directory::{Kind, PropertyId};

/// Clauses joined by `or`, or values of `in`, at most.
const MOST_CLAUSES: usize = 15;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Compare(Field, Operator, Literal),
    In(Field, Vec<Literal>),
    StartsWith(Field, String),
    EndsWith(Field, String),
    /// An element of a list compares so.
    Any(PropertyId, Box<Filter>),
    /// The number of elements of a list compares so.
    Count(PropertyId, Operator, i64),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Property(PropertyId),
    /// A member of a property that is an object.
    Member(PropertyId, String),
    /// The element that `any` speaks of.
    Element,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Text(String),
    /// A number, time or id without quotes.
    Bare(String),
}

impl Filter {
    /// Refuses what Graph's index cannot answer, or answers only with `ConsistencyLevel: eventual` and `$count=true`.
    pub(crate) fn check(&self, kind: Kind, query: &Query) -> Result<(), GraphError> {
        self.check_fields(kind)?;
        self.check_width()?;
        if (self.is_advanced() || query.order_by.is_some()) && !query.advanced() {
            return Err(GraphError::unsupported(
                "Operator or combination is only supported with the header 'ConsistencyLevel: eventual' and the query option '$count=true'.",
            ));
        }
        Ok(())
    }

    /// An id asked for by equality alone, or ids by `in` or `or`: answered from the index without a scan.
    pub(crate) fn ids(&self) -> Option<Vec<String>> {
        match self {
            Filter::Compare(Field::Id, Operator::Equal, Literal::Text(id)) => Some(vec![id.clone()]),
            Filter::In(Field::Id, literals) => literals
                .iter()
                .map(|literal| match literal {
                    Literal::Text(id) => Some(id.clone()),
                    _ => None,
                })
                .collect(),
            Filter::Or(parts) => {
                let lists: Option<Vec<_>> = parts.iter().map(Filter::ids).collect();
                Some(lists?.into_iter().flatten().collect())
            }
            _ => None,
        }
    }

    fn parts(&self) -> &[Filter] {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts,
            Filter::Not(part) => std::slice::from_ref(part),
            _ => &[],
        }
    }

    fn is_advanced(&self) -> bool {
        match self {
            Filter::Not(_) | Filter::EndsWith(..) | Filter::Count(..) => true,
            Filter::Compare(_, operator, _) => *operator == Operator::NotEqual,
            _ => self.parts().iter().any(Filter::is_advanced),
        }
    }

    fn check_fields(&self, kind: Kind) -> Result<(), GraphError> {
        let property = match self {
            Filter::Compare(Field::Property(id) | Field::Member(id, _), ..)
            | Filter::In(Field::Property(id) | Field::Member(id, _), _)
            | Filter::StartsWith(Field::Property(id) | Field::Member(id, _), _)
            | Filter::EndsWith(Field::Property(id) | Field::Member(id, _), _)
            | Filter::Any(id, _)
            | Filter::Count(id, ..) => kind.describe(*id),
            _ => None,
        };
        let counted = matches!(self, Filter::Count(..) | Filter::Compare(Field::Member(..), ..));
        if property.is_some_and(|property| !property.filterable && !counted) {
            return Err(GraphError::unsupported("The request uses a filter property that is not indexed"));
        }
        self.parts().iter().try_for_each(|part| part.check_fields(kind))
    }

    fn check_width(&self) -> Result<(), GraphError> {
        let clauses = match self {
            Filter::Or(parts) => parts.len(),
            Filter::In(_, literals) => literals.len(),
            _ => 0,
        };
        if clauses > MOST_CLAUSES {
            return Err(GraphError::unsupported(format!(
                "Too many child clauses specified in search filter expression containing 'OR' operators: {clauses}. Max allowed: {MOST_CLAUSES}."
            )));
        }
        self.parts().iter().try_for_each(Filter::check_width)
    }
}
