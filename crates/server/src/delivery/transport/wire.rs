//! One connection to a push service: opened in the protocol that the service chose, and the exchange of one request over it.
//!
//! Left out: which connection a request takes and how many there are ([`super::pool`]). Invariant: [`Break::Refused`] and [`Break::Left`] are
//! said only of a request that the service cannot have processed (RFC 9113 section 8.7); every other break leaves that open.

use super::{CONNECT_TIME_OUT, MAX_ANSWER_BYTES, Response};
use crate::address::Resolver;
use bytes::Bytes;
use h2::{Ping, PingPong, Reason, client};
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::future::{Future as _, pending, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, interval_at, timeout, timeout_at};
use tower::ServiceExt as _;

/// Resolving, connecting, TLS and the first frames.
const OPEN_TIME_OUT: Duration = CONNECT_TIME_OUT.saturating_add(Duration::from_secs(5));
/// How often a connection is looked after. A ping that has no answer by the next time means that nobody is there.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long the words of an answer may take after its status.
const BODY: Duration = Duration::from_secs(2);

pub(super) type Connector = HttpsConnector<HttpConnector<Resolver>>;
type Socket = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Break {
    /// The service refused the stream and looked at nothing of it.
    Refused,
    /// The connection goes away and did not take it: it never left, or is above the last stream that a GOAWAY names.
    Left,
    /// It broke, and the service may have processed the request.
    Broken(String),
}

/// What a request is sent over.
pub(super) enum Wire {
    /// HTTP/2: many at once.
    Shared(client::SendRequest<Bytes>),
    /// HTTP/1.1: one at a time.
    Single(http1::SendRequest<Full<Bytes>>),
}

/// What makes a connection go on.
pub(super) enum Work {
    Shared(Box<client::Connection<TokioIo<Socket>, Bytes>>),
    Single(Box<http1::Connection<Socket, Full<Bytes>>>),
}

/// Connects to the origin of an address.
pub(super) async fn open(connector: Connector, uri: Uri) -> Result<(Wire, Work), String> {
    timeout(OPEN_TIME_OUT, connect(connector, uri))
        .await
        .unwrap_or_else(|_| Err("no connection: none within 15 s".to_owned()))
}

