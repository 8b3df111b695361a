//! Writing messages: row, search words and the conversation's counters in one go.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use homing_wire::{DeviceId, DocId, PersonId, SpaceId};
use rusqlite::params;

use super::row_numbers::free_row;
use super::words::{searched, searched_of, tags};
use super::{Marks, MessageState, NewMessage};
use crate::people::{self, heard};
use crate::sql::doc;
use crate::{Result, StoreError, Tx, attachments, cleared, conversations, drafts, search, strays};

/// The last millisecond of the year 9999: times beyond are cut to it.
const LATEST_MS: u64 = 253_402_300_799_999;
/// Characters of a preview.
const PREVIEW: usize = 100;

/// Where the relay put an own message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// min(author time, receive time), Unix ms.
    pub at_ms: u64,
    /// Receive time, Unix ms.
    pub received_ms: u64,
    /// The sending device.
    pub device: DeviceId,
    /// The entry's number within (space, device).
    pub dseq: u64,
}

pub(super) struct Kept {
    pub n: i64,
    pub conversation: i64,
    pub at: i64,
    pub author: i64,
    pub files: i64,
    pub deleted: bool,
    pub state: MessageState,
    pub body: String,
    pub id: DocId,
}

/// What a batch changes in one conversation.
struct Touched {
    place: conversations::Place,
    unread: i64,
    waiting: i64,
    /// Row, order key and text of the newest message of the batch that its row may show.
    newest: Option<(i64, i64, String)>,
}

/// What a batch brought.
#[derive(Debug, Default)]
pub struct Inserted {
    /// Messages that were not here before.
    pub added: Vec<DocId>,
    /// Of these, those that wait to be read.
    pub unread: Vec<DocId>,
    /// Of these, those written earlier than what was already read.
    pub late: Vec<NewMessage>,
}

/// Keeps messages; those already here are left as they are. A message that is in no conversation of its space is noted as a
/// stray instead.
pub fn insert(tx: &Tx<'_>, mut batch: Vec<NewMessage>) -> Result<Inserted> {
    // In the order of the search rows: appending is several times cheaper than inserting anywhere.
    batch.sort_by_key(|message| (message.at_ms, message.id));
    let mut touched: HashMap<(DocId, SpaceId, bool), Option<Touched>> = HashMap::new();
    let mut inserted = Inserted::default();
    let mut authors: HashMap<PersonId, bool> = HashMap::new();
    // What came as soon as it was written can't be late.
    let mut doubtful = Vec::new();
    // Filed behind all rows: a statement on messages in between makes the index write out what it has gathered.
    let mut words = Vec::new();
    for message in &batch {
        let (of, space, internal) = (&message.conversation, &message.space, message.internal);
        let conversation = match touched.entry((*of, *space, internal)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let place = conversations::place_for(tx, of, space, internal)?;
                free.insert(place.map(|place| Touched { place, unread: 0, waiting: 0, newest: None }))
            }
        };
        let Some(conversation) = conversation.as_mut().filter(|known| !known.place.covers(message)) else {
            strays::note(tx, &message.id, of, clamp(message.at_ms))?;
            continue;
        };
        let Some((n, unread)) = insert_one(tx, message, &conversation.place)? else { continue };
        if !message.deleted {
            words.push((n, conversation.place.n, message));
        }
        inserted.added.push(message.id);
        let heard = is_heard(tx, message, &mut authors)?;
        if unread && heard {
            conversation.unread += 1;
            inserted.unread.push(message.id);
        }
        conversation.waiting += i64::from(message.state == MessageState::Pending);
        if heard || conversation.place.blocked {
            let preview =
                if message.deleted { String::new() } else { message.body.chars().take(PREVIEW).collect() };
            conversation.newest = Some((n, clamp(message.at_ms), preview));
        }
        if unread && message.received_ms > message.author_ms {
            doubtful.push((n, conversation.place.n, message));
        }
    }
    for (n, conversation, message) in words {
        file_words(tx, n, conversation, message)?;
    }
    for (n, conversation, message) in doubtful {
        if read_beyond(tx, conversation, clamp(message.at_ms), clamp(message.received_ms))? {
            tx.exec("UPDATE messages SET late = 1 WHERE n = ?1", [n])?;
            inserted.late.push(message.clone());
        }
    }
    let mut parts: HashMap<i64, usize> = HashMap::new();
    for conversation in touched.values().flatten() {
        *parts.entry(conversation.place.n).or_default() += 1;
    }
    for conversation in touched.into_values().flatten() {
        let place = conversation.place;
        count(tx, place.n, conversation.unread, conversation.waiting)?;
        if place.hidden && conversation.newest.is_some() {
            cleared::refresh(tx, place.n)?;
        }
        match conversation.newest {
            // What is shown in one row may have been written in several.
            Some(_) if parts.get(&place.n).is_some_and(|parts| *parts > 1) => refresh_last(tx, place.n)?,
            // Older history, filling in behind: the list doesn't change.
            Some((_, at, _)) if place.last_at.is_some_and(|last| at < last) => {}
            Some((n, at, preview)) if place.last_at.is_none_or(|last| at > last) => {
                tx.exec(
                    "UPDATE conversations SET last_n = ?2, last_at = ?3, preview = ?4 WHERE n = ?1",
                    (place.n, n, at, preview),
                )?;
            }
            Some(_) => refresh_last(tx, place.n)?,
            None => {}
        }
    }
    Ok(inserted)
}

