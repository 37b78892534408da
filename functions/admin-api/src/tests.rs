//! The API as a caller meets it, in front of a table that is empty, or of a real one with a worker behind it.

mod application;
mod channel;
mod clients;
mod description;
mod directory;
mod existing;
mod exports;
mod hierarchy;
mod photos;
mod previews;
mod refusals;
mod samples;
mod settings;
mod setup;
mod sign_in_settings;
mod sign_ins;
mod stage;
mod undo;
mod why;
mod world;
