//! Delivered and read, as interval sets of a sending device's dseq; and the times of the latest advances.
//!
//! Rows of the own person are the own read positions.

use homing_wire::{DeviceId, PersonId, SpaceId};
use rusqlite::Row;

use crate::sql::{bad_value, hex_list, stored_enum};
use crate::{IntervalSet, Read, Result, Tx};

stored_enum! {
    /// Which of the two an advance is about.
    AdvanceKind {
        /// Stored by the person's first device.
        Delivered = 0,
        /// Shown in a focused window.
        Read = 1,
    }
}

/// What a person got of one sending device in a space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptRow {
    /// Where.
    pub space: SpaceId,
    /// Who got it.
    pub person: PersonId,
    /// Who sent it.
    pub device: DeviceId,
    /// Stored.
    pub delivered: IntervalSet,
    /// Shown.
    pub read: IntervalSet,
}

/// A step with its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advance {
    /// Who got it.
    pub person: PersonId,
    /// Who sent it.
    pub device: DeviceId,
    /// Delivered or read.
    pub kind: AdvanceKind,
    /// First dseq.
    pub first: u64,
    /// Last dseq.
    pub last: u64,
    /// When, Unix ms.
    pub at_ms: u64,
}

/// Advances kept per person and space.
pub const ADVANCES: u32 = 100;

const SELECT: &str = "SELECT s.id, p.id, d.id, r.delivered, r.read FROM";

/// Adds to what is known; answers what was new, (delivered, read).
pub fn merge(
    tx: &Tx<'_>,
    space: &SpaceId,
    person: &PersonId,
    device: &DeviceId,
    delivered: &IntervalSet,
    read: &IntervalSet,
) -> Result<(IntervalSet, IntervalSet)> {
    let mut row = get(tx, space, person, device)?;
    let new = (delivered.difference(&row.delivered), read.difference(&row.read));
    if new.0.is_empty() && new.1.is_empty() {
        return Ok(new);
    }
    row.delivered.union(delivered);
    row.read.union(read);
    tx.exec(
        "INSERT INTO receipts (space, person, device, delivered, read, told) VALUES (?1, ?2, ?3, ?4, ?5, x'')
         ON CONFLICT (space, person, device) DO UPDATE SET delivered = excluded.delivered, read = excluded.read",
        (
            tx.number_of(&space.0)?,
            tx.number_of(&person.0)?,
            tx.number_of(&device.0)?,
            row.delivered.encode(),
            row.read.encode(),
        ),
    )?;
    Ok(new)
}

/// Adds to what others may be told was read of a device; another own device may have read it and told them already.
pub fn tell(
    tx: &Tx<'_>,
    space: &SpaceId,
    person: &PersonId,
    device: &DeviceId,
    read: &IntervalSet,
) -> Result<()> {
    if read.is_empty() {
        return Ok(());
    }
    let mut told = told(tx, space, person, device)?;
    if read.difference(&told).is_empty() {
        return Ok(());
    }
    told.union(read);
    tx.exec(
        "INSERT INTO receipts (space, person, device, delivered, read, told) VALUES (?1, ?2, ?3, x'', x'', ?4)
         ON CONFLICT (space, person, device) DO UPDATE SET told = excluded.told",
        (tx.number_of(&space.0)?, tx.number_of(&person.0)?, tx.number_of(&device.0)?, told.encode()),
    )?;
    Ok(())
}

/// What others may be told was read of a device.
pub fn told(db: &Read<'_>, space: &SpaceId, person: &PersonId, device: &DeviceId) -> Result<IntervalSet> {
    let told = db.one(
        "SELECT coalesce(told, x'') FROM receipts WHERE space = (SELECT n FROM ids WHERE id = ?1)
         AND person = (SELECT n FROM ids WHERE id = ?2) AND device = (SELECT n FROM ids WHERE id = ?3)",
        (&space.0, &person.0, &device.0),
        |row| interval_set(row, 0),
    )?;
    Ok(told.unwrap_or_default())
}

/// What others may be told was read in a space, of all devices.
pub fn told_in(db: &Read<'_>, space: &SpaceId, person: &PersonId) -> Result<Vec<(DeviceId, IntervalSet)>> {
    db.all(
        "SELECT d.id, r.told FROM receipts r CROSS JOIN ids d ON d.n = r.device
         WHERE r.space = (SELECT n FROM ids WHERE id = ?1) AND r.person = (SELECT n FROM ids WHERE id = ?2)
         AND r.told <> x'' ORDER BY r.device",
        (&space.0, &person.0),
        |row| Ok((DeviceId(row.get(0)?), interval_set(row, 1)?)),
    )
}

/// Rows of before that was kept apart: all that a person has read was told, or nothing of it is any more.
pub fn keep_told_apart(tx: &Tx<'_>, person: &PersonId, told: bool) -> Result<()> {
    let person = tx.number_of(&person.0)?;
    let rows = tx.exec(
        "UPDATE receipts SET told = iif(?2, read, x'') WHERE person = ?1 AND told IS NULL",
        (person, told),
    )?;
    if rows > 0 && !told {
        tx.exec("DELETE FROM advances WHERE person = ?1 AND kind = ?2", (person, AdvanceKind::Read))?;
    }
    Ok(())
}

