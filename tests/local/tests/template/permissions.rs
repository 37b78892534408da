//! Each role's exact set of actions and resources.

use super::{package, resources, template};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The reviewed table. Whoever changes the template changes it too, so that the change is seen for what it is.
const REVIEWED: &str = include_str!("../../permissions.txt");

#[tokio::test]
async fn each_role_may_do_exactly_what_was_reviewed() {
    let found: BTreeSet<String> =
        resources(template().await, "AWS::IAM::Role").into_iter().flat_map(|(name, role)| lines(name, role)).collect();
    let reviewed: BTreeSet<String> =
        REVIEWED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
    let new: Vec<&String> = found.difference(&reviewed).collect();
    let gone: Vec<&String> = reviewed.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "not reviewed: {new:#?}\nno longer there: {gone:#?}");
}

#[tokio::test]
async fn no_policy_names_everything() {
    let template = template().await;
    let mut policies: Vec<&Value> = Vec::new();
    policies.extend(resources(template, "AWS::IAM::Role").iter().flat_map(|(_, role)| list(&role["Policies"])));
    for kind in ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"] {
        policies.extend(resources(template, kind).into_iter().map(|(_, policy)| policy));
    }
    assert!(policies.len() >= 8, "roles and policies of queues and topic");
    for statement in policies.into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])) {
        for action in list(&statement["Action"]) {
            assert!(!action.as_str().unwrap().contains('*'), "{statement}");
        }
        for resource in list(&statement["Resource"]) {
            assert_ne!(resource, "*", "{statement}");
        }
        assert!(statement.get("NotAction").is_none() && statement.get("NotResource").is_none(), "{statement}");
    }
}

#[tokio::test]
async fn each_function_has_a_role_of_its_own() {
    let template = template().await;
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, function) in resources(template, "AWS::Lambda::Function") {
        let role = function["Role"]["Fn::GetAtt"][0].as_str().unwrap();
        users.entry(role.to_owned()).or_default().push(package(function));
    }
    assert!(users.values().all(|functions| functions.len() == 1), "{users:?}");
    let trusted_by_lambda = resources(template, "AWS::IAM::Role").into_iter().filter(|(_, role)| {
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] == "lambda.amazonaws.com"
    });
    assert_eq!(trusted_by_lambda.count(), users.len(), "a role that no function uses");
}

/// One line for each action on each resource: role, action, resource, condition.
fn lines(name: &str, role: &Value) -> Vec<String> {
    let managed =
        list(&role["ManagedPolicyArns"]).into_iter().map(|arn| format!("{name}: everything in {}", word(arn)));
    let statements =
        list(&role["Policies"]).into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    let own = statements.flat_map(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        let condition = statement.get("Condition").map(|condition| format!(" if {condition}")).unwrap_or_default();
        let mut lines = Vec::new();
        for action in list(&statement["Action"]) {
            for resource in list(&statement["Resource"]) {
                lines.push(format!("{name}: {} on {}{condition}", action.as_str().unwrap(), word(resource)));
            }
        }
        lines
    });
    managed.chain(own).collect()
}

/// A resource as a reviewer reads it: the logical name, or the ARN with its variables.
fn word(resource: &Value) -> String {
    if let Some(name) = resource["Fn::GetAtt"][0].as_str().or(resource["Ref"].as_str()) {
        return name.to_owned();
    }
    if let Some([condition, yes, no]) = resource["Fn::If"].as_array().map(Vec::as_slice) {
        return format!("{} when {}, else {}", word(yes), condition.as_str().unwrap(), word(no));
    }
    resource["Fn::Sub"].as_str().or(resource.as_str()).unwrap_or_else(|| panic!("{resource}")).to_owned()
}

/// A list, or the one thing that stands for a list of one.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}
