//! Spaces: where their logs stand.

use homing_wire::{EntryId, Hash, Head, Member, SpaceId};
use rusqlite::OptionalExtension;

use super::members::member_bytes;
use super::{Store, int, uint};
use crate::error::RelayError;

/// Where a space stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceRow {
    /// Short name within the database.
    pub number: i64,
    /// The space.
    pub id: SpaceId,
    /// Other spaces may have it as a member.
    pub team: bool,
    /// Head of its log.
    pub head: Head,
    /// Receive time of the last entry.
    pub received_ms: u64,
    /// Last slot sequence given.
    pub slot_sequence: u64,
    /// Head of its op chain.
    pub op_head: EntryId,
    /// Bytes of its entries.
    pub stored_bytes: u64,
    /// The generation that takes fresh ops.
    pub confirmed: u64,
}

impl Store {
    /// A space.
    pub fn space(&self, id: &SpaceId) -> Result<Option<SpaceRow>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT number, sequence, generation, chain, received_ms, slot_sequence, op_head,
                    stored_bytes, confirmed, as_member IS NOT NULL
             FROM space WHERE id = ?1",
        )?;
        let row = statement.query_row([id.0], |row| {
            Ok(SpaceRow {
                number: row.get(0)?,
                id: *id,
                head: Head {
                    sequence: uint(row.get(1)?),
                    generation: uint(row.get(2)?),
                    chain: Hash(row.get(3)?),
                },
                received_ms: uint(row.get(4)?),
                slot_sequence: uint(row.get(5)?),
                op_head: EntryId(row.get(6)?),
                stored_bytes: uint(row.get(7)?),
                confirmed: uint(row.get(8)?),
                team: row.get(9)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Registers a space with an empty log.
    pub fn add_space(
        &mut self,
        (id, team): (&SpaceId, bool),
        op_head: &EntryId,
        generation: u64,
        confirmed: u64,
    ) -> Result<SpaceRow, RelayError> {
        let head = Head::empty(generation);
        let as_member = team.then(|| member_bytes(&Member::Team(*id)));
        let db = self.write()?;
        db.prepare_cached(
            "INSERT INTO space (id, sequence, generation, chain, received_ms, slot_sequence, op_head,
                                stored_bytes, confirmed, as_member)
             VALUES (?1, 0, ?2, ?3, 0, 0, ?4, 0, ?5, ?6)",
        )?
        .execute((
            id.0,
            int(head.generation),
            head.chain.0,
            op_head.0,
            int(confirmed),
            as_member,
        ))?;
        Ok(SpaceRow {
            number: db.last_insert_rowid(),
            id: *id,
            team,
            head,
            received_ms: 0,
            slot_sequence: 0,
            op_head: *op_head,
            stored_bytes: 0,
            confirmed,
        })
    }

    /// Writes where a space stands.
    pub fn put_space(&mut self, row: &SpaceRow) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached(
                "UPDATE space SET sequence = ?2, generation = ?3, chain = ?4, received_ms = ?5,
                        slot_sequence = ?6, op_head = ?7, stored_bytes = ?8, confirmed = ?9
                 WHERE number = ?1",
            )?
            .execute((
                row.number,
                int(row.head.sequence),
                int(row.head.generation),
                row.head.chain.0,
                int(row.received_ms),
                int(row.slot_sequence),
                row.op_head.0,
                int(row.stored_bytes),
                int(row.confirmed),
            ))?;
        Ok(())
    }

    /// The id behind a space's short name.
    pub fn space_id(&self, number: i64) -> Result<Option<SpaceId>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT id FROM space WHERE number = ?1")?;
        Ok(statement.query_row([number], |row| row.get(0).map(SpaceId)).optional()?)
    }
}
