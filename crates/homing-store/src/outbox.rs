//! Own changes on their way to the relay, in order per space.
//!
//! A row is written in the edit's own transaction. While `Queued` it can be edited and cancelled; `Sealed`
//! means that its entry (kept in `entries` with status `Sealed`) is frozen and is sent again byte for byte
//! until the relay answers. One entry may carry several rows.

use homing_wire::{DocId, EntryId, Hash, Salt, SpaceId};
use rusqlite::{Row, params};

use crate::sql::{doc_opt, stored_enum};
use crate::{Read, Result, Tx};

stored_enum! {
    /// Where a row is on its way.
    OutboxState {
        /// Can still be edited and cancelled.
        Queued = 0,
        /// Frozen, on its way.
        Sealed = 1,
        /// Refused for good; shown with its error until retried or cancelled.
        Refused = 2,
    }
}

/// A row to queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOutbox {
    /// The space.
    pub space: SpaceId,
    /// What it is: `message`, `conversation`, `membership`, `other`.
    pub kind: String,
    /// The document that changes; none for ops.
    pub doc: Option<DocId>,
    /// The conversation it shows up in.
    pub conversation: Option<DocId>,
    /// The change.
    pub hash: Option<Hash>,
    /// The process salt the change was made under; an entry mixes no two.
    pub salt: Salt,
    /// When, Unix ms.
    pub created_ms: u64,
    /// Not handed over before then, Unix ms; 0: at once.
    pub hold_until: u64,
}

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    /// Its number; later rows have higher ones.
    pub id: i64,
    /// The space.
    pub space: SpaceId,
    /// What it is.
    pub kind: String,
    /// The document that changes.
    pub doc: Option<DocId>,
    /// The conversation it shows up in.
    pub conversation: Option<DocId>,
    /// The change.
    pub hash: Option<Hash>,
    /// The process salt.
    pub salt: Salt,
    /// Where it is on its way.
    pub state: OutboxState,
    /// The entry that carries it, once sealed.
    pub entry: Option<EntryId>,
    /// Stable code of why it was refused.
    pub error: String,
    /// The same for people.
    pub message: String,
    /// When, Unix ms.
    pub created_ms: u64,
}

/// A row as the outbox screen shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxItem {
    /// The row.
    pub row: OutboxRow,
    /// Subject of the conversation.
    pub subject: String,
    /// Beginning of the message.
    pub body: String,
}

const COLUMNS: &str = "o.id, s.id, o.kind, o.doc, o.conversation, o.hash, o.salt, o.state, o.entry, o.error,
    o.message, o.created_ms";

/// Queues a change; answers its number.
pub fn enqueue(tx: &Tx<'_>, new: &NewOutbox) -> Result<i64> {
    tx.exec(
        "INSERT INTO outbox (space, kind, doc, conversation, hash, salt, state, created_ms, hold_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)",
        params![
            tx.number_of(&new.space.0)?,
            new.kind,
            new.doc.as_ref().map(DocId::as_bytes),
            new.conversation.as_ref().map(DocId::as_bytes),
            new.hash.map(|hash| hash.0),
            new.salt.0,
            new.created_ms,
            new.hold_until,
        ],
    )?;
    Ok(tx.conn().last_insert_rowid())
}

/// Rows of a space in one state, in order.
pub fn in_state(db: &Read<'_>, space: &SpaceId, state: OutboxState, limit: u32) -> Result<Vec<OutboxRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM outbox o CROSS JOIN ids s ON s.n = o.space
             WHERE o.space = (SELECT n FROM ids WHERE id = ?1) AND o.state = ?2 ORDER BY o.id LIMIT ?3"
        ),
        (&space.0, state, limit),
        read,
    )
}

