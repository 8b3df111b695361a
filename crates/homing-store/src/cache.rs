//! Files on this computer: how much they take, which of them were not used for long, and which stay.

use homing_wire::{BlobId, DocId};

use crate::sql::doc;
use crate::{Read, Result, Tx};

/// Files whose bytes are here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A file that could be fetched again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Old {
    /// Its id.
    pub id: DocId,
    /// The message or record.
    pub message: DocId,
    /// Bytes.
    pub size: u64,
    /// When it was used last, Unix ms.
    pub used_ms: u64,
}

/// What all files of messages and records take that are here.
pub fn taken(db: &Read<'_>) -> Result<Taken> {
    let sums = "SELECT count(*), coalesce(sum(size), 0) FROM";
    let shown = db.one(
        &format!(
            "{sums} attachments INDEXED BY attachments_here WHERE state IN (0, 1, 4, 6, 8, 9) AND used_ms >= 0"
        ),
        [],
        |row| Ok(Taken { files: row.get(0)?, bytes: row.get(1)? }),
    )?;
    Ok(shown.unwrap_or_default())
}

/// Files that are here and at the relay, unused for longest first, after a place in this order. Not those that are pinned
/// or belong to a draft.
pub fn least_used(db: &Read<'_>, after: Option<(u64, &DocId)>, limit: u32) -> Result<Vec<Old>> {
    let (used_ms, id) = after.map_or((0, [0; 16]), |(used_ms, id)| (used_ms, *id.as_bytes()));
    db.all(
        "SELECT a.id, a.message, a.size, a.used_ms FROM attachments a INDEXED BY attachments_cached
         WHERE a.state = 4 AND (a.used_ms, a.id) > (?1, ?2) AND a.pinned = 0 AND a.blob IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM draft_files d WHERE d.blob = a.blob)
         ORDER BY a.used_ms, a.id LIMIT ?3",
        (used_ms, id, limit),
        |row| Ok(Old { id: doc(row, 0)?, message: doc(row, 1)?, size: row.get(2)?, used_ms: row.get(3)? }),
    )
}

/// Somebody looked at a file, or it came: it goes later than others.
pub fn set_used(tx: &Tx<'_>, id: &DocId, now_ms: u64) -> Result<()> {
    tx.exec("UPDATE attachments SET used_ms = ?2 WHERE id = ?1", (id.as_bytes(), now_ms))?;
    Ok(())
}

/// Whether a file stays however little room there is.
pub fn set_pinned(tx: &Tx<'_>, id: &DocId, pinned: bool) -> Result<()> {
    tx.exec("UPDATE attachments SET pinned = ?2 WHERE id = ?1", (id.as_bytes(), pinned))?;
    Ok(())
}

/// A file is at the relay only, wherever it stands; answers the messages and records that show it.
pub fn take_off(tx: &Tx<'_>, blob: &BlobId) -> Result<Vec<DocId>> {
    tx.all(
        "UPDATE attachments SET state = 2, progress = 0.0, path = NULL, taken_off = 1 WHERE blob = ?1
         RETURNING message",
        [blob.0],
        |row| doc(row, 0),
    )
}

/// Whether it was taken off this device and nobody asked for it since.
pub fn was_taken_off(db: &Read<'_>, id: &DocId) -> Result<bool> {
    Ok(db
        .one("SELECT taken_off FROM attachments WHERE id = ?1", [id.as_bytes()], |row| row.get(0))?
        .unwrap_or(false))
}

/// Whether all of it was here once.
pub fn was_here(db: &Read<'_>, id: &DocId) -> Result<bool> {
    Ok(db
        .one("SELECT used_ms > 0 FROM attachments WHERE id = ?1", [id.as_bytes()], |row| row.get(0))?
        .unwrap_or(false))
}

/// Somebody asks for it.
pub fn ask_for(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    tx.exec("UPDATE attachments SET taken_off = 0 WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

/// Files of a conversation's messages that are not here.
pub fn missing_of(db: &Read<'_>, conversation: &DocId, limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT a.id FROM conversations c
         CROSS JOIN messages m INDEXED BY messages_with_files ON m.conversation = c.n AND m.files > 0
         CROSS JOIN attachments a ON a.message = m.id AND a.state = 2
         WHERE c.id = ?1 LIMIT ?2",
        (conversation.as_bytes(), limit),
        |row| doc(row, 0),
    )
}
