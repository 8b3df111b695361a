//! The async shell around the core: sockets, HTTP, clock, signals. It decides nothing about membership.

mod batch;
mod blobs;
mod clock;
mod committer;
mod doors;
mod http;
mod page;
mod pipe;
mod socket;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::blob_files::BlobFiles;
use crate::config::Config;
use crate::core::RelayCore;
use crate::error::RelayError;
use crate::identity::Identity;
use crate::metrics::Metrics;
use crate::platform;
use committer::{Command, Committer};

/// How often what is past its time is forgotten.
const TICK: Duration = Duration::from_secs(30);
/// How long connections may take to end when the relay stops.
const GRACE: Duration = Duration::from_secs(5);

/// The relay as a library: the binary and tests start it in the same way.
#[derive(Debug)]
pub struct Relay;

/// A relay that runs until it is stopped, or its runtime ends.
#[derive(Debug)]
pub struct RunningRelay {
    /// Where it listens.
    pub addr: SocketAddr,
    stopping: watch::Sender<bool>,
    http: JoinHandle<()>,
    ended: mpsc::Receiver<()>,
    committer: Committer,
    thread: std::thread::JoinHandle<Result<(), RelayError>>,
    timer: JoinHandle<()>,
}

impl Relay {
    /// Opens the data folder, takes the port, and serves.
    pub async fn start(config: Config) -> Result<RunningRelay, RelayError> {
        let now_ms = clock::now_ms();
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| RelayError::Randomness)?;
        let mut rng = ChaCha20Rng::from_seed(seed);
        let identity = Identity::open(&config.data, now_ms, &mut rng)?;
        let metrics = Arc::new(Metrics::default());
        let core = RelayCore::open(
            Some(&config.data),
            identity,
            config.limits.clone(),
            config.hosts.clone(),
            rng,
            Arc::clone(&metrics),
            now_ms,
        )?;
        let files: BlobFiles = core.blob_files();
        let listen = |source| RelayError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let (committer, thread) = Committer::start(core, Arc::clone(&metrics))?;
        let mut disk = Disk { config: config.clone(), metrics: Arc::clone(&metrics), full: false };
        // Before the first connection: a relay that starts on a full disk must not take a single entry.
        disk.look(&committer).await;
        let timer = tokio::spawn(keep_time(disk, committer.clone()));
        let (stopping, stopped) = watch::channel(false);
        let (alive, ended) = mpsc::channel(1);
        let app = http::App::new(config, committer.clone(), metrics, files, alive);
        let http = tokio::spawn(http::serve(listener, app, stopped));
        tracing::info!("listening on {addr}");
        Ok(RunningRelay { addr, stopping, http, ended, committer, thread, timer })
    }
}

impl RunningRelay {
    /// Takes no more, tells every session, commits, closes the database.
    pub async fn stop(self) -> Result<(), RelayError> {
        self.timer.abort();
        let _ = self.stopping.send(true);
        self.committer.send(Command::Stop).await;
        let thread = self.thread;
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        // Goodbyes are on their way, requests may still be open; but nobody is waited for forever.
        let (mut http, mut connections) = (self.http, self.ended);
        let all_gone = async {
            let _ = (&mut http).await;
            connections.recv().await
        };
        if tokio::time::timeout(GRACE, all_gone).await.is_err() {
            http.abort();
        }
        match ended {
            Ok(Ok(closed)) => closed,
            _ => Err(RelayError::Stopped),
        }
    }
}

/// What is known of the disk that holds the relay's data.
struct Disk {
    config: Config,
    metrics: Arc<Metrics>,
    full: bool,
}

impl Disk {
    /// Measures, and tells the core and the metrics.
    async fn look(&mut self, committer: &Committer) {
        match platform::disk(&self.config.data) {
            Ok(disk) => {
                let full = self.config.limits.full(&disk);
                self.metrics.disk_used_percent.store(disk.used_percent, Relaxed);
                self.metrics.disk_full.store(u64::from(full), Relaxed);
                if full != self.full {
                    tracing::warn!(
                        "the disk is {} % full; writes are {}",
                        disk.used_percent,
                        if full { "refused" } else { "taken" }
                    );
                    self.full = full;
                }
                committer.send(Command::Disk { full }).await;
            }
            Err(error) => tracing::warn!("can't look at the disk: {error}"),
        }
    }
}

/// Looks at the disk and lets the core forget what is past its time.
async fn keep_time(mut disk: Disk, committer: Committer) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        disk.look(&committer).await;
        if !committer.send(Command::Tick).await {
            return;
        }
    }
}
