//! Translation by a service of a person's own.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

wire_types! {
/// A message in another language; `to` is a language's tag, such as `de`, and goes by the settings if it is not given.
pub struct Translate { pub message: String, #[serde(default)] pub to: Option<String> }

/// What the service made of a message. Kept nowhere.
pub struct Translation {
    pub text: String,
    pub to: String,
    /// The language the service took the message to be in, if it said one.
    pub from: Option<String>,
}
}
