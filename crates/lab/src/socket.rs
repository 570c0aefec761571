//! Connections as push services keep them: how many streams, which HTTP, and the faults of a connection rather than of a message.
//!
//! hyper's server cannot say that it left a request alone, so the frames are watched beside it ([`Watched`]): a GOAWAY is put between two of
//! its own. Left out: everything about messages (`intake`). Invariant: what a GOAWAY or a refused stream leaves out was not looked at.

use crate::fault::Fault;
use crate::journal::{Column, Message};
use crate::registry::Registry;
use crate::service::Service;
use axum::Router;
use axum::body::Body;
use h2::Reason;
use http::header;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// `http` or `https`: by which listener a request came.
#[derive(Clone, Copy)]
pub(crate) struct Scheme(pub(crate) &'static str);

/// Marks a response that must not be sent: the connection is to be closed instead.
#[derive(Clone, Copy)]
pub(crate) struct Cut;

/// On what terms connections are kept from now on, and what was seen of those with TLS.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) http1_only: AtomicBool,
    pub(crate) max_streams: AtomicU32,
    seen: Mutex<Connections>,
}

/// The connections to the push services: those with TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// Opened so far.
    pub opened: u64,
    /// Of them those with HTTP/2.
    pub http2: u64,
    /// Still open.
    pub open: u64,
    /// The most streams that were open on one at once.
    pub most_streams: usize,
}

impl Terms {
    pub(crate) fn new(max_streams: u32) -> Self {
        Self {
            http1_only: AtomicBool::new(false),
            max_streams: AtomicU32::new(max_streams),
            seen: Mutex::default(),
        }
    }

    pub(crate) fn connections(&self) -> Connections {
        *locked(&self.seen)
    }
}

/// Counts a connection as open as long as it lives.
struct Counted<'a>(&'a Terms);

impl<'a> Counted<'a> {
    fn new(terms: &'a Terms, http2: bool) -> Self {
        let mut seen = locked(&terms.seen);
        seen.opened += 1;
        seen.http2 += u64::from(http2);
        seen.open += 1;
        Self(terms)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        locked(&self.0.seen).open -= 1;
    }
}

/// What a listener serves with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) router: Router,
    pub(crate) registry: Arc<Registry>,
    pub(crate) terms: Arc<Terms>,
    /// HTTP/2 or HTTP/1.1, and HTTP/1.1 only; none: no TLS.
    pub(crate) tls: Option<[TlsAcceptor; 2]>,
}

/// The next connection; none once `stop` has closed.
pub(crate) async fn accept(listener: &TcpListener, stop: &mut watch::Receiver<()>) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return None,
        };
        if let Ok((socket, _)) = accepted {
            let _ = socket.set_nodelay(true);
            return Some(socket);
        }
        // Out of file descriptors: give connections the time to end instead of spinning.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Accepts connections until `stop` closes.
pub(crate) async fn serve(listener: TcpListener, desk: Desk, mut stop: watch::Receiver<()>) {
    while let Some(socket) = accept(&listener, &mut stop).await {
        tokio::spawn(desk.clone().welcome(socket, stop.clone()));
    }
}

impl Desk {
    async fn welcome(self, socket: TcpStream, stop: watch::Receiver<()>) {
        let Some([any, old]) = &self.tls else {
            return self.converse(socket, Scheme("http"), None, stop).await;
        };
        let acceptor = if self.terms.http1_only.load(Ordering::SeqCst) {
            old
        } else {
            any
        };
        let socket = match acceptor.accept(socket).await {
            Ok(socket) => socket,
            Err(error) => return tracing::debug!(%error, "no TLS handshake"),
        };
        let http2 = socket.get_ref().1.alpn_protocol() == Some(b"h2");
        let _counted = Counted::new(&self.terms, http2);
        if !http2 {
            return self.converse(socket, Scheme("https"), None, stop).await;
        }
        let frames = Arc::new(Mutex::new(Frames::new()));
        let socket = Watched {
            socket,
            frames: frames.clone(),
            terms: self.terms.clone(),
        };
        self.converse(socket, Scheme("https"), Some(frames), stop).await;
    }

