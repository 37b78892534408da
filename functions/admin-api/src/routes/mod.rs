//! The routes, one file for each family of resources.

mod channel;
mod connections;
mod description;
mod directory;
mod exports;
mod health;
mod holds;
mod lifecycle;
mod runs;
mod teams;
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
    OpenApiRouter::new()
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::read, connections::change, connections::delete))
        .routes(routes!(channel::read, channel::set, channel::remove))
        .routes(routes!(channel::test))
        .routes(routes!(lifecycle::test))
        .routes(routes!(lifecycle::activate))
        .routes(routes!(lifecycle::deactivate))
        .routes(routes!(lifecycle::sync))
        .routes(routes!(directory::groups))
        .routes(routes!(directory::people))
        .routes(routes!(runs::list))
        .routes(routes!(runs::read))
        .routes(routes!(runs::changes))
        .routes(routes!(exports::changes_csv))
        .routes(routes!(exports::changes_json))
        .routes(routes!(users::list))
        .routes(routes!(users::read))
        .routes(routes!(exports::users_csv))
        .routes(routes!(exports::users_json))
        .routes(routes!(teams::list))
        .routes(routes!(teams::members))
        .routes(routes!(holds::list))
        .routes(routes!(holds::read))
        .routes(routes!(holds::removals))
        .routes(routes!(exports::removals_csv))
        .routes(routes!(exports::removals_json))
        .routes(routes!(holds::approve))
        .routes(routes!(holds::reject))
}
