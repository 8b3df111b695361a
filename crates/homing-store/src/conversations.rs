//! Conversations as the list shows them. Counters and preview stand in the row; the functions in
//! [`crate::messages`] keep them right in the transaction that changes a message.

use std::fmt;
use std::str::FromStr;

use homing_wire::{DeviceId, DocId, PersonId, SpaceId, SpaceKind};
use rusqlite::{Row, params};

use crate::messages::MessageState;
use crate::sql::{doc, doc_opt};
use crate::{Read, Result, StoreError, Tx, drafts, spaces};

/// What a conversation's document says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversationDoc {
    /// Its id.
    pub id: DocId,
    /// Its space.
    pub space: SpaceId,
    /// Empty if none was given.
    pub subject: String,
    /// Who began it.
    pub creator: Option<PersonId>,
    /// When, Unix ms.
    pub created_ms: u64,
    /// Deleted for everyone.
    pub deleted: bool,
}

/// The newest message of a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastMessage {
    /// Its id.
    pub id: DocId,
    /// Who wrote it.
    pub author: PersonId,
    /// The name to show.
    pub author_name: String,
    /// By this person.
    pub mine: bool,
    /// How far it came.
    pub state: MessageState,
    /// The sending device; with `dseq` it says which receipts cover it.
    pub device: DeviceId,
    /// 0 while not sealed.
    pub dseq: u64,
    /// Deleted for everyone.
    pub deleted: bool,
    /// How many files it has.
    pub files: u32,
}

/// A row of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversationRow {
    /// Its id.
    pub id: DocId,
    /// Its space.
    pub space: SpaceId,
    /// What the space is for; none while the space is unknown.
    pub space_kind: Option<SpaceKind>,
    /// The space's name.
    pub space_name: String,
    /// Empty if none was given.
    pub subject: String,
    /// Who began it; none while its document is not here yet.
    pub creator: Option<PersonId>,
    /// When, Unix ms.
    pub created_ms: u64,
    /// Order key of the newest message, else when it began.
    pub last_at_ms: u64,
    /// First 100 characters of the newest message.
    pub preview: String,
    /// The newest message.
    pub last: Option<LastMessage>,
    /// Unread messages.
    pub unread: u32,
    /// Own messages not yet at the relay.
    pub waiting: u32,
    /// Marked by hand.
    pub marked_unread: bool,
    /// Put away.
    pub archived: bool,
    /// Deleted for this person only.
    pub hidden: bool,
    /// Deleted for everyone.
    pub deleted: bool,
    /// There is a draft with text.
    pub has_draft: bool,
    /// First 100 characters of the newest draft.
    pub draft_preview: String,
}

/// Which conversations a list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filter {
    /// All that are not deleted or hidden.
    All,
    /// Not archived.
    Active,
    /// Active with something unread, or marked so.
    Unread,
    /// Archived.
    Archived,
    /// With a draft.
    Drafts,
}

/// Place in the list: the last row of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// [`ConversationRow::last_at_ms`].
    pub last_at_ms: u64,
    /// [`ConversationRow::id`].
    pub id: DocId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{}", self.last_at_ms, self.id)
    }
}

impl FromStr for Cursor {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || StoreError::NotFound("cursor");
        let (at, id) = text.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            last_at_ms: u64::from_str_radix(at, 16).map_err(|_| bad())?,
            id: id.parse().map_err(|_| bad())?,
        })
    }
}

/// Sums over the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Unread messages in conversations that are not archived.
    pub messages: u64,
    /// Conversations the unread filter shows.
    pub conversations: u64,
}

const COLUMNS: &str =
    "c.id, s.id, sp.kind, coalesce(sp.name, ''), c.subject, cr.id, c.created_ms, c.last_at, c.preview,
    c.unread, c.waiting, c.marked_unread, c.archived, c.hidden, c.deleted, c.has_draft, c.draft_preview,
    m.id, a.id, coalesce(n.name, p.name, ''), m.mine, m.state, d.id, m.dseq, m.deleted, m.files";
