//! What was seeded as a secret is found nowhere else.

use http::Method;
use local::Stack;
use local::platform::AdminApi;
use serde_json::{Value, json};

use crate::Done;
use crate::bad_input::logs;

/// Seeds canaries in every secret that a person can give, makes calls fail with them, and looks for them and for the
/// secrets of the story in logs, table, queues and answers.
pub(crate) async fn what_was_seeded_as_a_secret_is_found_nowhere_else(stack: &Stack) -> Done {
    let (canary, answers) = seed(stack).await?;
    let facts = stack.tenant().facts().await?;
    let state_key = stack.aws().secret("/rollcall/client-state-key").await?;
    let secrets = [canary.as_str(), stack.admin_token(), facts.client_secret.as_str(), state_key.as_str()];
    let mut places = logs(stack)?;
    places.retain(|(name, _)| !name.ends_with("tenant.log"));
    places.push(("the table".to_owned(), table(stack).await?));
    places.push(("the answers".to_owned(), answers));
    for queue in queues(stack).await? {
        let messages = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0});
        places.push((
            format!("queue {queue}"),
            stack.aws().call("AmazonSQS.ReceiveMessage", &messages).await?.to_string(),
        ));
    }
    for mail in stack.aws().mails().await? {
        places.push(("a mail".to_owned(), mail.to_string()));
    }
    for (number, secret) in secrets.into_iter().enumerate() {
        if secret.len() < 8 {
            return Err(format!("secret {number} is too short to be looked for").into());
        }
        if let Some((place, _)) = places.iter().find(|(_, text)| text.contains(secret)) {
            return Err(format!("secret {number} is in {place}").into());
        }
    }
    // The tenant id is no secret to its owner, but the table must not hold it either.
    match places.iter().find(|(place, text)| place == "the table" && text.contains(&facts.tenant_id.to_string())) {
        Some(_) => Err("the tenant id is in the table".into()),
        None => Ok(()),
    }
}

async fn seed(stack: &Stack) -> Result<(String, String), Box<dyn std::error::Error + Send + Sync>> {
    let api = AdminApi::new(stack.url(), stack.admin_token());
    let canary = "canary-7f3a91c2-secret-value".to_owned();
    let facts = stack.tenant().facts().await?;
    let body = json!({
        "name": "Canary", "tenant_id": facts.tenant_id, "scope": {"type": "everyone"}, "owners": ["owner@example.com"],
        "credential": {"type": "client_secret", "client_id": facts.client_id, "client_secret": canary},
    });
    let created = api.call(Method::POST, "/connections", Some(&body)).await?;
    let id = created.get("id").and_then(Value::as_str).ok_or("a connection has an id")?;
    let mut answers = created.to_string();
    for (method, path) in
        [(Method::POST, "/test"), (Method::GET, ""), (Method::POST, "/activate"), (Method::GET, "/runs")]
    {
        let answer = api.send(method, &format!("/connections/{id}{path}"), None).await?;
        answers.push_str(&answer.text());
    }
    let broken = json!({"credential": {"type": "client_secret", "client_id": 7, "client_secret": canary}});
    answers.push_str(&api.send(Method::PATCH, &format!("/connections/{id}"), Some(&broken)).await?.text());
    // The run that the activation started fails with the canary, and pauses the connection.
    for _ in 0..60 {
        let found = api.get(&format!("/connections/{id}")).await?;
        answers.push_str(&found.to_string());
        if found.pointer("/status/state").or(found.get("status")).and_then(Value::as_str) == Some("paused") {
            return Ok((canary, answers));
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    Err("the connection with the wrong secret was not paused".into())
}

async fn table(stack: &Stack) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let tables = stack.aws().call("DynamoDB_20120810.ListTables", &json!({})).await?;
    let name = tables.pointer("/TableNames/0").and_then(Value::as_str).ok_or("there is no table")?;
    let mut text = String::new();
    let mut request = json!({"TableName": name});
    loop {
        let page = stack.aws().call("DynamoDB_20120810.Scan", &request).await?;
        text.push_str(&page.to_string());
        match (page.get("LastEvaluatedKey"), request.as_object_mut()) {
            (Some(key), Some(request)) if key.is_object() => {
                drop(request.insert("ExclusiveStartKey".to_owned(), key.clone()))
            }
            _ => return Ok(text),
        }
    }
}

async fn queues(stack: &Stack) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let answer = stack.aws().call("AmazonSQS.ListQueues", &json!({})).await?;
    let urls = answer.get("QueueUrls").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(urls.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
