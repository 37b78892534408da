//! The people who sign in: found by what they type, seen from the tenant they sign in to.

use super::LoginError;
use crate::directory::{Directory, Kind, Slot};
use crate::state::State;
use crate::tenant::Tenant;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// Administrators who may consent to any permission.
const CONSENT_TO_ALL: [&str; 2] = [GLOBAL_ADMINISTRATOR, "e8611ab8-c189-46e8-94e1-60213ab1f814"];
/// Administrators who may consent to delegated permissions alone.
const CONSENT_TO_DELEGATED: [&str; 2] =
    ["9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "158c047a-c907-4556-b7ef-446551a6b5f7"];
/// The template of the role that may do everything.
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// An account: a person and the tenant that knows the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// The tenant of the account.
    pub(crate) tenant: Uuid,
    /// The id of the person there.
    pub(crate) person: Uuid,
}

/// One person as a tenant's directory has them.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: Uuid,
    pub(super) principal_name: String,
    pub(super) display_name: Option<String>,
    pub(super) mail: Option<String>,
    pub(super) guest: bool,
    pub(super) enabled: bool,
    /// Template ids of directory roles.
    pub(super) roles: BTreeSet<String>,
    /// Ids of groups, nested ones too.
    pub(super) groups: BTreeSet<Uuid>,
}

impl Person {
    /// May consent for everybody: to application permissions too, or to delegated ones alone.
    pub(super) fn may_consent(&self, application_permissions: bool) -> bool {
        let has = |templates: &[&str]| templates.iter().any(|template| self.roles.contains(*template));
        has(&CONSENT_TO_ALL) || (!application_permissions && has(&CONSENT_TO_DELEGATED))
    }
}

/// The live person with that id.
pub(super) fn person(tenant: &Tenant, id: Uuid) -> Option<Person> {
    let directory = crate::sync::read(&tenant.directory);
    let slot = directory.find(id)?;
    read(&directory, slot)
}

fn read(directory: &Directory, slot: Slot) -> Option<Person> {
    let object = directory.object(slot).filter(|object| object.kind == Kind::User && object.is_live())?;
    let text = |name: &str| directory.text(slot, name).map(str::to_owned);
    let view = directory.present();
    let (mut roles, mut groups) = (BTreeSet::new(), BTreeSet::new());
    for holder in view.transitive_holders(slot) {
        let Some(found) = directory.object(holder) else { continue };
        match found.kind {
            Kind::DirectoryRole => roles.extend(directory.text(holder, "roleTemplateId").map(str::to_owned)),
            Kind::Group => {
                groups.insert(found.id);
            }
            _ => {}
        }
    }
    Some(Person {
        id: object.id,
        principal_name: text("userPrincipalName").unwrap_or_default(),
        display_name: text("displayName"),
        mail: text("mail"),
        guest: directory.text(slot, "userType") == Some("Guest"),
        enabled: directory.text(slot, "accountEnabled") != Some("false"),
        roles,
        groups,
    })
}

/// The account that somebody means by a sign-in name. A guest signs in with the address of their own organisation.
pub(super) fn find_account(state: &State, target: Option<&Arc<Tenant>>, name: &str) -> Result<Account, LoginError> {
    let known = |tenant: &Tenant| {
        let directory = crate::sync::read(&tenant.directory);
        let slot = directory.find_user_principal_name(name)?;
        directory.object(slot).map(|object| Account { tenant: tenant.id, person: object.id })
    };
    if let Some(found) = target.and_then(|target| known(target)) {
        return Ok(found);
    }
    let tenants: Vec<Arc<Tenant>> = crate::sync::read(&state.tenants).values().cloned().collect();
    let at_home = tenants.iter().find_map(|tenant| known(tenant));
    let as_guest = || {
        let target = target?;
        Some(Account { tenant: target.id, person: guest(target, name)? })
    };
    at_home.or_else(as_guest).ok_or_else(|| LoginError::about(50_034, name))
}

