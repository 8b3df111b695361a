//! The file: keys, pragmas, ownership, transactions.
//!
//! One connection, used by the engine's one thread, so "database is locked" can't happen inside a process, and a lock
//! file keeps a second process out. A second connection for reading would find its cache outdated after every
//! commit, and decrypt every page again: half the cost of sending a message. What may only read gets a [`Read`],
//! which has nothing to write with. `synchronous` belongs to the
//! transaction (it can't be changed inside one), so it is set and read back before each BEGIN.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use zeroize::Zeroizing;

use crate::{Read, Result, StoreError, Tx, migrate, sql};

/// How a file is encrypted. The file itself doesn't say it.
#[derive(Clone, Copy)]
struct Format {
    /// Bytes of a page.
    page: u32,
    /// SQLCipher's name of what authenticates a page.
    hmac: &'static str,
}

/// What one message changes lies on some twenty pages, each of which is encrypted and authenticated as a whole. Half a page
/// is a fifth less time from one person's send to the other's screen (still smaller ones gain little), and SHA-256, which
/// processors have instructions for, a twelfth less than SHA-512.
const FORMAT: Format = Format { page: 2_048, hmac: "HMAC_SHA256" };
/// Of files made before that: SQLCipher's own. They stay as they are; everything else about them is the same.
const FORMER: Format = Format { page: 4_096, hmac: "HMAC_SHA512" };
/// The log file is moved into the database when it has grown to this, in bytes.
const LOG: u32 = 16 * 1024 * 1024;

/// Numbers of ids kept in memory; beyond that they are looked up anew.
const NUMBERS: usize = 10_000;

/// An attached file is opened with the library's default, which is the whole process's: one at a time.
static ATTACHING: Mutex<()> = Mutex::new(());

/// SQLite sets itself up when the process opens its first file, and counts as ready a moment before SQLCipher has joined it:
/// a key given to another file in that moment would be refused.
static READY: Once = Once::new();

/// Sets SQLite up with SQLCipher; who comes meanwhile waits. Opening a profile does it. A process that also opens other files
/// of SQLite calls it before the first of those.
pub fn set_up() {
    // Should it fail, then so does what is opened next, and says why.
    READY.call_once(|| drop(Connection::open_in_memory()));
}

/// When a transaction counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// On disk: what a person did, ops, seeds, frozen entries.
    Full,
    /// In the log file; a power cut may undo it, which is fine for what the relay has too.
    Normal,
}

/// An open profile.
pub struct Store {
    // Order matters: the connection closes before the lock is given up.
    db: Connection,
    path: PathBuf,
    format: Format,
    /// Numbers of ids, as committed: most transactions need the same few.
    numbers: RefCell<HashMap<[u8; 32], i64>>,
    key: Zeroizing<[u8; 32]>,
    _owner: Option<File>,
}

impl Store {
    /// Opens or creates the profile's file and takes ownership of it (`owner.lock` beside it).
    pub fn open(path: &Path, key: &[u8; 32]) -> Result<Self> {
        let owner = lock(path)?;
        Self::open_with(path, key, Some(owner))
    }

    /// Opens a file nobody else knows of (a backup being written or read).
    pub(crate) fn open_unowned(path: &Path, key: &[u8; 32]) -> Result<Self> {
        Self::open_with(path, key, None)
    }

