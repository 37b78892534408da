//! How a server starts.

use crate::settings::Settings;
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

/// How a server starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub address: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// The tenants to begin with.
    pub tenants: Vec<TenantOptions>,
}

impl Default for Options {
    /// One tenant of 200 people on a free loopback port.
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 0, tenants: vec![TenantOptions::default()] }
    }
}

impl Options {
    /// One tenant on a free loopback port.
    pub fn one(tenant: TenantOptions) -> Self {
        Self { tenants: vec![tenant], ..Self::default() }
    }
}

/// One tenant, wholly made from these figures: the same options give the same directory, ids and secret.
#[derive(Clone, Debug)]
pub struct TenantOptions {
    /// The tenant id; taken from the seed when absent.
    pub id: Option<Uuid>,
    /// Seed of people, groups, ids and secret.
    pub seed: u64,
    /// People, guests among them.
    pub people: u32,
    /// Groups.
    pub groups: u32,
    /// How deep the groups below a root are nested.
    pub depth: u32,
    /// Groups at the top of the nesting, which a sync might take as its scope.
    pub roots: u32,
    /// A group with so many direct members, besides the others.
    pub large_group: Option<u32>,
    /// Application permissions of the tenant's app.
    pub roles: Vec<String>,
    /// The switches to begin with.
    pub settings: Settings,
}

impl Default for TenantOptions {
    fn default() -> Self {
        Self {
            id: None,
            seed: 1,
            people: 200,
            groups: 20,
            depth: 4,
            roots: 3,
            large_group: None,
            roles: crate::apps::DEFAULT_ROLES.iter().map(|role| (*role).to_owned()).collect(),
            settings: Settings::default(),
        }
    }
}

impl TenantOptions {
    /// An empty directory, to be filled by a test.
    pub fn empty() -> Self {
        Self { people: 0, groups: 0, roots: 0, ..Self::default() }
    }

    /// So many people, and a group for each thirty or so.
    pub fn with_people(people: u32) -> Self {
        Self { people, groups: (people / 33).max(8), ..Self::default() }
    }
}
