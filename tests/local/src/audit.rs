//! What the functions did, held against what their roles allow.
//!
//! The emulator checks no permissions, but it can keep a record of calls (its `CloudTrail`). Each call, as the IAM action and
//! the resource that AWS would check it by, must be in the reviewed table of permissions.

use crate::deploy::STACK;
use crate::emulator::Aws;
use crate::error::{Error, Result};
use crate::json::{list, text};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What each role may do, reviewed line by line; a test holds the template to it.
pub const PERMISSIONS: &str = include_str!("../permissions.txt");

/// The lines of the reviewed table.
pub fn permissions() -> BTreeSet<&'static str> {
    PERMISSIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// A kind of call, as the reviewed table writes it: role, action, resource.
pub type Calls = BTreeSet<String>;

/// What the functions called so far. The stack must have been started to record calls.
///
/// # Errors
/// The emulator does not tell.
pub async fn calls(aws: &Aws) -> Result<Calls> {
    const LOOK_UP: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    let mut calls = Calls::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut request = json!({"MaxResults": 50});
    loop {
        let page = aws.call(LOOK_UP, &request).await?;
        let events = list(&page, "/Events");
        let known = seen.len();
        seen.extend(events.iter().map(|event| text(event, "/EventId").to_owned()));
        if seen.len() == known {
            return Ok(calls);
        }
        for event in events {
            calls.extend(lines(event)?);
        }
        // The newest come first; the next page ends where this one began.
        let oldest = events.last().and_then(|event| event.get("EventTime")).cloned();
        request = json!({"MaxResults": 50, "EndTime": oldest});
    }
}

/// The calls that no role of their function allows.
pub fn not_allowed(calls: &Calls) -> Vec<&String> {
    let permissions = permissions();
    let allowed = |call: &String| {
        let wider = call.strip_suffix('*').and_then(|call| call.strip_suffix(DELEGATION));
        permissions.contains(call.as_str())
            || wider.is_some_and(|wider| permissions.contains(wider))
            || permissions
                .iter()
                .any(|line| line.strip_prefix(call.as_str()).is_some_and(|rest| rest.starts_with(" if ")))
    };
    calls.iter().filter(|call| !allowed(call)).collect()
}

/// What one event of the record asked for; nothing when it was not a function's.
fn lines(event: &Value) -> Result<Vec<String>> {
    let user = text(event, "/Username");
    let Some(function) = user.strip_prefix(STACK).and_then(|rest| rest.strip_prefix('-')) else {
        return Ok(Vec::new());
    };
    let shown = text(event, "/CloudTrailEvent");
    let record: Value = serde_json::from_str(shown).map_err(|error| Error::Story(format!("{error} in {shown}")))?;
    let nothing = Value::Object(Map::new());
    let asked = record.get("requestParameters").unwrap_or(&nothing);
    let service = text(&record, "/eventSource").split('.').next().unwrap_or_default().to_owned();
    let actions = actions(&service, text(event, "/EventName"), asked);
    Ok(actions.into_iter().map(|(action, resource)| format!("{}: {action} on {resource}", role(function))).collect())
}

/// The role of a function: its name in words, each with a capital.
fn role(function: &str) -> String {
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    format!("{}Role", function.split('-').map(capital).collect::<String>())
}

/// The IAM actions that AWS would check, each with its resource. A transaction is checked as the writes that it is made of
/// (`DynamoDB` developer guide, "Using IAM with `DynamoDB` transactions").
fn actions(service: &str, name: &str, asked: &Value) -> Vec<(String, String)> {
    let one = |resource: String| vec![(format!("{service}:{name}"), resource)];
    match (service, name) {
        ("dynamodb", "TransactWriteItems") => {
            let items = list(asked, "/TransactItems").iter().filter_map(Value::as_object).flatten();
            items.map(|(kind, item)| (format!("dynamodb:{}", written(kind)), table(text(item, "/TableName")))).collect()
        }
        ("dynamodb", "BatchGetItem" | "BatchWriteItem") => {
            let tables = asked.get("RequestItems").and_then(Value::as_object).into_iter().flat_map(Map::keys);
            tables.map(|name_of_table| (format!("dynamodb:{name}"), table(name_of_table))).collect()
        }
        ("dynamodb", _) => one(table(text(asked, "/TableName"))),
        ("sqs", _) => one(queue(text(asked, "/QueueUrl"))),
        ("secretsmanager", "CreateSecret") => {
            let mut actions = one(secret(text(asked, "/Name")));
            if !list(asked, "/Tags").is_empty() {
                actions.push(("secretsmanager:TagResource".to_owned(), secret(text(asked, "/Name"))));
            }
            actions
        }
        ("secretsmanager", _) => one(secret(text(asked, "/SecretId"))),
        ("ses" | "email", _) => vec![("ses:SendEmail".to_owned(), identity())],
        _ => one("?".to_owned()),
    }
}

