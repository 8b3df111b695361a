//! From the forms older versions wrote to the present one, within one transaction.

use homing_wire::line;
use rusqlite::Connection;

use super::uint;
use crate::error::RelayError;

/// Feeds of large spaces are written after the commit that moved them.
const UNTOLD: &str = "CREATE TABLE untold (space INTEGER PRIMARY KEY) STRICT;";
/// Entries lie in the order of their logs, as they stand in a page.
const LOG: &str = "
    CREATE TABLE placed (
        place INTEGER PRIMARY KEY,
        received_ms INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        proven INTEGER NOT NULL,
        id BLOB NOT NULL,
        chain BLOB NOT NULL,
        line BLOB NOT NULL
    ) STRICT;";
const LOG_MOVED: &str = "
    DROP TABLE entry;
    ALTER TABLE placed RENAME TO entry;
    CREATE UNIQUE INDEX entry_id ON entry (id);
    CREATE INDEX entry_op ON entry (place) WHERE kind = 0;";

/// Entries wait here for their time, and the last entry of a device may be one of those.
const SCHEDULED: &str = "
    CREATE TABLE continued (
        space INTEGER NOT NULL,
        device BLOB NOT NULL,
        person BLOB NOT NULL,
        written_as BLOB NOT NULL,
        dseq INTEGER NOT NULL,
        last BLOB NOT NULL,
        pushed INTEGER NOT NULL,
        PRIMARY KEY (space, device)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO continued SELECT space, device, person, written_as, dseq, last, dseq FROM tail;
    DROP TABLE tail;
    ALTER TABLE continued RENAME TO tail;
    CREATE TABLE scheduled (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        space INTEGER NOT NULL,
        person BLOB NOT NULL,
        device BLOB NOT NULL,
        tag BLOB NOT NULL,
        id BLOB NOT NULL,
        release_ms INTEGER NOT NULL,
        stuck BLOB,
        entry BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX scheduled_tag ON scheduled (person, space, tag);
    CREATE INDEX scheduled_lane ON scheduled (space, device, release_ms, number);
    CREATE INDEX scheduled_due ON scheduled (release_ms, number) WHERE stuck IS NULL;";

/// Every chunk says on whose account it is, and what somebody has begun is counted.
const PAYERS: &str = "
    ALTER TABLE blob_chunk ADD COLUMN payer BLOB;
    CREATE INDEX blob_unfinished_of ON blob (person) WHERE missing > 0;";

/// Brings the database of an older schema to the present one.
pub(super) fn to_present(db: &Connection, from: u32) -> Result<(), RelayError> {
    if from < 2 {
        db.execute_batch(UNTOLD)?;
    }
    if from < 3 {
        db.execute_batch(LOG)?;
        move_log(db)?;
        db.execute_batch(LOG_MOVED)?;
    }
    if from < 4 {
        db.execute_batch(SCHEDULED)?;
    }
    if from < 5 {
        db.execute_batch(PAYERS)?;
    }
    Ok(())
}

fn move_log(db: &Connection) -> Result<(), RelayError> {
    let mut old = db.prepare(
        "SELECT (space << 32) | sequence, sequence, received_ms, generation, kind, proven, id, chain, entry
         FROM entry ORDER BY space, sequence",
    )?;
    let mut add = db.prepare("INSERT INTO placed VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    let mut rows = old.query([])?;
    while let Some(row) = rows.next()? {
        let (place, sequence): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (received_ms, generation): (i64, i64) = (row.get(2)?, row.get(3)?);
        let (kind, proven): (i64, i64) = (row.get(4)?, row.get(5)?);
        let blob = |column| row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from);
        let line = line(uint(sequence), uint(received_ms), uint(generation), blob(8)?);
        add.execute((place, received_ms, generation, kind, proven, blob(6)?, blob(7)?, line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use homing_wire::{BlobId, EntryId, Hash, PersonId};

    use super::super::*;

    /// The log as schemas 1 and 2 had it.
    const OLD_LOG: &str = "
        DROP TABLE entry;
        CREATE TABLE entry (
            space INTEGER NOT NULL REFERENCES space (number), sequence INTEGER NOT NULL, id BLOB NOT NULL,
            device BLOB NOT NULL, dseq INTEGER NOT NULL, kind INTEGER NOT NULL, received_ms INTEGER NOT NULL,
            generation INTEGER NOT NULL, chain BLOB NOT NULL, proven INTEGER NOT NULL, entry BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX entry_place ON entry (space, sequence);
        CREATE UNIQUE INDEX entry_id ON entry (id);
        CREATE INDEX entry_op ON entry (space, sequence) WHERE kind = 0;
        INSERT INTO space (number, id, sequence, generation, chain, received_ms, slot_sequence, op_head,
                           stored_bytes, confirmed)
        VALUES (1, x'01', 2, 1, x'00', 5, 0, x'00', 9, 1), (2, x'02', 1, 1, x'00', 5, 0, x'00', 9, 1);
        INSERT INTO entry VALUES
        (2, 1, CAST(zeroblob(31) || x'03' AS BLOB), x'00', 1, 0, 7, 1, zeroblob(32), 0, x'aa'),
        (1, 2, CAST(zeroblob(31) || x'02' AS BLOB), x'00', 2, 1, 6, 1, zeroblob(32), 1, x'bb'),
        (1, 1, CAST(zeroblob(31) || x'01' AS BLOB), x'00', 1, 0, 5, 1, CAST(zeroblob(31) || x'09' AS BLOB), 0, x'cc');";

    fn id(last: u8) -> [u8; 32] {
        let mut id = [0; 32];
        id[31] = last;
        id
    }

    fn taken_over(from: &str) -> Store {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(Some(folder.path())).unwrap());
        let old = Connection::open(folder.path().join(FILE)).unwrap();
        old.execute_batch(from).unwrap();
        drop(old);
        let store = Store::open(Some(folder.path())).unwrap();
        let version: u32 = store.db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, SCHEMA);
        assert_eq!(schema_of(&store), schema_of(&Store::open(None).unwrap()));
        store
    }

    /// What a database consists of, in whatever order it was made.
    fn schema_of(store: &Store) -> Vec<String> {
        let mut statement =
            store.db.prepare("SELECT tbl_name || ' ' || name FROM sqlite_schema ORDER BY 1").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// What schema 5 brought, taken away again, with a file of which half came.
    const OLD_CHUNKS: &str = "
        DROP INDEX blob_unfinished_of;
        DROP TABLE blob_chunk;
        CREATE TABLE blob_chunk (
            blob BLOB NOT NULL, position INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (blob, position)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO blob VALUES (CAST(zeroblob(31) || x'08' AS BLOB), CAST(zeroblob(31) || x'05' AS BLOB),
            zeroblob(64), 100, 1, 1);
        INSERT INTO blob_chunk VALUES (CAST(zeroblob(31) || x'08' AS BLOB), 0, 100);";

    #[test]
    fn in_a_database_of_schema_4_who_declared_a_file_has_paid_for_it() {
        let mut store = taken_over(&format!("{OLD_CHUNKS} PRAGMA user_version = 4;"));
        let (blob, ada, ben) = (BlobId(id(8)), PersonId(id(5)), PersonId(id(6)));
        assert_eq!(store.paid_for(&blob).unwrap(), [(ada, 100)]);
        assert_eq!((store.unfinished_of(&ada).unwrap(), store.unfinished_of(&ben).unwrap()), (1, 0));
        assert!(store.has_chunk(&blob, 0).unwrap() && !store.has_chunk(&blob, 1).unwrap());
        assert!(store.add_chunk(&blob, 1, 7, &ben).unwrap());
        assert_eq!(store.paid_for(&blob).unwrap(), [(ada, 100), (ben, 7)]);
        assert_eq!(store.unfinished_of(&ada).unwrap(), 0);
    }

    /// What schema 4 brought, taken away again.
    const OLD_TAILS: &str = "
        DROP TABLE scheduled;
        DROP TABLE tail;
        CREATE TABLE tail (
            space INTEGER NOT NULL, device BLOB NOT NULL, person BLOB NOT NULL, written_as BLOB NOT NULL,
            dseq INTEGER NOT NULL, last BLOB NOT NULL, PRIMARY KEY (space, device)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO tail VALUES
        (1, CAST(zeroblob(31) || x'07' AS BLOB), zeroblob(32), x'00', 41, CAST(zeroblob(31) || x'01' AS BLOB));";

    #[test]
    fn in_a_database_of_schema_3_every_device_pushed_its_last_entry_itself() {
        let store = taken_over(&format!("{OLD_CHUNKS} {OLD_TAILS} PRAGMA user_version = 3;"));
        let tail = store.tail(1, &homing_wire::DeviceId(id(7))).unwrap().unwrap();
        assert_eq!((tail.dseq, tail.last, tail.pushed), (41, EntryId(id(1)), 41));
        assert_eq!(store.scheduled_next().unwrap(), None);
    }

    #[test]
    fn databases_of_schemas_1_and_2_are_taken_over_with_their_logs() {
        for (version, dropped) in [(1, "DROP TABLE untold;"), (2, "")] {
            let store = taken_over(&format!(
                "{OLD_LOG} {OLD_TAILS} {OLD_CHUNKS} {dropped} PRAGMA user_version = {version};"
            ));
            assert_eq!(store.untold().unwrap(), []);
            assert_eq!(store.ids(1, 0, 9).unwrap(), [EntryId(id(1)), EntryId(id(2))]);
            assert_eq!(store.ids(2, 0, 9).unwrap(), [EntryId(id(3))]);
            assert_eq!(store.chain_at(1, 1).unwrap(), Some((1, Hash(id(9)))));
            let place = store.place(&EntryId(id(2)), 1).unwrap().unwrap();
            assert_eq!((place.space, place.sequence, place.received_ms, place.proven), (1, 2, 6, true));
            assert_eq!(store.ops(1).unwrap(), [(vec![0xcc], 5)]);
            assert_eq!(store.op_after(2, None).unwrap(), Some(vec![0xaa]));
            assert_eq!(store.op_after(1, Some(&EntryId(id(1)))).unwrap(), None);
        }
    }

    #[test]
    fn a_page_is_a_part_of_one_log_in_either_direction() {
        let store = taken_over(&format!("{OLD_LOG} {OLD_TAILS} {OLD_CHUNKS} PRAGMA user_version = 2;"));
        for (space, from, backwards, ops, count, last) in [
            (1, 0, false, false, 2, 2),
            (1, 1, false, false, 1, 2),
            (1, 2, false, false, 0, 0),
            (1, 0, true, false, 2, 1),
            (1, 2, true, false, 1, 1),
            (1, 1, true, false, 0, 0),
            (1, 0, false, true, 1, 1),
            (1, 0, true, true, 1, 1),
            (2, 0, false, false, 1, 1),
            (3, 0, true, false, 0, 0),
            (1, u64::MAX, false, false, 0, 0),
        ] {
            let (page, more) = store.page(&Span { space, from, backwards, ops, budget: 1000 }).unwrap();
            assert_eq!(
                (page.len(), page.last(), more),
                (count, last, false),
                "{space} {from} {backwards} {ops}"
            );
        }
    }
}