const JOINS: &str = "CROSS JOIN ids s ON s.n = c.space LEFT JOIN spaces sp ON sp.n = c.space
    LEFT JOIN ids cr ON cr.n = c.creator LEFT JOIN messages m ON m.n = c.last_n LEFT JOIN ids a ON a.n = m.author
    LEFT JOIN names n ON n.person = m.author AND n.space = m.space
    LEFT JOIN people p ON p.person = m.author LEFT JOIN ids d ON d.n = m.device";

/// Where a conversation's row is.
pub(crate) struct Place {
    pub n: i64,
    /// Order key of its newest message, if it has one.
    pub last_at: Option<i64>,
}

/// A conversation's row, made now if need be: messages may come before their conversation.
pub(crate) fn ensure(tx: &Tx<'_>, id: &DocId, space: &SpaceId) -> Result<Place> {
    let known = tx.one(
        "SELECT n, last_at, last_n IS NULL FROM conversations WHERE id = ?1",
        [id.as_bytes()],
        |row| {
            let last_at = if row.get(2)? { None } else { row.get(1)? };
            Ok(Place { n: row.get(0)?, last_at })
        },
    )?;
    if let Some(place) = known {
        return Ok(place);
    }
    tx.exec(
        "INSERT INTO conversations (id, space) VALUES (?1, ?2)",
        (id.as_bytes(), tx.number_of(&space.0)?),
    )?;
    let n = tx.conn().last_insert_rowid();
    drafts::refresh(tx, id)?;
    Ok(Place { n, last_at: None })
}

/// Writes what the document says; flags, counters and preview stay.
pub fn put(tx: &Tx<'_>, new: &ConversationDoc) -> Result<()> {
    let n = ensure(tx, &new.id, &new.space)?.n;
    let creator = new.creator.map(|person| tx.number_of(&person.0)).transpose()?;
    tx.exec(
        "UPDATE conversations SET space = ?2, subject = ?3, creator = ?4, created_ms = ?5, deleted = ?6,
           last_at = CASE WHEN last_n IS NULL THEN ?5 ELSE last_at END WHERE n = ?1",
        params![n, tx.number_of(&new.space.0)?, new.subject, creator, new.created_ms, new.deleted],
    )?;
    Ok(())
}

/// Forgets a conversation whose document was withdrawn; its messages must be gone.
pub fn remove(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    tx.exec("DELETE FROM conversations WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

/// Archives, or brings back.
pub fn set_archived(tx: &Tx<'_>, id: &DocId, archived: bool) -> Result<()> {
    tx.exec("UPDATE conversations SET archived = ?2 WHERE id = ?1", (id.as_bytes(), archived))?;
    Ok(())
}

/// Hides from this person's lists, or shows again.
pub fn set_hidden(tx: &Tx<'_>, id: &DocId, hidden: bool) -> Result<()> {
    tx.exec("UPDATE conversations SET hidden = ?2 WHERE id = ?1", (id.as_bytes(), hidden))?;
    Ok(())
}

/// Marks as unread by hand, or takes the mark away.
pub fn set_marked_unread(tx: &Tx<'_>, id: &DocId, marked: bool) -> Result<()> {
    tx.exec("UPDATE conversations SET marked_unread = ?2 WHERE id = ?1", (id.as_bytes(), marked))?;
    Ok(())
}

/// A page of the list, newest first, after `after`.
pub fn list(
    db: &Read<'_>,
    filter: Filter,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<ConversationRow>> {
    // Each condition is that of one partial index, word for word.
    let which = match filter {
        Filter::All => "c.listed = 1",
        Filter::Active => "c.active = 1",
        Filter::Unread => "c.unseen = 1",
        Filter::Archived => "c.listed = 1 AND c.archived = 1",
        Filter::Drafts => "c.listed = 1 AND c.has_draft = 1",
    };
    let index = match filter {
        Filter::All => "conversations_all",
        Filter::Active => "conversations_active",
        Filter::Unread => "conversations_unread",
        Filter::Archived => "conversations_archived",
        Filter::Drafts => "conversations_drafts",
    };
    let (at, id) = after.map_or((i64::MAX as u64, [0xff; 16]), |cursor| {
        (cursor.last_at_ms.min(i64::MAX as u64), *cursor.id.as_bytes())
    });
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM conversations c INDEXED BY {index} {JOINS}
             WHERE {which} AND (c.last_at, c.id) < (?1, ?2) ORDER BY c.last_at DESC, c.id DESC LIMIT ?3"
        ),
        (at, id, limit),
        read,
    )
}

/// One conversation.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<ConversationRow>> {
    db.one(&format!("SELECT {COLUMNS} FROM conversations c {JOINS} WHERE c.id = ?1"), [id.as_bytes()], read)
}

