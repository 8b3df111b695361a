use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::process::Command;
use std::sync::Barrier;

use homing_store::conversations::{self, Filter, PersonalState};
use homing_store::{Durability, Store, StoreError, doctor, messages, meta};

use crate::support::{KEY, Profile};

#[test]
fn what_was_written_is_there_after_opening_again() {
    let mut profile = Profile::new();
    profile.write(|tx| meta::set(tx, "name", b"value"));
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    let store = Store::open(&path, &KEY).unwrap();
    assert_eq!(meta::get(&store.read(), "name").unwrap().unwrap().as_slice(), b"value");
    assert_eq!(store.schema().unwrap(), homing_store::SCHEMA);
    drop(folder);
}

/// A profile as the first released version left it.
#[test]
fn a_file_of_the_first_version_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "07".repeat(32))).unwrap();
    raw.execute_batch(include_str!("../../src/sql/0001_initial.sql")).unwrap();
    raw.execute_batch(
        "INSERT INTO ids (n, id) VALUES (1, zeroblob(32));
         INSERT INTO people (person, name) VALUES (1, 'Ada');
         INSERT INTO spaces (n, kind, origin, state, chain) VALUES (1, 3, x'09', 0, zeroblob(32));
         INSERT INTO conversations (n, id, space, subject, creator, last_at, last_n, preview, unread, archived)
           VALUES (1, x'00000000000080008000000000000001', 1, 'old', 1, 50, 64, 'words', 1, 0),
                  (2, x'00000000000080008000000000000002', 1, 'away', 1, 60, NULL, '', 0, 1);
         INSERT INTO messages (n, id, conversation, space, author, mine, at, author_ms, received_ms, unread, device,
             dseq, state, body)
           VALUES (64, x'00000000000080008000000000000003', 1, 1, 1, 0, 50, 50, 50, 1, 1, 1, 2, 'words');
         INSERT INTO search (rowid, body, tags) VALUES (64, 'words', '');
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(raw);
    let store = Store::open(&path, &KEY).unwrap();
    assert_eq!(store.schema().unwrap(), homing_store::SCHEMA);
    let db = store.read();
    let subjects = |filter| -> Vec<String> {
        conversations::list(&db, filter, None, 9).unwrap().into_iter().map(|row| row.subject).collect()
    };
    assert_eq!(subjects(Filter::All), ["away", "old"]);
    assert_eq!(subjects(Filter::Active), ["old"]);
    assert_eq!(subjects(Filter::Unread), ["old"]);
    assert_eq!(subjects(Filter::Archived), ["away"]);
    assert_eq!(subjects(Filter::Snoozed), [""; 0]);
    let row = conversations::list(&db, Filter::Active, None, 9).unwrap().remove(0);
    assert_eq!((row.unread, row.own, row.away, row.team), (1, PersonalState::default(), false, None));
    assert_eq!(messages::before(&db, &row.id, None, 9).unwrap()[0].body, "words");
}

#[test]
fn nothing_stands_in_the_file_in_the_clear() {
    let mut profile = Profile::new();
    profile.write(|tx| meta::set(tx, "name", b"a secret that must not be seen"));
    profile.store.checkpoint().unwrap();
    let bytes = std::fs::read(profile.path()).unwrap();
    assert!(bytes.len() > 4096);
    assert!(!bytes.windows(8).any(|window| window == b"a secret" || window == b"SQLite f"));
}

#[test]
fn another_key_opens_nothing() {
    let profile = Profile::new();
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    assert!(matches!(Store::open(&path, &[8; 32]), Err(StoreError::WrongKey)));
    Store::open(&path, &KEY).unwrap();
    drop(folder);
}

#[test]
fn a_second_owner_is_kept_out() {
    let profile = Profile::new();
    assert!(matches!(Store::open(&profile.path(), &KEY), Err(StoreError::InUse)));
}

#[test]
fn a_newer_file_is_left_alone() {
    let profile = Profile::new();
    profile.raw().execute_batch("PRAGMA user_version = 99").unwrap();
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    assert!(matches!(
        Store::open(&path, &KEY),
        Err(StoreError::TooNew { found: 99, known: homing_store::SCHEMA })
    ));
    drop(folder);
}

