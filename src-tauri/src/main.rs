//! The desktop shell: one window on one profile.
//!
//! It owns what a program must ask the desktop for (window, tray, notifications, links, dialogs) and nothing
//! else: what the window shows and does comes from the engine, through the one command [`commands::call`].
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod engine;
mod handed;
mod instance;
mod links;
mod microphone;
mod notifications;
mod opening;
mod picked;
mod platform;
mod tray;
mod voice;
mod window;
mod words;

use std::path::PathBuf;

use engine::Engine;
use homing_engine::platform::folders;
use tauri::{AppHandle, Builder, Context, Manager, RunEvent, Wry};
use tauri_plugin_window_state::StateFlags;
use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("HOMING_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    platform::choose_painting();

    let profile = folders::create(&folders::profile(None)?)?;
    let mut context = context();
    context.config_mut().identifier = instance::identifier(&profile);
    plugins(&profile)
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::leave_demo,
            commands::shell_info,
            commands::pick_files,
            commands::pick_path,
            commands::keep_file,
            commands::clipboard_files,
            commands::save_path,
            voice::microphone,
            voice::voice_start,
            voice::voice_stop,
            voice::voice_sound,
            commands::open_file,
            commands::show_file,
            commands::open_external,
            commands::set_badge,
            commands::set_zoom,
            commands::set_words,
            commands::quit,
        ])
        .setup(move |app| {
            set_up(app.handle(), profile.clone())?;
            Ok(())
        })
        .on_window_event(window::event)
        .build(context)?
        .run(|app, event| {
            if let RunEvent::Exit = event {
                tauri::async_runtime::block_on(app.state::<Engine>().close());
                app.state::<opening::Opening>().sweep();
            }
        });
    Ok(())
}

/// What the build script made of the page and the configuration.
#[allow(clippy::expect_used, clippy::unwrap_used, reason = "the code is generated")]
fn context() -> Context<Wry> {
    tauri::tauri_build_context!()
}

fn plugins(profile: &std::path::Path) -> Builder<Wry> {
    let window_state = tauri_plugin_window_state::Builder::new()
        // An absolute name: where the window stood belongs to the profile like all the rest.
        .with_filename(profile.join("window.json").to_string_lossy())
        // Not whether it was hidden: who starts the app wants to see it.
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .build();
    Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| window::show(app)))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(window_state)
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
}

fn set_up(app: &AppHandle, profile: PathBuf) -> anyhow::Result<()> {
    app.manage(links::Pending::default());
    app.manage(notifications::Shown::default());
    app.manage(handed::Handed::default());
    app.manage(picked::Picked::default());
    app.manage(voice::Voice::default());
    app.manage(opening::Opening::new(&profile));
    app.manage(words::Spoken::new(&profile));
    app.manage(tray::Unread::default());
    app.manage(Engine::new(app.clone(), profile.clone()));
    links::listen(app);
    // While the webview comes up.
    Engine::start(app);
    window::open(app, &profile)?;

    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        platform::asked_to_end().await;
        window::quit(&app);
    });
    Ok(())
}
