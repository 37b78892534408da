//! Large simulated tenants.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use entra::directory::{Directory, Kind, Slot};
use entra::{Options, Server, Settings, TenantInfo, TenantOptions};

use crate::Result;
use crate::ground::WORKER_TIMEOUT;

/// People of the tenants in which everybody is in a group in scope.
pub(crate) const PEOPLE: u32 = 100_000;

/// What a tenant is like, and who of it is in scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// People.
    pub(crate) people: u32,
    /// Its groups.
    groups: Groups,
    /// Who is in scope.
    pub(crate) inside: Inside,
    /// Time added to each page.
    pub(crate) page_millis: u64,
    /// How long the worker may take for an invocation.
    pub(crate) timeout: Duration,
}

/// Who of a tenant is in scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Everybody, by a group in scope.
    All,
    /// So many people, by groups in scope.
    Some(u32),
    /// Everyone of the tenant, with a team for each manager.
    Everyone,
}

/// Which groups a tenant has.
#[derive(Clone, Copy, Debug)]
struct Groups {
    /// Groups in scope, give or take a few. A quarter of a tenant's groups is not nested and stays out of scope, so it
    /// has a third more.
    in_scope: u32,
    /// Scope groups, below which the others are nested.
    roots: u32,
}

/// 2,000 groups in scope.
pub(crate) const MANY_GROUPS: Shape = Shape {
    people: PEOPLE,
    groups: Groups { in_scope: 2_000, roots: 3 },
    inside: Inside::All,
    page_millis: PAGE_MILLIS,
    timeout: WORKER_TIMEOUT,
};
/// Ten scope groups with some hundred nested ones.
pub(crate) const TEN_GROUPS: Shape = Shape { groups: Groups { in_scope: 100, roots: 10 }, ..MANY_GROUPS };
/// 80,000 people of whom 25,000 are in scope, by 300 nested groups.
pub(crate) const LARGE_SCOPE: Shape =
    Shape { people: 80_000, groups: Groups { in_scope: 300, roots: 3 }, inside: Inside::Some(25_000), ..MANY_GROUPS };
/// The same scope in a tenant of the same groups and no more people than are in scope.
pub(crate) const LARGE_SCOPE_ALONE: Shape = Shape { people: 25_000, ..LARGE_SCOPE };
/// 500,000 people, everyone in scope, a team for each manager, and a minute for each invocation.
pub(crate) const HALF_MILLION: Shape = Shape {
    people: 500_000,
    groups: Groups { in_scope: 100, roots: 3 },
    inside: Inside::Everyone,
    page_millis: 0,
    timeout: Duration::from_secs(60),
};
/// The same for 1,000 people.
pub(crate) const THOUSAND: Shape = Shape { people: 1_000, ..HALF_MILLION };
/// Time added to each page.
pub(crate) const PAGE_MILLIS: u64 = 100;
/// The most that Graph puts on a page of users or members ("List users", "List group members").
const LARGEST_PAGE: usize = 999;

/// The tenant.
pub(crate) struct LargeTenant {
    pub(crate) server: Server,
    pub(crate) info: TenantInfo,
    pub(crate) shape: Shape,
    /// Groups in scope.
    pub(crate) groups: usize,
    /// Pages that nobody can do without who reads all users and the direct members of each group in scope.
    pub(crate) fewest_pages: usize,
}

impl LargeTenant {
    /// Makes and serves it.
    pub(crate) async fn start(shape: Shape) -> Result<Self> {
        let settings = Settings { page_delay_millis: shape.page_millis, ..Settings::default() };
        let Groups { in_scope, roots } = shape.groups;
        let groups = in_scope + in_scope / 3;
        let options = TenantOptions { people: shape.people, groups, roots, settings, ..TenantOptions::default() };
        let server = Server::start(Options::one(options)).await?;
        let info = server.tenant().ok_or("the server has no tenant")?;
        let taken_in = server.change(info.tenant_id, |directory, now| take_in(directory, &info, shape, now));
        let (groups, fewest_pages) = taken_in.ok_or("the server has lost the tenant")??;
        Ok(Self { server, info, shape, groups, fewest_pages })
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

/// Takes in whom the shape wants. Answers the groups in scope, and the fewest pages of a full read.
fn take_in(directory: &mut Directory, info: &TenantInfo, shape: Shape, now: i64) -> Result<(usize, usize)> {
    let roots: Vec<Slot> = info.roots.iter().filter_map(|root| directory.find(*root)).collect();
    let kind = |directory: &Directory, slot: Slot, kind: Kind| {
        directory.object(slot).is_some_and(|object| object.kind == kind)
    };
    let groups: BTreeSet<Slot> = below(directory, &roots)
        .into_iter()
        .chain(roots.iter().copied())
        .filter(|slot| kind(directory, *slot, Kind::Group))
        .collect();
    if let Inside::Some(_) = shape.inside {
        for group in &groups {
            for member in directory.object(*group).map(|group| group.members().to_vec()).unwrap_or_default() {
                if kind(directory, member, Kind::User) {
                    directory.remove_member(*group, member, now)?;
                }
            }
        }
    }
    let inside = below(directory, &roots);
    let outside: Vec<Slot> =
        directory.live(Kind::User).map(|(slot, _)| slot).filter(|slot| !inside.contains(slot)).collect();
    let joining: Vec<Slot> = match shape.inside {
        Inside::All => outside,
        Inside::Some(people) => outside.into_iter().take(people as usize).collect(),
        Inside::Everyone => Vec::new(),
    };
    // Into the roots where everybody is in anyhow, and else into all groups alike.
    let spread: Vec<Slot> = if shape.inside == Inside::All { roots } else { groups.iter().copied().collect() };
    for (person, group) in joining.iter().zip(spread.iter().cycle()) {
        directory.add_member(*group, *person, now)?;
    }
    let members = |group: &Slot| directory.object(*group).map_or(0, |group| group.members().len());
    let pages = |rows: usize| rows.div_ceil(LARGEST_PAGE).max(1);
    let of_people = pages(shape.people as usize);
    let fewest_pages = match shape.inside {
        Inside::Everyone => of_people,
        Inside::All | Inside::Some(_) => of_people + groups.iter().map(|group| pages(members(group))).sum::<usize>(),
    };
    Ok((groups.len(), fewest_pages))
}

fn below(directory: &Directory, roots: &[Slot]) -> BTreeSet<Slot> {
    let view = directory.present();
    roots.iter().flat_map(|root| view.transitive_members(*root)).collect()
}
