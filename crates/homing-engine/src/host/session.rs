//! A profile's engine, wherever it runs: in this process if the profile is free, else in the process that owns it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{RwLock, broadcast};
use tokio::time::{Instant, sleep, timeout_at};

use super::remote::{Outcome, Remote};
use super::{EVENTS_KEPT, Engine, Options, stopped};
use crate::api::{ApiError, Call, Code, Event};
use crate::env::Env;
use crate::port::Answer;

/// How long an owner may take to answer or to go.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// An owner that just starts or ends has no socket for a moment.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Until the next attempt to take a profile over, if one failed: a disk may be full, a backup hold the file.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// How to open a profile.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// The profile's folder.
    pub profile: PathBuf,
    /// See [`Options::network`].
    pub network: bool,
    /// See [`Options::serve`]. Such a session also takes the profile over when the process that owned it ends.
    pub serve: bool,
}

/// An open profile. When the process that owned it ends, calls go on in this one.
pub struct Session {
    options: SessionOptions,
    place: RwLock<Place>,
    events: broadcast::Sender<Event>,
    watching: AtomicBool,
}

#[derive(Clone)]
enum Place {
    Here(Arc<Engine>),
    There(Arc<Remote>),
    Closed,
}

impl Session {
    /// Takes the profile, or connects to its owner.
    ///
    /// # Errors
    /// [`Code::ProfileInUseUnresponsive`] when the owner does not answer in time, and whatever keeps the profile
    /// from being opened.
    pub async fn open(options: SessionOptions) -> Result<Arc<Self>, ApiError> {
        let events = broadcast::Sender::new(EVENTS_KEPT);
        let place = find(&options, &events).await?;
        let session =
            Arc::new(Self { place: RwLock::new(place), events, watching: AtomicBool::new(false), options });
        if session.options.serve {
            tokio::spawn(take_over(Arc::downgrade(&session)));
        }
        Ok(session)
    }

    /// True while the engine runs in this process.
    pub async fn owns(&self) -> bool {
        matches!(self.place().await, Place::Here(_))
    }

    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// What the call fails with.
    pub async fn call(&self, call: Call) -> Answer {
        loop {
            match self.place().await {
                Place::Here(engine) => return engine.call(call).await,
                Place::There(remote) => {
                    if let Outcome::Answered(answer) = remote.try_call(call.clone()).await {
                        return answer;
                    }
                }
                Place::Closed => return Err(stopped()),
            }
            self.find_again().await?;
        }
    }

    /// The engine's events from now on. A gap shows in their revisions.
    pub async fn subscribe(&self) -> broadcast::Receiver<Event> {
        let events = self.events.subscribe();
        if !self.watching.swap(true, Ordering::Relaxed)
            && let Place::There(remote) = self.place().await
        {
            remote.watch();
        }
        events
    }

    /// Says that the network may be back, if the engine runs here.
    pub async fn network_hint(&self) {
        if let Place::Here(engine) = self.place().await {
            engine.network_hint();
        }
    }

    /// Leaves the profile; the engine ends if it ran here.
    pub async fn close(&self) {
        let place = std::mem::replace(&mut *self.place.write().await, Place::Closed);
        if let Place::Here(engine) = place {
            engine.stop().await;
        }
    }

    async fn place(&self) -> Place {
        self.place.read().await.clone()
    }

    /// Finds the engine's new place after its owner ended; once, however many calls noticed it.
    async fn find_again(&self) -> Result<(), ApiError> {
        let mut place = self.place.write().await;
        if let Place::There(remote) = &*place
            && remote.has_ended()
        {
            let found = find(&self.options, &self.events).await?;
            if let Place::There(remote) = &found
                && self.watching.load(Ordering::Relaxed)
            {
                remote.watch();
            }
            *place = found;
        }
        Ok(())
    }
}

