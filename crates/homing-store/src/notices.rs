//! What a person is told of: mentions, requests, changes of records. New messages stand in no row here: what is
//! unread of them the conversations know.
//!
//! A notice's key is cut from what it is about, so that all devices of a person mean the same one, and what was read
//! is a set of keys: two devices that were offline merge by union.

use homing_wire::{DocId, PersonId, SpaceId};
use rusqlite::{Row, params};

use crate::people::heard;
use crate::sql::{doc, doc_opt};
use crate::{Read, Result, Tx};

/// Notices and marks kept at most.
pub const KEPT: u32 = 500;

/// Names a notice on all devices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NoticeKey(pub [u8; 16]);

/// A notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeRow {
    /// Its name on all devices.
    pub key: NoticeKey,
    /// What happened; the engine's numbers.
    pub kind: u8,
    /// When, Unix ms.
    pub at_ms: u64,
    /// Where.
    pub space: Option<SpaceId>,
    /// Who did it.
    pub person: Option<PersonId>,
    /// The conversation it leads to.
    pub conversation: Option<DocId>,
    /// The message it leads to.
    pub message: Option<DocId>,
    /// The record it is about.
    pub record: Option<DocId>,
    /// A name or a few words of what it is about.
    pub text: String,
    /// Read with its message.
    pub follows: bool,
    /// Not read yet.
    pub unread: bool,
}

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadMark {
    /// Which notice.
    pub key: NoticeKey,
    /// When it happened, Unix ms: the oldest marks are forgotten first.
    pub at_ms: u64,
}

/// Place in the list: time and row of the last notice of a page.
pub type Cursor = (u64, i64);

const COLUMNS: &str =
    "o.key, o.kind, o.at_ms, s.id, p.id, o.conversation, o.message, o.record, o.text, o.follows,
    o.unread = 1 AND (o.follows = 0 OR coalesce(m.unread, 0) = 1), o.n";
const JOINS: &str = "LEFT JOIN ids s ON s.n = o.space LEFT JOIN ids p ON p.n = o.person
    LEFT JOIN messages m ON o.follows = 1 AND m.id = o.message
      AND m.conversation NOT IN (SELECT n FROM set_aside)";
/// A notice of a message that is gone, or whose words were taken back, is none.
const PRESENT: &str = "(o.follows = 0 OR m.deleted = 0)";

/// Keeps a notice, unless it is here already; read if it was read elsewhere. True if it was new.
pub fn add(tx: &Tx<'_>, notice: &NoticeRow) -> Result<bool> {
    let number = |id: Option<[u8; 32]>| id.map(|id| tx.number_of(&id)).transpose();
    let added = tx.exec(
        "INSERT INTO notices (key, kind, at_ms, space, person, conversation, message, record, text, follows, unread)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
           ?11 AND NOT EXISTS (SELECT 1 FROM notices_read WHERE key = ?1)) ON CONFLICT (key) DO NOTHING",
        params![
            notice.key.0,
            notice.kind,
            clamp(notice.at_ms),
            number(notice.space.map(|id| id.0))?,
            number(notice.person.map(|id| id.0))?,
            notice.conversation.as_ref().map(DocId::as_bytes),
            notice.message.as_ref().map(DocId::as_bytes),
            notice.record.as_ref().map(DocId::as_bytes),
            notice.text,
            notice.follows,
            notice.unread,
        ],
    )?;
    if added > 0 {
        tx.exec(
            "DELETE FROM notices WHERE (at_ms, n) <= (SELECT at_ms, n FROM notices ORDER BY at_ms DESC, n DESC
               LIMIT 1 OFFSET ?1)",
            [KEPT],
        )?;
    }
    Ok(added > 0)
}

/// Takes a notice away: what it told of was withdrawn.
pub fn remove(tx: &Tx<'_>, key: &NoticeKey) -> Result<bool> {
    Ok(tx.exec("DELETE FROM notices WHERE key = ?1", [key.0])? > 0)
}

/// Takes all notices of a conversation away: it was deleted for everyone. Answers which.
pub fn remove_of(tx: &Tx<'_>, conversation: &DocId) -> Result<Vec<NoticeKey>> {
    tx.all("DELETE FROM notices WHERE conversation = ?1 RETURNING key", [conversation.as_bytes()], |row| {
        row.get(0).map(NoticeKey)
    })
}

