//! Who is signed in where: the sessions behind the cookie of the login origin.

use super::grants::opaque;
use super::people::{self, Account};
use crate::request::Request;
use crate::state::State;
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use uuid::Uuid;

/// One signed-in account of a browser.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) account: Account,
    /// `sid` of ID tokens and of front-channel sign-out.
    pub(super) session: Uuid,
    /// Apps signed in to: tenant and client id.
    pub(super) apps: BTreeSet<(Uuid, Uuid)>,
    revocations: u64,
}

/// The browsers that a server knows, by their cookie.
#[derive(Debug, Default)]
pub(crate) struct Browsers(Mutex<HashMap<String, Vec<SignedIn>>>);

/// The cookie's name. Browsers keep no ports apart, so that two servers of one host need two names.
fn cookie_name(request: &Request) -> String {
    let port = request.origin.rsplit_once(':').map_or("", |(_, port)| port);
    format!("ESTSAUTH-{}", port.trim_matches('/'))
}

/// The value of the cookie that a browser sent.
fn cookie(request: &Request) -> Option<String> {
    let name = cookie_name(request);
    let headers = request.headers.get_all(http::header::COOKIE).iter();
    let pairs = headers.filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, id)| id.to_owned())
}

impl Browsers {
    /// The accounts of the browser that sent a request, those left out whose sessions were revoked or who are gone.
    pub(super) fn accounts(&self, state: &State, request: &Request) -> Vec<SignedIn> {
        let all = cookie(request).and_then(|id| crate::sync::lock(&self.0).get(&id).cloned()).unwrap_or_default();
        let good = |signed: &SignedIn| {
            let home = state.tenant(signed.account.tenant);
            home.is_some_and(|home| {
                home.sign_in.revocations(signed.account.person) == signed.revocations
                    && people::person(&home, signed.account.person).is_some()
            })
        };
        all.into_iter().filter(good).collect()
    }

    /// Adds an account to a browser; a fresh sign-in is a session of its own. Answers the cookie to set.
    pub(super) fn sign_in(&self, state: &State, request: &Request, account: &Account) -> (SignedIn, String) {
        let home = state.tenant(account.tenant);
        let revocations = home.map_or(0, |home| home.sign_in.revocations(account.person));
        let mut browsers = crate::sync::lock(&self.0);
        let id = cookie(request).filter(|id| browsers.contains_key(id)).unwrap_or_else(|| opaque(4));
        let accounts = browsers.entry(id.clone()).or_default();
        let before = accounts.iter().position(|signed| signed.account == *account).map(|place| accounts.remove(place));
        let kept = before.filter(|signed| signed.revocations == revocations);
        let (session, apps) = kept.map_or_else(|| (Uuid::new_v4(), BTreeSet::new()), |kept| (kept.session, kept.apps));
        let signed = SignedIn { account: account.clone(), session, apps, revocations };
        accounts.push(signed.clone());
        (signed, format!("{}={id}; Path=/; HttpOnly; SameSite=Lax", cookie_name(request)))
    }

    /// Remembers that a session reached an app, for its sign-out.
    pub(super) fn visit(&self, session: Uuid, tenant: Uuid, client: Uuid) {
        let mut browsers = crate::sync::lock(&self.0);
        if let Some(signed) = browsers.values_mut().flatten().find(|signed| signed.session == session) {
            signed.apps.insert((tenant, client));
        }
    }

    /// Ends sessions of the browser that sent a request: those that `ends` says.
    pub(super) fn sign_out(&self, request: &Request, ends: impl Fn(&SignedIn) -> bool) -> Vec<SignedIn> {
        let Some(id) = cookie(request) else { return Vec::new() };
        let mut browsers = crate::sync::lock(&self.0);
        let Some(accounts) = browsers.get_mut(&id) else { return Vec::new() };
        let (gone, kept) = std::mem::take(accounts).into_iter().partition(|signed| ends(signed));
        *accounts = kept;
        gone
    }
}
