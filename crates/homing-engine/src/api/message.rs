//! What is done with messages that are there: answers, edits, reactions, forwarding.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::MessageRow;

wire_types! {
/// Somebody who is named.
pub struct Named { pub person: String, pub name: String, pub me: bool }

/// People who reacted to a message alike.
pub struct Reaction { pub emoji: String, pub mine: bool, pub people: Vec<Named> }

/// A page a message links to, as its author's device saw it.
pub struct Preview {
    pub url: String,
    pub title: String,
    pub description: String,
    /// A small picture, as a `data:` address.
    pub image: Option<String>,
}

/// A link whose page is to be looked at.
pub struct LinkToPreview { pub url: String }

/// What the page says of itself; nothing if it says nothing, can't be asked, or previews are off.
pub struct LinkPreviewed { pub preview: Option<Preview> }

/// Takes a reaction up, or back. CONVERSATION-wide rights decide who may.
pub struct React { pub message: String, pub emoji: String, #[serde(default = "on")] pub on: bool }

/// Gives an own message other words; one that still waits is changed where it waits.
pub struct MessageEdit { pub message: String, pub text: String }

/// What a message said for a time.
pub struct Wording { pub body: String, pub since: String, pub current: bool }

/// All words a message had, oldest first; edits made apart are both among them.
pub struct History { pub message: String, pub author: String, pub author_name: String, pub wordings: Vec<Wording> }

/// A message and everything that answers it, oldest first.
pub struct ThreadPage { pub root: String, pub rows: Vec<MessageRow>, pub revision: f64 }

/// Sends messages anew into other conversations, with their files.
pub struct Forward {
    pub messages: Vec<String>,
    pub to: Vec<String>,
    /// Said before them, if not empty.
    #[serde(default)] pub comment: String,
}
}

fn on() -> bool {
    true
}
