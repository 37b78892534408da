//! Every way in which a directory changes. Each change is logged with what is needed to undo it.

use super::change::{Change, What, bit};
use super::object::{Links, Object, Presence, Slot, insert, remove};
use super::schema::{Kind, PropertyId};
use super::texts::{NULL, Symbol, narrow};
use super::{Directory, name_hash};
use uuid::Uuid;

/// Why a change was refused. The messages are Graph's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The object is not there, or not in the state that the change needs.
    #[error("Resource '{0}' does not exist or one of its queried reference-property objects are not present.")]
    Missing(String),
    /// A live user has this userPrincipalName.
    #[error("Another object with the same value for property userPrincipalName already exists.")]
    NameTaken,
    /// The member is in the group.
    #[error("One or more added object references already exist for the following modified properties: 'members'.")]
    AlreadyMember,
    /// The member is not in the group.
    #[error("One or more removed object references do not exist for the following modified properties: 'members'.")]
    NotMember,
    /// The kind has no such property, or it cannot be set.
    #[error("Invalid property '{0}'.")]
    Property(String),
    /// This kind cannot hold or be what was asked.
    #[error("Unsupported directory object type.")]
    Kind,
}

/// An object to create.
#[derive(Clone, Debug)]
pub struct NewObject {
    /// The kind.
    pub kind: Kind,
    /// The object id.
    pub id: Uuid,
    /// Properties by name with their stored text; `None` is an explicit null.
    pub values: Vec<(String, Option<String>)>,
}

impl Directory {
    /// Creates an object at `now`, in milliseconds since 1970.
    ///
    /// # Errors
    /// An unknown property, or a userPrincipalName that a live user has.
    pub fn create(&mut self, new: NewObject, now: i64) -> Result<Slot, WriteError> {
        let values = self.store_all(new.kind, &new.values)?;
        let mut object = Object::new(new.id, new.kind, now);
        object.values = values.into_boxed_slice();
        let slot = Slot(narrow(self.objects.len()));
        if let Some(name) = self.name_of(&object) {
            if self.find_user_principal_name(&name).is_some() {
                return Err(WriteError::NameTaken);
            }
            self.by_name.insert(name_hash(&name), slot);
        }
        self.by_id.insert(object.id, slot);
        self.by_kind.entry(object.kind).or_default().push(slot);
        self.objects.push(object);
        self.log_change(now, slot, What::Created);
        Ok(slot)
    }

    /// Changes properties of a live object; `None` clears. Values equal to the old ones are no change.
    ///
    /// # Errors
    /// An unknown property, an object that is not live, or a userPrincipalName that another live user has.
    pub fn set(&mut self, slot: Slot, values: &[(String, Option<String>)], now: i64) -> Result<bool, WriteError> {
        let object = self.live_object(slot)?;
        let (kind, before, old_name) = (object.kind, object.values.clone(), self.name_of(object));
        let mut after = before.to_vec();
        let mut mask = 0;
        for (property, symbol) in self.store_all(kind, values)? {
            if self.replace(&mut after, property, symbol) {
                mask |= bit(property);
            }
        }
        if mask == 0 {
            return Ok(false);
        }
        let new_name = self.name_in(kind, &after);
        self.move_name(slot, old_name.as_deref(), new_name.as_deref())?;
        if let Some(object) = self.object_mut(slot) {
            object.values = after.into_boxed_slice();
        }
        self.log_change(now, slot, What::Set { mask, before });
        Ok(true)
    }

    /// Exchanges one text property of two live users in one step, which two calls of [`Directory::set`] could not do
    /// for a property that must be unique.
    ///
    /// # Errors
    /// An unknown property, or an object that is not live.
    pub fn swap(&mut self, one: Slot, other: Slot, property: &str, now: i64) -> Result<(), WriteError> {
        self.live_object(one)?;
        self.live_object(other)?;
        let first = self.text(one, property).map(str::to_owned);
        let second = self.text(other, property).map(str::to_owned);
        if property.eq_ignore_ascii_case("userPrincipalName") {
            for name in [&first, &second].into_iter().flatten() {
                self.by_name.remove(&name_hash(name));
            }
        }
        self.set(one, &[(property.to_owned(), second)], now)?;
        self.set(other, &[(property.to_owned(), first)], now)?;
        Ok(())
    }

