//! Numbered migrations; `user_version` says how many have run.

use std::cell::RefCell;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Result, StoreError, Tx, messages};

const MIGRATIONS: [&str; 16] = [
    include_str!("sql/0001_initial.sql"),
    include_str!("sql/0002_messages.sql"),
    include_str!("sql/0003_records.sql"),
    include_str!("sql/0004_conversations.sql"),
    include_str!("sql/0005_scheduled.sql"),
    include_str!("sql/0006_notices.sql"),
    include_str!("sql/0007_search.sql"),
    include_str!("sql/0008_files.sql"),
    include_str!("sql/0009_mentions.sql"),
    include_str!("sql/0010_cache.sql"),
    include_str!("sql/0011_cleared.sql"),
    include_str!("sql/0012_refused.sql"),
    include_str!("sql/0013_comments.sql"),
    include_str!("sql/0014_told.sql"),
    include_str!("sql/0015_tidying.sql"),
    include_str!("sql/0016_heard.sql"),
];
/// The schema whose index holds names of files and parts of Korean words.
const SEARCH: usize = 7;

/// The newest schema this version knows.
pub const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Brings the file to the newest schema, each step in its own transaction.
pub fn run(conn: &mut Connection) -> Result<()> {
    let found = version(conn)?;
    if found > KNOWN {
        return Err(StoreError::TooNew { found, known: KNOWN });
    }
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        if step + 1 == SEARCH && found > 0 {
            messages::complete_words(&Tx::new(&tx, &RefCell::default()))?;
        }
        tx.pragma_update(None, "user_version", step + 1)?;
        tx.commit()?;
    }
    Ok(())
}

