//! From a request to its answer.

use jiff::Timestamp;
use rollcall_sync::notification::parse::{self, ParseError};
use rollcall_sync::notification::receive::Receiver;
use rollcall_sync::notification::validation;

use crate::http::{Request, Response};

/// Answers a handshake, or takes in notifications.
pub async fn answer(receiver: &Receiver<'_>, request: &Request, now: Timestamp) -> Response {
    match validation::token(request.query()) {
        Some(Ok(token)) => Response::plain(200, token),
        Some(Err(_)) => Response::empty(400),
        None => take_in(receiver, &request.body(), now).await,
    }
}

async fn take_in(receiver: &Receiver<'_>, body: &[u8], now: Timestamp) -> Response {
    let received = match parse::parse(body) {
        Ok(received) => received,
        Err(ParseError::TooLarge) => return Response::empty(413),
        Err(ParseError::NotNotifications) => return Response::empty(400),
    };
    match receiver.receive(received, now).await {
        Ok(outcome) => {
            tracing::info!(
                notifications.accepted = outcome.accepted,
                notifications.malformed = outcome.malformed,
                notifications.forged = outcome.forged,
                notifications.unknown = outcome.unknown,
                connections.queued = outcome.queued,
                "notifications received"
            );
            Response::empty(202)
        }
        Err(error) => {
            tracing::error!(error = %error, "notifications not taken in, Graph will send them again");
            Response::empty(503)
        }
    }
}

#[cfg(test)]
mod tests;
