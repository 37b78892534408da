//! The routes, one file for each family of resources.

mod application;
mod channel;
mod clients;
mod connections;
mod delegations;
mod description;
mod directory;
mod existing;
mod exports;
mod health;
mod holds;
mod lifecycle;
mod photo;
mod previews;
mod problems;
mod runs;
mod setup;
mod sign_ins;
mod teams;
mod undo;
mod users;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use description::description;

/// Routes that anybody may use, with the frame of the description.
pub(crate) fn open() -> OpenApiRouter<App> {
    description::frame().routes(routes!(health::read))
}

/// Routes that want the admin token.
pub(crate) fn guarded() -> OpenApiRouter<App> {
    settings().merge(looking()).merge(history()).merge(platform()).merge(signing_in())
}

/// Connections, and what can be done with them.
fn settings() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::read, connections::change, connections::delete))
        .routes(routes!(channel::read, channel::set, channel::remove))
        .routes(routes!(channel::test))
        .routes(routes!(lifecycle::test))
        .routes(routes!(lifecycle::activate))
        .routes(routes!(lifecycle::deactivate))
        .routes(routes!(lifecycle::sync))
        .routes(routes!(setup::create))
        .routes(routes!(previews::create))
        .routes(routes!(previews::read))
        .routes(routes!(previews::apply))
}

/// What is in the directory, and what somebody has to see to.
fn looking() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(directory::groups))
        .routes(routes!(directory::people))
        .routes(routes!(directory::why))
        .routes(routes!(directory::sync))
        .routes(routes!(problems::list))
        .routes(routes!(existing::list, existing::note))
        .routes(routes!(existing::link))
        .routes(routes!(existing::keep_apart))
        .routes(routes!(existing::reopen))
}

/// Runs and holds.
fn history() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(runs::list))
        .routes(routes!(runs::read))
        .routes(routes!(runs::changes))
        .routes(routes!(undo::preview))
        .routes(routes!(undo::undo))
        .routes(routes!(exports::changes_csv))
        .routes(routes!(exports::changes_json))
        .routes(routes!(holds::list))
        .routes(routes!(holds::read))
        .routes(routes!(holds::removals))
        .routes(routes!(exports::removals_csv))
        .routes(routes!(exports::removals_json))
        .routes(routes!(holds::approve))
        .routes(routes!(holds::reject))
}

/// Accounts and teams.
fn platform() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(users::list))
        .routes(routes!(users::read))
        .routes(routes!(users::protect, users::unprotect))
        .routes(routes!(users::managers))
        .routes(routes!(users::reports))
        .routes(routes!(photo::read))
        .routes(routes!(exports::users_csv))
        .routes(routes!(exports::users_json))
        .routes(routes!(teams::list))
        .routes(routes!(teams::members))
}

/// What people sign in to, and who did.
fn signing_in() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::read, clients::change, clients::delete))
        .routes(routes!(clients::renew))
        .routes(routes!(clients::drop_old))
        .routes(routes!(application::read, application::set))
        .routes(routes!(sign_ins::list))
        .routes(routes!(sign_ins::of_person))
        .routes(routes!(sign_ins::sign_out))
        .routes(routes!(delegations::ask))
        .routes(routes!(delegations::read, delegations::forget))
        .routes(routes!(delegations::test))
}
