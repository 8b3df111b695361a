//! Full text search, newest first.
//!
//! The row number of the index is the message's, and that follows time: newest first is walking backwards,
//! and stops when the page is full. Where a word stands (conversation, person, with file, kind) is a word
//! too, in a column of its own, so narrowing a search makes it faster. Sorting by a time column or by rank
//! costs a thousand times more over a million messages.

pub(crate) mod fold;
mod query;
mod snippet;

use std::fmt;
use std::str::FromStr;

use homing_wire::{DocId, PersonId, SpaceId, SpaceKind};

pub use snippet::Part;

use crate::sql::doc;
use crate::{Read, Result, StoreError, Tx, messages, spaces};

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// As typed.
    pub text: String,
    /// Only in this conversation.
    pub conversation: Option<DocId>,
    /// Only by this person.
    pub person: Option<PersonId>,
    /// Only messages with files.
    pub with_file: bool,
    /// Only older than this.
    pub before: Option<Cursor>,
    /// Hits wanted at most.
    pub limit: u32,
}

/// Where a page of hits ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    row: i64,
    /// The last word was taken as a whole one.
    whole: bool,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:x}", if self.whole { 'w' } else { 'p' }, self.row)
    }
}

impl FromStr for Cursor {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self> {
        let (whole, row) = match (text.strip_prefix('w'), text.strip_prefix('p')) {
            (Some(row), _) => (true, row),
            (_, Some(row)) => (false, row),
            _ => return Err(StoreError::NotFound("cursor")),
        };
        let row = i64::from_str_radix(row, 16).map_err(|_| StoreError::NotFound("cursor"))?;
        Ok(Self { row, whole })
    }
}

/// A message that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The message.
    pub message: DocId,
    /// Its conversation.
    pub conversation: DocId,
    /// The conversation's subject; empty if it has none.
    pub subject: String,
    /// Without a subject: its space.
    pub space: Option<SpaceId>,
    /// Without a subject: the name of its space if that is a client's, or empty.
    pub client: String,
    /// The name to show of who wrote it.
    pub author_name: String,
    /// Order key, Unix ms.
    pub at_ms: u64,
    /// Why it was found.
    pub snippet: Vec<Part>,
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

/// Finds messages, newest first, and says where the next page begins. Any text is a valid query; one without
/// a word finds nothing.
///
/// A last word that is long enough may be the beginning of others. Looking for beginnings means merging the
/// lists of all words that begin so before the first hit is known, so the word itself is tried first: if it
/// alone fills the page, what was typed is a word, and a common one.
pub fn find(db: &Read<'_>, query: &Query) -> Result<(Vec<Hit>, Option<Cursor>)> {
    let terms = query::parse(&query.text);
    let Some(tags) = wanted_tags(db, query)? else { return Ok((Vec::new(), None)) };
    if terms.is_empty() || query.limit == 0 {
        return Ok((Vec::new(), None));
    }
    let before = query.before.map_or(i64::MAX, |cursor| cursor.row);
    let whole = query.before.map(|cursor| cursor.whole);
    let mut exact = terms.clone();
    let mut beginning = false;
    for term in exact.iter_mut().filter(|term| term.open_word()) {
        term.prefix = false;
        beginning = true;
    }
    if beginning && whole != Some(false) {
        let page = page(db, &exact, &tags, before, query.limit, true)?;
        if page.1.is_some() || whole == Some(true) {
            return Ok(page);
        }
    }
    page(db, &terms, &tags, before, query.limit, false)
}

fn page(
    db: &Read<'_>,
    terms: &[query::Term],
    tags: &[String],
    before: i64,
    limit: u32,
    whole: bool,
) -> Result<(Vec<Hit>, Option<Cursor>)> {
    let rows = db.all(
        "SELECT f.rowid, m.id, c.id, c.subject,
           CASE c.subject WHEN '' THEN (SELECT id FROM ids WHERE n = c.space) END,
           CASE c.subject WHEN '' THEN (SELECT name FROM spaces WHERE n = c.space AND kind = ?4) END, m.at,
           coalesce((SELECT name FROM names WHERE person = m.author AND space = m.space),
             (SELECT name FROM people WHERE person = m.author), ''),
           m.body, c.deleted = 0 AND c.hidden = 0 AND m.deleted = 0
         FROM (SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3) f
         CROSS JOIN messages m ON m.n = f.rowid CROSS JOIN conversations c ON c.n = m.conversation
         ORDER BY f.rowid DESC",
        (query::matching(terms, tags), before, limit, spaces::kind_number(SpaceKind::Client)),
        |row| {
            let hit = Hit {
                message: doc(row, 1)?,
                conversation: doc(row, 2)?,
                subject: row.get(3)?,
                space: row.get::<_, Option<_>>(4)?.map(SpaceId),
                client: row.get::<_, Option<_>>(5)?.unwrap_or_default(),
                at_ms: row.get(6)?,
                author_name: row.get(7)?,
                snippet: snippet::of(row.get_ref(8)?.as_str()?, terms),
            };
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(9)?, hit))
        },
    )?;
    let full = rows.len() >= limit as usize;
    let next = rows.last().filter(|_| full).map(|row| Cursor { row: row.0, whole });
    Ok((rows.into_iter().filter(|row| row.1).map(|row| row.2).collect(), next))
}

/// None: nothing can match.
fn wanted_tags(db: &Read<'_>, query: &Query) -> Result<Option<Vec<String>>> {
    let mut tags = Vec::new();
    if let Some(conversation) = &query.conversation {
        let n: Option<i64> =
            db.one("SELECT n FROM conversations WHERE id = ?1", [conversation.as_bytes()], |row| row.get(0))?;
        let Some(n) = n else { return Ok(None) };
        tags.push(format!("c{n}"));
    }
    if let Some(person) = &query.person {
        let Some(n) = db.find_number(&person.0)? else { return Ok(None) };
        tags.push(format!("p{n}"));
    }
    if query.with_file {
        tags.push("f".to_owned());
    }
    Ok(Some(tags))
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
    tx.exec(
        "INSERT INTO search (search, rowid, body, tags) VALUES ('delete', ?1, ?2, ?3)",
        (n, fold::indexed(body), tags.text()),
    )?;
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
