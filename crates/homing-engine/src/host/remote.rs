//! The engine of a profile that another process owns, reached over the profile's local socket.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interprocess::local_socket::tokio::Stream;
use tokio::io::{AsyncBufRead, BufReader, WriteHalf};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::lines::{self, ClientLine, OwnerLine};
use super::stopped;
use crate::api::{Call, Event};
use crate::platform::local_socket;
use crate::port::Answer;

/// Lines that wait for the owner to read them.
const LINES: usize = 16;

/// A connection to the process that owns a profile.
pub struct Remote {
    say: mpsc::Sender<ClientLine>,
    calls: Arc<Calls>,
    next_id: AtomicU64,
    events: broadcast::Sender<Event>,
    watching: AtomicBool,
    ended: watch::Receiver<bool>,
    tasks: [JoinHandle<()>; 2],
}

/// How a call went.
pub(super) enum Outcome {
    Answered(Answer),
    /// The owner ended before it began the call: it can be made elsewhere.
    NotBegun,
}

#[derive(Default)]
struct Calls(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    replies: HashMap<u64, oneshot::Sender<Outcome>>,
    /// The owner's last line has come, or the connection was lost.
    ended: bool,
}

impl Remote {
    /// Connects to the profile's owner and hears from its core.
    ///
    /// # Errors
    /// Nobody listens, or not in this version's way.
    pub async fn connect(profile: &Path) -> io::Result<Self> {
        Self::connect_with(profile, broadcast::Sender::new(super::EVENTS_KEPT)).await
    }

    pub(super) async fn connect_with(profile: &Path, events: broadcast::Sender<Event>) -> io::Result<Self> {
        let (from, mut to) = tokio::io::split(local_socket::connect(profile).await?);
        let mut from = BufReader::new(from);
        lines::write(&mut to, &ClientLine::Hello { version: lines::VERSION }).await?;
        match lines::read(&mut from, &mut Vec::new()).await? {
            Some(OwnerLine::Hello { version: lines::VERSION }) => {}
            _ => return Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
        let (say, to_say) = mpsc::channel(LINES);
        let (end, ended) = watch::channel(false);
        let calls = Arc::new(Calls::default());
        let tasks = [
            tokio::spawn(write_lines(to, to_say)),
            tokio::spawn(read_lines(from, Arc::clone(&calls), events.clone(), end)),
        ];
        Ok(Self {
            say,
            calls,
            next_id: AtomicU64::new(1),
            events,
            watching: AtomicBool::new(false),
            ended,
            tasks,
        })
    }

    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// What the call fails with, or the owner ended before it answered.
    pub async fn call(&self, call: Call) -> Answer {
        match self.try_call(call).await {
            Outcome::Answered(answer) => answer,
            Outcome::NotBegun => Err(stopped()),
        }
    }

    /// The engine's events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        let events = self.events.subscribe();
        self.watch();
        events
    }

    /// Asks for events, once.
    pub(super) fn watch(&self) {
        if self.watching.swap(true, Ordering::Relaxed) {
            return;
        }
        let say = self.say.clone();
        tokio::spawn(async move { drop(say.send(ClientLine::Watch {}).await) });
    }

    pub(super) async fn try_call(&self, call: Call) -> Outcome {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let Some(answer) = self.calls.expect(id) else { return Outcome::NotBegun };
        if self.say.send(ClientLine::Call { id, call }).await.is_err() {
            self.calls.forget(id);
            self.ended().await;
            return Outcome::NotBegun;
        }
        answer.await.unwrap_or_else(|_| Outcome::Answered(Err(stopped())))
    }

    pub(super) fn has_ended(&self) -> bool {
        self.calls.lock().ended
    }

    /// Waits until the owner ends or the connection is lost.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + use<> {
        let mut ended = self.ended.clone();
        async move { drop(ended.wait_for(|ended| *ended).await) }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the outcome of this call comes; none if nothing can come any more.
    fn expect(&self, id: u64) -> Option<oneshot::Receiver<Outcome>> {
        let mut waiting = self.lock();
        if waiting.ended {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        waiting.replies.insert(id, reply);
        Some(answer)
    }

    fn forget(&self, id: u64) {
        self.lock().replies.remove(&id);
    }

    fn settle(&self, id: u64, answer: Answer) {
        if let Some(reply) = self.lock().replies.remove(&id) {
            drop(reply.send(Outcome::Answered(answer)));
        }
    }

    /// After a goodbye, what has no answer was not begun; after a lost connection nobody knows.
    fn end(&self, goodbye: bool) {
        let mut waiting = self.lock();
        waiting.ended = true;
        for (_, reply) in waiting.replies.drain() {
            let outcome = if goodbye { Outcome::NotBegun } else { Outcome::Answered(Err(stopped())) };
            drop(reply.send(outcome));
        }
    }
}

async fn write_lines(mut to: WriteHalf<Stream>, mut lines: mpsc::Receiver<ClientLine>) {
    while let Some(line) = lines.recv().await {
        if lines::write(&mut to, &line).await.is_err() {
            return;
        }
    }
}

async fn read_lines(
    mut from: impl AsyncBufRead + Unpin,
    calls: Arc<Calls>,
    events: broadcast::Sender<Event>,
    end: watch::Sender<bool>,
) {
    let mut line = Vec::new();
    let goodbye = loop {
        match lines::read(&mut from, &mut line).await {
            Ok(Some(OwnerLine::Ok { id, answer })) => calls.settle(id, Ok(answer)),
            Ok(Some(OwnerLine::Error { id, error })) => calls.settle(id, Err(error)),
            // Nobody listening is no error.
            Ok(Some(OwnerLine::Event(event))) => drop(events.send(*event)),
            Ok(Some(OwnerLine::Hello { .. })) => {}
            Ok(Some(OwnerLine::Bye {})) => break true,
            Ok(None) | Err(_) => break false,
        }
    };
    calls.end(goodbye);
    end.send_replace(true);
}
