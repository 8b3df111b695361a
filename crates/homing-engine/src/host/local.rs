//! The owner's end of a profile's local socket: other processes of the same user call the engine here.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use tokio::io::{BufReader, WriteHalf};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::Caller;
use super::lines::{self, ClientLine, OwnerLine};
use crate::platform::local_socket::{self, Listener};

/// Connections at once.
const CONNECTIONS: usize = 64;
/// Calls of one connection at once; further ones wait to be read.
const CALLS: usize = 32;
/// Lines that wait for a client to read them.
const LINES: usize = 64;
/// How long calls that are under way may take when the engine stops.
const FINISH_WITHIN: Duration = Duration::from_secs(3);
/// How long the last lines may take to leave.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// No line is read any more; calls under way are answered.
    Finishing,
}

/// Serves a profile until it is closed or dropped.
pub(super) struct Server {
    phase: watch::Sender<Phase>,
    /// As many permits as calls are not under way.
    idle: Arc<Semaphore>,
    released: oneshot::Receiver<()>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Begins to serve the profile that this process owns.
    pub fn start(profile: &Path, caller: Caller) -> io::Result<Self> {
        let listener = local_socket::listen(profile)?;
        let (phase, watched) = watch::channel(Phase::Serving);
        let idle = Arc::new(Semaphore::new(CONNECTIONS * CALLS));
        let (release, released) = oneshot::channel();
        let accepting = tokio::spawn(accept(listener, caller, watched, Arc::clone(&idle), release));
        Ok(Self { phase, idle, released, accepting })
    }

    /// Gives the socket's name up, takes no further call, and waits a while for those that are under way.
    pub async fn finish_calls(&mut self) {
        self.phase.send_replace(Phase::Finishing);
        drop((&mut self.released).await);
        let all = u32::try_from(CONNECTIONS * CALLS).unwrap_or(u32::MAX);
        drop(tokio::time::timeout(FINISH_WITHIN, self.idle.acquire_many(all)).await);
    }

    /// Says goodbye to whoever is connected.
    pub async fn close(mut self) {
        drop(tokio::time::timeout(CLOSE_WITHIN, &mut self.accepting).await);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: Listener,
    caller: Caller,
    mut phase: watch::Receiver<Phase>,
    idle: Arc<Semaphore>,
    released: oneshot::Sender<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = finishing(&mut phase) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            stream = listener.accept(), if connections.len() < CONNECTIONS => match stream {
                Ok(stream) => {
                    let connection = Connection {
                        caller: caller.clone(),
                        phase: phase.clone(),
                        idle: Arc::clone(&idle),
                    };
                    connections.spawn(connection.serve(stream));
                }
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "the local socket failed to accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    // The name is given up before the profile is, so that no client of the next owner ends up here.
    drop(listener);
    drop(released);
    while connections.join_next().await.is_some() {}
}

async fn finishing(phase: &mut watch::Receiver<Phase>) {
    // An error means that the server was dropped.
    drop(phase.wait_for(|phase| *phase == Phase::Finishing).await);
}

struct Connection {
    caller: Caller,
    phase: watch::Receiver<Phase>,
    idle: Arc<Semaphore>,
}

impl Connection {
    async fn serve(mut self, stream: Stream) {
        let (from, to) = tokio::io::split(stream);
        let (say, to_say) = mpsc::channel(LINES);
        let mut writing = tokio::spawn(write_lines(to, to_say));
        let mut tasks = JoinSet::new();
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        let calls = Arc::new(Semaphore::new(CALLS));
        loop {
            let said = tokio::select! {
                biased;
                () = finishing(&mut self.phase) => break,
                _ = &mut writing => return,
                said = lines::read(&mut from, &mut line) => said,
            };
            match said {
                Ok(Some(ClientLine::Hello { .. })) => {
                    if self.caller.responds().await {
                        drop(say.send(OwnerLine::Hello { version: lines::VERSION }).await);
                    }
                }
                Ok(Some(ClientLine::Call { id, call })) => {
                    let Ok(slot) = Arc::clone(&calls).acquire_owned().await else { return };
                    let Ok(busy) = Arc::clone(&self.idle).acquire_owned().await else { return };
                    let (caller, say) = (self.caller.clone(), say.clone());
                    tasks.spawn(async move {
                        let answer = match caller.call(call).await {
                            Ok(answer) => OwnerLine::Ok { id, answer },
                            Err(error) => OwnerLine::Error { id, error },
                        };
                        drop(say.send(answer).await);
                        drop((slot, busy));
                    });
                }
                Ok(Some(ClientLine::Watch {})) => {
                    tokio::spawn(forward_events(self.caller.subscribe(), say.clone()));
                }
                // The client went: its calls go on, nobody hears the answers.
                Ok(None) | Err(_) => return,
            }
        }
        // Answers to calls that were cut off come when the core stops, and then the last line.
        while tasks.join_next().await.is_some() {}
        drop(say.send(OwnerLine::Bye {}).await);
        drop(say);
        drop(writing.await);
    }
}

async fn write_lines(mut to: WriteHalf<Stream>, mut lines: mpsc::Receiver<OwnerLine>) {
    while let Some(line) = lines.recv().await {
        let last = matches!(line, OwnerLine::Bye {});
        if lines::write(&mut to, &line).await.is_err() || last {
            return;
        }
    }
}

async fn forward_events(mut events: broadcast::Receiver<crate::api::Event>, say: mpsc::Sender<OwnerLine>) {
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            // The gap shows in the revisions.
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        if say.send(OwnerLine::Event(Box::new(event))).await.is_err() {
            return;
        }
    }
}
