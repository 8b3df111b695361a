//! automerge changes, confirmed and pending. A document is the fold of its accepted ones.
//!
//! Rows are kept in the order they were applied; a change is only kept after its dependencies, so this order
//! is a topological one and a document can be loaded by it.

use homing_wire::{DocId, EntryId, Hash, Salt, SpaceId};
use rusqlite::{Row, params};

use crate::sql::{bad_value, doc, stored_enum};
use crate::{Read, Result, Tx, entries};

stored_enum! {
    /// How far a change came.
    ChangeState {
        /// Its entry was accepted.
        Confirmed = 0,
        /// Own, not yet acknowledged; has its intent.
        Pending = 1,
        /// Its entry was refused, or it depends on one that was.
        Refused = 2,
    }
}

/// A change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeRow {
    /// The document.
    pub doc: DocId,
    /// automerge's hash of the change.
    pub hash: Hash,
    /// The document's space.
    pub space: SpaceId,
    /// The document's kind, numbered by the model.
    pub kind: u32,
    /// automerge's actor.
    pub actor: [u8; 16],
    /// Number within the actor.
    pub seq: u64,
    /// Highest op number in it.
    pub max_op: u64,
    /// The author's process salt.
    pub salt: Salt,
    /// The entry that carried it; none while pending.
    pub entry: Option<EntryId>,
    /// How far it came.
    pub state: ChangeState,
    /// Hashes it depends on.
    pub deps: Vec<Hash>,
    /// The typed edit it came from, encoded by the model; pending changes only.
    pub intent: Option<Vec<u8>>,
    /// Raw bytes.
    pub bytes: Vec<u8>,
}

const SELECT: &str =
    "SELECT c.doc, c.hash, s.id, c.kind, c.actor, c.seq, c.max_op, c.salt, e.id, c.state, c.deps,
    c.intent, c.bytes FROM changes c CROSS JOIN ids s ON s.n = c.space LEFT JOIN entries e ON e.n = c.entry";

/// Keeps a change; false if it was known already (then nothing changes).
pub fn insert(tx: &Tx<'_>, change: &ChangeRow) -> Result<bool> {
    let deps: Vec<u8> = change.deps.iter().flat_map(|hash| hash.0).collect();
    let entry = match &change.entry {
        Some(id) => entries::row(tx, id)?,
        None => None,
    };
    let added = tx.exec(
        "INSERT INTO changes (doc, hash, space, kind, actor, seq, max_op, salt, entry, state, deps, intent, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (doc, hash) DO NOTHING",
        params![
            change.doc.as_bytes(),
            change.hash.0,
            tx.number_of(&change.space.0)?,
            change.kind,
            change.actor,
            change.seq,
            change.max_op,
            change.salt.0,
            entry,
            change.state,
            deps,
            change.intent,
            change.bytes,
        ],
    )?;
    if added == 0 && entry.is_some() {
        // The entry was lost to damage and came again.
        tx.exec(
            "UPDATE changes SET entry = ?3 WHERE doc = ?1 AND hash = ?2 AND entry IS NULL AND state = 0",
            (change.doc.as_bytes(), &change.hash.0, entry),
        )?;
    }
    Ok(added > 0)
}

/// A pending change was acknowledged: it has an entry now and needs its intent no more.
pub fn confirm(tx: &Tx<'_>, id: &DocId, hash: &Hash, entry: &EntryId) -> Result<()> {
    tx.exec(
        "UPDATE changes SET state = 0, intent = NULL, entry = (SELECT n FROM entries WHERE id = ?3)
         WHERE doc = ?1 AND hash = ?2",
        (id.as_bytes(), &hash.0, &entry.0),
    )?;
    Ok(())
}

/// Sets how far a change came.
pub fn set_state(tx: &Tx<'_>, id: &DocId, hash: &Hash, state: ChangeState) -> Result<()> {
    tx.exec("UPDATE changes SET state = ?3 WHERE doc = ?1 AND hash = ?2", (id.as_bytes(), &hash.0, state))?;
    Ok(())
}

