//! The profile's engine, and what the desktop does with its events.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use homing_engine::api::{ApiError, Call, Code, DemoStart, Event, Settings, Status};
use homing_engine::host::{Session, SessionOptions};
use homing_engine::port::Answer;
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, broadcast};

use crate::links::Pending;
use crate::notifications::{Notice, Offers};
use crate::words::{Said, Spoken};
use crate::{notifications, window};

/// Name of the event that carries the engine's events to the page.
const EVENT: &str = "engine";
/// How long the engine may take to end before the process does.
const CLOSES_WITHIN: Duration = Duration::from_secs(5);
/// A relay for a profile that is just being made; set by `cargo xtask run`.
const DEVELOPMENT_RELAY: &str = "HOMING_DEV_RELAY";

/// The open profile. Opening can fail (a locked keychain, a damaged file): the window opens all the same,
/// shows why, and each further call tries again.
pub struct Engine {
    app: AppHandle,
    profile: PathBuf,
    /// Held while one profile takes the other's place: what is asked meanwhile waits, and never opens the one being left.
    place: Mutex<Place>,
    close_to_tray: AtomicBool,
}

#[derive(Default)]
struct Place {
    /// The demo, while it is shown instead of the profile.
    demo: Option<PathBuf>,
    open: Option<Open>,
}

/// A session, and what passes its events on.
struct Open {
    session: Arc<Session>,
    events: JoinHandle<()>,
}

impl Engine {
    /// An engine that is not open yet.
    pub fn new(app: AppHandle, profile: PathBuf) -> Self {
        let close_to_tray = AtomicBool::new(false);
        Self { app, profile, place: Mutex::default(), close_to_tray }
    }

    /// Opens the profile while the window is being built.
    pub fn start(app: &AppHandle) {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            if let Err(error) = app.state::<Self>().session().await {
                tracing::warn!(code = ?error.code, "the profile could not be opened");
            }
        });
    }

    /// The profile's folder.
    pub fn profile(&self) -> &std::path::Path {
        &self.profile
    }

    /// Whether closing the window leaves the app running.
    pub fn close_to_tray(&self) -> bool {
        self.close_to_tray.load(Ordering::Relaxed)
    }

    /// Makes a call.
    pub async fn call(&self, mut call: Call) -> Answer {
        if let Call::Init(init) = &mut call
            && init.relay.is_none()
        {
            init.relay = std::env::var(DEVELOPMENT_RELAY).ok();
        }
        match call {
            Call::DemoStart(start) => self.show_demo(start).await,
            call => self.session().await?.call(call).await,
        }
    }

    /// Goes on in the demo, as it was left or new.
    async fn show_demo(&self, start: DemoStart) -> Answer {
        let mut place = self.place.lock().await;
        match self.enter_demo(&mut place, &start).await {
            // Nothing in it is anybody's: a demo that can't be opened is not worth a question.
            Err(error) if !start.fresh && error.code != Code::ProfileInUseUnresponsive => {
                self.enter_demo(&mut place, &DemoStart { fresh: true }).await
            }
            answer => answer,
        }
    }

    async fn enter_demo(&self, place: &mut Place, start: &DemoStart) -> Answer {
        place.leave_demo().await;
        let made = self.open(place).await?.call(Call::DemoStart(start.clone())).await?;
        let folder = serde_json::from_str::<Status>(made.get()).ok().and_then(|status| status.demo_profile);
        if let Some(folder) = folder {
            place.close().await;
            place.demo = Some(folder.into());
        }
        let answer = self.status(place).await;
        if answer.is_err() {
            place.leave_demo().await;
        }
        answer
    }

    /// Goes back to the own profile. The demo stays as it is, to be gone on with.
    pub async fn leave_demo(&self) -> Answer {
        let mut place = self.place.lock().await;
        place.leave_demo().await;
        self.status(&mut place).await
    }

    /// Ends the engine in good order.
    pub async fn close(&self) {
        self.place.lock().await.close().await;
    }

    async fn session(&self) -> Result<Arc<Session>, ApiError> {
        self.open(&mut *self.place.lock().await).await
    }

    async fn status(&self, place: &mut Place) -> Answer {
        self.open(place).await?.call(Call::Status(Default::default())).await
    }

    async fn open(&self, place: &mut Place) -> Result<Arc<Session>, ApiError> {
        if let Some(open) = &place.open {
            return Ok(open.session.clone());
        }
        let profile = place.demo.clone().unwrap_or_else(|| self.profile.clone());
        let options = SessionOptions { profile, network: true, serve: true };
        let session = Session::open(options).await?;
        let events = tauri::async_runtime::spawn(pass_on(self.app.clone(), session.subscribe().await));
        if let Ok(settings) = session.call(Call::Settings(Default::default())).await
            && let Ok(settings) = serde_json::from_str::<Settings>(settings.get())
        {
            self.close_to_tray.store(settings.close_to_tray, Ordering::Relaxed);
        }
        place.open = Some(Open { session: session.clone(), events });
        Ok(session)
    }

    fn heard(&self, event: Event) {
        match &event {
            Event::Notify { notice, hidden, desktop: true, sound, .. } => {
                let words = self.app.state::<Spoken>().now();
                let Said { title, body } = words.say(notice, *hidden);
                let notice = Notice {
                    id: notice.id.clone(),
                    conversation: notice.conversation.clone(),
                    message: notice.message.clone(),
                    title,
                    body,
                    sound: *sound,
                    offers: Offers { open: words.open, reply: words.reply, read: words.read },
                };
                notifications::show(&self.app, notice);
            }
            Event::Notices { read, .. } => read.iter().for_each(|id| notifications::take_back(&self.app, id)),
            Event::Unnotify { conversation } => notifications::take_back(&self.app, conversation),
            Event::Settings { settings } => {
                self.close_to_tray.store(settings.close_to_tray, Ordering::Relaxed);
            }
            _ => {}
        }
        if let Err(error) = self.app.emit_to(window::LABEL, EVENT, event) {
            tracing::warn!("the window could not be told: {error}");
        }
    }
}

impl Place {
    async fn leave_demo(&mut self) {
        if self.demo.is_some() {
            self.close().await;
            self.demo = None;
        }
    }

    async fn close(&mut self) {
        let Some(Open { session, events }) = self.open.take() else { return };
        if tokio::time::timeout(CLOSES_WITHIN, session.close()).await.is_err() {
            tracing::warn!("the engine did not end in time");
        }
        // What it still had to tell is of a profile that is not shown any more.
        events.abort();
    }
}

/// Passes the engine's events on for as long as it runs, and keeps them while the page does not hear them yet. What a slow
/// window missed shows in the revisions.
async fn pass_on(app: AppHandle, mut events: broadcast::Receiver<Event>) {
    app.state::<Pending>().page_hears().await;
    loop {
        match events.recv().await {
            Ok(event) => app.state::<Engine>().heard(event),
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "the window is behind"),
            Err(RecvError::Closed) => return,
        }
    }
}