/// Rows of a space that may be handed over now, in order: those that are held are not, nor what was made on them. A
/// hold ends after `longest_ms` at most, wherever the clock was set to.
pub fn ready(
    db: &Read<'_>,
    space: &SpaceId,
    now_ms: u64,
    longest_ms: u64,
    limit: u32,
) -> Result<Vec<OutboxRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM outbox o CROSS JOIN ids s ON s.n = o.space
             WHERE o.space = (SELECT n FROM ids WHERE id = ?1) AND o.state = 0
             AND NOT (o.hold_until > ?2 AND o.hold_until <= ?2 + ?3)
             AND NOT EXISTS (SELECT 1 FROM outbox h INDEXED BY outbox_doc WHERE h.doc = o.doc AND h.id < o.id
               AND h.hold_until > ?2 AND h.hold_until <= ?2 + ?3)
             ORDER BY o.id LIMIT ?4"
        ),
        (&space.0, now_ms, longest_ms, limit),
        read,
    )
}

/// Changes of a space's members that the relay has not taken yet, in order.
pub fn ops(db: &Read<'_>, space: &SpaceId) -> Result<Vec<i64>> {
    db.all(
        "SELECT id FROM outbox WHERE space = (SELECT n FROM ids WHERE id = ?1) AND state < 2 AND doc IS NULL
         ORDER BY id",
        [&space.0],
        |row| row.get(0),
    )
}

/// When the holds of spaces end, Unix ms.
pub fn holds(db: &Read<'_>) -> Result<Vec<(SpaceId, u64)>> {
    db.all(
        "SELECT s.id, o.hold_until FROM outbox o INDEXED BY outbox_held CROSS JOIN ids s ON s.n = o.space
         WHERE o.hold_until > 0 AND o.state = 0",
        [],
        |row| Ok((SpaceId(row.get(0)?), row.get(1)?)),
    )
}

/// Lets go of what is held; answers where something was.
pub fn end_holds(tx: &Tx<'_>) -> Result<Vec<SpaceId>> {
    let spaces = holds(tx)?.into_iter().map(|(space, _)| space).collect();
    tx.exec("UPDATE outbox SET hold_until = 0 WHERE hold_until > 0 AND state = 0", [])?;
    Ok(spaces)
}

/// Spaces that have something to send.
pub fn spaces(db: &Read<'_>) -> Result<Vec<SpaceId>> {
    db.all(
        "SELECT DISTINCT s.id FROM outbox o JOIN ids s ON s.n = o.space WHERE o.state < 2 ORDER BY o.id",
        [],
        |row| row.get(0).map(SpaceId),
    )
}

/// One row.
pub fn get(db: &Read<'_>, id: i64) -> Result<Option<OutboxRow>> {
    db.one(
        &format!("SELECT {COLUMNS} FROM outbox o CROSS JOIN ids s ON s.n = o.space WHERE o.id = ?1"),
        [id],
        read,
    )
}

/// Rows of a document, in order.
pub fn of_doc(db: &Read<'_>, doc: &DocId) -> Result<Vec<OutboxRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM outbox o CROSS JOIN ids s ON s.n = o.space WHERE o.doc = ?1 ORDER BY o.id"
        ),
        [doc.as_bytes()],
        read,
    )
}

/// Messages of a conversation that can still be taken back, in order.
pub fn messages_of(db: &Read<'_>, conversation: &DocId) -> Result<Vec<OutboxRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM outbox o CROSS JOIN ids s ON s.n = o.space
             WHERE o.conversation = ?1 AND o.kind = 'message' AND o.state <> 1 ORDER BY o.id"
        ),
        [conversation.as_bytes()],
        read,
    )
}

/// Rows an entry carries, in order.
pub fn of_entry(db: &Read<'_>, entry: &EntryId) -> Result<Vec<OutboxRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM outbox o CROSS JOIN ids s ON s.n = o.space WHERE o.entry = ?1 ORDER BY o.id"
        ),
        [&entry.0],
        read,
    )
}

/// The entry that carries these rows is frozen.
pub fn seal(tx: &Tx<'_>, rows: &[i64], entry: &EntryId) -> Result<()> {
    for id in rows {
        tx.exec("UPDATE outbox SET state = 1, entry = ?2 WHERE id = ?1", (id, &entry.0))?;
    }
    Ok(())
}

/// All sealed rows of a space go back to the queue (the relay refused the bytes, they are sealed anew); their
/// frozen entries are forgotten.
pub fn unseal(tx: &Tx<'_>, space: &SpaceId) -> Result<usize> {
    tx.entry.set(None);
    tx.exec(
        "DELETE FROM entries WHERE status = 3 AND status <> 0 AND space = (SELECT n FROM ids WHERE id = ?1)",
        [&space.0],
    )?;
    tx.exec(
        "UPDATE outbox SET state = 0, entry = NULL WHERE space = (SELECT n FROM ids WHERE id = ?1) AND state = 1",
        [&space.0],
    )
}