    async fn converse<S>(
        &self,
        socket: S,
        scheme: Scheme,
        frames: Option<Arc<Mutex<Frames>>>,
        mut stop: watch::Receiver<()>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let cut = Arc::new(Notify::new());
        let service = hyper::service::service_fn(|mut request: Request<Incoming>| {
            // Here, and not in the answer's future: requests come in the order of their streams.
            let fate = self.fate(&request, frames.as_deref());
            let (router, cut) = (self.router.clone(), cut.clone());
            async move {
                match fate {
                    Fate::Answered => {}
                    Fate::Refused => return Err(h2::Error::from(Reason::REFUSED_STREAM)),
                    Fate::Ignored => return std::future::pending().await,
                    Fate::Cut => {
                        cut.notify_one();
                        return std::future::pending().await;
                    }
                }
                request.extensions_mut().insert(scheme);
                let Ok(response) = router.oneshot(request.map(Body::new)).await;
                if response.extensions().get::<Cut>().is_some() {
                    cut.notify_one();
                    return std::future::pending().await;
                }
                Ok(response)
            }
        });
        let mut builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
        builder
            .http2()
            .max_concurrent_streams(self.terms.max_streams.load(Ordering::SeqCst));
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
        tokio::select! {
            result = connection => {
                if let Err(error) = result {
                    tracing::debug!(error, "connection ended");
                }
            }
            () = cut.notified() => {}
            _ = stop.changed() => {}
        }
    }

    fn fate(&self, request: &Request<Incoming>, frames: Option<&Mutex<Frames>>) -> Fate {
        let mut frames = frames.map(locked);
        let stream = match &mut frames {
            Some(frames) => frames.arrived.pop_front(),
            None => None,
        };
        if frames.as_ref().is_some_and(|frames| frames.left) {
            return Fate::Ignored;
        }
        let uri = request.uri();
        let Some((service, token)) = Service::of_path(uri.path(), uri.query()) else {
            return Fate::Answered;
        };
        let said = || request.headers().get(header::HOST)?.to_str().ok();
        let authority = uri.authority().map(http::uri::Authority::as_str).or_else(said);
        let authority = authority.unwrap_or_default();
        let host = authority.split_once(':').map_or(authority, |(host, _)| host);
        let Some(fault) = self.registry.script.next_of_connection(&token, host) else {
            return Fate::Answered;
        };
        let (word, fate) = match (&mut frames, stream, fault) {
            (Some(_), _, Fault::Refused) => ("stream refused", Fate::Refused),
            (Some(frames), Some(stream), _) => {
                frames.leave(stream);
                ("connection left", Fate::Ignored)
            }
            _ => ("cut", Fate::Cut),
        };
        self.registry.journal.write(Column::Faulted, |number| Message {
            number,
            at: self.registry.now(),
            service,
            token: token.clone(),
            status: 0,
            outcome: word.to_owned(),
            ttl_seconds: None,
            urgency: None,
            topic: None,
            bytes: 0,
            text: None,
        });
        fate
    }
}

/// What becomes of a request before anybody looks at it.
enum Fate {
    Answered,
    Refused,
    Ignored,
    Cut,
}

/// What is known of a connection's frames.
#[derive(Debug)]
struct Frames {
    incoming: Reader,
    outgoing: Reader,
    open: BTreeSet<u32>,
    /// Streams whose requests hyper has not handed over yet.
    arrived: VecDeque<u32>,
    /// A GOAWAY was said: nothing that comes after it is looked at.
    left: bool,
    /// What is still to be put between two frames.
    insert: Vec<u8>,
}

