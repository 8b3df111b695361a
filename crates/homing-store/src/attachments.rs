//! Files of messages and records: what those say of them, and where their bytes are on this computer.

use std::fmt;

use homing_wire::{BlobId, DocId, Hash};
use rusqlite::{Row, params};
use zeroize::Zeroizing;

use crate::sql::{bad_value, doc, hex_list, stored_enum};
use crate::{Read, Result, Tx};

stored_enum! {
    /// Where a file's bytes are.
    FileState {
        /// Own, to be uploaded.
        Waiting = 0,
        /// Own, on its way.
        Uploading = 1,
        /// At the relay only.
        Remote = 2,
        /// On its way here.
        Downloading = 3,
        /// Here.
        Ready = 4,
        /// Could not be moved.
        Failed = 5,
        /// Own, not brought further: its person stopped it.
        Stopped = 6,
        /// Was here, was taken off, and the relay has it no longer.
        Gone = 7,
        /// Here; the relay does not take it.
        Refused = 8,
        /// The same: it is larger than what the relay takes.
        TooLarge = 9,
    }
}

impl FileState {
    /// The relay does not take it, so it is nowhere but on its author's devices.
    #[must_use]
    pub fn is_refused(self) -> bool {
        matches!(self, Self::Refused | Self::TooLarge)
    }

    /// It is here and at rest: another relay may be given it.
    #[must_use]
    pub fn may_go(self) -> bool {
        self == Self::Ready || self.is_refused()
    }
}

/// A file's key. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(pub Zeroizing<[u8; 32]>);

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// A file of a message.
#[derive(Clone, PartialEq, Debug)]
pub struct AttachmentRow {
    /// Its id.
    pub id: DocId,
    /// The message or record.
    pub message: DocId,
    /// Place among the message's files.
    pub position: u32,
    /// Its ciphertext's id, once encrypted.
    pub blob: Option<BlobId>,
    /// Its key.
    pub key: FileKey,
    /// File name.
    pub name: String,
    /// Media type.
    pub mime: String,
    /// Bytes.
    pub size: u64,
    /// Hashes of the encrypted chunks, in order.
    pub chunks: Vec<Hash>,
    /// Pixels, for pictures.
    pub width: Option<u32>,
    /// Pixels, for pictures.
    pub height: Option<u32>,
    /// Where its bytes are.
    pub state: FileState,
    /// 0 to 1.
    pub progress: f64,
    /// Where on this computer.
    pub path: Option<String>,
    /// A small picture of it.
    pub thumbnail: Option<Vec<u8>>,
    /// Of a recording: how long it is in ms, and its loudness in equal steps.
    pub voice: Option<(u64, Vec<u8>)>,
    /// Its bytes stay here however little room there is.
    pub pinned: bool,
}

const SELECT: &str =
    "SELECT a.id, a.message, a.position, a.blob, a.key, a.name, a.mime, a.size, a.chunks, a.width,
    a.height, a.state, a.progress, a.path, a.thumbnail, a.voice_ms, a.voice_peaks, a.pinned FROM";

/// Writes a file's row. Ids must be derived from the message and the position, so that nobody can take another's. What is
/// known of the bytes' place on this computer stays.
pub fn put(tx: &Tx<'_>, row: &AttachmentRow) -> Result<()> {
    let chunks: Vec<u8> = row.chunks.iter().flat_map(|hash| hash.0).collect();
    let (voice_ms, peaks) = row.voice.as_ref().map(|(ms, peaks)| (*ms, peaks.as_slice())).unzip();
    tx.exec(
        "INSERT INTO attachments (id, message, position, blob, key, name, mime, size, chunks, width, height,
           state, progress, path, thumbnail, voice_ms, voice_peaks, pinned)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         ON CONFLICT (id) DO NOTHING",
        params![
            row.id.as_bytes(),
            row.message.as_bytes(),
            row.position,
            row.blob.map(|id| id.0),
            row.key.0.as_slice(),
            row.name,
            row.mime,
            row.size,
            chunks,
            row.width,
            row.height,
            row.state,
            row.progress,
            row.path,
            row.thumbnail,
            voice_ms,
            peaks,
            row.pinned,
        ],
    )?;
    Ok(())
}

/// Notes how far a file's bytes came.
pub fn set_state(tx: &Tx<'_>, id: &DocId, state: FileState, progress: f64, path: Option<&str>) -> Result<()> {
    tx.exec(
        "UPDATE attachments SET state = ?2, progress = ?3, path = coalesce(?4, path) WHERE id = ?1",
        (id.as_bytes(), state, progress, path),
    )?;
    Ok(())
}

