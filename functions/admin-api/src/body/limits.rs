//! How much may be taken from people without asking.

use rollcall_directory::guard;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::number::Whole;

/// Removals above these limits, per run and over a rolling 24 hours, wait for a person's approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Up to this many people are never held up.
    #[schema(value_type = u32, maximum = 1_000_000, default = 5)]
    people: People,
    /// Share of the active accounts, in percent. The larger of the two limits holds.
    #[schema(value_type = u32, maximum = 100, default = 10)]
    percent: Percent,
    /// A group that had at least this many members and now has none is held up.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000, default = 10)]
    emptied_group: Members,
}

macro_rules! number {
    ($name:ident, $range:expr, $told:literal) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "Whole")]
        struct $name(u64);

        impl TryFrom<Whole> for $name {
            type Error = &'static str;

            fn try_from(Whole(number): Whole) -> Result<Self, Self::Error> {
                if ($range).contains(&number) { Ok(Self(number)) } else { Err($told) }
            }
        }
    };
}

number!(People, 0..=1_000_000, "must be from 0 to 1000000");
number!(Percent, 0..=100, "must be from 0 to 100");
number!(Members, 1..=1_000_000, "must be from 1 to 1000000");

impl Default for Limits {
    fn default() -> Self {
        guard::Limits::default().into()
    }
}

impl From<Limits> for guard::Limits {
    fn from(limits: Limits) -> Self {
        let Limits { people: People(people), percent: Percent(percent), emptied_group: Members(emptied_group) } =
            limits;
        Self { people, percent, emptied_group }
    }
}

impl From<guard::Limits> for Limits {
    fn from(limits: guard::Limits) -> Self {
        let guard::Limits { people, percent, emptied_group } = limits;
        Self { people: People(people), percent: Percent(percent), emptied_group: Members(emptied_group) }
    }
}
