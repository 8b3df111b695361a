//! The desktop shell: one window on one profile.
//!
//! It owns what a program must ask the desktop for (window, tray, notifications, links) and nothing else:
//! what the window shows and does comes from the engine.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod instance;
mod window;

use homing_engine::platform::folders;

fn main() -> anyhow::Result<()> {
    let profile = folders::create(&folders::profile(None)?)?;
    let mut context = tauri::generate_context!();
    context.config_mut().identifier = instance::identifier(&profile);

    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| window::show(app)))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_window_state::Builder::new().build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .setup(move |app| {
            window::open(app.handle(), &profile)?;
            Ok(())
        })
        .run(context)?;
    Ok(())
}
