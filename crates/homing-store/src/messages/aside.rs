//! Taking out of sight what was written in a conversation that was deleted: for everyone, or by this person up to a mark. The
//! messages are strays from then on, so what comes late or again stays out of sight too, and an undo finds them.
//!
//! Up to a slice of them is moved at once. From more the conversation is parted by giving it another number: rows under the old
//! one are in no conversation, so no list, counter or search comes across them, and they become strays one slice after another.
//! An undo before that gives the number back.

use homing_wire::DocId;
use rusqlite::{Row, params};

use super::words::{searched, tags};
use super::write::{Kept, kept, numbers, recount, refile};
use crate::sql::doc;
use crate::{Result, Tx, attachments, conversations, merging, search, strays, tidying};

const KEPT: &str = "m.n, m.conversation, m.at, m.author, m.files, m.deleted, m.state, m.body, m.id";

/// What went with the messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Aside {
    /// How many messages were in sight; of many, only that there are more than are moved at once.
    pub messages: usize,
    /// Where files were on this computer that belong to nothing any more.
    pub files: Vec<String>,
}

/// A conversation of which something is not to be seen.
struct Deleted {
    id: DocId,
    n: i64,
    shown_in: Option<i64>,
    /// Others go on in it.
    has_parts: bool,
    everyone: bool,
    /// Until where this person deleted it: others' messages by the relay's clock, own ones by their author's.
    mark: (i64, i64),
}

/// A row that is to leave.
struct Leaving {
    kept: Kept,
    /// The conversation it was written in.
    written: DocId,
    /// That was deleted for everyone.
    everyone: bool,
    /// It is not to be seen.
    covered: bool,
}

/// Whether a row is covered by a deletion. What is on its way, or only here, keeps its row until it has arrived.
fn covered(everyone: &str, received_ms: &str, author_ms: &str) -> String {
    format!(
        "({everyone} OR coalesce(CASE WHEN m.mine = 1
           THEN m.author_ms <= {author_ms} AND (m.state = 2 OR m.state = 0 AND m.files = 0)
           ELSE m.received_ms <= {received_ms} END, 0))"
    )
}

/// Rows as their own conversations' deletions see them, wherever they lie.
const BY_ROW: &str = "FROM messages m LEFT JOIN set_aside a ON a.n = m.conversation
         LEFT JOIN conversations w
           ON w.id = coalesce((SELECT id FROM conversations WHERE n = coalesce(m.origin, m.conversation)), a.conversation)
         LEFT JOIN cleared d ON d.conversation = w.id WHERE m.conversation = ?1";

/// What lies in no conversation that is known is not to be seen.
fn covered_by_row() -> String {
    covered("coalesce(w.deleted, 1)", "d.received_ms", "d.author_ms")
}

/// Takes what is not to be seen any more out of its row. With `free` the bytes of files leave this computer that the relay has
/// too. `slice`: how many rows are moved in one transaction.
pub fn put_aside(tx: &Tx<'_>, conversation: &DocId, free: bool, slice: usize) -> Result<Aside> {
    let Some(of) = deleted(tx, conversation)? else { return Ok(Aside::default()) };
    let rows = of.in_sight(tx, slice + 1)?;
    if rows.len() <= slice {
        return of.take_out(tx, rows, free);
    }
    if !of.part(tx, slice)? {
        tidying::set_sweep(tx, conversation, true)?;
    }
    Ok(Aside { messages: rows.len(), files: Vec::new() })
}

/// A slice of what [`put_aside`] left in sight.
pub fn sweep(tx: &Tx<'_>, conversation: &DocId, free: bool, slice: usize) -> Result<Aside> {
    let Some(of) = deleted(tx, conversation)? else {
        tidying::set_sweep(tx, conversation, false)?;
        return Ok(Aside::default());
    };
    let rows = of.in_sight(tx, slice)?;
    if rows.len() < slice {
        tidying::set_sweep(tx, conversation, false)?;
    }
    of.take_out(tx, rows, free)
}

/// A slice of what was set aside under a number becomes strays, the oldest first. What is to be seen again is looked at later.
pub fn clear_aside(tx: &Tx<'_>, n: i64, free: bool, slice: usize) -> Result<Vec<String>> {
    let rows = tx.all(
        &format!(
            "SELECT {KEPT}, coalesce(w.id, a.conversation), coalesce(w.deleted, 0), {} {}
             ORDER BY m.at, m.id LIMIT ?2",
            covered_by_row(),
            BY_ROW,
        ),
        (n, slice),
        leaving,
    )?;
    if rows.len() < slice {
        tidying::cleared(tx, n)?;
    }
    become_strays(tx, rows, free)
}

