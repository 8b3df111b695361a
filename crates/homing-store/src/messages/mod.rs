//! Messages as a conversation shows them.
//!
//! Ordered by (clamped author time, id), see [`Order`]. The row number is the message's place in the search
//! index and follows time too, so bulk inserts append to both trees.

mod aside;
mod files;
mod row_numbers;
mod seen;
mod words;
mod write;

use std::fmt;
use std::str::FromStr;

use homing_wire::{DeviceId, DocId, PersonId, SpaceId};
use rusqlite::Row;

use crate::attachments::{self, AttachmentRow};
use crate::outbox::OutboxState;
use crate::people::heard;
use crate::sql::{doc, doc_opt, hex_list, stored_enum};
use crate::{Read, Result, StoreError, cleared};

pub use aside::{Aside, clear_aside, come_back, leave_aside, put_aside, sweep};
pub use files::{with_files_after, with_files_before};
pub use seen::{Seen, mark_conversation_read, mark_read, mark_read_ranges};
pub(crate) use words::{complete_words, index_words};
pub use write::{
    Inserted, Placed, delete, hear_anew, insert, place, recount, remove, remove_all, set_body, set_marks,
    set_state, set_time,
};
pub(crate) use write::{counts, last, refresh_last, show_in};

stored_enum! {
    /// How far an own message came; others' are `Sent`.
    MessageState {
        /// No relay is set.
        Local = 0,
        /// On its way.
        Pending = 1,
        /// At the relay.
        Sent = 2,
        /// Refused.
        Failed = 3,
    }
}

/// A message's place in its conversation. As text it sorts the same way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Order {
    /// min(author time, receive time), Unix ms.
    pub at_ms: u64,
    /// The message.
    pub id: DocId,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{}", self.at_ms, self.id)
    }
}

impl FromStr for Order {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || StoreError::NotFound("cursor");
        let (at, id) = text.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            at_ms: u64::from_str_radix(at, 16).map_err(|_| bad())?,
            id: id.parse().map_err(|_| bad())?,
        })
    }
}

/// What a message got besides its words. The two values are opaque here; nothing is in them where there is nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// Since when it has its present words, Unix ms; 0: it was never edited.
    pub edited_ms: u64,
    /// Who reacted, and with what.
    pub reactions: Vec<u8>,
    /// What not every message has.
    pub extras: Vec<u8>,
    /// It names this person.
    pub mentions_me: bool,
}

/// A message to keep.
#[derive(Clone, PartialEq, Debug)]
pub struct NewMessage {
    /// Its id.
    pub id: DocId,
    /// Its conversation.
    pub conversation: DocId,
    /// Its space.
    pub space: SpaceId,
    /// A remark among colleagues: its space is the team's, beside the client's conversation it names.
    pub internal: bool,
    /// Who wrote it.
    pub author: PersonId,
    /// By this person.
    pub mine: bool,
    /// min(author time, receive time), Unix ms. Times after the year 9999 are cut to it.
    pub at_ms: u64,
    /// Author time, Unix ms.
    pub author_ms: u64,
    /// Receive time at the relay; 0 while it has none.
    pub received_ms: u64,
    /// Its text.
    pub body: String,
    /// The message it answers.
    pub reply_to: Option<DocId>,
    /// Deleted for everyone; the text is not kept.
    pub deleted: bool,
    /// Not in the own read positions.
    pub unread: bool,
    /// The sending device.
    pub device: DeviceId,
    /// The entry's number within (space, device); 0 while not sealed.
    pub dseq: u64,
    /// How far it came.
    pub state: MessageState,
    /// Its files; `message` and `position` are set from here.
    pub attachments: Vec<AttachmentRow>,
    /// What it got besides its words.
    pub marks: Marks,
}

/// The message another one answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quote {
    /// Its id.
    pub id: DocId,
    /// Who wrote it; none while it is not here.
    pub author: Option<PersonId>,
    /// The name to show.
    pub author_name: String,
    /// First 100 characters.
    pub preview: String,
    /// Deleted for everyone.
    pub deleted: bool,
}

