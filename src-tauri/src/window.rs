//! The one window.

use std::path::Path;

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};

/// Label of the window; capabilities and events name it.
pub const LABEL: &str = "main";

/// Opens the window. It is built here and not in the configuration because the webview's own files belong
/// into the profile: two profiles must not share a webview, and a profile that is erased takes all with it.
pub fn open(app: &AppHandle, profile: &Path) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Homing")
        .inner_size(1280.0, 800.0)
        .min_inner_size(400.0, 480.0)
        .data_directory(profile.join("webview"))
        .build()?;
    Ok(())
}

/// Brings the window to the front, wherever it was.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // Each may fail alone on a desktop that forbids it; the others still help.
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}
