//! Files dragged over a window by another program, as the screen's own protocol (XDND) has it.
//!
//! The window is a real target: it asks for the files and says whether it takes them. Nothing goes past it.

use std::path::PathBuf;

use tokio::time::Instant;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::OnScreen;
use super::clipboard::give;
use super::page::{LOOK_EVERY, SHOWS_WITHIN};
use super::screen::atom;

const VERSION: u32 = 5;
pub const FILES: &str = "text/uri-list";
/// In what a target says of itself: that it takes what is over it.
const TAKES: u32 = 1;

/// Files held over a window.
pub struct Drag<'a> {
    connection: &'a RustConnection,
    source: Window,
    target: Window,
    place: u32,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl OnScreen {
    /// Drags files to a place of the page, and returns once the window knows of them.
    pub async fn drag(&self, files: &[PathBuf], (x, y): (i16, i16)) -> Drag<'_> {
        let connection = &self.connection;
        let root = connection.setup().roots[0].root;
        let source = connection.generate_id().unwrap();
        let nothing = CreateWindowAux::new();
        connection
            .create_window(0, source, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &nothing)
            .unwrap();
        let selection = atom(connection, "XdndSelection");
        connection.set_selection_owner(source, selection, x11rb::CURRENT_TIME).unwrap().check().unwrap();
        let at = connection.translate_coordinates(self.window, root, x, y).unwrap().reply().unwrap();
        let coordinate = |value: i16| u32::from(u16::try_from(value).unwrap());
        let place = (coordinate(at.dst_x) << 16) | coordinate(at.dst_y);
        let forms = vec![(FILES, uri_list(files))];
        let drag = Drag { connection, source, target: self.window, place, forms };
        drag.tell("XdndEnter", [source, VERSION << 24, atom(connection, FILES), 0, 0]);
        // The window asks what is held over it before it can say anything of it.
        let mut asked = false;
        drag.until("a window that looks at what is over it", true, |event| {
            asked |= matches!(event, Heard::Asked);
            asked && matches!(event, Heard::Status(_))
        })
        .await;
        drag
    }
}

/// Files as programs tell each other of them.
pub fn uri_list(files: &[PathBuf]) -> Vec<u8> {
    let uri = |file: &PathBuf| format!("{}\r\n", tauri::Url::from_file_path(file).unwrap());
    files.iter().map(uri).collect::<String>().into_bytes()
}

/// What a target does.
enum Heard {
    Asked,
    Status(u32),
    Finished,
}

impl Drag<'_> {
    /// Goes away again.
    pub async fn leave(self) {
        self.tell("XdndLeave", [self.source, 0, 0, 0, 0]);
    }

    /// Lets go over a place that takes the files.
    pub async fn let_go(self) {
        let takes = |event: &Heard| matches!(event, Heard::Status(flags) if flags & TAKES != 0);
        self.until("a window that takes the files", true, |event| takes(&event)).await;
        self.tell("XdndDrop", [self.source, 0, x11rb::CURRENT_TIME, 0, 0]);
        self.until("a window that has taken the files", false, |event| matches!(event, Heard::Finished))
            .await;
    }

    /// Hears what the window does, moving as a hand does, until it is what is waited for.
    async fn until(&self, what: &str, moving: bool, mut wanted: impl FnMut(Heard) -> bool) {
        let deadline = Instant::now() + SHOWS_WITHIN;
        let copy = atom(self.connection, "XdndActionCopy");
        loop {
            if moving {
                self.tell("XdndPosition", [self.source, 0, self.place, x11rb::CURRENT_TIME, copy]);
            }
            while let Some(event) = self.connection.poll_for_event().unwrap() {
                if self.heard(event).is_some_and(&mut wanted) {
                    return;
                }
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn heard(&self, event: Event) -> Option<Heard> {
        match event {
            Event::SelectionRequest(request) => {
                give(self.connection, &self.forms, &request);
                Some(Heard::Asked)
            }
            Event::ClientMessage(message) if message.window == self.source => {
                let [_, flags, ..] = message.data.as_data32();
                if message.type_ == atom(self.connection, "XdndStatus") {
                    Some(Heard::Status(flags))
                } else if message.type_ == atom(self.connection, "XdndFinished") {
                    Some(Heard::Finished)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    fn tell(&self, what: &str, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, self.target, atom(self.connection, what), data);
        self.connection
            .send_event(false, self.target, EventMask::NO_EVENT, message)
            .unwrap()
            .check()
            .unwrap();
    }
}
