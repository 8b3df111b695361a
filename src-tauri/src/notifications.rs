//! Desktop notifications: shown when the engine says so, taken back when it was read elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use homing_engine::api::{Call, ConversationRef};
use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::{links, platform};

/// What is shown.
pub struct Notice {
    /// Its id in the centre, or its message's.
    pub id: String,
    /// The conversation it leads to; without one it leads to the centre.
    pub conversation: Option<String>,
    /// The message it leads to.
    pub message: Option<String>,
    /// Text, not markup.
    pub title: String,
    /// Text, not markup.
    pub body: String,
    /// With a sound, where the desktop makes one.
    pub sound: bool,
    /// What it offers.
    pub offers: Offers,
}

/// What a person can choose on it, in words.
pub struct Offers {
    /// To look at it.
    pub open: String,
    /// To answer; only where there is a conversation.
    pub reply: String,
    /// To need no more of it; only where there is a conversation.
    pub read: String,
}

/// What a person did with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// Nothing, or put it away.
    Nothing,
    /// Clicked it.
    Open,
    /// Wants to answer.
    Reply,
    /// Needs no more of it.
    Read,
}

/// Notifications on the screen, by conversation or else by id; dropping one's sender takes it back.
#[derive(Default)]
pub struct Shown(Mutex<HashMap<String, Vec<oneshot::Sender<()>>>>);

/// Shows a notification and does what is chosen on it.
pub fn show(app: &AppHandle, notice: Notice) {
    let (hold, taken_back) = oneshot::channel();
    {
        let shown = app.state::<Shown>();
        let mut shown = shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = notice.conversation.as_ref().unwrap_or(&notice.id);
        let of_place = shown.entry(place.clone()).or_default();
        of_place.retain(|hold| !hold.is_closed());
        of_place.push(hold);
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match platform::notify(&notice, taken_back).await {
            Ok(chosen) => act(&app, notice, chosen).await,
            Err(error) => tracing::debug!("this desktop shows no notifications: {error}"),
        }
    });
}

async fn act(app: &AppHandle, notice: Notice, chosen: Chosen) {
    match (chosen, notice.conversation) {
        (Chosen::Nothing, _) => {}
        (Chosen::Read, Some(conversation)) => {
            let call = Call::ConversationRead(ConversationRef { conversation });
            if let Err(error) = app.state::<Engine>().call(call).await {
                tracing::warn!(code = ?error.code, "a conversation could not be marked as read");
            }
        }
        (_, conversation) => {
            links::open(
                app,
                links::Target { conversation, message: notice.message, write: chosen == Chosen::Reply },
            );
        }
    }
}

/// Takes back what is shown of a conversation, or under an id.
pub fn take_back(app: &AppHandle, place: &str) {
    let shown = app.state::<Shown>();
    shown.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
}
