//! What a person deleted of a conversation, and what everybody lost of it: out of sight, whatever comes again, and back by an undo.

use homing_store::cleared::{self, Cleared};
use homing_store::conversations::{self, ConversationDoc, Filter};
use homing_store::messages::{self, MessageState, NewMessage};
use homing_store::{Read, merging, search, strays};
use homing_wire::DocId;

use crate::support::{ALICE, Profile, SPACE, doc, message, own};

fn conversation(n: u32) -> ConversationDoc {
    ConversationDoc {
        id: doc(n),
        space: SPACE,
        subject: format!("subject {n}"),
        creator: Some(ALICE),
        created_ms: 1000,
        deleted: false,
        merged_into: None,
    }
}

fn bodies(db: &Read<'_>, n: u32) -> Vec<String> {
    messages::before(db, &doc(n), None, 100).unwrap().into_iter().map(|row| row.body).collect()
}

fn listed(db: &Read<'_>) -> Vec<DocId> {
    conversations::list(db, Filter::All, None, 9).unwrap().into_iter().map(|row| row.id).collect()
}

fn hits(db: &Read<'_>, words: &str) -> usize {
    let query = search::Query { text: words.to_owned(), limit: 9, ..Default::default() };
    search::find(db, &query).unwrap().0.len()
}

/// An own message that has arrived.
fn sent(n: u32) -> NewMessage {
    NewMessage { state: MessageState::Sent, received_ms: message(n).received_ms, dseq: 1, ..own(n) }
}

fn delete(profile: &mut Profile, n: u32) {
    profile.write(|tx| {
        let all = cleared::all_of(tx, &doc(n))?;
        cleared::set(tx, &doc(n), &all)?;
        messages::put_aside(tx, &doc(n), true).map(drop)
    });
}

#[test]
fn what_is_newer_than_a_deletion_brings_the_conversation_back_alone() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, vec![message(1), sent(2), message(4)]).map(drop)
    });
    delete(&mut profile, 1);
    {
        let db = profile.store.read();
        assert_eq!((listed(&db), bodies(&db, 1).len(), hits(&db, "number")), (vec![], 0, 0));
        assert_eq!(conversations::totals(&db).unwrap().messages, 0);
        assert_eq!(strays::count(&db).unwrap(), 3);
        // What is written next is newer, whatever the clock says.
        assert_eq!(messages::newest_at(&db, &doc(1)).unwrap(), Some(sent(2).author_ms));
    }
    // The same again, older history, and an own one of another device, from before.
    profile.write(|tx| messages::insert(tx, vec![message(4), message(3), sent(1)]).map(drop));
    assert!(listed(&profile.store.read()).is_empty());
    // Written long before, and received after: nobody has seen it.
    let late = NewMessage { at_ms: 5, author_ms: 5, received_ms: message(9).received_ms, ..message(5) };
    profile.write(|tx| messages::insert(tx, vec![late]).map(drop));
    let db = profile.store.read();
    assert_eq!(listed(&db), [doc(1)]);
    assert_eq!(bodies(&db, 1), ["message number 5"]);
    let row = conversations::get(&db, &doc(1)).unwrap().unwrap();
    assert_eq!((row.unread, row.preview.as_str(), row.hidden), (1, "message number 5", false));
}

#[test]
fn what_is_on_its_way_keeps_its_row_and_brings_nothing_back() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, vec![message(1), own(2)]).map(drop)
    });
    delete(&mut profile, 1);
    let db = profile.store.read();
    assert!(listed(&db).is_empty() && conversations::get(&db, &doc(1)).unwrap().unwrap().hidden);
    assert_eq!(bodies(&db, 1), ["message number 2"]);
    assert_eq!(conversations::hidden(&db).unwrap(), [doc(1)]);
    // An own one that is newer does, and taking it back takes that back.
    profile.write(|tx| messages::insert(tx, vec![own(3)]).map(drop));
    assert_eq!(listed(&profile.store.read()), [doc(1)]);
    profile.write(|tx| messages::remove(tx, &own(3).id).map(drop));
    assert!(listed(&profile.store.read()).is_empty());
}

#[test]
fn a_mark_may_come_before_its_conversation_and_an_undo_finds_what_it_covered() {
    let mut profile = Profile::new();
    let mark = Cleared { hidden: true, received_ms: message(2).received_ms, author_ms: 0 };
    profile.write(|tx| {
        cleared::set(tx, &doc(1), &mark)?;
        messages::insert(tx, vec![message(1), message(2)])?;
        conversations::put(tx, &conversation(1)).map(drop)
    });
    assert!(listed(&profile.store.read()).is_empty());
    profile.write(|tx| {
        cleared::set(tx, &doc(1), &Cleared::default())?;
        let back = strays::take(tx, &doc(1))?;
        assert_eq!(back.len(), 2);
        messages::insert(tx, vec![message(1), message(2)]).map(drop)
    });
    let db = profile.store.read();
    assert_eq!((listed(&db), bodies(&db, 1).len(), hits(&db, "number")), (vec![doc(1)], 2, 2));
    assert_eq!(cleared::get(&db, &doc(1)).unwrap(), None);
}

#[test]
fn a_conversation_that_goes_on_in_another_is_deleted_with_it_and_what_joins_later_is_seen() {
    let mut profile = Profile::new();
    let written = |n: u32, conversation: u32| NewMessage { conversation: doc(conversation), ..message(n) };
    profile.write(|tx| {
        for n in [1, 2, 3] {
            conversations::put(tx, &conversation(n))?;
        }
        conversations::put(tx, &ConversationDoc { merged_into: Some(doc(1)), ..conversation(2) })?;
        merging::refresh(tx, &doc(2))?;
        messages::insert(tx, vec![written(1, 1), written(2, 2), written(3, 3)])?;
        let all = cleared::all_of(tx, &doc(1))?;
        for n in [1, 2] {
            cleared::set(tx, &doc(n), &all)?;
            messages::put_aside(tx, &doc(n), true)?;
        }
        Ok(())
    });
    assert_eq!(listed(&profile.store.read()), [doc(3)]);
    profile.write(|tx| {
        conversations::put(tx, &ConversationDoc { merged_into: Some(doc(1)), ..conversation(3) })?;
        merging::refresh(tx, &doc(3)).map(drop)
    });
    let db = profile.store.read();
    assert_eq!(listed(&db), [doc(1)]);
    assert_eq!(bodies(&db, 1), ["message number 3"]);
}

#[test]
fn nothing_of_a_conversation_that_was_deleted_for_everyone_is_seen_again() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, vec![message(1), own(2)])?;
        conversations::put(tx, &ConversationDoc { deleted: true, ..conversation(1) })?;
        assert_eq!(messages::put_aside(tx, &doc(1), true)?.messages, 2);
        messages::insert(tx, vec![message(1), message(3), own(4)]).map(drop)
    });
    let db = profile.store.read();
    assert_eq!((listed(&db), bodies(&db, 1).len(), hits(&db, "number")), (vec![], 0, 0));
    assert_eq!(strays::count(&db).unwrap(), 4);
    let (first, last) = ([0; 16], [0xff; 16]);
    assert!(conversations::ids_between(&db, &first, &last, 9).unwrap().is_empty());
}
