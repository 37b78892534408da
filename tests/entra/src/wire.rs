//! A socket that can be cut in the middle of an answer, and bodies that come slowly or never end.

use crate::reply::Wire;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How many more bytes a socket may send; negative is without limit.
#[derive(Debug)]
pub(crate) struct Allowance(AtomicI64);

impl Allowance {
    pub(crate) fn unlimited() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(-1)))
    }

    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    fn left(&self) -> Option<usize> {
        usize::try_from(self.0.load(Ordering::Relaxed)).ok()
    }

    fn spend(&self, bytes: usize) {
        if self.left().is_some() {
            self.0.fetch_sub(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }
}

/// A socket with an allowance. When it is used up the connection is reset, not closed.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    allowance: Arc<Allowance>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, allowance: Arc<Allowance>) -> Self {
        Self { stream, allowance }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let allowed = match socket.allowance.left() {
            None => bytes,
            Some(0) => {
                // Linger of zero makes the kernel send a reset in place of an orderly end.
                let _ = socket.stream.set_zero_linger();
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            Some(left) => bytes.get(..left.min(bytes.len())).unwrap_or(bytes),
        };
        let written = std::task::ready!(Pin::new(&mut socket.stream).poll_write(context, allowed))?;
        socket.allowance.spend(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// The body of an answer.
pub(crate) type AnswerBody = BoxBody<Bytes, io::Error>;

/// A body that breaks off, comes in pieces, or never ends.
pub(crate) struct OddBody {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    sleeping: Option<Pin<Box<Sleep>>>,
    endless: bool,
    breaks: bool,
}

impl OddBody {
    pub(crate) fn new(body: Bytes, wire: &Wire) -> Self {
        let (piece, pause) = wire.pace.unwrap_or((usize::MAX, 0));
        Self {
            rest: body,
            piece: piece.max(1),
            pause: Duration::from_millis(pause),
            sleeping: None,
            endless: wire.endless,
            breaks: wire.declared_length.is_some(),
        }
    }
}

impl Body for OddBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let body = self.get_mut();
        if let Some(sleeping) = &mut body.sleeping {
            std::task::ready!(sleeping.as_mut().poll(context));
            body.sleeping = None;
        }
        if body.rest.is_empty() {
            return match (body.endless, body.breaks) {
                (true, _) => Poll::Pending,
                (_, true) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
                _ => Poll::Ready(None),
            };
        }
        let piece = body.rest.split_to(body.piece.min(body.rest.len()));
        if !body.pause.is_zero() {
            body.sleeping = Some(Box::pin(sleep(body.pause)));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

use std::future::Future as _;