    /// Moves a live object to the recycle bin. Its memberships and its reports' links go too.
    ///
    /// # Errors
    /// The object is not live.
    pub fn delete(&mut self, slot: Slot, now: i64) -> Result<(), WriteError> {
        let object = self.live_object(slot)?;
        let holders = object.holders.clone();
        let name = self.name_of(object);
        let reports = self.reports(slot).to_vec();
        for holder in &holders {
            self.unlink(*holder, slot, now);
        }
        for report in &reports {
            self.assign_manager(*report, None, now);
        }
        if let Some(name) = name {
            self.by_name.remove(&name_hash(&name));
        }
        if let Some(object) = self.object_mut(slot)
            && (!holders.is_empty() || !reports.is_empty())
        {
            object.more_mut().links = Links { holders, reports };
        }
        self.change_presence(slot, Presence::Deleted(now), now);
        Ok(())
    }

    /// Brings an object back from the recycle bin with its id, properties, memberships and reports, under another
    /// userPrincipalName if one is given.
    ///
    /// # Errors
    /// The object is not in the recycle bin, or its userPrincipalName was taken meanwhile.
    pub fn restore(&mut self, slot: Slot, new_name: Option<&str>, now: i64) -> Result<(), WriteError> {
        let object = self.deleted_object(slot)?;
        let name = new_name.map(str::to_owned).or_else(|| self.name_of(object));
        if name.as_deref().is_some_and(|name| self.find_user_principal_name(name).is_some()) {
            return Err(WriteError::NameTaken);
        }
        if let Some(name) = &name {
            self.by_name.insert(name_hash(name), slot);
        }
        self.change_presence(slot, Presence::Live, now);
        if new_name.is_some() {
            self.set(slot, &[("userPrincipalName".to_owned(), name)], now)?;
        }
        let links =
            self.object_mut(slot).and_then(|object| object.more.as_mut()).map(|more| std::mem::take(&mut more.links));
        let Links { holders, reports } = links.unwrap_or_default();
        for holder in holders {
            if self.object(holder).is_some_and(|object| object.presence != Presence::Purged) {
                self.link(holder, slot, now);
            }
        }
        for report in reports {
            if self.object(report).is_some_and(|object| object.is_live() && object.manager.is_none()) {
                self.assign_manager(report, Some(slot), now);
            }
        }
        Ok(())
    }

    /// Removes an object for good, from the recycle bin or directly.
    ///
    /// # Errors
    /// The object is neither live nor in the recycle bin.
    pub fn purge(&mut self, slot: Slot, now: i64) -> Result<(), WriteError> {
        if self.object(slot).is_some_and(Object::is_live) {
            self.delete(slot, now)?;
        }
        self.deleted_object(slot)?;
        for member in self.object(slot).map(|object| object.members().to_vec()).unwrap_or_default() {
            self.unlink(slot, member, now);
        }
        self.assign_manager(slot, None, now);
        self.change_presence(slot, Presence::Purged, now);
        Ok(())
    }

    /// Sets or clears the manager of a live user.
    ///
    /// # Errors
    /// One of the two is not a live user.
    pub fn set_manager(&mut self, slot: Slot, manager: Option<Slot>, now: i64) -> Result<(), WriteError> {
        for user in [Some(slot), manager].into_iter().flatten() {
            if self.live_object(user)?.kind != Kind::User {
                return Err(WriteError::Kind);
            }
        }
        self.assign_manager(slot, manager, now);
        Ok(())
    }

    /// Adds a direct member.
    ///
    /// # Errors
    /// One of the two is not live, the holder cannot have members, or the member is there.
    pub fn add_member(&mut self, holder: Slot, member: Slot, now: i64) -> Result<(), WriteError> {
        self.check_membership(holder, member)?;
        if self.link(holder, member, now) { Ok(()) } else { Err(WriteError::AlreadyMember) }
    }

    /// Removes a direct member.
    ///
    /// # Errors
    /// One of the two is not live, or the member is not there.
    pub fn remove_member(&mut self, holder: Slot, member: Slot, now: i64) -> Result<(), WriteError> {
        self.check_membership(holder, member)?;
        if self.unlink(holder, member, now) { Ok(()) } else { Err(WriteError::NotMember) }
    }

    /// Adds an owner of a group. Owners are not tracked by the log.
    ///
    /// # Errors
    /// One of the two is not live.
    pub fn add_owner(&mut self, group: Slot, owner: Slot) -> Result<(), WriteError> {
        self.live_object(owner)?;
        self.live_object(group)?;
        if let Some(object) = self.object_mut(group) {
            insert(&mut object.more_mut().owners, owner);
        }
        Ok(())
    }

    fn check_membership(&self, holder: Slot, member: Slot) -> Result<(), WriteError> {
        self.live_object(member)?;
        if self.live_object(holder)?.kind.holds_members() { Ok(()) } else { Err(WriteError::Kind) }
    }

    fn link(&mut self, holder: Slot, member: Slot, now: i64) -> bool {
        let added = self.object_mut(holder).is_some_and(|group| insert(&mut group.more_mut().members, member));
        if added {
            if let Some(object) = self.object_mut(member) {
                insert(&mut object.holders, holder);
            }
            self.log_change(now, holder, What::MemberAdded(member));
        }
        added
    }

