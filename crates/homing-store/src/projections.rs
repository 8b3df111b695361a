//! Throwing the projections away, to build them again from changes.

use crate::{Result, Tx, search, tidying};

/// Empties messages, records and search and resets what conversations show of them. What only this device or person
/// knows (archived, hidden, marks, drafts, files' places, receipts) stays; the engine then projects every
/// document again ([`crate::changes::docs`]).
pub fn clear(tx: &Tx<'_>) -> Result<()> {
    search::reset(tx)?;
    tx.exec("DELETE FROM messages", [])?;
    tx.exec("DELETE FROM records", [])?;
    tx.exec("DELETE FROM record_links", [])?;
    tx.exec("DELETE FROM strays", [])?;
    tidying::clear(tx)?;
    tx.exec(
        "UPDATE conversations SET unread = 0, waiting = 0, last_n = NULL, last_at = created_ms, preview = '',
           deleted = 0",
        [],
    )?;
    Ok(())
}
