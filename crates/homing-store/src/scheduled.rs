//! Messages that are to be sent at a time, as their drafts say and as the relay keeps them.

use homing_wire::{DeviceId, DocId, EntryId, EpochId, Hash, ScheduleTag, SpaceId};
use rusqlite::{Params, Row, params};

use crate::sql::{doc, stored_enum};
use crate::{Read, Result, Tx, merging};

stored_enum! {
    /// What is to become of it.
    ScheduledState {
        /// It is to be sent at its time.
        Planned = 0,
        /// It was taken back; the relay has not said yet that it keeps it no longer.
        TakenBack = 1,
        /// The relay keeps it no longer, and it was not sent: somebody has to say what is to become of it.
        Lost = 2,
        /// It was sent, but later than planned.
        SentLate = 3,
    }
}

/// A message that is to be sent at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduledRow {
    /// The message it becomes.
    pub message: DocId,
    /// What the relay knows it by.
    pub tag: ScheduleTag,
    /// The draft it is until then.
    pub draft: DocId,
    /// Its conversation.
    pub conversation: DocId,
    /// Its space.
    pub space: SpaceId,
    /// The device that hands it in.
    pub device: DeviceId,
    /// When, Unix ms.
    pub at_ms: u64,
    /// What is sent, encoded by the engine.
    pub content: Vec<u8>,
    /// The revision of the draft that was frozen, encoded by the engine.
    pub revision: Vec<u8>,
    /// Of the members its author saw.
    pub members: Hash,
    /// What is to become of it.
    pub state: ScheduledState,
    /// What the relay keeps.
    pub held: Option<Held>,
    /// The newest entry this device sealed of it.
    pub sealed: Option<Sealed>,
    /// When it was sent, if that was late.
    pub sent_ms: u64,
}

/// What the relay keeps of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The entry.
    pub entry: EntryId,
    /// The device that sealed it.
    pub device: DeviceId,
    /// When it releases it.
    pub at_ms: u64,
    /// Stable code of why it can't; empty while it can.
    pub stuck: String,
}

/// An entry this device sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// The entry.
    pub entry: EntryId,
    /// The entry it continues.
    pub behind: Option<EntryId>,
    /// The epoch it is sealed under.
    pub epoch: EpochId,
}

const SELECT: &str =
    "SELECT message, tag, draft, conversation, space, device, at_ms, content, revision, members,
    state, held, held_by, held_ms, stuck, sealed, behind, epoch, sent_ms FROM scheduled";

/// Writes a row.
pub fn put(tx: &Tx<'_>, row: &ScheduledRow) -> Result<()> {
    let held = row.held.as_ref();
    let sealed = row.sealed.as_ref();
    tx.exec(
        "INSERT OR REPLACE INTO scheduled (message, tag, draft, conversation, space, device, at_ms, content,
           revision, members, state, held, held_by, held_ms, stuck, sealed, behind, epoch, sent_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        params![
            row.message.as_bytes(),
            row.tag.0,
            row.draft.as_bytes(),
            row.conversation.as_bytes(),
            row.space.0,
            row.device.0,
            row.at_ms,
            row.content,
            row.revision,
            row.members.0,
            row.state,
            held.map(|held| held.entry.0),
            held.map(|held| held.device.0),
            held.map_or(0, |held| held.at_ms),
            held.map_or("", |held| held.stuck.as_str()),
            sealed.map(|sealed| sealed.entry.0),
            sealed.and_then(|sealed| sealed.behind).map(|id| id.0),
            sealed.map(|sealed| sealed.epoch.0),
            row.sent_ms,
        ],
    )?;
    Ok(())
}

/// Removes a row; its entries are known for own ones no longer.
pub fn delete(tx: &Tx<'_>, message: &DocId) -> Result<()> {
    tx.exec("DELETE FROM scheduled_entries WHERE message = ?1", [message.as_bytes()])?;
    tx.exec("DELETE FROM scheduled WHERE message = ?1", [message.as_bytes()])?;
    Ok(())
}

