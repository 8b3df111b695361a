use homing_store::attachments::FileState;
use homing_store::draft_files::{self, DraftFileRow};
use homing_store::entries::{self, NewEntry, Status};
use homing_store::outbox::{self, NewOutbox, OutboxState};
use homing_store::{
    Store, StoreError, backup, conversations, doctor, epochs, messages, meta, search, slots, spaces,
};
use homing_wire::{BlobId, EntryId, Hash, Salt, SlotId};

use crate::support::{LAPTOP, Profile, SPACE, doc, entry, message, own};

const PHRASE: [u8; 32] = [42; 32];

fn filled() -> Profile {
    fill(Profile::new())
}

fn fill(mut profile: Profile) -> Profile {
    let (id, header, bytes) = entry(SPACE, LAPTOP, 1, None);
    profile.write(|tx| {
        meta::set(tx, "device.sign", b"the device's own key")?;
        meta::set(tx, "person.seed", b"kept")?;
        epochs::put(tx, &SPACE, &EntryId([1; 32]), &Hash([2; 32]), &[3; 32])?;
        messages::insert(tx, vec![message(1), own(2)])?;
        conversations::set_archived(tx, &doc(1), true, 0)?;
        let new = NewEntry {
            id: &id,
            header: &header,
            place: None,
            status: Status::Sealed,
            reason: "",
            bytes: &bytes,
        };
        entries::insert(tx, &new)?;
        let row = outbox::enqueue(
            tx,
            &NewOutbox {
                space: SPACE,
                kind: "message".to_owned(),
                doc: Some(own(2).id),
                conversation: Some(doc(1)),
                hash: None,
                salt: Salt([1; 16]),
                created_ms: 1,
                hold_until: 0,
            },
        )?;
        outbox::seal(tx, &[row], &id)?;
        slots::set(tx, &SPACE, &SlotId([1; 16]), b"draft")?;
        slots::seal(tx, &SPACE, &SlotId([1; 16]), 5, b"sealed")?;
        spaces::update(tx, &SPACE, |row| {
            row.my_dseq = 7;
            row.my_prev = Some(id);
        })
    });
    profile
}

