//! One tenant: its directory, apps, subscriptions and switches.

use crate::apps::App;
use crate::directory::Directory;
use crate::graph::{Buckets, Listings, Photos, Rounds};
use crate::login::SignIn;
use crate::notify::{Subscription, events};
use crate::settings::Settings;
use crate::state::State;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use uuid::Uuid;

/// One tenant of the server.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: Uuid,
    pub(crate) domain: String,
    pub(crate) name: String,
    pub(crate) directory: RwLock<Directory>,
    pub(crate) apps: RwLock<BTreeMap<Uuid, App>>,
    pub(crate) settings: RwLock<Settings>,
    pub(crate) subscriptions: Mutex<BTreeMap<Uuid, Subscription>>,
    pub(crate) buckets: Mutex<Buckets>,
    pub(crate) listings: Mutex<Listings>,
    pub(crate) rounds: Mutex<Rounds>,
    pub(crate) photos: Mutex<Photos>,
    pub(crate) random: Mutex<StdRng>,
    pub(crate) sign_in: SignIn,
    /// Groups that a sync might take as its scope.
    pub(crate) roots: Vec<Uuid>,
    delta_epoch: AtomicU64,
}

impl Tenant {
    pub(crate) fn new(
        id: Uuid,
        domain: String,
        directory: Directory,
        app: App,
        roots: Vec<Uuid>,
        settings: Settings,
        seed: u64,
    ) -> Self {
        let name = domain.split('.').next().unwrap_or_default().to_owned();
        Self {
            id,
            domain,
            name,
            directory: RwLock::new(directory),
            apps: RwLock::new(BTreeMap::from([(app.client_id, app)])),
            settings: RwLock::new(settings),
            subscriptions: Mutex::default(),
            buckets: Mutex::default(),
            listings: Mutex::default(),
            rounds: Mutex::default(),
            photos: Mutex::default(),
            // Not what the directory was drawn from: the first id would be the tenant's own.
            random: Mutex::new(StdRng::seed_from_u64(!seed)),
            sign_in: SignIn::default(),
            roots,
            delta_epoch: AtomicU64::new(0),
        }
    }

    /// Changes the directory and sends the notifications that follow from it.
    pub(crate) fn change<T>(self: &Arc<Self>, state: &Arc<State>, edit: impl FnOnce(&mut Directory, i64) -> T) -> T {
        let now = state.clock.now_millis();
        let mut directory = crate::sync::write(&self.directory);
        let before = directory.sequence();
        let outcome = edit(&mut directory, now);
        let outgoing = events(self, &directory, before, now);
        drop(directory);
        state.outbox.send(state, self, outgoing);
        outcome
    }

    /// The switches as they are now.
    pub(crate) fn settings(&self) -> Settings {
        crate::sync::read(&self.settings).clone()
    }

    /// The life of the next access token.
    pub(crate) fn token_life_seconds(&self) -> i64 {
        let life = crate::sync::read(&self.settings).token_life_seconds;
        if life == 0 { crate::sync::lock(&self.random).random_range(3599..=5399) } else { life }
    }

    /// Delta links of an earlier epoch get 410 Gone with a `Location`.
    pub(crate) fn delta_epoch(&self) -> u64 {
        self.delta_epoch.load(Ordering::Relaxed)
    }

    /// The service resets: every delta link given out so far is refused.
    pub(crate) fn reset_delta(&self) {
        self.delta_epoch.fetch_add(1, Ordering::Relaxed);
    }
}
