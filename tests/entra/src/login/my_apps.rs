//! My Apps: the links from which people start.

use super::people::{self, Account};
use super::visit::{Prompt, Step, Visit};
use super::{LoginError, authorize, pages};
use crate::apps;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;

/// Answers a request to the page.
pub(super) fn answer(state: &State, request: &Request) -> Result<Reply, LoginError> {
    let visit = Visit::new(state, request);
    let hint = visit.fields.get("login_hint");
    let (signed, cookie) = match visit.identify(None, "My Apps", Prompt::Needed, hint)? {
        Step::Present(signed, cookie) => (signed, cookie),
        Step::Page(page) => return Ok(page),
        Step::Cancelled => return Ok(pages::signed_out(&[], None)),
    };
    let reply = pages::my_apps(&links(state, &signed.account)?);
    Ok(match cookie {
        Some(cookie) => reply.header("set-cookie", cookie),
        None => reply,
    })
}

/// Name and address of each app that a person may start.
fn links(state: &State, account: &Account) -> Result<Vec<(String, String)>, LoginError> {
    let tenant = state.tenant(account.tenant).ok_or_else(|| LoginError::new(90_002))?;
    let person = people::person(&tenant, account.person).ok_or_else(|| LoginError::new(50_034))?;
    let clients: Vec<_> = crate::sync::read(&tenant.apps).keys().copied().collect();
    let all = clients.into_iter().filter_map(|client| apps::in_tenant(state, &tenant, client));
    let open = all.filter(|app| app.enabled && authorize::is_assigned(app, &person));
    Ok(open.filter_map(|app| Some((app.name(), app.registration.homepage_url.clone()?))).collect())
}
