//! Credentials and keys in Secrets Manager.
//!
//! A connection's secret holds its tenant id too, which customers expect to be encrypted.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::{ConnectionId, PersonId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::error::Error;

const KIND: &str = "secret";
/// Version of the secret's JSON.
const VERSION: u64 = 1;
/// How long a plain secret is kept in memory.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Plain secrets that are kept in memory. There are two in a deployment.
const CACHED: usize = 16;

/// What a connection needs to speak to its tenant.
#[derive(Clone, Debug)]
pub struct ConnectionSecret {
    /// The tenant.
    pub tenant: TenantId,
    /// How we prove who we are.
    pub credential: StoredCredential,
    /// Where notices are posted to a Teams channel. The address carries a signature, so whoever knows it can post.
    pub channel_webhook: Option<SecretString>,
}

/// How we prove to the identity platform who we are.
#[derive(Clone, Debug)]
pub enum StoredCredential {
    /// A client secret.
    ClientSecret {
        /// The application's id.
        client_id: String,
        /// The secret's value.
        secret: SecretString,
    },
    /// A certificate with its key.
    Certificate {
        /// The application's id.
        client_id: String,
        /// The certificate, PEM.
        certificate_pem: String,
        /// Its private key, PEM.
        private_key_pem: SecretString,
    },
    /// The platform's own application, which the tenant has consented to. Its credential is kept once for all connections.
    PlatformApplication,
    /// An assertion of another identity provider, fetched when it is needed.
    FederatedAssertion {
        /// The application's id.
        client_id: String,
    },
}

/// How a secret is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It can be restored for so many days, 7 to 30. Other numbers are moved to the nearest of these.
    Recoverable {
        /// Days.
        days: u8,
    },
    /// Gone at once and for good.
    Final,
}

