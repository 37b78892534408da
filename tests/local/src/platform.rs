//! The platform's side: the admin API, as anybody would call it.

use crate::comparison::{Account, Platform};
use crate::error::{Error, Result};
use crate::http::{Answer, Http};
use crate::json::{list, text};
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows on a page, as many as the API gives.
const PAGE: usize = 200;

/// A client of the admin API.
#[derive(Clone, Debug)]
pub struct AdminApi {
    http: Http,
    url: String,
    authorization: String,
}

impl AdminApi {
    /// A client with this bearer token.
    pub fn new(url: &str, token: &str) -> Self {
        Self { http: Http::default(), url: url.to_owned(), authorization: format!("Bearer {token}") }
    }

    /// Sends a request and gives whatever came back.
    ///
    /// # Errors
    /// Nothing came back.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let headers = [("authorization", self.authorization.as_str())];
        self.http.json(method, &format!("{}{path}", self.url), &headers, body).await
    }

    /// Sends a request that must succeed.
    ///
    /// # Errors
    /// It did not.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method, path, body).await?.success()?;
        if answer.body.is_empty() { Ok(Value::Null) } else { answer.parse() }
    }

    /// Reads one thing.
    ///
    /// # Errors
    /// It is not there.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// A page could not be read.
    pub async fn all(&self, path: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}?limit={PAGE}{cursor}")).await?;
            items.extend_from_slice(list(&page, "/items"));
            match text(&page, "/next") {
                "" => return Ok(items),
                next => {
                    cursor =
                        format!("&cursor={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>())
                }
            }
        }
    }

    /// Everything that the platform has of one connection.
    ///
    /// # Errors
    /// A list could not be read, or has another shape.
    pub async fn platform(&self, connection: &str) -> Result<Platform> {
        let users = self.all(&format!("/connections/{connection}/users")).await?;
        let mut accounts = Vec::with_capacity(users.len());
        for user in users {
            let user: User = parse(user)?;
            let account = Account { properties: user.attributes, manager: user.manager, teams: user.teams };
            accounts.push((user.person, user.status == "active", account));
        }
        let mut teams = Vec::new();
        for team in self.all(&format!("/connections/{connection}/teams")).await? {
            let team: Team = parse(team)?;
            if team.active {
                let path = format!("/connections/{connection}/teams/{}/members", team.group);
                let members = self.all(&path).await?.into_iter().map(parse::<Member>);
                let members: BTreeSet<Uuid> = members.map(|member| Ok(member?.person)).collect::<Result<_>>()?;
                teams.push((team.group, team.name, members));
            }
        }
        Ok(Platform { accounts, teams })
    }
}

#[derive(Deserialize)]
struct User {
    person: Uuid,
    status: String,
    attributes: BTreeMap<String, String>,
    manager: Option<Uuid>,
    teams: BTreeSet<Uuid>,
}

#[derive(Deserialize)]
struct Team {
    group: Uuid,
    name: String,
    active: bool,
}

#[derive(Deserialize)]
struct Member {
    person: Uuid,
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    let shown = value.to_string();
    serde_json::from_value(value).map_err(|error| Error::Story(format!("the API's answer: {error} in {shown}")))
}
