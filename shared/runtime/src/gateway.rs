//! From an event of API Gateway to the answer of a router.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::{Adapter, LambdaEvent, Service};
use serde::Serialize;

/// An event of an HTTP API, payload format version 2.0 ("Create AWS Lambda proxy integrations for HTTP APIs").
pub type Event = lambda_http::request::LambdaRequest;

/// Answers an event. What makes no request is answered by `refusing`.
///
/// # Errors
/// None: what can't be carried out is an answer too.
pub async fn answer(
    router: &Router,
    refusing: fn() -> Router,
    event: LambdaEvent<Event>,
) -> Result<impl Serialize + use<>, Infallible> {
    let context = event.context.clone();
    // `lambda_http` panics over a body that should be base64 and is none, and over a host, path or query that make no
    // URI. Nothing of ours has been called by then.
    match catch_unwind(AssertUnwindSafe(|| Adapter::from(router.clone()).call(event))) {
        Ok(answer) => answer.await,
        Err(_) => {
            let empty = Event::ApiGatewayV2(ApiGatewayV2httpRequest::default());
            Adapter::from(refusing()).call(LambdaEvent::new(empty, context)).await
        }
    }
}
