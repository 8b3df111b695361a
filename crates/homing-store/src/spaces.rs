//! Spaces: where each stands with the relay, and what this device wrote last in it.

use homing_wire::{DocId, EntryId, EpochId, Hash, SpaceId, SpaceKind};
use rusqlite::Row;

use crate::sql::{bad_value, doc_opt, stored_enum};
use crate::{Read, Result, StoreError, Tx};

stored_enum! {
    /// What this person is to a space.
    SpaceState {
        /// A member.
        Joined = 0,
        /// Made here, not yet registered at a relay.
        Local = 1,
        /// Known (a team whose op chain proves somebody's right, or a request not yet approved); not a member.
        Known = 2,
        /// Was a member once.
        Gone = 3,
    }
}

/// A space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpaceRow {
    /// Its id.
    pub space: SpaceId,
    /// What it is for.
    pub kind: SpaceKind,
    /// The encoded origin its id is cut from.
    pub origin: Vec<u8>,
    /// What this person is to it.
    pub state: SpaceState,
    /// Head of the op chain.
    pub op_head: Option<EntryId>,
    /// Current epoch.
    pub epoch: Option<EpochId>,
    /// Generation of the relay the following three belong to.
    pub generation: u64,
    /// Newest sequence held; the contiguous run that ends here begins at `low`.
    pub sequence: u64,
    /// Chain value at `sequence`.
    pub chain: Hash,
    /// The newest head the relay signed, encoded.
    pub signed_head: Option<Vec<u8>>,
    /// Everything from 1 to here is held.
    pub bottom: u64,
    /// Everything from here to `sequence` is held. The gap between `bottom` and `low` fills in behind.
    pub low: u64,
    /// Slot sequence up to which slots were fetched.
    pub slot_cursor: u64,
    /// Last dseq this device used here.
    pub my_dseq: u64,
    /// The entry that used it.
    pub my_prev: Option<EntryId>,
    /// Name of the team or the client.
    pub name: String,
    /// The team of a client space.
    pub team: Option<SpaceId>,
    /// The contact of a client space.
    pub contact: Option<DocId>,
    /// An owner's device confirmed this space to the relay's generation.
    pub confirmed: bool,
}

impl SpaceRow {
    /// A space of which nothing is known but its origin.
    pub fn new(space: SpaceId, kind: SpaceKind, origin: Vec<u8>, state: SpaceState) -> Self {
        Self {
            space,
            kind,
            origin,
            state,
            op_head: None,
            epoch: None,
            generation: 0,
            sequence: 0,
            chain: Hash([0; 32]),
            signed_head: None,
            bottom: 0,
            low: 0,
            slot_cursor: 0,
            my_dseq: 0,
            my_prev: None,
            name: String::new(),
            team: None,
            contact: None,
            confirmed: false,
        }
    }
}

const COLUMNS: &str = "i.id, s.kind, s.origin, s.state, s.op_head, s.epoch, s.generation, s.sequence, s.chain,
    s.signed_head, s.bottom, s.low, s.slot_cursor, s.my_dseq, s.my_prev, s.name, s.team, s.contact, s.confirmed";

/// Writes the whole row.
pub fn put(tx: &Tx<'_>, row: &SpaceRow) -> Result<()> {
    let n = tx.number_of(&row.space.0)?;
    tx.exec(
        "INSERT INTO spaces (n, kind, origin, state, op_head, epoch, generation, sequence, chain, signed_head,
           bottom, low, slot_cursor, my_dseq, my_prev, name, team, contact, confirmed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT (n) DO UPDATE SET kind = ?2, origin = ?3, state = ?4, op_head = ?5, epoch = ?6,
           generation = ?7, sequence = ?8, chain = ?9, signed_head = ?10, bottom = ?11, low = ?12,
           slot_cursor = ?13, my_dseq = ?14, my_prev = ?15, name = ?16, team = ?17, contact = ?18, confirmed = ?19",
        rusqlite::params![
            n,
            kind_number(row.kind),
            row.origin,
            row.state,
            row.op_head.map(|id| id.0),
            row.epoch.map(|id| id.0),
            row.generation,
            row.sequence,
            row.chain.0,
            row.signed_head,
            row.bottom,
            row.low,
            row.slot_cursor,
            row.my_dseq,
            row.my_prev.map(|id| id.0),
            row.name,
            row.team.map(|id| id.0),
            row.contact.as_ref().map(DocId::as_bytes),
            row.confirmed,
        ],
    )?;
    Ok(())
}

/// One space.
pub fn get(db: &Read<'_>, space: &SpaceId) -> Result<Option<SpaceRow>> {
    db.one(
        &format!("SELECT {COLUMNS} FROM ids i JOIN spaces s ON s.n = i.n WHERE i.id = ?1"),
        [&space.0],
        read,
    )
}

/// One space that must be there.
pub fn must(db: &Read<'_>, space: &SpaceId) -> Result<SpaceRow> {
    get(db, space)?.ok_or(StoreError::NotFound("space"))
}

/// All spaces.
pub fn list(db: &Read<'_>) -> Result<Vec<SpaceRow>> {
    db.all(&format!("SELECT {COLUMNS} FROM spaces s JOIN ids i ON i.n = s.n ORDER BY s.n"), [], read)
}

/// Reads, changes and writes a row.
pub fn update(tx: &Tx<'_>, space: &SpaceId, change: impl FnOnce(&mut SpaceRow)) -> Result<SpaceRow> {
    let mut row = must(tx, space)?;
    change(&mut row);
    put(tx, &row)?;
    Ok(row)
}

/// Forgets the row (a local space whose genesis lost, a request that was declined).
pub fn delete(tx: &Tx<'_>, space: &SpaceId) -> Result<()> {
    tx.exec("DELETE FROM spaces WHERE n = (SELECT n FROM ids WHERE id = ?1)", [&space.0])?;
    Ok(())
}

pub(crate) fn kind_number(kind: SpaceKind) -> i64 {
    match kind {
        SpaceKind::Personal => 0,
        SpaceKind::Team => 1,
        SpaceKind::Client => 2,
        SpaceKind::Talk => 3,
    }
}

pub(crate) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<SpaceKind> {
    match row.get::<_, i64>(column)? {
        0 => Ok(SpaceKind::Personal),
        1 => Ok(SpaceKind::Team),
        2 => Ok(SpaceKind::Client),
        3 => Ok(SpaceKind::Talk),
        _ => Err(bad_value(column)),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SpaceRow> {
    Ok(SpaceRow {
        space: SpaceId(row.get(0)?),
        kind: kind(row, 1)?,
        origin: row.get(2)?,
        state: row.get(3)?,
        op_head: row.get::<_, Option<_>>(4)?.map(EntryId),
        epoch: row.get::<_, Option<_>>(5)?.map(EntryId),
        generation: row.get(6)?,
        sequence: row.get(7)?,
        chain: Hash(row.get(8)?),
        signed_head: row.get(9)?,
        bottom: row.get(10)?,
        low: row.get(11)?,
        slot_cursor: row.get(12)?,
        my_dseq: row.get(13)?,
        my_prev: row.get::<_, Option<_>>(14)?.map(EntryId),
        name: row.get(15)?,
        team: row.get::<_, Option<_>>(16)?.map(SpaceId),
        contact: doc_opt(row, 17)?,
        confirmed: row.get(18)?,
    })
}
