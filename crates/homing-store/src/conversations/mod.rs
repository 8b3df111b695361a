//! Conversations as the list shows them. Counters and preview stand in the row; the functions in
//! [`crate::messages`] keep them right in the transaction that changes a message.

mod overview;
mod write;

use std::fmt;
use std::str::FromStr;

use homing_wire::{DeviceId, DocId, PersonId, SpaceId, SpaceKind};
use rusqlite::Row;

use crate::messages::MessageState;
use crate::sql::{doc, doc_opt};
use crate::{Read, Result, StoreError, spaces};

pub use overview::{Entry, overview};
pub(crate) use write::{Place, free_number, number_of, place_for, renumber};
pub use write::{Put, bring_back, put, remove, set_archived, set_marked_unread, set_personal};

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
    /// The conversation it goes on in.
    pub merged_into: Option<DocId>,
}

/// The newest message of a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastMessage {
    /// Its id.
    pub id: DocId,
    /// Its space: the conversation's, or the team's if it is a remark among colleagues.
    pub space: SpaceId,
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
    /// Messages that name this person.
    pub mentions: u32,
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
    /// What a person set for themselves.
    pub own: PersonalState,
    /// Snoozed, and the time has not come yet.
    pub away: bool,
    /// Everybody else in it is blocked.
    pub blocked: bool,
    /// The team whose client's it is, if this person works there.
    pub team: Option<SpaceId>,
    /// Who of the team looks after it.
    pub assignee: Option<PersonId>,
    /// Their name.
    pub assignee_name: String,
    /// It goes on in another conversation.
    pub shown_elsewhere: bool,
    /// Place in the lists; see [`Cursor`].
    pub rank: u64,
}

/// What a person set for a conversation, for themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PersonalState {
    /// Kept at the top.
    pub pinned: bool,
    /// Nothing is announced until then, Unix ms.
    pub muted_until_ms: u64,
    /// Out of sight until then, Unix ms.
    pub snoozed_until_ms: u64,
    /// What is announced; empty: as the settings say.
    pub announce: String,
    /// Its files are kept here.
    pub keep_files: bool,
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
    /// Somebody named this person in it.
    Mentions,
    /// With a draft.
    Drafts,
    /// Snoozed; what comes back first, first.
    Snoozed,
    /// Assigned to this person.
    Mine,
    /// Active, of a client, and assigned to nobody.
    Unassigned,
    /// With nobody but people who are blocked.
    Blocked,
}

impl Filter {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::All,
        Self::Active,
        Self::Unread,
        Self::Archived,
        Self::Mentions,
        Self::Drafts,
        Self::Snoozed,
        Self::Mine,
        Self::Unassigned,
        Self::Blocked,
    ];

    /// Its index, the condition of that, word for word, and what it is sorted by.
    fn index(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::All => ("conversations_all", "c.listed = 1", "rank"),
            Self::Active => ("conversations_active", "c.active = 1", "rank"),
            Self::Unread => ("conversations_unread", "c.unseen = 1", "rank"),
            Self::Archived => ("conversations_archived", "c.listed = 1 AND c.archived = 1", "rank"),
            Self::Mentions => ("conversations_mentions", "c.listed = 1 AND c.mentions > 0", "rank"),
            Self::Drafts => ("conversations_drafts", "c.listed = 1 AND c.has_draft = 1", "rank"),
            Self::Snoozed => ("conversations_snoozed", "c.listed = 1 AND c.away = 1", "soon"),
            Self::Mine => ("conversations_mine", "c.listed = 1 AND c.mine = 1", "rank"),
            Self::Unassigned => ("conversations_unclaimed", "c.unclaimed = 1", "rank"),
            Self::Blocked => ("conversations_blocked", "c.refused = 1", "rank"),
        }
    }
}

/// Place in a list: the last row of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// [`ConversationRow::rank`], or what a list is sorted by instead.
    pub rank: u64,
    /// [`ConversationRow::id`].
    pub id: DocId,
}

/// Snoozed conversations are sorted by what is left of this: 48 bits hold every time that is taken.
const SOON: u64 = 1 << 48;