/// Notes that notices were read, whether they are here or not. Answers which of those here were unread.
pub fn mark_read(tx: &Tx<'_>, marks: &[ReadMark]) -> Result<Vec<NoticeKey>> {
    let mut read = Vec::new();
    for mark in marks {
        tx.exec(
            "INSERT INTO notices_read (key, at_ms) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING",
            (mark.key.0, clamp(mark.at_ms)),
        )?;
        if tx.exec("UPDATE notices SET unread = 0 WHERE key = ?1 AND unread = 1", [mark.key.0])? > 0 {
            read.push(mark.key);
        }
    }
    tx.exec(
        "DELETE FROM notices_read WHERE at_ms < (SELECT at_ms FROM notices_read ORDER BY at_ms DESC
           LIMIT 1 OFFSET ?1)",
        [KEPT],
    )?;
    Ok(read)
}

/// What was read, on whichever device.
pub fn read_marks(db: &Read<'_>) -> Result<Vec<ReadMark>> {
    db.all("SELECT key, at_ms FROM notices_read ORDER BY at_ms DESC LIMIT ?1", [KEPT], |row| {
        Ok(ReadMark { key: NoticeKey(row.get(0)?), at_ms: row.get(1)? })
    })
}

/// A page of notices since a time, newest first, without some kinds and people who are blocked; with it the place of each.
pub fn list(
    db: &Read<'_>,
    since_ms: u64,
    without: &[u8],
    after: Option<Cursor>,
    limit: u32,
) -> Result<Vec<(NoticeRow, Cursor)>> {
    let (at, n) = after.map_or((i64::MAX, i64::MAX), |(at, n)| (clamp(at), n));
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM notices o INDEXED BY notices_newest {JOINS}
             WHERE o.at_ms >= ?1 AND (o.at_ms, o.n) < (?2, ?3) AND {PRESENT}
               AND o.kind NOT IN (SELECT value FROM json_each(?4)) AND {}
             ORDER BY o.at_ms DESC, o.n DESC LIMIT ?5",
            heard("o.person")
        ),
        (clamp(since_ms), at, n, numbers(without), limit),
        |row| {
            let notice = read(row)?;
            let cursor = (notice.at_ms, row.get(11)?);
            Ok((notice, cursor))
        },
    )
}

/// How many are unread since a time, without some kinds and people who are blocked.
pub fn unread(db: &Read<'_>, since_ms: u64, without: &[u8]) -> Result<u64> {
    db.number(
        &format!(
            "SELECT count(*) FROM notices o INDEXED BY notices_unread
             LEFT JOIN messages m ON o.follows = 1 AND m.id = o.message
               AND m.conversation NOT IN (SELECT n FROM set_aside)
             WHERE o.unread = 1 AND o.at_ms >= ?1 AND (o.follows = 0 OR (m.deleted = 0 AND m.unread = 1))
               AND o.kind NOT IN (SELECT value FROM json_each(?2)) AND {}",
            heard("o.person")
        ),
        (clamp(since_ms), numbers(without)),
    )
}

/// Unread messages that stand in the list by themselves, each with the conversation that shows it.
pub fn told(db: &Read<'_>, since_ms: u64, without: &[u8]) -> Result<Vec<(DocId, DocId)>> {
    db.all(
        &format!(
            "SELECT DISTINCT c.id, m.id FROM notices o INDEXED BY notices_unread
             JOIN messages m ON m.id = o.message JOIN conversations c ON c.n = m.conversation
             WHERE o.unread = 1 AND o.at_ms >= ?1 AND o.follows = 1 AND m.deleted = 0 AND m.unread = 1
               AND o.kind NOT IN (SELECT value FROM json_each(?2)) AND {}",
            heard("o.person")
        ),
        (clamp(since_ms), numbers(without)),
        |row| Ok((doc(row, 0)?, doc(row, 1)?)),
    )
}

/// One notice.
pub fn get(db: &Read<'_>, key: &NoticeKey) -> Result<Option<NoticeRow>> {
    db.one(&format!("SELECT {COLUMNS} FROM notices o {JOINS} WHERE o.key = ?1 AND {PRESENT}"), [key.0], read)
}

fn numbers(kinds: &[u8]) -> String {
    let list: Vec<String> = kinds.iter().map(u8::to_string).collect();
    format!("[{}]", list.join(","))
}

fn clamp(ms: u64) -> i64 {
    ms.min(i64::MAX as u64) as i64
}

fn read(row: &Row<'_>) -> rusqlite::Result<NoticeRow> {
    Ok(NoticeRow {
        key: NoticeKey(row.get(0)?),
        kind: row.get(1)?,
        at_ms: row.get(2)?,
        space: row.get::<_, Option<_>>(3)?.map(SpaceId),
        person: row.get::<_, Option<_>>(4)?.map(PersonId),
        conversation: doc_opt(row, 5)?,
        message: doc_opt(row, 6)?,
        record: doc_opt(row, 7)?,
        text: row.get(8)?,
        follows: row.get(9)?,
        unread: row.get(10)?,
    })
}
