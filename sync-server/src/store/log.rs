//! The entries of a space's log.

use homing_access::build::LastEntry;
use homing_wire::{DeviceId, EntryId, EntryKind, Hash, Member, PageWriter, PersonId};
use rusqlite::OptionalExtension;

use super::members::{member_bytes, member_from};
use super::{Store, int, uint};
use crate::error::RelayError;

/// An entry as it is appended.
#[derive(Debug, Clone)]
pub struct EntryRow<'a> {
    /// Short name of the space.
    pub space: i64,
    /// Its id.
    pub id: EntryId,
    /// Its author.
    pub device: DeviceId,
    /// Its author's person.
    pub person: PersonId,
    /// The member it is written as.
    pub written_as: &'a Member,
    /// Its place in its author's chain.
    pub dseq: u64,
    /// Op or data.
    pub kind: EntryKind,
    /// Its place in the log.
    pub sequence: u64,
    /// When it came.
    pub received_ms: u64,
    /// Generation it is appended under.
    pub generation: u64,
    /// Chain after it.
    pub chain: Hash,
    /// A head of an older generation covers it.
    pub proven: bool,
    /// The encoded entry.
    pub entry: &'a [u8],
}

/// A part of a log that fills a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Short name of the space.
    pub space: i64,
    /// The sequence beside which it begins; 0 backwards is the end.
    pub from: u64,
    /// Towards the log's beginning.
    pub backwards: bool,
    /// Ops only.
    pub ops: bool,
    /// Bytes it may have.
    pub budget: usize,
}

/// The last entry of a device in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Its place in the device's chain.
    pub dseq: u64,
    /// Its id.
    pub last: EntryId,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Short name of the space.
    pub space: i64,
    /// In the log.
    pub sequence: u64,
    /// Receive time.
    pub received_ms: u64,
    /// A head of an older generation covers it, or it was here before this one began.
    pub proven: bool,
}

impl Store {
    /// Appends an entry and moves its device's tail, which only ever moves forward.
    pub fn append(&mut self, row: &EntryRow<'_>) -> Result<(), RelayError> {
        let db = self.write()?;
        let kind = match row.kind {
            EntryKind::Op => 0,
            EntryKind::Data => 1,
        };
        db.prepare_cached(
            "INSERT INTO entry (space, sequence, id, device, dseq, kind, received_ms, generation, chain, proven,
                                entry)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute((
            row.space,
            int(row.sequence),
            row.id.0,
            row.device.0,
            int(row.dseq),
            kind,
            int(row.received_ms),
            int(row.generation),
            row.chain.0,
            row.proven,
            row.entry,
        ))?;
        let written_as = member_bytes(row.written_as);
        let known = db
            .prepare_cached("SELECT written_as = ?3 FROM tail WHERE space = ?1 AND device = ?2")?
            .query_row((row.space, row.device.0, &written_as), |row| row.get(0))
            .optional()?;
        if known != Some(true) {
            db.prepare_cached("INSERT OR IGNORE INTO wrote (space, device, written_as) VALUES (?1, ?2, ?3)")?
                .execute((row.space, row.device.0, &written_as))?;
        }
        db.prepare_cached(
            "INSERT INTO tail (space, device, person, written_as, dseq, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (space, device) DO UPDATE SET written_as = ?4, dseq = ?5, last = ?6 WHERE dseq < ?5",
        )?
        .execute((row.space, row.device.0, row.person.0, written_as, int(row.dseq), row.id.0))?;
        Ok(())
    }