/// Makes a stray of a message that was set aside: something is to become of it now. Answers where its files were; none if it
/// was not set aside.
pub fn leave_aside(tx: &Tx<'_>, message: &DocId, free: bool) -> Result<Option<Vec<String>>> {
    if !tidying::is_any_set_aside(tx)? {
        return Ok(None);
    }
    let row = tx.one(
        &format!(
            "SELECT {KEPT}, coalesce(w.id, a.conversation), coalesce(w.deleted, 0), {} FROM messages m
             CROSS JOIN set_aside a ON a.n = m.conversation
             LEFT JOIN conversations w ON w.id = coalesce((SELECT id FROM conversations WHERE n = m.origin), a.conversation)
             LEFT JOIN cleared d ON d.conversation = w.id WHERE m.id = ?1",
            covered_by_row(),
        ),
        [message.as_bytes()],
        leaving,
    )?;
    row.map(|row| become_strays(tx, vec![row], free)).transpose()
}

/// Gives a conversation back the number under which its rows were set aside, if all of them are to be seen again and what came
/// since can be moved at once. Answers whether it did; otherwise they come back as strays do.
pub fn come_back(tx: &Tx<'_>, conversation: &DocId, slice: usize) -> Result<bool> {
    let Some((now, None)) = conversations::number_of(tx, conversation)? else { return Ok(false) };
    for before in tidying::numbers_of(tx, conversation)? {
        let amiss = tx.one(
            &format!(
                "SELECT 1 {} AND ({} OR m.origin IS NOT NULL AND w.shown_in IS NOT ?2) LIMIT 1",
                BY_ROW,
                covered_by_row(),
            ),
            (before, now),
            |_| Ok(()),
        )?;
        if amiss.is_some() || is_origin(tx, now)? {
            continue;
        }
        let since = tx.all(
            &format!(
                "SELECT {KEPT} FROM messages m INDEXED BY messages_order WHERE m.conversation = ?1 LIMIT ?2"
            ),
            (now, slice + 1),
            kept,
        )?;
        if since.len() > slice {
            continue;
        }
        tidying::cleared(tx, before)?;
        conversations::renumber(tx, now, before)?;
        refile(tx, since, before)?;
        recount(tx, conversation)?;
        return Ok(true);
    }
    Ok(false)
}

fn deleted(tx: &Tx<'_>, conversation: &DocId) -> Result<Option<Deleted>> {
    let found = tx.one(
        "SELECT c.n, c.shown_in, c.deleted, d.received_ms, d.author_ms,
           EXISTS (SELECT 1 FROM conversations p INDEXED BY conversations_shown_in WHERE p.shown_in = c.n)
         FROM conversations c LEFT JOIN cleared d ON d.conversation = c.id WHERE c.id = ?1",
        [conversation.as_bytes()],
        |row| {
            let (n, shown_in, everyone, has_parts) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(5)?);
            let mark = row.get::<_, Option<i64>>(3)?.zip(row.get::<_, Option<i64>>(4)?);
            let mark = if everyone { mark.or(Some((0, 0))) } else { mark };
            Ok(mark.map(|mark| Deleted { id: *conversation, n, shown_in, has_parts, everyone, mark }))
        },
    )?;
    Ok(found.flatten())
}

impl Deleted {
    /// Rows that are not to be seen any more, where they are seen; with those of what goes on in it.
    fn in_sight(&self, tx: &Tx<'_>, limit: usize) -> Result<Vec<Leaving>> {
        let written = match self.shown_in {
            Some(_) => "INDEXED BY messages_origin WHERE m.origin = ?1 AND m.conversation = ?6",
            None if self.has_parts => {
                return tx.all(
                    &format!(
                        "SELECT {KEPT}, coalesce(w.id, a.conversation), coalesce(w.deleted, 0), 1 {BY_ROW} AND {} LIMIT ?2",
                        covered_by_row()
                    ),
                    (self.n, limit),
                    leaving,
                );
            }
            None => "INDEXED BY messages_order WHERE m.conversation = ?1",
        };
        let (received_ms, author_ms) = self.mark;
        tx.all(
            &format!(
                "SELECT {KEPT}, ?7, ?2, 1 FROM messages m {written} AND {} LIMIT ?5",
                covered("?2", "?3", "?4")
            ),
            params![self.n, self.everyone, received_ms, author_ms, limit, self.shown_in, self.id.as_bytes()],
            leaving,
        )
    }

