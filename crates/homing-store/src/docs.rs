//! Documents whose owner or natural key must be known without their first change at hand.

use homing_wire::{DocId, SpaceId};

use crate::sql::doc;
use crate::{Read, Result, Tx};

/// A document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocRow {
    /// Its id.
    pub doc: DocId,
    /// Its space.
    pub space: SpaceId,
    /// Its kind, numbered by the model.
    pub kind: u32,
    /// What its id was cut from, encoded by the model.
    pub preimage: Vec<u8>,
}

/// Keeps a document's row; the same id has the same preimage, so a second time changes nothing.
pub fn put(tx: &Tx<'_>, row: &DocRow) -> Result<()> {
    tx.exec(
        "INSERT INTO docs (doc, space, kind, preimage) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (doc) DO NOTHING",
        (row.doc.as_bytes(), tx.number_of(&row.space.0)?, row.kind, &row.preimage),
    )?;
    Ok(())
}

/// One document.
pub fn get(db: &Read<'_>, id: &DocId) -> Result<Option<DocRow>> {
    db.one(
        "SELECT d.doc, s.id, d.kind, d.preimage FROM docs d JOIN ids s ON s.n = d.space WHERE d.doc = ?1",
        [id.as_bytes()],
        read,
    )
}

/// Documents of one kind in a space.
pub fn of_kind(db: &Read<'_>, space: &SpaceId, kind: u32) -> Result<Vec<DocRow>> {
    db.all(
        "SELECT d.doc, s.id, d.kind, d.preimage FROM docs d CROSS JOIN ids s ON s.n = d.space
         WHERE d.space = (SELECT n FROM ids WHERE id = ?1) AND d.kind = ?2 ORDER BY d.doc",
        (&space.0, kind),
        read,
    )
}

/// Forgets a document (its only change was refused or withdrawn).
pub fn delete(tx: &Tx<'_>, id: &DocId) -> Result<()> {
    tx.exec("DELETE FROM docs WHERE doc = ?1", [id.as_bytes()])?;
    Ok(())
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<DocRow> {
    Ok(DocRow { doc: doc(row, 0)?, space: SpaceId(row.get(1)?), kind: row.get(2)?, preimage: row.get(3)? })
}
