//! Takes back what a run did to an account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::adoption::ExistingId;
use crate::history::{Action, Field, FieldChange, UserChange, shown};
use crate::identity::{GroupId, PersonId};
use crate::property::Property;
use crate::user::{Leaving, Status, User};

/// What taking back a change comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The account after it, if that differs from what is there.
    pub write: Option<User>,
    /// Fields that have changed again since. They stay as they are now.
    pub changed_since: BTreeSet<Field>,
}

/// Takes back a change: each field gets the value that it had before, unless it has changed again since.
///
/// An account that the change made is not deleted but deactivated: by now something may hang on it.
/// One that the change deleted comes back with everything that its history knows.
#[must_use]
pub fn undo(change: &UserChange, current: Option<&User>, now: Timestamp) -> Undone {
    if change.action == Action::Created {
        return undo_creation(current, now);
    }
    let is_back = current.is_some() && change.action == Action::Deleted;
    let shown = current.map(shown).unwrap_or_default().into_iter();
    let values: BTreeMap<Field, String> = shown.map(|(field, value)| (field, value.into_owned())).collect();
    let (same, changed): (Vec<&FieldChange>, Vec<&FieldChange>) =
        change.fields.iter().partition(|field| !is_back && values.get(&field.field) == field.after.as_ref());
    let mut user = current.cloned().unwrap_or_else(|| User::new(change.user, change.person));
    let mut restored: BTreeMap<Field, String> = values;
    for field in &same {
        match &field.before {
            Some(before) => drop(restored.insert(field.field.clone(), before.clone())),
            None => drop(restored.remove(&field.field)),
        }
    }
    set(&mut user, &restored, now);
    Undone {
        write: (current != Some(&user)).then_some(user),
        changed_since: changed.into_iter().map(|field| field.field.clone()).collect(),
    }
}

fn undo_creation(current: Option<&User>, now: Timestamp) -> Undone {
    let write = current.filter(|user| user.status.is_active() && !user.protected).map(|user| User {
        status: Status::Inactive { reason: Leaving::Undone, since: now },
        teams: BTreeSet::new(),
        reports_to: None,
        ..user.clone()
    });
    Undone { write, changed_since: BTreeSet::new() }
}

/// Gives an account exactly these values. What no longer can be read is left out.
fn set(user: &mut User, values: &BTreeMap<Field, String>, now: Timestamp) {
    let value = |field: &Field| values.get(field).cloned();
    let person = |field: &Field| value(field).and_then(|id| id.parse::<PersonId>().ok());
    let since = value(&Field::InactiveSince).and_then(|since| since.parse().ok());
    user.status = match value(&Field::Status).as_deref().and_then(Leaving::from_word) {
        Some(reason) => Status::Inactive { reason, since: since.unwrap_or(now) },
        None => Status::Active,
    };
    user.attributes =
        values.iter().filter_map(|(field, value)| attribute(field).map(|name| (name, value.clone()))).collect();
    user.teams = values.keys().filter_map(team).collect();
    user.email = value(&Field::Email);
    user.language = value(&Field::Language);
    user.manager = person(&Field::Manager);
    user.reports_to = person(&Field::ManagerTeam);
    user.linked = value(&Field::Linked).map(ExistingId);
}

fn attribute(field: &Field) -> Option<Property> {
    match field {
        Field::Attribute(property) => Some(property.clone()),
        _ => None,
    }
}

