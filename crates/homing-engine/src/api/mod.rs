//! The calls a window, the command line or a script makes, and the events the engine sends back.
//!
//! One list (`calls!` in [`list`]) names every call once: the enum that travels over IPC and the profile's
//! local socket, its dispatch, and the TypeScript map are made from it, so the shells can't drift apart.
//! JSON is snake_case, ids are strings, times are RFC 3339 UTC, sizes are bytes.

/// Types that travel: every one of them is JSON, and a type of the window.
macro_rules! wire_types {
    ($($(#[$m:meta])* $v:vis $kind:ident $name:ident $body:tt)*) => {$(
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        $v $kind $name $body
    )*};
}

mod args;
mod cache;
mod choices;
mod constants;
mod conversation_files;
mod error;
mod event;
mod list;
mod message;
mod notices;
mod overview;
mod pick;
mod quick;
mod record;
mod rows;
mod scheduled;
mod search;
mod translate;
mod writing;

pub use args::*;
pub use cache::*;
pub use choices::*;
pub use constants::*;
pub use conversation_files::*;
pub use error::{ApiError, Code};
pub use event::Event;
pub use list::{Call, CallType, Calls};
pub use message::*;
pub use notices::*;
pub use overview::*;
pub use pick::*;
pub use quick::*;
pub use record::*;
pub use rows::*;
pub use scheduled::*;
pub use search::*;
pub use translate::*;
pub use writing::*;
