//! The one thread that owns the database, and the sockets of all sessions.
//!
//! It runs an event loop. Sockets that have something to say are read, and what they say goes into the open transaction
//! at once. When nobody has more, the transaction is committed, and only then acks and fan-out are written to the
//! sockets, from here: a message crosses no thread on its way through the relay. Under load many pushes share one fsync;
//! alone, a push waits for nobody. HTTP, files and the clock have threads of their own and come by a queue.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{Notify, oneshot};
use tokio::task::{LocalSet, spawn_local, yield_now};
use tokio::time::{sleep_until, timeout};

use super::batch::Batch;
use super::pipe::Pipe;
use super::socket::{self, Opened};
use crate::core::{BlobAsk, BlobReply, Peer, RelayCore, SessionId};
use crate::error::RelayError;
use crate::metrics::Metrics;

/// Commands waiting at most.
const QUEUE: usize = 4096;
/// Commands after which it is the sessions' turn.
const TURN: usize = 256;
/// How long goodbyes may take when the relay stops.
const GOODBYES: Duration = Duration::from_secs(5);

/// What the thread is asked to do by others.
pub enum Command {
    /// A connection became a WebSocket.
    Open(Box<Opened>),
    /// A request beside the socket.
    Blob { token: String, ask: BlobAsk, reply: oneshot::Sender<BlobReply> },
    /// Time passed.
    Tick,
    /// The disk was looked at.
    Disk { full: bool },
    /// Answers when everything before it is committed.
    Ping { reply: oneshot::Sender<()> },
    /// Ends the thread.
    Stop,
}

/// How others reach the thread.
#[derive(Debug, Clone)]
pub struct Committer {
    commands: mpsc::Sender<Command>,
}

impl Committer {
    /// Starts the thread.
    pub fn start(
        core: RelayCore,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, std::thread::JoinHandle<Result<(), RelayError>>), RelayError> {
        let (commands, queue) = mpsc::channel(QUEUE);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|_| RelayError::Stopped)?;
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                let hub = Rc::new(Hub::new(Batch::new(core, metrics)));
                let tasks = LocalSet::new();
                // A task among the sessions' tasks: in line behind those that can be read.
                let ended = tasks.block_on(&runtime, async { spawn_local(run(hub, queue)).await });
                ended.unwrap_or(Err(RelayError::Stopped))
            })
            .map_err(|_| RelayError::Stopped)?;
        Ok((Self { commands }, thread))
    }

    /// Hands a command in, waiting while the queue is full. False: the thread has ended.
    pub async fn send(&self, command: Command) -> bool {
        self.commands.send(command).await.is_ok()
    }

    /// A request beside the socket.
    pub async fn blob(&self, token: String, ask: BlobAsk) -> Option<BlobReply> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Blob { token, ask, reply }).await;
        answer.await.ok()
    }

    /// The same where nobody waits for the answer, nor for a place in the queue: what is lost here is found again.
    pub fn tell(&self, token: String, ask: BlobAsk) {
        let (reply, _) = oneshot::channel();
        drop(self.commands.try_send(Command::Blob { token, ask, reply }));
    }

    /// True if the thread answers.
    pub async fn ping(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Ping { reply }).await && answer.await.is_ok()
    }
}

/// What the sessions and the committing task share.
pub struct Hub {
    /// None once the relay stops.
    batch: RefCell<Option<Batch>>,
    /// There is something to commit.
    more: Notify,
    sessions: Cell<usize>,
    /// A session ended.
    left: Notify,
}

impl Hub {
    fn new(batch: Batch) -> Self {
        let batch = RefCell::new(Some(batch));
        Self { batch, more: Notify::new(), sessions: Cell::new(0), left: Notify::new() }
    }

    /// A session begins. False: the relay stops.
    pub fn enter(&self, session: SessionId, peer: Peer, pipe: &Rc<Pipe>) -> bool {
        self.sessions.set(self.sessions.get().saturating_add(1));
        self.with(|batch| batch.enter(session, peer, Rc::clone(pipe))).is_some()
    }

    /// A frame came.
    pub fn take(&self, session: SessionId, frame: &[u8]) {
        self.with(|batch| batch.frame(session, frame));
        self.more.notify_one();
    }

    /// A session ended.
    pub fn leave(&self, session: SessionId) {
        self.sessions.set(self.sessions.get().saturating_sub(1));
        self.with(|batch| batch.leave(session));
        self.left.notify_one();
    }

    fn with<T>(&self, act: impl FnOnce(&mut Batch) -> T) -> Option<T> {
        let _whole = Whole;
        self.batch.borrow_mut().as_mut().map(act)
    }

    /// Resolves when feeds are to be told that had to wait, or entries to be released.
    async fn due(&self) {
        match self.with(|batch| batch.wake_at()).flatten() {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Waits until no session is left.
    async fn all_left(&self) {
        while self.sessions.get() > 0 {
            self.left.notified().await;
        }
    }
}

/// A panic ends a session's task only, and would leave half of what it did in the open transaction.
struct Whole;

impl Drop for Whole {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a panic within a transaction; aborting");
            std::process::abort();
        }
    }
}

/// Commits what was taken as soon as nobody has more to say, until the relay stops.
async fn run(hub: Rc<Hub>, mut commands: Receiver<Command>) -> Result<(), RelayError> {
    let asked = loop {
        let mut next = tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(command) => Some(command),
                // Nobody is left who could ask: the runtime that accepts connections ended.
                None => break false,
            },
            () = hub.more.notified() => None,
            () = hub.due() => None,
        };
        // Sockets that can be read by now come into this transaction.
        yield_now().await;
        let mut stop = false;
        // Not all that others keep asking: the sessions have their turn too.
        for _ in 0..TURN {
            let Some(command) = next.take().or_else(|| commands.try_recv().ok()) else { break };
            match command {
                Command::Stop => stop = true,
                Command::Open(opened) => drop(spawn_local(socket::serve(Rc::clone(&hub), opened))),
                command => drop(hub.with(|batch| batch.command(command))),
            }
        }
        hub.with(|batch| {
            batch.release_due();
            batch.release();
        });
        if stop {
            break true;
        }
        loop {
            yield_now().await;
            let idle = commands.is_empty() && hub.with(Batch::use_pause).unwrap_or(false);
            if !idle {
                break;
            }
        }
    };
    let batch = hub.batch.borrow_mut().take();
    let closed = batch.map_or(Ok(()), |batch| batch.end(asked));
    if asked && timeout(GOODBYES, hub.all_left()).await.is_err() {
        tracing::warn!("connections were cut that had not taken their goodbyes");
    }
    closed
}
