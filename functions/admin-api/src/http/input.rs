//! Taking requests apart. Whatever can't be read becomes a problem document that names the place and
//! never repeats the value, which may be a secret in the wrong place.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::problem::Problem;

/// The largest body: far more than a certificate chain needs.
const LARGEST_BODY: usize = 256 * 1024;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::media_type());
        }
        let bytes = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| Problem::too_large())?;
        read(&bytes).map(Self)
    }
}

/// A JSON body that may be left out, or be null.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let bytes = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| Problem::too_large())?;
        match (bytes.is_empty(), json) {
            (true, _) => Ok(Self(T::default())),
            (false, true) => Ok(Self(read::<Option<T>>(&bytes)?.unwrap_or_default())),
            (false, false) => Err(Problem::media_type()),
        }
    }
}

/// The ids in a path. What is no id names nothing that exists.
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(Problem::not_found("resource")),
        }
    }
}

/// The parameters of a query string.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => {
                // "Failed to deserialize query string: limit: …": the name, if there is one, comes second.
                let text = rejection.body_text();
                let mut pieces = text.splitn(3, ": ").skip(1);
                let (name, message) = (pieces.next().unwrap_or_default(), pieces.next());
                match message {
                    Some(message) => Err(Problem::invalid(name, told(message))),
                    None => Err(Problem::invalid("query string", told(name))),
                }
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A derived type would also be read from a list of its members' values, in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::invalid(".", "must be an object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        match inner.classify() {
            Category::Data => Problem::invalid(error.path().to_string(), told(&inner.to_string())),
            Category::Io | Category::Syntax | Category::Eof => malformed(inner),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::malformed(format!("The body is no JSON (line {}, column {}).", error.line(), error.column()))
}

/// A deserialiser's message without any value that was sent. Messages of our own types hold none and are kept.
fn told(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or_default();
    let general = [
        ("missing field", message),
        ("unknown field", "is not known here"),
        ("duplicate field", "is given more than once"),
        ("unknown variant", "is not one of the allowed values"),
        ("invalid type", "is of a wrong type"),
        ("invalid value", "is not allowed"),
        ("invalid length", "has a wrong length"),
        ("invalid digit", "must be a number"),
        ("cannot parse integer", "must be a number"),
        ("number too", "is out of range"),
        ("provided string was not", "must be true or false"),
        ("UUID parsing failed", "must be a UUID"),
        ("data did not match", "has a wrong form"),
    ];
    let known = general.into_iter().find(|(start, _)| message.starts_with(start));
    known.map_or(message, |(_, told)| told).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        list: Vec<Uuid>,
    }

    fn problem(body: &str) -> String {
        serde_json::to_string(&read::<Sample>(body.as_bytes()).unwrap_err()).unwrap()
    }

    #[test]
    fn a_wrong_part_is_named_by_its_path_and_not_repeated() {
        let told = problem(r#"{"list":["00000000-0000-0000-0000-000000000001","canary-5e1d"]}"#);
        assert!(told.contains(r#""field":"list[1]","message":"must be a UUID""#), "{told}");
        assert!(!told.contains("canary"), "{told}");
        assert!(!problem(r#"{"list":"canary-5e1d"}"#).contains("canary"));
        assert!(!problem(r#"{"list":[],"more":"canary-5e1d"}"#).contains("canary"));
    }

    #[test]
    fn a_list_in_the_place_of_an_object_is_refused() {
        assert!(problem("[[]]").contains("must be an object"));
        assert!(problem(" []").contains("must be an object"));
    }

    #[test]
    fn missing_unknown_and_repeated_members_are_told_apart() {
        assert!(problem("{}").contains("missing field `list`"));
        assert!(problem(r#"{"list":[],"more":1}"#).contains("is not known here"));
        assert!(problem(r#"{"list":[],"list":[]}"#).contains("is given more than once"));
    }

    #[test]
    fn what_is_no_json_is_told_by_its_place() {
        for body in ["", "{", "{\"list\":[]} x", "\u{feff}{}", "nul"] {
            assert!(problem(body).contains("urn:rollcall:problem:malformed"), "{body}");
        }
        assert!(problem(&"[".repeat(100_000)).contains("problem"));
    }
}
