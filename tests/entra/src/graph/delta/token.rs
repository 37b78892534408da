//! What delta links carry.

use crate::directory::{Kind, Slot, bit};
use crate::graph::filter;
use crate::graph::query::{Columns, columns, names, standard};
use crate::graph::{Call, GraphError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A filter names so many objects at most.
const MOST_IDS: usize = 50;

/// Everything that was asked for at the start of a round, and where the round stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) kind: String,
    pub(super) tenant: Uuid,
    pub(super) epoch: u64,
    pub(super) issued: i64,
    pub(super) select: Option<Vec<String>>,
    pub(super) ids: Option<Vec<Uuid>>,
    pub(super) minimal: bool,
    pub(super) stage: Stage,
}

/// Where a round stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    /// In a deltaLink: the last change that was told.
    Since(u64),
    /// The first round: the next position, and groups with members still to come (group, last member told).
    First { to: u64, next: u32, open: Vec<(u32, u32)>, after_empty: bool },
    /// A later round: changes after `from` up to `to`, from the row with number `next`.
    Changes { from: u64, to: u64, next: u64, after_empty: bool },
}

impl Token {
    pub(super) fn kind(&self) -> Kind {
        Kind::from_type_name(&self.kind).unwrap_or(Kind::User)
    }

    /// Whether a filter lets the object through.
    pub(super) fn wants(&self, id: Uuid) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&id))
    }
}

/// What a round tells about each object.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) columns: Columns,
    pub(super) mask: u128,
    pub(super) members: bool,
    pub(super) manager: bool,
}

impl Tracked {
    /// Without `$select` every property is tracked and the standard ones are told, members of groups with them.
    pub(super) fn new(kind: Kind, select: Option<&[String]>) -> Result<Self, GraphError> {
        let has = |name: &str| select.is_some_and(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
        let (columns, mask) = match select {
            None => (standard(kind), u128::MAX),
            Some(names) => {
                let columns = columns(Some(names), kind)?;
                let mask = columns.properties.iter().fold(0, |mask, id| mask | bit(*id));
                (columns, mask)
            }
        };
        Ok(Self {
            columns,
            mask,
            members: kind == Kind::Group && (select.is_none() || has("members")),
            manager: kind == Kind::User && has("manager"),
        })
    }
}

/// The token of a new first round.
pub(super) fn start(call: &Call<'_>, kind: Kind) -> Result<Token, GraphError> {
    const SUPPORTED: [&str; 4] = ["$select", "$filter", "$deltatoken", "$format"];
    for (name, _) in &call.request.query {
        if name.starts_with('$') && !SUPPORTED.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(GraphError::bad_request(format!("The query parameter '{name}' is not supported on delta.")));
        }
    }
    let ids = call.request.option("$filter").map(|text| parse_ids(text, kind)).transpose()?;
    let select = call.request.option("$select").map(names);
    Tracked::new(kind, select.as_deref())?;
    let to = call.with_view(|view| call.visible(view));
    Ok(Token {
        kind: kind.type_name().to_owned(),
        tenant: call.tenant.id,
        epoch: call.tenant.delta_epoch(),
        issued: call.now,
        select,
        ids,
        minimal: false,
        stage: Stage::First { to, next: Slot(0).0, open: Vec::new(), after_empty: false },
    })
}

fn parse_ids(text: &str, kind: Kind) -> Result<Vec<Uuid>, GraphError> {
    let refuse = || GraphError::bad_request("Only filters of the form id eq 'a' or id eq 'b' are supported on delta.");
    let ids = filter::parse(text, kind)?.ids().ok_or_else(refuse)?;
    if ids.len() > MOST_IDS {
        return Err(GraphError::bad_request(format!("Too many objects in the filter: the limit is {MOST_IDS}.")));
    }
    ids.iter().map(|id| Uuid::parse_str(id).map_err(|_| refuse())).collect()
}