    fn unlink(&mut self, holder: Slot, member: Slot, now: i64) -> bool {
        let removed = self.object_mut(holder).is_some_and(|group| remove(&mut group.more_mut().members, member));
        if removed {
            if let Some(object) = self.object_mut(member) {
                remove(&mut object.holders, holder);
            }
            self.log_change(now, holder, What::MemberRemoved(member));
        }
        removed
    }

    fn assign_manager(&mut self, slot: Slot, manager: Option<Slot>, now: i64) {
        let Some(object) = self.object_mut(slot) else { return };
        let before = std::mem::replace(&mut object.manager, manager);
        if before == manager {
            return;
        }
        if let Some(list) = before.and_then(|before| self.reports.get_mut(&before)) {
            remove(list, slot);
        }
        if let Some(manager) = manager {
            insert(self.reports.entry(manager).or_default(), slot);
        }
        self.log_change(now, slot, What::Manager { before });
    }

    fn change_presence(&mut self, slot: Slot, after: Presence, now: i64) {
        let Some(object) = self.object_mut(slot) else { return };
        let before = std::mem::replace(&mut object.presence, after);
        self.log_change(now, slot, What::Presence { before, after });
    }

    fn log_change(&mut self, at: i64, object: Slot, what: What) {
        if self.recording {
            // The log is searched by time, so a clock that steps back must not unsort it.
            let at = self.log.last().map_or(at, |last| last.at.max(at));
            self.log.push(Change { at, object, what });
        }
    }

    fn object_mut(&mut self, slot: Slot) -> Option<&mut Object> {
        self.objects.get_mut(usize::try_from(slot.0).ok()?)
    }

    fn live_object(&self, slot: Slot) -> Result<&Object, WriteError> {
        self.object(slot).filter(|object| object.is_live()).ok_or_else(|| self.missing(slot))
    }

    fn deleted_object(&self, slot: Slot) -> Result<&Object, WriteError> {
        let found = self.object(slot).filter(|object| matches!(object.presence, Presence::Deleted(_)));
        found.ok_or_else(|| self.missing(slot))
    }

    fn missing(&self, slot: Slot) -> WriteError {
        WriteError::Missing(self.object(slot).map_or_else(String::new, |object| object.id.to_string()))
    }

    fn store_all(
        &mut self,
        kind: Kind,
        values: &[(String, Option<String>)],
    ) -> Result<Vec<(PropertyId, Symbol)>, WriteError> {
        let mut stored = Vec::with_capacity(values.len());
        for (name, text) in values {
            let (id, property) = kind.property(name).ok_or_else(|| WriteError::Property(name.clone()))?;
            let symbol = text.as_ref().map_or(NULL, |text| self.texts.store(text, property.pooled));
            stored.push((id, symbol));
        }
        stored.sort_unstable_by_key(|(id, _)| *id);
        Ok(stored)
    }

    /// Puts a value into a sorted list; `false` when the text is the same as before.
    fn replace(&self, values: &mut Vec<(PropertyId, Symbol)>, property: PropertyId, symbol: Symbol) -> bool {
        match values.binary_search_by_key(&property, |(id, _)| *id) {
            Ok(position) => {
                let Some((_, old)) = values.get_mut(position) else { return false };
                let same = *old == symbol
                    || (self.texts.get(*old).is_some() && self.texts.get(*old) == self.texts.get(symbol));
                *old = symbol;
                !same
            }
            Err(_) if symbol == NULL => false,
            Err(position) => {
                values.insert(position, (property, symbol));
                true
            }
        }
    }

    fn name_of(&self, object: &Object) -> Option<String> {
        self.name_in(object.kind, &object.values)
    }

    fn name_in(&self, kind: Kind, values: &[(PropertyId, Symbol)]) -> Option<String> {
        if kind != Kind::User {
            return None;
        }
        let (property, _) = kind.property("userPrincipalName")?;
        let (_, symbol) = values.iter().find(|(id, _)| *id == property)?;
        self.texts.get(*symbol).map(str::to_owned)
    }

    fn move_name(&mut self, slot: Slot, old: Option<&str>, new: Option<&str>) -> Result<(), WriteError> {
        if old == new {
            return Ok(());
        }
        if new.and_then(|name| self.find_user_principal_name(name)).is_some_and(|owner| owner != slot) {
            return Err(WriteError::NameTaken);
        }
        if let Some(old) = old
            && self.find_user_principal_name(old) == Some(slot)
        {
            self.by_name.remove(&name_hash(old));
        }
        if let Some(new) = new {
            self.by_name.insert(name_hash(new), slot);
        }
        Ok(())
    }
}
