//! The clipboard of a screen, with what another program copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, SelectionRequestEvent, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::page::LOOK_EVERY;
use super::screen::atom;

/// Something copied, in one or several forms; gone with its owner.
pub struct Copied {
    done: Arc<AtomicBool>,
    program: Option<JoinHandle<()>>,
}

impl Copied {
    /// Copies on a screen.
    pub fn on(display: &str, forms: Vec<(&'static str, Vec<u8>)>) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).unwrap();
        let root = connection.setup().roots[screen].root;
        let owner = connection.generate_id().unwrap();
        let aux = CreateWindowAux::new();
        connection.create_window(0, owner, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &aux).unwrap();
        let clipboard = atom(&connection, "CLIPBOARD");
        connection.set_selection_owner(owner, clipboard, x11rb::CURRENT_TIME).unwrap().check().unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        let program = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                match connection.poll_for_event().unwrap() {
                    Some(Event::SelectionRequest(request)) => give(&connection, &forms, &request),
                    Some(_) => {}
                    None => std::thread::sleep(LOOK_EVERY),
                }
            }
        });
        Self { done, program: Some(program) }
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        drop(self.program.take().map(JoinHandle::join));
    }
}

/// Answers a program that asks for one of the forms, or which there are.
pub(super) fn give(
    connection: &RustConnection,
    forms: &[(&'static str, Vec<u8>)],
    request: &SelectionRequestEvent,
) {
    let (window, property) = (request.requestor, request.property);
    let targets = atom(connection, "TARGETS");
    let given = if request.target == targets {
        let names = forms.iter().map(|(form, _)| atom(connection, form));
        let all: Vec<Atom> = std::iter::once(targets).chain(names).collect();
        connection.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &all).unwrap();
        true
    } else if let Some((_, bytes)) = forms.iter().find(|(form, _)| atom(connection, form) == request.target) {
        connection.change_property8(PropMode::REPLACE, window, property, request.target, bytes).unwrap();
        true
    } else {
        false
    };
    let answer = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor: window,
        selection: request.selection,
        target: request.target,
        property: if given { property } else { AtomEnum::NONE.into() },
    };
    connection.send_event(false, window, EventMask::NO_EVENT, answer).unwrap().check().unwrap();
}

/// The text that would be pasted on a screen; nothing if nothing was copied as text.
pub fn text_on(display: &str) -> Option<String> {
    let (connection, screen) = x11rb::connect(Some(display)).unwrap();
    let root = connection.setup().roots[screen].root;
    let asking = connection.generate_id().unwrap();
    let aux = CreateWindowAux::new();
    connection.create_window(0, asking, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &aux).unwrap();
    let [clipboard, form, place] =
        ["CLIPBOARD", "UTF8_STRING", "HOMING_TEST"].map(|name| atom(&connection, name));
    connection
        .convert_selection(asking, clipboard, form, place, x11rb::CURRENT_TIME)
        .unwrap()
        .check()
        .unwrap();
    loop {
        // The server answers for an owner that is gone.
        if let Event::SelectionNotify(answer) = connection.wait_for_event().unwrap() {
            if answer.property == x11rb::NONE {
                return None;
            }
            let found =
                connection.get_property(true, asking, place, form, 0, u32::MAX / 4).unwrap().reply().unwrap();
            return Some(String::from_utf8(found.value).unwrap());
        }
    }
}