/// A message.
#[derive(Clone, PartialEq, Debug)]
pub struct MessageRow {
    /// Its id.
    pub id: DocId,
    /// Its conversation.
    pub conversation: DocId,
    /// Its space.
    pub space: SpaceId,
    /// A remark among colleagues, beside a client's conversation.
    pub internal: bool,
    /// By somebody who is blocked.
    pub blocked: bool,
    /// Who wrote it.
    pub author: PersonId,
    /// The name to show: the one used in this space, else the best known.
    pub author_name: String,
    /// By this person.
    pub mine: bool,
    /// min(author time, receive time), Unix ms.
    pub at_ms: u64,
    /// Author time, Unix ms.
    pub author_ms: u64,
    /// Receive time at the relay; 0 while it has none.
    pub received_ms: u64,
    /// Its text; empty once deleted.
    pub body: String,
    /// The message it answers.
    pub reply_to: Option<Quote>,
    /// Deleted for everyone.
    pub deleted: bool,
    /// Written earlier than what was already read, arrived later.
    pub late: bool,
    /// Not read yet.
    pub unread: bool,
    /// The sending device.
    pub device: DeviceId,
    /// The entry's number within (space, device); 0 while not sealed.
    pub dseq: u64,
    /// How far it came.
    pub state: MessageState,
    /// Stable code of why it failed.
    pub error: String,
    /// The same for people.
    pub error_message: String,
    /// Its files.
    pub attachments: Vec<AttachmentRow>,
    /// What it got besides its words.
    pub marks: Marks,
    /// How many answer it.
    pub replies: u32,
    /// An edit of it or a reaction to it that has not reached the relay.
    pub changing: Option<OutboxState>,
    /// An own message that is not handed over before then, Unix ms; 0: it is not held.
    pub hold_until: u64,
}

impl MessageRow {
    /// Its place in the conversation.
    pub fn order(&self) -> Order {
        Order { at_ms: self.at_ms, id: self.id }
    }
}

const COLUMNS: &str = "m.id, c.id, s.id, a.id, coalesce(nullif(p.local_name, ''), n.name, p.name, ''), m.mine, m.at, m.author_ms, m.received_ms,
    m.body, m.reply_to, qa.id, coalesce(nullif(qp.local_name, ''), qn.name, qp.name, ''), coalesce(substr(q.body, 1, 100), ''),
    coalesce(q.deleted, 0), m.deleted, m.late, m.unread, d.id, m.dseq, m.state, m.error, m.error_message, m.files,
    m.edited_ms, m.reactions, m.extras, m.mentions_me,
    (SELECT count(*) FROM messages r INDEXED BY messages_reply
       WHERE r.reply_to = m.id AND r.conversation = m.conversation AND r.deleted = 0),
    (SELECT max(o.state) FROM outbox o INDEXED BY outbox_doc WHERE o.doc = m.id AND o.kind IN ('edit', 'reaction')),
    CASE m.state WHEN 1 THEN coalesce((SELECT max(o.hold_until) FROM outbox o INDEXED BY outbox_doc
       WHERE o.doc = m.id), 0) ELSE 0 END, m.space <> c.space, coalesce(p.blocked, 0)";
const JOINS: &str = "CROSS JOIN conversations c ON c.n = m.conversation CROSS JOIN ids s ON s.n = m.space
    CROSS JOIN ids a ON a.n = m.author LEFT JOIN names n ON n.person = m.author AND n.space = m.space
    LEFT JOIN people p ON p.person = m.author CROSS JOIN ids d ON d.n = m.device
    LEFT JOIN messages q ON q.id = m.reply_to AND q.conversation NOT IN (SELECT n FROM set_aside) LEFT JOIN ids qa ON qa.n = q.author
    LEFT JOIN names qn ON qn.person = q.author AND qn.space = q.space LEFT JOIN people qp ON qp.person = q.author";

/// The page before `before` (none: the newest), oldest first.
pub fn before(
    db: &Read<'_>,
    conversation: &DocId,
    before: Option<&Order>,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    let (at, id) = before.map_or((i64::MAX as u64, [0xff; 16]), |order| {
        (order.at_ms.min(i64::MAX as u64), *order.id.as_bytes())
    });
    let mut rows = db.all(
        &format!(
            "SELECT {COLUMNS} FROM messages m INDEXED BY messages_order {JOINS}
             WHERE m.conversation = (SELECT n FROM conversations WHERE id = ?1) AND (m.at, m.id) < (?2, ?3)
             ORDER BY m.at DESC, m.id DESC LIMIT ?4"
        ),
        (conversation.as_bytes(), at, id, limit),
        read,
    )?;
    rows.reverse();
    with_attachments(db, rows)
}

/// The page after `after` (none: the oldest), oldest first.
pub fn after(
    db: &Read<'_>,
    conversation: &DocId,
    after: Option<&Order>,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    following(db, ("messages_order", ""), conversation, after, limit)
}

/// A page with a message in its middle, oldest first; empty if the message isn't there.
pub fn around(db: &Read<'_>, conversation: &DocId, message: &DocId, limit: u32) -> Result<Vec<MessageRow>> {
    let Some(order) = order_of(db, message)? else { return Ok(Vec::new()) };
    let half = limit / 2;
    let mut rows = before(db, conversation, Some(&order), half)?;
    rows.extend(of(db, &[*message])?.into_iter().filter(|row| row.conversation == *conversation));
    rows.extend(after(db, conversation, Some(&order), limit.saturating_sub(half + 1))?);
    Ok(rows)
}

