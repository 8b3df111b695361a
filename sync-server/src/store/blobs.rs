//! Files: what was declared, which chunks are here, who may read. The bytes lie in the data folder.

use homing_wire::{BlobId, Hash, PersonId};
use rusqlite::OptionalExtension;

use super::{Store, int, uint};
use crate::error::RelayError;

/// A declared file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRow {
    /// Who uploads it.
    pub person: PersonId,
    /// Hashes of its chunks.
    pub hashes: Vec<Hash>,
    /// Bytes of the chunks stored so far.
    pub bytes: u64,
}

impl Store {
    /// A file.
    pub fn blob(&self, id: &BlobId) -> Result<Option<BlobRow>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT person, hashes, bytes FROM blob WHERE id = ?1")?;
        let row = statement.query_row([id.0], |row| {
            let hashes: Vec<u8> = row.get(1)?;
            Ok(BlobRow {
                person: PersonId(row.get(0)?),
                hashes: hashes.chunks_exact(32).filter_map(Hash::from_slice).collect(),
                bytes: uint(row.get(2)?),
            })
        });
        Ok(row.optional()?)
    }

    /// Declares a file.
    pub fn add_blob(
        &mut self,
        id: &BlobId,
        person: &PersonId,
        hashes: &[Hash],
        now_ms: u64,
    ) -> Result<(), RelayError> {
        let joined: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        self.write()?
            .prepare_cached(
                "INSERT INTO blob (id, person, hashes, bytes, missing, declared_ms)
                 VALUES (?1, ?2, ?3, 0, length(?3) / 32, ?4)",
            )?
            .execute((id.0, person.0, joined, int(now_ms)))?;
        Ok(())
    }

    /// Files a person declared that are not whole.
    pub fn unfinished_of(&self, person: &PersonId) -> Result<u64, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT count(*) FROM blob WHERE person = ?1 AND missing > 0")?;
        Ok(statement.query_row([person.0], |row| row.get(0).map(uint))?)
    }

    /// Notes that a chunk is stored, and who brought it; false if it was before.
    pub fn add_chunk(
        &mut self,
        id: &BlobId,
        position: u64,
        bytes: u64,
        payer: &PersonId,
    ) -> Result<bool, RelayError> {
        let db = self.write()?;
        let added = db
            .prepare_cached(
                "INSERT OR IGNORE INTO blob_chunk (blob, position, bytes, payer) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((id.0, int(position), int(bytes), payer.0))?;
        if added == 1 {
            db.prepare_cached("UPDATE blob SET bytes = bytes + ?2, missing = missing - 1 WHERE id = ?1")?
                .execute((id.0, int(bytes)))?;
        }
        Ok(added == 1)
    }

    /// True if a chunk is stored.
    pub fn has_chunk(&self, id: &BlobId, position: u64) -> Result<bool, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT 1 FROM blob_chunk WHERE blob = ?1 AND position = ?2")?;
        Ok(statement.exists((id.0, int(position)))?)
    }

    /// Who brought how many bytes of a file.
    pub fn paid_for(&self, id: &BlobId) -> Result<Vec<(PersonId, u64)>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT coalesce(c.payer, b.person) AS person, sum(c.bytes) FROM blob b
             JOIN blob_chunk c ON c.blob = b.id WHERE b.id = ?1 GROUP BY 1",
        )?;
        let paid = statement.query_map([id.0], |row| Ok((PersonId(row.get(0)?), uint(row.get(1)?))))?;
        Ok(paid.collect::<Result<_, _>>()?)
    }

    /// Positions of the chunks that are stored.
    pub fn chunks(&self, id: &BlobId) -> Result<Vec<u64>, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT position FROM blob_chunk WHERE blob = ?1 ORDER BY position")?;
        let chunks = statement.query_map([id.0], |row| row.get(0).map(uint))?.collect::<Result<_, _>>()?;
        Ok(chunks)
    }

    /// Lets a space's members read a file.
    pub fn add_grant(&mut self, id: &BlobId, space: i64) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("INSERT OR IGNORE INTO blob_grant (blob, space) VALUES (?1, ?2)")?
            .execute((id.0, space))?;
        Ok(())
    }

    /// Spaces whose members may read a file.
    pub fn grants(&self, id: &BlobId) -> Result<Vec<i64>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT space FROM blob_grant WHERE blob = ?1")?;
        let spaces = statement.query_map([id.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(spaces)
    }

    /// Some uploads that were declared before a time and are not whole.
    pub fn unfinished_blobs(&self, before_ms: u64, limit: u64) -> Result<Vec<BlobId>, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT id FROM blob WHERE missing > 0 AND declared_ms < ?1 LIMIT ?2")?;
        let ids = statement.query_map((int(before_ms), int(limit)), |row| row.get(0).map(BlobId))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Forgets a file.
    pub fn drop_blob(&mut self, id: &BlobId) -> Result<(), RelayError> {
        let db = self.write()?;
        db.prepare_cached("DELETE FROM blob_grant WHERE blob = ?1")?.execute([id.0])?;
        db.prepare_cached("DELETE FROM blob_chunk WHERE blob = ?1")?.execute([id.0])?;
        db.prepare_cached("DELETE FROM blob WHERE id = ?1")?.execute([id.0])?;
        Ok(())
    }
}
