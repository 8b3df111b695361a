//! Taking out of sight what was written in a conversation that was deleted: for everyone, or by this person up to a mark. The
//! messages are strays from then on, so what comes late or again stays out of sight too, and an undo finds them.

use homing_wire::DocId;
use rusqlite::params;

use super::words::{searched, tags};
use super::write::{kept, recount};
use crate::{Result, Tx, attachments, search};

/// What went with the messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Aside {
    /// How many messages were in sight.
    pub messages: usize,
    /// Where files were on this computer that belong to nothing any more.
    pub files: Vec<String>,
}

/// Takes what is not to be seen any more out of its row. With `free` the bytes of files leave this computer that the relay has
/// too.
pub fn put_aside(tx: &Tx<'_>, conversation: &DocId, free: bool) -> Result<Aside> {
    let mut aside = Aside::default();
    let found = tx.one(
        "SELECT c.n, c.shown_in, c.deleted, d.received_ms, d.author_ms FROM conversations c
         LEFT JOIN cleared d ON d.conversation = c.id WHERE c.id = ?1",
        [conversation.as_bytes()],
        |row| {
            let mark = row.get::<_, Option<i64>>(3)?.zip(row.get::<_, Option<i64>>(4)?);
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, bool>(2)?, mark))
        },
    )?;
    let Some((n, shown_in, deleted, mark)) = found else { return Ok(aside) };
    let Some((received_ms, author_ms)) = mark.or(deleted.then_some((0, 0))) else { return Ok(aside) };
    let written = if shown_in.is_some() { "origin = ?1" } else { "conversation = ?1 AND origin IS NULL" };
    // What is on its way, or only here, keeps its row until it has arrived.
    let rows = tx.all(
        &format!(
            "SELECT n, conversation, at, author, files, deleted, unread, state, body, id FROM messages
             WHERE {written} AND (?2 OR CASE WHEN mine = 1
               THEN author_ms <= ?4 AND (state = 2 OR state = 0 AND files = 0) ELSE received_ms <= ?3 END)"
        ),
        params![n, deleted, received_ms, author_ms],
        kept,
    )?;
    aside.messages = rows.len();
    for row in &rows {
        if !row.deleted {
            search::remove(tx, row.n, &searched(tx, row, &row.body)?, &tags(row))?;
        }
        if deleted {
            aside.files.extend(attachments::delete_of(tx, &row.id)?);
        } else if free {
            aside.files.extend(attachments::free_of(tx, &row.id)?);
        }
        tx.exec("DELETE FROM messages WHERE n = ?1", [row.n])?;
        crate::strays::note(tx, &row.id, conversation)?;
    }
    if !rows.is_empty() {
        recount(tx, conversation)?;
        if let Some(whole) = crate::merging::shown_in(tx, conversation)? {
            recount(tx, &whole)?;
        }
    }
    Ok(aside)
}
