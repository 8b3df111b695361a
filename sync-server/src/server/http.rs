//! Routes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::committer::{Command, Committer};
use super::doors::{Door, Doors, address_of};
use super::socket::Opened;
use super::upgrade::Upgrade;
use super::{blobs, page};
use crate::blob_files::BlobFiles;
use crate::config::Config;
use crate::metrics::{Metrics, add};

/// What every request may use.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub committer: Committer,
    pub metrics: Arc<Metrics>,
    pub files: BlobFiles,
    doors: Doors,
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
            sessions: Arc::new(AtomicU64::new(1)),
            alive,
        }
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/v1/sync", get(sync))
        .merge(blobs::routes())
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .merge(page::routes())
        .with_state(app)
}

/// Serves until told to stop.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    // Small frames leave at once: otherwise the second waits until the device has confirmed the first, which it does up
    // to 40 ms later.
    let listener = listener.tap_io(|socket| {
        if let Err(error) = socket.set_nodelay(true) {
            tracing::warn!("frames may be delayed: {error}");
        }
    });
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            // A sender that is gone also means: stop.
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .await
}

async fn sync(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request<Body>,
) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    let headers = request.headers();
    let address = address_of(peer, headers, app.config.trust_forwarded);
    let limits = &app.config.limits;
    let Some(door) = app.doors.enter(address, limits.connections_per_address, limits.connections) else {
        add(&app.metrics.connections_refused, 1);
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let session = app.sessions.fetch_add(1, Relaxed);
    let presence = Presence::new(Arc::clone(&app.metrics), door, app.alive.clone());
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
    _door: Door,
    _alive: mpsc::Sender<()>,
}

impl Presence {
    fn new(metrics: Arc<Metrics>, door: Door, alive: mpsc::Sender<()>) -> Self {
        metrics.connections.fetch_add(1, Relaxed);
        Self { metrics, _door: door, _alive: alive }
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
