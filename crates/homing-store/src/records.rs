//! Records of all kinds as lists show them, and the conversations that are about them.
//!
//! A row holds what lists sort, filter and search by; everything else is read from the record's document, of which a
//! page has few. Only a list that needs another order needs a table of its own.

use homing_wire::{BlobId, DocId, Hash, PersonId, SpaceId};
use rusqlite::{Row, params};

use crate::changes::ChangeState;
use crate::search::fold;
use crate::sql::{doc, doc_opt, hex_list};
use crate::{Read, Result, Tx};

/// A record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordRow {
    /// Its id.
    pub id: DocId,
    /// Its kind, numbered by the model.
    pub kind: u32,
    /// The kind it is listed under: a copy among what it is a copy of.
    pub class: u32,
    /// Its space.
    pub space: SpaceId,
    /// What it is about.
    pub about: Option<DocId>,
    /// What stands here itself and is therefore not listed by its copy.
    pub shadowed: bool,
    /// Deleted; can be taken back.
    pub deleted: bool,
    /// What it is called.
    pub title: String,
    /// What it is found by, besides its title.
    pub words: String,
    /// How it stands.
    pub status: String,
    /// How much it matters.
    pub level: String,
    /// What the kind is sorted by besides title and time.
    pub number: i64,
    /// Fields edited apart.
    pub conflicts: u32,
    /// When it changed last, Unix ms.
    pub updated_ms: u64,
}

/// What a list is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Changed last first.
    Newest,
    /// By title.
    Title,
    /// By number, small ones first.
    Number,
}

/// What a list shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// The kind.
    pub class: u32,
    /// Deleted ones instead.
    pub deleted: bool,
    /// Only with this status; empty: any.
    pub status: String,
    /// Only with this level; empty: any.
    pub level: String,
    /// Only with these words.
    pub text: String,
    /// Only of this space.
    pub space: Option<SpaceId>,
    /// Only about this record.
    pub about: Option<DocId>,
}

const COLUMNS: &str =
    "r.id, r.kind, r.class, s.id, r.about, r.shadowed, r.deleted, r.title, '', r.status, r.level,
    r.number, r.conflicts, r.updated_ms";
const FROM: &str = "FROM records r CROSS JOIN ids s ON s.n = r.space";

/// Writes a record's row.
pub fn put(tx: &Tx<'_>, row: &RecordRow) -> Result<()> {
    let words = fold::indexed(&format!("{} {}", row.title, row.words));
    let sort_title = fold::indexed(&row.title);
    tx.exec(
        "INSERT INTO records (id, kind, class, space, about, shadowed, deleted, title, sort_title, words, status, level,
           number, conflicts, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (id) DO UPDATE SET shadowed = ?6, deleted = ?7, title = ?8, sort_title = ?9, words = ?10,
           status = ?11, level = ?12, number = ?13, conflicts = ?14, updated_ms = ?15",
        params![
            row.id.as_bytes(),
            row.kind,
            row.class,
            tx.number_of(&row.space.0)?,
            row.about.map(|id| *id.as_bytes()),
            row.shadowed,
            row.deleted,
            row.title,
            sort_title,
            words,
            row.status,
            row.level,
            row.number,
            row.conflicts,
            row.updated_ms,
        ],
    )?;
    Ok(())
}

/// Names a record after what it is about.
pub fn set_title(tx: &Tx<'_>, id: &DocId, title: &str) -> Result<()> {
    tx.exec(
        "UPDATE records SET title = ?2, sort_title = ?3 WHERE id = ?1",
        (id.as_bytes(), title, fold::indexed(title)),
    )?;
    Ok(())
}

/// Forgets a record's row.
pub fn remove(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    tx.exec("DELETE FROM records WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

/// Lists a copy, or not, because what it is a copy of stands here itself.
pub fn shadow(tx: &Tx<'_>, id: &DocId, shadowed: bool) -> Result<()> {
    tx.exec("UPDATE records SET shadowed = ?2 WHERE id = ?1", (id.as_bytes(), shadowed))?;
    Ok(())
}

/// One record.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<RecordRow>> {
    db.one(&format!("SELECT {COLUMNS} {FROM} WHERE r.id = ?1"), [id.as_bytes()], read)
}

/// Records of a kind about another one, in the order of their ids.
pub fn about(db: &Read<'_>, about: &DocId, kind: u32) -> Result<Vec<RecordRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM records r INDEXED BY records_about CROSS JOIN ids s ON s.n = r.space
             WHERE r.about = ?1 AND r.kind = ?2 ORDER BY r.id"
        ),
        (about.as_bytes(), kind),
        read,
    )
}

