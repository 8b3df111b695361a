//! The real binary: its one line, its signals, and what survives `kill -9`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use homing_wire::{ClientFrame, Entry, RelayFrame, Role, SpaceId, Stored, entry_of};
use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::support::{Client, Person, World, chain};

struct Binary {
    child: Child,
    address: String,
}

impl Binary {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_homing-relay"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line.as_object().unwrap().len(), 1);
        let address = line["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Self { child, address }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Pushes until the relay dies, counting aloud what is acknowledged; tells what was, and what was on its way.
async fn push_until_death(
    mut client: Client,
    mut world: World,
    who: Person,
    space: SpaceId,
    acknowledged: mpsc::UnboundedSender<()>,
) -> (World, Vec<(u64, Entry)>, Option<Entry>) {
    let mut acked = Vec::new();
    for n in 0u64.. {
        let entry = world.data(space, &who, who.me(), format!("{n}").as_bytes());
        let req = client.next_request();
        let frame = ClientFrame::Push { req, entry: entry.encode() };
        if client.try_send(&frame).await.is_err() {
            return (world, acked, Some(entry));
        }
        loop {
            match client.receive().await {
                Some(RelayFrame::Ack { placed: Some(placed), .. }) => {
                    world.took(&entry, placed.received_ms);
                    acked.push((placed.sequence, entry));
                    // Nobody counts any more once the kill is decided.
                    let _ = acknowledged.send(());
                    break;
                }
                Some(RelayFrame::Event { .. } | RelayFrame::Feed { .. }) => {}
                Some(frame) => panic!("{frame:?}"),
                None => return (world, acked, Some(entry)),
            }
        }
    }
    unreachable!()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_to_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let people: Vec<Person> = (0..3).map(|_| world.person()).collect();
    let mut relay = Binary::start(folder.path());
    let mut first = Client::open(&relay.address).await;
    for person in &people {
        first.account_push(&person.log[0]).await.unwrap();
    }
    first.auth(&people[0]).await;
    let members: Vec<(&Person, Role)> = people[1..].iter().map(|person| (person, Role::Member)).collect();
    let (space, genesis) = world.talk(&people[0], &members);
    first.push(&genesis).await.unwrap();
    drop(first);

    let mut worlds: Vec<World> = people.iter().map(|_| world.clone()).collect();
    let mut recorded: Vec<(u64, Entry)> = Vec::new();
    let mut survived = 0;
    for round in 0..5 {
        let (acknowledged, mut heard) = mpsc::unbounded_channel();
        let mut tasks = Vec::new();
        for (person, world) in people.iter().zip(worlds) {
            let client = Client::login(&relay.address, person).await;
            let pushing = push_until_death(client, world, person.clone(), space, acknowledged.clone());
            tasks.push(tokio::spawn(pushing));
        }
        // Killed in the middle of the work, each time at another place of it.
        for _ in 0..4 + 9 * round {
            heard.recv().await.unwrap();
        }
        relay.kill();
        relay = Binary::start(folder.path());
        worlds = Vec::new();
        for (task, person) in tasks.into_iter().zip(&people) {
            let (mut world, acked, pending) = task.await.unwrap();
            recorded.extend(acked);
            let mut client = Client::login(&relay.address, person).await;
            assert_eq!(client.generation, 1, "a crash is no restore");
            if let Some(entry) = pending {
                let (log, known) = (client.pull_all(space).await.unwrap(), entry.id());
                survived += log.iter().filter(|stored| id(stored) == known).count();
                let placed = client.push(&entry).await.unwrap();
                world.took(&entry, placed.received_ms);
                recorded.push((placed.sequence, entry));
            }
            worlds.push(world);
        }
    }
    let mut client = Client::login(&relay.address, &people[0]).await;
    let log = client.pull_all(space).await.unwrap();
    for (sequence, entry) in &recorded {
        let stored = &log[usize::try_from(*sequence).unwrap() - 1];
        assert_eq!(stored.entry, entry.encode(), "entry {sequence} was acknowledged");
    }
    assert_eq!(log.len(), recorded.len() + 1, "and each stands once");
    assert_eq!(client.ids(space).await.1.head, chain(&log));
    assert!(recorded.len() >= 110, "{} entries, {survived} pushes survived unacknowledged", recorded.len());
    relay.kill();
}

fn id(stored: &Stored) -> homing_wire::EntryId {
    Entry::decode(&stored.entry).unwrap().id()
}

/// Entries that make a migration long enough to be killed in, and the bytes of each.
const MANY: (i64, i64) = (25_000, 2_000);

/// Turns a database back to the form of schema 2, with a large log of nobody's beside what is in it.
fn turn_back(folder: &Path) {
    let mut db = Connection::open(folder.join("relay.db")).unwrap();
    let tx = db.transaction().unwrap();
    tx.execute_batch(
        "ALTER TABLE entry RENAME TO placed;
         DROP INDEX entry_id;
         DROP INDEX entry_op;
         CREATE TABLE entry (
             space INTEGER NOT NULL REFERENCES space (number), sequence INTEGER NOT NULL, id BLOB NOT NULL,
             device BLOB NOT NULL, dseq INTEGER NOT NULL, kind INTEGER NOT NULL, received_ms INTEGER NOT NULL,
             generation INTEGER NOT NULL, chain BLOB NOT NULL, proven INTEGER NOT NULL, entry BLOB NOT NULL
         ) STRICT;
         CREATE UNIQUE INDEX entry_place ON entry (space, sequence);
         CREATE UNIQUE INDEX entry_id ON entry (id);
         CREATE INDEX entry_op ON entry (space, sequence) WHERE kind = 0;
         INSERT INTO entry SELECT place >> 32, place & 0xffffffff, id, x'00', 0, kind, received_ms, generation,
             chain, proven, line FROM placed;
         DROP TABLE placed;
         DROP TABLE scheduled;
         ALTER TABLE tail DROP COLUMN pushed;
         DROP INDEX blob_unfinished_of;
         ALTER TABLE blob_chunk DROP COLUMN payer;
         INSERT INTO space SELECT 1000, zeroblob(32), NULL, 0, 1, zeroblob(32), 1, 0, zeroblob(32), 0, 1;
         PRAGMA user_version = 2;",
    )
    .unwrap();
    let lines: Vec<(i64, Vec<u8>)> = tx
        .prepare("SELECT rowid, entry FROM entry")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (row, line) in lines {
        tx.execute("UPDATE entry SET entry = ?2 WHERE rowid = ?1", (row, entry_of(&line).unwrap())).unwrap();
    }
    tx.execute(
        "INSERT INTO entry
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
         SELECT 1000, n, randomblob(32), x'00', n, 1, n, 1, zeroblob(32), 0, randomblob(?2) FROM n",
        MANY,
    )
    .unwrap();
    tx.commit().unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

fn version(folder: &Path) -> u32 {
    let db = Connection::open(folder.join("relay.db")).unwrap();
    db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn a_migration_that_is_killed_begins_anew_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let ada = world.person();
    let relay = Binary::start(folder.path());
    let mut client = Client::open(&relay.address).await;
    client.account_push(&ada.log[0]).await.unwrap();
    client.auth(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    client.push(&genesis).await.unwrap();
    for number in 0u8..40 {
        let entry = world.data(space, &ada, ada.me(), &[number; 300]);
        let placed = client.push(&entry).await.unwrap();
        world.took(&entry, placed.received_ms);
    }
    let before = client.pull_all(space).await.unwrap();
    relay.kill();
    turn_back(folder.path());

    // Killed by the system as it writes the ninth MiB of the write-ahead log, into which all goes that does not fit into
    // its memory: no file of it may be longer.
    let killed = Command::new("sh")
        .args(["-c", "ulimit -c 0; ulimit -f 16384; exec \"$0\" --listen 127.0.0.1:0 --data \"$1\""])
        .arg(env!("CARGO_BIN_EXE_homing-relay"))
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(killed.code(), None, "{killed}");
    assert_eq!(std::fs::metadata(folder.path().join("relay.db-wal")).unwrap().len() >> 20, 8);
    assert_eq!(version(folder.path()), 2, "killed in the middle");

    let relay = Binary::start(folder.path());
    let mut client = Client::login(&relay.address, &ada).await;
    assert_eq!(client.generation, 1);
    assert_eq!(client.pull_all(space).await.unwrap(), before);
    let entry = world.data(space, &ada, ada.me(), b"and on");
    client.push(&entry).await.unwrap();
    relay.kill();
    assert_eq!(version(folder.path()), 5);
    let db = Connection::open(folder.path().join("relay.db")).unwrap();
    let (count, bytes): (i64, i64) = db
        .query_row("SELECT count(*), min(length(line)) FROM entry WHERE place >> 32 = 1000", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((count, bytes > MANY.1), (MANY.0, true));
    let sound: String = db.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[cfg(unix)]
#[tokio::test]
async fn signals_stop_it_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut relay = Binary::start(folder.path());
        let mut client = Client::open(&relay.address).await;
        let sent = Command::new("kill").arg(signal).arg(relay.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        assert_eq!(client.went_away().await, homing_wire::NackCode::Unavailable);
        assert!(relay.child.wait().unwrap().success());
        assert!(!folder.path().join("relay.db-wal").exists(), "one file is the whole database");
    }
}

#[cfg(unix)]
#[test]
fn its_identity_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    Binary::start(folder.path()).kill();
    let mode = std::fs::metadata(folder.path().join("relay.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_relays_never_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Binary::start(folder.path());
    let second = Command::new(env!("CARGO_BIN_EXE_homing-relay"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8(second.stderr).unwrap().contains("another relay uses"));
    first.kill();
}

#[test]
fn help_is_worth_reading() {
    let help = Command::new(env!("CARGO_BIN_EXE_homing-relay")).arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    for word in ["--listen", "--data", "relay.json", "TLS", "/healthz", "/metrics", "back up", "--host"] {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
}
