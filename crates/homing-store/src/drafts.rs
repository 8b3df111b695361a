//! Drafts: merged automerge documents, and what the lists show of them.
//!
//! What is typed of a comment stands here too, under a place of its own instead of its conversation's id.

use homing_wire::{DeviceId, DocId};
use rusqlite::{Row, params};

use crate::sql::{doc, doc_opt};
use crate::{Read, Result, Tx, merging};

/// A draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DraftRow {
    /// Random per draft begun.
    pub id: DocId,
    /// The conversation it is for; a comment's place if [`comment_beside`] knows it.
    pub conversation: DocId,
    /// The saved document, all devices' copies merged.
    pub doc: Vec<u8>,
    /// Its text.
    pub text: String,
    /// How many files it has.
    pub files: u32,
    /// The message it answers.
    pub reply_to: Option<DocId>,
    /// The device that is sending it.
    pub sending_device: Option<DeviceId>,
    /// The heads at which it is being sent, encoded by the engine.
    pub sending_heads: Option<Vec<u8>>,
    /// Sent: kept until every device dropped its copy, shown nowhere.
    pub done: bool,
    /// When its text changed last, Unix ms.
    pub updated_ms: u64,
}

const SELECT: &str =
    "SELECT id, conversation, doc, text, reply_to, sending_device, sending_heads, done, updated_ms, files
    FROM drafts";

/// Writes a draft; the conversation's row follows.
pub fn put(tx: &Tx<'_>, row: &DraftRow) -> Result<()> {
    tx.exec(
        "INSERT INTO drafts (id, conversation, doc, text, reply_to, sending_device, sending_heads, done, updated_ms,
           files)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET conversation = ?2, doc = ?3, text = ?4, reply_to = ?5, sending_device = ?6,
           sending_heads = ?7, done = ?8, updated_ms = ?9, files = ?10",
        params![
            row.id.as_bytes(),
            row.conversation.as_bytes(),
            row.doc,
            row.text,
            row.reply_to.as_ref().map(DocId::as_bytes),
            row.sending_device.map(|id| id.0),
            row.sending_heads,
            row.done,
            row.updated_ms,
            row.files,
        ],
    )?;
    refresh(tx, &row.conversation)
}

/// Removes a draft.
pub fn delete(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    let Some(row) = get(tx, id)? else { return Ok(()) };
    tx.exec("DELETE FROM drafts WHERE id = ?1", [id.as_bytes()])?;
    refresh(tx, &row.conversation)
}

/// One draft.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<DraftRow>> {
    db.one(&format!("{SELECT} WHERE id = ?1"), [id.as_bytes()], read)
}

/// A conversation's drafts, newest first.
pub fn of_conversation(db: &Read<'_>, conversation: &DocId) -> Result<Vec<DraftRow>> {
    db.all(
        &format!("{SELECT} WHERE conversation = ?1 AND done = 0 ORDER BY updated_ms DESC"),
        [conversation.as_bytes()],
        read,
    )
}

/// All drafts, newest first.
pub fn list(db: &Read<'_>, limit: u32) -> Result<Vec<DraftRow>> {
    db.all(&format!("{SELECT} WHERE done = 0 ORDER BY updated_ms DESC LIMIT ?1"), [limit], read)
}

/// The drafts of a conversation and of those that go on in it, newest first.
pub fn shown_in(db: &Read<'_>, conversation: &DocId) -> Result<Vec<DraftRow>> {
    let mut rows = of_conversation(db, conversation)?;
    for part in merging::parts(db, conversation)? {
        rows.extend(of_conversation(db, &part)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.updated_ms));
    Ok(rows)
}

/// Notes that what stands at a place is typed of a comment beside a conversation.
pub fn note_comment_place(tx: &Tx<'_>, place: &DocId, conversation: &DocId) -> Result<()> {
    tx.exec(
        "INSERT OR IGNORE INTO comment_places (place, conversation) VALUES (?1, ?2)",
        (place.as_bytes(), conversation.as_bytes()),
    )?;
    Ok(())
}

/// The conversation beside which a comment is typed at this place; none if the place is a conversation itself.
pub fn comment_beside(db: &Read<'_>, place: &DocId) -> Result<Option<DocId>> {
    db.one("SELECT conversation FROM comment_places WHERE place = ?1", [place.as_bytes()], |row| doc(row, 0))
}

/// Makes the conversation's row say what its drafts are, and the row it is shown in. A draft that is being sent is still
/// one.
pub(crate) fn refresh(tx: &Tx<'_>, conversation: &DocId) -> Result<()> {
    refresh_row(tx, conversation)?;
    match merging::shown_in(tx, conversation)? {
        Some(whole) => refresh_row(tx, &whole),
        None => Ok(()),
    }
}

fn refresh_row(tx: &Tx<'_>, conversation: &DocId) -> Result<()> {
    tx.exec(
        "UPDATE conversations AS c SET (has_draft, draft_preview) = (SELECT count(*) > 0, coalesce(max(preview), '')
           FROM (SELECT substr(d.text, 1, 100) AS preview FROM drafts d WHERE d.done = 0
             AND (d.text <> '' OR d.files > 0)
             AND d.conversation IN (SELECT ?1 WHERE c.shown_in IS NULL UNION ALL
               SELECT p.id FROM conversations p INDEXED BY conversations_shown_in WHERE p.shown_in = c.n)
             ORDER BY d.updated_ms DESC LIMIT 1)) WHERE c.id = ?1",
        [conversation.as_bytes()],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<DraftRow> {
    Ok(DraftRow {
        id: doc(row, 0)?,
        conversation: doc(row, 1)?,
        doc: row.get(2)?,
        text: row.get(3)?,
        reply_to: doc_opt(row, 4)?,
        sending_device: row.get::<_, Option<_>>(5)?.map(DeviceId),
        sending_heads: row.get(6)?,
        done: row.get(7)?,
        updated_ms: row.get(8)?,
        files: row.get(9)?,
    })
}
