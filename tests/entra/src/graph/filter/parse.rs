//! From text to a filter.

use super::{Field, Filter, Literal, Operator};
use crate::directory::Kind;
use crate::graph::GraphError;

/// Nesting is limited, so that no request can exhaust the stack.
const DEEPEST: usize = 32;

/// Reads a filter on a kind of object.
pub(crate) fn parse(text: &str, kind: Kind) -> Result<Filter, GraphError> {
    let mut parser = Parser { rest: text.trim_start(), kind, variable: None, depth: 0 };
    let filter = parser.or()?;
    if parser.rest.is_empty() { Ok(filter) } else { Err(syntax(parser.rest)) }
}

struct Parser<'text> {
    rest: &'text str,
    kind: Kind,
    /// The range variable of an `any` that is being read.
    variable: Option<String>,
    depth: usize,
}

fn syntax(place: &str) -> GraphError {
    GraphError::new(400, "BadRequest", format!("Invalid filter clause: syntax error near '{place}'."))
}

impl<'text> Parser<'text> {
    fn or(&mut self) -> Result<Filter, GraphError> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Ok(single(parts, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, GraphError> {
        let mut parts = vec![self.not()?];
        while self.word("and") {
            parts.push(self.not()?);
        }
        Ok(single(parts, Filter::And))
    }

    fn not(&mut self) -> Result<Filter, GraphError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(GraphError::bad_request("The filter is nested too deeply."));
        }
        let negated = self.word("not") || (self.rest.starts_with("not(") && self.eat("not"));
        let filter = if negated { Filter::Not(Box::new(self.not()?)) } else { self.term()? };
        self.depth -= 1;
        Ok(filter)
    }

    fn term(&mut self) -> Result<Filter, GraphError> {
        if self.eat("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = self.name()?;
        if self.rest.starts_with('(') {
            return self.function(name);
        }
        if let Some(list) = name.strip_suffix("/any") {
            return self.any(list);
        }
        if let Some(list) = name.strip_suffix("/$count") {
            return self.count(list);
        }
        let field = self.field(name)?;
        if self.word("in") {
            return Ok(Filter::In(field, self.list()?));
        }
        let operator = self.operator()?;
        Ok(Filter::Compare(field, operator, self.literal()?))
    }

    fn function(&mut self, name: &str) -> Result<Filter, GraphError> {
        if let Some(list) = name.strip_suffix("/any") {
            return self.any(list);
        }
        self.expect("(")?;
        let field_name = self.name()?;
        let field = self.field(field_name)?;
        self.expect(",")?;
        let Literal::Text(text) = self.literal()? else { return Err(syntax(name)) };
        self.expect(")")?;
        // `startsWith(x,'y') eq true` is the same.
        if self.word("eq") {
            self.literal()?;
        }
        match name.to_ascii_lowercase().as_str() {
            "startswith" => Ok(Filter::StartsWith(field, text)),
            "endswith" => Ok(Filter::EndsWith(field, text)),
            _ => Err(GraphError::unsupported(format!("The function '{name}' is not supported."))),
        }
    }

    /// `any(x:x eq 'y')`, the list's name read already.
    fn any(&mut self, list: &str) -> Result<Filter, GraphError> {
        let Field::Property(property) = self.field(list)? else { return Err(syntax(list)) };
        self.expect("(")?;
        let (variable, rest) = self.rest.split_once(':').ok_or_else(|| syntax(self.rest))?;
        self.variable = Some(variable.trim().to_owned());
        self.rest = rest.trim_start();
        let inner = self.or()?;
        self.variable = None;
        self.expect(")")?;
        Ok(Filter::Any(property, Box::new(inner)))
    }

    fn count(&mut self, list: &str) -> Result<Filter, GraphError> {
        let Field::Property(property) = self.field(list)? else { return Err(syntax(list)) };
        let operator = self.operator()?;
        let Literal::Bare(number) = self.literal()? else { return Err(syntax(list)) };
        Ok(Filter::Count(property, operator, number.parse().map_err(|_| syntax(&number))?))
    }

    fn field(&self, name: &str) -> Result<Field, GraphError> {
        if self.variable.as_deref() == Some(name) {
            return Ok(Field::Element);
        }
        if name.eq_ignore_ascii_case("id") {
            return Ok(Field::Id);
        }
        let (first, member) = name.split_once('/').map_or((name, None), |(first, member)| (first, Some(member)));
        let (id, _) = self.kind.property(first).ok_or_else(|| {
            let type_name = self.kind.type_name();
            let message = format!("Invalid filter clause: Could not find a property named '{first}' on type 'microsoft.graph.{type_name}'.");
            GraphError::new(400, "BadRequest", message)
        })?;
        Ok(member.map_or(Field::Property(id), |member| Field::Member(id, member.to_owned())))
    }

    fn operator(&mut self) -> Result<Operator, GraphError> {
        const WORDS: [(&str, Operator); 6] = [
            ("eq", Operator::Equal),
            ("ne", Operator::NotEqual),
            ("lt", Operator::Less),
            ("le", Operator::LessOrEqual),
            ("gt", Operator::Greater),
            ("ge", Operator::GreaterOrEqual),
        ];
        let found = WORDS.into_iter().find(|(word, _)| self.word(word));
        found.map(|(_, operator)| operator).ok_or_else(|| syntax(self.rest))
    }

    fn list(&mut self) -> Result<Vec<Literal>, GraphError> {
        self.expect("(")?;
        let mut literals = vec![self.literal()?];
        while self.eat(",") {
            literals.push(self.literal()?);
        }
        self.expect(")")?;
        Ok(literals)
    }

    fn literal(&mut self) -> Result<Literal, GraphError> {
        if let Some(quoted) = self.rest.strip_prefix('\'') {
            return self.quoted(quoted);
        }
        let end = self.rest.find([' ', ')', ',']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(syntax(self.rest));
        }
        self.rest = rest.trim_start();
        Ok(match word {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            _ => Literal::Bare(word.to_owned()),
        })
    }

    /// A quote inside is written twice.
    fn quoted(&mut self, mut rest: &'text str) -> Result<Literal, GraphError> {
        let mut text = String::new();
        loop {
            let (before, after) = rest.split_once('\'').ok_or_else(|| syntax(rest))?;
            text.push_str(before);
            match after.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None => {
                    self.rest = after.trim_start();
                    return Ok(Literal::Text(text));
                }
            }
        }
    }