/// The secrets. Cheap to clone; clones share what is cached.
#[derive(Clone)]
pub struct Secrets {
    client: Client,
    prefix: Arc<str>,
    /// Name or ARN of the secret with the credential of the platform's own application.
    application: Option<Arc<str>>,
    plain: Arc<Mutex<HashMap<String, (Timestamp, SecretString)>>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Secrets whose names begin with the prefix, for example `rollcall/connection/`.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<Arc<str>>) -> Self {
        Self { client, prefix: prefix.into(), application: None, plain: Arc::default() }
    }

    /// With the secret that holds the credential of the platform's own application.
    #[must_use]
    pub fn with_application(mut self, name: impl Into<Arc<str>>) -> Self {
        self.application = Some(name.into());
        self
    }

    /// The credential of the platform's own application; none where there is no such application.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the name of a missing field, [`Error::Unavailable`], [`Error::Denied`].
    pub async fn application(&self, now: Timestamp) -> Result<Option<StoredCredential>, Error> {
        let Some(name) = &self.application else { return Ok(None) };
        let text = self.plain(name, now).await?;
        let value: Value = serde_json::from_str(text.expose_secret()).map_err(|_| corrupt("it is no JSON"))?;
        value.get("credential").map(read_credential).transpose()
    }

    /// Replaces the credential of the platform's own application.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the deployment has no place for one; [`Error::Unavailable`], [`Error::Denied`].
    pub async fn set_application(&self, credential: &StoredCredential) -> Result<(), Error> {
        let name = self.application.as_ref().ok_or(Error::NotFound { item: KIND })?;
        let text = json!({ "v": VERSION, "credential": write_credential(credential) }).to_string();
        let call = self.client.put_secret_value().secret_id(&**name).secret_string(text);
        call.send().await.map_err(|error| failed("PutSecretValue", &error))?;
        self.forget(name).await;
        Ok(())
    }

    /// A credential that can be used: that of the platform's own application where a connection has none of its own.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such application, and as [`Secrets::application`].
    pub async fn resolved(&self, credential: &StoredCredential, now: Timestamp) -> Result<StoredCredential, Error> {
        match credential {
            StoredCredential::PlatformApplication => {
                self.application(now).await?.ok_or(Error::NotFound { item: "platform application" })
            }
            own => Ok(own.clone()),
        }
    }

    fn name(&self, connection: ConnectionId) -> String {
        format!("{}{connection}", self.prefix)
    }

    /// Stores the secret of a new connection.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it has one, [`Error::Unavailable`], [`Error::Denied`].
    pub async fn create(&self, connection: ConnectionId, secret: &ConnectionSecret) -> Result<(), Error> {
        let text = write(secret);
        let call = self.client.create_secret().name(self.name(connection)).secret_string(text.expose_secret());
        call.send().await.map(|_| ()).map_err(|error| failed("CreateSecret", &error))
    }

    /// The secret of a connection, as it is now.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Corrupt`] with the name of a missing field, [`Error::Unavailable`], [`Error::Denied`].
    pub async fn read(&self, connection: ConnectionId) -> Result<ConnectionSecret, Error> {
        let text = self.fetch(&self.name(connection)).await?;
        read(&text)
    }

    /// Replaces the secret of a connection.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`], [`Error::Denied`].
    pub async fn update(&self, connection: ConnectionId, secret: &ConnectionSecret) -> Result<(), Error> {
        let text = write(secret);
        let call = self.client.put_secret_value().secret_id(self.name(connection)).secret_string(text.expose_secret());
        call.send().await.map(|_| ()).map_err(|error| failed("PutSecretValue", &error))
    }

    /// Deletes the secret of a connection. It is fine if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn delete(&self, connection: ConnectionId, deletion: Deletion) -> Result<(), Error> {
        let call = self.client.delete_secret().secret_id(self.name(connection));
        let call = match deletion {
            Deletion::Recoverable { days } => call.recovery_window_in_days(i64::from(days.clamp(7, 30))),
            Deletion::Final => call.force_delete_without_recovery(true),
        };
        match call.send().await.map_err(|error| failed("DeleteSecret", &error)) {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Keeps the refresh token with which the application acts for somebody, in place of the one before.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn keep_refresh_token(
        &self,
        connection: ConnectionId,
        person: PersonId,
        token: &SecretString,
    ) -> Result<(), Error> {
        let name = self.delegation_name(connection, person);
        let call = self.client.put_secret_value().secret_id(&name).secret_string(token.expose_secret());
        match call.send().await.map_err(|error| failed("PutSecretValue", &error)) {
            Ok(_) => Ok(()),
            Err(Error::NotFound { .. }) => {
                let call = self.client.create_secret().name(name).secret_string(token.expose_secret());
                call.send().await.map(|_| ()).map_err(|error| failed("CreateSecret", &error))
            }
            Err(error) => Err(error),
        }
    }

    /// The refresh token with which the application acts for somebody.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`], [`Error::Denied`].
    pub async fn refresh_token(&self, connection: ConnectionId, person: PersonId) -> Result<SecretString, Error> {
        self.fetch(&self.delegation_name(connection, person)).await
    }

    /// Deletes the refresh token with which the application acts for somebody, for good. It is fine if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn delete_refresh_token(&self, connection: ConnectionId, person: PersonId) -> Result<(), Error> {
        let call = self.client.delete_secret().secret_id(self.delegation_name(connection, person));
        match call.force_delete_without_recovery(true).send().await.map_err(|error| failed("DeleteSecret", &error)) {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn delegation_name(&self, connection: ConnectionId, person: PersonId) -> String {
        format!("{}/delegation/{person}", self.name(connection))
    }

    /// A secret that is one plain text (the key of clientState, the admin token), by name or ARN.
    /// It is kept in memory for five minutes.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`], [`Error::Denied`].
    pub async fn plain(&self, name: &str, now: Timestamp) -> Result<SecretString, Error> {
        // Held across the call on purpose: many requests at once fetch once.
        let mut plain = self.plain.lock().await;
        if let Some((at, secret)) = plain.get(name) {
            let age = now.duration_since(*at);
            // A clock that went backwards makes the age negative: then it is fetched, too.
            if !age.is_negative() && age < FRESH {
                return Ok(secret.clone());
            }
        }
        let secret = self.fetch(name).await?;
        if plain.len() >= CACHED {
            plain.clear();
        }
        plain.insert(name.to_owned(), (now, secret.clone()));
        Ok(secret)
    }

    /// A secret that is one text, with the id of its version, as it is now.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`], [`Error::Denied`].
    pub async fn versioned(&self, name: &str) -> Result<(SecretString, String), Error> {
        let call = self.client.get_secret_value().secret_id(name);
        let answer = call.send().await.map_err(|error| failed("GetSecretValue", &error))?;
        let text = answer.secret_string.ok_or_else(|| corrupt("it is no text"))?;
        let version = answer.version_id.ok_or_else(|| corrupt("its version has no id"))?;
        Ok((SecretString::from(text), version))
    }

    /// Replaces a secret that still has the version that was read: of several who try one succeeds, since the id of the
    /// new version follows from that of the old one (`PutSecretValue`, on `ClientRequestToken`).
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else was faster; [`Error::NotFound`], [`Error::Unavailable`], [`Error::Denied`].
    pub async fn replace(&self, name: &str, version: &str, text: &SecretString) -> Result<(), Error> {
        let token = Uuid::new_v5(&Uuid::NAMESPACE_OID, version.as_bytes()).to_string();
        let call = self.client.put_secret_value().secret_id(name).client_request_token(token);
        let call = call.secret_string(text.expose_secret());
        call.send().await.map(|_| ()).map_err(|error| failed("PutSecretValue", &error))
    }

    /// Forgets a plain secret, so that it is fetched anew: after it did not work, since somebody may just
    /// have replaced it.
    pub async fn forget(&self, name: &str) {
        self.plain.lock().await.remove(name);
    }

    async fn fetch(&self, name: &str) -> Result<SecretString, Error> {
        let call = self.client.get_secret_value().secret_id(name);
        let answer = call.send().await.map_err(|error| failed("GetSecretValue", &error))?;
        let text = answer.secret_string.ok_or_else(|| corrupt("it is no text"))?;
        Ok(SecretString::from(text))
    }
}

fn failed<E: ProvideErrorMetadata>(
    operation: &'static str,
    error: &aws_sdk_secretsmanager::error::SdkError<E, aws_sdk_secretsmanager::config::http::HttpResponse>,
) -> Error {
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ResourceNotFoundException") => Error::NotFound { item: KIND },
        Some("ResourceExistsException") => Error::Conflict { item: KIND },
        // The secret is scheduled for deletion: for a reader it is gone.
        Some("InvalidRequestException") if operation != "CreateSecret" => Error::NotFound { item: KIND },
        _ => Error::of_sdk(operation, error),
    }
}

