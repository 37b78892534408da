//! A connection to the table that loses requests and answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing special.
    #[default]
    None,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It never arrives.
    LoseRequest,
}

/// Faults to come, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    /// For transactions only.
    transactions: VecDeque<Fault>,
    /// For every request, until further notice.
    all: Fault,
    /// Of the request under way.
    current: Fault,
}

impl Faults {
    /// The next transactions meet these.
    pub(crate) fn transactions(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().unwrap().transactions.extend(faults);
    }

    /// Every request meets this from now on.
    pub(crate) fn all(&self, fault: Fault) {
        self.0.lock().unwrap().all = fault;
    }
}

impl Intercept for Faults {
    fn name(&self) -> &'static str {
        "faults"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut plan = self.0.lock().unwrap();
        let transaction = context
            .request()
            .headers()
            .get("x-amz-target")
            .is_some_and(|target| target.ends_with("TransactWriteItems"));
        plan.current = if transaction { plan.transactions.pop_front().unwrap_or(plan.all) } else { plan.all };
        if plan.current == Fault::LoseRequest {
            context.request_mut().headers_mut().insert("x-amz-target", "DynamoDB_20120810.Nothing");
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.0.lock().unwrap().current != Fault::None {
            let response = context.response_mut();
            *response.status_mut() = 500u16.try_into()?;
            response.headers_mut().remove("x-amzn-errortype");
            *response.body_mut() = "{}".into();
        }
        Ok(())
    }
}
