//! The template, held against what was reviewed: who may do what, and that functions, folders and events match.
//!
//! It reads the template as `CloudFormation` sees it, after the SAM transform.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod permissions;
mod shape;

use local::layout::Layout;
use local::{artifacts, tools};
use serde_json::Value;
use tokio::sync::OnceCell;

static TEMPLATE: OnceCell<Value> = OnceCell::const_new();

/// The transformed template.
async fn template() -> &'static Value {
    let made = TEMPLATE.get_or_init(|| async {
        let layout = Layout::new("template-test").unwrap();
        tools::install(&layout).await.unwrap();
        artifacts::transformed(&layout, &layout.run().join("transformed.json")).await.unwrap()
    });
    made.await
}

/// The resources of one type: logical name and properties.
fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = template["Resources"].as_object().unwrap();
    let ours = all.iter().filter(|(_, resource)| resource["Type"] == kind);
    ours.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
}

/// Name of a function's package: its name in AWS without the stack's.
fn package(function: &Value) -> String {
    let name = function["FunctionName"]["Fn::Sub"].as_str().unwrap();
    name.strip_prefix("${AWS::StackName}-").unwrap().to_owned()
}
