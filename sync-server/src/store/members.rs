//! Who may read what, as tables: projected from the op chains that `homing-access` judged.
//!
//! Reading is decided by a join, so neither a page nor a feed needs a space's state in memory.

use homing_wire::codec::{decode, encode};
use homing_wire::{Member, PersonId, Role, SpaceId};

use super::Store;
use crate::error::RelayError;

/// Bytes of the longest member.
const MEMBER: usize = 64;

fn role_number(role: Role) -> i64 {
    match role {
        Role::Owner => 0,
        Role::Admin => 1,
        Role::Member => 2,
        Role::Reader => 3,
        Role::Client => 4,
        Role::Ingest => 5,
    }
}

/// A member as the tables name it.
pub(super) fn member_bytes(member: &Member) -> Vec<u8> {
    encode(member)
}

/// A member the tables name.
pub(super) fn member_from(bytes: &[u8]) -> Result<Member, RelayError> {
    decode("member", bytes, MEMBER).map_err(|_| RelayError::Damaged("a member's name"))
}

impl Store {
    /// Writes a space's present members anew.
    pub fn put_members(&mut self, space: i64, members: &[(Member, Role)]) -> Result<(), RelayError> {
        let db = self.write()?;
        db.prepare_cached("DELETE FROM member WHERE space = ?1")?.execute([space])?;
        let mut add = db.prepare_cached("INSERT INTO member (space, member, role) VALUES (?1, ?2, ?3)")?;
        for (member, role) in members {
            add.execute((space, member_bytes(member), role_number(*role)))?;
        }
        Ok(())
    }

    /// A space's present members.
    pub fn members(&self, space: i64) -> Result<Vec<Member>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT member FROM member WHERE space = ?1")?;
        let mut rows = statement.query([space])?;
        let mut members = Vec::new();
        while let Some(row) = rows.next()? {
            members.push(member_from(row.get_ref(0)?.as_blob().unwrap_or_default())?);
        }
        Ok(members)
    }

    /// Notes that a space's op chain names somebody.
    pub fn add_appearance(&mut self, space: i64, member: &Member) -> Result<(), RelayError> {
        self.write()?
            .prepare_cached("INSERT OR IGNORE INTO appears (space, member) VALUES (?1, ?2)")?
            .execute((space, member_bytes(member)))?;
        Ok(())
    }

    /// True if the person is a member, by themselves or through a team, in a role that reads.
    pub fn reads(&self, space: i64, person: &PersonId) -> Result<bool, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT 1 WHERE EXISTS
               (SELECT 1 FROM member WHERE space = ?1 AND member = ?2 AND role <> 5)
             OR EXISTS
               (SELECT 1 FROM member m JOIN space t ON t.as_member = m.member
                JOIN member p ON p.space = t.number AND p.member = ?2 AND p.role <> 5
                WHERE m.space = ?1 AND m.role <> 5)",
        )?;
        Ok(statement.exists((space, member_bytes(&Member::Person(*person))))?)
    }

    /// True if the person is in the team.
    pub fn in_team(&self, team: &SpaceId, person: &PersonId) -> Result<bool, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT 1 FROM space t JOIN member p ON p.space = t.number
             WHERE t.id = ?1 AND p.member = ?2 AND p.role <> 5",
        )?;
        Ok(statement.exists((team.0, member_bytes(&Member::Person(*person))))?)
    }

    /// True if `person` reads a space in whose op chain `other` is named, directly or as staff of a team in it.
    pub fn shares_with(&self, person: &PersonId, other: &Member) -> Result<bool, RelayError> {
        for space in self.appearances(other)? {
            if self.reads(space, person)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if a space's op chain names `other`, directly or as staff of a team in it.
    pub fn names(&self, space: i64, other: &Member) -> Result<bool, RelayError> {
        Ok(self.appearances(other)?.contains(&space))
    }

    /// Spaces whose op chains name a member, directly or as staff of a team in them.
    fn appearances(&self, member: &Member) -> Result<Vec<i64>, RelayError> {
        let mut statement = self.db.prepare_cached(
            "SELECT space FROM appears WHERE member = ?1
             UNION
             SELECT a.space FROM appears s JOIN space t ON t.number = s.space
             JOIN appears a ON a.member = t.as_member
             WHERE s.member = ?1",
        )?;
        let spaces =
            statement.query_map([member_bytes(member)], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(spaces)
    }

    /// Spaces a team is a member of.
    pub fn spaces_of(&self, member: &Member) -> Result<Vec<i64>, RelayError> {
        let mut statement = self.db.prepare_cached("SELECT space FROM member WHERE member = ?1")?;
        let spaces =
            statement.query_map([member_bytes(member)], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(spaces)
    }
}
