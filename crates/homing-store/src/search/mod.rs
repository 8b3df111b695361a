//! Full text search over messages and the names of their files.
//!
//! The row number of the index is the message's, and that follows time: newest first is walking backwards,
//! and stops when the page is full. Where a word stands (conversation, person, with file, kind) is a word
//! too, in a column of its own, so narrowing a search makes it faster; a span of time is a span of rows. Sorting by a
//! time column or by rank costs a thousand times more over a million messages: "best first" ranks the newest hits.

mod find;
pub(crate) mod fold;
mod names;
mod query;
mod rank;
mod snippet;
mod talks;

use std::fmt;
use std::str::FromStr;

use homing_wire::{DocId, PersonId};

pub use find::find;
pub use names::{Names, loosely};
pub use query::{Words, said};
pub use snippet::Part;
pub use talks::{Talk, author_name, talks, talks_of};

use crate::{Read, Result, StoreError, Tx, messages};

/// In which order hits come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// Of the newest [`RANKED`], those that fit best first.
    Best,
}

/// Hits that are ranked: among so many of the newest the best are looked for.
pub const RANKED: u32 = 500;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording.
    Audio,
    /// Anything else.
    Document,
}

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// As typed. Without a word all messages are found that fit the rest, if anything of the rest is given.
    pub text: String,
    /// Only in one of these conversations.
    pub conversations: Option<Vec<DocId>>,
    /// Only by one of these persons.
    pub people: Option<Vec<PersonId>>,
    /// Nothing by these persons.
    pub without: Vec<PersonId>,
    /// Only messages with files.
    pub with_file: bool,
    /// Only messages with such a file.
    pub file_kind: Option<FileKind>,
    /// Only messages with a link.
    pub with_link: bool,
    /// Only unread ones.
    pub unread: bool,
    /// Not before this, Unix ms.
    pub since_ms: Option<u64>,
    /// Before this, Unix ms.
    pub until_ms: Option<u64>,
    /// In which order.
    pub order: Order,
    /// Only behind this.
    pub after: Option<Cursor>,
    /// Hits wanted at most.
    pub limit: u32,
}

/// Where a page of hits ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cursor {
    /// Before this row; the last word was taken as a whole one.
    Whole(i64),
    /// Before this row; the last word was taken as a beginning.
    Begun(i64),
    /// So many of the best.
    Best(u32),
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(row) => write!(f, "w{row:x}"),
            Self::Begun(row) => write!(f, "p{row:x}"),
            Self::Best(count) => write!(f, "b{count:x}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || StoreError::NotFound("cursor");
        let (kind, number) = text.split_at_checked(1).ok_or_else(bad)?;
        let row = i64::from_str_radix(number, 16).map_err(|_| bad())?;
        match kind {
            "w" => Ok(Self::Whole(row)),
            "p" => Ok(Self::Begun(row)),
            "b" => Ok(Self::Best(u32::try_from(row).map_err(|_| bad())?)),
            _ => Err(bad()),
        }
    }
}

/// A message that was found. Where it stands and who wrote it are numbers of this file: what they are called is asked for
/// once ([`talks()`], [`author_name`]), not with every hit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The message.
    pub message: DocId,
    /// Its conversation's number.
    pub talk: i64,
    /// Its author's number.
    pub author: i64,
    /// Its space's number.
    pub space: i64,
    /// Order key, Unix ms.
    pub at_ms: u64,
    /// Why it was found, or how it begins.
    pub snippet: Vec<Part>,
    /// The file whose name fits, if it was found by that.
    pub file: Option<Vec<Part>>,
}

/// What is said of a message besides its words.
pub(crate) struct Tags {
    pub conversation: i64,
    pub author: i64,
    pub file: bool,
}

impl Tags {
    fn text(&self) -> String {
        let mut out = format!("km c{} p{}", self.conversation, self.author);
        if self.file {
            out.push_str(" f");
        }
        out
    }
}

pub(crate) fn add(tx: &Tx<'_>, n: i64, body: &str, tags: &Tags) -> Result<()> {
    tx.exec(
        "INSERT INTO search (rowid, body, tags) VALUES (?1, ?2, ?3)",
        (n, fold::indexed(body), tags.text()),
    )?;
    Ok(())
}

/// Takes a message's words out. They must be those it was put in with.
pub(crate) fn remove(tx: &Tx<'_>, n: i64, body: &str, tags: &Tags) -> Result<()> {
    take_out(tx, n, &fold::indexed(body), tags)
}

fn take_out(tx: &Tx<'_>, n: i64, indexed: &str, tags: &Tags) -> Result<()> {
    tx.exec(
        "INSERT INTO search (search, rowid, body, tags) VALUES ('delete', ?1, ?2, ?3)",
        (n, indexed, tags.text()),
    )?;
    Ok(())
}

/// Puts a message's words in that an index of the first schemas lacks: names of files, and parts of Korean words.
pub(crate) fn complete(tx: &Tx<'_>, n: i64, body: &str, text: &str, tags: &Tags) -> Result<()> {
    if body != text || body.chars().any(fold::is_korean) {
        take_out(tx, n, &fold::indexed_before(body), tags)?;
        add(tx, n, text, tags)?;
    }
    Ok(())
}

/// Empties the index, also if it is damaged or gone.
pub(crate) fn reset(tx: &Tx<'_>) -> Result<()> {
    // A prepared statement of the old table must not outlive it.
    tx.conn().flush_prepared_statement_cache();
    tx.conn().execute_batch(
        "DROP TABLE IF EXISTS search;
         CREATE VIRTUAL TABLE search USING fts5 (body, tags, content = '', columnsize = 0, tokenize = 'ascii');
         INSERT INTO search (search, rank) VALUES ('secure-delete', 1);",
    )?;
    Ok(())
}

/// Builds the index again from the messages.
pub fn rebuild(tx: &Tx<'_>) -> Result<()> {
    reset(tx)?;
    messages::index_words(tx)
}

/// Whether the index is whole: well-formed, and holding as many messages as there are.
pub(crate) fn is_whole(db: &Read<'_>) -> Result<bool> {
    let indexed: Result<u64> =
        db.number("SELECT count(*) FROM search WHERE search MATCH 'tags : \"km\"'", []);
    let kept = db.number("SELECT count(*) FROM messages WHERE deleted = 0", [])?;
    Ok(indexed.is_ok_and(|indexed| indexed == kept))
}
