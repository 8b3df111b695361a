//! Files of drafts: what each is, where its bytes are, how far they came.

use homing_wire::{BlobId, DocId};
use rusqlite::{Row, params};

use crate::attachments::FileState;
use crate::sql::doc;
use crate::{Read, Result, Tx};

/// A file of a draft.
#[derive(Clone, PartialEq, Debug)]
pub struct DraftFileRow {
    /// Its id, the same on all devices.
    pub id: DocId,
    /// The draft.
    pub draft: DocId,
    /// The draft's conversation.
    pub conversation: DocId,
    /// The encrypted file.
    pub blob: BlobId,
    /// What a message says of it, as the engine writes it; holds its key.
    pub meta: Vec<u8>,
    /// Where its bytes are.
    pub state: FileState,
    /// 0 to 1.
    pub progress: f64,
    /// Where on this computer.
    pub path: Option<String>,
}

const SELECT: &str = "SELECT id, draft, conversation, blob, meta, state, progress, path FROM draft_files";

/// Writes a file's row.
pub fn put(tx: &Tx<'_>, row: &DraftFileRow) -> Result<()> {
    tx.exec(
        "INSERT INTO draft_files (id, draft, conversation, blob, meta, state, progress, path)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET draft = ?2, conversation = ?3, blob = ?4, meta = ?5, state = ?6,
           progress = ?7, path = ?8",
        params![
            row.id.as_bytes(),
            row.draft.as_bytes(),
            row.conversation.as_bytes(),
            row.blob.0,
            row.meta,
            row.state,
            row.progress,
            row.path,
        ],
    )?;
    Ok(())
}

/// One file.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<DraftFileRow>> {
    db.one(&format!("{SELECT} WHERE id = ?1"), [id.as_bytes()], read)
}

/// Files of a draft, in no order.
pub fn of_draft(db: &Read<'_>, draft: &DocId) -> Result<Vec<DraftFileRow>> {
    db.all(&format!("{SELECT} WHERE draft = ?1"), [draft.as_bytes()], read)
}

/// Files of a conversation's drafts.
pub fn of_conversation(db: &Read<'_>, conversation: &DocId) -> Result<Vec<DraftFileRow>> {
    db.all(&format!("{SELECT} WHERE conversation = ?1 ORDER BY id"), [conversation.as_bytes()], read)
}

/// Files whose bytes wait or are on their way.
pub fn open(db: &Read<'_>, limit: u32) -> Result<Vec<DraftFileRow>> {
    db.all(&format!("{SELECT} WHERE state IN (0, 1) ORDER BY id LIMIT ?1"), [limit], read)
}

/// Files that are here and that the relay may not have: all that are here if there is none.
pub fn only_here(db: &Read<'_>, has_relay: bool) -> Result<Vec<DraftFileRow>> {
    let open = "path IS NOT NULL AND (state <> 4 OR progress < 1.0 OR ?1 = 0)";
    db.all(&format!("{SELECT} WHERE {open} ORDER BY id"), [has_relay], read)
}

/// All of a file came with a copy: it is here.
pub fn came_along(tx: &Tx<'_>, blob: &BlobId, path: &str, state: FileState) -> Result<()> {
    tx.exec(
        "UPDATE draft_files SET state = ?2, progress = 0.0, path = ?3 WHERE blob = ?1",
        (blob.0, state, path),
    )?;
    Ok(())
}

/// Notes how far a file's bytes came.
pub fn set_state(tx: &Tx<'_>, id: &DocId, state: FileState, progress: f64) -> Result<()> {
    tx.exec(
        "UPDATE draft_files SET state = ?2, progress = ?3 WHERE id = ?1",
        (id.as_bytes(), state, progress),
    )?;
    Ok(())
}

/// Forgets a file.
pub fn delete(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    tx.exec("DELETE FROM draft_files WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<DraftFileRow> {
    Ok(DraftFileRow {
        id: doc(row, 0)?,
        draft: doc(row, 1)?,
        conversation: doc(row, 2)?,
        blob: BlobId(row.get(3)?),
        meta: row.get(4)?,
        state: row.get(5)?,
        progress: row.get(6)?,
        path: row.get(7)?,
    })
}
