//! Changes of the directory as a test would tell them.

use super::burst;
use super::{ControlError, Outcome};
use crate::directory::{Directory, Kind, NewObject, Slot, WriteError};
use crate::graph::{Photo, stored_values};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use rand::Rng as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// One change.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Action {
    /// A new person: realistic ones unless properties are given.
    Join {
        id: Option<Uuid>,
        #[serde(default)]
        properties: Map<String, Value>,
        #[serde(default)]
        groups: Vec<Uuid>,
        manager: Option<Uuid>,
    },
    /// To the recycle bin: a person or a group.
    Leave {
        id: Uuid,
    },
    /// Gone for good.
    Purge {
        id: Uuid,
    },
    /// Back from the recycle bin.
    Restore {
        id: Uuid,
        user_principal_name: Option<String>,
    },
    Disable {
        id: Uuid,
    },
    Enable {
        id: Uuid,
    },
    /// Another display name, with given name and surname from it for people.
    Rename {
        id: Uuid,
        display_name: String,
    },
    SetProperties {
        id: Uuid,
        properties: Map<String, Value>,
    },
    SetManager {
        id: Uuid,
        manager: Option<Uuid>,
    },
    /// Out of one group and into another.
    Move {
        id: Uuid,
        from: Uuid,
        to: Uuid,
    },
    AddMember {
        group: Uuid,
        member: Uuid,
    },
    RemoveMember {
        group: Uuid,
        member: Uuid,
    },
    CreateGroup {
        id: Option<Uuid>,
        display_name: String,
        #[serde(default)]
        properties: Map<String, Value>,
        #[serde(default)]
        members: Vec<Uuid>,
        #[serde(default)]
        parents: Vec<Uuid>,
    },
    /// All direct members leave the group.
    EmptyGroup {
        id: Uuid,
    },
    /// Two people exchange the value of a property.
    Swap {
        one: Uuid,
        other: Uuid,
        property: String,
    },
    /// Another photo, or none.
    SetPhoto {
        id: Uuid,
        photo: Option<Photo>,
    },
    /// So many random changes.
    Burst {
        count: u32,
        #[serde(default)]
        seed: u64,
        #[serde(default)]
        within: Option<Uuid>,
    },
}

impl From<WriteError> for ControlError {
    fn from(error: WriteError) -> Self {
        Self::bad(error.to_string())
    }
}

/// Performs one action, or a list of them in order. The first that fails ends the list; those before it stand.
pub(super) fn perform(state: &Arc<State>, tenant: &Arc<Tenant>, request: &Request) -> Outcome {
    let body: Value = super::read(request)?;
    let actions: Vec<Action> = match body {
        Value::Array(_) => serde_json::from_value(body),
        one => serde_json::from_value(one).map(|action| vec![action]),
    }
    .map_err(|error| ControlError::bad(error.to_string()))?;
    let before = crate::sync::read(&tenant.directory).sequence();
    let mut results = Vec::with_capacity(actions.len());
    for action in actions {
        results.push(tenant.change(state, |directory, now| Editor { directory, tenant, now }.perform(action))?);
    }
    let after = crate::sync::read(&tenant.directory).sequence();
    Ok(Reply::json(
        200,
        &json!({"results": results, "changes": after - before, "sequence": after, "at": state.clock.now_millis()}),
    ))
}

struct Editor<'tenant> {
    directory: &'tenant mut Directory,
    tenant: &'tenant Tenant,
    now: i64,
}

