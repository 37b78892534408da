//! One function, one resource, one folder, one folder of events.

use super::{package, resources, template};
use local::artifacts;
use local::layout::Layout;
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn functions_resources_and_events_match_one_to_one() {
    let layout = Layout::new("template-test").unwrap();
    let folders = artifacts::functions(&layout).unwrap();
    let mut deployed: Vec<String> = resources(template().await, "AWS::Lambda::Function")
        .into_iter()
        .map(|(_, function)| package(function))
        .collect();
    deployed.sort();
    assert_eq!(deployed, folders, "template.yaml and functions/");
    let mut events: Vec<String> = std::fs::read_dir(layout.root().join("events"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| std::fs::read_dir(entry.path()).is_ok_and(|mut samples| samples.next().is_some()))
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    events.sort();
    assert_eq!(events, folders, "events/ and functions/");
}

#[test]
fn each_function_is_built_from_the_binary_of_its_name() {
    let layout = Layout::new("template-test").unwrap();
    let source = std::fs::read_to_string(layout.template()).unwrap();
    let binaries: BTreeSet<&str> =
        source.lines().filter_map(|line| line.trim().strip_prefix("BuildProperties: {Binary: ")).collect();
    let wanted: BTreeSet<String> =
        artifacts::functions(&layout).unwrap().into_iter().map(|name| format!("{name}}}")).collect();
    assert_eq!(binaries, wanted.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn each_function_logs_as_json_to_a_group_that_forgets() {
    let template = template().await;
    let groups: BTreeSet<&str> = resources(template, "AWS::Logs::LogGroup")
        .into_iter()
        .filter(|(_, group)| group["RetentionInDays"]["Ref"] == "LogRetentionDays")
        .map(|(name, _)| name)
        .collect();
    for (name, function) in resources(template, "AWS::Lambda::Function") {
        assert_eq!(function["LoggingConfig"]["LogFormat"], "JSON", "{name}");
        let group = function["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap();
        assert!(groups.contains(group), "{name}");
        assert_eq!(function["TracingConfig"]["Mode"], "Active", "{name}");
        assert_eq!(function["Runtime"], "provided.al2023", "{name}");
    }
}

#[tokio::test]
async fn the_state_outlives_the_stack() {
    let template = template().await;
    let kept = ["AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"];
    let all = template["Resources"].as_object().unwrap();
    let mut seen = 0;
    for (name, resource) in all.iter().filter(|(_, resource)| kept.iter().any(|kind| resource["Type"] == **kind)) {
        assert_eq!(resource["DeletionPolicy"], "Retain", "{name}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        seen += 1;
    }
    assert_eq!(seen, 6, "table, admin token, application and three keys");
}

#[tokio::test]
async fn the_worker_has_time_before_its_message_comes_back() {
    let template = template().await;
    let seconds = |value: &Value| value.as_u64().unwrap();
    let timeout = seconds(&template["Resources"]["SyncWorkerFunction"]["Properties"]["Timeout"]);
    let queue = &template["Resources"]["SyncQueue"]["Properties"];
    assert!(seconds(&queue["VisibilityTimeout"]) >= 6 * timeout);
    assert!(seconds(&queue["RedrivePolicy"]["maxReceiveCount"]) >= 5);
}

#[tokio::test]
async fn an_access_log_carries_no_query_string_and_no_address() {
    let template = template().await;
    let (_, stage) = resources(template, "AWS::ApiGatewayV2::Stage")[0];
    let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
    for word in ["$context.path", "querystring", "header", "sourceIp", "identity", "authorizer"] {
        assert!(!format.contains(word), "{format}");
    }
}

#[tokio::test]
async fn the_daily_reconciliation_is_at_four_o_clock_utc() {
    let template = template().await;
    let schedules = resources(template, "AWS::Scheduler::Schedule");
    let (_, daily) =
        schedules.iter().find(|(_, schedule)| schedule["ScheduleExpression"] == "cron(0 4 * * ? *)").unwrap();
    assert_eq!(daily["ScheduleExpressionTimezone"], "UTC");
    assert_eq!(daily["Target"]["Input"], r#"{"job":"reconcile"}"#);
    for (name, schedule) in &schedules {
        assert!(schedule["Target"]["DeadLetterConfig"]["Arn"].is_object(), "{name}");
        assert!(schedule["Target"]["RetryPolicy"].is_object(), "{name}");
    }
}
