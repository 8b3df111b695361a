//! What parked entries wait for, so that the arrival of one thing wakes exactly those that need it.

use homing_wire::{AccountOpId, DocId, EntryId, EpochId, Hash, PersonId};

use crate::entries::{self, Status};
use crate::{Read, Result, Tx};

/// Something unknown that an entry needs before it can be judged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wait {
    /// An earlier entry or op.
    Entry(EntryId),
    /// The seed of an epoch.
    Epoch(EpochId),
    /// An account log, or more of it.
    Person(PersonId),
    /// A particular op of an account log.
    AccountOp(AccountOpId),
    /// The first change of a document.
    Doc(DocId),
    /// A change of a document.
    Change(Hash),
    /// A version, kind or key that only a newer app knows.
    Upgrade,
}

impl Wait {
    fn key(&self) -> (i64, &[u8]) {
        match self {
            Self::Entry(id) => (0, &id.0),
            Self::Epoch(id) => (1, &id.0),
            Self::Person(id) => (2, &id.0),
            Self::AccountOp(id) => (3, &id.0),
            Self::Doc(id) => (4, id.as_bytes()),
            Self::Change(hash) => (5, &hash.0),
            Self::Upgrade => (6, &[]),
        }
    }
}

/// Parks a kept entry until one of `waits` comes.
pub fn park(tx: &Tx<'_>, entry: &EntryId, reason: &str, waits: &[Wait]) -> Result<()> {
    entries::set_status(tx, entry, Status::Parked, reason)?;
    tx.exec("DELETE FROM parked WHERE entry = (SELECT n FROM entries WHERE id = ?1)", [&entry.0])?;
    for wait in waits {
        let (kind, key) = wait.key();
        tx.exec(
            "INSERT OR IGNORE INTO parked (entry, kind, key) SELECT n, ?2, ?3 FROM entries WHERE id = ?1",
            (&entry.0, kind, key),
        )?;
    }
    Ok(())
}

/// Ends the waiting: the entry was judged.
pub fn unpark(tx: &Tx<'_>, entry: &EntryId, status: Status, reason: &str) -> Result<()> {
    entries::set_status(tx, entry, status, reason)?;
    tx.exec("DELETE FROM parked WHERE entry = (SELECT n FROM entries WHERE id = ?1)", [&entry.0])?;
    Ok(())
}

/// Accounts that entries wait for, and (as [`Wait::Entry`] under the team's id) op chains of teams: what has to be
/// asked of the relay in every session.
pub fn asked(db: &Read<'_>) -> Result<Vec<Wait>> {
    let people: Vec<[u8; 32]> =
        db.all("SELECT DISTINCT key FROM parked WHERE kind = 2", [], |row| row.get(0))?;
    let teams: Vec<[u8; 32]> = db.all(
        "SELECT DISTINCT p.key FROM parked p CROSS JOIN entries e ON e.n = p.entry
         WHERE p.kind = 0 AND e.reason = 'waiting_for_team'",
        [],
        |row| row.get(0),
    )?;
    let people = people.into_iter().map(|id| Wait::Person(PersonId(id)));
    Ok(people.chain(teams.into_iter().map(|id| Wait::Entry(EntryId(id)))).collect())
}

/// Whether anything waits at all.
pub fn any(db: &Read<'_>) -> Result<bool> {
    Ok(db.one("SELECT 1 FROM parked LIMIT 1", [], |_| Ok(()))?.is_some())
}

/// Entries that wait for this, oldest in their logs first.
pub fn waiting_for(db: &Read<'_>, wait: &Wait, limit: u32) -> Result<Vec<EntryId>> {
    let (kind, key) = wait.key();
    db.all(
        "SELECT e.id FROM parked p CROSS JOIN entries e ON e.n = p.entry WHERE p.kind = ?1 AND p.key = ?2
         ORDER BY e.sequence IS NULL, e.sequence, e.n LIMIT ?3",
        (kind, key, limit),
        |row| row.get(0).map(EntryId),
    )
}
