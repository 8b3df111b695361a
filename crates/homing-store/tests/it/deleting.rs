//! What a person deleted of a conversation, and what everybody lost of it: out of sight, whatever comes again, and back by an undo.

use homing_store::cleared::{self, Cleared};
use homing_store::conversations::{self, ConversationDoc, Filter};
use homing_store::messages::{self, MessageState, NewMessage};
use homing_store::tidying::{self, Task};
use homing_store::{Durability, IntervalSet, Read, StoreError, Tx, merging, projections, search, strays};
use homing_wire::DocId;

use crate::support::{ALICE, PHONE, Profile, SPACE, doc, message, own};

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
        messages::put_aside(tx, &doc(n), true, 100).map(drop)
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
            messages::put_aside(tx, &doc(n), true, 100)?;
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
        assert_eq!(messages::put_aside(tx, &doc(1), true, 100)?.messages, 2);
        messages::insert(tx, vec![message(1), message(3), own(4)]).map(drop)
    });
    let db = profile.store.read();
    assert_eq!((listed(&db), bodies(&db, 1).len(), hits(&db, "number")), (vec![], 0, 0));
    assert_eq!(strays::count(&db).unwrap(), 4);
    let (first, last) = ([0; 16], [0xff; 16]);
    assert!(conversations::ids_between(&db, &first, &last, 9).unwrap().is_empty());
}

/// Parts conversation 1 from more than may be moved at once.
fn part(profile: &mut Profile) {
    profile.write(|tx| {
        let all = cleared::all_of(tx, &doc(1))?;
        for part in merging::parts(tx, &doc(1))?.into_iter().chain([doc(1)]) {
            cleared::set(tx, &part, &all)?;
            messages::put_aside(tx, &part, true, 3)?;
        }
        Ok(())
    });
}

/// Does all that is left to do, a slice at a time; answers how many that were.
fn tidied(profile: &mut Profile) -> usize {
    let mut slices = 0;
    while let Some(task) = tidying::next(&profile.store.read(), &[]).unwrap() {
        slices += 1;
        profile.write(|tx| match task {
            Task::ClearAside(n) => messages::clear_aside(tx, n, true, 3).map(drop),
            Task::Sweep(conversation) => messages::sweep(tx, &conversation, true, 3).map(drop),
            // What is looked at again is projected by the engine.
            Task::Look(conversation) => {
                let page = tidying::look(tx, &conversation, 3)?;
                let of = |id: &DocId| (0..100).map(message).find(|message| message.id == *id).unwrap();
                messages::insert(tx, page.iter().map(of).collect())?;
                tidying::looked(tx, &page)
            }
        });
    }
    slices
}

fn undo(profile: &mut Profile) -> bool {
    profile.write(|tx| {
        let back = merging::parts(tx, &doc(1))?.into_iter().chain([doc(1)]).collect::<Vec<_>>();
        let mut came = false;
        for id in back {
            cleared::set(tx, &id, &Cleared::default())?;
            came |= messages::come_back(tx, &doc(1), 3)?;
            tidying::look_again(tx, &id)?;
        }
        Ok(came)
    })
}

#[test]
fn of_more_than_a_slice_a_conversation_is_parted_at_once() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, (1..=10).map(message).chain([own(11)]).collect()).map(drop)
    });
    part(&mut profile);
    let db = profile.store.read();
    let nothing = |db: &Read<'_>| {
        assert_eq!((listed(db), bodies(db, 1)), (vec![], vec!["message number 11".to_owned()]));
        assert_eq!((hits(db, "number"), conversations::totals(db).unwrap().messages), (1, 0));
        assert!(messages::get(db, &message(3).id).unwrap().is_none());
        let (first, last) = ([0; 16], [0xff; 16]);
        assert_eq!(messages::ids_between(db, &first, &last, 99).unwrap(), [own(11).id]);
        let unread = search::Query { unread: true, limit: 9, ..Default::default() };
        assert!(search::find(db, &unread).unwrap().0.is_empty());
    };
    nothing(&db);
    assert_eq!(strays::count(&db).unwrap(), 0, "the rows follow");
    // No other conversation comes by what was set aside.
    profile.write(|tx| {
        messages::remove(tx, &own(11).id)?;
        conversations::remove(tx, &doc(1))?;
        for n in 2..6 {
            conversations::put(tx, &conversation(n))?;
            assert!(bodies(tx, n).is_empty());
            conversations::remove(tx, &doc(n))?;
        }
        conversations::put(tx, &conversation(1)).map(drop)
    });
    assert_eq!(tidied(&mut profile), 4);
    assert_eq!(strays::count(&profile.store.read()).unwrap(), 10);
}

