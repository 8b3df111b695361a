//! What conversations and people are called, for whoever keeps that between searches.

use homing_wire::{DocId, SpaceId, SpaceKind};

use rusqlite::Row;

use crate::sql::{doc, hex_list};
use crate::{Read, Result, spaces};

/// A conversation as hits name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Talk {
    /// Its number in this file.
    pub n: i64,
    /// Its id.
    pub id: DocId,
    /// Its space.
    pub space: SpaceId,
    /// Empty if it has none.
    pub subject: String,
    /// The name of its space if that is a client's, or empty.
    pub client: String,
    /// Put away.
    pub archived: bool,
    /// Neither deleted nor hidden.
    pub listed: bool,
    /// Its document or a message of it is here.
    pub known: bool,
    /// Order key of its newest message.
    pub last_at_ms: u64,
}

const COLUMNS: &str = "c.n, c.id, s.id, c.subject, CASE sp.kind WHEN ?1 THEN sp.name ELSE '' END, c.archived,
    c.hidden = 0 AND c.deleted = 0 AND c.blocked = 0 AND c.shown_in IS NULL, c.creator IS NOT NULL OR c.last_n IS NOT NULL, c.last_at";
const JOINS: &str = "CROSS JOIN ids s ON s.n = c.space LEFT JOIN spaces sp ON sp.n = c.space";

/// Conversations by number, or all of them.
pub fn talks(db: &Read<'_>, numbers: Option<&[i64]>) -> Result<Vec<Talk>> {
    let client = spaces::kind_number(SpaceKind::Client);
    let Some(numbers) = numbers else {
        return db.all(&format!("SELECT {COLUMNS} FROM conversations c {JOINS}"), [client], read);
    };
    let list: Vec<String> = numbers.iter().map(i64::to_string).collect();
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM json_each(?2) wanted CROSS JOIN conversations c ON c.n = wanted.value {JOINS}"
        ),
        (client, format!("[{}]", list.join(","))),
        read,
    )
}

/// Conversations by id.
pub fn talks_of(db: &Read<'_>, ids: &[DocId]) -> Result<Vec<Talk>> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM json_each(?2) wanted
             CROSS JOIN conversations c ON c.id = unhex(wanted.value) {JOINS}"
        ),
        (spaces::kind_number(SpaceKind::Client), hex_list(ids.iter().map(|id| id.as_bytes().as_slice()))),
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<Talk> {
    Ok(Talk {
        n: row.get(0)?,
        id: doc(row, 1)?,
        space: SpaceId(row.get(2)?),
        subject: row.get(3)?,
        client: row.get(4)?,
        archived: row.get(5)?,
        listed: row.get(6)?,
        known: row.get(7)?,
        last_at_ms: row.get(8)?,
    })
}

/// The name an author goes by in a space, both as numbers; empty if none is known.
pub fn author_name(db: &Read<'_>, author: i64, space: i64) -> Result<String> {
    let name = db.one(
        "SELECT coalesce((SELECT nullif(local_name, '') FROM people WHERE person = ?1),
           (SELECT name FROM names WHERE person = ?1 AND space = ?2),
           (SELECT name FROM people WHERE person = ?1), '')",
        (author, space),
        |row| row.get(0),
    )?;
    Ok(name.unwrap_or_default())
}
