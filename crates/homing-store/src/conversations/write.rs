//! Writing the rows of conversations: what their documents say, what the person chose, and the rows messages belong into.

use homing_wire::{DocId, SpaceId};
use rusqlite::params;

use super::{ConversationDoc, PersonalState};
use crate::cleared::{self, Cleared};
use crate::messages::{MessageState, NewMessage};
use crate::sql::doc;
use crate::{Result, Tx, drafts};

/// Where a message's conversation has its row.
pub(crate) struct Place {
    /// The row the message is shown in.
    pub n: i64,
    /// The row it was written in, if that is another one.
    pub origin: Option<i64>,
    /// Order key of the newest message there, if it has one.
    pub last_at: Option<i64>,
    /// Nothing newer than what this person deleted is in it.
    pub hidden: bool,
    /// Deleted for everyone.
    deleted: bool,
    /// Everybody else in it is blocked.
    pub blocked: bool,
    /// Until where this person deleted it.
    cleared: Option<Cleared>,
}

impl Place {
    /// Whether a message is not to be seen: its conversation was deleted. What is on its way, or only here, stays until it has
    /// arrived.
    pub fn covers(&self, message: &NewMessage) -> bool {
        let by_mark = |cleared: Cleared| match (message.mine, message.state) {
            (false, _) => message.received_ms <= cleared.received_ms,
            (true, MessageState::Sent) => message.author_ms <= cleared.author_ms,
            (true, MessageState::Local) => {
                message.attachments.is_empty() && message.author_ms <= cleared.author_ms
            }
            (true, _) => false,
        };
        self.deleted || self.cleared.is_some_and(by_mark)
    }
}

/// The row a message of this space belongs into, made now if need be: messages may come before their conversation. None: it
/// is another space's conversation. A remark among colleagues belongs beside the client's conversation it names.
pub(crate) fn place_for(tx: &Tx<'_>, id: &DocId, space: &SpaceId, internal: bool) -> Result<Option<Place>> {
    struct Found {
        place: Place,
        space: i64,
        known: bool,
        team: Option<[u8; 32]>,
    }
    let number = tx.number_of(&space.0)?;
    let cleared = cleared::get(tx, id)?;
    let found = tx.one(
        "SELECT r.n, r.last_at, r.last_n IS NULL, c.n, c.space, c.creator IS NOT NULL,
           CASE WHEN c.space = ?2 THEN NULL ELSE (SELECT team FROM spaces WHERE n = c.space) END,
           r.hidden, c.deleted, r.blocked
         FROM conversations c CROSS JOIN conversations r ON r.n = coalesce(c.shown_in, c.n) WHERE c.id = ?1",
        (id.as_bytes(), number),
        |row| {
            let last_at = if row.get(2)? { None } else { row.get(1)? };
            let (n, own) = (row.get(0)?, row.get(3)?);
            let (hidden, deleted, blocked) = (row.get(7)?, row.get(8)?, row.get(9)?);
            Ok(Found {
                place: Place {
                    n,
                    origin: (n != own).then_some(own),
                    last_at,
                    hidden,
                    deleted,
                    blocked,
                    cleared,
                },
                space: row.get(4)?,
                known: row.get(5)?,
                team: row.get(6)?,
            })
        },
    )?;
    match found {
        Some(found) if found.space == number => Ok(Some(found.place)),
        Some(found) => {
            let beside = internal && found.known && found.team == Some(space.0);
            Ok(beside.then_some(found.place))
        }
        None if internal => Ok(None),
        None => {
            let n = make(tx, id, number)?;
            drafts::refresh(tx, id)?;
            cleared::refresh(tx, n)?;
            let hidden = cleared.is_some_and(|cleared| cleared.hidden);
            Ok(Some(Place {
                n,
                origin: None,
                last_at: None,
                hidden,
                deleted: false,
                blocked: false,
                cleared,
            }))
        }
    }
}

fn make(tx: &Tx<'_>, id: &DocId, space: i64) -> Result<i64> {
    let n = free_number(tx)?;
    tx.exec("INSERT INTO conversations (n, id, space) VALUES (?1, ?2, ?3)", (n, id.as_bytes(), space))?;
    Ok(n)
}

