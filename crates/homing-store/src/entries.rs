//! Entries as they were signed, with their place in the space's log.

use homing_wire::{DeviceId, EntryHeader, EntryId, EntryKind, PersonId, SpaceId};
use rusqlite::{Row, params};

use crate::sql::{bad_value, stored_enum};
use crate::{Read, Result, StoreError, Tx};

stored_enum! {
    /// What became of an entry.
    Status {
        /// Judged and applied.
        Accepted = 0,
        /// Waits for something unknown (see [`crate::parked`]); unapplied.
        Parked = 1,
        /// Against the rules; kept, never applied.
        Refused = 2,
        /// Own, sealed and frozen, not yet acknowledged: these bytes and no others are sent.
        Sealed = 3,
    }
}

/// An entry to keep.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// BLAKE3 of its signed bytes.
    pub id: &'a EntryId,
    /// Its header.
    pub header: &'a EntryHeader,
    /// Where the relay put it, if it did.
    pub place: Option<Place>,
    /// What became of it.
    pub status: Status,
    /// Stable code of why it is parked or refused; empty otherwise.
    pub reason: &'a str,
    /// As encoded.
    pub bytes: &'a [u8],
}

/// A place in a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Generation it was appended under.
    pub generation: u64,
    /// From 1, gapless.
    pub sequence: u64,
    /// When the relay received it, Unix ms.
    pub received_ms: u64,
}

/// A kept entry. What else its header says is in `bytes`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryRow {
    /// Its id.
    pub id: EntryId,
    /// Its space.
    pub space: SpaceId,
    /// Op or data.
    pub kind: EntryKind,
    /// Who signed it.
    pub device: DeviceId,
    /// The device's person.
    pub person: PersonId,
    /// Number within (space, device).
    pub dseq: u64,
    /// The device's previous entry here.
    pub prev: Option<EntryId>,
    /// Its place, if the relay gave it one.
    pub place: Option<Place>,
    /// When a relay received it, Unix ms; that stays when a relay that lost its database gives it another place. 0 = never.
    pub received_ms: u64,
    /// What became of it.
    pub status: Status,
    /// Why it is parked or refused.
    pub reason: String,
    /// As encoded.
    pub bytes: Vec<u8>,
}

/// Whether an entry lies on the `prev` chain that ends in another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ancestry {
    /// It does (or is that very entry).
    Ancestor,
    /// The chain passes its number without it.
    Apart,
    /// The chain breaks off at an entry that is not here yet.
    Unknown(EntryId),
}

const SELECT: &str = "SELECT e.id, s.id, e.kind, d.id, p.id, e.dseq, e.prev, e.generation, e.sequence,
    e.received_ms, e.status, e.reason, e.bytes
    FROM entries e CROSS JOIN ids s ON s.n = e.space CROSS JOIN ids d ON d.n = e.device
    CROSS JOIN ids p ON p.n = e.person";

/// Keeps an entry; false if it was known already (then nothing changes).
pub fn insert(tx: &Tx<'_>, entry: &NewEntry<'_>) -> Result<bool> {
    let header = entry.header;
    let space = tx.number_of(&header.space.0)?;
    let inserted = tx.exec(
        "INSERT INTO entries (id, space, kind, device, person, dseq, prev, generation, sequence, received_ms,
           status, reason, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (id) DO NOTHING",
        params![
            entry.id.0,
            space,
            kind_number(header.kind),
            tx.number_of(&header.device.0)?,
            tx.number_of(&header.person.0)?,
            header.dseq,
            header.prev.map(|id| id.0),
            entry.place.map_or(0, |place| place.generation),
            entry.place.map(|place| place.sequence),
            entry.place.map_or(0, |place| place.received_ms),
            entry.status,
            entry.reason,
            entry.bytes,
        ],
    );
    let added = inserted.map_err(|error| match error.is_unique_violation() {
        // Another entry has that place: the relay forked the log.
        true => StoreError::Conflict("place in the log"),
        false => error,
    })? > 0;
    if added {
        tx.entry.set(Some((entry.id.0, tx.conn().last_insert_rowid())));
    }
    Ok(added)
}

/// The row of an entry.
pub(crate) fn row(tx: &Tx<'_>, id: &EntryId) -> Result<Option<i64>> {
    match tx.entry.get() {
        Some((kept, n)) if kept == id.0 => Ok(Some(n)),
        _ => tx.one("SELECT n FROM entries WHERE id = ?1", [&id.0], |row| row.get(0)),
    }
}

/// Notes where the relay put an entry. Another entry in that place is a conflict: the relay forked the log.
pub fn place(tx: &Tx<'_>, id: &EntryId, place: Place) -> Result<()> {
    let space: i64 = tx
        .one("SELECT space FROM entries WHERE id = ?1", [&id.0], |row| row.get(0))?
        .ok_or(StoreError::NotFound("entry"))?;
    check_free(tx, space, place.sequence, id)?;
    tx.exec(
        "UPDATE entries SET generation = ?2, sequence = ?3, received_ms = ?4 WHERE id = ?1",
        (&id.0, place.generation, place.sequence, place.received_ms),
    )?;
    Ok(())
}