impl Cursor {
    /// The place of a row in a list.
    pub fn of(filter: Filter, row: &ConversationRow) -> Self {
        let rank = match filter {
            Filter::Snoozed => SOON.saturating_sub(row.own.snoozed_until_ms),
            _ => row.rank,
        };
        Self { rank, id: row.id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013x}-{}", self.rank, self.id)
    }
}

impl FromStr for Cursor {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || StoreError::NotFound("cursor");
        let (at, id) = text.split_once('-').ok_or_else(bad)?;
        Ok(Self { rank: u64::from_str_radix(at, 16).map_err(|_| bad())?, id: id.parse().map_err(|_| bad())? })
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

/// Sums over the conversations that a person is told of: with unread messages, neither muted now nor silenced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Announced {
    /// Unread messages in them.
    pub messages: u64,
    /// How many there are.
    pub conversations: u64,
}

const COLUMNS: &str =
    "c.id, s.id, sp.kind, coalesce(sp.name, ''), c.subject, cr.id, c.created_ms, c.last_at, c.preview,
    c.unread, c.waiting, c.marked_unread, c.archived, c.hidden, c.deleted, c.has_draft, c.draft_preview,
    m.id, a.id, coalesce(nullif(p.local_name, ''), n.name, p.name, ''), m.mine, m.state, d.id, m.dseq, m.deleted, m.files,
    c.pinned, c.muted_until, c.snoozed_until, c.announce, c.keep_files, c.away, c.blocked, t.id, w.id,
    coalesce(nullif(wp.local_name, ''), wp.name, ''), c.shown_in IS NOT NULL, c.rank, ms.id, c.mentions";
const JOINS: &str = "CROSS JOIN ids s ON s.n = c.space LEFT JOIN spaces sp ON sp.n = c.space
    LEFT JOIN ids cr ON cr.n = c.creator LEFT JOIN messages m ON m.n = c.last_n LEFT JOIN ids a ON a.n = m.author
    LEFT JOIN names n ON n.person = m.author AND n.space = m.space
    LEFT JOIN people p ON p.person = m.author LEFT JOIN ids d ON d.n = m.device
    LEFT JOIN ids ms ON ms.n = m.space LEFT JOIN ids t ON t.n = c.team LEFT JOIN ids w ON w.n = c.assignee LEFT JOIN people wp ON wp.person = c.assignee";

/// Conversations of a space of which messages are here and nothing else.
pub fn unknown_in(db: &Read<'_>, space: &SpaceId) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations INDEXED BY conversations_unknown
         WHERE space = (SELECT n FROM ids WHERE id = ?1) AND creator IS NULL",
        [&space.0],
        |row| doc(row, 0),
    )
}

/// When the next snoozed conversation comes back, Unix ms.
pub fn next_due(db: &Read<'_>) -> Result<Option<u64>> {
    db.one(
        "SELECT snoozed_until FROM conversations INDEXED BY conversations_due WHERE away = 1
         ORDER BY snoozed_until LIMIT 1",
        [],
        |row| row.get(0),
    )
}

/// When a conversation was put out of sight, by the relay's clock; 0: here, just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PutAway {
    /// Snoozed, and the time has not come yet.
    pub snoozed_at: Option<u64>,
    /// Archived.
    pub archived_at: Option<u64>,
}

/// Since when a conversation has been out of sight, and may come back by what is written in it: neither muted nor blocked.
pub fn put_away(db: &Read<'_>, id: &DocId, now_ms: u64) -> Result<Option<PutAway>> {
    db.one(
        "SELECT CASE WHEN away = 1 THEN snoozed_at END, CASE WHEN archived = 1 THEN archived_at END
         FROM conversations WHERE id = ?1 AND (away = 1 OR archived = 1) AND muted_until <= ?2 AND blocked = 0",
        (id.as_bytes(), now_ms),
        |row| Ok(PutAway { snoozed_at: row.get(0)?, archived_at: row.get(1)? }),
    )
}

