//! What the engine tells its screens. A screen applies rows with a rising revision; after a gap it asks again.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ConversationRow, Draft, LinkState, MessageRow, NoticeRow, RecordRow, Settings, Status};

/// Sent to every window and every `--watch` of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The profile's state changed.
    Status { status: Status },
    /// Rows of the conversation list changed.
    Conversations { revision: f64, previous: f64, upsert: Vec<ConversationRow>, remove: Vec<String> },
    /// Messages of a conversation changed.
    Messages {
        conversation: String,
        revision: f64,
        previous: f64,
        upsert: Vec<MessageRow>,
        remove: Vec<String>,
    },
    /// The conversation's draft changed on another device or in another process.
    Draft { draft: Draft },
    /// The same of what is typed of a comment beside the conversation.
    CommentDraft { draft: Draft },
    /// The outbox changed; ask for it again if it is shown.
    Outbox { waiting: u32, refused: u32 },
    /// What is scheduled in these conversations changed; ask for it again if it is shown.
    Scheduled { conversations: Vec<String> },
    /// People, members, devices, invitations or requests changed; ask again for what is shown.
    People {},
    /// Linking a device moved on.
    Link { state: LinkState },
    /// Rows of records changed.
    Records { revision: f64, previous: f64, upsert: Vec<RecordRow>, remove: Vec<String> },
    /// Settings changed.
    Settings { settings: Settings },
    /// Tell the person, once: in the window or on the desktop. Whoever shows it has the words for it. A message's has the
    /// message's id. `hidden`: neither names nor words are to be shown, and there are none in it.
    Notify { notice: NoticeRow, hidden: bool, in_app: bool, desktop: bool, sound: bool },
    /// What a person was told of changed; ask again for what is shown. These were read, here or elsewhere.
    Notices { unread: u32, read: Vec<String> },
    /// Take it back: read here or elsewhere.
    Unnotify { conversation: String },
    /// A conversation shows other messages than before: another one was merged into it, or goes its own way again.
    Reshaped { conversation: String },
    /// A colleague is answering the same client (not stored).
    Replying { conversation: String, person: String, name: String },
    /// A member is there, or has gone (not stored). One who is not heard again within 100 seconds has gone too.
    Presence { person: String, here: bool, seen_at: String },
    /// Somebody is typing in a conversation (not stored).
    Typing { conversation: String, person: String, name: String },
}
