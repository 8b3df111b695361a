//! Slots: own ones to hand out, others' as received.

use homing_wire::{DeviceId, SlotId, SpaceId};
use rusqlite::Row;

use crate::{Read, Result, Tx};

/// An own slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnSlot {
    /// The space.
    pub space: SpaceId,
    /// Which slot.
    pub slot: SlotId,
    /// What it shall say.
    pub plaintext: Vec<u8>,
    /// Not yet acknowledged as it stands.
    pub dirty: bool,
    /// Last counter used; a counter is never used twice.
    pub counter: u64,
    /// The last sealed form, durable before it leaves.
    pub bytes: Option<Vec<u8>>,
}

/// A slot of another device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedSlot {
    /// The space.
    pub space: SpaceId,
    /// Who wrote it.
    pub device: DeviceId,
    /// Which slot.
    pub slot: SlotId,
    /// Its counter.
    pub counter: u64,
    /// As encoded.
    pub bytes: Vec<u8>,
    /// What it says; none while its epoch is unknown.
    pub plaintext: Option<Vec<u8>>,
}

const OWN: &str = "SELECT space, slot, plaintext, dirty, counter, bytes FROM slots_out";
const RECEIVED: &str = "SELECT space, device, slot, counter, bytes, plaintext FROM slots_in";

/// Sets what an own slot shall say and marks it to be handed out. The same text again changes nothing.
pub fn set(tx: &Tx<'_>, space: &SpaceId, slot: &SlotId, plaintext: &[u8]) -> Result<()> {
    tx.exec(
        "INSERT INTO slots_out (space, slot, plaintext, dirty) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (space, slot) DO UPDATE SET plaintext = excluded.plaintext, dirty = 1, bytes = NULL
         WHERE plaintext <> excluded.plaintext",
        (&space.0, &slot.0, plaintext),
    )?;
    Ok(())
}

/// Freezes the sealed form under the next counter, before it leaves.
pub fn seal(tx: &Tx<'_>, space: &SpaceId, slot: &SlotId, counter: u64, bytes: &[u8]) -> Result<()> {
    tx.exec(
        "UPDATE slots_out SET counter = max(counter, ?3), bytes = ?4 WHERE space = ?1 AND slot = ?2",
        (&space.0, &slot.0, counter, bytes),
    )?;
    Ok(())
}

/// Acknowledged under this counter: clean, unless it was set anew since it was sealed.
pub fn acknowledged(tx: &Tx<'_>, space: &SpaceId, slot: &SlotId, counter: u64) -> Result<()> {
    tx.exec(
        "UPDATE slots_out SET dirty = 0 WHERE space = ?1 AND slot = ?2 AND counter = ?3 AND bytes IS NOT NULL",
        (&space.0, &slot.0, counter),
    )?;
    Ok(())
}

/// To be handed out again under a new counter (refused under an old epoch, or the relay lost it).
pub fn mark_dirty(tx: &Tx<'_>, space: &SpaceId, slot: &SlotId) -> Result<()> {
    tx.exec(
        "UPDATE slots_out SET dirty = 1, bytes = NULL WHERE space = ?1 AND slot = ?2",
        (&space.0, &slot.0),
    )?;
    Ok(())
}

/// Marks all own slots of a space to be handed out again.
pub fn mark_space_dirty(tx: &Tx<'_>, space: &SpaceId) -> Result<()> {
    tx.exec("UPDATE slots_out SET dirty = 1, bytes = NULL WHERE space = ?1", [&space.0])?;
    Ok(())
}

/// An own slot.
pub fn own(db: &Read<'_>, space: &SpaceId, slot: &SlotId) -> Result<Option<OwnSlot>> {
    db.one(&format!("{OWN} WHERE space = ?1 AND slot = ?2"), (&space.0, &slot.0), read_own)
}

/// Own slots of a space.
pub fn own_of(db: &Read<'_>, space: &SpaceId) -> Result<Vec<OwnSlot>> {
    db.all(&format!("{OWN} WHERE space = ?1 ORDER BY slot"), [&space.0], read_own)
}

/// Own slots that wait to be handed out, behind a place in their order: those to be sealed, or also those that are.
pub fn dirty(
    db: &Read<'_>,
    after: Option<(&SpaceId, &SlotId)>,
    sealed: bool,
    limit: u32,
) -> Result<Vec<OwnSlot>> {
    let (space, slot) = after.map_or((&[][..], &[][..]), |(space, slot)| (&space.0[..], &slot.0[..]));
    db.all(
        &format!(
            "{OWN} WHERE dirty = 1 AND (space, slot) > (?1, ?2) AND (bytes IS NULL OR ?3)
             ORDER BY space, slot LIMIT ?4"
        ),
        (space, slot, sealed, limit),
        read_own,
    )
}