fn corrupt(what: &str) -> Error {
    Error::Corrupt { item: KIND, what: what.to_owned() }
}

fn write(secret: &ConnectionSecret) -> SecretString {
    let mut value =
        json!({ "v": VERSION, "tenant": secret.tenant, "credential": write_credential(&secret.credential) });
    if let (Some(value), Some(webhook)) = (value.as_object_mut(), &secret.channel_webhook) {
        value.insert("channel_webhook".to_owned(), webhook.expose_secret().into());
    }
    value.to_string().into()
}

fn write_credential(credential: &StoredCredential) -> Value {
    match credential {
        StoredCredential::ClientSecret { client_id, secret } => {
            json!({ "kind": "client_secret", "client_id": client_id, "secret": secret.expose_secret() })
        }
        StoredCredential::Certificate { client_id, certificate_pem, private_key_pem } => json!({
            "kind": "certificate",
            "client_id": client_id,
            "certificate_pem": certificate_pem,
            "private_key_pem": private_key_pem.expose_secret(),
        }),
        StoredCredential::PlatformApplication => json!({ "kind": "platform_application" }),
        StoredCredential::FederatedAssertion { client_id } => {
            json!({ "kind": "federated_assertion", "client_id": client_id })
        }
    }
}

/// Read by hand: errors of a deserialiser can quote values.
fn read(text: &SecretString) -> Result<ConnectionSecret, Error> {
    let value: Value = serde_json::from_str(text.expose_secret()).map_err(|_| corrupt("it is no JSON"))?;
    let found = value.get("v").and_then(Value::as_u64).ok_or_else(|| corrupt("field v is missing"))?;
    if found.abs_diff(VERSION) > 1 {
        return Err(Error::Schema { item: KIND, found });
    }
    let tenant = field(&value, "tenant")?.parse().map_err(|_| corrupt("field tenant is no id"))?;
    let credential = value.get("credential").ok_or_else(|| corrupt("field credential is missing"))?;
    let channel_webhook = value.get("channel_webhook").and_then(Value::as_str).map(SecretString::from);
    Ok(ConnectionSecret { tenant, credential: read_credential(credential)?, channel_webhook })
}

