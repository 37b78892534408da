//! What happened since a moment: calls to Entra, rows of the table, lines of the log.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use local::http::Answer;
use serde_json::{Value, json};

use crate::browser::SESSION;
use crate::scene::{FUNCTION, Scene, TABLE, text};
use crate::{Done, Failure};

/// Rows that a sign-in can make or change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) sessions: BTreeSet<String>,
    pub(crate) codes: BTreeSet<String>,
    pub(crate) pending: BTreeSet<String>,
    /// All accounts, whole.
    pub(crate) accounts: BTreeMap<String, String>,
    /// Connections, clients, and what leads to a connection.
    pub(crate) settings: BTreeSet<String>,
}

/// A moment.
#[derive(Debug)]
pub(crate) struct Watch<'scene> {
    scene: &'scene Scene,
    rows: Rows,
    login: BTreeMap<String, u64>,
    log: usize,
}

impl Scene {
    /// Begins to watch.
    pub(crate) async fn watch(&self) -> Result<Watch<'_>, Failure> {
        Ok(Watch { scene: self, rows: self.rows().await?, login: self.login_calls().await?, log: self.log()?.len() })
    }

    /// Every item of the table.
    pub(crate) async fn items(&self) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut request = json!({"TableName": TABLE});
        loop {
            let page = self.stack.aws().call("DynamoDB_20120810.Scan", &request).await?;
            items.extend(page.get("Items").and_then(Value::as_array).cloned().unwrap_or_default());
            match (page.get("LastEvaluatedKey"), request.as_object_mut()) {
                (Some(key), Some(request)) if key.is_object() => {
                    drop(request.insert("ExclusiveStartKey".to_owned(), key.clone()));
                }
                _ => return Ok(items),
            }
        }
    }

    pub(crate) async fn rows(&self) -> Result<Rows, Failure> {
        let mut rows = Rows::default();
        for item in self.items().await? {
            let (pk, sk) = (text(&item, "/pk/S"), text(&item, "/sk/S"));
            let key = format!("{pk} {sk}");
            match pk.split('#').next().unwrap_or_default() {
                "CODE" => drop(rows.codes.insert(key)),
                "PENDING" => drop(rows.pending.insert(key)),
                "C" if sk.starts_with("SESSION#") => drop(rows.sessions.insert(key)),
                "C" if pk.contains("#U#") => drop(rows.accounts.insert(key, item.to_string())),
                "CONNECTIONS" | "CLIENTS" | "TENANT" | "DOMAIN" => drop(rows.settings.insert(key)),
                _ => {}
            }
        }
        Ok(rows)
    }

    /// Requests to Entra, by endpoint.
    pub(crate) async fn login_calls(&self) -> Result<BTreeMap<String, u64>, Failure> {
        let metrics = self.control(Method::GET, "/metrics", Value::Null).await?;
        let login = metrics.get("login").and_then(Value::as_object).into_iter().flatten();
        Ok(login.filter_map(|(name, count)| Some((name.clone(), count.as_u64()?))).collect())
    }

    /// The log of the function that signs people in.
    pub(crate) fn log(&self) -> Result<String, Failure> {
        let path = self.stack.layout().run().join(format!("{FUNCTION}.log"));
        Ok(String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned())
    }
}

impl Watch<'_> {
    /// Requests to an endpoint of Entra since then.
    pub(crate) async fn calls(&self, endpoint: &str) -> Result<u64, Failure> {
        let count = |calls: &BTreeMap<String, u64>| calls.get(endpoint).copied().unwrap_or_default();
        Ok(count(&self.scene.login_calls().await?) - count(&self.login))
    }

    /// Codes that were sent to Entra since then.
    pub(crate) async fn codes_sent(&self) -> Result<u64, Failure> {
        self.calls("token authorization_code").await
    }

    /// Sessions that began since then.
    pub(crate) async fn sessions(&self) -> Result<usize, Failure> {
        Ok(self.scene.rows().await?.sessions.difference(&self.rows.sessions).count())
    }

    /// What was logged since then.
    pub(crate) fn lines(&self) -> Result<String, Failure> {
        Ok(self.scene.log()?.get(self.log..).unwrap_or_default().to_owned())
    }

    /// Refuses to go on if a session or a code is there that was not, or an account or a setting has changed.
    pub(crate) async fn nothing_came_of_it(&self, what: &str) -> Done {
        let rows = self.scene.rows().await?;
        let is_same = rows.sessions.is_subset(&self.rows.sessions)
            && rows.codes.is_subset(&self.rows.codes)
            && rows.accounts == self.rows.accounts
            && rows.settings == self.rows.settings;
        if is_same { Ok(()) } else { Err(format!("{what}: a row was made or changed").into()) }
    }

    /// Holds that somebody was refused as they have to be: this status, no session and no row, this reason in the log, and so many
    /// codes sent to Entra.
    pub(crate) async fn refused(&self, what: &str, answer: &Answer, status: u16, reason: &str, codes: u64) -> Done {
        let failed = |why: String| Err(format!("{what}: {why}; {}", answer.unexpected()).into());
        if answer.status != StatusCode::from_u16(status)? || answer.headers.contains_key("location") {
            return failed(format!("the answer is not a page with status {status}"));
        }
        let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        if cookies.into_iter().any(|cookie| cookie.starts_with(SESSION)) {
            return failed("there is a session's cookie".to_owned());
        }
        let sent = self.codes_sent().await?;
        if sent != codes {
            return failed(format!("{sent} codes were sent to Entra, not {codes}"));
        }
        self.nothing_came_of_it(what).await?;
        self.logged(what, reason)
    }

    /// Holds that a reason is in the log: `reason`, or `reason: detail`.
    pub(crate) fn logged(&self, what: &str, reason: &str) -> Done {
        let lines = self.lines()?;
        let (reason, detail) = reason.split_once(": ").unwrap_or((reason, ""));
        let has = |line: &str| line.contains(&format!("\"reason\":\"{reason}\"")) && line.contains(detail);
        if lines.lines().any(has) {
            return Ok(());
        }
        let shown: Vec<&str> = lines.lines().filter(|line| line.contains("\"reason\"")).collect();
        Err(format!("{what}: no line of the log has the reason {reason} {detail}: {shown:?}").into())
    }
}
