//! A group, its members, and the changes of both.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use uuid::Uuid;

use crate::decode::Row;
use crate::user::Removed;

/// A property that may be absent, `null`, or there.
/// `Debug` leaves the value out: it may be a name or an address.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not returned: not selected, or never set in a delta row.
    #[default]
    Absent,
    /// Returned as `null`.
    Null,
    /// Returned with a value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Null => "Null",
            Self::Value(_) => "Value",
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// A group with the properties that were selected.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The object id.
    pub id: Uuid,
    /// The name.
    #[serde(default)]
    pub display_name: Field<String>,
    /// The description.
    #[serde(default)]
    pub description: Field<String>,
    /// The group's address.
    #[serde(default)]
    pub mail: Field<String>,
    /// Whether it has a mailbox or distributes mail.
    #[serde(default)]
    pub mail_enabled: Field<bool>,
    /// Whether it is a security group. `false` while a security group is soft-deleted.
    #[serde(default)]
    pub security_enabled: Field<bool>,
    /// `Unified` for a Microsoft 365 group, `DynamicMembership` for one that a rule fills.
    #[serde(default)]
    pub group_types: Field<Vec<String>>,
    /// Set on a delta row that says the group was deleted.
    #[serde(rename = "@removed", default)]
    pub removed: Option<Removed>,
    /// Members that came or went, in the order of arrival. On delta rows only, and perhaps only a part:
    /// a large group is spread over several rows and pages.
    #[serde(rename = "members@delta", default, deserialize_with = "null_as_empty")]
    pub members: Vec<MemberChange>,
}

/// What kind of object a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberKind {
    /// A user.
    User,
    /// A nested group.
    Group,
    /// A device, service principal, contact, or something newer.
    Other,
    /// Graph did not say. Normal for a collection cast to one type.
    #[default]
    NotStated,
}

impl<'de> Deserialize<'de> for MemberKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        Ok(match name.as_deref() {
            Some("#microsoft.graph.user") => Self::User,
            Some("#microsoft.graph.group") => Self::Group,
            Some(_) => Self::Other,
            None => Self::NotStated,
        })
    }
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The object id.
    pub id: Uuid,
    /// What it is.
    #[serde(rename = "@odata.type", default)]
    pub kind: MemberKind,
    /// The name, if it was asked for and may be read.
    #[serde(default)]
    pub display_name: Field<String>,
}

/// A membership that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct MemberChange {
    /// The object id of the member.
    pub id: Uuid,
    /// What it is.
    #[serde(rename = "@odata.type", default)]
    pub kind: MemberKind,
    /// It left the group, or was deleted itself. Graph gives the same reason for both.
    #[serde(rename = "@removed", default, deserialize_with = "is_there")]
    pub removed: bool,
}

fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<MemberChange>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(Row::all).unwrap_or_default())
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        let group: Group = serde_json::from_value(json!({"id": id(1), "mail": null, "displayName": "Staff"})).unwrap();
        assert_eq!(group.description, Field::Absent);
        assert_eq!(group.mail, Field::Null);
        assert_eq!(group.display_name.value(), Some(&"Staff".to_owned()));
        assert!(group.members.is_empty() && group.removed.is_none());
    }

    #[test]
    fn changes_of_members_keep_their_order_and_kind() {
        let group: Group =
            serde_json::from_value(json!({"id": id(1), "securityEnabled": true, "groupTypes": [], "members@delta": [
                {"@odata.type": "#microsoft.graph.user", "id": id(2)},
                {"@odata.type": "#microsoft.graph.user", "id": id(2), "@removed": {"reason": "deleted"}},
                {"@odata.type": "#microsoft.graph.group", "id": id(3)},
                {"@odata.type": "#microsoft.graph.device", "id": id(4)},
                {"id": id(5), "@removed": "deleted"},
            ]}))
            .unwrap();
        let told: Vec<_> =
            group.members.iter().map(|change| (change.id.as_u128(), change.kind, change.removed)).collect();
        assert_eq!(
            told,
            [
                (2, MemberKind::User, false),
                (2, MemberKind::User, true),
                (3, MemberKind::Group, false),
                (4, MemberKind::Other, false),
                (5, MemberKind::NotStated, true),
            ]
        );
    }

    #[test]
    fn a_deleted_group_is_a_row_with_little_in_it() {
        let group: Group = serde_json::from_value(json!({"id": id(1), "@removed": {"reason": "deleted"}})).unwrap();
        assert_eq!(group.removed, Some(Removed::Deleted));
        let group: Group =
            serde_json::from_value(json!({"id": id(1), "members@delta": null, "@removed": null})).unwrap();
        assert!(group.members.is_empty() && group.removed.is_none());
    }

    #[test]
    fn a_member_that_may_not_be_read_is_still_a_member() {
        let wire = json!({"@odata.type": "#microsoft.graph.user", "id": id(2), "displayName": null, "mail": null});
        let member: Member = serde_json::from_value(wire).unwrap();
        assert_eq!(member, Member { id: id(2), kind: MemberKind::User, display_name: Field::Null });
    }
}
