//! What a platform learns of somebody, by the scopes that it asked for.

use rollcall_directory::identity::{TeamId, TeamSource};
use rollcall_directory::property::Property;
use rollcall_directory::team::Team;
use rollcall_directory::user::User;
use rollcall_store::Connection;
use serde_json::{Map, Value, json};

use super::authorization::domain;

/// More teams than this are not told in a token: it has to fit into a header.
const MOST_TEAMS: usize = 100;

/// The claims about an account.
#[must_use]
pub fn of(user: &User, connection: &Connection, teams: &[Team], scope: &str) -> Map<String, Value> {
    let asks = |name: &str| scope.split(' ').any(|asked| asked == name);
    let attribute = |property: &Property| user.attributes.get(property).cloned();
    let mut claims = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    put("sub", Some(user.id.to_string().into()));
    put("connection", Some(connection.id.to_string().into()));
    put("linked_account", user.linked.as_ref().map(|account| account.0.clone().into()));
    if asks("profile") {
        let (given, family) = (attribute(&Property::GivenName), attribute(&Property::Surname));
        let name: Vec<&str> = given.iter().chain(&family).map(String::as_str).collect();
        put("name", (!name.is_empty()).then(|| name.join(" ").into()));
        put("given_name", given.map(Value::from));
        put("family_name", family.map(Value::from));
        let language = user.language.clone().or_else(|| attribute(&Property::PreferredLanguage));
        put("locale", language.map(Value::from));
    }
    if asks("email") {
        put("email", user.email.clone().map(Value::from));
        put("email_verified", user.email.as_deref().map(|email| is_verified(email, connection).into()));
    }
    if asks("teams") {
        put("teams", Some(listed(teams)));
        put("roles", Some(roles(teams)));
    }
    claims
}

/// A directory's administrators write whatever address they like. It is known to be theirs only where its domain is the connection's.
fn is_verified(email: &str, connection: &Connection) -> bool {
    let domains = connection.sign_in.as_ref().map(|sign_in| &sign_in.domains);
    domain(email).zip(domains).is_some_and(|(domain, domains)| domains.contains(&domain))
}

/// The teams to which somebody belongs.
fn listed(teams: &[Team]) -> Value {
    let of_groups = teams.iter().filter(|team| team.active && matches!(team.source, TeamSource::Group(_)));
    let listed = of_groups.take(MOST_TEAMS).map(|Team { id: TeamId(id), name, .. }| json!({ "id": id, "name": name }));
    listed.collect()
}

/// `supervisor`, where people report to them.
fn roles(teams: &[Team]) -> Value {
    let leads = teams.iter().any(|team| team.active && matches!(team.source, TeamSource::Manager(_)));
    if leads { json!(["supervisor"]) } else { json!([]) }
}
