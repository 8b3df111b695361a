//! Account logs and what each account uses.

use homing_wire::{AccountOpId, PersonId, VerifyKey};
use rusqlite::OptionalExtension;

use super::{Store, int, uint};
use crate::error::RelayError;

/// What is kept of an account besides its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The account.
    pub person: PersonId,
    /// Head of its log.
    pub head: AccountOpId,
    /// The recovery words' public key at the head.
    pub recovery: VerifyKey,
    /// Ops in its log.
    pub ops: u64,
    /// Bytes of entries, slots and ops.
    pub stored_bytes: u64,
    /// Bytes of files.
    pub blob_bytes: u64,
    /// Spaces it registered.
    pub spaces: u64,
    /// When its first op came.
    pub registered_ms: u64,
}

impl Store {
    /// An account.
    pub fn account(&self, person: &PersonId) -> Result<Option<AccountRow>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT head, ops, stored_bytes, blob_bytes, spaces, recovery, registered_ms
             FROM account WHERE person = ?1",
        )?;
        let row = statement.query_row([person.0], |row| {
            Ok(AccountRow {
                person: *person,
                head: AccountOpId(row.get(0)?),
                ops: uint(row.get(1)?),
                stored_bytes: uint(row.get(2)?),
                blob_bytes: uint(row.get(3)?),
                spaces: uint(row.get(4)?),
                recovery: VerifyKey(row.get(5)?),
                registered_ms: uint(row.get(6)?),
            })
        });
        Ok(row.optional()?)
    }

    /// Writes what is kept of an account.
    pub fn put_account(&mut self, row: &AccountRow) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached(
                "INSERT INTO account (person, head, ops, stored_bytes, blob_bytes, spaces, recovery, registered_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (person) DO UPDATE
                 SET head = ?2, ops = ?3, stored_bytes = ?4, blob_bytes = ?5, spaces = ?6, recovery = ?7",
            )?
            .execute((
                row.person.0,
                row.head.0,
                int(row.ops),
                int(row.stored_bytes),
                int(row.blob_bytes),
                int(row.spaces),
                row.recovery.0,
                int(row.registered_ms),
            ))?;
        Ok(())
    }

    /// The account that named this recovery key first: its public half is no secret, so others may name it too.
    pub fn account_by_recovery(&self, recovery: &VerifyKey) -> Result<Option<PersonId>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT person FROM account WHERE recovery = ?1 ORDER BY registered_ms, person LIMIT 1",
        )?;
        Ok(statement.query_row([recovery.0], |row| row.get(0).map(PersonId)).optional()?)
    }

    /// Encoded ops of an account from a position on.
    pub fn account_ops(&self, person: &PersonId, from: u64) -> Result<Vec<Vec<u8>>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT op FROM account_op WHERE person = ?1 AND position >= ?2 ORDER BY position",
        )?;
        let ops = statement.query_map((person.0, int(from)), |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ops)
    }

    /// Ids of an account's ops, in order.
    pub fn account_op_ids(&self, person: &PersonId) -> Result<Vec<AccountOpId>, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT id FROM account_op WHERE person = ?1 ORDER BY position")?;
        let ids =
            statement.query_map([person.0], |row| row.get(0).map(AccountOpId))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// Adds an op at its position.
    pub fn add_account_op(
        &mut self,
        person: &PersonId,
        position: u64,
        id: &AccountOpId,
        op: &[u8],
    ) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("INSERT INTO account_op (person, position, id, op) VALUES (?1, ?2, ?3, ?4)")?
            .execute((person.0, int(position), id.0, op))?;
        Ok(())
    }

    /// Drops an account's ops from a position on (a fork that lost).
    pub fn cut_account_ops(&mut self, person: &PersonId, from: u64) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("DELETE FROM account_op WHERE person = ?1 AND position >= ?2")?
            .execute((person.0, int(from)))?;
        Ok(())
    }
}
