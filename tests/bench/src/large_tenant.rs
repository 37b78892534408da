//! A simulated tenant of 100,000 people, all of them in groups in scope.

use std::collections::{BTreeMap, BTreeSet};

use entra::directory::{Directory, Kind, Slot};
use entra::{Options, Server, Settings, TenantInfo, TenantOptions};

use crate::Result;

/// People.
pub(crate) const PEOPLE: u32 = 100_000;
/// Which groups a tenant has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups {
    /// Groups in scope, give or take a few. A quarter of a tenant's groups is not nested and stays out of scope, so it
    /// has a third more.
    in_scope: u32,
    /// Scope groups, below which the others are nested.
    roots: u32,
}

/// 2,000 groups in scope.
pub(crate) const MANY_GROUPS: Groups = Groups { in_scope: 2_000, roots: 3 };
/// Ten scope groups with some hundred nested ones.
pub(crate) const TEN_GROUPS: Groups = Groups { in_scope: 100, roots: 10 };
/// Time added to each page.
pub(crate) const PAGE_MILLIS: u64 = 100;
/// The most that Graph puts on a page of users or members ("List users", "List group members").
const LARGEST_PAGE: usize = 999;

/// The tenant.
pub(crate) struct LargeTenant {
    pub(crate) server: Server,
    pub(crate) info: TenantInfo,
    /// Groups in scope.
    pub(crate) groups: usize,
    /// Pages that nobody can do without who reads all users and the direct members of each group in scope.
    pub(crate) fewest_pages: usize,
}

impl LargeTenant {
    /// Makes and serves it; each page takes so many milliseconds.
    pub(crate) async fn start(groups: Groups, page_millis: u64) -> Result<Self> {
        let settings = Settings { page_delay_millis: page_millis, ..Settings::default() };
        let Groups { in_scope, roots } = groups;
        let groups = in_scope + in_scope / 3;
        let options = TenantOptions { people: PEOPLE, groups, roots, settings, ..TenantOptions::default() };
        let server = Server::start(Options::one(options)).await?;
        let info = server.tenant().ok_or("the server has no tenant")?;
        let taken_in = server.change(info.tenant_id, |directory, now| take_everybody_in(directory, &info, now));
        let (groups, fewest_pages) = taken_in.ok_or("the server has lost the tenant")??;
        Ok(Self { server, info, groups, fewest_pages })
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

/// Whoever is in no group in scope joins one. Answers the groups in scope, and the fewest pages of a full read.
fn take_everybody_in(directory: &mut Directory, info: &TenantInfo, now: i64) -> Result<(usize, usize)> {
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
    let members = |group: &Slot| directory.object(*group).map_or(0, |group| group.members().len());
    let pages = |rows: usize| rows.div_ceil(LARGEST_PAGE).max(1);
    let fewest_pages = pages(PEOPLE as usize) + groups.iter().map(|group| pages(members(group))).sum::<usize>();
    Ok((groups.len(), fewest_pages))
}

fn below(directory: &Directory, roots: &[Slot]) -> BTreeSet<Slot> {
    let view = directory.present();
    roots.iter().flat_map(|root| view.transitive_members(*root)).collect()
}
