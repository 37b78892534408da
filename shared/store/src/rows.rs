//! How types of the core are stored. The core's own serialised forms are those of the API and
//! refuse what they don't know; rows are read tolerantly, because a newer version may have
//! added something.

use std::collections::BTreeMap;

use rollcall_directory::guard::Takings;
use rollcall_directory::property::Property;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// [`rollcall_directory::guard::Limits`].
pub(crate) mod limits {
    use super::*;
    use rollcall_directory::guard::Limits;

    #[derive(Serialize, Deserialize)]
    struct Row {
        people: u64,
        percent: u64,
        emptied_group: u64,
    }

    pub(crate) fn serialize<S: Serializer>(limits: &Limits, serializer: S) -> Result<S::Ok, S::Error> {
        let Limits { people, percent, emptied_group } = *limits;
        Row { people, percent, emptied_group }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
        let Row { people, percent, emptied_group } = Row::deserialize(deserializer)?;
        Ok(Limits { people, percent, emptied_group })
    }
}

/// [`Takings`].
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TakingsRow {
    accounts: u64,
    memberships: u64,
    attributes: BTreeMap<Property, u64>,
    #[serde(default)]
    managers: u64,
    #[serde(default)]
    emails: u64,
    #[serde(default)]
    deletions: u64,
}

impl From<&Takings> for TakingsRow {
    fn from(takings: &Takings) -> Self {
        let Takings { accounts, memberships, attributes, managers, emails, deletions } = takings.clone();
        Self { accounts, memberships, attributes, managers, emails, deletions }
    }
}

impl From<TakingsRow> for Takings {
    fn from(row: TakingsRow) -> Self {
        let TakingsRow { accounts, memberships, attributes, managers, emails, deletions } = row;
        Self { accounts, memberships, attributes, managers, emails, deletions }
    }
}
