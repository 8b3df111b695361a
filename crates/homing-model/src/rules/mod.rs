//! Who may change what.
//!
//! [`verdict`] is a pure function of a change and of what its signature and the membership log prove about its
//! author. An entry names the version of the rules it was written under; a released version is frozen, its
//! verdicts pinned by fixtures. What a version doesn't know (a version, kind, key or form) is parked: stored,
//! unapplied, judged again after an upgrade, so that old and new apps never disagree.

mod v1;
mod v2;

use homing_wire::{DocId, PersonId, Role, SpaceId, SpaceKind};

use crate::{ChangeInfo, Kind, Preimage, Value, record};

/// The newest version this app knows.
pub const CURRENT: u32 = 2;

/// Stands for all that an app with rules up to this version can judge: another one means that what was parked for an upgrade may
/// be judged now. Records learn kinds and fields within a version, so they are in it too.
pub fn knowledge(newest: u32) -> homing_wire::Hash {
    homing_wire::Hash::of(format!("{newest} {:?}", record::SCHEMAS).as_bytes())
}

/// Root keys.
pub mod key {
    /// What the document's id is cut from.
    pub const ID: &str = "id";
    /// A message's content.
    pub const CONTENT: &str = "content";
    /// Who began a conversation, and when.
    pub const CREATED: &str = "created";
    /// A conversation's subject.
    pub const SUBJECT: &str = "subject";
    /// The tombstone of messages and conversations.
    pub const DELETED: &str = "deleted";
    /// A name.
    pub const NAME: &str = "name";
    /// A note.
    pub const NOTE: &str = "note";
    /// Put away, for oneself.
    pub const ARCHIVED: &str = "archived";
    /// Marked as unread, for oneself.
    pub const MARKED_UNREAD: &str = "marked_unread";
    /// Deleted, for oneself.
    pub const HIDDEN: &str = "hidden";
    /// Other words for a message. Each write stays readable as its history.
    pub const EDITED: &str = "edited";
    /// The conversation another one goes on in; empty: none.
    pub const MERGED_INTO: &str = "merged_into";
    /// Kept at the top, for oneself.
    pub const PINNED: &str = "pinned";
    /// Until when nothing is announced, for oneself: Unix ms, 0 for not at all.
    pub const MUTED_UNTIL: &str = "muted_until";
    /// Until when it is out of sight, for oneself: Unix ms, 0 for not at all.
    pub const SNOOZED_UNTIL: &str = "snoozed_until";
    /// What is announced of a conversation, for oneself; see [`super::ANNOUNCE`].
    pub const ANNOUNCE: &str = "announce";
    /// Files are kept here, for oneself.
    pub const KEEP_FILES: &str = "keep_files";
    /// Not heard any more, for oneself.
    pub const BLOCKED: &str = "blocked";
    /// What a person is called here, for oneself; empty: as they call themselves.
    pub const LOCAL_NAME: &str = "local_name";
    /// A setting's value: canonical CBOR.
    pub const VALUE: &str = "value";
    /// Who looks after a conversation; empty: nobody.
    pub const ASSIGNEE: &str = "assignee";
    /// Before a person and a reaction: `reaction/<person>/<emoji>`.
    pub const REACTION: &str = "reaction/";
    /// Before a linked record: `record/<id>`.
    pub const RECORD: &str = "record/";

    /// The key of one person's reaction to a message.
    pub fn reaction(person: &homing_wire::PersonId, emoji: &str) -> String {
        format!("{REACTION}{person}/{emoji}")
    }

    /// Person and emoji of a reaction's key.
    pub fn read_reaction(name: &str) -> Option<(homing_wire::PersonId, &str)> {
        let (person, emoji) = name.strip_prefix(REACTION)?.split_once('/')?;
        let read: homing_wire::PersonId = person.parse().ok()?;
        // One spelling only: else one reaction could be counted twice.
        (read.to_string() == person).then_some((read, emoji))
    }

    /// The key of a link to a record.
    pub fn record(record: &homing_wire::DocId) -> String {
        format!("{RECORD}{record}")
    }

    /// The record of a link's key.
    pub fn read_record(name: &str) -> Option<homing_wire::DocId> {
        let text = name.strip_prefix(RECORD)?;
        let read: homing_wire::DocId = text.parse().ok()?;
        (read.to_string() == text).then_some(read)
    }
}