async fn find(options: &SessionOptions, events: &broadcast::Sender<Event>) -> Result<Place, ApiError> {
    let deadline = Instant::now() + OPEN_WITHIN;
    loop {
        let env =
            Env::system().map_err(|_| ApiError::new(Code::Internal, "The system gives no randomness."))?;
        let SessionOptions { profile, network, serve } = options.clone();
        let started = Engine::start_with(Options { profile, env, network, serve }, events.clone()).await;
        let in_use = match started {
            Ok(engine) => return Ok(Place::Here(Arc::new(engine))),
            Err(error) if error.code == Code::ProfileInUseUnresponsive => error,
            Err(error) => return Err(error),
        };
        match timeout_at(deadline, Remote::connect_with(&options.profile, events.clone())).await {
            Ok(Ok(remote)) => return Ok(Place::There(Arc::new(remote))),
            Ok(Err(_)) if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
            Ok(Err(_)) | Err(_) => return Err(in_use),
        }
    }
}

/// Takes the profile over when its owner ends, so that a window goes on to sync.
async fn take_over(session: Weak<Session>) {
    loop {
        let ended = match session.upgrade() {
            Some(session) => match session.place().await {
                Place::There(remote) => remote.ended(),
                Place::Here(_) | Place::Closed => return,
            },
            None => return,
        };
        ended.await;
        let found = match session.upgrade() {
            Some(session) => session.find_again().await,
            None => return,
        };
        if let Err(error) = found {
            tracing::warn!(code = ?error.code, "the profile could not be taken over");
            sleep(TRY_AGAIN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Nothing, Status};
    use crate::host::lock::Lock;

    fn options(profile: &std::path::Path, serve: bool) -> SessionOptions {
        SessionOptions { profile: profile.to_path_buf(), network: false, serve }
    }

    async fn works(session: &Session) -> bool {
        let answer = session.call(Call::Status(Nothing {})).await;
        answer.is_ok_and(|status| serde_json::from_str::<Status>(status.get()).is_ok())
    }

    #[tokio::test]
    async fn a_second_session_uses_the_first_and_goes_on_when_it_ends() {
        let profile = tempfile::tempdir().unwrap();
        let first = Session::open(options(profile.path(), true)).await.unwrap();
        let second = Session::open(options(profile.path(), false)).await.unwrap();
        assert!(first.owns().await && !second.owns().await);
        assert!(works(&first).await && works(&second).await);

        first.close().await;
        assert!(works(&second).await);
        assert!(second.owns().await && !works(&first).await);
        second.close().await;
    }

    #[tokio::test]
    async fn calls_that_meet_the_end_of_the_owner_are_all_answered() {
        let profile = tempfile::tempdir().unwrap();
        let first = Session::open(options(profile.path(), true)).await.unwrap();
        let second = Session::open(options(profile.path(), true)).await.unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let second = Arc::clone(&second);
            calls.spawn(async move { works(&second).await });
        }
        first.close().await;
        while let Some(answered) = calls.join_next().await {
            assert!(answered.unwrap());
        }
        second.close().await;
    }

    #[tokio::test]
    async fn a_session_that_serves_takes_over_without_being_asked() {
        let profile = tempfile::tempdir().unwrap();
        let first = Session::open(options(profile.path(), true)).await.unwrap();
        let second = Session::open(options(profile.path(), true)).await.unwrap();
        first.close().await;
        while !second.owns().await {
            tokio::task::yield_now().await;
        }
        let third = Session::open(options(profile.path(), false)).await.unwrap();
        assert!(!third.owns().await && works(&third).await);
        second.close().await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_profile_that_could_not_be_taken_over_is_tried_again() {
        let profile = tempfile::tempdir().unwrap();
        let first = Session::open(options(profile.path(), true)).await.unwrap();
        let second = Session::open(options(profile.path(), true)).await.unwrap();
        // Its owner has read the key already; nobody else can.
        let key = profile.path().join("database.key");
        let aside = profile.path().join("aside");
        std::fs::rename(&key, &aside).unwrap();
        std::fs::write(&key, "not a key").unwrap();
        first.close().await;
        assert!(!works(&second).await && !second.owns().await);
        std::fs::rename(&aside, &key).unwrap();
        tokio::time::pause();
        while !second.owns().await {
            sleep(TRY_AGAIN).await;
        }
        assert!(works(&second).await);
        second.close().await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_owner_that_does_not_answer_is_an_error() {
        let profile = tempfile::tempdir().unwrap();
        let owner = Lock::take(profile.path()).unwrap();
        let refused = Session::open(options(profile.path(), false)).await.err().unwrap();
        assert_eq!(refused.code, Code::ProfileInUseUnresponsive);
        drop(owner);
    }
}