/// Unread messages after `after`, oldest first; not those of people who are blocked.
pub fn unread(
    db: &Read<'_>,
    conversation: &DocId,
    after: Option<&Order>,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    let those = format!("AND m.unread = 1 AND {}", heard("m.author"));
    following(db, ("messages_unread", &those), conversation, after, limit)
}

fn following(
    db: &Read<'_>,
    (index, those): (&str, &str),
    conversation: &DocId,
    after: Option<&Order>,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    let (at, id): (i64, &[u8]) = after
        .map_or((-1, &[]), |order| (i64::try_from(order.at_ms).unwrap_or(i64::MAX), order.id.as_bytes()));
    let rows = db.all(
        &format!(
            "SELECT {COLUMNS} FROM messages m INDEXED BY {index} {JOINS}
             WHERE m.conversation = (SELECT n FROM conversations WHERE id = ?1) {those}
             AND (m.at, m.id) > (?2, ?3) ORDER BY m.at, m.id LIMIT ?4"
        ),
        (conversation.as_bytes(), at, id, limit),
        read,
    )?;
    with_attachments(db, rows)
}

/// The first unread message, where the divider stands.
pub fn first_unread(db: &Read<'_>, conversation: &DocId) -> Result<Option<DocId>> {
    Ok(unread_of(db, conversation, false, 1)?.pop())
}

/// Unread messages of a conversation that are heard, from the first or from the last on.
pub fn unread_of(db: &Read<'_>, conversation: &DocId, newest: bool, limit: u32) -> Result<Vec<DocId>> {
    let order = if newest { "at DESC, id DESC" } else { "at, id" };
    db.all(
        &format!(
            "SELECT id FROM messages INDEXED BY messages_unread
             WHERE conversation = (SELECT n FROM conversations WHERE id = ?1) AND unread = 1 AND {}
             ORDER BY {order} LIMIT ?2",
            heard("author")
        ),
        (conversation.as_bytes(), limit),
        |row| doc(row, 0),
    )
}

/// One message.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<MessageRow>> {
    Ok(of(db, &[*id])?.pop())
}

/// Any number of messages, in one query and no particular order.
pub fn of(db: &Read<'_>, ids: &[DocId]) -> Result<Vec<MessageRow>> {
    let list = hex_list(ids.iter().map(|id| id.as_bytes().as_slice()));
    let rows = db.all(
        &format!("SELECT {COLUMNS} FROM json_each(?1) wanted CROSS JOIN messages m ON m.id = unhex(wanted.value) {JOINS}"),
        [list],
        read,
    )?;
    with_attachments(db, rows)
}

/// Messages that answer one: their rows show its beginning.
pub fn replies_to(db: &Read<'_>, id: &DocId) -> Result<Vec<DocId>> {
    db.all("SELECT id FROM messages WHERE reply_to = ?1", [id.as_bytes()], |row| doc(row, 0))
}

/// A message and everything that answers it, directly or not, in their conversation. At most `limit`.
pub fn thread(db: &Read<'_>, root: &DocId, limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "WITH RECURSIVE thread (id, conversation) AS (
           SELECT id, conversation FROM messages WHERE id = ?1
           UNION SELECT m.id, m.conversation FROM thread t
             CROSS JOIN messages m INDEXED BY messages_reply ON m.reply_to = t.id
             WHERE m.conversation = t.conversation LIMIT ?2)
         SELECT id FROM thread",
        (root.as_bytes(), limit),
        |row| doc(row, 0),
    )
}

/// The message a chain of answers began with, as far as it is here. Whoever writes one can name any message, so the
/// chain may be a circle.
pub fn thread_root(db: &Read<'_>, id: &DocId) -> Result<DocId> {
    let mut at = *id;
    let mut seen = std::collections::HashSet::from([at]);
    while let Some(above) = db.one(
        "SELECT q.id FROM messages m CROSS JOIN messages q ON q.id = m.reply_to
         WHERE m.id = ?1 AND q.conversation = m.conversation",
        [at.as_bytes()],
        |row| doc(row, 0),
    )? {
        if !seen.insert(above) {
            break;
        }
        at = above;
    }
    Ok(at)
}