/// How many own slots wait to be handed out, by space.
pub fn dirty_counts(db: &Read<'_>) -> Result<Vec<(SpaceId, u64)>> {
    db.all("SELECT space, count(*) FROM slots_out WHERE dirty = 1 GROUP BY space", [], |row| {
        Ok((SpaceId(row.get(0)?), row.get(1)?))
    })
}

/// Spaces of own slots that wait to be handed out.
pub fn dirty_spaces(db: &Read<'_>) -> Result<Vec<SpaceId>> {
    db.all("SELECT DISTINCT space FROM slots_out WHERE dirty = 1", [], |row| row.get(0).map(SpaceId))
}

/// Removes an own slot for good (it was replaced by nothing that must be told).
pub fn delete_own(tx: &Tx<'_>, space: &SpaceId, slot: &SlotId) -> Result<()> {
    tx.exec("DELETE FROM slots_out WHERE space = ?1 AND slot = ?2", (&space.0, &slot.0))?;
    Ok(())
}

/// Keeps a received slot; false if one with the same or a higher counter is here already.
pub fn receive(tx: &Tx<'_>, row: &ReceivedSlot) -> Result<bool> {
    let changed = tx.exec(
        "INSERT INTO slots_in (space, device, slot, counter, bytes, plaintext) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (space, device, slot) DO UPDATE SET counter = excluded.counter, bytes = excluded.bytes,
           plaintext = excluded.plaintext WHERE excluded.counter > counter",
        (&row.space.0, &row.device.0, &row.slot.0, row.counter, &row.bytes, &row.plaintext),
    )?;
    Ok(changed > 0)
}

/// Notes what a slot says once its epoch is known.
pub fn opened(
    tx: &Tx<'_>,
    space: &SpaceId,
    device: &DeviceId,
    slot: &SlotId,
    plaintext: &[u8],
) -> Result<()> {
    tx.exec(
        "UPDATE slots_in SET plaintext = ?4 WHERE space = ?1 AND device = ?2 AND slot = ?3",
        (&space.0, &device.0, &slot.0, plaintext),
    )?;
    Ok(())
}

/// One received slot.
pub fn received(
    db: &Read<'_>,
    space: &SpaceId,
    device: &DeviceId,
    slot: &SlotId,
) -> Result<Option<ReceivedSlot>> {
    db.one(
        &format!("{RECEIVED} WHERE space = ?1 AND device = ?2 AND slot = ?3"),
        (&space.0, &device.0, &slot.0),
        read_received,
    )
}

/// All received slots of a space.
pub fn received_in(db: &Read<'_>, space: &SpaceId) -> Result<Vec<ReceivedSlot>> {
    db.all(&format!("{RECEIVED} WHERE space = ?1 ORDER BY device, slot"), [&space.0], read_received)
}

/// Received slots whose epoch was unknown when they came.
pub fn unopened(db: &Read<'_>, space: &SpaceId) -> Result<Vec<ReceivedSlot>> {
    db.all(&format!("{RECEIVED} WHERE space = ?1 AND plaintext IS NULL"), [&space.0], read_received)
}

/// Spaces of received slots whose epoch, account or team was unknown when they came.
pub fn unopened_spaces(db: &Read<'_>) -> Result<Vec<SpaceId>> {
    db.all("SELECT DISTINCT space FROM slots_in WHERE plaintext IS NULL", [], |row| row.get(0).map(SpaceId))
}

/// Forgets the slots of a device (it was revoked or its member removed).
pub fn delete_device(tx: &Tx<'_>, space: &SpaceId, device: &DeviceId) -> Result<()> {
    tx.exec("DELETE FROM slots_in WHERE space = ?1 AND device = ?2", (&space.0, &device.0))?;
    Ok(())
}

fn read_own(row: &Row<'_>) -> rusqlite::Result<OwnSlot> {
    Ok(OwnSlot {
        space: SpaceId(row.get(0)?),
        slot: SlotId(row.get(1)?),
        plaintext: row.get(2)?,
        dirty: row.get(3)?,
        counter: row.get(4)?,
        bytes: row.get(5)?,
    })
}

fn read_received(row: &Row<'_>) -> rusqlite::Result<ReceivedSlot> {
    Ok(ReceivedSlot {
        space: SpaceId(row.get(0)?),
        device: DeviceId(row.get(1)?),
        slot: SlotId(row.get(2)?),
        counter: row.get(3)?,
        bytes: row.get(4)?,
        plaintext: row.get(5)?,
    })
}
