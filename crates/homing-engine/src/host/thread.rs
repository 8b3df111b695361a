//! The core's thread: feeds it what happened, carries out what it asks for.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, broadcast, oneshot};
use tokio::task::JoinHandle;

use super::files::Files;
use super::lock::Lock;
use super::socket::Link;
use super::stopped;
use super::transfer::Transfers;
use crate::api::{ApiError, Call, Code, Event};
use crate::core::Core;
use crate::env::Env;
use crate::files::FileOutcome;
use crate::pages::PageOutcome;
use crate::port::{Answer, CallId, Input, Output, TransferEvent};
use crate::translate::TranslationOutcome;

/// The longest nap: timers stand still while a computer sleeps, so the wall clock is looked at this often.
const NAP: Duration = Duration::from_secs(30);
/// A wall clock this far ahead of the timers means that the computer slept.
const SLEPT: Duration = Duration::from_secs(20);

/// What reaches the core's thread.
pub(super) enum Message {
    Call(Call, oneshot::Sender<Answer>),
    /// Answered at once; shows that the thread is alive.
    Ping(oneshot::Sender<()>),
    /// News of the link with this number; older links no longer count.
    Link(u64, LinkNews),
    Transfer(TransferEvent),
    File(u64, FileOutcome),
    Page(u64, PageOutcome),
    Translated(u64, TranslationOutcome),
    NetworkHint,
    /// Answered with the task that still writes the last frames, once the database is closed.
    Stop(Stopped),
}

pub(super) type Stopped = oneshot::Sender<Option<JoinHandle<()>>>;

/// What a link has to tell.
pub(super) enum LinkNews {
    Opened,
    Closed,
    /// The permit is given back when the core has taken the frame, so that a fast relay can't fill the memory.
    Frame(Vec<u8>, OwnedSemaphorePermit),
}

/// A core's thread.
pub(super) struct Running {
    pub messages: mpsc::Sender<Message>,
    /// To be joined before the process ends: what the database's cipher keeps for a thread is freed when the thread
    /// ends, and must not be while the process frees what all threads share.
    pub thread: std::thread::JoinHandle<()>,
}

/// Opens the profile on a thread of its own and keeps the core there.
pub(super) async fn start(
    profile: PathBuf,
    env: Env,
    network: bool,
    events: broadcast::Sender<Event>,
) -> Result<Running, ApiError> {
    let runtime = Handle::current();
    let (messages, inbox) = mpsc::channel();
    let sender = messages.clone();
    let (opened, when_opened) = oneshot::channel::<Result<(), ApiError>>();
    let thread = std::thread::Builder::new()
        .name("homing-core".into())
        .spawn(move || {
            let open = || -> Result<_, ApiError> { Ok((Lock::take(&profile)?, Core::open(&profile, env)?)) };
            let (lock, core) = match open() {
                Ok(open) => open,
                Err(error) => {
                    drop(opened.send(Err(error)));
                    return;
                }
            };
            let mut thread = CoreThread {
                lock,
                core,
                runtime,
                network,
                events,
                transfers: Transfers::new(sender.clone()),
                files: Files::new(sender.clone()),
                sender,
                pending: HashMap::new(),
                next_call: 0,
                later: VecDeque::new(),
                link: None,
                wake_at: None,
            };
            if opened.send(Ok(())).is_ok() {
                thread.carry_out();
                if let Some(input) = thread.later.pop_front() {
                    thread.input(input);
                }
                let stopped = thread.run(&inbox);
                thread.end(stopped);
            }
        })
        .map_err(|_| ApiError::new(Code::Internal, "The system gives no thread for the engine."))?;
    let opened = when_opened.await;
    if !matches!(opened, Ok(Ok(()))) {
        join(thread).await;
        return match opened {
            Ok(Err(error)) => Err(error),
            _ => Err(ApiError::new(Code::Internal, "The engine could not start.")),
        };
    }
    Ok(Running { messages, thread })
}

/// Waits until a thread that is about to end has ended.
pub(super) async fn join(thread: std::thread::JoinHandle<()>) {
    if tokio::task::spawn_blocking(|| thread.join()).await.is_err() {
        tracing::error!("the core's thread could not be waited for");
    }
}

struct CoreThread {
    lock: Lock,
    core: Core,
    runtime: Handle,
    network: bool,
    events: broadcast::Sender<Event>,
    transfers: Transfers,
    files: Files,
    sender: mpsc::Sender<Message>,
    pending: HashMap<CallId, oneshot::Sender<Answer>>,
    next_call: CallId,
    /// Inputs that carrying out an output brought about.
    later: VecDeque<Input>,
    link: Option<Link>,
    wake_at: Option<u64>,
}

