//! Messages that are in no conversation: it belongs to another space, nothing is known of it here, or it was deleted. A member of two spaces
//! could otherwise write into a conversation of the one whose other members never see it. They are looked at again when
//! the conversation's document comes, so the order of arrival decides nothing.

use homing_wire::DocId;

use crate::sql::doc;
use crate::{Read, Result, Tx};

/// Notes a message as being in no conversation. `at_ms`: its place in time, in the order of which strays are looked at again;
/// 0 if that does not matter.
pub fn note(tx: &Tx<'_>, message: &DocId, conversation: &DocId, at_ms: i64) -> Result<()> {
    tx.exec(
        "INSERT INTO strays (message, conversation, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        (message.as_bytes(), conversation.as_bytes(), at_ms),
    )?;
    Ok(())
}

/// Takes the messages that name a conversation from the list; those that still don't fit are noted again.
pub fn take(tx: &Tx<'_>, conversation: &DocId) -> Result<Vec<DocId>> {
    tx.all(
        "DELETE FROM strays WHERE message IN (SELECT message FROM strays WHERE conversation = ?1) RETURNING message",
        [conversation.as_bytes()],
        |row| doc(row, 0),
    )
}

/// Forgets one, whose document is gone. Answers whether it was one.
pub fn forget(tx: &Tx<'_>, message: &DocId) -> Result<bool> {
    Ok(tx.exec("DELETE FROM strays WHERE message = ?1", [message.as_bytes()])? > 0)
}

/// The conversation that one names.
pub fn conversation_of(db: &Read<'_>, message: &DocId) -> Result<Option<DocId>> {
    db.one("SELECT conversation FROM strays WHERE message = ?1", [message.as_bytes()], |row| doc(row, 0))
}

/// How many there are.
pub fn count(db: &Read<'_>) -> Result<u64> {
    db.number("SELECT count(*) FROM strays", [])
}
