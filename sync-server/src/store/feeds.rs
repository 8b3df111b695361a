//! Feeds: which spaces moved, one line per (member, thing), the newest only.

use homing_wire::{AccountOpId, FeedItem, Hash, Head, Member, Moved, PersonId, SpaceId};

use super::members::member_bytes;
use super::{Store, int, uint};
use crate::error::RelayError;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A space that moved.
    Space(SpaceId),
    /// The member's account log.
    Account(PersonId),
    /// A space the member lost.
    Gone(SpaceId),
}

/// A line to write: whose feed, what about.
pub type FeedLine = (Member, Thing);

impl Store {
    /// Writes a line and gives it the feed's next sequence.
    pub fn put_feed_line(&mut self, (member, thing): &FeedLine) -> Result<u64, RelayError> {
        let db = self.write()?;
        let feed = member_bytes(member);
        let sequence: i64 = db
            .prepare_cached(
                "INSERT INTO feed (member, sequence) VALUES (?1, 1)
                 ON CONFLICT (member) DO UPDATE SET sequence = sequence + 1 RETURNING sequence",
            )?
            .query_row([&feed], |row| row.get(0))?;
        let (name, kind) = match thing {
            Thing::Space(space) => (space.0, 0),
            Thing::Account(person) => (person.0, 1),
            Thing::Gone(space) => (space.0, 2),
        };
        db.prepare_cached(
            "INSERT INTO feed_line (member, thing, kind, sequence) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (member, thing) DO UPDATE SET kind = ?3, sequence = ?4",
        )?
        .execute((&feed, name, kind, sequence))?;
        Ok(uint(sequence))
    }

    /// Notes that a space moved and that its members' feeds don't say so yet.
    pub fn note_untold(&mut self, space: i64) -> Result<(), RelayError> {
        self.write()?.prepare_cached("INSERT OR IGNORE INTO untold (space) VALUES (?1)")?.execute([space])?;
        Ok(())
    }

    /// Notes that the feeds of a space's members say how far it moved.
    pub fn told(&mut self, space: i64) -> Result<(), RelayError> {
        self.write()?.prepare_cached("DELETE FROM untold WHERE space = ?1")?.execute([space])?;
        Ok(())
    }

    /// Spaces that moved before the relay ended, and whose members' feeds don't say so yet.
    pub fn untold(&self) -> Result<Vec<(SpaceId, i64)>, RelayError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT s.id, s.number FROM untold u JOIN space s ON s.number = u.space")?;
        let spaces = statement
            .query_map([], |row| Ok((SpaceId(row.get(0)?), row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        Ok(spaces)
    }

    /// Lines of a feed after a cursor, at most `limit`, oldest first, with where each thing stands now.
    pub fn feed_since(&self, member: &Member, after: u64, limit: usize) -> Result<Vec<FeedItem>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT l.sequence, l.kind, l.thing, s.generation, s.sequence, s.chain, s.slot_sequence, a.head
             FROM feed_line l
             LEFT JOIN space s ON l.kind = 0 AND s.id = l.thing
             LEFT JOIN account a ON l.kind = 1 AND a.person = l.thing
             WHERE l.member = ?1 AND l.sequence > ?2 ORDER BY l.sequence LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let items = statement
            .query_map((member_bytes(member), int(after), limit), |row| {
                let thing: [u8; 32] = row.get(2)?;
                let moved = match row.get(1)? {
                    0 => Moved::Space {
                        space: SpaceId(thing),
                        head: Head {
                            generation: uint(row.get(3)?),
                            sequence: uint(row.get(4)?),
                            chain: Hash(row.get(5)?),
                        },
                        slots: uint(row.get(6)?),
                    },
                    1 => Moved::Account { person: PersonId(thing), head: AccountOpId(row.get(7)?) },
                    _ => Moved::Gone { space: SpaceId(thing) },
                };
                Ok(FeedItem { feed: *member, sequence: uint(row.get(0)?), moved })
            })?
            .collect::<Result<_, _>>()?;
        Ok(items)
    }
}