fn read_credential(credential: &Value) -> Result<StoredCredential, Error> {
    let client_id = || field(credential, "client_id").map(str::to_owned);
    match field(credential, "kind")? {
        "client_secret" => {
            let secret = field(credential, "secret")?.into();
            Ok(StoredCredential::ClientSecret { client_id: client_id()?, secret })
        }
        "certificate" => Ok(StoredCredential::Certificate {
            client_id: client_id()?,
            certificate_pem: field(credential, "certificate_pem")?.to_owned(),
            private_key_pem: field(credential, "private_key_pem")?.into(),
        }),
        "platform_application" => Ok(StoredCredential::PlatformApplication),
        "federated_assertion" => Ok(StoredCredential::FederatedAssertion { client_id: client_id()? }),
        _ => Err(corrupt("field kind is unknown")),
    }
}

fn field<'a>(value: &'a Value, name: &str) -> Result<&'a str, Error> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| corrupt(&format!("field {name} is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> ConnectionSecret {
        ConnectionSecret {
            tenant: TenantId(Uuid::from_u128(7)),
            credential: StoredCredential::ClientSecret { client_id: "app".to_owned(), secret: "canary".into() },
            channel_webhook: None,
        }
    }

    #[test]
    fn a_secret_comes_back_as_it_was_written() {
        let back = read(&write(&secret())).unwrap();
        assert_eq!(back.tenant, secret().tenant);
        match back.credential {
            StoredCredential::ClientSecret { client_id, secret } => {
                assert_eq!((client_id.as_str(), secret.expose_secret()), ("app", "canary"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_certificate_and_an_assertion_come_back_too() {
        let certificate = StoredCredential::Certificate {
            client_id: "app".to_owned(),
            certificate_pem: "certificate".to_owned(),
            private_key_pem: "canary".into(),
        };
        let back = read(&write(&ConnectionSecret { credential: certificate, ..secret() })).unwrap();
        assert!(matches!(back.credential, StoredCredential::Certificate { private_key_pem, .. }
            if private_key_pem.expose_secret() == "canary"));
        let assertion = StoredCredential::FederatedAssertion { client_id: "app".to_owned() };
        let back = read(&write(&ConnectionSecret { credential: assertion, ..secret() })).unwrap();
        assert!(matches!(back.credential, StoredCredential::FederatedAssertion { client_id } if client_id == "app"));
    }

    #[test]
    fn the_address_of_a_channel_stands_beside_the_credential() {
        let with = ConnectionSecret { channel_webhook: Some("canary".into()), ..secret() };
        let back = read(&write(&with)).unwrap().channel_webhook.unwrap();
        assert_eq!(back.expose_secret(), "canary");
        assert!(read(&write(&secret())).unwrap().channel_webhook.is_none());
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = ConnectionSecret { channel_webhook: Some("canary".into()), ..secret() };
        assert!(!format!("{secret:?} {:?}", write(&secret)).contains("canary"));
    }

    #[test]
    fn a_damaged_secret_names_the_field_and_no_value() {
        for damaged in [
            r#"{"v":1,"tenant":"canary","credential":{}}"#,
            r#"{"v":1,"credential":{"kind":"canary"}}"#,
            r#"{"v":"canary"}"#,
            "canary",
            r#"{"v":1,"tenant":"00000000-0000-0000-0000-000000000007","credential":{"kind":"canary","client_id":"app"}}"#,
        ] {
            let error = read(&damaged.into()).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }));
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_secret_of_a_much_newer_version_is_not_read() {
        assert!(matches!(read(&r#"{"v":3}"#.into()), Err(Error::Schema { found: 3, .. })));
    }
}