/// Whether its author is; asked once for each.
fn is_heard(tx: &Tx<'_>, message: &NewMessage, known: &mut HashMap<PersonId, bool>) -> Result<bool> {
    if message.mine {
        return Ok(true);
    }
    Ok(match known.entry(message.author) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(free) => *free.insert(!people::is_blocked(tx, &message.author)?),
    })
}

/// Whether something that stands later in the conversation, and came earlier, was read already. Only the next few
/// messages are looked at: what arrives in the middle of old history is not news.
fn read_beyond(tx: &Tx<'_>, conversation: i64, at: i64, received_ms: i64) -> Result<bool> {
    let found = tx.one(
        "SELECT 1 FROM (SELECT unread, received_ms FROM messages INDEXED BY messages_order
           WHERE conversation = ?1 AND at > ?2 ORDER BY at LIMIT 50)
         WHERE unread = 0 AND received_ms > 0 AND received_ms < ?3 LIMIT 1",
        (conversation, at, received_ms),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Row and whether it is unread; none if the message was here already.
fn insert_one(
    tx: &Tx<'_>,
    message: &NewMessage,
    place: &conversations::Place,
) -> Result<Option<(i64, bool)>> {
    let at = clamp(message.at_ms);
    let n = free_row(tx, at)?;
    let conversation = place.n;
    let author = tx.number_of(&message.author.0)?;
    let body = if message.deleted { "" } else { message.body.as_str() };
    let files = if message.deleted { 0 } else { message.attachments.len() };
    let unread = message.unread && !message.deleted && !message.mine;
    let added = tx.exec(
        "INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, reply_to, deleted,
           unread, device, dseq, state, files, body, edited_ms, reactions, extras, mentions_me, origin)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
           ?22)
         ON CONFLICT (id) DO NOTHING",
        params![
            n,
            message.id.as_bytes(),
            conversation,
            tx.number_of(&message.space.0)?,
            author,
            message.mine,
            at,
            clamp(message.author_ms),
            clamp(message.received_ms),
            message.reply_to.as_ref().map(DocId::as_bytes),
            message.deleted,
            unread,
            tx.number_of(&message.device.0)?,
            message.dseq,
            message.state,
            files,
            body,
            clamp(message.marks.edited_ms),
            message.marks.reactions,
            message.marks.extras,
            message.marks.mentions_me,
            place.origin,
        ],
    )?;
    if added == 0 {
        return Ok(None);
    }
    if message.deleted {
        return Ok(Some((n, false)));
    }
    for (position, file) in message.attachments.iter().enumerate() {
        let mut file = file.clone();
        file.message = message.id;
        file.position = position as u32;
        attachments::put(tx, &file)?;
    }
    Ok(Some((n, unread)))
}

fn file_words(tx: &Tx<'_>, n: i64, conversation: i64, message: &NewMessage) -> Result<()> {
    let (author, file) = (tx.number_of(&message.author.0)?, !message.attachments.is_empty());
    // From the rows, which may have been here before: what is put in now has to be taken out one day.
    let text = searched_of(tx, &message.id, file, &message.body)?;
    search::add(tx, n, &text, &search::Tags { conversation, author, file })
}

