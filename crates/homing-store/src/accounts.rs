//! Account logs of all people this profile knows, op by op.

use homing_wire::{AccountOpId, PersonId};

use crate::{Read, Result, StoreError, Tx};

/// An op of an account log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountOpRow {
    /// Place in the log, from 0.
    pub n: u64,
    /// Its id.
    pub id: AccountOpId,
    /// As encoded.
    pub bytes: Vec<u8>,
}

/// Appends the op with number `n`. The same op again is fine; another op in its place is a conflict.
pub fn append(tx: &Tx<'_>, person: &PersonId, n: u64, id: &AccountOpId, bytes: &[u8]) -> Result<()> {
    let there: Option<[u8; 32]> =
        tx.one("SELECT id FROM account_ops WHERE person = ?1 AND n = ?2", (&person.0, n), |row| row.get(0))?;
    match there {
        Some(known) if known == id.0 => return Ok(()),
        Some(_) => return Err(StoreError::Conflict("account op")),
        None => {}
    }
    tx.exec(
        "INSERT INTO account_ops (person, n, id, bytes) VALUES (?1, ?2, ?3, ?4)",
        (&person.0, n, &id.0, bytes),
    )?;
    Ok(())
}

/// The whole log, from the genesis.
pub fn list(db: &Read<'_>, person: &PersonId) -> Result<Vec<AccountOpRow>> {
    db.all("SELECT n, id, bytes FROM account_ops WHERE person = ?1 ORDER BY n", [&person.0], |row| {
        Ok(AccountOpRow { n: row.get(0)?, id: AccountOpId(row.get(1)?), bytes: row.get(2)? })
    })
}

/// Forgets a log (damaged, to be fetched again).
pub fn delete(tx: &Tx<'_>, person: &PersonId) -> Result<()> {
    tx.exec("DELETE FROM account_ops WHERE person = ?1", [&person.0])?;
    Ok(())
}

/// Number and id of the newest op.
pub fn head(db: &Read<'_>, person: &PersonId) -> Result<Option<(u64, AccountOpId)>> {
    db.one("SELECT n, id FROM account_ops WHERE person = ?1 ORDER BY n DESC LIMIT 1", [&person.0], |row| {
        Ok((row.get(0)?, AccountOpId(row.get(1)?)))
    })
}

/// Everybody whose log is known.
pub fn people(db: &Read<'_>) -> Result<Vec<PersonId>> {
    db.all("SELECT person FROM account_ops WHERE n = 0 ORDER BY person", [], |row| row.get(0).map(PersonId))
}
