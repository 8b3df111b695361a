//! Lists of records, and which conversations are about which.

use homing_store::attachments::{self, AttachmentRow, FileKey, FileState};
use homing_store::conversations::{self, ConversationDoc};
use homing_store::records::{self, Filter, RecordRow, Sort};
use homing_store::{Durability, Result, Tx, merging};
use homing_wire::{BlobId, DocId};
use zeroize::Zeroizing;

use crate::support::{ALICE, OTHER_SPACE, Profile, SPACE, doc};

const PROPERTY: u32 = 32;
const COPY: u32 = 33;

fn record(n: u8, title: &str, number: i64) -> RecordRow {
    RecordRow {
        id: doc(u32::from(n)),
        kind: PROPERTY,
        class: PROPERTY,
        space: SPACE,
        about: None,
        shadowed: false,
        deleted: false,
        title: title.to_owned(),
        words: "Łódź".to_owned(),
        status: if n.is_multiple_of(2) { "available" } else { "sold" }.to_owned(),
        level: String::new(),
        number,
        conflicts: 0,
        updated_ms: u64::from(n),
    }
}

fn all() -> Filter {
    let (status, level, text) = (String::new(), String::new(), String::new());
    Filter { class: PROPERTY, deleted: false, status, level, text, space: None, about: None }
}

