//! Connections and routes. Every connection is counted before anything of it is read, and none lasts however slow it is.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::Listener;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::committer::{Command, Committer};
use super::doors::{Door, Doors, address_of};
use super::socket::Opened;
use super::upgrade::Upgrade;
use super::{blobs, page};
use crate::blob_files::BlobFiles;
use crate::config::{Config, Limits};
use crate::metrics::{Metrics, add};

/// Bytes of a connection's buffer at most; a request's head has to fit.
const BUFFER: usize = 64 * 1024;
/// Connections of one address, and in all, that are told that there are too many.
const TOLD: usize = 16;
const TOLD_IN_ALL: usize = 256;

/// What every request may use.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub committer: Committer,
    pub metrics: Arc<Metrics>,
    pub files: BlobFiles,
    /// Connections, by who made them.
    doors: Doors,
    /// Requests, by whom a trusted proxy makes them for.
    forwarded: Doors,
    /// Connections that are told there are too many.
    refused: Doors,
    sessions: Arc<AtomicU64>,
    /// Held by every connection; when all are gone, the relay may end.
    alive: mpsc::Sender<()>,
}

impl App {
    pub fn new(
        config: Config,
        committer: Committer,
        metrics: Arc<Metrics>,
        files: BlobFiles,
        alive: mpsc::Sender<()>,
    ) -> Self {
        Self {
            config: Arc::new(config),
            committer,
            metrics,
            files,
            doors: Doors::default(),
            forwarded: Doors::default(),
            refused: Doors::default(),
            sessions: Arc::new(AtomicU64::new(1)),
            alive,
        }
    }
}

/// All routes.
fn router(app: App) -> Router {
    Router::new()
        .route("/v1/sync", get(sync))
        .merge(blobs::routes())
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .merge(page::routes())
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .with_state(app)
}

/// Serves until told to stop, then until every connection has ended.
pub async fn serve(mut listener: TcpListener, app: App, mut stopped: watch::Receiver<bool>) {
    let limits = app.config.limits.clone();
    // A proxy is one address: whom it speaks for is counted with each request.
    let per_address = if app.config.trust_forwarded { usize::MAX } else { limits.connections_per_address };
    let (routes, refusal) = (router(app.clone()), Router::new().fallback(too_many));
    let mut open = JoinSet::new();
    loop {
        let (socket, peer) = tokio::select! {
            () = told_to_stop(&mut stopped) => break,
            Some(_) = open.join_next() => continue,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let (routes, door) = match app.doors.enter(peer.ip(), per_address, limits.connections) {
            Some(door) => (&routes, door),
            None => {
                add(&app.metrics.connections_refused, 1);
                // It is told so, unless there are too many of those as well.
                match app.refused.enter(peer.ip(), TOLD, TOLD_IN_ALL) {
                    Some(door) => (&refusal, door),
                    None => continue,
                }
            }
        };
        let origin = Origin { peer, door: Arc::new(door) };
        open.spawn(connection(
            socket,
            routes.clone().layer(Extension(origin)),
            limits.clone(),
            stopped.clone(),
        ));
    }
    while open.join_next().await.is_some() {}
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // A sender that is gone also means: stop.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Serves the requests of one connection, until it becomes a WebSocket or one side ends it. However slowly its peer
/// writes and reads, it ends.
async fn connection(socket: TcpStream, routes: Router, limits: Limits, mut stopped: watch::Receiver<bool>) {
    // Small frames leave at once: otherwise the second waits until the device has confirmed the first, which it does up
    // to 40 ms later.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::warn!("frames may be delayed: {error}");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(routes))
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = told_to_stop(&mut stopped) => None,
        () = sleep(limits.request_timeout.saturating_mul(2)) => None,
    };
    let ended = match ended {
        Some(ended) => Ok(ended),
        None => {
            // What was asked is still answered.
            connection.as_mut().graceful_shutdown();
            timeout(limits.request_timeout, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("a connection broke: {error}"),
        Err(_) => tracing::debug!("a connection took its answer too slowly"),
    }
}

/// Where a connection comes from; counts it for as long as anything of it is left.
#[derive(Debug, Clone)]
struct Origin {
    peer: SocketAddr,
    door: Arc<Door>,
}

/// Whose request it is, counted.
#[derive(Debug, Clone)]
struct Caller {
    address: IpAddr,
    _connection: Arc<Door>,
    _forwarded: Option<Arc<Door>>,
}

/// Counts a request's address, where it is not the connection's own, and gives the request its time.
async fn admit(
    State(app): State<App>,
    Extension(origin): Extension<Origin>,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    let limits = &app.config.limits;
    let address = address_of(origin.peer, request.headers(), app.config.trust_forwarded);
    let mut forwarded = None;
    if app.config.trust_forwarded {
        match app.forwarded.enter(address, limits.connections_per_address, usize::MAX) {
            Some(door) => forwarded = Some(Arc::new(door)),
            None => {
                add(&app.metrics.connections_refused, 1);
                return too_many().await.into_response();
            }
        }
    }
    let caller = Caller { address, _connection: origin.door, _forwarded: forwarded };
    request.extensions_mut().insert(caller.clone());
    let answer = timeout(limits.request_timeout, next.run(request)).await;
    drop(caller);
    answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

async fn too_many() -> StatusCode {
    StatusCode::TOO_MANY_REQUESTS
}

async fn sync(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    mut request: Request<Body>,
) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let session = app.sessions.fetch_add(1, Relaxed);
    let address = caller.address;
    let presence = Presence::new(Arc::clone(&app.metrics), caller, app.alive.clone());
    let answer = upgrade.answer();
    tokio::spawn(async move {
        match upgrade.done().await {
            Ok((stream, early)) => {
                let opened = Opened { session, host, address, stream, early, presence };
                app.committer.send(Command::Open(Box::new(opened))).await;
            }
            Err(error) => tracing::debug!("no WebSocket came of a connection: {error}"),
        }
    });
    answer
}

/// A connection that is open: counted, and waited for when the relay stops.
#[derive(Debug)]
pub struct Presence {
    metrics: Arc<Metrics>,
    _caller: Caller,
    _alive: mpsc::Sender<()>,
}

impl Presence {
    fn new(metrics: Arc<Metrics>, caller: Caller, alive: mpsc::Sender<()>) -> Self {
        metrics.connections.fetch_add(1, Relaxed);
        Self { metrics, _caller: caller, _alive: alive }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.metrics.connections.fetch_sub(1, Relaxed);
    }
}

async fn health(State(app): State<App>) -> Response {
    let full = app.metrics.disk_full.load(Relaxed) != 0;
    match (app.committer.ping().await, full) {
        (true, false) => (StatusCode::OK, "ok\n").into_response(),
        (true, true) => (StatusCode::SERVICE_UNAVAILABLE, "disk full: writes are refused\n").into_response(),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
    }
}

async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}
