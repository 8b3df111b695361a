//! Entries that wait for their time.

use homing_wire::{DeviceId, EntryId, NackCode, PersonId, ScheduleTag};
use rusqlite::{OptionalExtension, Row};

use super::{Store, int, uint};
use crate::error::RelayError;

/// An entry that waits, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledRow {
    /// Its number; later ones have higher ones.
    pub number: i64,
    /// Short name of the space.
    pub space: i64,
    /// Whose it is.
    pub person: PersonId,
    /// Who sealed it.
    pub device: DeviceId,
    /// What it is.
    pub tag: ScheduleTag,
    /// The entry.
    pub id: EntryId,
    /// When it is released.
    pub release_ms: u64,
    /// Why it can't be.
    pub stuck: Option<NackCode>,
}

const COLUMNS: &str = "number, space, person, device, tag, id, release_ms, stuck";

fn read(row: &Row<'_>) -> rusqlite::Result<ScheduledRow> {
    let stuck: Option<Vec<u8>> = row.get(7)?;
    Ok(ScheduledRow {
        number: row.get(0)?,
        space: row.get(1)?,
        person: PersonId(row.get(2)?),
        device: DeviceId(row.get(3)?),
        tag: ScheduleTag(row.get(4)?),
        id: EntryId(row.get(5)?),
        release_ms: uint(row.get(6)?),
        stuck: stuck.map(|code| code_from(&code)),
    })
}

fn code_from(bytes: &[u8]) -> NackCode {
    homing_wire::codec::decode("code", bytes, 9).unwrap_or(NackCode::Unavailable)
}

impl Store {
    fn scheduled_where(
        &self,
        filter: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<ScheduledRow>, RelayError> {
        let mut statement =
            self.db.prepare_cached(&format!("SELECT {COLUMNS} FROM scheduled WHERE {filter}"))?;
        let rows = statement.query_map(params, read)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// What waits of a person, by space and time.
    pub fn scheduled_of(&self, person: &PersonId) -> Result<Vec<ScheduledRow>, RelayError> {
        self.scheduled_where("person = ?1 ORDER BY space, release_ms, number", [person.0])
    }

    /// What waits in a space.
    pub fn scheduled_in(&self, space: i64) -> Result<Vec<ScheduledRow>, RelayError> {
        self.scheduled_where("space = ?1 ORDER BY device, release_ms, number", [space])
    }

    /// What a device has waiting in a space, in the order of its release.
    pub fn scheduled_lane(&self, space: i64, device: &DeviceId) -> Result<Vec<ScheduledRow>, RelayError> {
        self.scheduled_where("space = ?1 AND device = ?2 ORDER BY release_ms, number", (space, device.0))
    }

    /// What waits under a tag of a person.
    pub fn scheduled_under(
        &self,
        person: &PersonId,
        space: i64,
        tag: &ScheduleTag,
    ) -> Result<Option<ScheduledRow>, RelayError> {
        let found =
            self.scheduled_where("person = ?1 AND space = ?2 AND tag = ?3", (person.0, space, tag.0))?;
        Ok(found.into_iter().next())
    }

    /// What is due, the earliest first.
    pub fn scheduled_due(&self, now_ms: u64, limit: u32) -> Result<Vec<ScheduledRow>, RelayError> {
        self.scheduled_where(
            "stuck IS NULL AND release_ms <= ?1 ORDER BY release_ms, number LIMIT ?2",
            (int(now_ms), limit),
        )
    }

    /// When the next one is due.
    pub fn scheduled_next(&self) -> Result<Option<u64>, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT min(release_ms) FROM scheduled WHERE stuck IS NULL")?;
        let next: Option<i64> = statement.query_row([], |row| row.get(0))?;
        Ok(next.map(uint))
    }

    /// Bytes and number of what waits of a person.
    pub fn scheduled_size(&self, person: &PersonId) -> Result<(u64, u64), RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT coalesce(sum(length(entry)), 0), count(*) FROM scheduled WHERE person = ?1",
        )?;
        Ok(statement.query_row([person.0], |row| Ok((uint(row.get(0)?), uint(row.get(1)?))))?)
    }

    /// The bytes of one.
    pub fn scheduled_entry(&self, number: i64) -> Result<Option<Vec<u8>>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT entry FROM scheduled WHERE number = ?1")?;
        Ok(statement.query_row([number], |row| row.get(0)).optional()?)
    }

    /// Keeps an entry until its time. Its number is given by the database.
    pub fn put_scheduled(&mut self, row: &ScheduledRow, entry: &[u8]) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached(
                "INSERT INTO scheduled (space, person, device, tag, id, release_ms, entry)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                row.space,
                row.person.0,
                row.device.0,
                row.tag.0,
                row.id.0,
                int(row.release_ms),
                entry,
            ))?;
        Ok(())
    }

    /// Notes why one can't be released.
    pub fn stick_scheduled(&mut self, number: i64, code: NackCode) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("UPDATE scheduled SET stuck = ?2 WHERE number = ?1")?
            .execute((number, homing_wire::codec::encode(&code)))?;
        Ok(())
    }

    /// Keeps one no longer.
    pub fn drop_scheduled(&mut self, number: i64) -> Result<(), RelayError> {
        self.write()?.prepare_cached("DELETE FROM scheduled WHERE number = ?1")?.execute([number])?;
        Ok(())
    }

    /// Keeps none any longer.
    pub fn clear_scheduled(&mut self) -> Result<usize, RelayError> {
        Ok(self.write()?.prepare_cached("DELETE FROM scheduled")?.execute([])?)
    }
}
