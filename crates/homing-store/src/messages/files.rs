//! The messages of a conversation that have files, on an index of their own: most have none.

use homing_wire::DocId;

use super::{COLUMNS, JOINS, MessageRow, Order, read, with_attachments};
use crate::{Read, Result};

/// The page before `before` (none: the newest), oldest first.
pub fn with_files_before(
    db: &Read<'_>,
    conversation: &DocId,
    before: Option<&Order>,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    let (at, id) = before.map_or((i64::MAX.unsigned_abs(), [0xff; 16]), |order| {
        (order.at_ms.min(i64::MAX.unsigned_abs()), *order.id.as_bytes())
    });
    let mut rows = db.all(
        &format!(
            "SELECT {COLUMNS} FROM messages m INDEXED BY messages_with_files {JOINS}
             WHERE m.conversation = (SELECT n FROM conversations WHERE id = ?1) AND m.files > 0
             AND (m.at, m.id) < (?2, ?3) ORDER BY m.at DESC, m.id DESC LIMIT ?4"
        ),
        (conversation.as_bytes(), at, id, limit),
        read,
    )?;
    rows.reverse();
    with_attachments(db, rows)
}

/// The page after `after`, oldest first.
pub fn with_files_after(
    db: &Read<'_>,
    conversation: &DocId,
    after: &Order,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    let rows = db.all(
        &format!(
            "SELECT {COLUMNS} FROM messages m INDEXED BY messages_with_files {JOINS}
             WHERE m.conversation = (SELECT n FROM conversations WHERE id = ?1) AND m.files > 0
             AND (m.at, m.id) > (?2, ?3) ORDER BY m.at, m.id LIMIT ?4"
        ),
        (conversation.as_bytes(), i64::try_from(after.at_ms).unwrap_or(i64::MAX), after.id.as_bytes(), limit),
        read,
    )?;
    with_attachments(db, rows)
}
