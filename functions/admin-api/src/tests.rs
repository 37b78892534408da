//! The API as a caller meets it, in front of a table that is empty.

mod channel;
mod description;
mod directory;
mod exports;
mod refusals;
mod samples;
mod stage;
mod world;
