//! The `OData` options of a request.

use super::GraphError;
use crate::directory::{Kind, PropertyId};
use crate::request::Request;

/// The most rows on a page.
pub(crate) const MOST_ROWS: usize = 999;
const DEFAULT_ROWS: usize = 100;

/// Names that `$select` accepts beside properties: relationships. Selecting one changes nothing outside delta.
const RELATIONSHIPS: [&str; 8] = [
    "manager",
    "directReports",
    "memberOf",
    "transitiveMemberOf",
    "members",
    "transitiveMembers",
    "owners",
    "sponsors",
];

/// The options of a request for objects.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) select: Option<Vec<String>>,
    pub(crate) expand: Option<Expand>,
    pub(crate) top: usize,
    pub(crate) filter: Option<String>,
    pub(crate) search: Option<String>,
    pub(crate) order_by: Option<String>,
    /// `$count=true`, heard only together with the header.
    pub(crate) count: bool,
    /// The header `ConsistencyLevel: eventual`.
    pub(crate) eventual: bool,
    pub(crate) skip_token: Option<String>,
}

/// `$expand` of one relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expand {
    pub(crate) relationship: String,
    pub(crate) select: Option<Vec<String>>,
    pub(crate) levels: Option<String>,
}

/// The properties to write for one kind.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) id: bool,
    pub(crate) properties: Vec<PropertyId>,
}

impl Query {
    /// Reads the options and refuses those not supported on any collection.
    pub(crate) fn parse(request: &Request) -> Result<Self, GraphError> {
        refuse_unknown(request)?;
        let eventual = request.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
        let text = |name: &str| request.option(name).map(str::to_owned);
        Ok(Self {
            select: request.option("$select").map(names),
            expand: request.option("$expand").map(parse_expand).transpose()?,
            top: parse_top(request.option("$top"))?,
            filter: text("$filter"),
            search: text("$search"),
            order_by: text("$orderby"),
            count: eventual && request.option("$count").is_some_and(|count| count.eq_ignore_ascii_case("true")),
            eventual,
            skip_token: text("$skiptoken"),
        })
    }

    /// Both the header and `$count=true`: what an advanced query needs.
    pub(crate) fn advanced(&self) -> bool {
        self.eventual && self.count
    }

    /// What to write of a kind. Every selected name must exist.
    pub(crate) fn columns(&self, kind: Kind) -> Result<Columns, GraphError> {
        columns(self.select.as_deref(), kind)
    }

    /// What to write of a kind in a list of several kinds: names of other kinds are passed over.
    pub(crate) fn loose_columns(&self, kind: Kind) -> Columns {
        let Some(names) = &self.select else { return standard(kind) };
        let known: Vec<String> =
            names.iter().filter(|name| is_id(name) || kind.property(name).is_some()).cloned().collect();
        columns(Some(&known), kind).unwrap_or_else(|_| standard(kind))
    }

    /// Every selected name must exist in one of the kinds.
    pub(crate) fn check_select(&self, kinds: &[Kind]) -> Result<(), GraphError> {
        for name in self.select.iter().flatten() {
            let known = is_id(name) || is_relationship(name) || kinds.iter().any(|kind| kind.property(name).is_some());
            if !known {
                return Err(unknown_property(name, "directoryObject"));
            }
        }
        Ok(())
    }
}

/// What to write of a kind for a list of selected names; the standard set without one.
pub(crate) fn columns(select: Option<&[String]>, kind: Kind) -> Result<Columns, GraphError> {
    let Some(names) = select else { return Ok(standard(kind)) };
    let mut found = Columns { id: false, properties: Vec::with_capacity(names.len()) };
    for name in names {
        if name == "*" {
            return Ok(standard(kind));
        }
        if is_id(name) {
            found.id = true;
        } else if let Some((id, _)) = kind.property(name) {
            found.properties.push(id);
        } else if !is_relationship(name) {
            return Err(unknown_property(name, kind.type_name()));
        }
    }
    found.properties.sort_unstable();
    found.properties.dedup();
    Ok(found)
}

