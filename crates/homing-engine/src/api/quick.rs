//! Quick replies: what calls take and answer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Attachment;

wire_types! {
/// A quick reply.
pub struct QuickReply {
    pub id: String,
    pub title: String,
    pub body: String,
    /// `greeting`, `booking_confirmation`, `check_in`, `check_out`, `amenities`, `directions`, `house_rules`, `emergency`,
    /// `thank_you`, `custom`, or a later version's.
    pub category: String,
    /// It is offered when somebody writes.
    pub active: bool,
    /// Only where this property is talked about; absent: everywhere.
    pub property: Option<String>,
    pub property_title: Option<String>,
    /// How often it was sent, by everybody.
    pub uses: u32,
    /// Of the team, not only one's own.
    pub team: bool,
    pub updated_at: String,
    /// It says different things since it was changed on two devices; saving it chooses.
    pub conflict: bool,
    /// Files that go with it. `record_files` puts them to its field `files`, and takes them out.
    pub files: Vec<Attachment>,
}

/// The quick reply a message began as: told to those who have it, so no client hears of it.
pub struct Template { pub id: String, pub title: String }

/// Which quick replies; all that are active without anything.
#[derive(Default)]
pub struct QuickReplies {
    #[serde(default)] pub query: Option<String>,
    #[serde(default)] pub category: Option<String>,
    /// Those for everywhere, and those for the properties this conversation is about.
    #[serde(default)] pub conversation: Option<String>,
    #[serde(default)] pub inactive: bool,
}

/// Writes a quick reply; without `id` a new one.
#[derive(Default)]
pub struct QuickReplySet {
    #[serde(default)] pub id: Option<String>,
    pub title: String,
    pub body: String,
    #[serde(default)] pub category: Option<String>,
    #[serde(default)] pub active: Option<bool>,
    /// Title or id of a property; empty for everywhere, absent: as it was.
    #[serde(default)] pub property: Option<String>,
}

/// Removes a quick reply, or takes that back.
pub struct QuickReplyRemove { pub id: String, #[serde(default)] pub back: bool }

/// Fills in the variables of a quick reply (`id`), or of words that are still being written.
#[derive(Default)]
pub struct QuickFill {
    #[serde(default)] pub id: Option<String>,
    #[serde(default)] pub body: Option<String>,
    #[serde(default)] pub conversation: Option<String>,
    /// Today, as the reader writes a day; absent: `YYYY-MM-DD`.
    #[serde(default)] pub today: Option<String>,
}

/// Puts the files of a quick reply to a draft, each under a key of its own; `draft` as in `DraftSet`.
pub struct QuickAttach { pub id: String, pub conversation: String, #[serde(default)] pub draft: Option<String> }

/// A variable that has nothing to say here, or that nobody knows.
pub struct QuickGap { pub name: String, pub known: bool }

/// Words with their variables filled in. What could not be stays in the text and is named.
pub struct QuickText { pub text: String, pub gaps: Vec<QuickGap>, pub id: Option<String> }

/// What happens to quick replies that are there already, by title.
#[derive(Copy, Eq, Default)]
pub enum QuickDuplicates { #[default] Skip, Replace, Both }

/// A table of quick replies (CSV). Without `apply` it is only looked at.
pub struct QuickImport { pub csv: String, #[serde(default)] pub apply: bool, #[serde(default)] pub duplicates: QuickDuplicates }

/// A line of a table.
pub struct QuickLine { pub line: u32, pub title: String, pub category: String, pub duplicate: bool }

/// What is wrong with a line of a table.
#[derive(Copy, Eq)]
pub enum QuickFaultCode {
    Unreadable,
    TooMany,
    Empty,
    ColumnUnknown,
    ColumnTwice,
    ColumnMissing,
    Width,
    SameTitle,
    TitleMissing,
    TitleLong,
    BodyMissing,
    BodyLong,
    ActiveUnknown,
    CategoryUnknown,
    PropertyUnknown,
}

/// Why a line can't be taken. With any of these nothing is taken. `about`: the name or number it is about, if there is one;
/// `message`: the whole in English.
pub struct QuickFault { pub line: u32, pub code: QuickFaultCode, pub about: String, pub message: String }

/// What a table holds, duplicates first, and how many were taken.
pub struct QuickImported { pub lines: Vec<QuickLine>, pub faults: Vec<QuickFault>, pub taken: u32 }

/// Writes all quick replies as a table, into this file; without one the table is the answer.
#[derive(Default)]
pub struct QuickExport { #[serde(default)] pub path: Option<String> }

pub struct QuickTable { pub csv: String, pub count: u32 }
}