impl Editor<'_> {
    fn perform(&mut self, action: Action) -> Result<Value, ControlError> {
        let now = self.now;
        match action {
            Action::Join { id, properties, groups, manager } => return self.join(id, properties, &groups, manager),
            Action::CreateGroup { id, display_name, properties, members, parents } => {
                return self.create_group(id, &display_name, properties, &members, &parents);
            }
            Action::Burst { count, seed, within } => {
                let within = within.map(|id| self.find(id)).transpose()?;
                return Ok(
                    json!({"performed": burst::perform(self.directory, &self.tenant.domain, count, seed, within, now)}),
                );
            }
            Action::Leave { id } => self.directory.delete(self.find(id)?, now)?,
            Action::Purge { id } => self.directory.purge(self.find(id)?, now)?,
            Action::Restore { id, user_principal_name } => {
                self.directory.restore(self.find(id)?, user_principal_name.as_deref(), now)?
            }
            Action::Disable { id } => self.set(id, &[("accountEnabled", Some("false"))])?,
            Action::Enable { id } => self.set(id, &[("accountEnabled", Some("true"))])?,
            Action::Rename { id, display_name } => self.rename(id, &display_name)?,
            Action::SetProperties { id, properties } => {
                let slot = self.find(id)?;
                let kind = self.directory.object(slot).map_or(Kind::User, |object| object.kind);
                self.directory.set(slot, &values(kind, &properties)?, now)?;
            }
            Action::SetManager { id, manager } => {
                let manager = manager.map(|manager| self.find(manager)).transpose()?;
                self.directory.set_manager(self.find(id)?, manager, now)?;
            }
            Action::Move { id, from, to } => {
                let (member, from, to) = (self.find(id)?, self.find(from)?, self.find(to)?);
                self.directory.remove_member(from, member, now)?;
                self.directory.add_member(to, member, now)?;
            }
            Action::AddMember { group, member } => {
                self.directory.add_member(self.find(group)?, self.find(member)?, now)?
            }
            Action::RemoveMember { group, member } => {
                self.directory.remove_member(self.find(group)?, self.find(member)?, now)?
            }
            Action::EmptyGroup { id } => self.empty(id)?,
            Action::SetPhoto { id, photo } => {
                self.find(id)?;
                crate::sync::lock(&self.tenant.photos).set(id, photo);
            }
            Action::Swap { one, other, property } => {
                self.directory.swap(self.find(one)?, self.find(other)?, &property, now)?
            }
        }
        Ok(json!({}))
    }

    fn find(&self, id: Uuid) -> Result<Slot, ControlError> {
        self.directory.find(id).ok_or_else(|| ControlError::missing(&id.to_string()))
    }

    fn set(&mut self, id: Uuid, pairs: &[(&str, Option<&str>)]) -> Result<(), ControlError> {
        let values: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
        self.directory.set(self.find(id)?, &values, self.now)?;
        Ok(())
    }

    fn rename(&mut self, id: Uuid, display_name: &str) -> Result<(), ControlError> {
        let is_user = self.directory.object(self.find(id)?).is_some_and(|object| object.kind == Kind::User);
        match display_name.rsplit_once(' ') {
            Some((given, surname)) if is_user => self.set(
                id,
                &[("displayName", Some(display_name)), ("givenName", Some(given)), ("surname", Some(surname))],
            ),
            _ => self.set(id, &[("displayName", Some(display_name))]),
        }
    }

    fn join(
        &mut self,
        id: Option<Uuid>,
        properties: Map<String, Value>,
        groups: &[Uuid],
        manager: Option<Uuid>,
    ) -> Result<Value, ControlError> {
        let groups = groups.iter().map(|group| self.find(*group)).collect::<Result<Vec<_>, _>>()?;
        let manager = manager.map(|manager| self.find(manager)).transpose()?;
        let mut person = if properties.is_empty() {
            let number = u32::try_from(self.directory.len()).unwrap_or(u32::MAX);
            let mut person =
                crate::seed::person(&mut crate::sync::lock(&self.tenant.random), &self.tenant.domain, number);
            // A joiner is somebody who works here from now on.
            person.values.retain(|(name, _)| name != "accountEnabled");
            person.values.push(("accountEnabled".to_owned(), Some("true".to_owned())));
            person
        } else {
            NewObject { kind: Kind::User, id: self.draw_id(), values: values(Kind::User, &properties)? }
        };
        person.id = id.unwrap_or(person.id);
        let id = person.id;
        let slot = self.directory.create(person, self.now)?;
        for group in groups {
            self.directory.add_member(group, slot, self.now)?;
        }
        if manager.is_some() {
            self.directory.set_manager(slot, manager, self.now)?;
        }
        let name = self.directory.text(slot, "userPrincipalName");
        Ok(json!({"id": id, "userPrincipalName": name, "displayName": self.directory.text(slot, "displayName")}))
    }

    fn create_group(
        &mut self,
        id: Option<Uuid>,
        name: &str,
        properties: Map<String, Value>,
        members: &[Uuid],
        parents: &[Uuid],
    ) -> Result<Value, ControlError> {
        let nickname: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
        let mut all = json!({
            "displayName": name, "mailNickname": nickname, "groupTypes": [], "mailEnabled": false, "securityEnabled": true,
        });
        if let Some(all) = all.as_object_mut() {
            all.extend(properties);
        }
        let id = id.unwrap_or_else(|| self.draw_id());
        let values = values(Kind::Group, all.as_object().unwrap_or(&Map::new()))?;
        let slot = self.directory.create(NewObject { kind: Kind::Group, id, values }, self.now)?;
        for member in members {
            self.directory.add_member(slot, self.find(*member)?, self.now)?;
        }
        for parent in parents {
            self.directory.add_member(self.find(*parent)?, slot, self.now)?;
        }
        Ok(json!({"id": id}))
    }

    fn empty(&mut self, id: Uuid) -> Result<(), ControlError> {
        let group = self.find(id)?;
        let members = self.directory.object(group).map(|object| object.members().to_vec()).unwrap_or_default();
        for member in members {
            self.directory.remove_member(group, member, self.now)?;
        }
        Ok(())
    }

    fn draw_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(crate::sync::lock(&self.tenant.random).random()).into_uuid()
    }
}

fn values(kind: Kind, properties: &Map<String, Value>) -> Result<Vec<(String, Option<String>)>, ControlError> {
    stored_values(kind, properties).map_err(|error| ControlError::bad(error.message))
}