impl CoreThread {
    /// Runs until the engine stops; gives back whom to tell that it did.
    fn run(&mut self, inbox: &mpsc::Receiver<Message>) -> Option<Stopped> {
        let mut asleep = SleepWatch::new();
        loop {
            match inbox.recv_timeout(self.nap()) {
                Ok(first) => {
                    // What has come while the core was at work: frames that follow each other are one input.
                    let mut waiting = VecDeque::from([first]);
                    waiting.extend(inbox.try_iter());
                    while let Some(message) = waiting.pop_front() {
                        match message {
                            Message::Stop(stopped) => return Some(stopped),
                            message => self.message(message, &mut waiting),
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            if asleep.slept() {
                self.input(Input::NetworkHint);
            }
            if self.wake_at.is_some_and(|at| at <= self.core.steady_ms()) {
                self.wake_at = None;
                self.input(Input::Wake);
            }
        }
    }

    fn nap(&self) -> Duration {
        match self.wake_at {
            Some(at) => Duration::from_millis(at.saturating_sub(self.core.steady_ms())).min(NAP),
            None => NAP,
        }
    }

    fn message(&mut self, message: Message, waiting: &mut VecDeque<Message>) {
        match message {
            Message::Call(call, reply) => {
                self.next_call += 1;
                self.pending.insert(self.next_call, reply);
                self.input(Input::Call(self.next_call, call));
                // Whoever gave up waiting (a closed connection) is forgotten.
                self.pending.retain(|_, reply| !reply.is_closed());
            }
            Message::Ping(reply) => drop(reply.send(())),
            Message::Link(link, news) => {
                if self.is_open(link) {
                    self.link_news(link, news, waiting);
                }
            }
            Message::Transfer(event) => self.input(Input::Transfer(event)),
            Message::File(id, outcome) => self.input(Input::File(id, outcome)),
            Message::Page(id, outcome) => self.input(Input::Page(id, outcome)),
            Message::Translated(id, outcome) => self.input(Input::Translated(id, outcome)),
            Message::NetworkHint => self.input(Input::NetworkHint),
            Message::Stop(_) => {}
        }
    }

    fn link_news(&mut self, link: u64, news: LinkNews, waiting: &mut VecDeque<Message>) {
        match news {
            LinkNews::Opened => self.input(Input::SocketOpened { link }),
            LinkNews::Closed => {
                self.link = None;
                self.input(Input::SocketClosed { link });
            }
            LinkNews::Frame(bytes, permit) => {
                // With all that follow it directly. The permits are given back when they are taken in.
                let mut frames = vec![bytes];
                let mut permits = vec![permit];
                let follows = |message: &mut Message| matches!(message, Message::Link(number, LinkNews::Frame(..)) if *number == link);
                while let Some(Message::Link(_, LinkNews::Frame(bytes, permit))) =
                    waiting.pop_front_if(follows)
                {
                    frames.push(bytes);
                    permits.push(permit);
                }
                self.input(Input::Frames { link, frames });
            }
        }
    }

    /// Gives the core an input and carries out everything it asks for, and what follows from that. What the input
    /// wants at once (an entry to send, an answer) leaves before the core settles.
    fn input(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next {
            self.core.handle(input);
            self.carry_out();
            self.core.follow_up();
            self.carry_out();
            next = self.later.pop_front();
        }
    }

    fn carry_out(&mut self) {
        for output in self.core.drain() {
            self.output(output);
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Connect { link, address } => self.connect(link, &address),
            Output::Disconnect { link } => {
                if self.is_open(link) {
                    drop(self.link.take().and_then(Link::finish));
                }
            }
            Output::Send { link, bytes } => {
                if self.link.as_ref().is_some_and(|open| open.number == link && !open.send(bytes)) {
                    self.link = None;
                    self.later.push_back(Input::SocketClosed { link });
                }
            }
            Output::WakeAt(at) => self.wake_at = Some(at),
            // Nobody listening is no error.
            Output::Event(event) => drop(self.events.send(event)),
            Output::Reply(id, answer) => {
                if let Some(reply) = self.pending.remove(&id) {
                    drop(reply.send(answer));
                }
            }
            Output::Transfer(job) => self.transfers.submit(job),
            Output::StopTransfer { blob, kind } => self.transfers.stop(blob, kind),
            Output::File(job) => self.files.submit(job),
            Output::Page(job) => super::aside::page(job, self.network, &self.sender),
            Output::Translate(job) => super::aside::translation(job, &self.sender),
        }
    }

    fn is_open(&self, link: u64) -> bool {
        self.link.as_ref().is_some_and(|open| open.number == link)
    }

    fn connect(&mut self, link: u64, address: &str) {
        self.link = None;
        if self.network {
            self.link = Some(Link::open(&self.runtime, link, address, self.sender.clone()));
        } else {
            self.later.push_back(Input::SocketClosed { link });
        }
    }

    fn end(mut self, stopped_to: Option<Stopped>) {
        self.input(Input::Stop);
        for (_, reply) in self.pending.drain() {
            drop(reply.send(Err(stopped())));
        }
        let writing = self.link.take().and_then(Link::finish);
        // The profile is free before anybody hears that the engine stopped.
        drop(self.core);
        drop(self.lock);
        if let Some(stopped_to) = stopped_to {
            drop(stopped_to.send(writing));
        }
    }
}

/// Notices that the computer slept: the wall clock went on, the timers did not.
struct SleepWatch {
    timer: Instant,
    wall: SystemTime,
}

impl SleepWatch {
    fn new() -> Self {
        Self { timer: Instant::now(), wall: SystemTime::now() }
    }

    fn slept(&mut self) -> bool {
        let timer = self.timer.elapsed();
        let wall = self.wall.elapsed().unwrap_or_default();
        *self = Self::new();
        wall > timer + SLEPT
    }
}
