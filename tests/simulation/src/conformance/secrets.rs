//! Secrets Manager.

use serde_json::{Value as Json, json};

use super::{Call, Case, Expectation, case};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "a secret is created, read, replaced and deleted for good",
            vec![
                get("one", Expectation::Error("ResourceNotFoundException")),
                write(
                    "PutSecretValue",
                    &json!({"SecretId": "one", "SecretString": "x"}),
                    Expectation::Error("ResourceNotFoundException"),
                ),
                write("CreateSecret", &json!({"Name": "one", "SecretString": "first"}), Expectation::Done),
                write(
                    "CreateSecret",
                    &json!({"Name": "one", "SecretString": "x"}),
                    Expectation::Error("ResourceExistsException"),
                ),
                get("one", Expectation::Body(json!({"Name": "one", "SecretString": "first"}))),
                write("PutSecretValue", &json!({"SecretId": "one", "SecretString": "second"}), Expectation::Done),
                get("one", Expectation::Body(json!({"SecretString": "second"}))),
                call("DeleteSecret", json!({"SecretId": "one", "ForceDeleteWithoutRecovery": true}), Expectation::Done),
                get("one", Expectation::Error("ResourceNotFoundException")),
            ],
        ),
        case(
            "a secret that can be restored can't be read",
            vec![
                write("CreateSecret", &json!({"Name": "two", "SecretString": "first"}), Expectation::Done),
                call("DeleteSecret", json!({"SecretId": "two", "RecoveryWindowInDays": 7}), Expectation::Done),
                get("two", Expectation::Error("InvalidRequestException")),
                write(
                    "PutSecretValue",
                    &json!({"SecretId": "two", "SecretString": "x"}),
                    Expectation::Error("InvalidRequestException"),
                ),
            ],
        ),
    ]
}

fn call(operation: &str, request: Json, answer: Expectation) -> Call {
    Call { target: format!("secretsmanager.{operation}"), request, answer }
}

fn get(name: &str, answer: Expectation) -> Call {
    call("GetSecretValue", json!({"SecretId": name}), answer)
}

fn write(operation: &str, request: &Json, answer: Expectation) -> Call {
    // The SDK adds a token to every write.
    let mut request = request.clone();
    let token = format!("22222222-aaaa-4aaa-8aaa-{:012}", request.to_string().len());
    if let Some(members) = request.as_object_mut() {
        members.insert("ClientRequestToken".to_owned(), token.into());
    }
    call(operation, request, answer)
}