#[test]
fn an_undo_gives_back_what_was_set_aside_and_what_was_read_meanwhile_is_read() {
    for slices in 0..4 {
        let mut profile = Profile::new();
        profile.write(|tx| {
            for n in [1, 2] {
                conversations::put(tx, &conversation(n))?;
            }
            conversations::put(tx, &ConversationDoc { merged_into: Some(doc(1)), ..conversation(2) })?;
            merging::refresh(tx, &doc(2))?;
            let written = |n| NewMessage { conversation: doc(1 + n % 2), ..message(n) };
            messages::insert(tx, (1..=10).map(written).collect()).map(drop)
        });
        let before = bodies(&profile.store.read(), 1);
        assert_eq!(before.len(), 10);
        part(&mut profile);
        for _ in 0..slices {
            let Some(Task::ClearAside(n)) = tidying::next(&profile.store.read(), &[]).unwrap() else {
                panic!()
            };
            profile.write(|tx| messages::clear_aside(tx, n, true, 3));
        }
        assert!(bodies(&profile.store.read(), 1).is_empty());
        // Another device read the last two, whose rows are still there unless all was tidied away.
        let read = profile.write(|tx| {
            messages::mark_read_ranges(
                tx,
                &SPACE,
                &PHONE,
                &IntervalSet::of(message(9).dseq, message(10).dseq),
            )
        });
        assert!(read.iter().all(|seen| seen.conversation == doc(1)));
        assert_eq!(read.len(), if slices < 3 { 2 } else { 1 });
        assert!(undo(&mut profile));
        assert_eq!(bodies(&profile.store.read(), 1), before[3 * slices..]);
        // Strays of both conversations; those of the second are not this test's.
        profile.write(|tx| {
            for id in strays::take(tx, &doc(2))? {
                let of = (1..=10).map(message).find(|message| message.id == id).unwrap();
                messages::insert(tx, vec![NewMessage { conversation: doc(2), ..of }])?;
            }
            Ok(())
        });
        tidied(&mut profile);
        let db = profile.store.read();
        assert_eq!((bodies(&db, 1), hits(&db, "number")), (before, 9));
        assert_eq!(strays::count(&db).unwrap(), 0);
        let row = conversations::get(&db, &doc(1)).unwrap().unwrap();
        assert_eq!(row.unread as usize, messages::unread_of(&db, &doc(1), true, 99).unwrap().len());
        // What was merged is taken apart as before.
        profile.write(|tx| {
            conversations::put(tx, &conversation(2))?;
            merging::refresh(tx, &doc(2)).map(drop)
        });
        let db = profile.store.read();
        assert_eq!((bodies(&db, 1).len(), bodies(&db, 2).len()), (5, 5));
    }
}

#[test]
fn of_what_is_much_older_than_the_rest_the_rest_stays_in_sight() {
    let mut profile = Profile::new();
    let mark = Cleared { hidden: true, received_ms: message(5).received_ms, author_ms: 0 };
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, (1..=10).map(message).collect())?;
        cleared::set(tx, &doc(1), &mark)?;
        messages::put_aside(tx, &doc(1), true, 3).map(drop)
    });
    assert_eq!(listed(&profile.store.read()), [doc(1)]);
    assert_eq!(tidied(&mut profile), 2);
    let db = profile.store.read();
    assert_eq!((bodies(&db, 1).len(), hits(&db, "number"), strays::count(&db).unwrap()), (5, 5, 5));
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().unread, 5);
}

#[test]
fn a_message_that_changes_before_its_row_is_tidied_away_is_a_stray_first() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, (1..=10).map(message).collect()).map(drop)
    });
    part(&mut profile);
    profile.write(|tx| {
        assert!(messages::leave_aside(tx, &message(4).id, true)?.is_some());
        assert!(messages::leave_aside(tx, &message(4).id, true)?.is_none());
        assert_eq!(strays::conversation_of(tx, &message(4).id)?, Some(doc(1)));
        Ok(())
    });
    assert!(undo(&mut profile));
    assert_eq!(bodies(&profile.store.read(), 1).len(), 9);
    tidied(&mut profile);
    assert_eq!(bodies(&profile.store.read(), 1).len(), 10);
}

#[test]
fn what_is_set_aside_and_taken_up_in_one_transaction_is_known_to_be() {
    let mut profile = Profile::new();
    let leaves = |tx: &Tx<'_>, n| messages::leave_aside(tx, &message(n).id, true).map(|left| left.is_some());
    profile.write(|tx| {
        conversations::put(tx, &conversation(1))?;
        messages::insert(tx, (1..=10).map(message).collect())?;
        assert!(!leaves(tx, 1)?, "nothing is");
        let all = cleared::all_of(tx, &doc(1))?;
        cleared::set(tx, &doc(1), &all)?;
        messages::put_aside(tx, &doc(1), true, 3)?;
        assert!(leaves(tx, 1)? && leaves(tx, 2)? && !leaves(tx, 2)?);
        cleared::set(tx, &doc(1), &Cleared::default())?;
        assert!(messages::come_back(tx, &doc(1), 3)?);
        assert!(!leaves(tx, 3)?);
        assert_eq!(bodies(tx, 1).len(), 8);
        cleared::set(tx, &doc(1), &all)?;
        messages::put_aside(tx, &doc(1), true, 3)?;
        assert!(leaves(tx, 3)?);
        Ok(())
    });
    // The next one asks anew, also when the one before came to nothing.
    assert!(profile.write(|tx| leaves(tx, 4)));
    let failed = profile.store.write(Durability::Full, |tx| {
        projections::clear(tx)?;
        assert!(!leaves(tx, 5)?);
        Err::<(), _>(StoreError::NotFound("what fails it"))
    });
    assert!(failed.is_err());
    assert!(profile.write(|tx| leaves(tx, 5)));
}
