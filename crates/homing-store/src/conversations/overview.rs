//! All of a list at once, in its order and without what single rows show: for what concerns the whole of it, such as choosing
//! everything or standing under headings. It looks at each row of the list once, and at nothing of their messages.

use homing_wire::{DocId, SpaceId, SpaceKind};

use super::Filter;
use crate::sql::doc;
use crate::{Read, Result, spaces};

/// A conversation of a list, as far as the whole list needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id.
    pub id: DocId,
    /// The client's space it is in, if it is one's.
    pub client: Option<SpaceId>,
    /// Put away.
    pub archived: bool,
    /// Kept at the top.
    pub pinned: bool,
    /// Out of sight for a time.
    pub away: bool,
    /// Nothing is announced until then, Unix ms.
    pub muted_until_ms: u64,
    /// Unread messages.
    pub unread: u32,
    /// Marked by hand.
    pub marked_unread: bool,
    /// A client's, and this person works for them.
    pub staffed: bool,
}

/// Everything a list shows, first to last.
pub fn overview(db: &Read<'_>, filter: Filter) -> Result<Vec<Entry>> {
    let (index, which, rank) = filter.index();
    db.all(
        &format!(
            "SELECT c.id, CASE WHEN sp.kind = ?1 THEN s.id END, c.archived, c.pinned, c.away, c.muted_until, c.unread,
               c.marked_unread, c.team IS NOT NULL
             FROM conversations c INDEXED BY {index} CROSS JOIN ids s ON s.n = c.space LEFT JOIN spaces sp ON sp.n = c.space
             WHERE {which} AND (c.creator IS NOT NULL OR c.last_n IS NOT NULL) ORDER BY c.{rank} DESC, c.id DESC"
        ),
        [spaces::kind_number(SpaceKind::Client)],
        |row| {
            Ok(Entry {
                id: doc(row, 0)?,
                client: row.get::<_, Option<_>>(1)?.map(SpaceId),
                archived: row.get(2)?,
                pinned: row.get(3)?,
                away: row.get(4)?,
                muted_until_ms: row.get(5)?,
                unread: row.get(6)?,
                marked_unread: row.get(7)?,
                staffed: row.get(8)?,
            })
        },
    )
}
