use homing_store::cleared::Cleared;
use homing_store::conversations::{self, ConversationDoc, Cursor, Filter};
use homing_store::drafts::{self, DraftRow};
use homing_store::{Read, cleared, messages};
use homing_wire::{DocId, SpaceKind};

use crate::support::{ALICE, Profile, SPACE, doc, message};

fn put(profile: &mut Profile, n: u32) {
    profile.write(|tx| {
        conversations::put(
            tx,
            &ConversationDoc {
                id: doc(n),
                space: SPACE,
                subject: format!("subject {n}"),
                creator: Some(ALICE),
                created_ms: 1000 + u64::from(n),
                deleted: false,
                merged_into: None,
            },
        )
    });
}

fn ids(db: &Read<'_>, filter: Filter) -> Vec<DocId> {
    conversations::list(db, filter, None, 100).unwrap().iter().map(|row| row.id).collect()
}

fn draft(n: u32, conversation: u32, text: &str, updated_ms: u64) -> DraftRow {
    DraftRow {
        id: doc(n),
        conversation: doc(conversation),
        doc: vec![1],
        text: text.to_owned(),
        files: 0,
        reply_to: None,
        sending_device: None,
        sending_heads: None,
        done: false,
        updated_ms,
    }
}

#[test]
fn each_filter_shows_its_part() {
    let mut profile = Profile::new();
    for n in 1..=6 {
        put(&mut profile, n);
    }
    profile.write(|tx| {
        conversations::set_archived(tx, &doc(2), true, 0)?;
        cleared::set(tx, &doc(3), &Cleared { hidden: true, ..Cleared::default() })?;
        conversations::set_marked_unread(tx, &doc(4), true)?;
        drafts::put(tx, &draft(50, 5, "dear", 1))?;
        let mut late = message(1);
        late.conversation = doc(6);
        messages::insert(tx, vec![late]).map(drop)
    });
    let db = profile.store.read();
    assert_eq!(ids(&db, Filter::All), [doc(6), doc(5), doc(4), doc(2), doc(1)]);
    assert_eq!(ids(&db, Filter::Active), [doc(6), doc(5), doc(4), doc(1)]);
    assert_eq!(ids(&db, Filter::Unread), [doc(6), doc(4)]);
    assert_eq!(ids(&db, Filter::Archived), [doc(2)]);
    assert_eq!(ids(&db, Filter::Drafts), [doc(5)]);
    let totals = conversations::totals(&db).unwrap();
    assert_eq!((totals.messages, totals.conversations), (1, 2));
    assert_eq!(conversations::by_subject(&db, "subject 4", 9).unwrap(), [doc(4)]);
    assert_eq!(conversations::of_space(&db, &SPACE).unwrap().len(), 5);
    assert_eq!(conversations::ids_between(&db, doc(2).as_bytes(), doc(4).as_bytes(), 9).unwrap().len(), 3);
    assert_eq!(conversations::of(&db, &[doc(2), doc(3), doc(99)]).unwrap().len(), 2);
}

#[test]
fn pages_join_without_overlap() {
    let mut profile = Profile::new();
    for n in 1..=25 {
        put(&mut profile, n);
    }
    let db = profile.store.read();
    let mut all = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = conversations::list(&db, Filter::Active, cursor.as_ref(), 10).unwrap();
        let Some(last) = page.last() else { break };
        let next = Cursor::of(Filter::Active, last);
        cursor = Some(next.to_string().parse().unwrap());
        all.extend(page.iter().map(|row| row.id));
    }
    assert_eq!(all, (1..=25).rev().map(doc).collect::<Vec<_>>());
}

#[test]
fn a_message_may_come_before_its_conversation() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        drafts::put(tx, &draft(50, 1, "typed before", 1))?;
        messages::insert(tx, vec![message(1)])
    });
    let early = conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap();
    assert_eq!((early.creator, early.unread, early.subject.as_str()), (None, 1, ""));
    assert_eq!(early.draft_preview, "typed before");
    put(&mut profile, 1);
    let row = conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap();
    assert_eq!((row.creator, row.unread, row.subject.as_str()), (Some(ALICE), 1, "subject 1"));
    assert_eq!((row.last_at_ms, row.space_kind), (message(1).at_ms, Some(SpaceKind::Talk)));
    assert_eq!(row.last.unwrap().author_name, "Bob");
    assert_eq!(row.preview, "message number 1");
}

#[test]
fn the_newest_draft_with_text_is_shown() {
    let mut profile = Profile::new();
    put(&mut profile, 1);
    profile.write(|tx| {
        drafts::put(tx, &draft(50, 1, "older", 1))?;
        drafts::put(tx, &draft(51, 1, &"ä".repeat(150), 2))?;
        drafts::put(tx, &draft(52, 1, "", 3))
    });
    let db = profile.store.read();
    let shown = |db: &Read<'_>| conversations::get(db, &doc(1)).unwrap().unwrap().draft_preview;
    assert_eq!(shown(&db), "ä".repeat(100));
    assert_eq!(drafts::of_conversation(&db, &doc(1)).unwrap().len(), 3);
    assert_eq!(drafts::list(&db, 1).unwrap()[0].id, doc(52));
    profile.write(|tx| drafts::delete(tx, &doc(51)));
    assert_eq!(shown(&profile.store.read()), "older");
    let mut done = draft(50, 1, "older", 4);
    done.done = true;
    profile.write(|tx| drafts::put(tx, &done));
    assert!(!conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap().has_draft);
}