/// Records of a kind in a space.
pub fn of_space(db: &Read<'_>, space: &SpaceId, kind: u32) -> Result<Vec<RecordRow>> {
    db.all(
        &format!("SELECT {COLUMNS} {FROM} WHERE r.space = (SELECT n FROM ids WHERE id = ?1) AND r.kind = ?2"),
        (&space.0, kind),
        read,
    )
}

/// All records of a kind.
pub fn of_kind(db: &Read<'_>, kind: u32) -> Result<Vec<RecordRow>> {
    db.all(&format!("SELECT {COLUMNS} {FROM} WHERE r.kind = ?1"), [kind], read)
}

/// Records called so.
pub fn by_title(db: &Read<'_>, class: u32, title: &str, limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT r.id FROM records r INDEXED BY records_title
         WHERE r.shadowed = 0 AND r.class = ?1 AND r.deleted = 0 AND r.sort_title = ?2 AND r.title = ?3 LIMIT ?4",
        (class, fold::indexed(title), title, limit),
        |row| doc(row, 0),
    )
}

/// What records with ids between these are named by: themselves, or what they are a copy of.
pub fn subjects_between(db: &Read<'_>, low: &[u8; 16], high: &[u8; 16], limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM records WHERE id BETWEEN ?1 AND ?2
         UNION SELECT about FROM records INDEXED BY records_about WHERE about BETWEEN ?1 AND ?2 AND kind <> class
         LIMIT ?3",
        (low, high, limit),
        |row| doc(row, 0),
    )
}

/// A page of a list, after the record `after`.
pub fn list(
    db: &Read<'_>,
    filter: &Filter,
    sort: Sort,
    after: Option<&DocId>,
    limit: u32,
) -> Result<Vec<RecordRow>> {
    let (index, key, order, beyond) = match sort {
        Sort::Newest => ("records_newest", "updated_ms", "DESC", "<"),
        Sort::Title => ("records_title", "sort_title", "ASC", ">"),
        Sort::Number => ("records_number", "number", "ASC", ">"),
    };
    let words: Vec<String> = fold::words(&filter.text).map(|word| word.folded.into_owned()).collect();
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM records r INDEXED BY {index} CROSS JOIN ids s ON s.n = r.space
             WHERE r.shadowed = 0 AND r.class = ?1 AND r.deleted = ?2
               AND (?3 IS NULL OR (r.{key}, r.n) {beyond} (SELECT {key}, n FROM records WHERE id = ?3))
               AND (?4 = '' OR r.status = ?4) AND (?5 = '' OR r.level = ?5)
               AND (?6 IS NULL OR r.space = (SELECT n FROM ids WHERE id = ?6))
               AND (?7 IS NULL OR r.about = ?7)
               AND NOT EXISTS (SELECT 1 FROM json_each(?8) word WHERE instr(r.words, CAST(unhex(word.value) AS TEXT)) = 0)
             ORDER BY r.{key} {order}, r.n {order} LIMIT ?9"
        ),
        params![
            filter.class,
            filter.deleted,
            after.map(|id| *id.as_bytes()),
            filter.status,
            filter.level,
            filter.space.map(|space| space.0),
            filter.about.map(|id| *id.as_bytes()),
            hex_list(words.iter().map(String::as_bytes)),
            limit,
        ],
        read,
    )
}

/// How many records a list has in all, up to `limit`.
pub fn count(db: &Read<'_>, class: u32, limit: u32) -> Result<u64> {
    db.number(
        "SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_newest
         WHERE shadowed = 0 AND class = ?1 AND deleted = 0 LIMIT ?2)",
        (class, limit),
    )
}

/// What records of a kind are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// How they stand.
    Status,
    /// How much they matter.
    Level,
}

