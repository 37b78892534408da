//! What every route needs of HTTP.

pub(crate) mod answer;
mod directory;
pub(crate) mod input;
pub(crate) mod page;
pub(crate) mod problem;
pub(crate) mod token;