/// Takes the places after `sequence` away (the relay began a new generation and numbers anew).
pub fn unplace_after(tx: &Tx<'_>, space: &SpaceId, sequence: u64) -> Result<usize> {
    tx.exec(
        "UPDATE entries SET sequence = NULL WHERE space = (SELECT n FROM ids WHERE id = ?1) AND sequence > ?2",
        (&space.0, sequence),
    )
}

fn check_free(tx: &Tx<'_>, space: i64, sequence: u64, id: &EntryId) -> Result<()> {
    let holder: Option<[u8; 32]> =
        tx.one("SELECT id FROM entries WHERE space = ?1 AND sequence = ?2", (space, sequence), |row| {
            row.get(0)
        })?;
    match holder {
        Some(other) if other != id.0 => Err(StoreError::Conflict("place in the log")),
        _ => Ok(()),
    }
}

/// Sets what became of an entry.
pub fn set_status(tx: &Tx<'_>, id: &EntryId, status: Status, reason: &str) -> Result<()> {
    tx.exec("UPDATE entries SET status = ?2, reason = ?3 WHERE id = ?1", (&id.0, status, reason))?;
    Ok(())
}

/// Forgets an entry (own, sealed, refused by the relay; or damaged and to be fetched again).
pub fn delete(tx: &Tx<'_>, id: &EntryId) -> Result<()> {
    tx.entry.set(None);
    tx.exec("DELETE FROM parked WHERE entry = (SELECT n FROM entries WHERE id = ?1)", [&id.0])?;
    tx.exec("UPDATE changes SET entry = NULL WHERE entry = (SELECT n FROM entries WHERE id = ?1)", [&id.0])?;
    tx.exec("DELETE FROM entries WHERE id = ?1", [&id.0])?;
    Ok(())
}

/// One entry.
pub fn get(db: &Read<'_>, id: &EntryId) -> Result<Option<EntryRow>> {
    db.one(&format!("{SELECT} WHERE e.id = ?1"), [&id.0], read)
}

/// Whether the entry is here, and what became of it.
pub fn status(db: &Read<'_>, id: &EntryId) -> Result<Option<(Status, Option<Place>)>> {
    db.one("SELECT status, generation, sequence, received_ms FROM entries WHERE id = ?1", [&id.0], |row| {
        Ok((row.get(0)?, place_of(row, 1)?))
    })
}

/// Placed entries after a sequence, oldest first.
pub fn after(db: &Read<'_>, space: &SpaceId, sequence: u64, limit: u32) -> Result<Vec<EntryRow>> {
    db.all(
        &format!(
            "{SELECT} WHERE e.space = (SELECT n FROM ids WHERE id = ?1) AND e.sequence > ?2
             ORDER BY e.sequence LIMIT ?3"
        ),
        (&space.0, sequence, limit),
        read,
    )
}

/// The entry at a place.
pub fn at(db: &Read<'_>, space: &SpaceId, sequence: u64) -> Result<Option<EntryRow>> {
    db.one(
        &format!("{SELECT} WHERE e.space = (SELECT n FROM ids WHERE id = ?1) AND e.sequence = ?2"),
        (&space.0, sequence),
        read,
    )
}

/// Ids, receive times and generations after a sequence, in order: what proves a log to a relay.
pub fn chain_after(
    db: &Read<'_>,
    space: &SpaceId,
    sequence: u64,
    limit: u32,
) -> Result<Vec<(u64, EntryId, u64, u64)>> {
    db.all(
        "SELECT sequence, id, received_ms, generation FROM entries
         WHERE space = (SELECT n FROM ids WHERE id = ?1) AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        (&space.0, sequence, limit),
        |row| Ok((row.get(0)?, EntryId(row.get(1)?), row.get(2)?, row.get(3)?)),
    )
}

/// All ops of a space: placed ones in log order, then those not placed in the order they came.
pub fn ops(db: &Read<'_>, space: &SpaceId) -> Result<Vec<EntryRow>> {
    db.all(
        &format!(
            "{SELECT} WHERE e.space = (SELECT n FROM ids WHERE id = ?1) AND e.kind = 0
             ORDER BY e.sequence IS NULL, e.sequence, e.n"
        ),
        [&space.0],
        read,
    )
}

/// Entries of a device with a number; more than one means that the device's profile was copied.
pub fn by_dseq(db: &Read<'_>, space: &SpaceId, device: &DeviceId, dseq: u64) -> Result<Vec<EntryRow>> {
    db.all(
        &format!(
            "{SELECT} WHERE e.space = (SELECT n FROM ids WHERE id = ?1)
             AND e.device = (SELECT n FROM ids WHERE id = ?2) AND e.dseq = ?3 ORDER BY e.n"
        ),
        (&space.0, &device.0, dseq),
        read,
    )
}