/// How many records of a kind there are of each status or level, those that are deleted left out.
pub fn columns(db: &Read<'_>, class: u32, by: Column) -> Result<Vec<(String, u32)>> {
    let key = match by {
        Column::Status => "status",
        Column::Level => "level",
    };
    db.all(
        &format!(
            "SELECT {key}, count(*) FROM records INDEXED BY records_newest
             WHERE shadowed = 0 AND class = ?1 AND deleted = 0 GROUP BY {key}"
        ),
        [class],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Writes which records a conversation is about.
pub fn set_links(tx: &Tx<'_>, conversation: &DocId, records: &[DocId]) -> Result<()> {
    tx.exec("DELETE FROM record_links WHERE conversation = ?1", [conversation.as_bytes()])?;
    for record in records {
        tx.exec(
            "INSERT OR IGNORE INTO record_links (conversation, record) VALUES (?1, ?2)",
            (conversation.as_bytes(), record.as_bytes()),
        )?;
    }
    Ok(())
}

/// The records of conversations and of what goes on in them, as pairs in the order of conversation and record.
pub fn links_of(db: &Read<'_>, conversations: &[DocId]) -> Result<Vec<(DocId, DocId)>> {
    let list = hex_list(conversations.iter().map(|id| id.as_bytes().as_slice()));
    db.all(
        "WITH wanted (n, id) AS
           (SELECT c.n, c.id FROM json_each(?1) w CROSS JOIN conversations c ON c.id = unhex(w.value))
         SELECT w.id, l.record FROM wanted w CROSS JOIN record_links l ON l.conversation = w.id
         UNION SELECT w.id, l.record FROM wanted w
           CROSS JOIN conversations p INDEXED BY conversations_shown_in ON p.shown_in = w.n
           CROSS JOIN record_links l ON l.conversation = p.id ORDER BY 1, 2",
        [list],
        |row| Ok((doc(row, 0)?, doc(row, 1)?)),
    )
}

/// Conversations about a record; for one that goes on in another, that one.
pub fn conversations_about(db: &Read<'_>, record: &DocId) -> Result<Vec<DocId>> {
    db.all(
        "SELECT DISTINCT coalesce(r.id, c.id) FROM record_links l CROSS JOIN conversations c ON c.id = l.conversation
         LEFT JOIN conversations r ON r.n = c.shown_in WHERE l.record = ?1 ORDER BY 1",
        [record.as_bytes()],
        |row| doc(row, 0),
    )
}

/// Which of a conversation and what goes on in it name a record.
pub fn linked_in(db: &Read<'_>, conversation: &DocId, record: &DocId) -> Result<Vec<DocId>> {
    db.all(
        "SELECT c.id FROM record_links l CROSS JOIN conversations c ON c.id = l.conversation
         WHERE l.record = ?1 AND (c.id = ?2 OR c.shown_in = (SELECT n FROM conversations WHERE id = ?2))",
        (record.as_bytes(), conversation.as_bytes()),
        |row| doc(row, 0),
    )
}

/// Who made a change of a document, and when it came to the relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// The change.
    pub change: Hash,
    /// How far it came.
    pub state: ChangeState,
    /// Whose entry carried it; none while it waits here.
    pub by: Option<PersonId>,
    /// When the relay took it, Unix ms; 0 while it waits here.
    pub at_ms: u64,
}

/// Who made the changes of a document.
pub fn made(db: &Read<'_>, id: &DocId) -> Result<Vec<Made>> {
    db.all(
        "SELECT c.hash, c.state, p.id, coalesce(e.received_ms, 0) FROM changes c
         LEFT JOIN entries e ON e.n = c.entry LEFT JOIN ids p ON p.n = e.person WHERE c.doc = ?1 ORDER BY c.n",
        [id.as_bytes()],
        |row| {
            Ok(Made {
                change: Hash(row.get(0)?),
                state: row.get(1)?,
                by: row.get::<_, Option<_>>(2)?.map(PersonId),
                at_ms: row.get(3)?,
            })
        },
    )
}

/// Notes that the relay gives a file to the members of a space.
pub fn set_granted(tx: &Tx<'_>, space: &SpaceId, blob: &BlobId) -> Result<()> {
    tx.exec("INSERT OR IGNORE INTO file_grants (space, blob) VALUES (?1, ?2)", (&space.0, &blob.0))?;
    Ok(())
}

/// Whether the relay said so.
pub fn is_granted(db: &Read<'_>, space: &SpaceId, blob: &BlobId) -> Result<bool> {
    let found =
        db.one("SELECT 1 FROM file_grants WHERE space = ?1 AND blob = ?2", (&space.0, &blob.0), |_| Ok(()))?;
    Ok(found.is_some())
}

/// The relay lost what it had: all is to be granted again.
pub fn forget_grants(tx: &Tx<'_>) -> Result<()> {
    tx.exec("DELETE FROM file_grants", [])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    Ok(RecordRow {
        id: doc(row, 0)?,
        kind: row.get(1)?,
        class: row.get(2)?,
        space: SpaceId(row.get(3)?),
        about: doc_opt(row, 4)?,
        shadowed: row.get(5)?,
        deleted: row.get(6)?,
        title: row.get(7)?,
        words: row.get(8)?,
        status: row.get(9)?,
        level: row.get(10)?,
        number: row.get(11)?,
        conflicts: row.get(12)?,
        updated_ms: row.get(13)?,
    })
}
