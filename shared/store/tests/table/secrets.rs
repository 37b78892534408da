//! Secrets, on the emulator.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use jiff::SignedDuration;
use local::emulator::REGION;
use rollcall_store::{ConnectionSecret, Deletion, Error, Secrets, StoredCredential};
use secrecy::ExposeSecret;

use crate::world::{CONNECTION, NOW, TENANT, World};

fn client(url: &str) -> Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"));
    Client::from_conf(config.build())
}

fn secret(value: &str) -> ConnectionSecret {
    let credential = StoredCredential::ClientSecret { client_id: "app".to_owned(), secret: value.into() };
    ConnectionSecret { tenant: TENANT, credential, channel_webhook: None }
}

fn value(secret: &ConnectionSecret) -> &str {
    match &secret.credential {
        StoredCredential::ClientSecret { secret, .. } => secret.expose_secret(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_connection_s_secret_is_made_read_replaced_and_deleted() {
    let world = World::new("secret").await;
    let secrets = Secrets::new(client(world.url()), "rollcall/connection/");
    assert!(matches!(secrets.read(CONNECTION).await, Err(Error::NotFound { .. })));
    assert!(matches!(secrets.update(CONNECTION, &secret("x")).await, Err(Error::NotFound { .. })));
    secrets.create(CONNECTION, &secret("first")).await.unwrap();
    assert!(matches!(secrets.create(CONNECTION, &secret("again")).await, Err(Error::Conflict { .. })));
    let read = secrets.read(CONNECTION).await.unwrap();
    assert_eq!((read.tenant, value(&read)), (TENANT, "first"));
    secrets.update(CONNECTION, &secret("second")).await.unwrap();
    assert_eq!(value(&secrets.read(CONNECTION).await.unwrap()), "second");
    secrets.delete(CONNECTION, Deletion::Final).await.unwrap();
    assert!(matches!(secrets.read(CONNECTION).await, Err(Error::NotFound { .. })));
    secrets.delete(CONNECTION, Deletion::Final).await.unwrap();
    secrets.create(CONNECTION, &secret("third")).await.unwrap();
    secrets.delete(CONNECTION, Deletion::Recoverable { days: 1 }).await.unwrap();
    assert!(matches!(secrets.read(CONNECTION).await, Err(Error::NotFound { .. })));
    secrets.delete(CONNECTION, Deletion::Recoverable { days: 1 }).await.unwrap();
}

#[tokio::test]
async fn a_plain_secret_is_kept_for_minutes_and_fetched_again_on_demand() {
    let world = World::new("plain").await;
    let client = client(world.url());
    client.create_secret().name("admin").secret_string("old").send().await.unwrap();
    let secrets = Secrets::new(client.clone(), "");
    let read = async |now| secrets.plain("admin", now).await.unwrap().expose_secret().to_owned();
    assert_eq!(read(NOW).await, "old");
    client.put_secret_value().secret_id("admin").secret_string("new").send().await.unwrap();
    assert_eq!(read(NOW + SignedDuration::from_mins(4)).await, "old");
    assert_eq!(read(NOW + SignedDuration::from_mins(5)).await, "new");
    client.put_secret_value().secret_id("admin").secret_string("newer").send().await.unwrap();
    secrets.forget("admin").await;
    assert_eq!(read(NOW + SignedDuration::from_mins(5)).await, "newer");
    assert!(matches!(secrets.plain("unknown", NOW).await, Err(Error::NotFound { .. })));
}