/// Own messages a device sent with these numbers: those whose ticks a receipt moves. Newest first.
pub fn own_in_range(
    db: &Read<'_>,
    space: &SpaceId,
    device: &DeviceId,
    first: u64,
    last: u64,
    limit: u32,
) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM messages INDEXED BY messages_mine WHERE space = (SELECT n FROM ids WHERE id = ?1)
         AND device = (SELECT n FROM ids WHERE id = ?2) AND mine = 1 AND dseq BETWEEN ?3 AND ?4
         ORDER BY dseq DESC LIMIT ?5",
        (&space.0, &device.0, first, last, limit),
        |row| doc(row, 0),
    )
}

/// Messages of a space that have files. Looks at every message of the space.
pub fn with_files(db: &Read<'_>, space: &SpaceId) -> Result<Vec<DocId>> {
    db.all(
        "SELECT m.id FROM conversations c CROSS JOIN messages m INDEXED BY messages_order ON m.conversation = c.n
         WHERE c.space = (SELECT n FROM ids WHERE id = ?1) AND m.files > 0",
        [&space.0],
        |row| doc(row, 0),
    )
}

/// The conversation of a message.
pub fn conversation_of(db: &Read<'_>, id: &DocId) -> Result<Option<DocId>> {
    db.one(
        "SELECT c.id FROM messages m CROSS JOIN conversations c ON c.n = m.conversation WHERE m.id = ?1",
        [id.as_bytes()],
        |row| doc(row, 0),
    )
}

/// Place of a message in its conversation.
pub fn order_of(db: &Read<'_>, id: &DocId) -> Result<Option<Order>> {
    db.one("SELECT at, id FROM messages WHERE id = ?1", [id.as_bytes()], |row| {
        Ok(Order { at_ms: row.get(0)?, id: doc(row, 1)? })
    })
}

/// Order key of the newest message; the next author time lies above it.
pub fn newest_at(db: &Read<'_>, conversation: &DocId) -> Result<Option<u64>> {
    let newest: Option<u64> = db.one(
        "SELECT at FROM messages INDEXED BY messages_order
         WHERE conversation = (SELECT n FROM conversations WHERE id = ?1) ORDER BY at DESC, id DESC LIMIT 1",
        [conversation.as_bytes()],
        |row| row.get(0),
    )?;
    // What is written now is newer than what this person deleted of it, whatever the clocks say.
    Ok(newest.max(cleared::get(db, conversation)?.map(|cleared| cleared.author_ms)))
}

/// Ids between two, both inclusive: what a prefix typed by a person can mean. At most `limit`.
pub fn ids_between(db: &Read<'_>, first: &[u8; 16], last: &[u8; 16], limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM messages WHERE id BETWEEN ?1 AND ?2
         AND conversation NOT IN (SELECT n FROM set_aside) ORDER BY id LIMIT ?3",
        (first, last, limit),
        |row| doc(row, 0),
    )
}

fn with_attachments(db: &Read<'_>, mut rows: Vec<MessageRow>) -> Result<Vec<MessageRow>> {
    let ids: Vec<DocId> =
        rows.iter().filter(|row| row.attachments.capacity() > 0).map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(rows);
    }
    for file in attachments::of(db, &ids)? {
        if let Some(row) = rows.iter_mut().find(|row| row.id == file.message) {
            row.attachments.push(file);
        }
    }
    Ok(rows)
}

fn read(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let reply_to = match doc_opt(row, 10)? {
        Some(id) => Some(Quote {
            id,
            author: row.get::<_, Option<_>>(11)?.map(PersonId),
            author_name: row.get(12)?,
            preview: row.get(13)?,
            deleted: row.get(14)?,
        }),
        None => None,
    };
    let files: u32 = row.get(23)?;
    Ok(MessageRow {
        id: doc(row, 0)?,
        conversation: doc(row, 1)?,
        space: SpaceId(row.get(2)?),
        internal: row.get(31)?,
        blocked: row.get(32)?,
        author: PersonId(row.get(3)?),
        author_name: row.get(4)?,
        mine: row.get(5)?,
        at_ms: row.get(6)?,
        author_ms: row.get(7)?,
        received_ms: row.get(8)?,
        body: row.get(9)?,
        reply_to,
        deleted: row.get(15)?,
        late: row.get(16)?,
        unread: row.get(17)?,
        device: DeviceId(row.get(18)?),
        dseq: row.get(19)?,
        state: row.get(20)?,
        error: row.get(21)?,
        error_message: row.get(22)?,
        // The capacity tells `with_attachments` which rows have files at all.
        attachments: Vec::with_capacity(files as usize),
        marks: Marks {
            edited_ms: row.get(24)?,
            reactions: row.get(25)?,
            extras: row.get(26)?,
            mentions_me: row.get(27)?,
        },
        replies: row.get(28)?,
        changing: row.get(29)?,
        hold_until: row.get(30)?,
    })
}