impl Frames {
    fn new() -> Self {
        Self {
            // The preface is no frame, but skipped like the payload of one.
            incoming: Reader {
                payload: PREFACE,
                ..Reader::default()
            },
            outgoing: Reader::default(),
            open: BTreeSet::new(),
            arrived: VecDeque::new(),
            left: false,
            insert: Vec::new(),
        }
    }

    /// Says that `stream` and what follows it are not looked at (RFC 9113 section 6.8).
    fn leave(&mut self, stream: u32) {
        self.left = true;
        self.insert = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
        self.insert.extend(stream.saturating_sub(2).to_be_bytes());
        self.insert.extend(0_u32.to_be_bytes());
    }

    fn came(&mut self, bytes: &[u8]) {
        for head in self.incoming.read(bytes) {
            match head.kind {
                HEADERS if self.open.insert(head.stream) => self.arrived.push_back(head.stream),
                RST_STREAM => {
                    self.open.remove(&head.stream);
                }
                _ => {}
            }
        }
    }

    fn went(&mut self, bytes: &[u8]) {
        for head in self.outgoing.read(bytes) {
            let ends = matches!(head.kind, DATA | HEADERS) && head.flags & END_STREAM != 0;
            if head.kind == RST_STREAM {
                self.arrived.retain(|stream| *stream != head.stream);
            }
            if ends || head.kind == RST_STREAM {
                self.open.remove(&head.stream);
            }
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes with which a client begins (RFC 9113 section 3.4).
const PREFACE: usize = 24;
// Kinds of frames and a flag (RFC 9113 section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;

/// The head of a frame, as far as it matters.
#[derive(Debug)]
struct Head {
    kind: u8,
    flags: u8,
    stream: u32,
}

/// Where in which frame one direction is (RFC 9113 section 4.1).
#[derive(Debug, Default)]
struct Reader {
    head: Vec<u8>,
    payload: usize,
}

impl Reader {
    /// Bytes until the next frame could begin, as far as is known.
    fn until_frame(&self) -> usize {
        match self.head.len() {
            0 => self.payload,
            begun => 9 - begun,
        }
    }

    /// Reads on; gives the frames that began.
    fn read(&mut self, mut bytes: &[u8]) -> Vec<Head> {
        let mut began = Vec::new();
        while !bytes.is_empty() {
            let skipped = self.payload.min(bytes.len());
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            let taken = (9 - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if let [a, b, c, kind, flags, stream @ ..] = &self.head[..]
                && let Ok(stream) = <[u8; 4]>::try_from(stream)
            {
                self.payload = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
                began.push(Head {
                    kind: *kind,
                    flags: *flags,
                    stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
                });
                self.head.clear();
            }
        }
        began
    }
}

/// A socket whose frames are watched.
struct Watched<S> {
    socket: S,
    frames: Arc<Mutex<Frames>>,
    terms: Arc<Terms>,
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Writes what is to be put between two frames, if this is between two.
    fn insert(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut frames = locked(&self.frames);
        while !frames.insert.is_empty() && frames.outgoing.until_frame() == 0 {
            let written = ready!(Pin::new(&mut self.socket).poll_write(context, &frames.insert))?;
            frames.insert.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(context, buffer))?;
        let mut frames = locked(&this.frames);
        let streams = frames.open.len();
        frames.came(&buffer.filled()[before..]);
        if frames.open.len() > streams {
            let mut seen = locked(&this.terms.seen);
            seen.most_streams = seen.most_streams.max(frames.open.len());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.insert(context))?;
        let most = {
            let frames = locked(&this.frames);
            match frames.outgoing.until_frame() {
                rest if rest > 0 && !frames.insert.is_empty() => rest.min(bytes.len()),
                _ => bytes.len(),
            }
        };
        let written = ready!(Pin::new(&mut this.socket).poll_write(context, &bytes[..most]))?;
        locked(&this.frames).went(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.insert(context))?;
        Pin::new(&mut this.socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