/// A number that no conversation has, and under which nothing lies that was set aside.
pub(crate) fn free_number(tx: &Tx<'_>) -> Result<i64> {
    let highest = tx.one(
        "SELECT max((SELECT coalesce(max(n), 0) FROM conversations), (SELECT coalesce(max(n), 0) FROM set_aside))",
        [],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(highest.unwrap_or(0) + 1)
}

/// Gives a conversation another number: what lies under the one it had is not in it any more.
pub(crate) fn renumber(tx: &Tx<'_>, before: i64, now: i64) -> Result<()> {
    tx.exec("UPDATE conversations SET n = ?2 WHERE n = ?1", (before, now))?;
    tx.exec(
        "UPDATE conversations INDEXED BY conversations_shown_in SET shown_in = ?2 WHERE shown_in = ?1",
        (before, now),
    )?;
    Ok(())
}

/// A conversation's number, and that of the one it is shown in.
pub(crate) fn number_of(tx: &Tx<'_>, id: &DocId) -> Result<Option<(i64, Option<i64>)>> {
    tx.one("SELECT n, shown_in FROM conversations WHERE id = ?1", [id.as_bytes()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// What a conversation's document changed beside its row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Put {
    /// The document came just now: messages may have waited for it.
    pub began: bool,
    /// Its row stood under another space: the messages in it are that space's, and not of this conversation.
    pub moved: bool,
    /// Who looks after it or what it goes on in may be known already.
    pub relinked: bool,
}

/// Writes what the document says; flags, counters and preview stay.
pub fn put(tx: &Tx<'_>, new: &ConversationDoc) -> Result<Put> {
    let creator = new.creator.map(|person| tx.number_of(&person.0)).transpose()?;
    let space = tx.number_of(&new.space.0)?;
    let merged = new.merged_into.as_ref().map(|id| id.as_bytes().to_vec());
    let known = tx.one(
        "SELECT n, space, creator IS NOT NULL, merged_into IS ?2 FROM conversations WHERE id = ?1",
        (new.id.as_bytes(), &merged),
        |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?, row.get::<_, bool>(3)?))
        },
    )?;
    let (n, done) = match known {
        Some((n, before, known, same)) => {
            (n, Put { began: !known, moved: before != space, relinked: !known || !same })
        }
        None => {
            let n = make(tx, &new.id, space)?;
            drafts::refresh(tx, &new.id)?;
            cleared::refresh(tx, n)?;
            (n, Put { began: true, moved: false, relinked: true })
        }
    };
    tx.exec(
        "UPDATE conversations SET space = ?2, subject = ?3, creator = ?4, created_ms = ?5, deleted = ?6,
           merged_into = ?7, last_at = CASE WHEN last_n IS NULL THEN ?5 ELSE last_at END WHERE n = ?1",
        params![n, space, new.subject, creator, new.created_ms, new.deleted, merged],
    )?;
    Ok(done)
}

/// What a person set for a conversation, for themselves; `away`: it is out of sight now. `at_ms`: when they snoozed it.
pub fn set_personal(tx: &Tx<'_>, id: &DocId, own: &PersonalState, away: bool, at_ms: u64) -> Result<()> {
    tx.exec(
        "UPDATE conversations SET pinned = ?2, muted_until = ?3, snoozed_at =
             CASE WHEN snoozed_until = ?4 THEN snoozed_at ELSE ?8 END,
           snoozed_until = ?4, announce = ?5, keep_files = ?6, away = ?7 WHERE id = ?1",
        params![
            id.as_bytes(),
            own.pinned,
            own.muted_until_ms,
            own.snoozed_until_ms,
            own.announce,
            own.keep_files,
            away,
            at_ms
        ],
    )?;
    Ok(())
}

/// Brings back what was snoozed until now at the latest.
pub fn bring_back(tx: &Tx<'_>, now_ms: u64) -> Result<Vec<DocId>> {
    tx.all(
        "UPDATE conversations INDEXED BY conversations_due SET away = 0 WHERE away = 1 AND snoozed_until <= ?1
         RETURNING id",
        [now_ms],
        |row| doc(row, 0),
    )
}

/// Forgets a conversation whose document was withdrawn; its messages must be gone.
pub fn remove(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    tx.exec("DELETE FROM conversations WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

/// Archives, or brings back. `at_ms`: when that was decided.
pub fn set_archived(tx: &Tx<'_>, id: &DocId, archived: bool, at_ms: u64) -> Result<()> {
    tx.exec(
        "UPDATE conversations SET archived_at = CASE WHEN archived = ?2 THEN archived_at ELSE ?3 END, archived = ?2
         WHERE id = ?1",
        (id.as_bytes(), archived, at_ms),
    )?;
    Ok(())
}

/// Marks as unread by hand, or takes the mark away.
pub fn set_marked_unread(tx: &Tx<'_>, id: &DocId, marked: bool) -> Result<()> {
    tx.exec("UPDATE conversations SET marked_unread = ?2 WHERE id = ?1", (id.as_bytes(), marked))?;
    Ok(())
}