/// The relay acknowledged an own message: it has its final place.
pub fn place(tx: &Tx<'_>, id: &DocId, placed: &Placed) -> Result<()> {
    let row = must(tx, id)?;
    let at = clamp(placed.at_ms);
    let n = follow_time(tx, &row, at)?;
    tx.exec(
        "UPDATE messages SET n = ?2, at = ?3, received_ms = ?4, device = ?5, dseq = ?6, state = ?7, error = '',
           error_message = '' WHERE n = ?1",
        params![
            row.n,
            n,
            at,
            clamp(placed.received_ms),
            tx.number_of(&placed.device.0)?,
            placed.dseq,
            MessageState::Sent,
        ],
    )?;
    count(tx, row.conversation, 0, -i64::from(row.state == MessageState::Pending))?;
    refresh_last(tx, row.conversation)
}

/// Gives an own message that waits another time.
pub fn set_time(tx: &Tx<'_>, id: &DocId, author_ms: u64) -> Result<()> {
    let row = must(tx, id)?;
    let at = clamp(author_ms);
    let n = follow_time(tx, &row, at)?;
    tx.exec("UPDATE messages SET n = ?2, at = ?3, author_ms = ?3 WHERE n = ?1", (row.n, n, at))?;
    refresh_last(tx, row.conversation)
}

/// The row of a message that gets another time. It is its search row too, which follows time; a minute more or less is
/// not worth a new one.
fn follow_time(tx: &Tx<'_>, row: &Kept, at: i64) -> Result<i64> {
    if (at - row.at).abs() <= 60_000 {
        return Ok(row.n);
    }
    let n = free_row(tx, at)?;
    if !row.deleted {
        let text = searched(tx, row, &row.body)?;
        search::remove(tx, row.n, &text, &tags(row))?;
        search::add(tx, n, &text, &tags(row))?;
    }
    Ok(n)
}

/// Sets how far an own message came, with a code and words if it failed.
pub fn set_state(tx: &Tx<'_>, id: &DocId, state: MessageState, error: &str, words: &str) -> Result<()> {
    let row = must(tx, id)?;
    tx.exec(
        "UPDATE messages SET state = ?2, error = ?3, error_message = ?4 WHERE n = ?1",
        (row.n, state, error, words),
    )?;
    let waiting = i64::from(state == MessageState::Pending) - i64::from(row.state == MessageState::Pending);
    count(tx, row.conversation, 0, waiting)
}

/// Changes the text of an own message that is not sealed yet.
pub fn set_body(tx: &Tx<'_>, id: &DocId, body: &str) -> Result<()> {
    let row = must(tx, id)?;
    if row.deleted || row.body == body {
        return Ok(());
    }
    search::remove(tx, row.n, &searched(tx, &row, &row.body)?, &tags(&row))?;
    search::add(tx, row.n, &searched(tx, &row, body)?, &tags(&row))?;
    tx.exec("UPDATE messages SET body = ?2 WHERE n = ?1", (row.n, body))?;
    refresh_last(tx, row.conversation)
}

/// Sets what a message got besides its words.
pub fn set_marks(tx: &Tx<'_>, id: &DocId, marks: &Marks) -> Result<()> {
    tx.exec(
        "UPDATE messages SET edited_ms = ?2, reactions = ?3, extras = ?4, mentions_me = ?5 WHERE id = ?1",
        params![id.as_bytes(), clamp(marks.edited_ms), marks.reactions, marks.extras, marks.mentions_me],
    )?;
    Ok(())
}

/// Deleted for everyone: the text, the search words and the files' rows leave; a mark stays. Answers where
/// files are on this computer, to be removed too.
pub fn delete(tx: &Tx<'_>, id: &DocId) -> Result<Vec<String>> {
    let row = must(tx, id)?;
    if row.deleted {
        return Ok(Vec::new());
    }
    let unread = counted(tx, row.n)?;
    search::remove(tx, row.n, &searched(tx, &row, &row.body)?, &tags(&row))?;
    let paths = attachments::delete_of(tx, id)?;
    tx.exec(
        "UPDATE messages SET deleted = 1, unread = 0, files = 0, body = '', edited_ms = 0, reactions = x'',
           extras = x'', mentions_me = 0 WHERE n = ?1",
        [row.n],
    )?;
    count(tx, row.conversation, -unread, 0)?;
    refresh_last(tx, row.conversation)?;
    Ok(paths)
}

