//! The relay's SQLite database: one connection, owned by the thread that commits.
//!
//! Reads see the open transaction's writes. A write begins a transaction where none is open; [`Store::commit`]
//! ends it, and only then may anybody be told. WAL with `synchronous = FULL` makes a commit durable;
//! a failed one is never tried again, because SQLite can't say what of it reached the disk.

mod accounts;
mod blobs;
mod feeds;
mod log;
mod members;
mod migrate;
mod scheduled;
mod slots;
mod spaces;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

pub use accounts::AccountRow;
pub use feeds::{FeedLine, Thing};
pub use log::{EntryRow, Span};
pub use scheduled::ScheduledRow;
pub use slots::{SlotKey, SlotRow};
pub use spaces::SpaceRow;

use crate::error::RelayError;
use crate::identity::Recorded;
use crate::platform;
use homing_wire::VerifyKey;

const FILE: &str = "relay.db";
const SCHEMA: u32 = 5;
/// Pages of the write-ahead log at which a commit moves them into the database by itself.
const LATE_CHECKPOINT: u32 = 4_000;
/// Memory for pages that are written, negative as SQLite wants it for KiB. What is only read is mapped; and some commits
/// look through all of it.
const CACHE_KIB: i64 = -16_384;
/// Bytes of the database that are read where the system keeps them anyway; the most SQLite maps.
const MAPPED: i64 = 2 * 1024 * 1024 * 1024;
/// The statements of one push, page or feed all fit.
const CACHED_STATEMENTS: usize = 96;

/// The open database.
pub struct Store {
    db: Connection,
    writing: bool,
    commits: u64,
}

impl Store {
    /// Opens or creates the database of a data folder; `None` keeps it in memory.
    pub fn open(folder: Option<&Path>) -> Result<Self, RelayError> {
        let db = match folder {
            Some(folder) => Connection::open(folder.join(FILE))?,
            None => Connection::open_in_memory()?,
        };
        db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "fullfsync", platform::FULL_FSYNC)?;
        db.pragma_update(None, "checkpoint_fullfsync", platform::FULL_FSYNC)?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.pragma_update(None, "cache_size", CACHE_KIB)?;
        db.pragma_update(None, "mmap_size", MAPPED)?;
        db.pragma_update(None, "wal_autocheckpoint", LATE_CHECKPOINT)?;
        let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let mut db = db;
        if found > SCHEMA {
            return Err(RelayError::Schema { found, known: SCHEMA });
        }
        if found < SCHEMA {
            if found > 0 {
                let room = if found < 3 { "; it needs three times its room meanwhile" } else { "" };
                tracing::info!(found, to = SCHEMA, "the database is brought to the present schema{room}");
            }
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            match found {
                0 => transaction.execute_batch(include_str!("schema.sql"))?,
                found => migrate::to_present(&transaction, found)?,
            }
            transaction.pragma_update(None, "user_version", SCHEMA)?;
            transaction.commit()?;
            if found > 0 {
                // A whole log went through it.
                db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
        }
        Ok(Self { db, writing: false, commits: 0 })
    }

    /// Which relay wrote it and how far it came; `None` if nothing was written yet.
    pub(crate) fn recorded(&mut self) -> Result<Option<Recorded>, RelayError> {
        let recorded = self
            .db
            .query_row("SELECT relay_key, generation, commits FROM relay", [], |row| {
                Ok(Recorded {
                    relay: VerifyKey(row.get(0)?),
                    generation: uint(row.get(1)?),
                    commits: uint(row.get(2)?),
                })
            })
            .optional()?;
        self.commits = recorded.as_ref().map_or(0, |recorded| recorded.commits);
        Ok(recorded)
    }

    /// Writes down which relay this is.
    pub(crate) fn record(&mut self, relay: &VerifyKey, generation: u64) -> Result<(), RelayError> {
        let commits = int(self.commits);
        self.write()?.execute(
            "INSERT INTO relay (one, relay_key, generation, commits) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (one) DO UPDATE SET relay_key = ?1, generation = ?2",
            (relay.0, int(generation), commits),
        )?;
        Ok(())
    }

    /// The connection, with a transaction open.
    fn write(&mut self) -> Result<&Connection, RelayError> {
        if !self.writing {
            self.db.execute_batch("BEGIN IMMEDIATE")?;
            self.writing = true;
        }
        Ok(&self.db)
    }

    /// Makes everything since the last commit durable; tells how many commits there were, if there was one now.
    pub fn commit(&mut self) -> Result<Option<u64>, RelayError> {
        if !self.writing {
            return Ok(None);
        }
        let commits = self.commits.saturating_add(1);
        self.db.prepare_cached("UPDATE relay SET commits = ?1")?.execute([int(commits)])?;
        self.db.execute_batch("COMMIT")?;
        self.writing = false;
        self.commits = commits;
        Ok(Some(commits))
    }

    /// Moves what it can of the write-ahead log into the database. To be done when nobody waits: a commit that has to
    /// do it takes many times as long as another.
    pub fn checkpoint(&self) -> Result<(), RelayError> {
        self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Moves the write-ahead log into the database, so that a copy of the stopped relay is one file.
    pub fn close(self) -> Result<(), RelayError> {
        self.db.pragma_update(None, "wal_checkpoint", "TRUNCATE").or_else(|error| match error {
            // The pragma answers with a row, which an update doesn't expect.
            rusqlite::Error::ExecuteReturnedResults => Ok(()),
            error => Err(error),
        })?;
        self.db.close().map_err(|(_, error)| error.into())
    }
}

/// SQLite's integers are signed; what doesn't fit was refused at the door.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
