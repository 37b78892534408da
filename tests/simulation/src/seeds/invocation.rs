//! Invocations of the worker: many, at once, killed, frozen, repeated.

use std::time::Duration;

use rand::Rng as _;
use rollcall_sync::job::Message;
use tokio::time::{Instant, sleep, timeout_at};

use super::doom::{Doom, Doomed};
use super::run::Play;
use super::watch::Errand;
use crate::history::History;
use crate::stage::{Environment, Failed};
use crate::trace::Trace;

/// Messages of one delivery, at most.
const MESSAGES: usize = 12;
/// Requests of one invocation, at most.
const REQUESTS: u64 = 4_000;
/// How often a message is received before it goes to the dead letters.
const RECEIVED: u32 = 5;

/// How an invocation came out.
enum Came {
    /// The message is done.
    Done,
    /// The message must come again.
    Again,
    /// The environment is dead.
    Dead,
}

impl Play {
    /// An environment: a warm one, or a new one.
    pub(super) fn environment(&mut self) -> Result<Environment, Failed> {
        if let Some(warm) = self.warm.pop() {
            return Ok(warm);
        }
        self.environments += 1;
        let environment = self.stage.environment(&format!("worker{}", self.environments))?;
        if self.environments % 2 == 1 {
            environment.clock.set_skew(self.skew);
        }
        Ok(environment)
    }

    /// An environment of a function that looks after all connections, and is no worker's.
    pub(super) fn another_function(&mut self) -> Result<Environment, Failed> {
        self.environments += 1;
        self.stage.environment(&format!("clock{}", self.environments))
    }

    pub(super) fn give_back(&mut self, environment: Environment) {
        self.warm.push(environment);
    }

    /// Works on the queue for a while, with whatever mishaps the seed has.
    pub(super) async fn deliver(&mut self) -> Result<(), Failed> {
        let mut received = 0;
        for _ in 0..MESSAGES {
            let out_of_order = self.random.random_bool(0.05);
            let place = if out_of_order { self.random.random_range(0..8) } else { 0 };
            let Some(message) = self.stage.queue.take_at(place) else { break };
            if out_of_order && place > 0 {
                self.sky.count("E56 out of order", 1);
            }
            match self.attend(&message).await? {
                Came::Done if self.random.random_bool(0.04) => {
                    self.sky.count("E56 delivered again after success", 1);
                    self.stage.queue.add(message);
                    received = 0;
                }
                Came::Done => {
                    if self.kept.is_none() && self.random.random_bool(0.2) {
                        self.kept = Some(message);
                    }
                    received = 0;
                }
                Came::Again | Came::Dead => {
                    received += 1;
                    if received < RECEIVED {
                        sleep(Duration::from_secs(self.random.random_range(1..30))).await;
                        self.stage.queue.put_back(message);
                    } else {
                        self.sky.count("E56 a dead letter", 1);
                        self.dead_letters.push(message);
                        received = 0;
                    }
                }
            }
        }
        Ok(())
    }

    /// Works on the queue until nothing waits, with no mishap of ours.
    pub(super) async fn finish(&mut self) -> Result<(), Failed> {
        let mut received = 0;
        for _ in 0..100 {
            let Some(message) = self.stage.queue.take() else { return Ok(()) };
            received += 1;
            match self.invoke(&message, Doom::None, Duration::from_secs(300)).await? {
                Came::Again | Came::Dead if received < RECEIVED => {
                    sleep(Duration::from_secs(20)).await;
                    self.stage.queue.put_back(message);
                }
                // Done, or among the dead letters: a message that nobody understands holds up nobody.
                _ => received = 0,
            }
        }
        Ok(())
    }

    async fn attend(&mut self, message: &Message) -> Result<Came, Failed> {
        let time = if self.random.random_bool(0.15) { 12 } else { 300 };
        let time = Duration::from_secs(time);
        let polls = 1 << self.random.random_range(0..11);
        let polls = self.random.random_range(polls..=2 * polls);
        match self.random.random_range(0..100) {
            0..10 if !self.sky.lacks("E54 killed") => self.invoke(message, Doom::Killed(polls), time).await,
            10..14 if !self.sky.lacks("E54 frozen") => {
                let pause = Duration::from_secs(self.random.random_range(5..7_200));
                self.side_by_side(message, Doom::Frozen(polls, pause), time).await
            }
            19..22 if !self.sky.lacks("E54 out of time") => {
                let most = self.random.random_range(50..6_000);
                self.invoke(message, Doom::Cut(Duration::from_millis(most)), time).await
            }
            14..19 if !self.sky.lacks("E55 two at once") => {
                self.sky.count("E55 two at once", 1);
                self.side_by_side(message, Doom::None, time).await
            }
            _ => self.invoke(message, Doom::None, time).await,
        }
    }