#[test]
fn a_copy_holds_everything_but_the_device() {
    let profile = filled();
    let copy = profile.folder.path().join("copy.homing");
    std::fs::write(&copy, b"an older one").unwrap();
    let bytes = backup::write(&profile.store, &copy, &PHRASE, &["device.sign"]).unwrap();
    assert_eq!(bytes, std::fs::metadata(&copy).unwrap().len());
    let names: Vec<String> = std::fs::read_dir(profile.folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy"))
        .collect();
    assert_eq!(names, ["copy.homing"]);

    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("db");
    backup::restore(&copy, &PHRASE, &path, &[5; 32]).unwrap();
    let mut store = Store::open(&path, &[5; 32]).unwrap();
    let db = store.read();
    assert!(meta::get(&db, "device.sign").unwrap().is_none());
    assert_eq!(meta::get(&db, "person.seed").unwrap().unwrap().as_slice(), b"kept");
    assert_eq!(*epochs::get(&db, &SPACE, &EntryId([1; 32])).unwrap().unwrap().seed, [3; 32]);
    let row = conversations::get(&db, &doc(1)).unwrap().unwrap();
    assert_eq!((row.unread, row.archived, row.waiting), (1, true, 1));
    let query = search::Query { text: "number".into(), limit: 9, ..Default::default() };
    assert_eq!(search::find(&db, &query).unwrap().0.len(), 2);

    // A new device: what the old one had frozen is sealed anew, and its counters are not used again.
    let queued = outbox::in_state(&db, &SPACE, OutboxState::Queued, 9).unwrap();
    assert_eq!(queued.len(), 1);
    assert_eq!(entries::count(&db, Status::Sealed).unwrap(), 0);
    let own_slot = slots::own(&db, &SPACE, &SlotId([1; 16])).unwrap().unwrap();
    assert_eq!((own_slot.counter, own_slot.dirty, own_slot.bytes), (0, true, None));
    let space = spaces::must(&db, &SPACE).unwrap();
    assert_eq!((space.my_dseq, space.my_prev), (0, None));
    let kinds = doctor::Kinds { conversation: 1, message: 2, records: Vec::new() };
    let found = store.write(homing_store::Durability::Normal, |tx| doctor::scan(tx, &kinds)).unwrap();
    assert_eq!(found, []);
    assert_eq!(doctor::scan_file(&store).unwrap(), []);
}

#[test]
fn a_copy_opens_with_its_own_key_only_and_is_not_changed() {
    let profile = filled();
    let copy = profile.folder.path().join("copy.homing");
    backup::write(&profile.store, &copy, &PHRASE, &[]).unwrap();
    let before = std::fs::read(&copy).unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("db");
    let wrong = backup::restore(&copy, &crate::support::KEY, &path, &[5; 32]);
    assert!(matches!(wrong, Err(StoreError::WrongKey)));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing is left of the attempt");
    backup::restore(&copy, &PHRASE, &path, &[5; 32]).unwrap();
    assert!(matches!(backup::restore(&copy, &PHRASE, &path, &[5; 32]), Err(StoreError::Conflict(_))));
    assert_eq!(std::fs::read(&copy).unwrap(), before);
}

#[test]
fn the_profile_goes_on_while_and_after_it_is_copied() {
    let mut profile = filled();
    let copy = profile.folder.path().join("copy.homing");
    backup::write(&profile.store, &copy, &PHRASE, &[]).unwrap();
    profile.write(|tx| messages::insert(tx, vec![message(9)]));
    backup::write(&profile.store, &copy, &PHRASE, &[]).unwrap();
    assert_eq!(conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap().unread, 2);
}

#[test]
fn profiles_and_copies_with_the_former_pages_are_copied_and_restored() {
    let profile = fill(Profile::former());
    let copy = profile.folder.path().join("copy.homing");
    backup::write(&profile.store, &copy, &PHRASE, &["device.sign"]).unwrap();
    let restored = |from: &std::path::Path, key: &[u8; 32]| {
        let home = tempfile::tempdir().unwrap();
        backup::restore(from, key, &home.path().join("db"), &[5; 32]).unwrap();
        let store = Store::open(&home.path().join("db"), &[5; 32]).unwrap();
        assert_eq!(conversations::get(&store.read(), &doc(1)).unwrap().unwrap().unread, 1);
        assert_eq!(doctor::scan_file(&store).unwrap(), []);
    };
    restored(&copy, &PHRASE);
    // A closed profile has the form of a copy made by a version that knew only such pages.
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    restored(&path, &crate::support::KEY);
    drop(folder);
}

#[test]
fn a_copy_says_nothing_of_where_files_were_not_even_one_of_an_older_version() {
    let mut profile = filled();
    let row = |n: u32, state: FileState, path: Option<&str>| DraftFileRow {
        id: doc(n),
        draft: doc(1),
        conversation: doc(1),
        blob: BlobId([u8::try_from(n).unwrap(); 32]),
        meta: vec![1],
        state,
        progress: 0.0,
        path: path.map(str::to_owned),
    };
    profile.write(|tx| {
        draft_files::put(tx, &row(80, FileState::Waiting, Some("/old/files/80")))?;
        draft_files::put(tx, &row(81, FileState::Ready, Some("/old/files/81")))?;
        draft_files::put(tx, &row(82, FileState::Remote, None))
    });
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("copy.homing");
    backup::write(&profile.store, &copy, &PHRASE, &[]).unwrap();
    let shown = |store: &Store| {
        let rows = draft_files::of_draft(&store.read(), &doc(1)).unwrap();
        rows.into_iter().map(|row| (row.state, row.path)).collect::<Vec<_>>()
    };
    let wanted = [(FileState::Waiting, None), (FileState::Remote, None), (FileState::Remote, None)];
    assert_eq!(shown(&Store::open(&copy, &PHRASE).unwrap()), wanted);
    // A closed profile has what a copy of a version had that left such rows as they were.
    let path = profile.path();
    let Profile { store, folder } = profile;
    drop(store);
    backup::restore(&path, &crate::support::KEY, &home.path().join("db"), &[5; 32]).unwrap();
    assert_eq!(shown(&Store::open(&home.path().join("db"), &[5; 32]).unwrap()), wanted);
    drop(folder);
}