/// A page of the list, newest first, after `after`.
pub fn list(
    db: &Read<'_>,
    filter: Filter,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<ConversationRow>> {
    let (index, which, rank) = filter.index();
    let (at, id) = after.map_or((i64::MAX as u64, [0xff; 16]), |cursor| {
        (cursor.rank.min(i64::MAX as u64), *cursor.id.as_bytes())
    });
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM conversations c INDEXED BY {index} {JOINS}
             WHERE {which} AND (c.{rank}, c.id) < (?1, ?2) ORDER BY c.{rank} DESC, c.id DESC LIMIT ?3"
        ),
        (at, id, limit),
        read,
    )
}

/// One conversation.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<ConversationRow>> {
    db.one(&format!("SELECT {COLUMNS} FROM conversations c {JOINS} WHERE c.id = ?1"), [id.as_bytes()], read)
}

/// Whether a conversation was deleted for everyone.
pub fn is_deleted(db: &Read<'_>, id: &DocId) -> Result<bool> {
    let deleted =
        db.one("SELECT deleted FROM conversations WHERE id = ?1", [id.as_bytes()], |row| row.get(0))?;
    Ok(deleted.unwrap_or(false))
}

/// Conversations that this person deleted, and with nothing newer in them.
pub fn hidden(db: &Read<'_>) -> Result<Vec<DocId>> {
    db.all(
        "SELECT c.id FROM cleared d CROSS JOIN conversations c ON c.id = d.conversation
         WHERE d.hidden = 1 AND c.hidden = 1 AND c.deleted = 0 AND c.shown_in IS NULL",
        [],
        |row| doc(row, 0),
    )
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

/// Ids between two, both inclusive: what a prefix typed by a person can mean. At most `limit`, none that was deleted.
pub fn ids_between(db: &Read<'_>, first: &[u8; 16], last: &[u8; 16], limit: u32) -> Result<Vec<DocId>> {
    db.all(
        "SELECT id FROM conversations WHERE id BETWEEN ?1 AND ?2 AND deleted = 0 ORDER BY id LIMIT ?3",
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

const ANNOUNCED: &str = "unseen = 1 AND unread > 0 AND muted_until <= ?1 AND announce IN ('', 'all')";

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

/// What of it is to be told: the numbers at the bell, in the title and on the desktop.
pub fn announced(db: &Read<'_>, now_ms: u64) -> Result<Announced> {
    let announced = db.one(
        &format!(
            "SELECT coalesce(sum(unread), 0), count(*) FROM conversations INDEXED BY conversations_unread
             WHERE {ANNOUNCED}"
        ),
        [now_ms.min(i64::MAX as u64)],
        |row| Ok(Announced { messages: row.get(0)?, conversations: row.get(1)? }),
    )?;
    Ok(announced.unwrap_or_default())
}

/// Whether that is one of them.
pub fn is_announced(db: &Read<'_>, id: &DocId, now_ms: u64) -> Result<bool> {
    let sql = format!("SELECT count(*) FROM conversations WHERE {ANNOUNCED} AND id = ?2");
    Ok(db.number(&sql, (now_ms.min(i64::MAX as u64), id.as_bytes()))? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConversationRow> {
    let last = match doc_opt(row, 17)? {
        Some(id) => Some(LastMessage {
            id,
            space: SpaceId(row.get(38)?),
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
        mentions: row.get(39)?,
        waiting: row.get(10)?,
        marked_unread: row.get(11)?,
        archived: row.get(12)?,
        hidden: row.get(13)?,
        deleted: row.get(14)?,
        has_draft: row.get(15)?,
        draft_preview: row.get(16)?,
        own: PersonalState {
            pinned: row.get(26)?,
            muted_until_ms: row.get(27)?,
            snoozed_until_ms: row.get(28)?,
            announce: row.get(29)?,
            keep_files: row.get(30)?,
        },
        away: row.get(31)?,
        blocked: row.get(32)?,
        team: row.get::<_, Option<_>>(33)?.map(SpaceId),
        assignee: row.get::<_, Option<_>>(34)?.map(PersonId),
        assignee_name: row.get(35)?,
        shown_elsewhere: row.get(36)?,
        rank: row.get(37)?,
    })
}