fn written(kind: &str) -> &str {
    match kind {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "ConditionCheck" => "ConditionCheckItem",
        other => other,
    }
}

fn table(name: &str) -> String {
    if name == STACK { "Table".to_owned() } else { name.to_owned() }
}

fn queue(url: &str) -> String {
    let name = url.rsplit('/').next().and_then(|name| name.strip_prefix(STACK)).unwrap_or(url);
    match name {
        "-sync.fifo" => "SyncQueue".to_owned(),
        "-schedule-failed" => "ScheduleDeadLetterQueue".to_owned(),
        "-logout" => "LogoutQueue".to_owned(),
        "-logout-failed" => "LogoutDeadLetterQueue".to_owned(),
        other => other.to_owned(),
    }
}

/// In the names of refresh tokens, which a role may have rights to alone or with all else of a connection.
const DELEGATION: &str = "/delegation/";

/// Secrets of the deployment, by the ends of their names, as the template calls them.
const SECRETS: [(&str, &str); 5] = [
    ("client-state-key", "ClientStateKey"),
    ("admin-token", "AdminToken"),
    ("sign-in-key", "SignInKey"),
    ("signing-keys", "SigningKeys"),
    ("platform-application", "PlatformApplication"),
];

fn secret(id: &str) -> String {
    let name = id.split(":secret:").last().unwrap_or(id);
    if name.starts_with(&format!("{STACK}/connection/")) {
        let all = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/connection/*";
        return if name.contains(DELEGATION) { format!("{all}{DELEGATION}*") } else { all.to_owned() };
    }
    let known = SECRETS.iter().find(|(end, _)| name.starts_with(&format!("/{STACK}/{end}")));
    known.map_or_else(|| name.to_owned(), |(_, resource)| (*resource).to_owned())
}

fn identity() -> String {
    let arn = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/";
    format!("{arn}${{MailIdentity}} when HasMailIdentity, else {arn}${{MailFrom}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(function: &str, source: &str, name: &str, asked: Value) -> Value {
        let record = json!({"eventSource": format!("{source}.amazonaws.com"), "requestParameters": asked}).to_string();
        json!({"Username": format!("{STACK}-{function}"), "EventName": name, "CloudTrailEvent": record})
    }

    #[test]
    fn a_transaction_is_checked_as_the_writes_that_it_is_made_of() {
        let asked = json!({"TransactItems": [
            {"Put": {"TableName": STACK}}, {"Delete": {"TableName": STACK}}, {"Put": {"TableName": STACK}},
        ]});
        let found: Calls =
            lines(&event("sync-worker", "dynamodb", "TransactWriteItems", asked)).unwrap().into_iter().collect();
        let wanted = ["SyncWorkerRole: dynamodb:DeleteItem on Table", "SyncWorkerRole: dynamodb:PutItem on Table"];
        assert_eq!(found, wanted.map(str::to_owned).into());
        assert!(not_allowed(&found).is_empty());
    }

    #[test]
    fn what_a_role_does_not_allow_is_found() {
        for (source, name, asked) in [
            ("dynamodb", "DeleteTable", json!({"TableName": STACK})),
            ("dynamodb", "GetItem", json!({"TableName": "another"})),
            ("secretsmanager", "GetSecretValue", json!({"SecretId": format!("/{STACK}/admin-token")})),
            ("secretsmanager", "GetSecretValue", json!({"SecretId": format!("{STACK}/connection/1")})),
            ("s3", "ListBuckets", json!({})),
        ] {
            let found: Calls = lines(&event("webhook", source, name, asked)).unwrap().into_iter().collect();
            assert_eq!(not_allowed(&found).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_mail_is_allowed_under_a_condition() {
        let found: Calls = lines(&event("sync-worker", "ses", "SendEmail", json!({}))).unwrap().into_iter().collect();
        assert!(not_allowed(&found).is_empty());
    }

    #[test]
    fn calls_of_others_do_not_count() {
        assert!(lines(&json!({"Username": "test", "EventName": "CreateTable"})).unwrap().is_empty());
    }
}
