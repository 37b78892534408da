//! The description of this API: `OpenAPI` 3.1, generated from the routes and their types.

use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::problem::{Fault, Problem};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Rollcall admin API",
        description = "Connections to Microsoft Entra tenants, and what their syncs did. Errors are problem documents (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        version = "1"
    ),
    components(schemas(Problem, Fault)),
    modifiers(&Token),
    security(("admin_token" = []))
)]
struct Frame;

struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The admin token.")).build();
        api.components.get_or_insert_default().add_security_scheme("admin_token", SecurityScheme::Http(bearer));
    }
}

/// The frame into which routes are put.
pub(super) fn frame() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Frame::openapi())
}

/// The route that shows the description.
pub(crate) fn description(mut api: OpenApi) -> Router<App> {
    add_problems(&mut api);
    close_variants(&mut api);
    let shown = move || async move { Json(api).into_response() };
    Router::new().route("/openapi.json", get(shown))
}

/// Every operation may answer with a problem.
fn add_problems(api: &mut OpenApi) {
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        let responses = &mut operation.responses.responses;
        if operation.security.is_none() {
            responses.insert("401".to_owned(), problem("The admin token is missing or wrong"));
        }
        if operation.parameters.is_some() || operation.request_body.is_some() {
            responses.insert("400".to_owned(), problem("A part of the request is not as described"));
        }
        if operation.parameters.as_ref().is_some_and(|all| all.iter().any(is_path)) {
            responses.insert("404".to_owned(), problem("There is no such resource"));
        }
        responses.insert("default".to_owned(), problem("It could not be done"));
    }
}

/// The variants of these bodies refuse members that they do not know; the generator says so of plain objects only.
fn close_variants(api: &mut OpenApi) {
    let Some(components) = &mut api.components else { return };
    for name in ["Credential", "Scope", "Leavers", "NewClientAuthentication", "ApplicationCredential"] {
        let Some(RefOr::T(Schema::OneOf(variants))) = components.schemas.get_mut(name) else { continue };
        for variant in &mut variants.items {
            if let RefOr::T(Schema::Object(object)) = variant {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}

fn is_path(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    RefOr::T(ResponseBuilder::new().description(description).content("application/problem+json", content).build())
}
