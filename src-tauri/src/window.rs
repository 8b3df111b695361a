//! The one window.

use std::path::Path;
use std::time::Duration;

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Emitter, Manager, Url, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent};

use crate::engine::Engine;
use crate::handed;
use crate::links::Pending;
use crate::platform;

/// Label of the window; capabilities and events name it.
pub const LABEL: &str = "main";

/// How long the page may take to save what was typed before the app ends without it.
const SAVES_WITHIN: Duration = Duration::from_secs(2);

/// Opens the window. It is built here and not in the configuration because the webview's own files belong
/// into the profile: two profiles must not share a webview, and a profile that is erased takes all with it.
pub fn open(app: &AppHandle, profile: &Path) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Homing")
        .inner_size(1280.0, 800.0)
        .min_inner_size(400.0, 480.0)
        .data_directory(profile.join("webview"))
        // What others write is shown here: nothing of it may take the window's place or open one.
        .on_navigation(is_our_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

fn is_our_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        // Windows serves the page under this name; Vite serves it in development.
        "http" | "https" => {
            url.host_str() == Some("tauri.localhost")
                || (tauri::is_dev() && url.host_str() == Some("127.0.0.1"))
        }
        _ => false,
    }
}

/// Brings the window to the front, wherever it was.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // Each may fail alone on a desktop that forbids it; the others still help.
        drop(window.show());
        drop(window.unminimize());
        drop(window.set_focus());
    }
}

/// Ends the app after the page has saved what was typed.
pub fn quit(app: &AppHandle) {
    if !app.state::<Pending>().is_page_ready() || app.emit_to(LABEL, "menu", "quit").is_err() {
        app.exit(0);
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(SAVES_WITHIN).await;
        app.exit(0);
    });
}

/// What is dragged over the window is the page's to place.
///
/// Closing the window hides it if the person wants that and an icon brings it back, and else ends the app as quitting
/// does.
pub fn event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::DragDrop(event) = event {
        handed::dragged(window, event);
    }
    if let WindowEvent::CloseRequested { api, .. } = event {
        let app = window.app_handle();
        if app.state::<Engine>().close_to_tray() {
            api.prevent_close();
            tauri::async_runtime::spawn(hide(window.clone()));
        } else if app.state::<Pending>().is_page_ready() {
            api.prevent_close();
            quit(app);
        }
    }
}

async fn hide(window: Window) {
    if platform::has_tray().await {
        drop(window.hide());
    } else {
        quit(window.app_handle());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_apps_own_page_is_shown() {
        let ours = |text: &str| is_our_page(&Url::parse(text).unwrap());
        assert!(ours("tauri://localhost/"));
        assert!(ours("http://tauri.localhost/index.html"));
        assert!(!ours("https://example.org/"));
        assert!(!ours("file:///etc/passwd"));
        assert!(!ours("data:text/html,hello"));
    }
}
