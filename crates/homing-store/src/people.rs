//! Names of people, per space and the best one over all.

use homing_wire::{PersonId, Role, SpaceId, SpaceKind};

use crate::spaces::kind;
use crate::{Read, Result, Tx, members};

/// A person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonRow {
    /// Who.
    pub person: PersonId,
    /// The name set last, in any space; empty while none is known.
    pub name: String,
    /// The safety number was compared.
    pub verified: bool,
    /// Not heard any more.
    pub blocked: bool,
    /// What this person calls them; empty: as they call themselves.
    pub local_name: String,
}

impl PersonRow {
    /// The name to show.
    pub fn shown(&self) -> &str {
        if self.local_name.is_empty() { &self.name } else { &self.local_name }
    }
}

/// A person's part in a space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Membership {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub space: SpaceId,
    /// What the space is for.
    pub kind: SpaceKind,
    /// The space's name.
    pub space_name: String,
    /// The person's role.
    pub role: Role,
}

/// Makes a person known, without a name.
pub fn ensure(tx: &Tx<'_>, person: &PersonId) -> Result<()> {
    tx.exec("INSERT INTO people (person) VALUES (?1) ON CONFLICT DO NOTHING", [tx.number_of(&person.0)?])?;
    Ok(())
}

/// Sets a person's name in a space, as of a time; an older name doesn't replace a newer one.
pub fn set_name(tx: &Tx<'_>, space: &SpaceId, person: &PersonId, name: &str, at_ms: u64) -> Result<()> {
    let n = tx.number_of(&person.0)?;
    tx.exec(
        "INSERT INTO names (person, space, name, at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (person, space) DO UPDATE SET name = excluded.name, at_ms = excluded.at_ms
         WHERE excluded.at_ms >= at_ms",
        (n, tx.number_of(&space.0)?, name, at_ms),
    )?;
    tx.exec(
        "INSERT INTO people (person, name, name_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO UPDATE SET name = excluded.name, name_ms = excluded.name_ms
         WHERE excluded.name_ms >= name_ms",
        (n, name, at_ms),
    )?;
    Ok(())
}

/// What this person set for somebody, for themselves.
pub fn set_own(tx: &Tx<'_>, person: &PersonId, blocked: bool, local_name: &str) -> Result<()> {
    ensure(tx, person)?;
    tx.exec(
        "UPDATE people SET blocked = ?2, local_name = ?3 WHERE person = ?1",
        (tx.number_of(&person.0)?, blocked, local_name),
    )?;
    Ok(())
}

/// Whether somebody is not to be heard.
pub fn is_blocked(db: &Read<'_>, person: &PersonId) -> Result<bool> {
    let blocked = db.one(
        "SELECT p.blocked FROM ids i CROSS JOIN people p ON p.person = i.n WHERE i.id = ?1",
        [&person.0],
        |row| row.get(0),
    )?;
    Ok(blocked.unwrap_or(false))
}

/// The same as a condition: that whose number stands in this column is heard. What they wrote is kept and shown folded, but
/// waits for nobody: it is in no counter, in no preview where others are, and moves and brings back nothing.
pub(crate) fn heard(column: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM people h WHERE h.person = {column} AND h.blocked = 1)")
}

/// Notes whether the safety number was compared.
pub fn set_verified(tx: &Tx<'_>, person: &PersonId, verified: bool) -> Result<()> {
    ensure(tx, person)?;
    tx.exec("UPDATE people SET verified = ?2 WHERE person = ?1", (tx.number_of(&person.0)?, verified))?;
    Ok(())
}

/// Everybody known, by name.
pub fn list(db: &Read<'_>) -> Result<Vec<PersonRow>> {
    db.all(
        "SELECT i.id, p.name, p.verified, p.blocked, p.local_name FROM people p JOIN ids i ON i.n = p.person ORDER BY coalesce(nullif(p.local_name, ''), p.name), i.id",
        [],
        read,
    )
}

/// One person.
pub fn get(db: &Read<'_>, person: &PersonId) -> Result<Option<PersonRow>> {
    db.one(
        "SELECT i.id, p.name, p.verified, p.blocked, p.local_name FROM ids i JOIN people p ON p.person = i.n WHERE i.id = ?1",
        [&person.0],
        read,
    )
}

/// The name to show for a person in a space: the one used there, else the best known.
pub fn name_in(db: &Read<'_>, space: &SpaceId, person: &PersonId) -> Result<String> {
    Ok(db
        .one(
            "SELECT coalesce(
               (SELECT nullif(local_name, '') FROM people WHERE person = i.n),
               (SELECT name FROM names WHERE person = i.n AND space = (SELECT n FROM ids WHERE id = ?1)),
               (SELECT name FROM people WHERE person = i.n), '') FROM ids i WHERE i.id = ?2",
            (&space.0, &person.0),
            |row| row.get(0),
        )?
        .unwrap_or_default())
}

/// Who is directly in which space, for everybody: one query for the whole list of people.
pub fn memberships(db: &Read<'_>) -> Result<Vec<Membership>> {
    db.all(&memberships_where("true"), [], membership)
}

/// Where one person is directly.
pub fn memberships_of(db: &Read<'_>, person: &PersonId) -> Result<Vec<Membership>> {
    let theirs = memberships_where("m.member = (SELECT n FROM ids WHERE id = ?1)");
    db.all(&theirs, [&person.0], membership)
}

fn memberships_where(condition: &str) -> String {
    format!(
        "SELECT i.id, si.id, s.kind, s.name, m.role FROM members m JOIN ids i ON i.n = m.member
         JOIN ids si ON si.n = m.space JOIN spaces s ON s.n = m.space
         WHERE m.team = 0 AND s.state <> 3 AND {condition} ORDER BY m.member, m.space"
    )
}

fn membership(row: &rusqlite::Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        person: PersonId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        kind: kind(row, 2)?,
        space_name: row.get(3)?,
        role: members::role(row, 4)?,
    })
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<PersonRow> {
    Ok(PersonRow {
        person: PersonId(row.get(0)?),
        name: row.get(1)?,
        verified: row.get(2)?,
        blocked: row.get(3)?,
        local_name: row.get(4)?,
    })
}