/// Takes a message out without a trace: it was cancelled, or its entry refused. Answers where its files are.
pub fn remove(tx: &Tx<'_>, id: &DocId) -> Result<Vec<String>> {
    let row = must(tx, id)?;
    let unread = counted(tx, row.n)?;
    if !row.deleted {
        search::remove(tx, row.n, &searched(tx, &row, &row.body)?, &tags(&row))?;
    }
    let paths = attachments::delete_of(tx, id)?;
    tx.exec("DELETE FROM messages WHERE n = ?1", [row.n])?;
    let pending = i64::from(row.state == MessageState::Pending);
    count(tx, row.conversation, -unread, -pending)?;
    refresh_last(tx, row.conversation)?;
    cleared::refresh(tx, row.conversation)?;
    Ok(paths)
}

/// Takes everything out that was written in a conversation: it is another space's. Answers the ids and where their files
/// are.
pub fn remove_all(tx: &Tx<'_>, conversation: &DocId) -> Result<(Vec<DocId>, Vec<String>)> {
    let ids = tx.all(
        "SELECT m.id FROM conversations c CROSS JOIN messages m INDEXED BY messages_order ON m.conversation = c.n
         WHERE c.id = ?1",
        [conversation.as_bytes()],
        |row| doc(row, 0),
    )?;
    let mut paths = Vec::new();
    for id in &ids {
        paths.extend(remove(tx, id)?);
    }
    Ok((ids, paths))
}

/// Shows what was written in one row in another: the words are filed under it too.
pub(crate) fn show_in(tx: &Tx<'_>, written: i64, before: i64, now: i64) -> Result<()> {
    let which = if before == written {
        "INDEXED BY messages_order WHERE conversation = ?2 AND origin IS NULL"
    } else {
        "INDEXED BY messages_origin WHERE origin = ?1 AND conversation = ?2"
    };
    let rows = tx.all(
        &format!("SELECT n, conversation, at, author, files, deleted, state, body, id FROM messages {which}"),
        (written, before),
        kept,
    )?;
    let origin = (now != written).then_some(written);
    tx.exec(
        "UPDATE messages SET origin = ?2 WHERE n IN (SELECT value FROM json_each(?1))",
        (numbers(&rows), origin),
    )?;
    refile(tx, rows, now)
}

/// Puts rows under another conversation's number, with their search words. By kind of statement, as all that moves many: see
/// [`insert`].
pub(super) fn refile(tx: &Tx<'_>, mut rows: Vec<Kept>, now: i64) -> Result<()> {
    rows.sort_unstable_by_key(|row| row.n);
    for row in rows.iter().filter(|row| !row.deleted) {
        search::remove(tx, row.n, &searched(tx, row, &row.body)?, &tags(row))?;
    }
    tx.exec(
        "UPDATE messages SET conversation = ?2 WHERE n IN (SELECT value FROM json_each(?1))",
        (numbers(&rows), now),
    )?;
    for mut row in rows.into_iter().filter(|row| !row.deleted) {
        row.conversation = now;
        search::add(tx, row.n, &searched(tx, &row, &row.body)?, &tags(&row))?;
    }
    Ok(())
}

