//! Records: what calls take and answer. All kinds alike; what a kind's fields are stands with each detail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Attachment, ConversationTitle, FileSource, State};

wire_types! {
/// An amount in the currency's smallest units.
pub struct Amount { pub minor: f64, pub currency: String }

/// A time as a clock on the wall shows it (`YYYY-MM-DDTHH:MM`), and the wall's IANA zone.
pub struct WallTime { pub local: String, pub zone: String }

/// Somebody, or another record, by id and name.
pub struct NamedRef { pub id: String, #[serde(default)] pub name: String }

/// What a field says. A day is `YYYY-MM-DD`; files are only read, `record_files` writes them.
pub enum RecordValue {
    Text(String),
    Money(Amount),
    Date(String),
    Time(WallTime),
    Choice(String),
    Person(NamedRef),
    Record(NamedRef),
    Files(Vec<Attachment>),
    Number(f64),
    Flag(bool),
}

/// What kind of value a field holds.
#[derive(Copy, Eq)]
pub enum FieldKind { Text, LongText, Money, Date, Time, Choice, Person, Record, Files, Number, Flag, Tally }

/// A record as lists show it.
pub struct RecordRow {
    /// Its id; of a copy that was shared with this person, the id of what it is a copy of.
    pub id: String,
    /// `property`, `interest`
    pub kind: String,
    pub title: String,
    /// Shared by the team: seen, not edited.
    pub shared: bool,
    pub deleted: bool,
    /// The space it stands in, and whose that is: the team's or a client's name.
    pub space: String,
    pub space_name: String,
    /// The record it is about.
    pub about: Option<NamedRef>,
    /// The shown values; of files only the first.
    pub fields: BTreeMap<String, RecordValue>,
    /// Fields that were edited apart and want a choice.
    pub conflicts: u32,
    pub updated_at: String,
    pub state: State,
    pub can_write: bool,
    pub can_delete: bool,
}

/// A page of a list.
pub struct RecordPage { pub rows: Vec<RecordRow>, pub next: Option<String>, pub revision: f64, pub total: u32 }

/// One of the values of a field: the first is shown, others were written apart.
pub struct FieldVersion {
    /// Absent: emptied.
    pub value: Option<RecordValue>,
    /// Names it for `record_settle`.
    pub change: String,
    pub by: String,
    pub by_name: String,
    pub me: bool,
    pub at: String,
    /// Not at the relay yet.
    pub waiting: bool,
}

/// A field of a record, in the order of the form.
pub struct RecordFieldRow {
    pub key: String,
    pub kind: FieldKind,
    /// Of a choice.
    pub choices: Vec<String>,
    /// Bytes of a text.
    pub limit: u32,
    /// Never seen by clients.
    pub internal: bool,
    pub required: bool,
    /// All values; empty if nothing was ever written.
    pub values: Vec<FieldVersion>,
}

/// One thing that was done to a record.
pub struct RecordStep {
    pub by: String,
    pub by_name: String,
    pub me: bool,
    pub at: String,
    pub waiting: bool,
    pub fields: Vec<StepField>,
    pub deleted: Option<bool>,
}

/// What a step wrote.
pub struct StepField { pub key: String, pub value: Option<RecordValue> }

/// How the copy with a client stands.
#[derive(Copy, Eq)]
pub enum CopyState {
    /// The client's devices can have it as it is here.
    Published,
    /// It was changed since, here or elsewhere, and follows in a moment.
    Updating,
    /// Written, and not at the relay yet.
    Waiting,
    /// Taken back, and that is not at the relay yet.
    Withdrawing,
}

/// A client a record was shared with.
pub struct CopyRow { pub space: String, pub name: String, pub state: CopyState }

/// A record with everything about it.
pub struct RecordDetail {
    pub row: RecordRow,
    pub fields: Vec<RecordFieldRow>,
    /// Newest first.
    pub history: Vec<RecordStep>,
    pub conversations: Vec<ConversationTitle>,
    /// Whom it was shared with; for those who share it.
    pub copies: Vec<CopyRow>,
    pub can_publish: bool,
    /// Interests in it.
    pub interests: Vec<RecordRow>,
}

/// A client, to share a record with.
pub struct ClientRow { pub space: String, pub name: String, pub people: Vec<String> }

/// A record beside a conversation.
pub struct RecordChip { pub id: String, pub kind: String, pub title: String, pub shared: bool, pub deleted: bool }

#[derive(Copy, Eq, Default)]
pub enum RecordSort { #[default] Newest, Title, Number }

/// Which records; `query` are words of its title, place or status.
pub struct Records {
    pub kind: String,
    #[serde(default)] pub query: String,
    #[serde(default)] pub status: Option<String>,
    #[serde(default)] pub level: Option<String>,
    #[serde(default)] pub about: Option<String>,
    /// A client by name or space.
    #[serde(default)] pub client: Option<String>,
    #[serde(default)] pub deleted: bool,
    #[serde(default)] pub sort: RecordSort,
    #[serde(default)] pub after: Option<String>,
    pub limit: u32,
}

/// What the columns of a board are made of.
#[derive(Copy, Eq)]
pub enum RecordColumnBy { Status, Level }

pub struct RecordColumns { pub kind: String, pub by: RecordColumnBy }

/// How many records a column has in all.
pub struct RecordColumn { pub name: String, pub count: u32 }

/// A record by id, a unique prefix of at least six characters, or an exact title.
pub struct RecordRef { pub record: String }

/// A value of `null` empties a field.
pub struct RecordNew { pub kind: String, pub fields: BTreeMap<String, Option<RecordValue>>, #[serde(default)] pub files: Vec<FileSource> }

pub struct RecordSet { pub record: String, pub fields: BTreeMap<String, Option<RecordValue>> }

/// Chooses one of the values of a field; `all`: of lists of files, everything in any of them.
pub struct RecordSettle { pub record: String, pub field: String, pub change: String, #[serde(default)] pub all: bool }

/// Adds files to a field and keeps those of `keep` (all if absent), in that order.
pub struct RecordFiles { pub record: String, pub field: String, #[serde(default)] pub add: Vec<FileSource>, #[serde(default)] pub keep: Option<Vec<String>> }

pub struct RecordDelete { pub record: String, pub deleted: bool }

/// Shares a record with clients by name or space, or takes it back.
pub struct RecordPublish { pub record: String, pub clients: Vec<String>, pub on: bool }

/// What clients would see.
pub struct RecordPreview { pub title: String, pub fields: BTreeMap<String, RecordValue>, pub hidden: Vec<String> }

/// Links a record to a conversation, or takes the link away.
pub struct RecordLink { pub conversation: String, pub record: String, pub on: bool }

/// Asks about a record that was shared: a message in the conversation about it, which is begun if there is none.
pub struct RecordAsk { pub record: String, pub text: String }

/// A client's interest in a property, noted by either side. What is not given stays as it is; `client` is needed by who has
/// more than one.
pub struct InterestSet {
    pub property: String,
    #[serde(default)] pub client: Option<String>,
    #[serde(default)] pub level: Option<String>,
    #[serde(default)] pub status: Option<String>,
    #[serde(default)] pub notes: Option<String>,
}
}