/// What a person got of a device; empty sets if nothing is known.
pub fn get(db: &Read<'_>, space: &SpaceId, person: &PersonId, device: &DeviceId) -> Result<ReceiptRow> {
    let row = db.one(
        &format!(
            "{SELECT} receipts r CROSS JOIN ids s ON s.n = r.space CROSS JOIN ids p ON p.n = r.person
             CROSS JOIN ids d ON d.n = r.device WHERE r.space = (SELECT n FROM ids WHERE id = ?1)
             AND r.person = (SELECT n FROM ids WHERE id = ?2) AND r.device = (SELECT n FROM ids WHERE id = ?3)"
        ),
        (&space.0, &person.0, &device.0),
        self::read,
    )?;
    Ok(row.unwrap_or_else(|| ReceiptRow {
        space: *space,
        person: *person,
        device: *device,
        delivered: IntervalSet::new(),
        read: IntervalSet::new(),
    }))
}

/// Receipts of any number of spaces, in one query.
pub fn of(db: &Read<'_>, spaces: &[SpaceId]) -> Result<Vec<ReceiptRow>> {
    let list = hex_list(spaces.iter().map(|space| space.0.as_slice()));
    db.all(
        &format!(
            "{SELECT} json_each(?1) wanted CROSS JOIN ids s ON s.id = unhex(wanted.value)
             CROSS JOIN receipts r ON r.space = s.n CROSS JOIN ids p ON p.n = r.person
             CROSS JOIN ids d ON d.n = r.device ORDER BY r.space, r.person, r.device"
        ),
        [list],
        self::read,
    )
}

/// What one person got in a space, of all devices.
pub fn of_person(db: &Read<'_>, space: &SpaceId, person: &PersonId) -> Result<Vec<ReceiptRow>> {
    db.all(
        &format!(
            "{SELECT} receipts r CROSS JOIN ids s ON s.n = r.space CROSS JOIN ids p ON p.n = r.person
             CROSS JOIN ids d ON d.n = r.device WHERE r.space = (SELECT n FROM ids WHERE id = ?1)
             AND r.person = (SELECT n FROM ids WHERE id = ?2) ORDER BY r.device"
        ),
        (&space.0, &person.0),
        self::read,
    )
}

/// Notes when something was delivered or read; the earliest time counts. See [`keep_newest_advances`].
pub fn advance(tx: &Tx<'_>, space: &SpaceId, step: &Advance) -> Result<()> {
    let (space, person) = (tx.number_of(&space.0)?, tx.number_of(&step.person.0)?);
    tx.exec(
        "INSERT INTO advances (space, person, device, kind, first, last, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (space, person, device, kind, first, last)
         DO UPDATE SET at_ms = min(at_ms, excluded.at_ms)",
        (space, person, tx.number_of(&step.device.0)?, step.kind, step.first, step.last, step.at_ms),
    )?;
    Ok(())
}

/// Drops what was noted of a person in a space before the newest hundred steps.
pub fn keep_newest_advances(tx: &Tx<'_>, space: &SpaceId, person: &PersonId) -> Result<()> {
    let (space, person) = (tx.number_of(&space.0)?, tx.number_of(&person.0)?);
    tx.exec(
        "DELETE FROM advances WHERE space = ?1 AND person = ?2 AND at_ms < (SELECT at_ms FROM advances
           WHERE space = ?1 AND person = ?2 ORDER BY at_ms DESC LIMIT 1 OFFSET ?3)",
        (space, person, ADVANCES - 1),
    )?;
    Ok(())
}

/// Steps that touch entries `first..=last` of a sending device, oldest first.
pub fn advances(
    db: &Read<'_>,
    space: &SpaceId,
    device: &DeviceId,
    first: u64,
    last: u64,
) -> Result<Vec<Advance>> {
    db.all(
        "SELECT p.id, d.id, a.kind, a.first, a.last, a.at_ms FROM advances a
         CROSS JOIN ids p ON p.n = a.person CROSS JOIN ids d ON d.n = a.device
         WHERE a.space = (SELECT n FROM ids WHERE id = ?1) AND a.device = (SELECT n FROM ids WHERE id = ?2)
         AND a.last >= ?3 AND a.first <= ?4 ORDER BY a.at_ms",
        (&space.0, &device.0, first, last),
        read_advance,
    )
}

/// The newest steps of one person in a space, oldest first: what the own receipt slot carries.
pub fn advances_of(db: &Read<'_>, space: &SpaceId, person: &PersonId) -> Result<Vec<Advance>> {
    db.all(
        "SELECT p.id, d.id, a.kind, a.first, a.last, a.at_ms FROM advances a
         CROSS JOIN ids p ON p.n = a.person CROSS JOIN ids d ON d.n = a.device
         WHERE a.space = (SELECT n FROM ids WHERE id = ?1) AND a.person = (SELECT n FROM ids WHERE id = ?2)
         ORDER BY a.at_ms",
        (&space.0, &person.0),
        read_advance,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<ReceiptRow> {
    Ok(ReceiptRow {
        space: SpaceId(row.get(0)?),
        person: PersonId(row.get(1)?),
        device: DeviceId(row.get(2)?),
        delivered: interval_set(row, 3)?,
        read: interval_set(row, 4)?,
    })
}

fn interval_set(row: &Row<'_>, column: usize) -> rusqlite::Result<IntervalSet> {
    let bytes: Vec<u8> = row.get(column)?;
    IntervalSet::decode(&bytes).ok_or(bad_value(column))
}

fn read_advance(row: &Row<'_>) -> rusqlite::Result<Advance> {
    Ok(Advance {
        person: PersonId(row.get(0)?),
        device: DeviceId(row.get(1)?),
        kind: row.get(2)?,
        first: row.get(3)?,
        last: row.get(4)?,
        at_ms: row.get(5)?,
    })
}
