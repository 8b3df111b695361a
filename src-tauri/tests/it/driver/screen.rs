//! An app's window as the screen knows it: whether it is shown, and the button that closes it.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConnectionExt, EventMask, ImageFormat, InputFocus, MapState, Window,
};
use x11rb::rust_connection::RustConnection;

use super::App;
use super::page::wait_for_some;

/// The one window of an app.
pub struct OnScreen {
    pub(super) connection: RustConnection,
    pub(super) window: Window,
}

impl OnScreen {
    /// Finds it by the process it belongs to.
    pub fn of(app: &App) -> Self {
        let (connection, screen) = x11rb::connect(Some(&app.variable("DISPLAY"))).unwrap();
        let root = connection.setup().roots[screen].root;
        let owner = atom(&connection, "_NET_WM_PID");
        let window = connection
            .query_tree(root)
            .unwrap()
            .reply()
            .unwrap()
            .children
            .into_iter()
            .find(|window| {
                let number = connection.get_property(false, *window, owner, 6u32, 0, 1).unwrap().reply();
                let named = title(&connection, *window).is_some_and(|title| title.contains("Homing"));
                named
                    && number.is_ok_and(|found| {
                        found.value32().is_some_and(|mut all| all.next() == Some(app.pid()))
                    })
            })
            .unwrap_or_else(|| panic!("the app has no window on the screen\n{}", app.log()));
        Self { connection, window }
    }

    /// Waits until it is shown, or hidden.
    pub async fn wait_shown(&self, shown: bool) {
        let wanted = || {
            let attributes = self.connection.get_window_attributes(self.window).unwrap().reply().unwrap();
            ((attributes.map_state != MapState::UNMAPPED) == shown).then_some(())
        };
        wait_for_some(if shown { "a window on the screen" } else { "a hidden window" }, wanted).await;
    }

    /// Waits until it is called so, where windows are listed.
    pub async fn wait_title(&self, wanted: &str) {
        let named = || title(&self.connection, self.window).filter(|title| title == wanted);
        wait_for_some(&format!("a window called {wanted:?}"), named).await;
    }

    /// Gives it the keyboard, as a window manager does with a window that is clicked: a page without it shows no focus.
    pub async fn take_keyboard(&self, app: &App) {
        self.connection
            .set_input_focus(InputFocus::PARENT, self.window, x11rb::CURRENT_TIME)
            .unwrap()
            .check()
            .unwrap();
        app.wait_until("the keyboard", "return document.hasFocus()", vec![]).await;
    }

    /// Takes the keyboard away from it, as a window manager does when another window is clicked. A page that never had it,
    /// for want of a window manager, is told all the same.
    pub async fn lose_keyboard(&self, app: &App) {
        self.connection
            .set_input_focus(InputFocus::NONE, x11rb::NONE, x11rb::CURRENT_TIME)
            .unwrap()
            .check()
            .unwrap();
        app.wait_until("no keyboard", "return !document.hasFocus()", vec![]).await;
        app.eval("dispatchEvent(new Event('blur'))", vec![]).await;
    }

    /// What it shows, four bytes for each of its points.
    pub fn picture(&self) -> Vec<u8> {
        let place = self.connection.get_geometry(self.window).unwrap().reply().unwrap();
        let (format, all) = (ImageFormat::Z_PIXMAP, u32::MAX);
        let image =
            self.connection.get_image(format, self.window, 0, 0, place.width, place.height, all).unwrap();
        image.reply().unwrap().data
    }

    /// Presses the button that closes it.
    pub fn close(&self) {
        let protocols = atom(&self.connection, "WM_PROTOCOLS");
        let delete = atom(&self.connection, "WM_DELETE_WINDOW");
        let message = ClientMessageEvent::new(32, self.window, protocols, [delete, 0, 0, 0, 0]);
        self.connection
            .send_event(false, self.window, EventMask::NO_EVENT, message)
            .unwrap()
            .check()
            .unwrap();
    }
}

fn title(connection: &RustConnection, window: Window) -> Option<String> {
    let (name, text) = (atom(connection, "_NET_WM_NAME"), atom(connection, "UTF8_STRING"));
    let found = connection.get_property(false, window, name, text, 0, 64).ok()?.reply().ok()?;
    String::from_utf8(found.value).ok().filter(|title| !title.is_empty())
}

pub(super) fn atom(connection: &RustConnection, name: &str) -> u32 {
    connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
}
