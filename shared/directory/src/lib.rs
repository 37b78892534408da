//! The pure core of Rollcall: who should have which account, in which teams, and what has to
//! change for that.
//!
//! Two sides meet here. The *directory* is what Microsoft Entra ID says; the *platform* is our
//! users, teams and memberships. Everything in this crate is a function over plain data.
//!
//! * [`identity`]: the names of things. Nothing is ever identified by e-mail.
//! * [`property`], [`person`]: a person as the directory shows them, and how a partial reading
//!   is merged into what is known.
//! * [`scope`]: who is in by membership. [`rules`]: what else a connection's owner can set, with
//!   [`language`], [`team_name`] and [`adoption`] for their parts.
//! * [`desired`]: both together: what a person's account should be. It serves sync, notifications,
//!   single questions and removal alike.
//! * [`user`], [`team`]: accounts and teams as the platform has them. [`photo`]: what becomes of profile photos.
//! * [`seal`]: proof that a snapshot is complete. Without it no removal can be planned.
//! * [`plan`]: the changes that take the platform to what the directory says. [`history`] shows
//!   them, [`undo`] takes them back.
//! * [`why`] explains all that for one person; [`hierarchy`] walks down from managers.
//! * [`guard`]: the limits on removals, and the hash by which a held plan is approved.
//! * [`evidence`]: what must be known of one person before something is taken from them.
//!
//! **There is no I/O here, no clock, no async and nothing of AWS or HTTP.** The current time
//! is always a parameter. Types here are not wire formats: Graph's JSON is read in
//! `rollcall-graph`, table rows are written in `rollcall-store`.

pub mod adoption;
pub mod desired;
pub mod evidence;
pub mod guard;
pub mod hierarchy;
pub mod history;
pub mod identity;
pub mod language;
pub mod person;
pub mod photo;
pub mod plan;
pub mod property;
pub mod rules;
pub mod scope;
pub mod seal;
pub mod team;
pub mod team_name;
pub mod undo;
pub mod user;
pub mod why;
