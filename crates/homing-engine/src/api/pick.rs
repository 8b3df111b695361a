//! Choosing somebody or something by name, out of however many there are.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

wire_types! {
/// What is chosen from.
#[derive(Copy, Eq)]
pub enum PickFrom {
    Conversations,
    /// Conversations this person can write in.
    Writable,
    /// Conversations of their own keys that this person can ask others into.
    Talks,
    People,
    Properties,
}

/// `query`: beginnings of words, or letters in their order. Conversations are found by who is in them too. Empty: what was
/// active or changed last comes first.
pub struct Pick { pub from: PickFrom, #[serde(default)] pub query: String, pub limit: u32 }

/// `people`: who is in a conversation that was found by their names rather than by its own.
pub struct Choice { pub id: String, pub title: String, pub people: Vec<String> }

/// `more`: others fit too.
pub struct Picked { pub choices: Vec<Choice>, pub more: bool }
}
