//! What concerns a whole list of conversations, however long it is: choosing all of it, and headings over it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ConversationRow, Filter};

wire_types! {
pub struct ConversationMarks { #[serde(default)] pub filter: Filter }

/// A conversation of a list, with what is asked of it before something is done with many.
pub struct ConversationMark {
    pub id: String,
    pub title: String,
    pub archived: bool,
    pub pinned: bool,
    /// Out of sight now.
    pub snoozed: bool,
    /// Until when nothing is announced; the year 9999 stands for ever.
    pub muted_until: Option<String>,
    pub unread: u32,
    pub marked_unread: bool,
    /// A client's, and this person works for them.
    pub staffed: bool,
}

/// What a list stands under.
#[derive(Copy, Eq)]
pub enum Heading { Client, Record }

/// A list under headings, with the rows of its first `limit` conversations.
pub struct ConversationGroups { #[serde(default)] pub filter: Filter, pub by: Heading, pub limit: u32 }

/// A heading and all that stands under it, in the order of the list. `key` is empty for what belongs under none.
pub struct ConversationGroup { pub key: String, pub name: String, pub conversations: Vec<String> }

/// Headings stand where their first conversation would, that of what belongs under none last. A conversation about several
/// records stands under each of them.
pub struct GroupedConversations { pub groups: Vec<ConversationGroup>, pub rows: Vec<ConversationRow>, pub revision: f64 }

/// At most 200.
pub struct ConversationsById { pub conversations: Vec<String> }
}
