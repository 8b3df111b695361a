//! The entries of a space's log.
//!
//! The table's own key is an entry's place: the space's number and, below it, the sequence. So a log lies in one piece in
//! the order in which it is read, a page is one walk along leaves, and an append needs no index of its own for that.

use homing_access::build::LastEntry;
use homing_wire::{DeviceId, EntryId, EntryKind, Hash, Member, PageWriter, PersonId, entry_of, line};
use rusqlite::{OptionalExtension, Row};

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
    /// It waited here for its time.
    pub released: bool,
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
    /// The place of the last one that the device pushed: those behind it waited here for their time.
    pub pushed: u64,
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

/// Bits of a place that hold the sequence; the space's number stands above them.
const SEQUENCE_BITS: u32 = 32;
/// Sequences of a log, and numbers of spaces, end here.
const MAX_SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;
const MAX_SPACE: i64 = (1 << (63 - SEQUENCE_BITS)) - 1;

/// The key of a sequence of a space's log. A sequence that can't be stands behind all that can.
fn place(space: i64, sequence: u64) -> i64 {
    (space.clamp(0, MAX_SPACE) << SEQUENCE_BITS) | int(sequence.min(MAX_SEQUENCE))
}

/// The sequence at a place.
fn sequence_at(place: i64) -> u64 {
    uint(place) & MAX_SEQUENCE
}

/// Places beside which a part of a log lies: behind the first and before the second.
fn between(space: i64, from: u64, backwards: bool) -> (i64, i64) {
    if backwards {
        let from = if from == 0 { u64::MAX } else { from };
        (place(space, 0), place(space, from))
    } else {
        (place(space, from), place(space, MAX_SEQUENCE))
    }
}

/// The encoded entry in a row that begins with its line.
fn entry_in(row: &Row<'_>) -> Result<Vec<u8>, RelayError> {
    let line = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(entry_of(line).ok_or(RelayError::Damaged("an entry"))?.to_vec())
}

impl Store {
    /// Appends an entry and moves its device's tail, which only ever moves forward.
    pub fn append(&mut self, row: &EntryRow<'_>) -> Result<(), RelayError> {
        if row.sequence >= MAX_SEQUENCE || row.space > MAX_SPACE {
            return Err(RelayError::Damaged("a log, or the number of them, has no end"));
        }
        let db = self.write()?;
        let kind = match row.kind {
            EntryKind::Op => 0,
            EntryKind::Data => 1,
        };
        db.prepare_cached(
            "INSERT INTO entry (place, received_ms, generation, kind, proven, id, chain, line)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            place(row.space, row.sequence),
            int(row.received_ms),
            int(row.generation),
            kind,
            row.proven,
            row.id.0,
            row.chain.0,
            line(row.sequence, row.received_ms, row.generation, row.entry),
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
            "INSERT INTO tail (space, device, person, written_as, dseq, last, pushed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, iif(?7, 0, ?5))
             ON CONFLICT (space, device) DO UPDATE
             SET written_as = ?4, dseq = ?5, last = ?6, pushed = iif(?7, pushed, ?5) WHERE dseq < ?5",
        )?
        .execute((
            row.space,
            row.device.0,
            row.person.0,
            written_as,
            int(row.dseq),
            row.id.0,
            row.released,
        ))?;
        Ok(())
    }

