//! Attacks on the receiver of notifications.

use http::{Method, StatusCode};
use local::Stack;
use local::http::{Answer, Http};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Done;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(stack: &Stack, path: &str, body: impl Into<bytes::Bytes>) -> local::Result<Answer> {
    Http::default().send(Method::POST, &format!("{}{path}", stack.url()), &[JSON], body.into()).await
}

fn expect(what: &str, holds: bool, answer: &Answer) -> Done {
    if holds { Ok(()) } else { Err(format!("{what}: {} {:?} {}", answer.status, answer.headers, answer.text()).into()) }
}

pub(crate) async fn c1_a_validation_token_comes_back_as_plain_text_and_markup_never(stack: &Stack) -> Done {
    for path in ["/webhooks/graph", "/webhooks/graph/lifecycle"] {
        let answer = post(stack, &format!("{path}?validationToken=Validation%3A+Testing%20a%26b"), "").await?;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        expect(
            "the token, decoded",
            answer.status == StatusCode::OK && answer.text() == "Validation: Testing a&b",
            &answer,
        )?;
        expect("plain text", header("content-type").starts_with("text/plain"), &answer)?;
        expect("not sniffed", header("x-content-type-options") == "nosniff", &answer)?;
        let answer = post(stack, &format!("{path}?validationToken=%3Cscript%3Ealert(1)%3C/script%3E"), "").await?;
        expect("markup is refused", answer.status == StatusCode::BAD_REQUEST && !answer.text().contains('<'), &answer)?;
    }
    Ok(())
}

/// Jobs that are waiting or at work.
async fn jobs(stack: &Stack) -> local::Result<u64> {
    let queues = stack.aws().call("AmazonSQS.ListQueues", &json!({})).await?;
    let urls = queues.get("QueueUrls").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut sum = 0;
    for url in urls {
        let attributes = json!({"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]});
        let answer = stack.aws().call("AmazonSQS.GetQueueAttributes", &attributes).await?;
        let values = answer.get("Attributes").and_then(Value::as_object).cloned().unwrap_or_default();
        sum += values.values().filter_map(|value| value.as_str()?.parse::<u64>().ok()).sum::<u64>();
    }
    Ok(sum)
}

pub(crate) async fn c3_a_forged_notification_is_answered_like_a_true_one_and_starts_nothing(stack: &Stack) -> Done {
    let known = stack.aws().call("DynamoDB_20120810.Scan", &json!({"TableName": table(stack).await?})).await?;
    let subscription = known
        .get("Items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|item| item.pointer("/sk/S").and_then(Value::as_str).is_some_and(|sk| sk.starts_with("SUBSCRIPTION#")))
        .cloned()
        .ok_or("the stack has no subscription to forge a notification for")?;
    let id = subscription.pointer("/id/S").and_then(Value::as_str).unwrap_or_default().to_owned();
    let connection = subscription.pointer("/pk/S").and_then(Value::as_str).unwrap_or_default().replace("C#", "");
    let nonce = subscription.pointer("/nonce/S").and_then(Value::as_str).unwrap_or_default().to_owned();
    let tenant = stack.tenant().facts().await?.tenant_id;
    let invoked = stack.functions().usage("rollcall-sync-worker").await.invocations;
    let waiting = jobs(stack).await?;
    for (state, tenant) in [
        (format!("{connection}.{nonce}.{}", "A".repeat(43)), tenant),
        (format!("{}.{nonce}.{}", Uuid::nil(), "A".repeat(43)), tenant),
        (String::new(), tenant),
        ("x".repeat(128), Uuid::nil()),
    ] {
        let body = json!({"value": [{
            "subscriptionId": id, "subscriptionExpirationDateTime": "2027-01-01T00:00:00Z", "clientState": state,
            "changeType": "updated", "resource": "https://evil.example/x", "tenantId": tenant,
            "resourceData": {"@odata.type": "#Microsoft.Graph.User", "id": Uuid::nil()},
        }]});
        let answer = post(stack, "/webhooks/graph", body.to_string()).await?;
        expect("like a true one", answer.status == StatusCode::ACCEPTED && answer.body.is_empty(), &answer)?;
    }
    if jobs(stack).await? > waiting || stack.functions().usage("rollcall-sync-worker").await.invocations > invoked {
        return Err("a forged notification started a job".into());
    }
    Ok(())
}

async fn table(stack: &Stack) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let tables = stack.aws().call("DynamoDB_20120810.ListTables", &json!({})).await?;
    let name = tables.pointer("/TableNames/0").and_then(Value::as_str).ok_or("there is no table")?;
    Ok(name.to_owned())
}

pub(crate) async fn c5_a_body_that_is_too_large_is_refused_before_it_is_read(stack: &Stack) -> Done {
    let body = vec![b' '; (1 << 20) + 1];
    let answer = post(stack, "/webhooks/graph", body).await?;
    expect("too large", answer.status == StatusCode::PAYLOAD_TOO_LARGE, &answer)
}

pub(crate) async fn c6_malformed_json_is_refused_without_a_crash(stack: &Stack) -> Done {
    let deep = "[".repeat(100_000);
    let keys = format!("{{{}}}", (0..50_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
    let bodies: Vec<Vec<u8>> = vec![
        deep.into_bytes(),
        keys.into_bytes(),
        format!("{{\"value\":[{{\"clientState\":\"{}\"}}]}}", "x".repeat(500_000)).into_bytes(),
        vec![0xff, 0xfe, 0x00],
        b"{\"value\":{}}".to_vec(),
        b"null".to_vec(),
        b"".to_vec(),
        b"{\"value\":[null,1,\"x\",[],{}]}".to_vec(),
        "\u{feff}{\"value\":[]}".as_bytes().to_vec(),
        b"{\"value\":[{\"subscriptionId\":1,\"subscriptionId\":2}]}".to_vec(),
    ];
    for body in bodies {
        let shown: String = String::from_utf8_lossy(&body).chars().take(60).collect();
        let answer = post(stack, "/webhooks/graph", body).await?;
        let fine =
            matches!(answer.status, StatusCode::ACCEPTED | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE);
        expect(&shown, fine, &answer)?;
    }
    Ok(())
}