const fn team(field: &Field) -> Option<GroupId> {
    match field {
        Field::Team(group) => Some(*group),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::difference;
    use crate::identity::UserId;
    use crate::property::Attributes;
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn told(before: Option<&User>, after: Option<&User>) -> Option<UserChange> {
        difference(before, after).map(UserChange::into_owned)
    }

    fn any_user() -> impl Strategy<Value = User> {
        let person = || proptest::option::of((3u128..5).prop_map(|id| PersonId(Uuid::from_u128(id))));
        let text = || proptest::option::of("[ab]");
        let status = prop_oneof![
            Just(Status::Active),
            (0i64..3).prop_map(|second| Status::Inactive {
                reason: Leaving::Disabled,
                since: Timestamp::from_second(second).unwrap()
            })
        ];
        let teams = proptest::collection::btree_set((6u128..9).prop_map(|id| GroupId(Uuid::from_u128(id))), 0..3);
        let attributes =
            proptest::collection::btree_map(prop_oneof![Just(Property::City), Just(Property::Division)], "[ab]", 0..3);
        (status, attributes, text(), text(), person(), teams, person(), text()).prop_map(
            |(status, attributes, email, language, manager, teams, reports_to, linked)| User {
                status,
                attributes: attributes.into_iter().collect(),
                email,
                language,
                manager,
                teams,
                reports_to,
                linked: linked.map(ExistingId),
                ..User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)))
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_changed_comes_back_exactly(before in any_user(), after in any_user()) {
            if let Some(change) = told(Some(&before), Some(&after)) {
                let undone = undo(&change, Some(&after), NOW);
                prop_assert_eq!(undone, Undone { write: Some(before), changed_since: BTreeSet::new() });
            }
        }

        #[test]
        fn what_was_deleted_comes_back_exactly(before in any_user()) {
            let change = told(Some(&before), None).unwrap();
            let undone = undo(&change, None, NOW);
            prop_assert_eq!(undone, Undone { write: Some(before), changed_since: BTreeSet::new() });
        }

        #[test]
        fn a_field_that_changed_again_stays(before in any_user(), after in any_user(), now in any_user()) {
            if let Some(change) = told(Some(&before), Some(&after)) {
                let undone = undo(&change, Some(&now), NOW);
                let result = undone.write.as_ref().unwrap_or(&now);
                let (old, new, current, result) = (map(&before), map(&after), map(&now), map(result));
                for field in change.fields.iter().map(|field| &field.field) {
                    let same = current.get(field) == new.get(field);
                    prop_assert_eq!(undone.changed_since.contains(field), !same);
                    let expected = if same { old.get(field) } else { current.get(field) };
                    // A moment without a state to belong to goes with it.
                    if *field != Field::InactiveSince {
                        prop_assert_eq!(result.get(field), expected);
                    }
                }
            }
        }
    }

    fn map(user: &User) -> BTreeMap<Field, String> {
        shown(user).into_iter().map(|(field, value)| (field, value.into_owned())).collect()
    }

    fn user() -> User {
        User {
            attributes: Attributes::from_iter([(Property::City, "Ulm".to_owned())]),
            ..User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)))
        }
    }

    #[test]
    fn an_account_that_was_made_is_deactivated_and_not_deleted() {
        let change = told(None, Some(&user())).unwrap();
        let write = undo(&change, Some(&user()), NOW).write.unwrap();
        assert_eq!(write.status, Status::Inactive { reason: Leaving::Undone, since: NOW });
        assert_eq!(write.attributes, user().attributes);
        assert_eq!(undo(&change, None, NOW).write, None);
        assert_eq!(undo(&change, Some(&write), NOW).write, None);
        assert_eq!(undo(&change, Some(&User { protected: true, ..user() }), NOW).write, None);
    }

    #[test]
    fn an_account_that_was_deleted_and_is_back_stays_as_it_is() {
        let change = told(Some(&user()), None).unwrap();
        let back = User { attributes: Attributes::new(), ..user() };
        let undone = undo(&change, Some(&back), NOW);
        assert_eq!(undone.write, None);
        assert!(!undone.changed_since.is_empty());
    }

    #[test]
    fn an_account_that_was_made_leaves_its_teams_when_that_is_undone() {
        let teams = BTreeSet::from([GroupId(Uuid::from_u128(6))]);
        let made = User { teams, reports_to: Some(PersonId(Uuid::from_u128(3))), ..user() };
        let change = told(None, Some(&made)).unwrap();
        let write = undo(&change, Some(&made), NOW).write.unwrap();
        assert_eq!((write.teams, write.reports_to), (BTreeSet::new(), None));
    }
}
