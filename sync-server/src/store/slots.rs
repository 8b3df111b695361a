//! Slots: the newest value only.

use homing_wire::{DeviceId, Member, PersonId, SlotId};
use rusqlite::OptionalExtension;

use super::members::member_bytes;
use super::{Store, int, uint};
use crate::error::RelayError;

/// A stored slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRow {
    /// Its counter.
    pub counter: u64,
    /// Its slot sequence.
    pub sequence: u64,
    /// The encoded slot.
    pub value: Vec<u8>,
}

/// A slot's sequence and encoded value.
pub type Numbered = (u64, Vec<u8>);

/// Which slot, and whose.
#[derive(Debug, Clone, Copy)]
pub struct SlotKey<'a> {
    /// Short name of the space.
    pub space: i64,
    /// The writing device.
    pub device: &'a DeviceId,
    /// Which.
    pub slot: &'a SlotId,
    /// The device's person.
    pub person: &'a PersonId,
    /// The member it is written as.
    pub written_as: &'a Member,
}

impl Store {
    /// A slot's present value.
    pub fn slot(&self, space: i64, device: &DeviceId, slot: &SlotId) -> Result<Option<SlotRow>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT counter, sequence, value FROM slot WHERE space = ?1 AND device = ?2 AND slot = ?3",
        )?;
        let row = statement.query_row((space, device.0, slot.0), |row| {
            Ok(SlotRow { counter: uint(row.get(0)?), sequence: uint(row.get(1)?), value: row.get(2)? })
        });
        Ok(row.optional()?)
    }

    /// Replaces a slot's value.
    pub fn put_slot(&mut self, key: &SlotKey<'_>, row: &SlotRow) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached(
                "INSERT INTO slot (space, device, slot, person, written_as, counter, sequence, value)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (space, device, slot) DO UPDATE
                 SET person = ?4, written_as = ?5, counter = ?6, sequence = ?7, value = ?8",
            )?
            .execute((
                key.space,
                key.device.0,
                key.slot.0,
                key.person.0,
                member_bytes(key.written_as),
                int(row.counter),
                int(row.sequence),
                &row.value,
            ))?;
        Ok(())
    }

    /// Bytes of a device's slots in a space.
    pub fn slot_bytes(&self, space: i64, device: &DeviceId) -> Result<u64, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT coalesce(sum(length(value)), 0) FROM slot WHERE space = ?1 AND device = ?2",
        )?;
        Ok(statement.query_row((space, device.0), |row| row.get(0).map(uint))?)
    }

    /// Slots written after a slot sequence until `budget` bytes are full, and whether more follow.
    pub fn slots_since(
        &self,
        space: i64,
        since: u64,
        budget: usize,
    ) -> Result<(Vec<Numbered>, bool), RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sequence, value FROM slot WHERE space = ?1 AND sequence > ?2 ORDER BY sequence",
        )?;
        let mut rows = statement.query((space, int(since)))?;
        let (mut slots, mut bytes) = (Vec::new(), 0usize);
        while let Some(row) = rows.next()? {
            let value: Vec<u8> = row.get(1)?;
            bytes = bytes.saturating_add(value.len().saturating_add(16));
            if bytes > budget && !slots.is_empty() {
                return Ok((slots, true));
            }
            slots.push((uint(row.get(0)?), value));
        }
        Ok((slots, false))
    }

    /// Deletes what was written in a space as a member that lost access.
    pub fn drop_slots_as(&mut self, space: i64, member: &Member) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("DELETE FROM slot WHERE space = ?1 AND written_as = ?2")?
            .execute((space, member_bytes(member)))?;
        Ok(())
    }

    /// Deletes what a person who left a team wrote as that team, everywhere.
    pub fn drop_slots_of_staff(&mut self, person: &PersonId, team: &Member) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("DELETE FROM slot WHERE person = ?1 AND written_as = ?2")?
            .execute((person.0, member_bytes(team)))?;
        Ok(())
    }

    /// Deletes what a revoked device wrote, everywhere.
    pub fn drop_slots_of_device(&mut self, device: &DeviceId) -> Result<(), RelayError> {
        self.write()?.prepare_cached("DELETE FROM slot WHERE device = ?1")?.execute([device.0])?;
        Ok(())
    }
}
