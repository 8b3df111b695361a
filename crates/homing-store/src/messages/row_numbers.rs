//! The number of a message's row is its place in the search index, which follows time: what is inserted in order is appended.

use crate::{Result, StoreError, Tx};

/// Search rows per second of time.
const PER_SECOND: i64 = 64;

const MINUTE: i64 = 60 * PER_SECOND;

/// A free row for a time: the second's own 64 first, then behind whatever the next minute holds, then the next one that
/// is free.
pub(super) fn free_row(tx: &Tx<'_>, at_ms: i64) -> Result<i64> {
    let first = at_ms.div_euclid(1000) * PER_SECOND;
    let hint = tx.rows.borrow().get(&first).copied();
    let mut free = match hint {
        Some(next) => next,
        None => row_behind(tx, first, PER_SECOND)?,
    };
    // Beyond the second's own rows another second's may begin.
    let mut certain = hint.is_none() && free < first + PER_SECOND;
    if hint.is_none() && !certain {
        free = row_behind(tx, free, MINUTE)?;
        certain = free < first + MINUTE;
    }
    if !certain && tx.one("SELECT 1 FROM messages WHERE n = ?1", [free], |_| Ok(()))?.is_some() {
        free = tx
            .one(
                "SELECT m.n + 1 FROM messages m WHERE m.n >= ?1
                 AND NOT EXISTS (SELECT 1 FROM messages f WHERE f.n = m.n + 1) ORDER BY m.n LIMIT 1",
                [free],
                |row| row.get(0),
            )?
            .ok_or(StoreError::Damaged("search row"))?;
    }
    tx.rows.borrow_mut().insert(first, free + 1);
    Ok(free)
}

/// The row behind the last one among so many.
fn row_behind(tx: &Tx<'_>, first: i64, rows: i64) -> Result<i64> {
    let row = tx.one(
        "SELECT coalesce(max(n) + 1, ?1) FROM messages WHERE n >= ?1 AND n < ?1 + ?2",
        (first, rows),
        |row| row.get(0),
    )?;
    Ok(row.unwrap_or(first))
}
