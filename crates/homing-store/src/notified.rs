//! Messages a desktop notification was shown for, so that none is shown twice.

use homing_wire::DocId;

use crate::{Result, Tx};

/// Marks a message; true if it was not marked before.
pub fn mark(tx: &Tx<'_>, message: &DocId, at_ms: u64) -> Result<bool> {
    let added = tx.exec(
        "INSERT INTO notified (message, at_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        (message.as_bytes(), at_ms),
    )?;
    Ok(added > 0)
}

/// Forgets marks older than a time.
pub fn forget_before(tx: &Tx<'_>, at_ms: u64) -> Result<()> {
    tx.exec("DELETE FROM notified WHERE at_ms < ?1", [at_ms])?;
    Ok(())
}
