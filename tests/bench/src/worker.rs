//! The sync worker as it is shipped, in a process of its own under the runtime interface emulator.

use std::time::{Duration, Instant};

use local::json::{list, text};
use rollcall_directory::identity::ConnectionId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ground::Ground;
use crate::interface_emulator::InterfaceEmulator;
use crate::{Result, binaries};

/// One warm environment of the worker.
pub(crate) struct Worker {
    function: InterfaceEmulator,
}

/// How a job went.
pub(crate) struct Done {
    /// From handing over the job until nothing was left to do.
    pub(crate) took: Duration,
    /// Invocations: one, and one more for each continuation.
    pub(crate) invocations: u32,
}

impl Worker {
    /// Builds and starts it. It reads the directory at `graph`, and may take so long for an invocation.
    pub(crate) async fn start(ground: &Ground, graph: &str, timeout: Duration) -> Result<Self> {
        let executable = binaries::function(&ground.layout, "sync-worker").await?;
        let variables = ground.variables(graph);
        let function = InterfaceEmulator::start(&ground.layout, &executable, &variables, timeout).await?;
        Ok(Self { function })
    }

    /// Does a job and its continuations.
    pub(crate) async fn work(&self, ground: &Ground, connection: ConnectionId, job: &Value) -> Result<Done> {
        let begun = Instant::now();
        let mut invocations = 0;
        let mut body = Some(json!({"version": 1, "connection": connection.to_string(), "job": job}).to_string());
        while let Some(message) = body {
            invocations += 1;
            let answer = self.function.invoke(&event(&message)).await?;
            if !list(&answer, "/batchItemFailures").is_empty() {
                return Err("the worker wants the job again; its log says why".into());
            }
            body = next(ground).await?;
        }
        Ok(Done { took: begun.elapsed(), invocations })
    }

    /// Its peak of resident memory, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        self.function.peak_mib()
    }

    /// Its user and system time so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        self.function.cpu_seconds()
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.function.stop().await
    }
}

/// Takes the next message from the queue.
async fn next(ground: &Ground) -> Result<Option<String>> {
    let take = json!({"QueueUrl": ground.queue, "MaxNumberOfMessages": 1});
    let answer = ground.aws().call("AmazonSQS.ReceiveMessage", &take).await?;
    let Some(message) = list(&answer, "/Messages").first() else { return Ok(None) };
    let done = json!({"QueueUrl": ground.queue, "ReceiptHandle": text(message, "/ReceiptHandle")});
    ground.aws().call("AmazonSQS.DeleteMessage", &done).await?;
    Ok(Some(text(message, "/Body").to_owned()))
}

/// A message as Lambda hands it over.
fn event(body: &str) -> Value {
    json!({"Records": [{
        "messageId": Uuid::new_v4(),
        "receiptHandle": "bench",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:bench-sync.fifo",
        "awsRegion": local::emulator::REGION,
    }]})
}