/// Where a file's bytes are, wherever it stands: its state and its place on this computer.
pub fn of_blob(db: &Read<'_>, blob: &BlobId) -> Result<Option<(FileState, Option<String>)>> {
    db.one(
        "SELECT state, path FROM attachments WHERE blob = ?1 ORDER BY path IS NULL LIMIT 1",
        [blob.0],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Whether a message or a draft names this encrypted file.
pub fn is_named(db: &Read<'_>, blob: &BlobId) -> Result<bool> {
    let named = db.one(
        "SELECT EXISTS (SELECT 1 FROM attachments WHERE blob = ?1)
           OR EXISTS (SELECT 1 FROM draft_files WHERE blob = ?1)",
        [blob.0],
        |row| row.get(0),
    )?;
    Ok(named.unwrap_or(false))
}

/// One file.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<AttachmentRow>> {
    db.one(&format!("{SELECT} attachments a WHERE a.id = ?1"), [id.as_bytes()], read)
}

/// Files of any number of messages, in one query.
pub fn of(db: &Read<'_>, messages: &[DocId]) -> Result<Vec<AttachmentRow>> {
    let list = hex_list(messages.iter().map(|id| id.as_bytes().as_slice()));
    db.all(
        &format!(
            "{SELECT} json_each(?1) wanted CROSS JOIN attachments a ON a.message = unhex(wanted.value)
             ORDER BY a.message, a.position"
        ),
        [list],
        read,
    )
}

/// What the files of a message are called, in their order. Reads nothing that schemas before the newest lack: a step to
/// one of those asks for it.
pub(crate) fn names_of(db: &Read<'_>, message: &DocId) -> Result<Vec<String>> {
    db.all("SELECT name FROM attachments WHERE message = ?1 ORDER BY position", [message.as_bytes()], |row| {
        row.get(0)
    })
}

/// Files whose bytes are waiting or on their way.
pub fn open(db: &Read<'_>, limit: u32) -> Result<Vec<AttachmentRow>> {
    db.all(
        &format!("{SELECT} attachments a WHERE a.state IN (0, 1, 3) ORDER BY a.state, a.id LIMIT ?1"),
        [limit],
        read,
    )
}

/// Files that are here and that the relay may not have: all that are here if there is none.
pub fn only_here(db: &Read<'_>, has_relay: bool) -> Result<Vec<AttachmentRow>> {
    db.all(
        &format!(
            "{SELECT} attachments a WHERE a.path IS NOT NULL AND a.blob IS NOT NULL
             AND (a.state IN (0, 1, 5, 6, 8, 9) OR (a.state = 4 AND ?1 = 0)) ORDER BY a.id"
        ),
        [has_relay],
        read,
    )
}

/// The chunks of an encrypted file that a message or record names.
pub fn chunks_of(db: &Read<'_>, blob: &BlobId) -> Result<Option<Vec<Hash>>> {
    let chunks: Option<Vec<u8>> =
        db.one("SELECT chunks FROM attachments WHERE blob = ?1 LIMIT 1", [blob.0], |row| row.get(0))?;
    Ok(chunks.map(|chunks| chunks.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect()))
}

/// All of a file came with a copy: wherever it stands it is here, and still to be brought to the relay unless its person
/// stopped it. Answers whether anything names it.
pub fn came_along(tx: &Tx<'_>, blob: &BlobId, path: &str, has_relay: bool) -> Result<bool> {
    let named = tx.exec(
        "UPDATE attachments SET path = ?2, progress = CASE WHEN ?3 THEN 0.0 ELSE 1.0 END,
           state = CASE WHEN NOT ?3 THEN 4 WHEN state = 6 THEN 6 ELSE 0 END WHERE blob = ?1",
        (blob.0, path, has_relay),
    )?;
    Ok(named > 0)
}

/// Notes the place of a file among those of its record.
pub fn set_position(tx: &Tx<'_>, id: &DocId, position: u32) -> Result<()> {
    tx.exec(
        "UPDATE attachments SET position = ?2 WHERE id = ?1 AND position <> ?2",
        (id.as_bytes(), position),
    )?;
    Ok(())
}

/// Forgets one file; answers where its bytes are on this computer, unless another row has the same file.
pub fn delete(tx: &Tx<'_>, id: &DocId) -> Result<Option<String>> {
    let gone: Option<(Option<[u8; 32]>, Option<String>)> =
        tx.one("DELETE FROM attachments WHERE id = ?1 RETURNING blob, path", [id.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let Some((blob, path)) = gone else { return Ok(None) };
    let shared = tx.number("SELECT count(*) FROM attachments WHERE blob = ?1", [blob])?;
    Ok(path.filter(|_| shared == 0))
}

/// Forgets the files of a message; answers where their bytes are on this computer.
pub fn delete_of(tx: &Tx<'_>, message: &DocId) -> Result<Vec<String>> {
    let paths: Vec<Option<String>> =
        tx.all("DELETE FROM attachments WHERE message = ?1 RETURNING path", [message.as_bytes()], |row| {
            row.get(0)
        })?;
    Ok(paths.into_iter().flatten().collect())
}

/// The bytes of a message's files leave this computer, as far as the relay has them; answers where they are.
pub fn free_of(tx: &Tx<'_>, message: &DocId) -> Result<Vec<String>> {
    const THESE: &str = "message = ?1 AND state = 4 AND blob IS NOT NULL AND path IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM draft_files d WHERE d.blob = attachments.blob)";
    let paths =
        tx.all(&format!("SELECT path FROM attachments WHERE {THESE}"), [message.as_bytes()], |row| {
            row.get(0)
        })?;
    tx.exec(
        &format!("UPDATE attachments SET state = 2, progress = 0.0, path = NULL WHERE {THESE}"),
        [message.as_bytes()],
    )?;
    Ok(paths)
}

fn read(row: &Row<'_>) -> rusqlite::Result<AttachmentRow> {
    let chunks: Vec<u8> = row.get(8)?;
    let (chunks, rest) = chunks.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(bad_value(8));
    }
    Ok(AttachmentRow {
        id: doc(row, 0)?,
        message: doc(row, 1)?,
        position: row.get(2)?,
        blob: row.get::<_, Option<_>>(3)?.map(BlobId),
        key: FileKey(Zeroizing::new(row.get(4)?)),
        name: row.get(5)?,
        mime: row.get(6)?,
        size: row.get(7)?,
        chunks: chunks.iter().map(|hash| Hash(*hash)).collect(),
        width: row.get(9)?,
        height: row.get(10)?,
        state: row.get(11)?,
        progress: row.get(12)?,
        path: row.get(13)?,
        thumbnail: row.get(14)?,
        voice: row.get::<_, Option<u64>>(15)?.zip(row.get(16)?),
        pinned: row.get(17)?,
    })
}
