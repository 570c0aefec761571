//! Connections to the push services: how many, which one a request takes, and which of them are done for.
//!
//! A connection takes as many requests as the service's SETTINGS allow; when all are full another is opened, up to a bound, one at a time.
//! One that went away (GOAWAY, a reset, an end) takes no more requests, and what it still owes is waited for. Left out: addresses
//! ([`super::address`]) and answers. Invariant: [`Fault::NotTaken`] is said only of a request that the service cannot have processed.

use super::address::Resolver;
use super::{CONNECT_TIME_OUT, MAX_ANSWER_BYTES, Response};
use bytes::Bytes;
use h2::{Ping, Reason};
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tower::ServiceExt as _;

/// Connections to one origin that multiplex.
const MOST_SHARED: usize = 8;
/// Connections to one origin that carry one request at a time.
const MOST_SINGLE: usize = 32;
/// An idle connection is closed after that long.
const IDLE: Duration = Duration::from_secs(90);
/// How often a connection is looked at: is it idle, and does the other side still answer a ping? One that was not answered by the next
/// look is dead.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Resolving, connecting, TLS and the first frames.
const OPEN_TIME_OUT: Duration = CONNECT_TIME_OUT.saturating_add(Duration::from_secs(5));
/// Origins at which those without a connection are forgotten. The public services have about ten, WNS some dozens.
const SWEEP: usize = 512;

type Socket = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was not processed: it never left, the stream was refused, or it is above the last that a GOAWAY names (RFC 9113 section 8.7).
    NotTaken,
    /// It may have been processed.
    Broken(String),
}

/// All origins.
pub(super) struct Pool {
    connector: HttpsConnector<HttpConnector<Resolver>>,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
}

impl Pool {
    pub(super) fn new(connector: HttpsConnector<HttpConnector<Resolver>>) -> Self {
        Self {
            connector,
            origins: Mutex::default(),
        }
    }

    /// The origin of an address, with its connections.
    pub(super) fn origin(&self, uri: &Uri) -> Arc<Origin> {
        let name = |uri: &Uri| {
            format!(
                "{}://{}",
                uri.scheme_str().unwrap_or_default(),
                uri.authority().map_or("", |authority| authority.as_str())
            )
        };
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name(uri);
        if let Some(known) = origins.get(&name) {
            return known.clone();
        }
        if origins.len() >= SWEEP {
            origins.retain(|_, known| Arc::strong_count(known) > 1 || !known.state().connections.is_empty());
        }
        let origin = Arc::new(Origin {
            uri: uri.clone(),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        origins.insert(name, origin.clone());
        origin
    }
}

/// One push service.
pub(super) struct Origin {
    /// Any address of it.
    uri: Uri,
    state: Mutex<State>,
    /// A stream became free, a connection came or went, or none could be opened.
    changed: Notify,
}

#[derive(Default)]
struct State {
    connections: Vec<Arc<Connection>>,
    next: u64,
    opening: bool,
    /// How often no connection could be opened, and why not the last time.
    failures: (u64, String),
}

struct Connection {
    number: u64,
    wire: Wire,
    load: Mutex<Load>,
}

struct Load {
    requests: usize,
    /// When there were none.
    idle_since: Instant,
}

enum Wire {
    Shared(h2::client::SendRequest<Bytes>),
    /// Empty while a request is under way.
    Single(tokio::sync::Mutex<Option<http1::SendRequest<Full<Bytes>>>>),
}

impl Connection {
    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        match &self.wire {
            // The next request finds out, and its attendant takes it away.
            Wire::Shared(_) => false,
            // While it is lent out, whoever has it will see.
            Wire::Single(sender) => sender
                .try_lock()
                .is_ok_and(|sender| sender.as_ref().is_none_or(http1::SendRequest::is_closed)),
        }
    }

    /// Requests that it can carry at once.
    fn room(&self) -> usize {
        match &self.wire {
            Wire::Shared(sender) => sender.current_max_send_streams(),
            Wire::Single(_) => 1,
        }
    }
}

impl Origin {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a connection that has room. One that just turned this request away is taken only where there is no other.
    pub(super) async fn lease(self: &Arc<Self>, pool: &Arc<Pool>, not: Option<u64>) -> Result<Lease, String> {
        let failures = self.state().failures.0;
        loop {
            // Before looking, so that nothing changes between looking and waiting.
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                if let Some(connection) = state.with_room(not) {
                    return Ok(Lease {
                        origin: self.clone(),
                        connection,
                    });
                }
                if state.connections.is_empty() && state.failures.0 > failures {
                    return Err(state.failures.1.clone());
                }
                if !state.opening && state.may_open() {
                    state.opening = true;
                    tokio::spawn(self.clone().open(pool.connector.clone()));
                }
            }
            changed.await;
        }
    }

