//! Desktop notifications: shown when the engine says so, taken back when it was read elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;

use crate::{links, platform};

/// Notifications on the screen, by conversation; dropping one's sender takes it back.
#[derive(Default)]
pub struct Shown(Mutex<HashMap<String, Vec<oneshot::Sender<()>>>>);

/// Shows a notification; a click opens its message.
pub fn show(app: &AppHandle, conversation: &str, message: &str, title: &str, body: &str) {
    let (hold, taken_back) = oneshot::channel();
    {
        let shown = app.state::<Shown>();
        let mut shown = shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_conversation = shown.entry(conversation.to_owned()).or_default();
        of_conversation.retain(|hold| !hold.is_closed());
        of_conversation.push(hold);
    }
    let app = app.clone();
    let (conversation, message) = (conversation.to_owned(), message.to_owned());
    let (title, body) = (title.to_owned(), body.to_owned());
    tauri::async_runtime::spawn(async move {
        match platform::notify(title, body, taken_back).await {
            Ok(true) => links::open_conversation(&app, conversation, message),
            Ok(false) => {}
            Err(error) => tracing::debug!("this desktop shows no notifications: {error}"),
        }
    });
}

/// Takes back what is shown of a conversation.
pub fn take_back(app: &AppHandle, conversation: &str) {
    let shown = app.state::<Shown>();
    shown.0.lock().unwrap_or_else(PoisonError::into_inner).remove(conversation);
}