/// Row numbers as a list for a statement.
pub(super) fn numbers<'k>(rows: impl IntoIterator<Item = &'k Kept>) -> String {
    let numbers: Vec<String> = rows.into_iter().map(|row| row.n.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

/// Counts a conversation's messages anew. The incremental updates keep the same numbers; this is for repair.
pub fn recount(tx: &Tx<'_>, conversation: &DocId) -> Result<()> {
    let n: i64 = tx
        .one("SELECT n FROM conversations WHERE id = ?1", [conversation.as_bytes()], |row| row.get(0))?
        .ok_or(StoreError::NotFound("conversation"))?;
    tx.exec(
        &format!(
            "UPDATE conversations SET unread = {},
               waiting = (SELECT count(*) FROM messages WHERE conversation = ?1 AND state = 1),
               mentions = {} WHERE n = ?1",
            counts("unread"),
            counts("mentions_me"),
        ),
        [n],
    )?;
    refresh_last(tx, n)?;
    cleared::refresh(tx, n)?;
    drafts::refresh(tx, conversation)
}

/// Somebody was blocked, or is heard again: what rows say of what they wrote follows. Answers whose did.
pub fn hear_anew(tx: &Tx<'_>, person: &PersonId) -> Result<Vec<DocId>> {
    let author = tx.number_of(&person.0)?;
    let mut changed = Vec::new();
    for (counter, flag, index) in
        [("unread", "unread", "messages_unread_newest"), ("mentions", "mentions_me", "messages_mentions")]
    {
        let sql = format!(
            "UPDATE conversations SET {counter} = {} WHERE n IN
               (SELECT conversation FROM messages INDEXED BY {index} WHERE {flag} = 1 AND author = ?1) RETURNING id",
            counts(flag),
        );
        changed.extend(tx.all(&sql, [author], |row| doc(row, 0))?);
    }
    // Where what they wrote is or would be the newest nothing says: each conversation's newest is looked at, once.
    let sql = format!(
        "UPDATE conversations SET (last_n, last_at, preview) = ({LAST})
         WHERE (last_n, last_at, preview) IS NOT ({LAST}) RETURNING id",
        LAST = last(),
    );
    changed.extend(tx.all(&sql, [], |row| doc(row, 0))?);
    for n in cleared::conversations(tx)? {
        cleared::refresh(tx, n)?;
    }
    Ok(changed)
}

/// How many messages of a conversation have a flag, of those that are heard.
pub(crate) fn counts(flag: &str) -> String {
    format!(
        "(SELECT count(*) FROM messages m WHERE m.conversation = conversations.n AND m.{flag} = 1 AND {})",
        heard("m.author")
    )
}

/// Row, order key and preview of a conversation's newest message that is heard; where nobody else is, of the newest.
pub(crate) fn last() -> String {
    format!(
        "SELECT max(n), coalesce(max(at), conversations.created_ms), coalesce(max(preview), '') FROM (
           SELECT m.n, m.at, substr(m.body, 1, {PREVIEW}) AS preview FROM messages m INDEXED BY messages_order
           WHERE m.conversation = conversations.n AND (conversations.blocked = 1 OR {})
           ORDER BY m.at DESC, m.id DESC LIMIT 1)",
        heard("m.author")
    )
}

/// What a message stands for in its conversation's counter.
fn counted(tx: &Tx<'_>, n: i64) -> Result<i64> {
    let sql = format!("SELECT unread AND {} FROM messages WHERE n = ?1", heard("author"));
    Ok(tx.one(&sql, [n], |row| row.get(0))?.unwrap_or(0))
}

pub(super) fn count(tx: &Tx<'_>, conversation: i64, unread: i64, waiting: i64) -> Result<()> {
    if unread != 0 || waiting != 0 {
        // Never below zero: a damaged counter must not turn every later update into an error.
        tx.exec(
            "UPDATE conversations SET unread = max(0, unread + ?2), waiting = max(0, waiting + ?3) WHERE n = ?1",
            (conversation, unread, waiting),
        )?;
    }
    Ok(())
}

/// Makes the conversation's row show its newest message.
pub(crate) fn refresh_last(tx: &Tx<'_>, conversation: i64) -> Result<()> {
    let sql = format!("UPDATE conversations SET (last_n, last_at, preview) = ({}) WHERE n = ?1", last());
    tx.exec(&sql, [conversation])?;
    Ok(())
}

fn must(tx: &Tx<'_>, id: &DocId) -> Result<Kept> {
    tx.one(
        "SELECT n, conversation, at, author, files, deleted, state, body, id FROM messages WHERE id = ?1",
        [id.as_bytes()],
        kept,
    )?
    .ok_or(StoreError::NotFound("message"))
}

pub(super) fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        n: row.get(0)?,
        conversation: row.get(1)?,
        at: row.get(2)?,
        author: row.get(3)?,
        files: row.get(4)?,
        deleted: row.get(5)?,
        state: row.get(6)?,
        body: row.get(7)?,
        id: doc(row, 8)?,
    })
}

fn clamp(ms: u64) -> i64 {
    ms.min(LATEST_MS) as i64
}