/// The relay stored an entry: its rows are done and gone; answers them.
pub fn acknowledged(tx: &Tx<'_>, entry: &EntryId) -> Result<Vec<OutboxRow>> {
    let rows = of_entry(tx, entry)?;
    tx.exec("DELETE FROM outbox WHERE entry = ?1", [&entry.0])?;
    Ok(rows)
}

/// Refused for good, with a reason to show.
pub fn refuse(tx: &Tx<'_>, id: i64, error: &str, message: &str) -> Result<()> {
    tx.exec(
        "UPDATE outbox SET state = 2, entry = NULL, error = ?2, message = ?3 WHERE id = ?1",
        (id, error, message),
    )?;
    Ok(())
}

/// Back into the queue after a refusal; false if it was not refused.
pub fn retry(tx: &Tx<'_>, id: i64) -> Result<bool> {
    let changed =
        tx.exec("UPDATE outbox SET state = 0, error = '', message = '' WHERE id = ?1 AND state = 2", [id])?;
    Ok(changed > 0)
}

/// The queued row's change was made anew (edited, or re-authored under a fresh actor).
pub fn set_change(tx: &Tx<'_>, id: i64, hash: &Hash, salt: &Salt) -> Result<()> {
    tx.exec("UPDATE outbox SET hash = ?2, salt = ?3 WHERE id = ?1 AND state <> 1", (id, &hash.0, &salt.0))?;
    Ok(())
}

/// Gives rows other numbers, and with them other places in the order; the new ones are free or among the old.
pub fn renumber(tx: &Tx<'_>, moves: &[(i64, i64)]) -> Result<()> {
    for (from, to) in moves {
        tx.exec("UPDATE outbox SET id = -?2 WHERE id = ?1 AND state <> 1", (from, to))?;
    }
    for (_, to) in moves {
        tx.exec("UPDATE outbox SET id = ?1 WHERE id = -?1", [to])?;
    }
    Ok(())
}

/// Takes a row out; false if it is frozen (then it can't be taken back) or gone.
pub fn cancel(tx: &Tx<'_>, id: i64) -> Result<bool> {
    Ok(tx.exec("DELETE FROM outbox WHERE id = ?1 AND state <> 1", [id])? > 0)
}

/// How many changes wait for the relay.
pub fn waiting(db: &Read<'_>) -> Result<u64> {
    db.number("SELECT count(*) FROM outbox WHERE state < 2", [])
}

/// How many of somebody's changes were refused for good: they wait for that person.
pub fn refused(db: &Read<'_>) -> Result<u64> {
    db.number("SELECT count(*) FROM outbox WHERE state = 2 AND kind <> 'other'", [])
}

/// Everything in the outbox, oldest first, as its screen shows it.
pub fn list(db: &Read<'_>, limit: u32) -> Result<Vec<OutboxItem>> {
    db.all(
        &format!(
            "SELECT {COLUMNS}, coalesce(c.subject, ''), coalesce(substr(m.body, 1, 1000), '')
             FROM outbox o CROSS JOIN ids s ON s.n = o.space
             LEFT JOIN conversations c ON c.id = o.conversation LEFT JOIN messages m ON m.id = o.doc
             ORDER BY o.id LIMIT ?1"
        ),
        [limit],
        |row| Ok(OutboxItem { row: read(row)?, subject: row.get(12)?, body: row.get(13)? }),
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: row.get(0)?,
        space: SpaceId(row.get(1)?),
        kind: row.get(2)?,
        doc: doc_opt(row, 3)?,
        conversation: doc_opt(row, 4)?,
        hash: row.get::<_, Option<_>>(5)?.map(Hash),
        salt: Salt(row.get(6)?),
        state: row.get(7)?,
        entry: row.get::<_, Option<_>>(8)?.map(EntryId),
        error: row.get(9)?,
        message: row.get(10)?,
        created_ms: row.get(11)?,
    })
}
