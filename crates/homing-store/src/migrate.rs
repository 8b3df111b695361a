//! Numbered migrations; `user_version` says how many have run.

use rusqlite::{Connection, TransactionBehavior};

use crate::{Result, StoreError};

const MIGRATIONS: [&str; 1] = [include_str!("sql/0001_initial.sql")];

/// The newest schema this version knows.
pub const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Brings the file to the newest schema, each step in its own transaction.
pub fn run(conn: &mut Connection) -> Result<()> {
    let found = version(conn)?;
    if found > KNOWN {
        return Err(StoreError::TooNew { found, known: KNOWN });
    }
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", step + 1)?;
        tx.commit()?;
    }
    Ok(())
}

/// The file's schema.
pub fn version(conn: &Connection) -> Result<u32> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}
