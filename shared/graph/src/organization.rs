//! The tenant itself.

use serde::Deserialize;
use uuid::Uuid;

use crate::page::Page;
use crate::request::Request;

/// The organisation behind the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant id.
    pub id: Uuid,
    /// The organisation's name.
    pub display_name: Option<String>,
    /// The domains it has proved to own.
    #[serde(default)]
    pub verified_domains: Vec<VerifiedDomain>,
}

/// A domain of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// Its name.
    pub name: String,
    /// Whether new users get it.
    #[serde(default)]
    pub is_default: bool,
}

/// Reads the organisation: a collection of exactly one.
pub fn get() -> Request<Page<Organization>> {
    Request::list("/organization", &[]).select(&["displayName", "verifiedDomains"]).permission("Organization.Read.All")
}
