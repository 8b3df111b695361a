//! The one thread that owns the database.
//!
//! It drains its queue into one transaction, commits, and only then lets acks and fan-out go. Under load many
//! pushes share one fsync; alone, a push waits for nobody.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc::{self, Receiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::clock;
use crate::core::{BlobAsk, BlobReply, Effect, Peer, RelayCore, SessionId};
use crate::error::RelayError;
use crate::metrics::{Metrics, add};

/// Commands taken into one transaction at most.
const BATCH: usize = 1024;
/// Commands waiting at most; beyond it the sockets are not read.
const QUEUE: usize = 4096;
/// Transactions after which feeds that are not told yet are not put off any longer.
const LATE: usize = 16;
/// Transactions after which the database is tidied as soon as nobody waits.
const UNTIDY: usize = 200;
/// Bytes waiting for one connection beyond which it counts as not reading at all.
const BACKLOG: usize = 40 * 1024 * 1024;

/// What leaves for one connection.
#[derive(Debug)]
pub enum Outgoing {
    /// One frame.
    Frame(Bytes),
    /// Nothing follows.
    Close,
}

/// A connection's way out: its queue, and how many bytes are in it.
#[derive(Debug, Clone)]
pub struct Outbox {
    pub queue: UnboundedSender<Outgoing>,
    pub waiting: Arc<AtomicUsize>,
}

/// What the thread is asked to do.
pub enum Command {
    /// A connection was opened.
    Connect { session: SessionId, peer: Peer, outbox: Outbox },
    /// A frame came. The permit keeps its connection from sending more than the relay has answered.
    Frame { session: SessionId, bytes: Bytes, permit: OwnedSemaphorePermit },
    /// A connection is gone.
    Disconnect { session: SessionId },
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
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                let mut thread = Thread { core, metrics, outboxes: HashMap::new(), replies: Vec::new() };
                let ended = thread.run(queue);
                if let Err(error) = &ended {
                    // Sessions wait for acks that nobody can give any more, and a database whose commit failed
                    // can't be trusted within this process: only a new start reads what the disk really has.
                    tracing::error!("{error}; aborting");
                    std::process::abort();
                }
                thread.core.close()
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

    /// True if the thread answers.
    pub async fn ping(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Ping { reply }).await && answer.await.is_ok()
    }
}

struct Thread {
    core: RelayCore,
    metrics: Arc<Metrics>,
    outboxes: HashMap<SessionId, Outbox>,
    replies: Vec<Reply>,
}

/// An answer that waits for the commit.
enum Reply {
    Blob(oneshot::Sender<BlobReply>, BlobReply),
    Ping(oneshot::Sender<()>),
}

impl Thread {
    fn run(&mut self, mut queue: Receiver<Command>) -> Result<(), RelayError> {
        let mut permits = Vec::new();
        let (mut unsettled, mut untidy) = (0usize, 0usize);
        while let Some(first) = queue.blocking_recv() {
            let now_ms = clock::now_ms();
            let mut stop = self.take(first, now_ms, &mut permits)?;
            let mut taken = 1;
            while !stop && taken < BATCH {
                let Ok(next) = queue.try_recv() else { break };
                stop = self.take(next, now_ms, &mut permits)?;
                taken = taken.saturating_add(1);
            }
            if stop {
                self.core.close_all();
            }
            let durable = self.release()?;
            permits.clear();
            untidy = untidy.saturating_add(usize::from(durable));
            if self.core.unsettled() {
                unsettled = unsettled.saturating_add(1);
                if stop || unsettled >= LATE || queue.is_empty() {
                    unsettled = 0;
                    let settled = self.core.settle()?;
                    self.deliver_all(settled.effects);
                }
            }
            if stop {
                return Ok(());
            }
            while queue.is_empty() && self.core.read_ahead()? {}
            if untidy >= UNTIDY && queue.is_empty() {
                untidy = 0;
                self.core.rest()?;
            }
        }
        Ok(())
    }

    /// Does one command. True: the last one.
    fn take(
        &mut self,
        command: Command,
        now_ms: u64,
        permits: &mut Vec<OwnedSemaphorePermit>,
    ) -> Result<bool, RelayError> {
        match command {
            Command::Connect { session, peer, outbox } => {
                self.outboxes.insert(session, outbox);
                self.core.connect(session, peer, now_ms);
            }
            Command::Frame { session, bytes, permit } => {
                permits.push(permit);
                add(&self.metrics.frames_in, 1);
                add(&self.metrics.bytes_in, bytes.len());
                self.core.handle(session, &bytes, now_ms)?;
            }
            Command::Disconnect { session } => {
                self.outboxes.remove(&session);
                self.core.disconnect(session);
            }
            Command::Blob { token, ask, reply } => {
                let answer = self.core.blob(&token, ask, now_ms)?;
                self.replies.push(Reply::Blob(reply, answer));
            }
            Command::Tick => self.core.tick(now_ms)?,
            Command::Disk { full } => self.core.set_disk_full(full),
            Command::Ping { reply } => self.replies.push(Reply::Ping(reply)),
            Command::Stop => return Ok(true),
        }
        Ok(false)
    }

    /// Commits, then lets everything go that depended on it. True if something was written.
    fn release(&mut self) -> Result<bool, RelayError> {
        let began = Instant::now();
        let committed = self.core.commit()?;
        if committed.durable {
            self.metrics.committed(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
        self.deliver_all(committed.effects);
        for reply in self.replies.drain(..) {
            // Who asked may be gone.
            match reply {
                Reply::Blob(asker, answer) => drop(asker.send(answer)),
                Reply::Ping(asker) => drop(asker.send(())),
            }
        }
        Ok(committed.durable)
    }

    fn deliver_all(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.deliver(effect);
        }
    }

    fn deliver(&mut self, effect: Effect) {
        match effect {
            Effect::Send { session, frame } => {
                let Some(outbox) = self.outboxes.get(&session) else { return };
                let waiting = outbox.waiting.fetch_add(frame.len(), Relaxed).saturating_add(frame.len());
                add(&self.metrics.frames_out, 1);
                add(&self.metrics.bytes_out, frame.len());
                let sent = outbox.queue.send(Outgoing::Frame(frame)).is_ok();
                if !sent || waiting > BACKLOG {
                    if sent {
                        add(&self.metrics.slow_readers, 1);
                    }
                    self.outboxes.remove(&session);
                    self.core.disconnect(session);
                }
            }
            Effect::Close { session } => {
                if let Some(outbox) = self.outboxes.remove(&session) {
                    // A connection that is gone needs no closing.
                    let _ = outbox.queue.send(Outgoing::Close);
                }
                self.core.disconnect(session);
            }
        }
    }
}