    fn open_with(path: &Path, key: &[u8; 32], owner: Option<File>) -> Result<Self> {
        let (mut db, format) = match connect(path, key, FORMAT) {
            // In another format nothing can be read, as with another key.
            Err(StoreError::WrongKey) => (connect(path, key, FORMER)?, FORMER),
            opened => (opened?, FORMAT),
        };
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON; PRAGMA journal_size_limit = 67108864; PRAGMA synchronous = FULL;",
        )?;
        db.pragma_update(None, "wal_autocheckpoint", LOG / format.page)?;
        migrate::run(&mut db)?;
        let numbers = RefCell::default();
        Ok(Self { db, path: path.to_owned(), format, numbers, key: Zeroizing::new(*key), _owner: owner })
    }

    /// Runs `work` in one transaction: all of it is kept, or nothing.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.set_synchronous(durability)?;
        if self.numbers.get_mut().len() > NUMBERS {
            self.numbers.get_mut().clear();
        }
        let done = self.transact(work);
        if done.is_err() {
            self.numbers.get_mut().clear();
        }
        done
    }

    fn transact<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction =
            self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let answer = work(&Tx::new(&transaction, &self.numbers))?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(answer)
    }

    /// For reading; sees everything committed so far.
    pub fn read(&self) -> Read<'_> {
        Read::new(&self.db)
    }

    fn set_synchronous(&self, durability: Durability) -> Result<()> {
        let (set, wanted) = match durability {
            Durability::Full => ("PRAGMA synchronous = FULL", 2),
            Durability::Normal => ("PRAGMA synchronous = NORMAL", 1),
        };
        let read = || -> Result<i64> {
            Ok(self.db.prepare_cached("PRAGMA synchronous")?.query_row([], |row| row.get(0))?)
        };
        if read()? != wanted {
            self.db.prepare_cached(set)?.execute([])?;
            if read()? != wanted {
                return Err(StoreError::Damaged("synchronous"));
            }
        }
        Ok(())
    }

    /// Encrypts the whole file under another key.
    pub fn rekey(&mut self, key: &[u8; 32]) -> Result<()> {
        // The log file belongs to the old key.
        self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")?;
        self.db.execute_batch(&key_pragma("rekey", key))?;
        self.db.execute_batch("PRAGMA journal_mode = WAL;")?;
        self.key = Zeroizing::new(*key);
        Ok(())
    }

    /// Moves the log file into the database and empties it, so that deleted text is gone from it too.
    pub fn checkpoint(&self) -> Result<()> {
        Ok(self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }

    /// Gives back the memory that a large intake filled with pages. Ids are hashes, so every entry touches pages all
    /// over the indexes: with a small cache each would be read, decrypted, encrypted and written anew.
    pub fn release_memory(&self) -> Result<()> {
        Ok(self.db.execute_batch("PRAGMA shrink_memory")?)
    }

    /// What SQLite and SQLCipher find wrong with the file; empty = nothing. Reads every page.
    pub fn integrity(&self) -> Result<Vec<String>> {
        let db = self.read();
        let mut found: Vec<String> = db.all("PRAGMA cipher_integrity_check", [], |row| row.get(0))?;
        let pages: Vec<String> = match db.all("PRAGMA integrity_check(20)", [], |row| row.get(0)) {
            Ok(lines) => lines,
            Err(error) => vec![error.to_string()],
        };
        found.extend(pages.into_iter().filter(|line| line != "ok"));
        Ok(found)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Schema of the file.
    pub fn schema(&self) -> Result<u32> {
        migrate::version(&self.db)
    }

    /// Runs `work` in one transaction in which another file's tables can be read under the name `source`. That
    /// file is only read, as it is at the beginning; whoever owns it can go on writing.
    pub(crate) fn copy_from(
        &mut self,
        source: &Self,
        work: impl FnOnce(&Tx<'_>) -> Result<()>,
    ) -> Result<()> {
        let file = source.path.to_str().ok_or(StoreError::NotFound("file name that is not Unicode"))?;
        {
            let _one = ATTACHING.lock().unwrap_or_else(PoisonError::into_inner);
            self.db.pragma_update(None, "cipher_default_page_size", source.format.page)?;
            self.db.pragma_update(None, "cipher_default_hmac_algorithm", source.format.hmac)?;
            self.db
                .execute("ATTACH DATABASE ?1 AS source KEY ?2", (file, key_literal(&source.key).as_str()))?;
        }
        // Not immediate: that would take the write lock of both.
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Deferred)?;
        work(&Tx::new(&transaction, &RefCell::default()))?;
        transaction.commit()?;
        self.db.flush_prepared_statement_cache();
        Ok(self.db.execute_batch("DETACH DATABASE source")?)
    }

    /// Closes a file such that nothing of it is left in a log file beside it.
    pub(crate) fn close_to_one_file(self) -> Result<()> {
        let Self { db, .. } = self;
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")?;
        db.close().map_err(|(_, error)| StoreError::from(error))
    }
}

fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path.with_file_name("owner.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn connect(path: &Path, key: &[u8; 32], format: Format) -> Result<Connection> {
    set_up();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    conn.execute_batch(&key_pragma("key", key))?;
    conn.pragma_update(None, "cipher_page_size", format.page)?;
    conn.pragma_update(None, "cipher_hmac_algorithm", format.hmac)?;
    conn.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(256);
    // Otherwise a bound LIMIT is looked at by the planner, and the statement planned anew whenever it is bound again,
    // which costs more than most queries.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536;",
    )?;
    Ok(conn)
}

/// A raw key: 32 random bytes need no slow derivation.
pub(crate) fn key_pragma(pragma: &str, key: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(96));
    text.push_str("PRAGMA ");
    text.push_str(pragma);
    text.push_str(" = \"");
    text.push_str(&key_literal(key));
    text.push_str("\";");
    text
}

/// `x'..'`, the form in which SQLCipher takes a raw key.
pub(crate) fn key_literal(key: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(80));
    text.push_str("x'");
    sql::push_hex(&mut text, key);
    text.push('\'');
    text
}