#[test]
fn an_error_undoes_the_whole_transaction() {
    let mut profile = Profile::new();
    for durability in [Durability::Full, Durability::Normal, Durability::Full] {
        let result: Result<(), StoreError> = profile.store.write(durability, |tx| {
            meta::set(tx, "half", b"done")?;
            Err(StoreError::NotFound("the other half"))
        });
        assert!(result.is_err());
    }
    assert!(meta::get(&profile.store.read(), "half").unwrap().is_none());
    profile.write(|tx| meta::set(tx, "half", b"done"));
}

#[test]
fn a_new_key_takes_the_place_of_the_old() {
    let mut profile = Profile::new();
    profile.write(|tx| meta::set(tx, "name", b"value"));
    profile.store.rekey(&[9; 32]).unwrap();
    profile.write(|tx| meta::set(tx, "later", b"too"));
    assert!(meta::get(&profile.store.read(), "later").unwrap().is_some());
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    assert!(matches!(Store::open(&path, &KEY), Err(StoreError::WrongKey)));
    let store = Store::open(&path, &[9; 32]).unwrap();
    assert_eq!(meta::get(&store.read(), "name").unwrap().unwrap().as_slice(), b"value");
    assert_eq!(meta::with_prefix(&store.read(), "la").unwrap().len(), 1);
    drop(folder);
}

#[test]
fn a_flipped_byte_in_the_file_is_found() {
    let mut profile = Profile::new();
    // Far more than what the tables take: its middle is the file's.
    profile.write(|tx| meta::set(tx, "name", &vec![5; 2_000_000]));
    profile.store.checkpoint().unwrap();
    assert_eq!(doctor::scan_file(&profile.store).unwrap(), []);
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    let mut file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
    let store = Store::open(&path, &KEY).unwrap();
    let found = doctor::scan_file(&store).unwrap();
    assert!(found.iter().any(|finding| finding.code == "file_damaged"), "{found:?}");
    drop(folder);
}

#[test]
fn a_file_with_the_former_pages_stays_as_it_is() {
    let mut profile = Profile::former();
    profile.write(|tx| meta::set(tx, "name", b"value"));
    profile.store.checkpoint().unwrap();
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    let size = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
    let before = size(&path);
    assert_eq!(before % 4096, 0);
    let store = Store::open(&path, &KEY).unwrap();
    assert_eq!(meta::get(&store.read(), "name").unwrap().unwrap().as_slice(), b"value");
    assert!(doctor::scan_file(&store).unwrap().is_empty());
    drop(store);
    assert_eq!(size(&path), before);
    assert!(matches!(Store::open(&path, &[8; 32]), Err(StoreError::WrongKey)));
    drop(folder);
}

#[test]
fn a_file_with_the_former_pages_is_whole_after_a_power_cut() {
    let mut profile = Profile::former();
    profile.write(|tx| meta::set(tx, "name", b"only in the log file"));
    // What a process that was killed leaves behind: the database and its log file as they are in this moment.
    let cut = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("db{suffix}");
        std::fs::copy(profile.folder.path().join(&name), cut.path().join(&name)).unwrap();
    }
    assert!(std::fs::metadata(cut.path().join("db-wal")).unwrap().len() > 0);
    let store = Store::open(&cut.path().join("db"), &KEY).unwrap();
    assert_eq!(meta::get(&store.read(), "name").unwrap().unwrap().as_slice(), b"only in the log file");
}

/// The library sets itself up when a process opens its first file; whoever opens one at that very moment waits for it. Each
/// round needs a process of its own. Files that can't be read are refused only after the key was taken, and at once.
#[test]
fn several_files_can_be_the_first_of_a_process() {
    const ALONE: &str = "HOMING_TEST_FIRST_FILES";
    if std::env::var_os(ALONE).is_none() {
        for _ in 0..60 {
            let process = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "file::several_files_can_be_the_first_of_a_process"])
                .env(ALONE, "yes")
                .output()
                .unwrap();
            assert!(process.status.success(), "{}", String::from_utf8_lossy(&process.stdout));
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let together = Barrier::new(8);
    std::thread::scope(|scope| {
        for name in 0..8 {
            let profile = folder.path().join(name.to_string());
            std::fs::create_dir(&profile).unwrap();
            std::fs::write(profile.join("db"), [7; 4096]).unwrap();
            let together = &together;
            scope.spawn(move || {
                together.wait();
                let opened = Store::open(&profile.join("db"), &KEY).map(|_| ());
                assert!(matches!(opened, Err(StoreError::WrongKey)), "{opened:?}");
            });
        }
    });
}
