//! Scopes: what a request may ask for, what it is called on a page, and who may consent to it.

use super::LoginError;
use super::people::Person;
use crate::apps::App;
use std::collections::BTreeSet;

/// Graph itself, in every cloud.
pub(super) const RESOURCES: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// The scopes of sign-in itself.
pub(super) const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Delegated permissions whose name looks like an administrator's but which people may grant for themselves.
const FOR_EVERYBODY: [&str; 3] = ["User.ReadBasic.All", "People.Read.All", "Place.Read.All"];

/// The scopes of one request.
#[derive(Clone, Debug)]
pub(super) struct Scopes {
    /// The resource: Graph by the name that the client used.
    pub(super) resource: String,
    /// Short names.
    pub(super) names: BTreeSet<String>,
    /// `.default` was asked for.
    pub(super) default: bool,
}

/// Reads a `scope` parameter. Graph is the resource of whatever names none; this server stands in its place.
pub(super) fn parse(text: &str, app: &App, origin: &str) -> Result<Scopes, LoginError> {
    let mut scopes = Scopes { resource: String::new(), names: BTreeSet::new(), default: false };
    for scope in text.split_whitespace() {
        let (resource, name) = split(scope, origin)?;
        if let Some(resource) = resource {
            if !scopes.resource.is_empty() && scopes.resource != resource {
                return Err(LoginError::new(28_000));
            }
            resource.clone_into(&mut scopes.resource);
        }
        if name == ".default" {
            scopes.default = true;
            scopes.names.extend(app.registration.delegated_permissions.iter().cloned());
        } else {
            scopes.names.insert(name.to_owned());
        }
    }
    if scopes.names.is_empty() && !scopes.default {
        return Err(LoginError::about(900_144, "scope"));
    }
    if scopes.resource.is_empty() {
        RESOURCES.first().copied().unwrap_or_default().clone_into(&mut scopes.resource);
    }
    Ok(scopes)
}

fn split<'scope>(scope: &'scope str, origin: &str) -> Result<(Option<&'scope str>, &'scope str), LoginError> {
    if !scope.contains("://") {
        // A permission of Graph has a word on each side of a full stop.
        let known = OPENID.contains(&scope) || scope == ".default" || scope.split('.').count() > 1;
        return if known { Ok((None, scope)) } else { Err(LoginError::about(70_011, scope)) };
    }
    let (resource, name) = scope.rsplit_once('/').ok_or_else(|| LoginError::about(70_011, scope))?;
    if RESOURCES.contains(&resource) || resource == origin {
        return Ok((Some(resource), name));
    }
    Err(LoginError::about(650_057, resource))
}

/// Whether only an administrator may consent to a delegated permission.
pub(super) fn needs_administrator(name: &str) -> bool {
    let whole = name.ends_with(".All") || name.starts_with("Directory.") || name.starts_with("RoleManagement.");
    whole && !FOR_EVERYBODY.contains(&name)
}

/// What of the scopes nobody consented to yet, for one person.
pub(super) fn missing(scopes: &Scopes, app: &App, person: &Person) -> BTreeSet<String> {
    let granted = app.granted_to(person.id);
    scopes.names.iter().filter(|name| !granted.contains(*name)).cloned().collect()
}

/// What a page says about a permission.
pub(super) fn description(name: &str) -> &'static str {
    match name {
        "openid" => "Sign you in",
        "profile" => "View your basic profile",
        "email" => "View your email address",
        "offline_access" => "Maintain access to data you have given it access to",
        "User.Read" => "Sign you in and read your profile",
        "User.ReadBasic.All" => "Read all users' basic profiles",
        "User.Read.All" => "Read all users' full profiles",
        "Group.Read.All" => "Read all groups",
        "GroupMember.Read.All" => "Read group memberships",
        "Organization.Read.All" => "Read organization information",
        "ProfilePhoto.Read.All" => "Read all profile photos",
        "Directory.Read.All" => "Read directory data",
        _ => "Use this permission of Microsoft Graph",
    }
}
