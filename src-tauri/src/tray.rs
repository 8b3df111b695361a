//! The icon in the desktop's tray: brings the window back, and says how much is unread.

use std::sync::atomic::{AtomicU32, Ordering};

use tauri::menu::{Menu, MenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

use crate::words::Spoken;
use crate::{platform, window};

const ID: &str = "main";
const SHOW: &str = "show";
const QUIT: &str = "quit";

/// How many messages are unread, for an icon that comes later.
#[derive(Default)]
pub struct Unread(AtomicU32);

/// What can be chosen on the icon.
struct Items {
    show: MenuItem<Wry>,
    quit: MenuItem<Wry>,
}

/// Says in the words spoken now what can be chosen on the icon, and adds it if it is not there: with the page's first
/// words and not at the start, where making it would hold up the first view.
pub fn speak(app: &AppHandle) {
    let Some(items) = app.try_state::<Items>() else {
        if let Err(error) = add(app) {
            tracing::warn!("this desktop has no tray: {error}");
        }
        return;
    };
    let words = app.state::<Spoken>().now();
    if let Err(error) = items.show.set_text(&words.show).and_then(|()| items.quit.set_text(&words.quit)) {
        tracing::debug!("the tray goes on in another language: {error}");
    }
}

fn add(app: &AppHandle) -> tauri::Result<()> {
    let words = app.state::<Spoken>().now();
    let show = MenuItem::with_id(app, SHOW, &words.show, true, None::<&str>)?;
    let quit = MenuItem::with_id(app, QUIT, &words.quit, true, None::<&str>)?;
    let mut tray = TrayIconBuilder::with_id(ID)
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
    count(app);
    Ok(())
}

/// Shows a number of unread messages: at the icon, at the app's own icon, and in the window's title.
pub fn set_unread(app: &AppHandle, unread: u32) {
    app.state::<Unread>().0.store(unread, Ordering::Relaxed);
    count(app);
    if let Some(window) = app.get_webview_window(window::LABEL)
        && let Err(error) =
            platform::set_badge(&window, unread).and_then(|()| window.set_title(&titled(unread)))
    {
        tracing::debug!("the app's icon shows no number: {error}");
    }
}

/// Shows the number beside the icon, or where icons have no text (Windows) as its tooltip.
fn count(app: &AppHandle) {
    let unread = app.state::<Unread>().0.load(Ordering::Relaxed);
    let number = (unread > 0).then(|| unread.to_string());
    if let Some(tray) = app.tray_by_id(ID)
        && let Err(error) = tray.set_title(number).and_then(|()| tray.set_tooltip(Some(&titled(unread))))
    {
        tracing::debug!("the tray shows no number: {error}");
    }
}

fn titled(unread: u32) -> String {
    if unread > 0 { format!("({unread}) Homing") } else { "Homing".to_owned() }
}
