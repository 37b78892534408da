//! Tenants from a seed: the same options give the same people, groups, ids and secret.

mod groups;
mod names;
mod people;

pub(crate) use people::person;

use crate::apps::{App, Secret};
use crate::directory::Directory;
use crate::options::TenantOptions;
use crate::tenant::Tenant;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// Makes a tenant.
pub(crate) fn tenant(options: &TenantOptions, now: i64) -> Tenant {
    let mut random = StdRng::seed_from_u64(options.seed);
    let drawn = uuid(&mut random);
    let id = options.id.unwrap_or(drawn);
    let client_id = uuid(&mut random);
    let secret = Secret::generate(&mut random, now);
    let domain = format!("contoso{}.onmicrosoft.example", options.seed);
    let mut directory = Directory::new();
    let people = people::create(&mut directory, &mut random, &domain, options.people, now);
    let roots = groups::create(&mut directory, &mut random, options, &people, now);
    let roots = roots.into_iter().filter_map(|slot| directory.object(slot).map(|object| object.id)).collect();
    directory.record();
    let app = App::new(client_id, secret, options.roles.iter().cloned());
    Tenant::new(id, domain, directory, app, roots, options.settings.clone(), options.seed)
}

fn uuid(random: &mut StdRng) -> Uuid {
    uuid::Builder::from_random_bytes(random.random()).into_uuid()
}
