//! A simulated tenant of 100,000 people in 2,000 groups, all of them in scope.

use std::collections::{BTreeMap, BTreeSet};

use entra::directory::{Directory, Kind, Slot};
use entra::{Options, Server, Settings, TenantInfo, TenantOptions};

use crate::Result;

/// People.
pub(crate) const PEOPLE: u32 = 100_000;
/// Groups in scope. A quarter of a tenant's groups is not nested and stays out of scope, so it has a third more.
pub(crate) const GROUPS: u32 = 2_000;
/// Time added to each page.
pub(crate) const PAGE_MILLIS: u64 = 100;
/// The most that Graph puts on a page of users or members ("List users", "List group members").
const LARGEST_PAGE: usize = 999;

/// The tenant.
pub(crate) struct LargeTenant {
    pub(crate) server: Server,
    pub(crate) info: TenantInfo,
    /// Pages that nobody can do without who reads all users and the direct members of each group in scope.
    pub(crate) fewest_pages: usize,
}

impl LargeTenant {
    /// Makes and serves it; each page takes so many milliseconds.
    pub(crate) async fn start(page_millis: u64) -> Result<Self> {
        let settings = Settings { page_delay_millis: page_millis, ..Settings::default() };
        let groups = GROUPS + GROUPS / 3;
        let options = TenantOptions { people: PEOPLE, groups, settings, ..TenantOptions::default() };
        let server = Server::start(Options::one(options)).await?;
        let info = server.tenant().ok_or("the server has no tenant")?;
        let fewest_pages = server.change(info.tenant_id, |directory, now| take_everybody_in(directory, &info, now));
        let fewest_pages = fewest_pages.ok_or("the server has lost the tenant")??;
        Ok(Self { server, info, fewest_pages })
    }

    /// Requests to Graph by class since the start, without those for tokens.
    pub(crate) fn requests(&self) -> BTreeMap<String, u64> {
        let mut requests = self.server.counts().requests;
        requests.retain(|class, _| class != "token" && class != "discovery");
        requests
    }

    /// Answers that told the caller to wait, and errors.
    pub(crate) fn refusals(&self) -> u64 {
        let refused = |class: &str| class.rsplit(' ').next().is_none_or(|status| !status.starts_with('2'));
        self.server.counts().statuses.iter().filter(|(class, _)| refused(class)).map(|(_, count)| count).sum()
    }
}

/// Whoever is in no group in scope joins one. Answers the fewest pages of a full read.
fn take_everybody_in(directory: &mut Directory, info: &TenantInfo, now: i64) -> Result<usize> {
    let roots: Vec<Slot> = info.roots.iter().filter_map(|root| directory.find(*root)).collect();
    let below = below(directory, &roots);
    let outside: Vec<Slot> =
        directory.live(Kind::User).map(|(slot, _)| slot).filter(|slot| !below.contains(slot)).collect();
    for (person, root) in outside.into_iter().zip(roots.iter().cycle()) {
        directory.add_member(*root, person, now)?;
    }
    let kind = |slot: Slot, kind: Kind| directory.object(slot).is_some_and(|object| object.kind == kind);
    let groups: Vec<Slot> = below.into_iter().chain(roots).filter(|slot| kind(*slot, Kind::Group)).collect();
    let groups: BTreeSet<Slot> = groups.into_iter().collect();
    if groups.len() != GROUPS as usize {
        return Err(format!("the tenant has {} groups in scope", groups.len()).into());
    }
    let members = |group: &Slot| directory.object(*group).map_or(0, |group| group.members().len());
    let pages = |rows: usize| rows.div_ceil(LARGEST_PAGE).max(1);
    Ok(pages(PEOPLE as usize) + groups.iter().map(|group| pages(members(group))).sum::<usize>())
}

fn below(directory: &Directory, roots: &[Slot]) -> BTreeSet<Slot> {
    let view = directory.present();
    roots.iter().flat_map(|root| view.transitive_members(*root)).collect()
}
