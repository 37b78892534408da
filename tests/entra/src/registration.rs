//! What an app's registration says about sign-in and about the permissions it asks for.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The part of a registration that sign-in and consent read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Registration {
    /// The name that pages show; the client id when absent.
    pub display_name: Option<String>,
    /// Where answers may go; compared exactly.
    pub redirect_uris: Vec<String>,
    /// Where My Apps leads.
    pub homepage_url: Option<String>,
    /// Called in a hidden frame when a person signs out.
    pub front_channel_logout_url: Option<String>,
    /// People of other tenants may sign in, and their administrators consent.
    pub multi_tenant: bool,
    /// Application permissions of Graph that consent to `.default` grants, by name.
    pub required_roles: BTreeSet<String>,
    /// Delegated permissions of Graph that `.default` stands for, by name.
    pub delegated_permissions: BTreeSet<String>,
    /// Only assigned people may sign in. Each tenant decides this for itself.
    pub assignment_required: bool,
    /// The assigned people and groups. Each tenant has its own.
    pub assigned_users: BTreeSet<Uuid>,
    /// Claims that are not in every ID token.
    pub optional_claims: OptionalClaims,
}

/// Claims that an ID token has when the registration asks for them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct OptionalClaims {
    /// `email`, for members too.
    pub email: bool,
    /// `xms_edov` beside `email`: the value, since it was seen as a boolean, a number and a string.
    pub xms_edov: Option<Value>,
    /// `acct`: 0 for members, 1 for guests.
    pub acct: bool,
    /// `wids`: directory roles.
    pub wids: bool,
    /// `sid`: the session, as front-channel sign-out names it.
    pub sid: bool,
    /// `groups`: ids of groups, or a pointer to Graph when there are too many.
    pub groups: bool,
}
