//! What a person chooses for conversations and people: pinned, muted, snoozed, assigned, merged, blocked, called otherwise.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ConversationRow, PersonRow, State};

wire_types! {
/// One thing done with a conversation. Times are RFC 3339; `until` may be `forever`, and absent it ends.
pub enum ConversationChange {
    Archive { on: bool },
    /// Everything in it is read, and the mark is gone.
    Read {},
    /// The mark alone: receipts stay as they are.
    Mark { on: bool },
    Pin { on: bool },
    /// All its files stay on this person's devices, those that come included.
    KeepFiles { on: bool },
    Mute { #[serde(default)] until: Option<String> },
    Snooze { #[serde(default)] until: Option<String> },
    /// To a colleague, or to nobody. Only the team sees it.
    Assign { #[serde(default)] person: Option<String> },
}

pub struct OneChange { pub conversation: String, pub change: ConversationChange }

/// All of them, or none.
pub struct ConversationsChange { pub changes: Vec<OneChange> }

/// `undo`: what brings back how it was before.
pub struct ConversationsChanged { pub rows: Vec<ConversationRow>, pub undo: Vec<OneChange> }

/// `into` absent: it goes its own way again.
pub struct ConversationMerge { pub conversation: String, #[serde(default)] pub into: Option<String> }

/// Who looks after a client's conversation.
pub struct Assignee { pub person: String, pub name: String, pub me: bool }

/// Somebody who works in the same team.
pub struct Colleague { pub person: String, pub name: String, pub me: bool }

/// A remark beside a client's conversation that only the team sees. `draft`: what was typed of it, as in `CommentDraft`; absent:
/// nothing, and what is typed stays.
#[derive(Default)]
pub struct Comment { pub conversation: String, pub text: String, #[serde(default)] pub mentions: Vec<String>, #[serde(default)] pub draft: Option<String>, #[serde(default)] pub base: Option<String> }

/// A remark that was written.
pub struct Commented { pub id: String, pub conversation: String, pub state: State }

/// What is typed of a remark and not written yet; `text` absent asks for it. `draft` and `base` as in `DraftSet`.
#[derive(Default)]
pub struct CommentDraft { pub conversation: String, #[serde(default)] pub text: Option<String>, #[serde(default)] pub draft: Option<String>, #[serde(default)] pub base: Option<String> }

/// Only the fields given are changed. `name` empty: as they call themselves.
pub struct PersonSet { pub person: String, #[serde(default)] pub blocked: Option<bool>, #[serde(default)] pub name: Option<String> }

/// Blocks who wrote there and puts the conversation away; with `file`, the last messages are kept there as evidence, under
/// these words.
#[derive(Default)]
pub struct SpamReport { pub conversation: String, pub person: String, #[serde(default)] pub file: Option<String>, #[serde(default)] pub words: EvidenceWords }

/// What stands before the time of a report, a name, an id, a conversation's id, and a file's name.
#[derive(Default)]
pub struct EvidenceWords { pub report: String, pub name: String, pub id: String, pub conversation: String, pub attachment: String }

/// `undo`: what brings the conversation back; unblocking is apart.
pub struct SpamReported { pub people: Vec<PersonRow>, pub undo: Vec<OneChange>, pub kept: u32 }
}