/// What Graph returns without `$select`.
pub(crate) fn standard(kind: Kind) -> Columns {
    let all = kind.properties().iter().zip(0_u8..);
    let properties = all.filter(|(property, _)| property.standard).map(|(_, number)| PropertyId(number)).collect();
    Columns { id: true, properties }
}

/// Every property of a kind.
pub(crate) fn all(kind: Kind) -> Columns {
    let properties = (0_u8..).take(kind.properties().len()).map(PropertyId).collect();
    Columns { id: true, properties }
}

/// The names of a comma-separated list.
pub(crate) fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn is_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("id")
}

pub(crate) fn is_relationship(name: &str) -> bool {
    RELATIONSHIPS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub(crate) fn unknown_property(name: &str, type_name: &str) -> GraphError {
    let message = format!(
        "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    );
    GraphError::new(400, "BadRequest", message)
}

fn refuse_unknown(request: &Request) -> Result<(), GraphError> {
    const KNOWN: [&str; 9] =
        ["$select", "$expand", "$top", "$filter", "$search", "$orderby", "$count", "$skiptoken", "$format"];
    for (name, _) in &request.query {
        if name.eq_ignore_ascii_case("$skip") {
            return Err(GraphError::unsupported("'$skip' is not supported by the service."));
        }
        if name.starts_with('$') && !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let message = format!("The query parameter '{name}' is not recognized or is not supported.");
            return Err(GraphError::new(400, "BadRequest", message));
        }
    }
    Ok(())
}

fn parse_top(text: Option<&str>) -> Result<usize, GraphError> {
    let Some(text) = text else { return Ok(DEFAULT_ROWS) };
    match text.parse::<usize>() {
        Ok(rows) if (1..=MOST_ROWS).contains(&rows) => Ok(rows),
        Ok(_) => Err(GraphError::unsupported(format!(
            "Invalid page size specified: '{text}'. Must be between 1 and {MOST_ROWS} inclusive."
        ))),
        Err(_) => Err(GraphError::new(
            400,
            "BadRequest",
            format!(
                "Invalid value '{text}' for $top query option found. The $top query option requires a non-negative integer value."
            ),
        )),
    }
}

/// `manager`, or `manager($levels=max;$select=id,displayName)`.
fn parse_expand(text: &str) -> Result<Expand, GraphError> {
    let text = text.trim();
    let (relationship, inner) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')').ok_or_else(|| expand_error(text))?),
        None => (text, ""),
    };
    if relationship.contains(',') || inner.contains(')') {
        return Err(GraphError::unsupported("Expand of more than one relationship is not supported."));
    }
    if !is_relationship(relationship) {
        return Err(expand_error(relationship));
    }
    let mut expand = Expand { relationship: relationship.to_owned(), select: None, levels: None };
    for option in inner.split(';').map(str::trim).filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("$select") => expand.select = Some(names(value)),
            Some((name, value)) if name.eq_ignore_ascii_case("$levels") => expand.levels = Some(value.to_owned()),
            _ => {
                return Err(GraphError::unsupported(format!("The option '{option}' is not supported inside $expand.")));
            }
        }
    }
    Ok(expand)
}

fn expand_error(name: &str) -> GraphError {
    GraphError::new(
        400,
        "BadRequest",
        format!("Parsing OData Select and Expand failed: Could not find a property named '{name}'."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expand_is_read_with_its_inner_options() {
        let expand = parse_expand("manager($levels=max;$select=id,displayName)").unwrap();
        assert_eq!(expand.relationship, "manager");
        assert_eq!(expand.levels.as_deref(), Some("max"));
        assert_eq!(expand.select, Some(vec!["id".to_owned(), "displayName".to_owned()]));
        assert!(parse_expand("manager,memberOf").is_err());
        assert!(parse_expand("nothing").is_err());
    }

    #[test]
    fn page_sizes_run_from_1_to_999() {
        assert_eq!(parse_top(None).unwrap(), 100);
        assert_eq!(parse_top(Some("999")).unwrap(), 999);
        assert!(parse_top(Some("0")).is_err());
        assert_eq!(
            parse_top(Some("1000")).unwrap_err().message,
            "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."
        );
    }
}
