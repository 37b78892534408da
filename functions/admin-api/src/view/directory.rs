//! Groups and people of a directory, for whoever chooses among them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::identity::GroupId;
use rollcall_graph::{Group as FoundGroup, User as FoundUser};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::matter::SkipReason;
use super::user::Reason;

/// A group of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DirectoryGroup)]
pub(crate) struct Group {
    /// Its object id: what a scope names.
    id: Uuid,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("Sales"))]
    name: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("sales@contoso.com"))]
    mail: Option<String>,
    /// What kind of group it is.
    kind: GroupKind,
    /// Whether a rule of the tenant fills it.
    dynamic: bool,
    /// Whether it is one of the connection's scope groups.
    in_scope: bool,
}

/// What kind of group it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DirectoryGroupKind)]
enum GroupKind {
    /// A security group.
    Security,
    /// A Microsoft 365 group: people only, no nested groups.
    Microsoft365,
    /// A security group with an address.
    MailEnabledSecurity,
    /// A distribution list.
    Distribution,
}

/// A person of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DirectoryPerson)]
pub(crate) struct Person {
    /// The object id.
    id: Uuid,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("Megan Bowen"))]
    name: Option<String>,
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    /// The surname.
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    /// The user principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("meganb@contoso.com"))]
    user_principal_name: Option<String>,
    /// The job title.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_title: Option<String>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    /// Whether they are a guest of the tenant (`userType`).
    guest: bool,
    /// What choosing them would mean.
    standing: Standing,
}

/// What choosing a person would mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = DirectoryStanding)]
pub(crate) enum Standing {
    /// They can be added.
    #[schema(title = "Addable")]
    Addable {},
    /// They have an active account of this connection.
    #[schema(title = "AlreadyHere")]
    AlreadyHere {},
    /// They had an account of this connection. It is inactive.
    #[schema(title = "Left")]
    Left {
        /// Why it is inactive.
        reason: Reason,
        /// Since when.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// They have an active account of another connection of the same tenant.
    #[schema(title = "Elsewhere")]
    Elsewhere {
        /// That connection.
        connection: Uuid,
        /// What people call it.
        name: String,
    },
    /// A sync would skip them.
    #[schema(title = "Skipped")]
    Skipped {
        /// Why.
        reasons: Vec<SkipReason>,
    },
}

impl Group {
    /// A group as Graph tells it.
    pub(crate) fn of(group: FoundGroup, roots: &BTreeSet<GroupId>) -> Self {
        let is_type = |name: &str| group.group_types.value().is_some_and(|types| types.iter().any(|kind| kind == name));
        let flag = |field: &rollcall_graph::Field<bool>| field.value().copied().unwrap_or_default();
        // By `groupTypes` first (Graph page "Working with groups in Microsoft Graph").
        let kind = match (is_type("Unified"), flag(&group.mail_enabled), flag(&group.security_enabled)) {
            (true, _, _) => GroupKind::Microsoft365,
            (false, true, true) => GroupKind::MailEnabledSecurity,
            (false, true, false) => GroupKind::Distribution,
            (false, false, _) => GroupKind::Security,
        };
        Self {
            id: group.id,
            kind,
            dynamic: is_type("DynamicMembership"),
            in_scope: roots.contains(&GroupId(group.id)),
            name: group.display_name.value().cloned(),
            description: group.description.value().cloned(),
            mail: group.mail.value().cloned(),
        }
    }
}

impl Person {
    /// A person as Graph tells them, with what choosing them would mean.
    pub(crate) fn of(user: &FoundUser, standing: Standing) -> Self {
        let text = |name: &str| user.properties.text(name).map(str::to_owned);
        Self {
            id: user.id,
            name: text("displayName"),
            given_name: text("givenName"),
            surname: text("surname"),
            mail: text("mail"),
            user_principal_name: text("userPrincipalName"),
            job_title: text("jobTitle"),
            department: text("department"),
            guest: text("userType").is_some_and(|kind| kind.eq_ignore_ascii_case("guest")),
            standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_kind_of_a_group_follows_from_its_types_and_flags() {
        for (types, mail, security, kind, dynamic) in [
            (json!([]), false, true, GroupKind::Security, false),
            // Soft-deleted security groups lose the flag.
            (json!([]), false, false, GroupKind::Security, false),
            (json!(null), false, true, GroupKind::Security, false),
            (json!(["DynamicMembership"]), false, true, GroupKind::Security, true),
            (json!(["Unified"]), true, false, GroupKind::Microsoft365, false),
            (json!(["Unified", "DynamicMembership"]), true, true, GroupKind::Microsoft365, true),
            (json!([]), true, true, GroupKind::MailEnabledSecurity, false),
            (json!([]), true, false, GroupKind::Distribution, false),
        ] {
            let id = Uuid::from_u128(5);
            let found = json!({"id": id, "groupTypes": types, "mailEnabled": mail, "securityEnabled": security});
            let group = Group::of(serde_json::from_value(found).unwrap(), &BTreeSet::from([GroupId(id)]));
            assert_eq!((group.kind, group.dynamic, group.in_scope), (kind, dynamic, true));
        }
    }
}
