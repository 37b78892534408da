//! The properties of users and groups that Graph v1.0 knows, and how each one is kept and shown.
//!
//! Names come from the metadata document of Graph v1.0. A property that the simulation never fills is listed all the
//! same, so that selecting it is accepted and an unknown name is refused.

/// How the stored text of a property becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON string.
    Text,
    /// `true` or `false`.
    Bool,
    /// Stored as JSON and copied as it is: objects, numbers.
    Json,
    /// Stored as JSON and copied as it is; never set is `[]`.
    List,
    /// The time of creation, kept with the object.
    Created,
    /// The time of the soft delete, kept with the object.
    Deleted,
}

/// One property of a kind of object.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// The name on the wire.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// Many objects share the same value, so that values are kept once.
    pub pooled: bool,
    /// Returned when a request has no `$select`.
    pub standard: bool,
    /// May be used in `$filter`.
    pub filterable: bool,
    /// A collection can return it. Graph answers 501 for the others.
    pub listable: bool,
    /// User.ReadBasic.All is enough to read it.
    pub basic: bool,
}

const fn property(name: &'static str, form: Form) -> Property {
    Property { name, form, pooled: true, standard: false, filterable: false, listable: true, basic: false }
}

const fn text(name: &'static str) -> Property {
    property(name, Form::Text)
}

const fn list(name: &'static str) -> Property {
    property(name, Form::List)
}

const fn json(name: &'static str) -> Property {
    property(name, Form::Json)
}

const fn flag(name: &'static str) -> Property {
    property(name, Form::Bool)
}

impl Property {
    const fn unique(mut self) -> Self {
        self.pooled = false;
        self
    }
    const fn standard(mut self) -> Self {
        self.standard = true;
        self
    }
    const fn basic(mut self) -> Self {
        self.standard = true;
        self.basic = true;
        self
    }
    const fn filterable(mut self) -> Self {
        self.filterable = true;
        self
    }
    /// Stored outside the directory: only a request for a single user returns it.
    const fn single(mut self) -> Self {
        self.listable = false;
        self
    }
}

/// The properties of `user`, in the order in which they are written.
pub static USER: &[Property] = &[
    text("aboutMe").single(),
    flag("accountEnabled").filterable(),
    text("ageGroup"),
    list("assignedLicenses"),
    list("assignedPlans"),
    json("authorizationInfo"),
    text("birthday").single(),
    list("businessPhones").unique().basic(),
    text("city").filterable(),
    text("companyName").filterable(),
    text("consentProvidedForMinor"),
    text("country").filterable(),
    property("createdDateTime", Form::Created).filterable(),
    text("creationType"),
    json("customSecurityAttributes"),
    property("deletedDateTime", Form::Deleted).filterable(),
    text("department").filterable(),
    json("deviceEnrollmentLimit").single(),
    text("displayName").unique().basic().filterable(),
    text("employeeHireDate").filterable(),
    text("employeeId").unique().filterable(),
    text("employeeLeaveDateTime"),
    json("employeeOrgData"),
    text("employeeType").filterable(),
    text("externalUserState").filterable(),
    text("externalUserStateChangeDateTime"),
    text("faxNumber"),
    text("givenName").basic().filterable(),
    text("hireDate").single(),
    list("identities"),
    text("identityParentId"),
    list("imAddresses"),
    list("interests").single(),
    flag("isManagementRestricted"),
    flag("isResourceAccount"),
    text("jobTitle").basic().filterable(),
    text("lastPasswordChangeDateTime"),
    text("legalAgeGroupClassification"),
    list("licenseAssignmentStates"),
    text("mail").unique().basic().filterable(),
    json("mailboxSettings").single(),
    text("mailNickname").unique().filterable(),
    text("mobilePhone").unique().basic(),
    text("mySite").single(),
    text("officeLocation").basic().filterable(),
    text("onPremisesDistinguishedName").unique(),
    text("onPremisesDomainName"),
    json("onPremisesExtensionAttributes"),
    text("onPremisesImmutableId").unique().filterable(),
    text("onPremisesLastSyncDateTime"),
    list("onPremisesProvisioningErrors"),
    text("onPremisesSamAccountName").unique(),
    text("onPremisesSecurityIdentifier").unique(),
    flag("onPremisesSyncEnabled").filterable(),
    text("onPremisesUserPrincipalName").unique(),
    list("otherMails").unique().filterable(),
    text("passwordPolicies"),
    json("passwordProfile"),
    list("pastProjects").single(),
    text("postalCode").filterable(),
    text("preferredDataLocation"),
    text("preferredLanguage").basic().filterable(),
    text("preferredName").single(),
    json("print").single(),
    list("provisionedPlans"),
    list("proxyAddresses").unique().filterable(),
    list("responsibilities").single(),
    list("schools").single(),
    text("securityIdentifier").unique(),
    list("serviceProvisioningErrors"),
    flag("showInAddressList"),
    json("signInActivity"),
    text("signInSessionsValidFromDateTime"),
    list("skills").single(),
    text("state").filterable(),
    text("streetAddress").filterable(),
    text("surname").basic().filterable(),
    text("usageLocation").filterable(),
    text("userPrincipalName").unique().basic().filterable(),
    text("userType").filterable(),
];

