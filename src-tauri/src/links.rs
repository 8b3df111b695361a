//! What the app was opened for: a `homing://` link, or a notification that was clicked.
//!
//! Both may come before the page can hear of them, so they wait until it asks.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tauri::{AppHandle, Emitter, Manager, Url};
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::sync::watch;

use crate::window;

/// The one scheme; the system may hand over others if somebody else's app asks it to.
const SCHEME: &str = "homing";
/// An invitation has a few hundred characters; a page must not be given megabytes.
const LONGEST: usize = 4096;

/// What the page is to show first.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct OpenedFor {
    /// A link.
    pub link: Option<String>,
    /// A notification.
    pub target: Option<Target>,
}

/// What waits for the page.
#[derive(Default)]
pub struct Pending {
    opened_for: Mutex<OpenedFor>,
    /// The page hears events.
    ready: watch::Sender<bool>,
}

impl Pending {
    /// The page is there: gives it what has come so far.
    pub fn page_is_ready(&self) -> OpenedFor {
        let mut opened_for = self.opened_for.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready.send_replace(true);
        std::mem::take(&mut *opened_for)
    }

    /// Waits until the page hears events.
    pub async fn page_hears(&self) {
        // The sender is in here: it can't be gone.
        drop(self.ready.subscribe().wait_for(|ready| *ready).await);
    }

    /// Whether the page hears events.
    pub fn is_page_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Keeps something for the page; false if the page is there to be told at once.
    fn keep(&self, keep: impl FnOnce(&mut OpenedFor)) -> bool {
        let mut opened_for = self.opened_for.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = self.is_page_ready();
        if !ready {
            keep(&mut opened_for);
        }
        !ready
    }
}

/// Listens for links, those that started the app included.
pub fn listen(app: &AppHandle) {
    let opened = app.clone();
    app.deep_link().on_open_url(move |event| open_links(&opened, event.urls()));
    match app.deep_link().get_current() {
        Ok(links) => open_links(app, links.unwrap_or_default()),
        Err(error) => tracing::warn!("links are not heard: {error}"),
    }
}

fn open_links(app: &AppHandle, links: Vec<Url>) {
    let Some(link) = links.into_iter().find(is_ours) else { return };
    if !app.state::<Pending>().keep(|opened_for| opened_for.link = Some(link.to_string())) {
        tell(app, "deep-link", link.to_string());
    }
    window::show(app);
}

fn is_ours(link: &Url) -> bool {
    link.scheme() == SCHEME && link.as_str().len() <= LONGEST
}

/// Where a notification leads.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Without one: to the centre.
    pub conversation: Option<String>,
    /// The message to show.
    pub message: Option<String>,
    /// Somebody wants to answer.
    pub write: bool,
}

/// Brings up the window with what a notification is about.
pub fn open(app: &AppHandle, target: Target) {
    let pending = app.state::<Pending>();
    if !pending.keep(|opened_for| opened_for.target = Some(target.clone())) {
        tell(app, "open-notification", target);
    }
    window::show(app);
}

fn tell(app: &AppHandle, event: &str, payload: impl Serialize + Clone) {
    if let Err(error) = app.emit_to(window::LABEL, event, payload) {
        tracing::warn!("the window could not be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_the_page_waits_for_it_and_is_given_once() {
        let pending = Pending::default();
        assert!(pending.keep(|opened_for| opened_for.link = Some("homing://join/1/a#b".into())));
        assert_eq!(pending.page_is_ready().link.as_deref(), Some("homing://join/1/a#b"));
        assert_eq!(pending.page_is_ready(), OpenedFor::default());
        assert!(!pending.keep(|opened_for| opened_for.link = None));
    }

    #[test]
    fn foreign_and_endless_links_are_not_ours() {
        let ours = |text: &str| is_ours(&Url::parse(text).unwrap());
        assert!(ours("homing://join/1/abc#def"));
        assert!(!ours("https://example.org/join"));
        assert!(!ours(&format!("homing://join/{}", "a".repeat(LONGEST))));
    }
}
