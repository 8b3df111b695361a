//! What carries out the core's wishes in a real process: one thread for the core, a socket to the relay, transfers
//! of files, and the local socket by which other processes of the same user reach this profile.
//!
//! The core is a plain state machine on a thread of its own, so it needs no locks and never waits: everything slow
//! happens in here and comes back as an [`Input`](crate::port::Input).

mod aside;
mod files;
mod lines;
mod local;
mod lock;
mod remote;
mod session;
mod socket;
mod thread;
mod transfer;

pub(crate) use lock::Lock;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};

use crate::api::{ApiError, Call, Code, Event};
use crate::env::Env;
use crate::platform::folders;
use crate::port::Answer;

pub use remote::Remote;
pub use session::{Session, SessionOptions};

use thread::{Message, Running};

/// Events a slow screen may be behind before it misses some; revisions tell it that it did.
const EVENTS_KEPT: usize = 1024;
/// How long the last frames may take to leave when the engine stops.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// How to run a profile's engine.
pub struct Options {
    /// The profile's folder.
    pub profile: PathBuf,
    /// Time and randomness.
    pub env: Env,
    /// False: the relay is never contacted, whatever the profile says. For one-shot commands that only read or
    /// queue, and must not take longer because a network is slow.
    pub network: bool,
    /// Other processes may use this engine through the profile's local socket.
    pub serve: bool,
}

/// The running engine of one profile, owned by this process.
pub struct Engine {
    caller: Caller,
    server: Mutex<Option<local::Server>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// Calls the engine and hears its events; as many as wanted.
#[derive(Clone)]
pub(crate) struct Caller {
    messages: mpsc::Sender<Message>,
    events: broadcast::Sender<Event>,
}

impl Engine {
    /// Takes the profile and starts its engine; needs a tokio runtime to run in.
    ///
    /// # Errors
    /// [`Code::ProfileInUseUnresponsive`] when another process owns the profile ([`Session`] then talks to that
    /// process), and whatever keeps the profile from being opened.
    pub async fn start(options: Options) -> Result<Self, ApiError> {
        Self::start_with(options, broadcast::Sender::new(EVENTS_KEPT)).await
    }

    /// As [`Engine::start`], with the channel the events go to.
    pub(crate) async fn start_with(
        options: Options,
        events: broadcast::Sender<Event>,
    ) -> Result<Self, ApiError> {
        let Options { profile, env, network, serve } = options;
        let profile =
            folders::create(&profile).map_err(|e| ApiError::new(Code::FileFailed, e.to_string()))?;
        let Running { messages, thread } =
            thread::start(profile.clone(), env, network, events.clone()).await?;
        let caller = Caller { messages, events };
        let server = if serve {
            match local::Server::start(&profile, caller.clone()) {
                Ok(server) => Some(server),
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "no local socket: other processes can't use this profile");
                    None
                }
            }
        } else {
            None
        };
        Ok(Self { caller, server: Mutex::new(server), thread: Mutex::new(Some(thread)) })
    }

    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// What the call fails with.
    pub async fn call(&self, call: Call) -> Answer {
        self.caller.call(call).await
    }

    /// The engine's events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.caller.events.subscribe()
    }

    /// Says that the network may be back, so that the engine tries at once.
    pub fn network_hint(&self) {
        drop(self.caller.messages.send(Message::NetworkHint));
    }

    /// Ends: calls of other processes are answered, what is queued for the relay leaves, the database is closed
    /// and the profile is free for the next process.
    pub async fn stop(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = &mut server {
            server.finish_calls().await;
        }
        let (stopped, when_stopped) = oneshot::channel();
        if self.caller.messages.send(Message::Stop(stopped)).is_ok()
            && let Ok(Some(socket)) = when_stopped.await
        {
            drop(tokio::time::timeout(FLUSH_WITHIN, socket).await);
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread::join(thread).await;
        }
        if let Some(server) = server {
            server.close().await;
        }
    }
}

impl Drop for Engine {
    /// An engine that was not stopped ends all the same, and nobody waits for it.
    fn drop(&mut self) {
        drop(self.caller.messages.send(Message::Stop(oneshot::channel().0)));
    }
}

impl Caller {
    /// Makes a call and waits for its answer.
    pub(crate) async fn call(&self, call: Call) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.messages.send(Message::Call(call, reply)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// True when the core's thread takes messages.
    pub(crate) async fn responds(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.messages.send(Message::Ping(reply)).is_ok() && answer.await.is_ok()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }
}

/// The answer to a call that the end of the engine cut short.
pub(crate) fn stopped() -> ApiError {
    ApiError::new(
        Code::ProfileInUseUnresponsive,
        "The process that owns this profile ended before it could answer. Try again.",
    )
}
