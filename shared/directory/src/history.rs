//! What changed on an account, as its history shows it.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::identity::{GroupId, PersonId, UserId};
use crate::property::Property;
use crate::user::{Status, User};

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was made.
    Created,
    /// Something about it changed.
    Updated,
    /// The person may use it again.
    Reactivated,
    /// The person may no longer use it.
    Deactivated,
    /// It was deleted.
    Deleted,
}

/// A part of an account that can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// `active`, or why not.
    Status,
    /// Since when the account is inactive.
    InactiveSince,
    /// An attribute.
    Attribute(Property),
    /// The e-mail address.
    Email,
    /// The language.
    Language,
    /// The manager's object id.
    Manager,
    /// Membership of a team: the value is there or it is not.
    Team(GroupId),
    /// Membership of the team of the manager with this object id.
    ManagerTeam,
    /// The account of the platform that was linked.
    Linked,
}

/// One field before and after. `V` is a text of its own, or one that belongs to the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange<V = String> {
    /// Which.
    pub field: Field,
    /// The value before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<V>,
    /// The value after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<V>,
}

/// What changed on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserChange<V = String> {
    /// The account.
    pub user: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// What happened.
    pub action: Action,
    /// Each field that differs, in order.
    pub fields: Vec<FieldChange<V>>,
}

impl UserChange<Cow<'_, str>> {
    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> UserChange {
        let Self { user, person, action, fields } = self;
        let fields = fields.into_iter().map(|FieldChange { field, before, after }| FieldChange {
            field,
            before: before.map(Cow::into_owned),
            after: after.map(Cow::into_owned),
        });
        UserChange { user, person, action, fields: fields.collect() }
    }
}

/// What differs between an account before and after; at least one of the two is there. `None` when
/// nothing does that anybody would see (the direct groups are bookkeeping).
#[must_use]
pub fn difference<'a>(before: Option<&'a User>, after: Option<&'a User>) -> Option<UserChange<Cow<'a, str>>> {
    let (user, person) = after.or(before).map(|user| (user.id, user.person))?;
    let active = |user: &User| user.status.is_active();
    let action = match (before.map(active), after.map(active)) {
        (None, _) => Action::Created,
        (Some(_), None) => Action::Deleted,
        (Some(false), Some(true)) => Action::Reactivated,
        (Some(true), Some(false)) => Action::Deactivated,
        _ => Action::Updated,
    };
    let old = before.map(shown).unwrap_or_default();
    let new = after.map(shown).unwrap_or_default();
    let fields = merged(old, new);
    (!fields.is_empty()).then_some(UserChange { user, person, action, fields })
}

/// Both sides, each in the order of the fields, as one list of what differs.
fn merged<'a>(old: Vec<(Field, Cow<'a, str>)>, new: Vec<(Field, Cow<'a, str>)>) -> Vec<FieldChange<Cow<'a, str>>> {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    let mut changes = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some((old, _)), Some((new, _))) => old.cmp(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return changes,
        };
        let before = old.next_if(|_| order != Ordering::Greater);
        let after = new.next_if(|_| order != Ordering::Less);
        let (before, after) = match (before, after) {
            (Some((field, before)), after) => ((field, Some(before)), after.map(|(_, after)| after)),
            (None, Some((field, after))) => ((field, None), Some(after)),
            (None, None) => return changes,
        };
        let (field, before) = before;
        if before != after {
            changes.push(FieldChange { field, before, after });
        }
    }
}

/// What anybody sees of an account, in the order of the fields.
pub(crate) fn shown(user: &User) -> Vec<(Field, Cow<'_, str>)> {
    // Destructured in full, so that a new field can't be forgotten in the history.
    let User {
        id: _,
        person: _,
        status,
        attributes,
        email,
        language,
        manager,
        groups: _,
        teams,
        reports_to,
        linked,
        protected: _,
    } = user;
    let (word, since) = match status {
        Status::Active => ("active", None),
        Status::Inactive { reason, since } => (reason.word(), Some(*since)),
    };
    std::iter::once((Field::Status, word.into()))
        .chain(since.map(|since| (Field::InactiveSince, since.to_string().into())))
        .chain(attributes.iter().map(|(property, value)| (Field::Attribute(property.clone()), value.into())))
        .chain(email.iter().map(|email| (Field::Email, email.into())))
        .chain(language.iter().map(|language| (Field::Language, language.into())))
        .chain(manager.map(|manager| (Field::Manager, manager.to_string().into())))
        .chain(teams.iter().map(|team| (Field::Team(*team), team.to_string().into())))
        .chain(reports_to.map(|manager| (Field::ManagerTeam, manager.to_string().into())))
        .chain(linked.iter().map(|account| (Field::Linked, (&account.0).into())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adoption::ExistingId;
    use crate::property::Attributes;
    use crate::user::Leaving;
    use jiff::Timestamp;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn user() -> User {
        let id = Uuid::from_u128(1);
        User {
            attributes: Attributes::from_iter([(Property::City, "Ulm".to_owned())]),
            email: Some("ann@x".to_owned()),
            language: Some("de".to_owned()),
            manager: Some(PersonId(Uuid::from_u128(3))),
            teams: BTreeSet::from([GroupId(Uuid::from_u128(4))]),
            reports_to: Some(PersonId(Uuid::from_u128(3))),
            linked: Some(ExistingId("old-7".to_owned())),
            ..User::new(UserId(id), PersonId(id))
        }
    }

    fn inactive() -> User {
        let status = Status::Inactive { reason: Leaving::Deleted, since: Timestamp::UNIX_EPOCH };
        User { status, teams: BTreeSet::new(), reports_to: None, ..user() }
    }

    #[test]
    fn what_is_seen_is_in_the_order_of_the_fields() {
        for user in [user(), inactive()] {
            let fields: Vec<Field> = shown(&user).into_iter().map(|(field, _)| field).collect();
            assert!(fields.is_sorted(), "{fields:?}");
        }
    }

    #[test]
    fn nothing_seen_is_nothing_changed() {
        assert_eq!(difference(None, None), None);
        assert_eq!(difference(Some(&user()), Some(&user())), None);
        let bookkeeping = User { groups: BTreeSet::from([GroupId(Uuid::from_u128(4))]), protected: true, ..user() };
        assert_eq!(difference(Some(&user()), Some(&bookkeeping)), None);
    }

    #[test]
    fn each_action_is_told_by_both_sides() {
        let renamed = User { email: Some("anne@x".to_owned()), ..user() };
        let action = |before: Option<&User>, after: Option<&User>| difference(before, after).unwrap().action;
        assert_eq!(action(None, Some(&user())), Action::Created);
        assert_eq!(action(Some(&user()), Some(&renamed)), Action::Updated);
        assert_eq!(action(Some(&user()), Some(&inactive())), Action::Deactivated);
        assert_eq!(action(Some(&inactive()), Some(&user())), Action::Reactivated);
        assert_eq!(action(Some(&inactive()), None), Action::Deleted);
    }

    #[test]
    fn a_deletion_tells_every_value_that_is_gone() {
        let user = user();
        let change = difference(Some(&user), None).unwrap();
        assert_eq!(change.fields.len(), shown(&user).len());
        assert!(change.fields.iter().all(|field| field.before.is_some() && field.after.is_none()));
    }

    #[test]
    fn the_history_of_a_new_account_names_every_value() {
        insta::assert_json_snapshot!(difference(None, Some(&user())));
    }

    #[test]
    fn the_history_of_a_leaver_says_why_since_when_and_which_teams() {
        insta::assert_json_snapshot!(difference(Some(&user()), Some(&inactive())));
    }
}