    /// Where an entry stands, whatever its space.
    pub fn place(&self, id: &EntryId, generation: u64) -> Result<Option<Place>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT space, sequence, received_ms, proven OR generation < ?2 FROM entry WHERE id = ?1",
        )?;
        let place = statement.query_row((id.0, int(generation)), |row| {
            Ok(Place {
                space: row.get(0)?,
                sequence: uint(row.get(1)?),
                received_ms: uint(row.get(2)?),
                proven: row.get(3)?,
            })
        });
        Ok(place.optional()?)
    }

    /// The last entry of a device in a space.
    pub fn tail(&self, space: i64, device: &DeviceId) -> Result<Option<Tail>, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT dseq, last FROM tail WHERE space = ?1 AND device = ?2")?;
        let tail = statement.query_row((space, device.0), |row| {
            Ok(Tail { dseq: uint(row.get(0)?), last: EntryId(row.get(1)?) })
        });
        Ok(tail.optional()?)
    }

    /// Every (device, person, member it wrote as) of a space, with the device's last entry.
    pub fn writers(&self, space: i64) -> Result<Vec<LastEntry>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT t.device, t.person, w.written_as, t.last FROM tail t
             JOIN wrote w ON w.space = t.space AND w.device = t.device WHERE t.space = ?1",
        )?;
        let mut rows = statement.query([space])?;
        let mut writers = Vec::new();
        while let Some(row) = rows.next()? {
            writers.push(LastEntry {
                device: DeviceId(row.get(0)?),
                person: PersonId(row.get(1)?),
                written_as: member_from(row.get_ref(2)?.as_blob().unwrap_or_default())?,
                last: EntryId(row.get(3)?),
            });
        }
        Ok(writers)
    }

    /// A space's encoded ops, in order.
    pub fn ops(&self, space: i64) -> Result<Vec<(Vec<u8>, u64)>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT entry, received_ms FROM entry WHERE space = ?1 AND kind = 0 ORDER BY sequence",
        )?;
        let ops = statement
            .query_map([space], |row| Ok((row.get(0)?, uint(row.get(1)?))))?
            .collect::<Result<_, _>>()?;
        Ok(ops)
    }

    /// Entries after (or, backwards, before) a sequence until `budget` bytes are full; at least one if there is
    /// one. Tells also whether more follow.
    pub fn page(&self, span: &Span) -> Result<(PageWriter, bool), RelayError> {
        let Span { space, from, backwards, ops, budget } = *span;
        let sql = match (backwards, ops) {
            (false, false) => {
                "SELECT sequence, received_ms, generation, entry FROM entry
                 WHERE space = ?1 AND sequence > ?2 ORDER BY sequence"
            }
            (true, false) => {
                "SELECT sequence, received_ms, generation, entry FROM entry
                 WHERE space = ?1 AND sequence < ?2 ORDER BY sequence DESC"
            }
            (false, true) => {
                "SELECT sequence, received_ms, generation, entry FROM entry
                 WHERE space = ?1 AND sequence > ?2 AND kind = 0 ORDER BY sequence"
            }
            (true, true) => {
                "SELECT sequence, received_ms, generation, entry FROM entry
                 WHERE space = ?1 AND sequence < ?2 AND kind = 0 ORDER BY sequence DESC"
            }
        };
        let from = if backwards && from == 0 { u64::MAX } else { from };
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query((space, int(from)))?;
        let mut page = PageWriter::new(budget);
        while let Some(row) = rows.next()? {
            let entry = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            if !page.is_empty() && !page.has_room_for(entry) {
                return Ok((page, true));
            }
            page.push(uint(row.get(0)?), uint(row.get(1)?), uint(row.get(2)?), entry);
        }
        Ok((page, false))
    }

    /// Ids after a sequence, at most `limit`.
    pub fn ids(&self, space: i64, from: u64, limit: usize) -> Result<Vec<EntryId>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM entry WHERE space = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let ids = statement
            .query_map((space, int(from), limit), |row| row.get(0).map(EntryId))?
            .collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// Generation and chain at a place of a log.
    pub fn chain_at(&self, space: i64, sequence: u64) -> Result<Option<(u64, Hash)>, RelayError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT generation, chain FROM entry WHERE space = ?1 AND sequence = ?2")?;
        let found =
            statement.query_row((space, int(sequence)), |row| Ok((uint(row.get(0)?), Hash(row.get(1)?))));
        Ok(found.optional()?)
    }

    /// Notes that a head of an older generation covers an entry.
    pub fn mark_proven(&mut self, id: &EntryId) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("UPDATE entry SET proven = 1 WHERE id = ?1 AND proven = 0")?
            .execute([id.0])?;
        Ok(())
    }

    /// The op that follows another one in a space's chain; the first one for `None`.
    pub fn op_after(&self, space: i64, op: Option<&EntryId>) -> Result<Option<Vec<u8>>, RelayError> {
        let after = match op {
            None => 0,
            Some(op) => {
                let mut statement =
                    self.db.prepare_cached("SELECT sequence FROM entry WHERE id = ?1 AND space = ?2")?;
                statement.query_row((op.0, space), |row| row.get(0)).optional()?.unwrap_or(0)
            }
        };
        let mut statement = self.db.prepare_cached(
            "SELECT entry FROM entry WHERE space = ?1 AND kind = 0 AND sequence > ?2 ORDER BY sequence LIMIT 1",
        )?;
        Ok(statement.query_row((space, after), |row| row.get(0)).optional()?)
    }

    /// A space's whole log: (entry, receive time, proven or older than `generation`).
    pub fn log(&self, space: i64, generation: u64) -> Result<Vec<(Vec<u8>, u64, bool)>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT entry, received_ms, proven OR generation < ?2 FROM entry WHERE space = ?1 ORDER BY sequence",
        )?;
        let entries = statement
            .query_map((space, int(generation)), |row| Ok((row.get(0)?, uint(row.get(1)?), row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        Ok(entries)
    }

    /// Empties a space's log, to write it anew.
    pub fn clear_log(&mut self, space: i64) -> Result<(), RelayError> {
        let db = self.write()?;
        db.prepare_cached("DELETE FROM entry WHERE space = ?1")?.execute([space])?;
        db.prepare_cached("DELETE FROM tail WHERE space = ?1")?.execute([space])?;
        db.prepare_cached("DELETE FROM wrote WHERE space = ?1")?.execute([space])?;
        Ok(())
    }
}
