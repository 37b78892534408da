//! The few names of which worlds are made: few, so that they often meet.

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::adoption::ExistingId;
use rollcall_directory::identity::{GroupId, PersonId, TenantId};
use rollcall_directory::property::{ExtensionName, Property};
use uuid::Uuid;

use crate::dice::Dice;

pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(0xAAAA));

pub(crate) fn people() -> Vec<PersonId> {
    (1..=6).map(|number| PersonId(Uuid::from_u128(number))).collect()
}

pub(crate) fn groups() -> Vec<GroupId> {
    (11..=16).map(|number| GroupId(Uuid::from_u128(number))).collect()
}

pub(crate) fn existing() -> Vec<ExistingId> {
    ["e1", "e2", "e3"].map(|id| ExistingId(id.to_owned())).to_vec()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000)
}

/// Around every boundary of the grace, to the second.
pub(crate) fn since(dice: &mut Dice) -> Timestamp {
    let days = dice.pick(&[0, 1, 30, 31, 45, 400]);
    now() - SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(dice.pick(&[-1, 0, 1]))
}

pub(crate) fn properties() -> Vec<Property> {
    let extension = ExtensionName::parse("extension_0123456789abcdef0123456789abcdef_level");
    let rare = [Property::OtherMails, Property::CostCenter, Property::ExtensionAttribute3];
    let usual = [
        Property::GivenName,
        Property::Surname,
        Property::Mail,
        Property::UserPrincipalName,
        Property::UserType,
        Property::PreferredLanguage,
        Property::EmployeeId,
        Property::Department,
        Property::JobTitle,
        Property::City,
        Property::EmployeeHireDate,
    ];
    usual.into_iter().chain(rare).chain(extension.map(Property::DirectoryExtension)).collect()
}

pub(crate) fn value(dice: &mut Dice, property: &Property) -> String {
    let values: &[&str] = match property {
        Property::GivenName => &["Ann", "Bo", "Jens", "Léa"],
        Property::Surname => &["Lee", "Jones", "Groß", "Lindros", "Braun", "MARX", "{name}"],
        Property::Mail => &["a@acme.example", "A@ACME.example", "b@acme.example", "a@other.example", "É@acme.example"],
        Property::UserPrincipalName => &[
            "a@acme.example",
            "b@Acme.Example",
            "c@sub.acme.example",
            "g_other#EXT#@acme.example",
            "h#ext#@acme.example",
            "no-domain",
        ],
        Property::UserType => &["Member", "Guest", "guest", "Guests"],
        Property::PreferredLanguage => {
            &["de", "DE-at", "de_CH", "de-CH-1996", "en-GB", "pt-PT", "zh-Hant-TW", "fr", " ", " en ", "d"]
        }
        Property::EmployeeId => &["1", "2", "3"],
        _ => &["x", "y"],
    };
    dice.pick(values).to_owned()
}

pub(crate) fn group_name(dice: &mut Dice) -> String {
    dice.pick(&["Sales", "Team North", "team south", "Sales-Training", "Ärzte", "x"]).to_owned()
}