/// One row.
pub fn get(db: &Read<'_>, message: &DocId) -> Result<Option<ScheduledRow>> {
    db.one(&format!("{SELECT} WHERE message = ?1"), [message.as_bytes()], read)
}

/// The row of a draft.
pub fn of_draft(db: &Read<'_>, draft: &DocId) -> Result<Option<ScheduledRow>> {
    db.one(&format!("{SELECT} WHERE draft = ?1"), [draft.as_bytes()], read)
}

/// What the relay knows by a tag.
pub fn tagged(db: &Read<'_>, tag: &ScheduleTag) -> Result<Option<ScheduledRow>> {
    db.one(&format!("{SELECT} WHERE tag = ?1"), [&tag.0], read)
}

fn all(db: &Read<'_>, filter: &str, params: impl Params) -> Result<Vec<ScheduledRow>> {
    db.all(&format!("{SELECT} {filter} ORDER BY at_ms, message"), params, read)
}

/// Everything, the next first.
pub fn list(db: &Read<'_>) -> Result<Vec<ScheduledRow>> {
    all(db, "", [])
}

/// What is to be sent in a space, the next first.
pub fn of_space(db: &Read<'_>, space: &SpaceId) -> Result<Vec<ScheduledRow>> {
    all(db, "WHERE space = ?1", [&space.0])
}

/// What is to be sent in a conversation and in those that go on in it, the next first.
pub fn of_conversation(db: &Read<'_>, conversation: &DocId) -> Result<Vec<ScheduledRow>> {
    let mut rows = all(db, "WHERE conversation = ?1", [conversation.as_bytes()])?;
    for part in merging::parts(db, conversation)? {
        rows.extend(all(db, "WHERE conversation = ?1", [part.as_bytes()])?);
    }
    rows.sort_by_key(|row| (row.at_ms, row.message));
    Ok(rows)
}

/// Spaces that something is to be sent in.
pub fn spaces(db: &Read<'_>) -> Result<Vec<SpaceId>> {
    db.all("SELECT DISTINCT space FROM scheduled ORDER BY space", [], |row| row.get(0).map(SpaceId))
}

/// Remembers an entry that this device sealed to be released.
pub fn remember(tx: &Tx<'_>, entry: &EntryId, message: &DocId) -> Result<()> {
    tx.exec(
        "INSERT OR IGNORE INTO scheduled_entries (entry, message) VALUES (?1, ?2)",
        (&entry.0, message.as_bytes()),
    )?;
    Ok(())
}

/// Whether this device sealed an entry to be released.
pub fn remembers(db: &Read<'_>, entry: &EntryId) -> Result<bool> {
    Ok(db.number("SELECT count(*) FROM scheduled_entries WHERE entry = ?1", [&entry.0])? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ScheduledRow> {
    let held = match (row.get::<_, Option<_>>(11)?, row.get::<_, Option<_>>(12)?) {
        (Some(entry), Some(device)) => Some(Held {
            entry: EntryId(entry),
            device: DeviceId(device),
            at_ms: row.get(13)?,
            stuck: row.get(14)?,
        }),
        _ => None,
    };
    let sealed = match (row.get::<_, Option<_>>(15)?, row.get::<_, Option<_>>(17)?) {
        (Some(entry), Some(epoch)) => Some(Sealed {
            entry: EntryId(entry),
            behind: row.get::<_, Option<_>>(16)?.map(EntryId),
            epoch: EntryId(epoch),
        }),
        _ => None,
    };
    Ok(ScheduledRow {
        message: doc(row, 0)?,
        tag: ScheduleTag(row.get(1)?),
        draft: doc(row, 2)?,
        conversation: doc(row, 3)?,
        space: SpaceId(row.get(4)?),
        device: DeviceId(row.get(5)?),
        at_ms: row.get(6)?,
        content: row.get(7)?,
        revision: row.get(8)?,
        members: Hash(row.get(9)?),
        state: row.get(10)?,
        held,
        sealed,
        sent_ms: row.get(18)?,
    })
}