/// What may stand under [`key::ANNOUNCE`]: everything, mentions only, nothing.
pub const ANNOUNCE: [&str; 3] = ["all", "mentions", "none"];

/// What is known about a change's document and author, none of it from the change itself.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The document the entry names.
    pub doc: DocId,
    /// The space the entry was written in.
    pub space: SpaceId,
    /// That space's kind.
    pub space_kind: SpaceKind,
    /// What the document's id is cut from, read from its accepted first change; none if there is none yet.
    pub preimage: Option<&'a Preimage>,
    /// The person whose device signed.
    pub author: PersonId,
    /// The role of the member the entry is written as, at its op head.
    pub role: Role,
}

/// The verdict on a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ruling {
    /// It may be applied.
    Accept,
    /// It may never be.
    Refuse(Reason),
    /// This version can't tell.
    Park(Unjudged),
}

/// Why a change was refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Reason {
    /// The role does not write documents.
    #[error("this role does not write")]
    RoleForbids,
    /// The document's id is not the hash of what it claims to be.
    #[error("the document's id was taken from another")]
    SquattedId,
    /// It claims to belong to another space.
    #[error("the document belongs to another space")]
    WrongSpace,
    /// It begins a document in somebody else's name.
    #[error("the document belongs to somebody else")]
    WrongOwner,
    /// This kind of document has no place in this kind of space.
    #[error("this kind of document has no place in this space")]
    WrongPlace,
    /// A key is written twice in one change.
    #[error("a key is written twice")]
    RepeatedKey,
    /// A value of a type or size that its key does not have.
    #[error("a value does not fit its key")]
    BadValue,
    /// Something that is written once, with the document, is written again.
    #[error("this is written once only")]
    WrittenOnce,
    /// The document begins without what makes it one.
    #[error("the document is incomplete")]
    Incomplete,
    /// Only its owner may do this.
    #[error("only its owner may change this")]
    NotOwner,
    /// Only its owner, or who manages the space, may do this.
    #[error("only its owner or a manager may change this")]
    NotOwnerOrManager,
    /// Only who manages the space may do this.
    #[error("only a manager may change this")]
    NotManager,
    /// Only the business's own people may do this.
    #[error("only staff may change this")]
    NotStaff,
    /// It names another creator than its author.
    #[error("it names another creator than its author")]
    WrongCreator,
}

impl Reason {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::RoleForbids => "role_forbids",
            Self::SquattedId => "squatted_id",
            Self::WrongSpace => "wrong_space",
            Self::WrongOwner => "wrong_owner",
            Self::WrongPlace => "wrong_place",
            Self::RepeatedKey => "repeated_key",
            Self::BadValue => "bad_value",
            Self::WrittenOnce => "written_once",
            Self::Incomplete => "incomplete",
            Self::NotOwner => "not_owner",
            Self::NotOwnerOrManager => "not_owner_or_manager",
            Self::NotManager => "not_manager",
            Self::NotStaff => "not_staff",
            Self::WrongCreator => "wrong_creator",
        }
    }
}

/// Why a change can't be judged yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unjudged {
    /// Its rules are newer than this app.
    Version,
    /// It holds nested objects, text or other forms of a later version.
    Form,
    /// Its document is of a later kind.
    Kind,
    /// It writes keys of a later version.
    Key,
    /// Its document's first change is missing.
    First,
}

/// Judges a change under one version of the rules.
pub fn verdict(version: u32, subject: &Subject<'_>, change: &ChangeInfo) -> Ruling {
    match version {
        1 => v1::verdict(subject, change),
        2 => v2::verdict(subject, change),
        _ => Ruling::Park(Unjudged::Version),
    }
}

/// The version to write a change under: the oldest that knows everything in it, so that apps which were not upgraded
/// yet go on reading what they can.
pub fn version_for(kind: Kind, change: &ChangeInfo) -> u32 {
    if v1::knows(kind, change) { 1 } else { CURRENT }
}

/// Whether the current rules take a value under a key; edits are checked with it before they are written.
pub(crate) fn value_allowed(kind: Kind, key: &str, value: &Value) -> bool {
    if let Kind::Record(kind) = kind {
        return record::value_allowed(kind, key, value);
    }
    v2::value_allowed(kind, key, value)
}