/// The device's entry with the highest number.
pub fn last_of_device(db: &Read<'_>, space: &SpaceId, device: &DeviceId) -> Result<Option<(EntryId, u64)>> {
    db.one(
        "SELECT id, dseq FROM entries WHERE space = (SELECT n FROM ids WHERE id = ?1)
         AND device = (SELECT n FROM ids WHERE id = ?2) ORDER BY dseq DESC LIMIT 1",
        (&space.0, &device.0),
        |row| Ok((EntryId(row.get(0)?), row.get(1)?)),
    )
}

/// Everybody who wrote in a space, with their devices.
pub fn devices(db: &Read<'_>, space: &SpaceId) -> Result<Vec<(PersonId, DeviceId)>> {
    db.all(
        "SELECT DISTINCT p.id, d.id FROM entries e CROSS JOIN ids p ON p.n = e.person CROSS JOIN ids d ON d.n = e.device
         WHERE e.space = (SELECT n FROM ids WHERE id = ?1)",
        [&space.0],
        |row| Ok((PersonId(row.get(0)?), DeviceId(row.get(1)?))),
    )
}

/// Entries with a status other than accepted, in the order they came; of one space or of all.
pub fn with_status(
    db: &Read<'_>,
    status: Status,
    space: Option<&SpaceId>,
    limit: u32,
) -> Result<Vec<EntryRow>> {
    match space {
        Some(space) => db.all(
            &format!(
                "{SELECT} WHERE e.status = ?1 AND e.status <> 0 AND e.space = (SELECT n FROM ids WHERE id = ?2)
                 ORDER BY e.n LIMIT ?3"
            ),
            (status, &space.0, limit),
            read,
        ),
        None => db.all(
            &format!("{SELECT} WHERE e.status = ?1 AND e.status <> 0 ORDER BY e.space, e.n LIMIT ?2"),
            (status, limit),
            read,
        ),
    }
}

/// How many entries have a status other than accepted.
pub fn count(db: &Read<'_>, status: Status) -> Result<u64> {
    db.number("SELECT count(*) FROM entries WHERE status = ?1 AND status <> 0", [status])
}

/// Missing runs (first, last) between `from` and `to`, both inclusive.
pub fn gaps(db: &Read<'_>, space: &SpaceId, from: u64, to: u64) -> Result<Vec<(u64, u64)>> {
    if from > to {
        return Ok(Vec::new());
    }
    let mut gaps: Vec<(u64, u64)> = db.all(
        "SELECT before + 1, sequence - 1 FROM (
           SELECT sequence, lag(sequence, 1, ?2 - 1) OVER (ORDER BY sequence) AS before FROM entries
           WHERE space = (SELECT n FROM ids WHERE id = ?1) AND sequence BETWEEN ?2 AND ?3)
         WHERE sequence > before + 1",
        (&space.0, from, to),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let last: Option<u64> = db
        .one(
            "SELECT max(sequence) FROM entries WHERE space = (SELECT n FROM ids WHERE id = ?1)
             AND sequence BETWEEN ?2 AND ?3",
            (&space.0, from, to),
            |row| row.get(0),
        )?
        .flatten();
    let tail = last.map_or(from, |last| last + 1);
    if tail <= to {
        gaps.push((tail, to));
    }
    Ok(gaps)
}

/// Whether `entry` is `tip` or lies on its `prev` chain.
pub fn ancestry(db: &Read<'_>, entry: &EntryId, tip: &EntryId) -> Result<Ancestry> {
    let number = |id: &EntryId| -> Result<Option<(u64, Option<[u8; 32]>)>> {
        db.one("SELECT dseq, prev FROM entries WHERE id = ?1", [&id.0], |row| Ok((row.get(0)?, row.get(1)?)))
    };
    let Some((wanted, _)) = number(entry)? else { return Ok(Ancestry::Unknown(*entry)) };
    let mut at = *tip;
    loop {
        if at == *entry {
            return Ok(Ancestry::Ancestor);
        }
        let Some((dseq, prev)) = number(&at)? else { return Ok(Ancestry::Unknown(at)) };
        match prev {
            // Numbers fall along the chain, so it can't come back to the wanted one.
            Some(prev) if dseq > wanted => at = EntryId(prev),
            _ => return Ok(Ancestry::Apart),
        }
    }
}

pub(crate) fn kind_number(kind: EntryKind) -> i64 {
    match kind {
        EntryKind::Op => 0,
        EntryKind::Data => 1,
    }
}

fn place_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Place>> {
    let sequence: Option<u64> = row.get(column + 1)?;
    Ok(match sequence {
        Some(sequence) => {
            Some(Place { generation: row.get(column)?, sequence, received_ms: row.get(column + 2)? })
        }
        None => None,
    })
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        id: EntryId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        kind: match row.get::<_, i64>(2)? {
            0 => EntryKind::Op,
            1 => EntryKind::Data,
            _ => return Err(bad_value(2)),
        },
        device: DeviceId(row.get(3)?),
        person: PersonId(row.get(4)?),
        dseq: row.get(5)?,
        prev: row.get::<_, Option<_>>(6)?.map(EntryId),
        place: place_of(row, 7)?,
        received_ms: row.get(9)?,
        status: row.get(10)?,
        reason: row.get(11)?,
        bytes: row.get(12)?,
    })
}
