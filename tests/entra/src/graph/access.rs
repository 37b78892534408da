//! Who may do what: application permissions by task, from Microsoft's permission reference.

use super::{Call, GraphError};
use crate::directory::Kind;

/// Any one of these is enough.
pub(crate) type AnyOf = &'static [&'static str];

pub(crate) const READ_USERS: AnyOf =
    &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_BASIC_USERS: AnyOf =
    &["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_GROUPS: AnyOf = &[
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Subscriptions on groups and their recycle bin: reading members is not enough.
pub(crate) const READ_WHOLE_GROUPS: AnyOf =
    &["Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
/// A subscription needs the read permission itself: a write permission does not stand in for it.
pub(crate) const SUBSCRIBE_USERS: AnyOf = &["User.Read.All", "Directory.Read.All"];
pub(crate) const SUBSCRIBE_GROUPS: AnyOf = &["Group.Read.All", "Directory.Read.All"];
pub(crate) const READ_OTHERS: AnyOf = &["Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_ORGANIZATION: AnyOf = &["Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const WRITE_USERS: AnyOf = &["User.ReadWrite.All", "Directory.ReadWrite.All"];
pub(crate) const DISABLE_USERS: AnyOf =
    &["User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
pub(crate) const DELETE_USERS: AnyOf = &["User.DeleteRestore.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
pub(crate) const WRITE_GROUPS: AnyOf = &["Group.ReadWrite.All", "Directory.ReadWrite.All"];
pub(crate) const CREATE_GROUPS: AnyOf = &["Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"];
pub(crate) const WRITE_MEMBERS: AnyOf =
    &["GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"];
/// Photos come from another service, which knows nothing of `Directory.Read.All`.
pub(crate) const READ_PHOTOS: AnyOf =
    &["ProfilePhoto.Read.All", "ProfilePhoto.ReadWrite.All", "User.Read.All", "User.ReadWrite.All"];
pub(crate) const INVITE: AnyOf = &["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];

impl Call<'_> {
    pub(crate) fn may(&self, any_of: AnyOf) -> bool {
        any_of.iter().any(|role| self.roles.contains(*role))
    }

    pub(crate) fn need(&self, any_of: AnyOf) -> Result<(), GraphError> {
        if self.may(any_of) { Ok(()) } else { Err(GraphError::denied()) }
    }

    /// Whether properties of objects of this kind are shown, or only type and id.
    pub(crate) fn sees(&self, kind: Kind) -> bool {
        match kind {
            Kind::User => self.may(READ_BASIC_USERS),
            Kind::Group => self.may(READ_GROUPS),
            Kind::Device => self.may(&["Device.Read.All"]) || self.may(READ_OTHERS),
            Kind::ServicePrincipal => self.may(&["Application.Read.All"]) || self.may(READ_OTHERS),
            Kind::OrgContact => self.may(&["OrgContact.Read.All"]) || self.may(READ_OTHERS),
            Kind::DirectoryRole => self.may(&["RoleManagement.Read.Directory"]) || self.may(READ_OTHERS),
            Kind::AdministrativeUnit => self.may(&["AdministrativeUnit.Read.All"]) || self.may(READ_OTHERS),
        }
    }

    /// What must be granted to list a kind.
    pub(crate) fn need_read(&self, kind: Kind) -> Result<(), GraphError> {
        if self.sees(kind) { Ok(()) } else { Err(GraphError::denied()) }
    }
}
