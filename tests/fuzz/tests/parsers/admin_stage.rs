//! The admin API before stand-ins for everything behind it, with one connection in the table.

use std::sync::Arc;

use admin_api::{App, event, router};
use axum::Router;
use futures::future::BoxFuture;
use fuzz::aws::{Aws, Saved};
use fuzz::graph::{Scripted, origins, run};
use lambda_http::{Context, LambdaEvent};
use rollcall_graph::HttpClient;
use rollcall_sign_in::seal::SealKey;
use rollcall_store::{Secrets, Table};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::job::Message;
use rollcall_sync::notice::Channels;
use rollcall_sync::notice::channel::{ChannelAddress, ChannelHosts};
use rollcall_sync::ports::{Channel, ChannelError, Queue, QueueError};
use rollcall_sync::subscription::address::Addresses;
use serde_json::Value;

use crate::notifications::CONNECTION;

pub(crate) struct Stage {
    router: Router,
    aws: Aws,
    begin: Saved,
}

/// Takes every job.
struct Taking;

impl Queue for Taking {
    fn send<'a>(&'a self, _: &'a Message, _: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Nobody is told anything.
struct NoChannel;

impl Channel for NoChannel {
    fn post<'a>(&'a self, _: &'a ChannelAddress, _: &'a Value) -> BoxFuture<'a, Result<(), ChannelError>> {
        Box::pin(async { Err(ChannelError::Unavailable("not here")) })
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        let aws = Aws::default();
        let config = aws.config();
        let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), "rollcall/connection/");
        let table = Table::new(aws_sdk_dynamodb::Client::new(&config), "rollcall").with_cursor_key(b"key");
        let http = HttpClient::with_transport(Scripted::graph([]));
        let channels =
            Channels { secrets: secrets.clone(), hosts: ChannelHosts::default(), channel: Arc::new(NoChannel) };
        let app = App {
            channels,
            access: GraphAccess::new(http, origins(), secrets.clone()),
            table,
            secrets,
            queue: Arc::new(Taking),
            addresses: Addresses::new("https://api.example.com".parse().unwrap()),
            token: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-token".into(),
            application: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:platform-application".into(),
            seal: SealKey::new(&"a key of these tests".into()),
            issuer: "https://api.example.com".into(),
        };
        let mut stage = Self { router: router(app), begin: aws.save(), aws };
        let sample = include_bytes!("../../../../events/admin-api/create-connection.json");
        let created = stage.answer(serde_json::from_slice(sample).unwrap());
        let body: Value = serde_json::from_str(created["body"].as_str().unwrap()).unwrap();
        stage.aws.rename(body["id"].as_str().unwrap(), CONNECTION);
        stage.begin = stage.aws.save();
        stage
    }

    /// Answers an event, as if it were the first.
    pub(crate) fn answer(&self, event: event::Event) -> Value {
        self.aws.restore(&self.begin);
        let answer = run(event::answer(&self.router, LambdaEvent::new(event, Context::default())));
        serde_json::to_value(answer.unwrap()).unwrap()
    }
}