/// The person whom an account is in a tenant: itself, or the guest with its address.
pub(super) fn seen_from(state: &State, target: &Tenant, account: &Account) -> Result<Person, LoginError> {
    if account.tenant == target.id {
        return person(target, account.person).ok_or_else(|| LoginError::new(50_034));
    }
    let home = state.tenant(account.tenant).and_then(|home| person(&home, account.person));
    let home = home.ok_or_else(|| LoginError::new(50_034))?;
    if !home.enabled {
        return Err(LoginError::new(50_057));
    }
    let names = [home.mail.as_deref(), Some(home.principal_name.as_str())];
    let found = names.into_iter().flatten().find_map(|name| guest(target, name)).and_then(|id| person(target, id));
    found.ok_or_else(|| LoginError::about(50_020, &home.principal_name))
}

/// The guest with that address.
fn guest(tenant: &Tenant, address: &str) -> Option<Uuid> {
    let directory = crate::sync::read(&tenant.directory);
    let wanted = |slot: Slot| {
        directory.text(slot, "userType") == Some("Guest")
            && directory.text(slot, "mail").is_some_and(|mail| mail.eq_ignore_ascii_case(address))
    };
    directory.live(Kind::User).find(|(slot, _)| wanted(*slot)).map(|(_, object)| object.id)
}

/// Whether the password is right: any is, unless the tenant has one set.
pub(super) fn password_is_right(state: &State, account: &Account, password: &str) -> bool {
    let set = state.tenant(account.tenant).and_then(|home| crate::sync::read(&home.settings).password.clone());
    !password.is_empty() && set.is_none_or(|set| set == password)
}

/// Gives a person exactly these directory roles, by template id.
pub(crate) fn set_roles(
    directory: &mut Directory,
    tenant: Uuid,
    person: Uuid,
    templates: &BTreeSet<Uuid>,
    now: i64,
) -> Result<(), crate::directory::WriteError> {
    let missing = || crate::directory::WriteError::Missing(person.to_string());
    let member = directory.find(person).ok_or_else(missing)?;
    let held: Vec<Slot> = directory.object(member).map(|object| object.holders.clone()).unwrap_or_default();
    let template = |directory: &Directory, slot: Slot| {
        let id = directory.text(slot, "roleTemplateId").and_then(|text| Uuid::parse_str(text).ok());
        id.filter(|_| directory.object(slot).is_some_and(|object| object.kind == Kind::DirectoryRole))
    };
    for role in held {
        if template(directory, role).is_some_and(|id| !templates.contains(&id)) {
            directory.remove_member(role, member, now)?;
        }
    }
    for wanted in templates {
        // A role of the directory begins to be there when it is first assigned.
        let id = Uuid::new_v5(&tenant, wanted.as_bytes());
        let role = match directory.find(id) {
            Some(role) => role,
            None => directory.create(new_role(id, *wanted), now)?,
        };
        if !directory.object(role).is_some_and(|object| object.members().contains(&member)) {
            directory.add_member(role, member, now)?;
        }
    }
    Ok(())
}

fn new_role(id: Uuid, template: Uuid) -> crate::directory::NewObject {
    let template = template.to_string();
    let name = match template.as_str() {
        GLOBAL_ADMINISTRATOR => "Global Administrator",
        "e8611ab8-c189-46e8-94e1-60213ab1f814" => "Privileged Role Administrator",
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3" => "Application Administrator",
        "158c047a-c907-4556-b7ef-446551a6b5f7" => "Cloud Application Administrator",
        "fe930be7-5e62-47db-91af-98c3a49a38b1" => "User Administrator",
        "f2ef992c-3afb-46b9-b7cf-a126ee74c451" => "Global Reader",
        _ => "Directory role",
    };
    let values = [("displayName", name), ("roleTemplateId", template.as_str())];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).collect();
    crate::directory::NewObject { kind: Kind::DirectoryRole, id, values }
}