    /// Where an entry stands, whatever its space.
    pub fn place(&self, id: &EntryId, generation: u64) -> Result<Option<Place>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT place, received_ms, proven OR generation < ?2 FROM entry WHERE id = ?1",
        )?;
        let place = statement.query_row((id.0, int(generation)), |row| {
            let place: i64 = row.get(0)?;
            Ok(Place {
                space: place >> SEQUENCE_BITS,
                sequence: sequence_at(place),
                received_ms: uint(row.get(1)?),
                proven: row.get(2)?,
            })
        });
        Ok(place.optional()?)
    }

    /// The last entry of a device in a space.
    pub fn tail(&self, space: i64, device: &DeviceId) -> Result<Option<Tail>, RelayError> {
        let mut statement =
            self.db.prepare_cached("SELECT dseq, last, pushed FROM tail WHERE space = ?1 AND device = ?2")?;
        let tail = statement.query_row((space, device.0), |row| {
            Ok(Tail { dseq: uint(row.get(0)?), last: EntryId(row.get(1)?), pushed: uint(row.get(2)?) })
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
            "SELECT line, received_ms FROM entry INDEXED BY entry_op
             WHERE kind = 0 AND place > ?1 AND place < ?2 ORDER BY place",
        )?;
        let mut rows = statement.query(between(space, 0, false))?;
        let mut ops = Vec::new();
        while let Some(row) = rows.next()? {
            ops.push((entry_in(row)?, uint(row.get(1)?)));
        }
        Ok(ops)
    }

    /// Entries after (or, backwards, before) a sequence until `budget` bytes are full; at least one if there is
    /// one. Tells also whether more follow.
    pub fn page(&self, span: &Span) -> Result<(PageWriter, bool), RelayError> {
        let Span { space, from, backwards, ops, budget } = *span;
        let sql = match (backwards, ops) {
            (false, false) => {
                "SELECT place, line FROM entry
                 WHERE place > ?1 AND place < ?2 ORDER BY place"
            }
            (true, false) => {
                "SELECT place, line FROM entry
                 WHERE place > ?1 AND place < ?2 ORDER BY place DESC"
            }
            (false, true) => {
                "SELECT place, line FROM entry INDEXED BY entry_op
                 WHERE kind = 0 AND place > ?1 AND place < ?2 ORDER BY place"
            }
            (true, true) => {
                "SELECT place, line FROM entry INDEXED BY entry_op
                 WHERE kind = 0 AND place > ?1 AND place < ?2 ORDER BY place DESC"
            }
        };
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(between(space, from, backwards))?;
        let mut page = PageWriter::new(budget);
        while let Some(row) = rows.next()? {
            let line = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            if !page.is_empty() && !page.has_room_for(line) {
                return Ok((page, true));
            }
            page.push(sequence_at(row.get(0)?), line);
        }
        Ok((page, false))
    }

    /// Ids after a sequence, at most `limit`.
    pub fn ids(&self, space: i64, from: u64, limit: usize) -> Result<Vec<EntryId>, RelayError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT id FROM entry WHERE place > ?1 AND place < ?2 ORDER BY place LIMIT ?3")?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (first, last) = between(space, from, false);
        let ids = statement
            .query_map((first, last, limit), |row| row.get(0).map(EntryId))?
            .collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// Generation and chain at a place of a log.
    pub fn chain_at(&self, space: i64, sequence: u64) -> Result<Option<(u64, Hash)>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT generation, chain FROM entry WHERE place = ?1")?;
        let found =
            statement.query_row([place(space, sequence)], |row| Ok((uint(row.get(0)?), Hash(row.get(1)?))));
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
                let (first, last) = between(space, 0, false);
                let mut statement = self
                    .db
                    .prepare_cached("SELECT place FROM entry WHERE id = ?1 AND place > ?2 AND place < ?3")?;
                statement.query_row((op.0, first, last), |row| row.get(0)).optional()?.map_or(0, sequence_at)
            }
        };
        let mut statement = self.db.prepare_cached(
            "SELECT line FROM entry INDEXED BY entry_op
             WHERE kind = 0 AND place > ?1 AND place < ?2 ORDER BY place LIMIT 1",
        )?;
        statement.query(between(space, after, false))?.next()?.map(entry_in).transpose()
    }

    /// A space's whole log: (entry, receive time, proven or older than `generation`).
    pub fn log(&self, space: i64, generation: u64) -> Result<Vec<(Vec<u8>, u64, bool)>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT line, received_ms, proven OR generation < ?3 FROM entry
             WHERE place > ?1 AND place < ?2 ORDER BY place",
        )?;
        let (first, last) = between(space, 0, false);
        let mut rows = statement.query((first, last, int(generation)))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push((entry_in(row)?, uint(row.get(1)?), row.get(2)?));
        }
        Ok(entries)
    }

    /// Empties a space's log, to write it anew.
    pub fn clear_log(&mut self, space: i64) -> Result<(), RelayError> {
        let db = self.write()?;
        db.prepare_cached("DELETE FROM entry WHERE place > ?1 AND place < ?2")?
            .execute(between(space, 0, false))?;
        db.prepare_cached("DELETE FROM tail WHERE space = ?1")?.execute([space])?;
        db.prepare_cached("DELETE FROM wrote WHERE space = ?1")?.execute([space])?;
        Ok(())
    }
}
