//! Settings to be previewed, and undoing.

use serde::Deserialize;
use utoipa::ToSchema;

use super::given;
use super::limits::Limits;
use super::rules::RulesPatch;
use super::scope::Scope;

/// Settings that somebody wants to see the effect of before they are saved. What is left out is as it is now; without any, the preview
/// tells what the next full run would do.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPreview)]
pub(crate) struct PreviewRequest {
    /// Who would be in.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Scope, required = false)]
    pub(crate) scope: Option<Scope>,
    /// How a person would become an account. Each member replaces that member as a whole.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = RulesPatch, required = false)]
    pub(crate) rules: Option<RulesPatch>,
    /// How much could be taken from people without asking. All limits together; what is left out gets its default.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Limits, required = false)]
    pub(crate) limits: Option<Limits>,
}

/// How a run is to be undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoRequest {
    /// Whether changes of the directory go on being followed. Without it auto sync is switched off, because the directory still says
    /// what it said, and the next run would do again what is undone.
    #[serde(default)]
    #[schema(default = false)]
    pub(crate) keep_auto_sync: bool,
}
