//! A window with nothing in it, as Tauri builds one: what a start costs before Homing does anything. (The app also chooses how
//! its webview paints where there is no graphics processor.)
//!
//! `cargo xtask bench` measures the app against it. Its webview keeps its files in `HOMING_PROFILE`, as the app's does.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "of what the build script generates")]

use std::path::PathBuf;

use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let folder = std::env::var_os("HOMING_PROFILE").map(PathBuf::from).unwrap_or_default();
            WebviewWindowBuilder::new(app, "main", WebviewUrl::External("about:blank".parse()?))
                .title("Empty")
                .inner_size(1280.0, 800.0)
                .data_directory(folder.join("webview"))
                .build()?;
            Ok(())
        })
        .run(tauri::tauri_build_context!())
}