/// The file's schema.
pub fn version(conn: &Connection) -> Result<u32> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of the first schema, with a message and a change that waits.
    const FIRST: &str = "
      INSERT INTO ids (n, id) VALUES (1, x'01');
      INSERT INTO conversations (n, id, space) VALUES (1, x'02', 1);
      INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, device, state, body)
        VALUES (64, x'00000000000080008000000000000003', 1, 1, 1, 1, 1000, 1000, 0, 1, 1, 'words');
      INSERT INTO outbox (space, kind, doc, salt, state, created_ms) VALUES (1, 'message', x'00000000000080008000000000000003', x'04', 0, 1000);
      PRAGMA user_version = 1;";

    #[test]
    fn what_the_first_schema_held_is_there_after_all_steps() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(MIGRATIONS[0]).unwrap();
        conn.execute_batch(FIRST).unwrap();
        run(&mut conn).unwrap();
        assert_eq!(version(&conn).unwrap(), KNOWN);
        let row: (String, i64, Vec<u8>, bool, i64) = conn
            .query_row(
                "SELECT m.body, m.edited_ms, m.extras, m.mentions_me, o.hold_until
                 FROM messages m JOIN outbox o ON o.doc = m.id",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
            )
            .unwrap();
        assert_eq!(row, ("words".to_owned(), 0, Vec::new(), false, 0));
    }

    /// A message with a file, as every schema can hold it.
    const WITH_FILE: &str = "
      INSERT INTO ids (n, id) VALUES (1, zeroblob(32));
      INSERT INTO conversations (n, id, space) VALUES (1, zeroblob(16), 1);
      INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, device, state, files, body)
        VALUES (64, x'00000000000080008000000000000001', 1, 1, 1, 0, 7000, 1, 1, 1, 2, 1, 'hi');
      INSERT INTO attachments (id, message, position, key, name, mime, size, chunks, state)
        VALUES (x'00000000000080008000000000000009', x'00000000000080008000000000000001', 0, zeroblob(32), 'plan.pdf', '', 1, x'', 2);";

    /// The schema from which on a message says whether it names this person.
    const MENTIONS: usize = 2;

    #[test]
    fn a_file_of_every_schema_is_brought_to_the_newest() {
        for from in 1..MIGRATIONS.len() {
            let mut conn = Connection::open_in_memory().unwrap();
            for sql in &MIGRATIONS[..from] {
                conn.execute_batch(sql).unwrap();
            }
            conn.execute_batch(WITH_FILE).unwrap();
            if from >= MENTIONS {
                conn.execute("UPDATE messages SET mentions_me = 1", []).unwrap();
            }
            let words = if from < SEARCH { "hi" } else { "hi plan.pdf" };
            conn.execute("INSERT INTO search (rowid, body, tags) VALUES (64, ?1, 'km c1 p1 f')", [words])
                .unwrap();
            conn.pragma_update(None, "user_version", from).unwrap();
            run(&mut conn).unwrap();
            assert_eq!(version(&conn).unwrap(), KNOWN, "from {from}");
            let listed: i64 = conn
                .query_row(
                    "SELECT at FROM messages INDEXED BY messages_with_files WHERE files > 0",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(listed, 7000, "from {from}");
            let named: i64 =
                conn.query_row("SELECT mentions FROM conversations", [], |row| row.get(0)).unwrap();
            assert_eq!(named, i64::from(from >= MENTIONS), "from {from}");
            let found: i64 = conn
                .query_row("SELECT count(*) FROM search WHERE search MATCH 'body : plan'", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(found, 1, "from {from}");
        }
    }

    /// The schema from which on a file that the relay does not take says so.
    const REFUSED: usize = 12;

    #[test]
    fn a_file_that_was_refused_is_told_from_one_that_could_not_be_fetched() {
        let mut conn = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..REFUSED - 1] {
            conn.execute_batch(sql).unwrap();
        }
        conn.execute_batch(WITH_FILE).unwrap();
        conn.execute_batch(
            "INSERT INTO search (rowid, body, tags) VALUES (64, 'hi plan.pdf', 'km c1 p1 f');
             UPDATE attachments SET state = 5, path = 'files/1';
             INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, device, state, files, body)
               VALUES (65, x'00000000000080008000000000000002', 1, 1, 1, 1, 7001, 1, 1, 1, 2, 1, 'own');
             INSERT INTO attachments (id, message, position, key, name, mime, size, chunks, state, path) VALUES
               (x'00000000000080008000000000000010', x'00000000000080008000000000000002', 0, zeroblob(32), '', '', 1, x'', 5, 'files/2'),
               (x'00000000000080008000000000000011', x'00000000000080008000000000000002', 1, zeroblob(32), '', '', 1, x'', 4, 'files/3');
             INSERT INTO draft_files (id, draft, conversation, blob, meta, state, path)
               VALUES (x'12', x'13', x'14', x'15', x'16', 5, 'files/4');",
        )
        .unwrap();
        conn.pragma_update(None, "user_version", REFUSED - 1).unwrap();
        run(&mut conn).unwrap();
        let mut all = conn.prepare("SELECT state FROM attachments ORDER BY id").unwrap();
        let states: Vec<i64> = all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(states, [5, 8, 4]);
        let draft: i64 = conn.query_row("SELECT state FROM draft_files", [], |row| row.get(0)).unwrap();
        assert_eq!(draft, 8);
    }

    /// The schema from which on deletions are tidied up after in slices, and strays say when they were written.
    const TIDYING: usize = 15;

    #[test]
    fn strays_of_before_are_looked_at_again_behind_those_that_say_when() {
        let mut conn = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..TIDYING - 1] {
            conn.execute_batch(sql).unwrap();
        }
        conn.execute_batch(
            "INSERT INTO strays (message, conversation) VALUES
               (x'00000000000080008000000000000001', x'00000000000080008000000000000009'),
               (x'00000000000080008000000000000002', x'00000000000080008000000000000009');",
        )
        .unwrap();
        conn.pragma_update(None, "user_version", TIDYING - 1).unwrap();
        run(&mut conn).unwrap();
        let numbers = RefCell::default();
        let tx = Tx::new(&conn, &numbers);
        let id = |n: u8| {
            let mut bytes = [0; 16];
            (bytes[6], bytes[8], bytes[15]) = (0x80, 0x80, n);
            homing_wire::DocId::from_slice(&bytes).unwrap()
        };
        crate::strays::note(&tx, &id(3), &id(9), 7).unwrap();
        assert_eq!(crate::tidying::next(&tx, &[]).unwrap(), None);
        crate::tidying::look_again(&tx, &id(9)).unwrap();
        assert_eq!(crate::tidying::look(&tx, &id(9), 2).unwrap(), [id(3), id(2)]);
        assert_eq!(crate::tidying::look(&tx, &id(9), 2).unwrap(), [id(1)]);
        assert_eq!(crate::tidying::next(&tx, &[]).unwrap(), None);
    }

    /// The schema from which on people who are blocked count for nothing.
    const HEARD: usize = 16;

    #[test]
    fn what_somebody_blocked_wrote_before_is_taken_out_of_the_counters() {
        let mut conn = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..HEARD - 1] {
            conn.execute_batch(sql).unwrap();
        }
        // 1 is blocked, 2 is not.
        conn.execute_batch(
            "INSERT INTO ids (n, id) VALUES (1, zeroblob(32)), (2, randomblob(32));
             INSERT INTO people (person, blocked) VALUES (1, 1), (2, 0);
             INSERT INTO conversations (n, id, space, unread, last_n, last_at, preview) VALUES
               (1, randomblob(16), 1, 2, 65, 2, 'nor this'), (2, randomblob(16), 1, 1, 66, 3, 'heard');
             INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, device, state,
               body, unread, mentions_me) VALUES
               (64, randomblob(16), 1, 1, 2, 0, 1, 1, 1, 1, 2, 'this', 1, 0),
               (65, randomblob(16), 1, 1, 1, 0, 2, 2, 2, 1, 2, 'nor this', 1, 1),
               (66, randomblob(16), 2, 1, 2, 0, 3, 3, 3, 1, 2, 'heard', 1, 1);",
        )
        .unwrap();
        conn.pragma_update(None, "user_version", HEARD - 1).unwrap();
        run(&mut conn).unwrap();
        let mut all = conn
            .prepare("SELECT unread, mentions, last_n, last_at, preview FROM conversations ORDER BY n")
            .unwrap();
        let rows: Vec<(i64, i64, i64, i64, String)> = all
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(rows, [(1, 0, 64, 1, "this".to_owned()), (1, 1, 66, 3, "heard".to_owned())]);
        // From then on as they come and go.
        conn.execute("DELETE FROM messages WHERE n = 65", []).unwrap();
        conn.execute("UPDATE messages SET mentions_me = 0 WHERE n = 66", []).unwrap();
        let named: i64 =
            conn.query_row("SELECT sum(mentions) FROM conversations", [], |row| row.get(0)).unwrap();
        assert_eq!(named, 0);
    }

    #[test]
    fn the_index_gets_the_names_of_files_and_the_parts_of_korean_words() {
        let mut conn = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..SEARCH - 1] {
            conn.execute_batch(sql).unwrap();
        }
        conn.execute_batch(
            "INSERT INTO ids (n, id) VALUES (1, zeroblob(32));
             INSERT INTO conversations (n, id, space) VALUES (1, zeroblob(16), 1);
             INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, device, state,
               files, body) VALUES
               (64, x'00000000000080008000000000000001', 1, 1, 1, 0, 1, 1, 1, 1, 2, 1, 'hi'),
               (65, x'00000000000080008000000000000002', 1, 1, 1, 0, 1, 1, 1, 1, 2, 0, '부동산 중개인'),
               (66, x'00000000000080008000000000000003', 1, 1, 1, 0, 1, 1, 1, 1, 2, 0, 'plain');
             INSERT INTO attachments (id, message, position, key, name, mime, size, chunks, state)
               VALUES (x'00000000000080008000000000000009', x'00000000000080008000000000000001', 0, zeroblob(32), 'Grundriss.pdf', '', 1, x'', 2);
             INSERT INTO search (rowid, body, tags) VALUES (64, 'hi', 'km c1 p1 f'), (65, '부동산 중개인', 'km c1 p1'),
               (66, 'plain', 'km c1 p1');",
        )
        .unwrap();
        conn.pragma_update(None, "user_version", SEARCH - 1).unwrap();
        run(&mut conn).unwrap();
        let row = |words: &str| -> Option<i64> {
            let sql = "SELECT rowid FROM search WHERE search MATCH ?1";
            conn.query_row(sql, [format!("body : \"{words}\"")], |row| row.get(0)).ok()
        };
        assert_eq!(
            [row("grundriss"), row("중개 개인"), row("plain"), row("hi")],
            [Some(64), Some(65), Some(66), Some(64)]
        );
        assert_eq!(row("중개인"), None, "the old words are out");
    }
}
