//! The icon in the desktop's tray: brings the window back, and says how much is unread.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

use crate::words::Spoken;
use crate::{platform, window};

const ID: &str = "main";
const SHOW: &str = "show";
const QUIT: &str = "quit";

/// What can be chosen on the icon.
struct Items {
    show: MenuItem<Wry>,
    quit: MenuItem<Wry>,
}

/// Adds the icon.
pub fn add(app: &AppHandle) -> tauri::Result<()> {
    let words = app.state::<Spoken>().now();
    let show = MenuItem::with_id(app, SHOW, &words.show, true, None::<&str>)?;
    let quit = MenuItem::with_id(app, QUIT, &words.quit, true, None::<&str>)?;
    let mut tray = TrayIconBuilder::with_id(ID)
        .tooltip("Homing")
        .menu(&Menu::with_items(app, &[&show, &quit])?)
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| match event.id().as_ref() {
            SHOW => window::show(app),
            QUIT => window::quit(app),
            _ => {}
        })
        .on_tray_icon_event(|tray, event| {
            let pressed = matches!(
                event,
                TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
            );
            if pressed {
                window::show(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;
    app.manage(Items { show, quit });
    Ok(())
}

/// Says in the words spoken now what can be chosen on it.
pub fn set_words(app: &AppHandle) {
    let words = app.state::<Spoken>().now();
    if let Some(items) = app.try_state::<Items>()
        && let Err(error) = items.show.set_text(&words.show).and_then(|()| items.quit.set_text(&words.quit))
    {
        tracing::debug!("the tray goes on in another language: {error}");
    }
}

/// Shows a number of unread messages: beside the tray's icon, or where icons have no text (Windows) as its tooltip; at the
/// app's own icon; and in the window's title.
pub fn set_unread(app: &AppHandle, count: u32) {
    let number = (count > 0).then(|| count.to_string());
    let title = number.as_ref().map_or_else(|| "Homing".to_owned(), |number| format!("({number}) Homing"));
    if let Some(tray) = app.tray_by_id(ID)
        && let Err(error) = tray.set_title(number).and_then(|()| tray.set_tooltip(Some(&title)))
    {
        tracing::debug!("the tray shows no number: {error}");
    }
    if let Some(window) = app.get_webview_window(window::LABEL)
        && let Err(error) = platform::set_badge(&window, count).and_then(|()| window.set_title(&title))
    {
        tracing::debug!("the icon shows no number: {error}");
    }
}
