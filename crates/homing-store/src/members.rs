//! Who is in which space: what the op chains say, flat enough for lists.

use homing_wire::{Member, PersonId, Role, SpaceId};
use rusqlite::Row;

use crate::sql::{bad_value, hex_list};
use crate::{Read, Result, Tx};

/// A member of a space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberRow {
    /// The space.
    pub space: SpaceId,
    /// The person or team.
    pub member: Member,
    /// The role.
    pub role: Role,
    /// The name used in this space, else the best known; a team's is its space's.
    pub name: String,
}

/// Replaces the members of a space.
pub fn set(tx: &Tx<'_>, space: &SpaceId, members: &[(Member, Role)]) -> Result<()> {
    let space = tx.number_of(&space.0)?;
    tx.exec("DELETE FROM members WHERE space = ?1", [space])?;
    for (member, role) in members {
        let (id, team) = match member {
            Member::Person(person) => (&person.0, false),
            Member::Team(team) => (&team.0, true),
        };
        let n = tx.number_of(id)?;
        if !team {
            tx.exec("INSERT INTO people (person) VALUES (?1) ON CONFLICT DO NOTHING", [n])?;
        }
        tx.exec(
            "INSERT INTO members (space, member, team, role) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (space, member) DO UPDATE SET team = excluded.team, role = excluded.role",
            (space, n, team, role_number(*role)),
        )?;
    }
    Ok(())
}

/// Members of any number of spaces, in one query.
pub fn of(db: &Read<'_>, spaces: &[SpaceId]) -> Result<Vec<MemberRow>> {
    let list = hex_list(spaces.iter().map(|space| space.0.as_slice()));
    db.all(
        "SELECT si.id, i.id, m.team, m.role,
           CASE m.team WHEN 1 THEN coalesce((SELECT name FROM spaces WHERE n = m.member), '')
           ELSE coalesce((SELECT nullif(local_name, '') FROM people WHERE person = m.member),
             (SELECT name FROM names WHERE person = m.member AND space = m.space),
             (SELECT name FROM people WHERE person = m.member), '') END
         FROM json_each(?1) wanted CROSS JOIN ids si ON si.id = unhex(wanted.value)
         CROSS JOIN members m ON m.space = si.n CROSS JOIN ids i ON i.n = m.member
         ORDER BY m.space, m.role, i.id",
        [list],
        |row| {
            let id: [u8; 32] = row.get(1)?;
            Ok(MemberRow {
                space: SpaceId(row.get(0)?),
                member: if row.get(2)? { Member::Team(SpaceId(id)) } else { Member::Person(PersonId(id)) },
                role: role(row, 3)?,
                name: row.get(4)?,
            })
        },
    )
}

/// Spaces a person or team is directly a member of.
pub fn spaces_of(db: &Read<'_>, member: &Member) -> Result<Vec<(SpaceId, Role)>> {
    let id = match member {
        Member::Person(person) => &person.0,
        Member::Team(team) => &team.0,
    };
    db.all(
        "SELECT si.id, m.role FROM members m CROSS JOIN ids si ON si.n = m.space
         WHERE m.member = (SELECT n FROM ids WHERE id = ?1) ORDER BY m.space",
        [id],
        |row| Ok((SpaceId(row.get(0)?), role(row, 1)?)),
    )
}

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

pub(crate) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    Ok(match row.get::<_, i64>(column)? {
        0 => Role::Owner,
        1 => Role::Admin,
        2 => Role::Member,
        3 => Role::Reader,
        4 => Role::Client,
        5 => Role::Ingest,
        _ => return Err(bad_value(column)),
    })
}