    fn name(&mut self) -> Result<&'text str, GraphError> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '_' | '$' | '@' | '.'));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if name.is_empty() {
            return Err(syntax(self.rest));
        }
        self.rest = if rest.starts_with('(') { rest } else { rest.trim_start() };
        Ok(name)
    }

    /// Takes a word that ends at a space or a parenthesis.
    fn word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if !rest.starts_with([' ', '(']) {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn eat(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn expect(&mut self, text: &str) -> Result<(), GraphError> {
        if self.eat(text) { Ok(()) } else { Err(syntax(self.rest)) }
    }
}

fn single(mut parts: Vec<Filter>, join: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() > 1 {
        return join(parts);
    }
    parts.pop().unwrap_or_else(|| join(Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Filter {
        parse(text, Kind::User).unwrap()
    }

    #[test]
    fn quotes_are_doubled() {
        let Filter::Compare(_, Operator::Equal, literal) = user("surname eq 'O''Hara'") else { panic!() };
        assert_eq!(literal, Literal::Text("O'Hara".to_owned()));
    }

    #[test]
    fn and_binds_closer_than_or() {
        let Filter::Or(parts) = user("id eq 'a' or city eq 'b' and country eq 'c'") else { panic!() };
        assert!(matches!(parts[1], Filter::And(_)));
    }

    #[test]
    fn lists_functions_and_lambdas_are_read() {
        assert_eq!(user("id in ('a', 'b')").ids(), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(matches!(user("startsWith(displayName,'a') eq true"), Filter::StartsWith(..)));
        assert!(matches!(user("not(startswith(mail,'a'))"), Filter::Not(_)));
        assert!(matches!(user("proxyAddresses/any(p:p eq 'SMTP:a')"), Filter::Any(..)));
        assert!(matches!(user("assignedLicenses/$count ne 0"), Filter::Count(_, Operator::NotEqual, 0)));
        assert!(matches!(user("employeeOrgData/division eq 'x'"), Filter::Compare(Field::Member(..), ..)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "id", "id eq", "id eq 'a", "nothing eq 'a'", "(id eq 'a'", "id eq 'a' 'b'", "contains(mail,'a')"]
        {
            assert!(parse(text, Kind::User).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(5000), Kind::User).is_err());
    }
}