/// Forgets a change (withdrawn, or re-authored under a fresh actor).
pub fn delete(tx: &Tx<'_>, id: &DocId, hash: &Hash) -> Result<()> {
    tx.exec("DELETE FROM changes WHERE doc = ?1 AND hash = ?2", (id.as_bytes(), &hash.0))?;
    Ok(())
}

/// One change.
pub fn get(db: &Read<'_>, id: &DocId, hash: &Hash) -> Result<Option<ChangeRow>> {
    db.one(&format!("{SELECT} WHERE c.doc = ?1 AND c.hash = ?2"), (id.as_bytes(), &hash.0), read)
}

/// State of a change, if it is known.
pub fn state(db: &Read<'_>, id: &DocId, hash: &Hash) -> Result<Option<ChangeState>> {
    db.one("SELECT state FROM changes WHERE doc = ?1 AND hash = ?2", (id.as_bytes(), &hash.0), |row| {
        row.get(0)
    })
}

/// All changes of a document in the order they were applied, refused ones included.
pub fn of_doc(db: &Read<'_>, id: &DocId) -> Result<Vec<ChangeRow>> {
    db.all(&format!("{SELECT} WHERE c.doc = ?1 ORDER BY c.n"), [id.as_bytes()], read)
}

/// Changes that came with an entry.
pub fn of_entry(db: &Read<'_>, entry: &EntryId) -> Result<Vec<ChangeRow>> {
    db.all(
        &format!("{SELECT} WHERE c.entry = (SELECT n FROM entries WHERE id = ?1) ORDER BY c.n"),
        [&entry.0],
        read,
    )
}

/// Whether any change of a document is known.
pub fn has_doc(db: &Read<'_>, id: &DocId) -> Result<bool> {
    Ok(db.one("SELECT 1 FROM changes WHERE doc = ?1 LIMIT 1", [id.as_bytes()], |_| Ok(()))?.is_some())
}

/// Pending changes of a space in the order they were made.
pub fn pending(db: &Read<'_>, space: &SpaceId) -> Result<Vec<ChangeRow>> {
    db.all(
        &format!(
            "{SELECT} WHERE c.state = 1 AND c.state <> 0 AND c.space = (SELECT n FROM ids WHERE id = ?1)
             ORDER BY c.n"
        ),
        [&space.0],
        read,
    )
}

/// Documents with their kind and space, by id, after `after`: a walk over everything, page by page.
pub fn docs(db: &Read<'_>, after: Option<&DocId>, limit: u32) -> Result<Vec<(DocId, u32, SpaceId)>> {
    let from: &[u8] = after.map_or(&[], |id| id.as_bytes());
    db.all(
        "SELECT c.doc, c.kind, s.id FROM changes c CROSS JOIN ids s ON s.n = c.space
         WHERE c.doc > ?1 GROUP BY c.doc ORDER BY c.doc LIMIT ?2",
        (from, limit),
        |row| Ok((doc(row, 0)?, row.get(1)?, SpaceId(row.get(2)?))),
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<ChangeRow> {
    let deps: Vec<u8> = row.get(10)?;
    let (deps, rest) = deps.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(bad_value(10));
    }
    Ok(ChangeRow {
        doc: doc(row, 0)?,
        hash: Hash(row.get(1)?),
        space: SpaceId(row.get(2)?),
        kind: row.get(3)?,
        actor: row.get(4)?,
        seq: row.get(5)?,
        max_op: row.get(6)?,
        salt: Salt(row.get(7)?),
        entry: row.get::<_, Option<_>>(8)?.map(EntryId),
        state: row.get(9)?,
        deps: deps.iter().map(|hash| Hash(*hash)).collect(),
        intent: row.get(11)?,
        bytes: row.get(12)?,
    })
}
