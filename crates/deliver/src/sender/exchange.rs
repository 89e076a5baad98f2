//! A request and its reply over one connection.

use std::future::pending;
use std::pin::pin;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER,
    USER_AGENT,
};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use leads::Timestamp;

use super::capped::Capped;
use super::excerpt::printable;
use super::route::Stream;
use super::{EXCERPT_BYTES_MAX, REPLY_BYTES_MAX, Trouble};
use crate::guard::Target;
use crate::message::Message;
use crate::signature::{ID_HEADER, SIGNATURE_HEADER, Secrets, TIMESTAMP_HEADER, seconds_of};

const AGENT: &str = concat!("Madura-Webhooks/", env!("CARGO_PKG_VERSION"));
/// How much of the body is kept to make an excerpt of: what is not printable takes room too.
const BEGINNING_BYTES: usize = 4 * EXCERPT_BYTES_MAX;

/// What came back, as far as it came.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) status: Option<u16>,
    /// As the header has it.
    pub(super) retry_after: Option<String>,
    /// Whether the body is packed with gzip or the like.
    pub(super) packed: bool,
    /// At most [`BEGINNING_BYTES`] of the body.
    pub(super) beginning: Vec<u8>,
}

/// The request for one attempt at `now`.
pub(super) fn request(
    target: &Target,
    secrets: &Secrets,
    message: &Message,
    now: Timestamp,
) -> Result<Request<Full<Bytes>>, Trouble> {
    let body = message.body.as_bytes();
    Request::post(&target.path_and_query)
        .header(HOST, &target.authority)
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .header(ID_HEADER, message.id.as_str())
        .header(TIMESTAMP_HEADER, seconds_of(now))
        .header(SIGNATURE_HEADER, secrets.sign(message.id.as_str(), now, body))
        .body(Full::from(message.body.clone()))
        .map_err(|error| broken(&error))
}

/// Sends the request and reads the reply into `reply`, as long as it stays within
/// [`REPLY_BYTES_MAX`]. What is in `reply` holds whether or not this ends well, and also when it
/// is given up half-way.
///
/// The body is read to its end although little of it is kept: some receivers stop working when
/// their caller hangs up.
pub(super) async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    reply: &mut Reply,
) -> Result<(), Trouble> {
    let stream = TokioIo::new(Capped::new(stream, REPLY_BYTES_MAX));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(REPLY_BYTES_MAX)
        .handshake(stream)
        .await
        .map_err(|error| broken(&error))?;
    // The connection has to be driven beside the exchange. It may end first, with bytes of the
    // reply still to be taken.
    let driven = async move {
        let _ = connection.await;
        pending::<()>().await;
    };
    let exchanged = async {
        let mut response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        reply.take_head(&response);
        while let Some(frame) = response.body_mut().frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(bytes) = frame.data_ref() {
                let room = BEGINNING_BYTES - reply.beginning.len();
                reply.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = pin!(exchanged) => ended,
        () = pin!(driven) => Ok(()),
    }
}

impl Reply {
    fn take_head<B>(&mut self, response: &Response<B>) {
        let headers = response.headers();
        self.status = Some(response.status().as_u16());
        self.retry_after = text(headers, &RETRY_AFTER);
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        self.packed = encoding.is_some_and(|name| !name.eq_ignore_ascii_case(b"identity"));
    }
}

fn text(headers: &HeaderMap<HeaderValue>, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The library's words, with those of what lies behind them.
fn broken(error: &dyn std::error::Error) -> Trouble {
    let mut words = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        words = format!("{words}: {error}");
        behind = error.source();
    }
    Trouble::Broken(printable(words.as_bytes()))
}