/// Any number of conversations, in one query and no particular order.
pub fn of(db: &Read<'_>, ids: &[DocId]) -> Result<Vec<ConversationRow>> {
    let list = crate::sql::hex_list(ids.iter().map(|id| id.as_bytes().as_slice()));
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM json_each(?1) wanted
             CROSS JOIN conversations c ON c.id = unhex(wanted.value) {JOINS}"
        ),
        [list],
        read,
    )
}

/// All conversations of a space, newest first, deleted and hidden ones left out.
pub fn of_space(db: &Read<'_>, space: &SpaceId) -> Result<Vec<ConversationRow>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM conversations c {JOINS} WHERE c.space = (SELECT n FROM ids WHERE id = ?1)
             AND c.hidden = 0 AND c.deleted = 0 ORDER BY c.last_at DESC, c.id DESC"
        ),
        [&space.0],
        read,
    )
}

/// Ids between two, both inclusive: what a prefix typed by a person can mean. At most `limit`.
pub fn ids_between(db: &Read<'_>, first: &[u8; 16], last: &[u8; 16], limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
        (first, last, limit),
        |row| doc(row, 0),
    )
}

/// Conversations with exactly this subject.
pub fn by_subject(db: &Read<'_>, subject: &str, limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations WHERE subject = ?1 AND subject <> '' AND hidden = 0 AND deleted = 0 LIMIT ?2",
        (subject, limit),
        |row| doc(row, 0),
    )
}

/// What waits to be read, over all conversations.
pub fn totals(db: &Read<'_>) -> Result<Totals> {
    let totals = db.one(
        "SELECT coalesce(sum(unread), 0), count(*) FROM conversations INDEXED BY conversations_unread
         WHERE unseen = 1",
        [],
        |row| Ok(Totals { messages: row.get(0)?, conversations: row.get(1)? }),
    )?;
    Ok(totals.unwrap_or_default())
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConversationRow> {
    let last = match doc_opt(row, 17)? {
        Some(id) => Some(LastMessage {
            id,
            author: PersonId(row.get(18)?),
            author_name: row.get(19)?,
            mine: row.get(20)?,
            state: row.get(21)?,
            device: DeviceId(row.get(22)?),
            dseq: row.get(23)?,
            deleted: row.get(24)?,
            files: row.get(25)?,
        }),
        None => None,
    };
    let space_kind = match row.get::<_, Option<i64>>(2)? {
        Some(_) => Some(spaces::kind(row, 2)?),
        None => None,
    };
    Ok(ConversationRow {
        id: doc(row, 0)?,
        space: SpaceId(row.get(1)?),
        space_kind,
        space_name: row.get(3)?,
        subject: row.get(4)?,
        creator: row.get::<_, Option<_>>(5)?.map(PersonId),
        created_ms: row.get(6)?,
        last_at_ms: row.get(7)?,
        preview: row.get(8)?,
        last,
        unread: row.get(9)?,
        waiting: row.get(10)?,
        marked_unread: row.get(11)?,
        archived: row.get(12)?,
        hidden: row.get(13)?,
        deleted: row.get(14)?,
        has_draft: row.get(15)?,
        draft_preview: row.get(16)?,
    })
}