    /// One invocation, while the directory may go on changing.
    async fn invoke(&mut self, message: &Message, doom: Doom, time: Duration) -> Result<Came, Failed> {
        let environment = self.environment()?;
        self.errand(&environment, message);
        let requests = self.stage.network.requests();
        let changes = (!self.ending && self.random.random_bool(0.2))
            .then(|| (self.random.random(), self.random.random_range(50..4_000)));
        let work = invocation(&self.stage.trace, &environment, message, doom, time);
        let (came, ()) = tokio::join!(work, self.meanwhile(message, changes));
        if changes.is_some() {
            self.sky.count("B17 the directory changes during a run", 1);
        }
        if self.stage.network.requests() - requests > REQUESTS {
            self.watch.complain(format!("one invocation made more than {REQUESTS} requests"));
        }
        self.keep_or_bury(environment, &came, doom);
        Ok(came)
    }

    /// Two invocations of the same message. The doom is the first one's; the second begins a little later.
    async fn side_by_side(&mut self, message: &Message, doom: Doom, time: Duration) -> Result<Came, Failed> {
        let (one, two) = (self.environment()?, self.environment()?);
        self.errand(&one, message);
        self.errand(&two, message);
        let later = Duration::from_millis(self.random.random_range(0..30_000));
        let trace = &self.stage.trace;
        let first = invocation(trace, &one, message, doom, time);
        let second = async {
            sleep(later).await;
            invocation(trace, &two, message, Doom::None, Duration::from_secs(300)).await
        };
        let (first, second) = tokio::join!(first, second);
        self.keep_or_bury(one, &first, doom);
        self.keep_or_bury(two, &second, Doom::None);
        Ok(match (first, second) {
            (Came::Done, _) | (_, Came::Done) => Came::Done,
            _ => Came::Again,
        })
    }

    fn errand(&mut self, environment: &Environment, message: &Message) {
        let errand = Errand { connection: message.connection, since: self.stage.clock.now_millis() };
        self.watch.begin(&environment.worker.name, errand);
    }

    async fn meanwhile(&self, message: &Message, changes: Option<(u64, u64)>) {
        let Some((seed, after)) = changes else { return };
        sleep(Duration::from_millis(after)).await;
        let customer = self.customers.iter().find(|customer| customer.connection == message.connection);
        let Some(customer) = customer else { return };
        let mut history = History::new(seed);
        self.stage
            .entra
            .change(customer.tenant, |directory, now| (0..3).filter_map(|_| history.change(directory, now)).count());
    }

    fn keep_or_bury(&mut self, environment: Environment, came: &Came, doom: Doom) {
        match (came, doom) {
            (Came::Dead, Doom::Killed(_)) => self.sky.count("E54 killed", 1),
            (Came::Dead, _) => self.sky.count("E54 out of time", 1),
            (_, Doom::Frozen(..)) => {
                self.sky.count("E54 frozen", 1);
                self.give_back(environment);
            }
            _ => self.give_back(environment),
        }
    }
}

/// Runs the worker until it is done, killed, or out of time.
async fn invocation(trace: &Trace, environment: &Environment, message: &Message, doom: Doom, time: Duration) -> Came {
    let deadline = Instant::now() + time;
    let work = Doomed::new(environment.worker.work(message, deadline), doom);
    // A frozen environment is not killed for the time in which it was frozen.
    let limit = match doom {
        Doom::Frozen(_, pause) => deadline + pause + Duration::from_secs(1),
        Doom::Cut(time) => Instant::now() + time,
        _ => deadline + Duration::from_secs(1),
    };
    match timeout_at(limit, work).await {
        Err(_) | Ok(None) => Came::Dead,
        Ok(Some(Ok(()))) => Came::Done,
        // What is not understood comes again too, until it goes to the dead letters.
        Ok(Some(Err(error))) => {
            trace.note(&format!("{} wants {:?} again: {error}", environment.worker.name, message.job));
            Came::Again
        }
    }
}