fn with<T>(profile: &mut Profile, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> T {
    profile.store.write(Durability::Normal, work).unwrap()
}

fn filled() -> Profile {
    let mut profile = Profile::new();
    with(&mut profile, |tx| {
        for (n, title, number) in
            [(1, "Villa Rosa", 420), (2, "ćwir flat", 100), (3, "Barn", 50), (4, "Attic", 70)]
        {
            records::put(tx, &record(n, title, number))?;
        }
        records::put(tx, &RecordRow { deleted: true, ..record(5, "Gone", 1) })
    });
    profile
}

fn titles(profile: &Profile, filter: &Filter, sort: Sort) -> Vec<String> {
    let mut titles = Vec::new();
    let mut after: Option<DocId> = None;
    loop {
        let page = records::list(&profile.store.read(), filter, sort, after.as_ref(), 2).unwrap();
        let Some(last) = page.last() else { return titles };
        after = Some(last.id);
        titles.extend(page.into_iter().map(|row| row.title));
    }
}

#[test]
fn lists_are_sorted_and_filtered_page_by_page() {
    let profile = filled();
    assert_eq!(titles(&profile, &all(), Sort::Newest), ["Attic", "Barn", "ćwir flat", "Villa Rosa"]);
    assert_eq!(titles(&profile, &all(), Sort::Title), ["Attic", "Barn", "ćwir flat", "Villa Rosa"]);
    assert_eq!(titles(&profile, &all(), Sort::Number), ["Barn", "Attic", "ćwir flat", "Villa Rosa"]);
    let status = Filter { status: "sold".into(), ..all() };
    assert_eq!(titles(&profile, &status, Sort::Newest), ["Barn", "Villa Rosa"]);
    let text = Filter { text: "FLA lodz".into(), ..all() };
    assert_eq!(titles(&profile, &text, Sort::Newest), ["ćwir flat"]);
    assert_eq!(titles(&profile, &Filter { deleted: true, ..all() }, Sort::Title), ["Gone"]);
    assert!(titles(&profile, &Filter { space: Some(OTHER_SPACE), ..all() }, Sort::Title).is_empty());
    let db = profile.store.read();
    assert_eq!(records::count(&db, PROPERTY, 100).unwrap(), 4);
    assert_eq!(records::by_title(&db, PROPERTY, "Villa Rosa", 2).unwrap(), [doc(1)]);
    assert!(records::by_title(&db, PROPERTY, "villa rosa", 2).unwrap().is_empty());
}

#[test]
fn a_copy_is_listed_only_where_its_record_is_not() {
    let mut profile = filled();
    let copy =
        RecordRow { kind: COPY, about: Some(doc(1)), space: OTHER_SPACE, ..record(9, "Villa Rosa", 420) };
    with(&mut profile, |tx| {
        records::put(tx, &copy)?;
        records::shadow(tx, &doc(9), true)
    });
    let listed = |profile: &Profile| titles(profile, &all(), Sort::Newest).len();
    assert_eq!(listed(&profile), 4);
    with(&mut profile, |tx| records::shadow(tx, &doc(9), false));
    assert_eq!(listed(&profile), 5);
    let db = profile.store.read();
    assert_eq!(records::about(&db, &doc(1), COPY).unwrap().len(), 1);
    assert_eq!(records::of_space(&db, &OTHER_SPACE, COPY).unwrap().len(), 1);
    assert_eq!(records::of_kind(&db, PROPERTY).unwrap().len(), 5);
}

#[test]
fn conversations_are_found_by_record_and_the_other_way_round() {
    let mut profile = filled();
    with(&mut profile, |tx| {
        for n in [100, 101] {
            conversations::put(tx, &conversation(n))?;
        }
        records::set_links(tx, &doc(100), &[doc(1), doc(2)])?;
        records::set_links(tx, &doc(101), &[doc(1)])?;
        records::set_links(tx, &doc(100), &[doc(1)])
    });
    {
        let db = profile.store.read();
        assert_eq!(records::conversations_about(&db, &doc(1)).unwrap().len(), 2);
        assert!(records::conversations_about(&db, &doc(2)).unwrap().is_empty());
        assert_eq!(records::links_of(&db, &[doc(100)]).unwrap(), [(doc(100), doc(1))]);
    }
    // What goes on in another conversation is found there, each record once, and by itself again afterwards.
    let merge = |profile: &mut Profile, into: Option<u32>| {
        with(profile, |tx| {
            conversations::put(tx, &ConversationDoc { merged_into: into.map(doc), ..conversation(101) })?;
            merging::refresh(tx, &doc(101)).map(drop)
        });
    };
    with(&mut profile, |tx| records::set_links(tx, &doc(101), &[doc(1), doc(3)]));
    merge(&mut profile, Some(100));
    {
        let db = profile.store.read();
        assert_eq!(records::conversations_about(&db, &doc(1)).unwrap(), [doc(100)]);
        assert_eq!(records::conversations_about(&db, &doc(3)).unwrap(), [doc(100)]);
        let mut both = vec![(doc(100), doc(1)), (doc(100), doc(3))];
        both.sort();
        assert_eq!(records::links_of(&db, &[doc(100)]).unwrap(), both);
        assert_eq!(records::linked_in(&db, &doc(100), &doc(1)).unwrap().len(), 2);
        assert_eq!(records::linked_in(&db, &doc(100), &doc(3)).unwrap(), [doc(101)]);
    }
    merge(&mut profile, None);
    let db = profile.store.read();
    assert_eq!(records::conversations_about(&db, &doc(3)).unwrap(), [doc(101)]);
    assert_eq!(records::links_of(&db, &[doc(100)]).unwrap(), [(doc(100), doc(1))]);
}

fn conversation(n: u32) -> ConversationDoc {
    ConversationDoc {
        id: doc(n),
        space: SPACE,
        subject: String::new(),
        creator: Some(ALICE),
        created_ms: 1,
        deleted: false,
        merged_into: None,
    }
}

/// A photo's bytes stay as long as any row has them.
#[test]
fn shared_bytes_go_with_the_last_file_that_has_them() {
    let mut profile = filled();
    let file = |n: u8| AttachmentRow {
        id: doc(u32::from(n)),
        message: doc(1),
        position: 0,
        blob: Some(BlobId([7; 32])),
        key: FileKey(Zeroizing::new([1; 32])),
        name: "photo.png".into(),
        mime: "image/png".into(),
        size: 3,
        chunks: Vec::new(),
        width: None,
        height: None,
        state: FileState::Ready,
        progress: 1.0,
        path: Some("folder".into()),
        thumbnail: None,
        voice: None,
        pinned: false,
    };
    let first = with(&mut profile, |tx| {
        attachments::put(tx, &file(50))?;
        attachments::put(tx, &file(51))?;
        attachments::delete(tx, &doc(50))
    });
    assert_eq!(first, None);
    assert_eq!(with(&mut profile, |tx| attachments::delete(tx, &doc(51))), Some("folder".to_owned()));
    assert_eq!(with(&mut profile, |tx| attachments::delete(tx, &doc(51))), None);
}