/// The properties of `group`, in the order in which they are written.
pub static GROUP: &[Property] = &[
    text("accessType").single(),
    flag("allowExternalSenders").single(),
    list("assignedLabels"),
    list("assignedLicenses"),
    flag("autoSubscribeNewMembers").single(),
    text("classification").standard(),
    property("createdDateTime", Form::Created).standard().filterable(),
    property("deletedDateTime", Form::Deleted).standard().filterable(),
    text("description").unique().standard(),
    text("displayName").unique().standard().filterable(),
    text("expirationDateTime").standard(),
    list("groupTypes").standard().filterable(),
    flag("hasMembersWithLicenseErrors"),
    flag("hideFromAddressLists").single(),
    flag("hideFromOutlookClients").single(),
    list("infoCatalogs"),
    flag("isArchived"),
    flag("isAssignableToRole").standard().filterable(),
    flag("isFavorite"),
    flag("isManagementRestricted"),
    flag("isSubscribedByMail").single(),
    json("licenseProcessingState"),
    text("mail").unique().standard().filterable(),
    flag("mailEnabled").standard().filterable(),
    text("mailNickname").unique().standard().filterable(),
    text("membershipRule").standard(),
    text("membershipRuleProcessingState").standard(),
    text("onPremisesDomainName").standard(),
    json("onPremisesExtensionAttributes"),
    text("onPremisesLastSyncDateTime").standard(),
    text("onPremisesNetBiosName").standard(),
    list("onPremisesProvisioningErrors").standard(),
    text("onPremisesSamAccountName").standard(),
    text("onPremisesSecurityIdentifier").unique().standard(),
    flag("onPremisesSyncEnabled").standard().filterable(),
    text("organizationId"),
    text("preferredDataLocation").standard(),
    text("preferredLanguage").standard(),
    list("proxyAddresses").unique().standard().filterable(),
    text("renewedDateTime").standard(),
    list("resourceBehaviorOptions").standard(),
    list("resourceProvisioningOptions").standard(),
    flag("securityEnabled").standard().filterable(),
    text("securityIdentifier").unique().standard(),
    list("serviceProvisioningErrors").standard(),
    text("theme").standard(),
    text("uniqueName").unique().standard(),
    json("unseenCount").single(),
    text("visibility").standard(),
    flag("welcomeMessageEnabled"),
];

/// The properties kept of objects that only appear as members or as containers of people.
pub static OTHER: &[Property] =
    &[text("description").unique().standard(), text("displayName").unique().standard().filterable()];

/// The properties kept of directory roles.
pub static ROLE: &[Property] = &[
    text("description").unique().standard(),
    text("displayName").unique().standard().filterable(),
    text("roleTemplateId").unique().standard().filterable(),
];

/// The number of a property within the table of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyId(pub u8);

/// The kind of a directory object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person or guest.
    User,
    /// A group of any type.
    Group,
    /// A device: may be a member of a security group.
    Device,
    /// An enterprise application: may be a member of a security group.
    ServicePrincipal,
    /// An organisational contact: may be a member of a security group.
    OrgContact,
    /// A directory role: shows in `memberOf`.
    DirectoryRole,
    /// An administrative unit: shows in `memberOf`.
    AdministrativeUnit,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 7] = [
        Kind::User,
        Kind::Group,
        Kind::Device,
        Kind::ServicePrincipal,
        Kind::OrgContact,
        Kind::DirectoryRole,
        Kind::AdministrativeUnit,
    ];

    /// The type name without namespace, as in `#microsoft.graph.user`.
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::Device => "device",
            Kind::ServicePrincipal => "servicePrincipal",
            Kind::OrgContact => "orgContact",
            Kind::DirectoryRole => "directoryRole",
            Kind::AdministrativeUnit => "administrativeUnit",
        }
    }

    /// The kind of a type name, with or without `#` and namespace.
    pub fn from_type_name(name: &str) -> Option<Kind> {
        let bare = name.trim_start_matches('#');
        let bare = bare.strip_prefix("microsoft.graph.").unwrap_or(bare);
        Kind::ALL.into_iter().find(|kind| kind.type_name().eq_ignore_ascii_case(bare))
    }

    /// The properties of the kind.
    pub fn properties(self) -> &'static [Property] {
        match self {
            Kind::User => USER,
            Kind::Group => GROUP,
            Kind::DirectoryRole => ROLE,
            _ => OTHER,
        }
    }

    /// The property of that name, compared without case as `OData` names are in Graph.
    pub fn property(self, name: &str) -> Option<(PropertyId, &'static Property)> {
        let position = self.properties().iter().position(|property| property.name.eq_ignore_ascii_case(name))?;
        let id = PropertyId(u8::try_from(position).ok()?);
        Some((id, self.properties().get(position)?))
    }

    /// The table entry of a property.
    pub fn describe(self, id: PropertyId) -> Option<&'static Property> {
        self.properties().get(usize::from(id.0))
    }

    /// May have members.
    pub fn holds_members(self) -> bool {
        matches!(self, Kind::Group | Kind::DirectoryRole | Kind::AdministrativeUnit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn property_tables_are_sorted_and_fit_a_change_mask() {
        for kind in Kind::ALL {
            let names: Vec<_> = kind.properties().iter().map(|property| property.name).collect();
            let mut sorted = names.clone();
            sorted.sort_unstable_by_key(|name| name.to_lowercase());
            sorted.dedup();
            assert_eq!(names, sorted);
            assert!(names.len() <= 120);
        }
    }

    #[test]
    fn names_are_found_without_case() {
        let (id, property) = Kind::User.property("DISPLAYNAME").unwrap();
        assert_eq!(property.name, "displayName");
        assert_eq!(Kind::User.describe(id).unwrap().name, "displayName");
        assert_eq!(Kind::from_type_name("#microsoft.graph.group"), Some(Kind::Group));
    }
}
