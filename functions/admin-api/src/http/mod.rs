//! What every route needs of HTTP.

pub(crate) mod answer;
pub(crate) mod input;
pub(crate) mod page;
pub(crate) mod problem;
pub(crate) mod token;