    /// Rows that are still to be seen where this one is shown.
    fn stays(&self, tx: &Tx<'_>, limit: usize) -> Result<Vec<Kept>> {
        if self.shown_in.is_some() || self.has_parts {
            let (n, not) = (self.shown_in.unwrap_or(self.n), covered_by_row());
            return tx.all(&format!("SELECT {KEPT} {BY_ROW} AND NOT {not} LIMIT ?2"), (n, limit), kept);
        }
        let (received_ms, author_ms) = self.mark;
        tx.all(
            &format!(
                "SELECT {KEPT} FROM messages m INDEXED BY messages_order WHERE m.conversation = ?1 AND NOT {} LIMIT ?5",
                covered("?2", "?3", "?4")
            ),
            params![self.n, self.everyone, received_ms, author_ms, limit],
            kept,
        )
    }

    fn take_out(&self, tx: &Tx<'_>, rows: Vec<Leaving>, free: bool) -> Result<Aside> {
        let messages = rows.len();
        let files = become_strays(tx, rows, free)?;
        if messages > 0 {
            recount(tx, &self.id)?;
            if let Some(whole) = merging::shown_in(tx, &self.id)? {
                recount(tx, &whole)?;
            }
        }
        Ok(Aside { messages, files })
    }

    /// Parts the conversation, or the one it is shown in, from all rows but those that are still to be seen. False: these are
    /// too many.
    fn part(&self, tx: &Tx<'_>, slice: usize) -> Result<bool> {
        let before = self.shown_in.unwrap_or(self.n);
        let stays = self.stays(tx, slice + 1)?;
        if stays.len() > slice || is_origin(tx, before)? {
            return Ok(false);
        }
        let shown = merging::shown_in(tx, &self.id)?.unwrap_or(self.id);
        let now = conversations::free_number(tx)?;
        tidying::set_aside(tx, before, &shown)?;
        conversations::renumber(tx, before, now)?;
        refile(tx, stays, now)?;
        recount(tx, &shown)?;
        Ok(true)
    }
}

/// Rows, wherever they lie, say that they were written in the conversation of this number.
fn is_origin(tx: &Tx<'_>, n: i64) -> Result<bool> {
    let found =
        tx.one("SELECT 1 FROM messages INDEXED BY messages_origin WHERE origin = ?1 LIMIT 1", [n], |_| {
            Ok(())
        })?;
    Ok(found.is_some())
}

/// Answers where files were on this computer that belong to nothing any more.
fn become_strays(tx: &Tx<'_>, mut rows: Vec<Leaving>, free: bool) -> Result<Vec<String>> {
    // Search rows first and in their order: a statement on messages in between makes the index write out what it has gathered,
    // with a segment for each message, and merging those was most of a deletion.
    rows.sort_unstable_by_key(|row| row.kept.n);
    for Leaving { kept, .. } in rows.iter().filter(|row| !row.kept.deleted) {
        search::remove(tx, kept.n, &searched(tx, kept, &kept.body)?, &tags(kept))?;
    }
    let mut files = Vec::new();
    for row in rows.iter().filter(|row| row.covered) {
        if row.everyone {
            files.extend(attachments::delete_of(tx, &row.kept.id)?);
        } else if free {
            files.extend(attachments::free_of(tx, &row.kept.id)?);
        }
    }
    let list = numbers(rows.iter().map(|row| &row.kept));
    tx.exec("DELETE FROM messages WHERE n IN (SELECT value FROM json_each(?1))", [list])?;
    for row in &rows {
        strays::note(tx, &row.kept.id, &row.written, row.kept.at)?;
    }
    let mut again: Vec<DocId> = rows.iter().filter(|row| !row.covered).map(|row| row.written).collect();
    again.sort_unstable();
    again.dedup();
    for conversation in &again {
        tidying::look_again(tx, conversation)?;
    }
    Ok(files)
}

fn leaving(row: &Row<'_>) -> rusqlite::Result<Leaving> {
    Ok(Leaving { kept: kept(row)?, written: doc(row, 9)?, everyone: row.get(10)?, covered: row.get(11)? })
}
