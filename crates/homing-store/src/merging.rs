//! Conversations that go on in another of the same space: their messages are shown there, and come back when that is undone.
//!
//! Where a conversation is shown follows from the documents alone, whichever came first: its target, that one's target, and
//! so on. What leads nowhere (unknown, deleted, another space's) or in a circle is shown by itself.

use homing_wire::DocId;

use crate::sql::doc;
use crate::{Read, Result, Tx, messages};

/// Conversations merged into one another, one behind the other.
const CHAIN: usize = 32;

struct Link {
    n: i64,
    id: DocId,
    shown_in: Option<i64>,
    next: Option<DocId>,
}

fn link(db: &Read<'_>, id: &DocId) -> Result<Option<Link>> {
    db.one(
        "SELECT c.n, c.id, c.shown_in, t.id FROM conversations c LEFT JOIN conversations t ON t.id = c.merged_into
           AND t.space = c.space AND t.deleted = 0 AND t.creator IS NOT NULL WHERE c.id = ?1",
        [id.as_bytes()],
        |row| {
            Ok(Link { n: row.get(0)?, id: doc(row, 1)?, shown_in: row.get(2)?, next: crate::sql::doc_opt(row, 3)? })
        },
    )
}

/// Where a conversation is shown, if not by itself.
fn end_of(db: &Read<'_>, first: &Link) -> Result<Option<i64>> {
    let mut seen = vec![first.id];
    let (mut end, mut next) = (None, first.next);
    while let Some(id) = next {
        if seen.contains(&id) || seen.len() > CHAIN {
            return Ok(None);
        }
        let Some(link) = link(db, &id)? else { break };
        seen.push(id);
        (end, next) = (Some(link.n), link.next);
    }
    Ok(end)
}

/// Shows a conversation, and what goes on in it, where their documents say. Answers all whose rows changed.
pub fn refresh(tx: &Tx<'_>, id: &DocId) -> Result<Vec<DocId>> {
    let (mut queue, mut done, mut changed) = (vec![*id], Vec::new(), Vec::new());
    while let Some(id) = queue.pop() {
        if done.contains(&id) {
            continue;
        }
        done.push(id);
        queue.extend(merged_into(tx, &id)?);
        let Some(link) = link(tx, &id)? else { continue };
        let end = end_of(tx, &link)?;
        if end == link.shown_in {
            continue;
        }
        let (before, now) = (link.shown_in.unwrap_or(link.n), end.unwrap_or(link.n));
        tx.exec("UPDATE conversations SET shown_in = ?2 WHERE n = ?1", (link.n, end))?;
        messages::show_in(tx, link.n, before, now)?;
        for n in [link.n, before, now] {
            let of = tx.one("SELECT id FROM conversations WHERE n = ?1", [n], |row| doc(row, 0))?;
            if let Some(of) = of.filter(|of| !changed.contains(of)) {
                changed.push(of);
            }
        }
    }
    for id in &changed {
        messages::recount(tx, id)?;
    }
    Ok(changed)
}

/// Conversations that say they go on in this one.
fn merged_into(db: &Read<'_>, id: &DocId) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations INDEXED BY conversations_merged WHERE merged_into = ?1",
        [id.as_bytes()],
        |row| doc(row, 0),
    )
}

/// The conversation this one is shown in, if that is another.
pub fn shown_in(db: &Read<'_>, id: &DocId) -> Result<Option<DocId>> {
    db.one(
        "SELECT r.id FROM conversations c CROSS JOIN conversations r ON r.n = c.shown_in WHERE c.id = ?1",
        [id.as_bytes()],
        |row| doc(row, 0),
    )
}

/// Conversations whose messages are shown in this one.
pub fn parts(db: &Read<'_>, id: &DocId) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations INDEXED BY conversations_shown_in
         WHERE shown_in = (SELECT n FROM conversations WHERE id = ?1) ORDER BY shown_in, id",
        [id.as_bytes()],
        |row| doc(row, 0),
    )
}
