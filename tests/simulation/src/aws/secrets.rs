//! A simulated Secrets Manager: the few calls that the project makes.
//!
//! Source: AWS Secrets Manager API reference: `CreateSecret`, `GetSecretValue`, `PutSecretValue`, `DeleteSecret`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::dynamodb::Refusal;

/// The secrets of one account.
#[derive(Debug, Default)]
pub(crate) struct SecretsManager {
    secrets: BTreeMap<String, Secret>,
    versions: u64,
}

#[derive(Clone, Debug)]
struct Secret {
    text: String,
    version: u64,
    /// Deleted, and can be restored.
    deleted: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call {
    #[serde(alias = "SecretId")]
    name: String,
    secret_string: Option<String>,
    #[serde(default)]
    force_delete_without_recovery: bool,
}

impl SecretsManager {
    /// Carries out one operation.
    pub(crate) fn call(&mut self, operation: &str, body: &[u8]) -> Result<Json, Refusal> {
        let call: Call = serde_json::from_slice(body)
            .map_err(|error| Refusal::new(400, "SerializationException", error.to_string()))?;
        match operation {
            "CreateSecret" => self.create(call),
            "GetSecretValue" => self.get(&call),
            "PutSecretValue" => self.put(call),
            "DeleteSecret" => self.delete(&call),
            other => Err(Refusal::new(400, "InvalidAction", format!("{other} is not simulated"))),
        }
    }

    /// The texts of all secrets, to be looked for where they must not be.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.secrets.values().map(|secret| secret.text.as_str())
    }

    fn create(&mut self, call: Call) -> Result<Json, Refusal> {
        match self.secrets.get(&call.name) {
            Some(secret) if secret.deleted => Err(Refusal::new(
                400,
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )),
            Some(_) => Err(Refusal::new(
                400,
                "ResourceExistsException",
                format!("The operation failed because the secret {} already exists.", call.name),
            )),
            None => Ok(self.write(call)),
        }
    }

    fn put(&mut self, call: Call) -> Result<Json, Refusal> {
        self.find(&call.name)?;
        Ok(self.write(call))
    }

    fn write(&mut self, call: Call) -> Json {
        self.versions += 1;
        let secret = Secret { text: call.secret_string.unwrap_or_default(), version: self.versions, deleted: false };
        self.secrets.insert(call.name.clone(), secret);
        json!({"ARN": arn(&call.name), "Name": call.name, "VersionId": version(self.versions)})
    }

    fn get(&self, call: &Call) -> Result<Json, Refusal> {
        let secret = self.find(&call.name)?;
        let (arn, version) = (arn(&call.name), version(secret.version));
        Ok(json!({
            "ARN": arn, "Name": call.name, "SecretString": secret.text, "VersionId": version,
            "VersionStages": ["AWSCURRENT"],
        }))
    }

    fn delete(&mut self, call: &Call) -> Result<Json, Refusal> {
        if call.force_delete_without_recovery {
            self.secrets.remove(&call.name);
            return Ok(json!({"ARN": arn(&call.name), "Name": call.name}));
        }
        let secret = self.secrets.get_mut(&call.name).ok_or_else(missing)?;
        secret.deleted = true;
        Ok(json!({"ARN": arn(&call.name), "Name": call.name}))
    }

    fn find(&self, name: &str) -> Result<&Secret, Refusal> {
        match self.secrets.get(name) {
            None => Err(missing()),
            Some(secret) if secret.deleted => Err(Refusal::new(
                400,
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            )),
            Some(secret) => Ok(secret),
        }
    }
}

fn missing() -> Refusal {
    Refusal::new(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:eu-central-1:000000000000:secret:{name}-Sim000")
}

fn version(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
