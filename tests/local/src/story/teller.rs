//! What every step of the story uses: the directory, the platform, and the clock between them.

use crate::comparison::{Differences, Directory, Platform, Scope, differences};
use crate::deploy::STACK;
use crate::error::{Error, Result};
use crate::json::{list, text};
use crate::platform::AdminApi;
use crate::stack::Stack;
use crate::tenant::Facts;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a step may take. A run that is held up by throttling takes its time; more than this is an error.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at the platform.
const PAUSE: Duration = Duration::from_millis(50);

/// A step that was played.
#[derive(Clone, Debug)]
pub struct Told {
    /// What happened.
    pub what: String,
    /// From the change until the platform was right.
    pub took: Duration,
    /// Whether a change notification carried it.
    pub notified: bool,
}

/// Tells the story.
pub struct Teller<'stack> {
    /// The stack.
    pub stack: &'stack Stack,
    /// The admin API.
    pub api: AdminApi,
    /// The tenant's app and groups.
    pub facts: Facts,
    /// The scope groups.
    pub roots: BTreeSet<Uuid>,
    /// The connection.
    pub connection: String,
    say: &'stack (dyn Fn(&str) + Sync),
    told: Vec<Told>,
}

impl<'stack> Teller<'stack> {
    /// A teller for this connection.
    pub fn new(
        stack: &'stack Stack,
        api: AdminApi,
        facts: Facts,
        connection: String,
        say: &'stack (dyn Fn(&str) + Sync),
    ) -> Self {
        let roots = facts.roots.iter().copied().collect();
        Self { stack, api, facts, roots, connection, say, told: Vec::new() }
    }

    /// The steps that were played.
    pub fn end(self) -> Vec<Told> {
        self.told
    }

    /// A path below the connection.
    pub fn path(&self, rest: &str) -> String {
        format!("/connections/{}{rest}", self.connection)
    }

    /// Who is in.
    pub fn scope(&self) -> Scope {
        Scope::Groups(self.roots.clone())
    }

    /// The directory as it is now.
    ///
    /// # Errors
    /// The tenant does not answer.
    pub async fn directory(&self) -> Result<Directory> {
        Directory::read(self.stack.tenant()).await
    }

    /// The platform as it is now.
    ///
    /// # Errors
    /// The API does not answer.
    pub async fn platform(&self) -> Result<Platform> {
        self.api.platform(&self.connection).await
    }

    /// Changes the directory: one action or a list.
    ///
    /// # Errors
    /// The tenant refuses.
    pub async fn change(&self, actions: Value) -> Result<Value> {
        self.stack.tenant().control(Method::POST, "/tenants/first/actions", Some(&actions)).await
    }

    /// Switches whether notifications reach us.
    ///
    /// # Errors
    /// The tenant refuses.
    pub async fn lose_notifications(&self, lose: bool) -> Result<()> {
        let settings = json!({"notifications": {"lose": lose}});
        self.stack.tenant().control(Method::PATCH, "/tenants/first/settings", Some(&settings)).await.map(drop)
    }

    /// Changes the directory and waits until a notification has brought the change to the platform.
    ///
    /// # Errors
    /// It does not arrive.
    pub async fn notified(&mut self, what: &str, actions: Value) -> Result<()> {
        self.change(actions).await?;
        let took = self.converged(Instant::now()).await?;
        self.tell(what, took, true);
        Ok(())
    }

    /// Waits until the whole platform is what the directory says; gives how long that took since `begun`. The time that
    /// it takes to read the whole platform is part of it.
    ///
    /// # Errors
    /// It does not become so.
    pub async fn converged(&self, begun: Instant) -> Result<Duration> {
        let directory = self.directory().await?;
        let mut seen = Differences::default();
        while begun.elapsed() < PATIENCE {
            seen = differences(&directory, &self.scope(), &self.platform().await?);
            if seen.is_empty() {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Different(seen.to_string()))
    }

    /// Whether the platform still is what this directory said.
    ///
    /// # Errors
    /// It is not.
    pub async fn unchanged_since(&self, directory: &Directory) -> Result<()> {
        let seen = differences(directory, &self.scope(), &self.platform().await?);
        if seen.is_empty() { Ok(()) } else { Err(Error::Different(seen.to_string())) }
    }

    /// Waits until no job is queued or worked on.
    ///
    /// # Errors
    /// The queue does not get empty.
    pub async fn quiet(&self) -> Result<()> {
        let queue = json!({"QueueName": format!("{STACK}-sync.fifo")});
        let found = self.stack.aws().call("AmazonSQS.GetQueueUrl", &queue).await?;
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let wanted = json!({"QueueUrl": text(&found, "/QueueUrl"), "AttributeNames": names});
        let look = || async {
            let found = self.stack.aws().call("AmazonSQS.GetQueueAttributes", &wanted).await?;
            Ok(names.iter().all(|name| text(&found, &format!("/Attributes/{name}")) == "0").then_some(()))
        };
        self.until("the queue to be empty", look).await
    }

    /// Waits until `look` finds something.
    ///
    /// # Errors
    /// It does not, in time.
    pub async fn until<T, F>(&self, what: &str, mut look: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Waited { what: what.to_owned(), seconds: PATIENCE.as_secs() })
    }

    /// The newest runs, the newest first.
    ///
    /// # Errors
    /// The API does not answer.
    pub async fn runs(&self) -> Result<Vec<Value>> {
        Ok(list(&self.api.get(&self.path("/runs?limit=20")).await?, "/items").to_vec())
    }

    /// Ids of the runs so far.
    ///
    /// # Errors
    /// The API does not answer.
    pub async fn run_ids(&self) -> Result<BTreeSet<String>> {
        Ok(self.runs().await?.iter().map(|run| text(run, "/id").to_owned()).collect())
    }

    /// Waits for a finished run that is not in `known` and of which `wanted` holds.
    ///
    /// # Errors
    /// There is none.
    pub async fn new_run(
        &self,
        what: &str,
        known: &BTreeSet<String>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let look = || async {
            let runs = self.runs().await?;
            let found = runs
                .into_iter()
                .find(|run| !known.contains(text(run, "/id")) && !text(run, "/finished_at").is_empty() && wanted(run));
            Ok(found)
        };
        self.until(what, look).await
    }

    /// Tells a step.
    pub fn tell(&mut self, what: &str, took: Duration, notified: bool) {
        (self.say)(&format!("  {:<72} {:>6.2} s", what, took.as_secs_f64()));
        self.told.push(Told { what: what.to_owned(), took, notified });
    }

    /// Tells something beside the steps.
    pub fn remark(&self, text: &str) {
        (self.say)(&format!("    {text}"));
    }
}
