//! What goes into one transaction, and what leaves when it is durable.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::clock;
use super::committer::Command;
use super::pipe::Pipe;
use crate::core::{BlobReply, Committed, Effect, Peer, RelayCore, SessionId};
use crate::error::RelayError;
use crate::metrics::{Metrics, add};

/// Frames taken into one transaction at most.
const BATCH: usize = 1024;
/// Bytes of answers that may wait for one commit: only what stands in a connection's pipe slows its reading.
const ANSWERS: usize = 1024 * 1024;
/// Time between two tellings of large spaces' feeds: hundreds of lines each, of which only the last counts.
const PACE: Duration = Duration::from_millis(200);
/// The longest that the clock is trusted to go on evenly.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
/// Transactions after which the database is tidied as soon as nobody waits.
const UNTIDY: usize = 200;
/// Bytes waiting for one connection beyond which it counts as not reading at all.
const BACKLOG: usize = 40 * 1024 * 1024;

/// The core with the open transaction, and the ways out of all sessions.
pub struct Batch {
    core: RelayCore,
    metrics: Arc<Metrics>,
    pipes: HashMap<SessionId, Rc<Pipe>>,
    replies: Vec<Reply>,
    taken: usize,
    /// Feeds may be told from then on.
    settle_at: Instant,
    untidy: usize,
}

/// An answer that waits for the commit.
enum Reply {
    Blob(oneshot::Sender<BlobReply>, BlobReply),
    Ping(oneshot::Sender<()>),
}

/// Sessions wait for acks that nobody can give any more, and a database whose commit failed can't be trusted within this
/// process: only a new start reads what the disk really has.
fn survived<T>(result: Result<T, RelayError>) -> T {
    result.unwrap_or_else(|error| {
        tracing::error!("{error}; aborting");
        std::process::abort()
    })
}

impl Batch {
    pub fn new(core: RelayCore, metrics: Arc<Metrics>) -> Self {
        let (pipes, replies) = (HashMap::new(), Vec::new());
        Self { core, metrics, pipes, replies, taken: 0, settle_at: Instant::now(), untidy: 0 }
    }

    pub fn enter(&mut self, session: SessionId, peer: Peer, pipe: Rc<Pipe>) {
        self.pipes.insert(session, pipe);
        self.core.connect(session, peer, clock::now_ms());
    }

    pub fn leave(&mut self, session: SessionId) {
        self.pipes.remove(&session);
        self.core.disconnect(session);
    }

    /// Takes a session's frame.
    pub fn frame(&mut self, session: SessionId, frame: &[u8]) {
        add(&self.metrics.frames_in, 1);
        add(&self.metrics.bytes_in, frame.len());
        survived(self.core.handle(session, frame, clock::now_ms()));
        self.count();
    }

    /// Does what another thread asks for.
    pub fn command(&mut self, command: Command) {
        match command {
            Command::Blob { token, ask, reply } => {
                let answer = survived(self.core.blob(&token, ask, clock::now_ms()));
                self.replies.push(Reply::Blob(reply, answer));
            }
            Command::Tick => survived(self.core.tick(clock::now_ms())),
            Command::Disk { full } => self.core.set_disk_full(full),
            Command::Ping { reply } => self.replies.push(Reply::Ping(reply)),
            Command::Open(_) | Command::Stop => {}
        }
        self.count();
    }

    fn count(&mut self) {
        self.taken = self.taken.saturating_add(1);
        if self.taken >= BATCH || self.core.waiting_bytes() >= ANSWERS {
            self.release();
        }
    }

    /// Commits, then lets everything go that depended on it.
    pub fn release(&mut self) {
        self.taken = 0;
        let began = Instant::now();
        let committed = survived(self.core.commit());
        if committed.durable {
            self.metrics.committed(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
            self.untidy = self.untidy.saturating_add(1);
        }
        self.deliver(committed);
        for reply in self.replies.drain(..) {
            // Who asked may be gone.
            match reply {
                Reply::Blob(asker, answer) => drop(asker.send(answer)),
                Reply::Ping(asker) => drop(asker.send(())),
            }
        }
        // Under load there is no pause to do it in.
        if self.due().is_some_and(|due| due.elapsed() >= PACE) {
            self.settle();
        }
    }

    /// When there is something to do that nobody asks for: feeds of large spaces to be told, entries to be released.
    pub fn wake_at(&self) -> Option<Instant> {
        let release = self.core.next_release().map(|at| {
            // The clock may be set meanwhile: it is looked at again before long.
            let wait = Duration::from_millis(at.saturating_sub(clock::now_ms())).min(LOOK_AGAIN);
            Instant::now() + wait
        });
        [self.due(), release].into_iter().flatten().min()
    }

    /// Releases what is due into the open transaction.
    pub fn release_due(&mut self) {
        survived(self.core.release_due(clock::now_ms()));
    }

    /// When the feeds of large spaces are to be told, if any are.
    fn due(&self) -> Option<Instant> {
        self.core.unsettled().then_some(self.settle_at)
    }

    fn settle(&mut self) {
        let settled = survived(self.core.settle());
        self.deliver(settled);
        self.settle_at = Instant::now() + PACE;
    }

    /// Does a part of what can wait, if nobody waits. False: there is nothing of that, or somebody waits.
    pub fn use_pause(&mut self) -> bool {
        if self.taken > 0 {
            return false;
        }
        if self.due().is_some_and(|due| due <= Instant::now()) {
            self.settle();
            return true;
        }
        if survived(self.core.read_ahead()) {
            return true;
        }
        if self.untidy >= UNTIDY {
            self.untidy = 0;
            survived(self.core.rest());
        }
        false
    }

    /// Ends the database, and the sessions: with a word of when to come back if the relay was asked to stop.
    pub fn end(mut self, asked: bool) -> Result<(), RelayError> {
        if asked {
            self.core.close_all();
            self.release();
            self.settle();
        }
        for pipe in self.pipes.values() {
            pipe.close();
            pipe.flush();
        }
        self.core.close()
    }

    fn deliver(&mut self, committed: Committed) {
        let mut touched = Vec::new();
        for effect in committed.effects {
            match effect {
                Effect::Send { session, frame } => {
                    let Some(pipe) = self.pipes.get(&session) else { continue };
                    add(&self.metrics.frames_out, 1);
                    add(&self.metrics.bytes_out, frame.len());
                    // Where something waits already, the socket is full and its session writes on.
                    let waiting = pipe.waiting();
                    pipe.push(frame);
                    if waiting == 0 || waiting > BACKLOG {
                        touched.push((session, Rc::clone(pipe)));
                    }
                }
                Effect::Close { session } => {
                    if let Some(pipe) = self.pipes.remove(&session) {
                        pipe.close();
                        pipe.flush();
                    }
                    self.core.disconnect(session);
                }
            }
        }
        for (session, pipe) in touched {
            pipe.flush();
            if pipe.waiting() > BACKLOG {
                add(&self.metrics.slow_readers, 1);
                pipe.give_up();
                self.leave(session);
            }
        }
    }
}
