//! What is left to do behind a deletion or its undo. The conversation is gone, or back, with the transaction that says so; its
//! rows follow in slices, each a transaction of its own, and whoever opens the file next goes on.

use std::collections::HashSet;

use homing_wire::DocId;

use crate::sql::{doc, hex_list};
use crate::{Read, Result, Tx};

/// A kind of work, to be done one slice at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// [`crate::messages::clear_aside`] of this number.
    ClearAside(i64),
    /// [`crate::messages::sweep`] of a conversation.
    Sweep(DocId),
    /// [`look`] at strays of a conversation.
    Look(DocId),
}

/// What is to be done next, but for these. Rows become strays before strays are looked at; those that do later are looked
/// at then.
pub fn next(db: &Read<'_>, but: &[Task]) -> Result<Option<Task>> {
    let limit = but.len() + 1;
    let first = |tasks: Vec<Task>| tasks.into_iter().find(|task| !but.contains(task));
    let aside = db.all("SELECT n FROM set_aside ORDER BY n LIMIT ?1", [limit], |row| {
        Ok(Task::ClearAside(row.get(0)?))
    })?;
    if let Some(task) = first(aside) {
        return Ok(Some(task));
    }
    let others =
        db.all("SELECT conversation, sweep FROM tidying ORDER BY sweep DESC LIMIT ?1", [limit], |row| {
            let conversation = doc(row, 0)?;
            Ok(if row.get(1)? { Task::Sweep(conversation) } else { Task::Look(conversation) })
        })?;
    Ok(first(others))
}

/// Numbers under which rows lie that were set aside: no conversation has them.
pub(crate) fn numbers(db: &Read<'_>) -> Result<HashSet<i64>> {
    Ok(db.all("SELECT n FROM set_aside", [], |row| row.get(0))?.into_iter().collect())
}

/// Numbers of a conversation under which rows lie, the last set aside first.
pub(crate) fn numbers_of(db: &Read<'_>, conversation: &DocId) -> Result<Vec<i64>> {
    db.all(
        "SELECT n FROM set_aside WHERE conversation = ?1 ORDER BY n DESC",
        [conversation.as_bytes()],
        |row| row.get(0),
    )
}

/// Whether rows lie under any such number. It is asked of every message that changes, and of the database once.
pub(crate) fn is_any_set_aside(tx: &Tx<'_>) -> Result<bool> {
    if let Some(known) = tx.set_aside.get() {
        return Ok(known);
    }
    let any = tx.one("SELECT 1 FROM set_aside LIMIT 1", [], |_| Ok(()))?.is_some();
    tx.set_aside.set(Some(any));
    Ok(any)
}

pub(crate) fn set_aside(tx: &Tx<'_>, n: i64, conversation: &DocId) -> Result<()> {
    tx.set_aside.set(Some(true));
    tx.exec("INSERT INTO set_aside (n, conversation) VALUES (?1, ?2)", (n, conversation.as_bytes()))?;
    Ok(())
}

/// Nothing lies under a number any more.
pub(crate) fn cleared(tx: &Tx<'_>, n: i64) -> Result<()> {
    tx.set_aside.set(None);
    tx.exec("DELETE FROM set_aside WHERE n = ?1", [n])?;
    Ok(())
}

/// Nothing is left to do: all rows and strays are made anew.
pub(crate) fn clear(tx: &Tx<'_>) -> Result<()> {
    tx.set_aside.set(None);
    tx.exec("DELETE FROM set_aside", [])?;
    tx.exec("DELETE FROM tidying", [])?;
    Ok(())
}

/// Notes whether rows of a conversation that are covered are still in sight.
pub(crate) fn set_sweep(tx: &Tx<'_>, conversation: &DocId, sweep: bool) -> Result<()> {
    tx.exec(
        "INSERT INTO tidying (conversation, sweep) VALUES (?1, ?2) ON CONFLICT (conversation) DO UPDATE SET sweep = ?2",
        (conversation.as_bytes(), sweep),
    )?;
    forget_done(tx, conversation)
}

/// All strays of a conversation are to be looked at, from the newest on.
pub fn look_again(tx: &Tx<'_>, conversation: &DocId) -> Result<()> {
    tx.exec(
        "INSERT INTO tidying (conversation, look_at, look_message) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation) DO UPDATE SET look_at = ?2, look_message = ?3",
        (conversation.as_bytes(), i64::MAX, [0xff; 16]),
    )?;
    Ok(())
}

/// The next strays to look at. [`looked`] says that they were; those that still don't fit stay.
pub fn look(tx: &Tx<'_>, conversation: &DocId, limit: usize) -> Result<Vec<DocId>> {
    let page = tx.all(
        "SELECT s.message, s.at FROM tidying t CROSS JOIN strays s INDEXED BY strays_conversation
           ON s.conversation = t.conversation AND (s.at, s.message) < (t.look_at, t.look_message)
         WHERE t.conversation = ?1 ORDER BY s.at DESC, s.message DESC LIMIT ?2",
        (conversation.as_bytes(), limit),
        |row| Ok((doc(row, 0)?, row.get::<_, i64>(1)?)),
    )?;
    let behind = page.last().filter(|_| page.len() == limit);
    tx.exec(
        "UPDATE tidying SET look_at = ?2, look_message = ?3 WHERE conversation = ?1",
        (
            conversation.as_bytes(),
            behind.map(|(_, at)| *at),
            behind.map(|(message, _)| message.as_bytes().to_vec()),
        ),
    )?;
    forget_done(tx, conversation)?;
    Ok(page.into_iter().map(|(message, _)| message).collect())
}

/// Those of these strays that have a row now are none any more.
pub fn looked(tx: &Tx<'_>, messages: &[DocId]) -> Result<()> {
    tx.exec(
        "DELETE FROM strays WHERE message IN (SELECT unhex(value) FROM json_each(?1))
         AND EXISTS (SELECT 1 FROM messages m WHERE m.id = strays.message)",
        [hex_list(messages.iter().map(|id| id.as_bytes().as_slice()))],
    )?;
    Ok(())
}

fn forget_done(tx: &Tx<'_>, conversation: &DocId) -> Result<()> {
    tx.exec(
        "DELETE FROM tidying WHERE conversation = ?1 AND sweep = 0 AND look_at IS NULL",
        [conversation.as_bytes()],
    )?;
    Ok(())
}