async fn connect(connector: Connector, uri: Uri) -> Result<(Wire, Work), String> {
    let none = |fault: &(dyn Error + 'static)| reason("no connection", fault);
    let socket = connector.oneshot(uri).await.map_err(|fault| none(&*fault))?;
    if !socket.connected().is_negotiated_h2() {
        let (sender, work) = http1::handshake(socket).await.map_err(|fault| none(&fault))?;
        return Ok((Wire::Single(sender), Work::Single(Box::new(work))));
    }
    let (sender, mut work) = client::Builder::new()
        // No stream before the service said how many it takes: nothing is assumed, nothing refused.
        .initial_max_send_streams(0)
        .enable_push(false)
        .handshake(TokioIo::new(socket))
        .await
        .map_err(|fault| none(&fault))?;
    poll_fn(|context| match Pin::new(&mut work).poll(context) {
        Poll::Ready(Ok(())) => Poll::Ready(Err("no connection: it ended at once".to_owned())),
        Poll::Ready(Err(fault)) => Poll::Ready(Err(none(&fault))),
        Poll::Pending if work.max_concurrent_send_streams() > 0 => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await?;
    Ok((Wire::Shared(sender), Work::Shared(Box::new(work))))
}

/// Works for a connection until it ends or nobody answers on it. `changed` hears that the service allows more streams or fewer; `look`
/// is asked now and then and says whether requests are under way.
pub(super) async fn attend(work: Work, changed: impl Fn(), look: impl Fn() -> bool) {
    let mut next = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    match work {
        Work::Shared(work) => attend_shared(*work, changed, look, next).await,
        Work::Single(mut work) => loop {
            tokio::select! {
                _ = &mut work => break,
                _ = next.tick() => { look(); }
            }
        },
    }
}

async fn attend_shared(
    mut work: client::Connection<TokioIo<Socket>, Bytes>,
    changed: impl Fn(),
    look: impl Fn() -> bool,
    mut next: Interval,
) {
    let mut pings = work.ping_pong();
    let mut asked = false;
    let mut streams = work.max_concurrent_send_streams();
    loop {
        let work = poll_fn(|context| {
            let done = Pin::new(&mut work).poll(context);
            let allowed = work.max_concurrent_send_streams();
            if allowed != streams {
                streams = allowed;
                changed();
            }
            done
        });
        tokio::select! {
            _ = work => break,
            answer = pong(pings.as_mut()), if asked => match answer {
                Ok(_) => asked = false,
                Err(_) => break,
            },
            _ = next.tick() => {
                if asked {
                    break;
                }
                // Sparingly: services close connections that ping for nothing.
                if look() && let Some(pings) = &mut pings {
                    asked = pings.send_ping(Ping::opaque()).is_ok();
                }
            }
        }
    }
}

async fn pong(pings: Option<&mut PingPong>) -> Result<h2::Pong, h2::Error> {
    match pings {
        Some(pings) => poll_fn(|context| pings.poll_pong(context)).await,
        None => pending().await,
    }
}

impl Wire {
    /// Requests that it can carry at once, as the service says now; none when it takes no more at all.
    pub(super) fn streams(&mut self) -> Option<usize> {
        match self {
            Self::Shared(sender) => match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Err(_)) => None,
                Poll::Ready(Ok(())) | Poll::Pending => Some(sender.current_max_send_streams()),
            },
            Self::Single(sender) => (!sender.is_closed()).then_some(1),
        }
    }

    /// Takes what one request needs: a handle of its own where there can be several, else the only one.
    pub(super) fn lend(wire: &mut Option<Self>) -> Option<Self> {
        match wire {
            Some(Self::Shared(sender)) => Some(Self::Shared(sender.clone())),
            _ => wire.take(),
        }
    }

    /// Sends a request and reads the beginning of its answer. What was the only handle is given back if it can carry another request.
    pub(super) async fn exchange(
        self,
        mut request: Request<Bytes>,
    ) -> Result<(Response, Option<Self>), Break> {
        let length = HeaderValue::from(request.body().len());
        request.headers_mut().insert(CONTENT_LENGTH, length);
        match self {
            Self::Shared(sender) => Ok((exchange_shared(sender, request).await?, None)),
            Self::Single(sender) => exchange_single(sender, request).await,
        }
    }
}

async fn exchange_shared(
    sender: client::SendRequest<Bytes>,
    request: Request<Bytes>,
) -> Result<Response, Break> {
    let (parts, body) = request.into_parts();
    let mut sender = sender.ready().await.map_err(|_| Break::Left)?;
    let (answer, mut stream) = sender
        .send_request(Request::from_parts(parts, ()), false)
        .map_err(|_| Break::Left)?;
    // A stream that ended meanwhile says why in its answer.
    let _ = stream.send_data(body, true);
    let (parts, mut body) = answer.await.map_err(|fault| judge(&fault))?.into_parts();
    let mut beginning = Vec::new();
    let until = Instant::now() + BODY;
    while beginning.len() < MAX_ANSWER_BYTES {
        // The status is known; a body that breaks off or does not come changes nothing.
        let Ok(Some(Ok(data))) = timeout_at(until, body.data()).await else {
            break;
        };
        let _ = body.flow_control().release_capacity(data.len());
        append(&mut beginning, &data);
    }
    Ok(Response {
        status: parts.status,
        headers: parts.headers,
        body: beginning,
    })
}

fn judge(fault: &h2::Error) -> Break {
    if fault.is_remote() && fault.is_go_away() {
        // h2 says this of the streams above the last that was taken, and of no others.
        Break::Left
    } else if fault.is_remote() && fault.is_reset() && fault.reason() == Some(Reason::REFUSED_STREAM) {
        Break::Refused
    } else {
        Break::Broken(reason("the connection broke", fault))
    }
}

async fn exchange_single(
    mut sender: http1::SendRequest<Full<Bytes>>,
    request: Request<Bytes>,
) -> Result<(Response, Option<Wire>), Break> {
    let answer = match sender
        .try_send_request(in_origin_form(request).map(Full::new))
        .await
    {
        Ok(answer) => answer,
        Err(fault) if fault.message().is_some() => return Err(Break::Left),
        Err(fault) => return Err(Break::Broken(reason("the connection broke", fault.error()))),
    };
    let (parts, mut body) = answer.into_parts();
    let mut beginning = Vec::new();
    let mut whole = false;
    let until = Instant::now() + BODY;
    while beginning.len() < MAX_ANSWER_BYTES {
        let Ok(next) = timeout_at(until, body.frame()).await else {
            break;
        };
        match next {
            Some(Ok(frame)) => append(&mut beginning, frame.data_ref().map_or(&[], |data| data)),
            Some(Err(_)) => break,
            None => {
                whole = true;
                break;
            }
        }
    }
    // Bytes that were not read stand before the next answer.
    let again = whole && sender.ready().await.is_ok();
    let answer = Response {
        status: parts.status,
        headers: parts.headers,
        body: beginning,
    };
    Ok((answer, again.then_some(Wire::Single(sender))))
}

fn append(beginning: &mut Vec<u8>, data: &[u8]) {
    let room = MAX_ANSWER_BYTES - beginning.len();
    beginning.extend_from_slice(&data[..data.len().min(room)]);
}

/// HTTP/1.1 names the host in a header and the rest in the first line (RFC 9112 section 3.2.1).
fn in_origin_form(mut request: Request<Bytes>) -> Request<Bytes> {
    let authority = request.uri().authority();
    if let Some(host) = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    request
}

fn reason(beginning: &str, fault: &(dyn Error + 'static)) -> String {
    let mut text = beginning.to_owned();
    let mut source = Some(fault);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text.chars().take(200).collect()
}

/// An open connection with HTTP/1.1 on which nobody says anything, and its other end.
#[cfg(test)]
pub(super) async fn silent() -> (Wire, tokio::io::DuplexStream) {
    let (socket, other) = tokio::io::duplex(64);
    let (sender, work) = http1::handshake(TokioIo::new(socket)).await.expect("a socket");
    tokio::spawn(work);
    (Wire::Single(sender), other)
}
