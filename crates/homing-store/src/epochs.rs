//! Space keys.

use homing_wire::{EpochId, Hash, SpaceId};
use zeroize::Zeroizing;

use crate::{Read, Result, StoreError, Tx};

/// A seed that could be opened.
pub struct EpochRow {
    /// The op that brought it.
    pub epoch: EpochId,
    /// What the op says the seed must match.
    pub commitment: Hash,
    /// The seed.
    pub seed: Zeroizing<[u8; 32]>,
}

/// Keeps a seed. The same again is fine; another seed under the same epoch is a conflict.
pub fn put(tx: &Tx<'_>, space: &SpaceId, epoch: &EpochId, commitment: &Hash, seed: &[u8; 32]) -> Result<()> {
    if let Some(known) = get(tx, space, epoch)? {
        return if *known.seed == *seed { Ok(()) } else { Err(StoreError::Conflict("epoch")) };
    }
    tx.exec(
        "INSERT INTO epochs (space, epoch, commitment, seed) VALUES (?1, ?2, ?3, ?4)",
        (&space.0, &epoch.0, &commitment.0, seed),
    )?;
    Ok(())
}

/// The seed of an epoch, if this profile could open it.
pub fn get(db: &Read<'_>, space: &SpaceId, epoch: &EpochId) -> Result<Option<EpochRow>> {
    db.one(
        "SELECT epoch, commitment, seed FROM epochs WHERE space = ?1 AND epoch = ?2",
        (&space.0, &epoch.0),
        read,
    )
}

/// All seeds of a space.
pub fn list(db: &Read<'_>, space: &SpaceId) -> Result<Vec<EpochRow>> {
    db.all("SELECT epoch, commitment, seed FROM epochs WHERE space = ?1", [&space.0], read)
}

/// Drops a seed: the epoch of a genesis that lost against another.
pub fn delete(tx: &Tx<'_>, space: &SpaceId, epoch: &EpochId) -> Result<()> {
    tx.exec("DELETE FROM epochs WHERE space = ?1 AND epoch = ?2", (&space.0, &epoch.0))?;
    Ok(())
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<EpochRow> {
    Ok(EpochRow {
        epoch: homing_wire::EntryId(row.get(0)?),
        commitment: Hash(row.get(1)?),
        seed: Zeroizing::new(row.get(2)?),
    })
}