    /// Opens one more connection and adds it, or says why not.
    async fn open(self: Arc<Self>, connector: HttpsConnector<HttpConnector<Resolver>>) {
        let opened = timeout(OPEN_TIME_OUT, connect(connector, self.uri.clone()))
            .await
            .unwrap_or_else(|_| Err("no connection: none within 15 s".to_owned()));
        let mut state = self.state();
        state.opening = false;
        match opened {
            Ok((wire, work)) => {
                let number = state.next;
                state.next += 1;
                state.connections.push(Arc::new(Connection {
                    number,
                    wire,
                    load: Mutex::new(Load {
                        requests: 0,
                        idle_since: Instant::now(),
                    }),
                }));
                tokio::spawn(attend(Arc::downgrade(&self), number, work));
            }
            Err(reason) => state.failures = (state.failures.0 + 1, reason),
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn remove(&self, number: u64) {
        self.state().connections.retain(|known| known.number != number);
        self.changed.notify_waiters();
    }
}

impl State {
    /// The first with room: few busy connections carry more in each packet than many that are half idle.
    fn with_room(&mut self, not: Option<u64>) -> Option<Arc<Connection>> {
        self.connections.retain(|connection| !connection.is_closed());
        let others_first = self
            .connections
            .iter()
            .filter(|known| Some(known.number) != not)
            .chain(self.connections.iter().filter(|known| Some(known.number) == not));
        for connection in others_first {
            let mut load = connection.load();
            if load.requests < connection.room() {
                load.requests += 1;
                return Some(connection.clone());
            }
        }
        None
    }

    fn may_open(&self) -> bool {
        let most = match self.connections.first().map(|known| &known.wire) {
            Some(Wire::Single(_)) => MOST_SINGLE,
            Some(Wire::Shared(_)) | None => MOST_SHARED,
        };
        self.connections.len() < most
    }
}

/// What makes a connection go on.
enum Work {
    Shared(h2::client::Connection<Socket, Bytes>),
    Single(http1::Connection<MaybeHttpsStream<TokioIo<TcpStream>>, Full<Bytes>>),
}

/// Connects, and speaks what the service chose (ALPN).
async fn connect(
    connector: HttpsConnector<HttpConnector<Resolver>>,
    uri: Uri,
) -> Result<(Wire, Work), String> {
    let socket = connector
        .oneshot(uri)
        .await
        .map_err(|fault| reason("no connection", &*fault))?;
    if socket.connected().is_negotiated_h2() {
        let (sender, mut work) = h2::client::Builder::new()
            // No guess: what the service refused of it would go twice over the wire for nothing.
            .initial_max_send_streams(0)
            .enable_push(false)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|fault| reason("no connection", &fault))?;
        // Until the service's SETTINGS are here.
        poll_fn(|context| match Pin::new(&mut work).poll(context) {
            Poll::Ready(Ok(())) => Poll::Ready(Err("no connection: it ended at once".to_owned())),
            Poll::Ready(Err(fault)) => Poll::Ready(Err(reason("no connection", &fault))),
            Poll::Pending if work.max_concurrent_send_streams() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        Ok((Wire::Shared(sender), Work::Shared(work)))
    } else {
        let (sender, work) = http1::handshake(socket)
            .await
            .map_err(|fault| reason("no connection", &fault))?;
        let sender = tokio::sync::Mutex::new(Some(sender));
        Ok((Wire::Single(sender), Work::Single(work)))
    }
}

/// Works for a connection until it ends, is dead, or was idle for long.
async fn attend(origin: Weak<Origin>, number: u64, work: Work) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    match work {
        Work::Shared(mut work) => {
            let mut pings = work.ping_pong();
            let (mut asked, mut streams) = (false, 0);
            loop {
                tokio::select! {
                    _ = poll_fn(|context| {
                        let done = Pin::new(&mut work).poll(context);
                        let allowed = work.max_concurrent_send_streams();
                        if allowed != streams {
                            streams = allowed;
                            if let Some(origin) = origin.upgrade() {
                                origin.changed.notify_waiters();
                            }
                        }
                        done
                    }) => break,
                    answer = pong(pings.as_mut()), if asked => match answer {
                        Ok(_) => asked = false,
                        Err(_) => break,
                    },
                    _ = look.tick() => {
                        retire_if_idle(&origin, number);
                        if asked {
                            break;
                        }
                        asked = pings.as_mut().is_some_and(|pings| pings.send_ping(Ping::opaque()).is_ok());
                    }
                }
            }
        }
        Work::Single(mut work) => loop {
            tokio::select! {
                _ = &mut work => break,
                _ = look.tick() => retire_if_idle(&origin, number),
            }
        },
    }
    if let Some(origin) = origin.upgrade() {
        origin.remove(number);
    }
}

async fn pong(pings: Option<&mut h2::PingPong>) -> Result<h2::Pong, h2::Error> {
    match pings {
        Some(pings) => poll_fn(|context| pings.poll_pong(context)).await,
        None => std::future::pending().await,
    }
}

/// Without a sender a connection ends by itself.
fn retire_if_idle(origin: &Weak<Origin>, number: u64) {
    let Some(origin) = origin.upgrade() else { return };
    let idle = |known: &Connection| {
        let load = known.load();
        load.requests == 0 && load.idle_since.elapsed() >= IDLE
    };
    origin
        .state()
        .connections
        .retain(|known| known.number != number || !idle(known));
}

/// A request's place on a connection.
pub(super) struct Lease {
    origin: Arc<Origin>,
    connection: Arc<Connection>,
}

impl Lease {
    /// Which connection.
    pub(super) fn number(&self) -> u64 {
        self.connection.number
    }

    /// Sends a request and reads the beginning of its answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response, Fault> {
        match &self.connection.wire {
            Wire::Shared(sender) => self.send_shared(sender.clone(), request).await,
            Wire::Single(sender) => {
                // A connection that does not come to its end with a request is not used again.
                let lent = sender.lock().await.take();
                let Some(lent) = lent else {
                    return Err(self.gone());
                };
                let (answer, lent) = self.send_single(lent, request).await?;
                *sender.lock().await = lent;
                Ok(answer)
            }
        }
    }

    async fn send_shared(
        &self,
        sender: h2::client::SendRequest<Bytes>,
        request: Request<Bytes>,
    ) -> Result<Response, Fault> {
        let (parts, body) = request.into_parts();
        let mut sender = sender.ready().await.map_err(|_| self.gone())?;
        let (answer, mut stream) = sender
            .send_request(Request::from_parts(parts, ()), false)
            .map_err(|_| self.gone())?;
        drop(sender);
        // A stream that ended meanwhile says why in its answer.
        let _ = stream.send_data(body, true);
        let (parts, mut body) = answer.await.map_err(|fault| self.judge(&fault))?.into_parts();
        let mut beginning = Vec::new();
        while beginning.len() < MAX_ANSWER_BYTES {
            // The status is known; a body that breaks off changes nothing.
            let Some(Ok(data)) = body.data().await else { break };
            let _ = body.flow_control().release_capacity(data.len());
            let room = MAX_ANSWER_BYTES - beginning.len();
            beginning.extend_from_slice(&data[..data.len().min(room)]);
        }
        Ok(Response {
            status: parts.status,
            headers: parts.headers,
            body: beginning,
        })
    }

    async fn send_single(
        &self,
        mut sender: http1::SendRequest<Full<Bytes>>,
        request: Request<Bytes>,
    ) -> Result<(Response, Option<http1::SendRequest<Full<Bytes>>>), Fault> {
        let request = of_one_origin(request).map(Full::new);
        let answer = match sender.try_send_request(request).await {
            Ok(answer) => answer,
            Err(fault) if fault.message().is_some() => return Err(self.gone()),
            Err(fault) => {
                return Err(Fault::Broken(reason("the connection broke", &fault.into_error())));
            }
        };
        let (parts, mut body) = answer.into_parts();
        let mut beginning = Vec::new();
        let mut whole = false;
        while beginning.len() < MAX_ANSWER_BYTES {
            match body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        let room = MAX_ANSWER_BYTES - beginning.len();
                        beginning.extend_from_slice(&data[..data.len().min(room)]);
                    }
                }
                Some(Err(_)) => break,
                None => {
                    whole = true;
                    break;
                }
            }
        }
        let again = whole && sender.ready().await.is_ok();
        let answer = Response {
            status: parts.status,
            headers: parts.headers,
            body: beginning,
        };
        Ok((answer, again.then_some(sender)))
    }

    /// The connection takes no more requests, and did not take this one.
    fn gone(&self) -> Fault {
        self.origin.remove(self.connection.number);
        Fault::NotTaken
    }

    fn judge(&self, fault: &h2::Error) -> Fault {
        if fault.is_remote() && fault.is_go_away() {
            return self.gone();
        }
        if fault.is_remote() && fault.is_reset() && fault.reason() == Some(Reason::REFUSED_STREAM) {
            return Fault::NotTaken;
        }
        Fault::Broken(reason("the connection broke", fault))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        {
            let mut load = self.connection.load();
            load.requests -= 1;
            load.idle_since = Instant::now();
        }
        self.origin.changed.notify_one();
    }
}

/// HTTP/1.1 names the host in a header and the rest in the first line.
fn of_one_origin(mut request: Request<Bytes>) -> Request<Bytes> {
    if let Some(host) = request
        .uri()
        .authority()
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok())
    {
        request.headers_mut().insert(HOST, host);
    }
    let path = request
        .uri()
        .path_and_query()
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
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
