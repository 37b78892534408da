//! `$search` on directory objects (Graph page "Use the $search query parameter").

use super::GraphError;
use crate::directory::{Kind, Object, View};
use crate::request::Request;

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    All(Vec<Search>),
    Any(Vec<Search>),
    Clause { property: String, text: String },
}

impl Search {
    /// Whether the object is found.
    pub(crate) fn finds(&self, view: &View<'_>, object: &Object) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.finds(view, object)),
            Self::Any(parts) => parts.iter().any(|part| part.finds(view, object)),
            Self::Clause { property, text } => {
                let Some((id, property)) = object.kind.property(property) else { return false };
                let Some(value) = object.value(id).and_then(|symbol| view.directory().texts().get(symbol)) else {
                    return false;
                };
                match property.name {
                    "displayName" | "description" => words_match(value, text),
                    _ => value.to_lowercase().starts_with(&text.to_lowercase()),
                }
            }
        }
    }
}

/// Every word searched for begins some word of the value, in any order.
fn words_match(value: &str, searched: &str) -> bool {
    let mut known = words(value);
    // Words that only symbols part are known together, too.
    let parted = value.split_whitespace().filter(|part| part.chars().any(|c| !c.is_alphanumeric()));
    let whole = |part: &str| part.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    known.extend(parted.map(whole));
    words(searched).iter().all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
}

/// A text is split at spaces, at symbols, between letters and digits, and where upper case follows lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for c in text.chars() {
        let joins = |last: char| {
            (last.is_alphabetic() && c.is_alphabetic() && !(last.is_lowercase() && c.is_uppercase()))
                || (last.is_numeric() && c.is_numeric())
        };
        match words.last_mut() {
            Some(word) if before.is_some_and(joins) => word.extend(c.to_lowercase()),
            _ if c.is_whitespace() => {}
            _ => words.push(c.to_lowercase().collect()),
        }
        before = Some(c);
    }
    words
}

/// `"displayName:ann" AND ("mail:b" OR "…")`. Without `Prefer: legacySearch=false` the text is decoded once more, and an
/// ampersand is refused (Graph known issue 18185).
pub(crate) fn parse(request: &Request, text: &str, kind: Kind) -> Result<Search, GraphError> {
    let modern = request.header("prefer").is_some_and(|prefer| prefer.contains("legacySearch=false"));
    if !modern && text.contains('&') {
        return Err(GraphError::new(400, "BadRequest", "Unrecognized query argument specified: ''."));
    }
    let again = if modern { text.to_owned() } else { crate::request::decode(text) };
    let mut parser = Parser { rest: again.trim(), kind };
    let search = parser.any()?;
    if parser.rest.is_empty() { Ok(search) } else { Err(syntax()) }
}

fn syntax() -> GraphError {
    GraphError::bad_request("Syntax error in $search: each clause is \"property:value\" in double quotes.")
}

struct Parser<'a> {
    rest: &'a str,
    kind: Kind,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Search, GraphError> {
        let mut parts = vec![self.all()?];
        while self.take("OR") {
            parts.push(self.all()?);
        }
        Ok(Search::Any(parts))
    }

    fn all(&mut self) -> Result<Search, GraphError> {
        let mut parts = vec![self.one()?];
        while self.take("AND") {
            parts.push(self.one()?);
        }
        Ok(Search::All(parts))
    }

    fn one(&mut self) -> Result<Search, GraphError> {
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") { Ok(inner) } else { Err(syntax()) };
        }
        if !self.take("\"") {
            return Err(syntax());
        }
        let clause = self.quoted()?;
        let (property, text) = clause.split_once(':').ok_or_else(syntax)?;
        match self.kind.property(property) {
            Some((_, known)) if known.filterable || known.name == "description" => {
                Ok(Search::Clause { property: property.to_owned(), text: text.to_owned() })
            }
            _ => Err(GraphError::unsupported(format!("Searching is not supported for the property '{property}'."))),
        }
    }

    /// Up to the closing quote. A backslash stands before a quote or a backslash that is meant.
    fn quoted(&mut self) -> Result<String, GraphError> {
        let mut clause = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => clause.push(chars.next().ok_or_else(syntax)?.1),
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default().trim_start();
                    return Ok(clause);
                }
                _ => clause.push(c),
            }
        }
        Err(syntax())
    }

    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            // What follows a quote belongs to the clause.
            Some(rest) => {
                self.rest = if word == "\"" { rest } else { rest.trim_start() };
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_as_the_page_shows() {
        for (text, expected) in [
            ("hello world", vec!["hello", "world"]),
            ("HelloWorld", vec!["hello", "world"]),
            ("HELLOworld", vec!["helloworld"]),
            ("hello.world", vec!["hello", ".", "world"]),
            ("hello123world", vec!["hello", "123", "world"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_found_by_their_start_in_any_order_and_joined_over_symbols() {
        for searched in ["李四(David Li)", "李四", "David", "Li", "David)", "(李四", "Li 李", "dav", ""] {
            assert!(words_match("李四(David Li)", searched), "{searched}");
        }
        assert!(words_match("hello-world", "helloworld") && words_match("hello.world", "hello world"));
        assert!(!words_match("hello world", "ello") && !words_match("David Li", "David Lee"));
    }
}
