use homing_store::attachments::{self, AttachmentRow, FileKey, FileState};
use homing_store::messages::{self, Marks, MessageState, NewMessage, Order, Placed};
use homing_store::{Durability, IntervalSet, conversations, people};
use homing_wire::{DocId, Hash};
use proptest::prelude::*;

use crate::support::{BOB, LAPTOP, PHONE, Profile, SPACE, doc, message, own};

fn bodies(rows: &[messages::MessageRow]) -> Vec<String> {
    rows.iter().map(|row| row.body.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn pages_run_in_both_directions() {
    let mut profile = Profile::new();
    // In any order of arrival.
    profile.write(|tx| messages::insert(tx, (0..10).map(|n| message(n * 7 % 10)).collect()));
    let db = profile.store.read();
    let newest = messages::before(&db, &doc(1), None, 3).unwrap();
    assert_eq!(bodies(&newest), ["7", "8", "9"]);
    let older = messages::before(&db, &doc(1), Some(&newest[0].order()), 3).unwrap();
    assert_eq!(bodies(&older), ["4", "5", "6"]);
    assert_eq!(bodies(&messages::after(&db, &doc(1), Some(&older[2].order()), 2).unwrap()), ["7", "8"]);
    assert_eq!(bodies(&messages::after(&db, &doc(1), None, 2).unwrap()), ["0", "1"]);
    assert_eq!(
        bodies(&messages::around(&db, &doc(1), &message(5).id, 5).unwrap()),
        ["3", "4", "5", "6", "7"]
    );
    assert_eq!(messages::around(&db, &doc(2), &doc(99), 5).unwrap(), []);
    assert_eq!(newest[2].author_name, "Bob");
    let order = newest[0].order();
    assert_eq!(order.to_string().parse::<Order>().unwrap(), order);
    assert!(older[0].order().to_string() < order.to_string());
    assert!("junk".parse::<Order>().is_err());
}

#[test]
fn the_same_message_again_changes_nothing() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        assert_eq!(messages::insert(tx, vec![message(1), message(1)])?.added, [message(1).id]);
        assert_eq!(messages::insert(tx, vec![message(1)])?.added, []);
        Ok(())
    });
    assert_eq!(conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap().unread, 1);
}

#[test]
fn an_own_message_goes_its_way() {
    let mut profile = Profile::new();
    profile.write(|tx| messages::insert(tx, vec![message(1), own(2), own(3)]));
    let row = conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap();
    assert_eq!((row.waiting, row.unread, row.last.unwrap().state), (2, 1, MessageState::Pending));
    let placed = Placed { at_ms: message(2).at_ms, received_ms: 5, device: LAPTOP, dseq: 4 };
    profile.write(|tx| {
        messages::place(tx, &own(2).id, &placed)?;
        messages::set_state(tx, &own(3).id, MessageState::Failed, "role_forbids", "no")
    });
    let db = profile.store.read();
    let sent = messages::get(&db, &own(2).id).unwrap().unwrap();
    assert_eq!((sent.state, sent.dseq, sent.received_ms), (MessageState::Sent, 4, 5));
    assert_eq!(messages::get(&db, &own(3).id).unwrap().unwrap().error, "role_forbids");
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().waiting, 0);
    assert_eq!(messages::own_in_range(&db, &SPACE, &LAPTOP, 1, 9, 9).unwrap(), [own(2).id]);
}

#[test]
fn a_fast_clock_does_not_keep_its_place() {
    let mut profile = Profile::new();
    let mut fast = own(1);
    fast.at_ms = u64::MAX;
    profile.write(|tx| messages::insert(tx, vec![fast.clone(), message(5)]));
    let db = profile.store.read();
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().last.unwrap().id, fast.id);
    let placed = Placed { at_ms: message(2).at_ms, received_ms: message(2).at_ms, device: LAPTOP, dseq: 1 };
    profile.write(|tx| messages::place(tx, &fast.id, &placed));
    let db = profile.store.read();
    let row = conversations::get(&db, &doc(1)).unwrap().unwrap();
    assert_eq!(row.last.unwrap().id, message(5).id);
    let query = homing_store::search::Query { text: "number".into(), limit: 9, ..Default::default() };
    let (hits, _) = homing_store::search::find(&db, &query).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.message).collect::<Vec<_>>(), [message(5).id, fast.id]);
}

#[test]
fn reading_is_noted_once_wherever_it_happens() {
    let mut profile = Profile::new();
    profile.write(|tx| messages::insert(tx, (0..10).map(message).collect()));
    let seen = profile.write(|tx| messages::mark_read(tx, &[message(0).id, message(1).id]));
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter().all(|seen| seen.device == PHONE && seen.space == SPACE && seen.conversation == doc(1))
    );
    assert!(profile.write(|tx| messages::mark_read(tx, &[message(0).id])).is_empty());
    assert_eq!(messages::first_unread(&profile.store.read(), &doc(1)).unwrap(), Some(message(2).id));
    let mut numbers = IntervalSet::of(1, 4);
    numbers.insert(6, u64::MAX);
    let seen = profile.write(|tx| messages::mark_read_ranges(tx, &SPACE, &PHONE, &numbers));
    assert_eq!(seen.len(), 7);
    let db = profile.store.read();
    let left = messages::unread(&db, &doc(1), None, 9).unwrap();
    assert_eq!(left.iter().map(|row| row.dseq).collect::<Vec<_>>(), [5]);
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().unread, 1);
    assert_eq!(profile.write(|tx| messages::mark_conversation_read(tx, &doc(1))).len(), 1);
    assert_eq!(conversations::totals(&profile.store.read()).unwrap().messages, 0);
}

#[test]
fn who_is_blocked_waits_for_nobody_and_keeps_what_was_read_of_it() {
    let mut profile = Profile::new();
    let block = |profile: &mut Profile, blocked: bool| {
        profile.write(|tx| {
            people::set_own(tx, &BOB, blocked, "")?;
            messages::hear_anew(tx, &BOB)
        })
    };
    profile.write(|tx| messages::insert(tx, vec![message(1), own(2), message(3)]));
    let row = |profile: &Profile| {
        let row = conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap();
        (row.unread, row.preview, row.last_at_ms)
    };
    assert_eq!(row(&profile), (2, "message number 3".to_owned(), message(3).at_ms));
    assert!(block(&mut profile, true).contains(&doc(1)));
    assert_eq!(row(&profile), (0, "message number 2".to_owned(), own(2).at_ms));
    let inserted = profile.write(|tx| messages::insert(tx, vec![message(4)]));
    assert_eq!((inserted.added, inserted.unread), (vec![message(4).id], vec![]));
    {
        let db = profile.store.read();
        assert_eq!(messages::first_unread(&db, &doc(1)).unwrap(), None);
        assert_eq!(messages::before(&db, &doc(1), None, 9).unwrap().len(), 4, "they are there");
    }
    assert_eq!(row(&profile), (0, "message number 2".to_owned(), own(2).at_ms));
    assert_eq!(profile.write(|tx| messages::mark_read(tx, &[message(3).id])).len(), 1);
    assert!(block(&mut profile, false).contains(&doc(1)));
    assert_eq!(row(&profile), (2, "message number 4".to_owned(), message(4).at_ms));
}

#[test]
fn answers_show_what_they_answer() {
    let mut profile = Profile::new();
    let mut answer = own(2);
    answer.reply_to = Some(message(1).id);
    let mut early = own(3);
    early.reply_to = Some(doc(5555));
    profile.write(|tx| messages::insert(tx, vec![message(1), answer.clone(), early.clone()]));
    let db = profile.store.read();
    let quote = messages::get(&db, &answer.id).unwrap().unwrap().reply_to.unwrap();
    assert_eq!((quote.author_name.as_str(), quote.preview.as_str()), ("Bob", "message number 1"));
    let unknown = messages::get(&db, &early.id).unwrap().unwrap().reply_to.unwrap();
    assert_eq!((unknown.author, unknown.preview.as_str()), (None, ""));
    assert_eq!(messages::replies_to(&db, &message(1).id).unwrap(), [answer.id]);
    profile.write(|tx| messages::delete(tx, &message(1).id));
    let quote = messages::get(&profile.store.read(), &answer.id).unwrap().unwrap().reply_to.unwrap();
    assert!(quote.deleted && quote.preview.is_empty());
}

fn file(n: u32) -> AttachmentRow {
    AttachmentRow {
        id: doc(n),
        message: doc(0),
        position: 0,
        blob: None,
        key: FileKey([n as u8; 32].into()),
        name: format!("plan {n}.pdf"),
        mime: "application/pdf".to_owned(),
        size: 12,
        chunks: vec![Hash([1; 32]), Hash([2; 32])],
        width: None,
        height: None,
        state: FileState::Waiting,
        progress: 0.0,
        path: Some(format!("/files/{n}")),
        thumbnail: Some(vec![1, 2]),
        voice: Some((1500, vec![0, 255])),
        pinned: false,
    }
}

#[test]
fn files_come_with_their_messages_and_leave_with_them() {
    let mut profile = Profile::new();
    let mut with = own(1);
    with.attachments = vec![file(71), file(72)];
    profile.write(|tx| messages::insert(tx, vec![with.clone(), message(2)]));
    let rows = messages::before(&profile.store.read(), &doc(1), None, 9).unwrap();
    assert_eq!(rows[1].attachments, []);
    let names: Vec<&str> = rows[0].attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["plan 71.pdf", "plan 72.pdf"]);
    assert_eq!(rows[0].attachments[1].chunks.len(), 2);
    assert!(!format!("{:?}", rows[0].attachments[1].key).contains("72"));
    profile.write(|tx| attachments::set_state(tx, &doc(71), FileState::Ready, 1.0, None));
    assert_eq!(attachments::open(&profile.store.read(), 9).unwrap().len(), 1);
    let paths = profile.write(|tx| messages::delete(tx, &with.id));
    assert_eq!(paths, ["/files/71", "/files/72"]);
    assert!(attachments::get(&profile.store.read(), &doc(71)).unwrap().is_none());
}

#[test]
fn a_conversations_files_are_listed_by_their_messages_wherever_those_come_to_stand() {
    let mut profile = Profile::new();
    let with = |n: u32, file_n: u32| NewMessage { attachments: vec![file(file_n)], ..own(n) };
    let all: Vec<NewMessage> = (1..=6).map(|n| if n % 2 == 0 { with(n, 70 + n) } else { own(n) }).collect();
    profile.write(|tx| messages::insert(tx, all.clone()));
    let names = |rows: Vec<messages::MessageRow>| -> Vec<String> {
        rows.into_iter().flat_map(|row| row.attachments).map(|file| file.name).collect()
    };
    let newest = messages::with_files_before(&profile.store.read(), &doc(1), None, 2).unwrap();
    let first = newest[0].order();
    assert_eq!(names(newest), ["plan 74.pdf", "plan 76.pdf"]);
    let older = messages::with_files_before(&profile.store.read(), &doc(1), Some(&first), 2).unwrap();
    let oldest = older[0].order();
    assert_eq!(names(older), ["plan 72.pdf"]);
    // The relay gives one another place, and one is taken back.
    profile.write(|tx| messages::set_time(tx, &all[1].id, 9_000_000_000_000));
    profile.write(|tx| messages::delete(tx, &all[3].id));
    let after = messages::with_files_after(&profile.store.read(), &doc(1), &oldest, 9).unwrap();
    assert_eq!(names(after), ["plan 76.pdf", "plan 72.pdf"]);
}

#[test]
fn a_deleted_message_leaves_no_word_behind() {
    let mut profile = Profile::new();
    let mut secret = message(1);
    secret.body = "unutterable Xylophongeheimnis".to_owned();
    profile.write(|tx| messages::insert(tx, vec![secret.clone(), message(2)]));
    profile.write(|tx| messages::delete(tx, &secret.id));
    profile.store.checkpoint().unwrap();
    let row = messages::get(&profile.store.read(), &secret.id).unwrap().unwrap();
    assert!(row.deleted && row.body.is_empty() && !row.unread);
    let raw = profile.raw();
    let mut statement = raw.prepare("SELECT block FROM search_data").unwrap();
    let blocks: Vec<Vec<u8>> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(
        blocks.iter().any(|block| block.windows(6).any(|w| w == b"number")),
        "the other message is indexed"
    );
    for word in ["unutterable", "xylophon"] {
        assert!(
            !blocks.iter().any(|block| block.windows(word.len()).any(|w| w == word.as_bytes())),
            "{word}"
        );
    }
}

#[derive(Clone, Debug)]
enum Step {
    Receive(u32),
    Send(u32),
    Place(u32, u64),
    Fail(u32),
    Edit(u32),
    Delete(u32),
    Remove(u32),
    Read(u32),
    ReadRange(u64, u64),
    ReadAll,
    Block(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = 0u32..12;
    prop::collection::vec(
        prop_oneof![
            n.clone().prop_map(Step::Receive),
            n.clone().prop_map(Step::Send),
            (n.clone(), 0u64..4_000_000).prop_map(|(n, at)| Step::Place(n, at)),
            n.clone().prop_map(Step::Fail),
            n.clone().prop_map(Step::Edit),
            n.clone().prop_map(Step::Delete),
            n.clone().prop_map(Step::Remove),
            n.prop_map(Step::Read),
            (0u64..12, 0u64..12).prop_map(|(a, b)| Step::ReadRange(a, b)),
            Just(Step::ReadAll),
            any::<bool>().prop_map(Step::Block),
        ],
        1..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens, the counters kept in the row are those a fresh count gives, and the search index
    /// holds exactly what is there.
    #[test]
    fn counters_are_exact(steps in steps()) {
        let mut profile = Profile::new();
        for step in steps {
            // A step about a message that isn't there is an error and undoes itself.
            let _ = profile.store.write(Durability::Normal, |tx| match step {
                Step::Receive(n) => {
                    let marks = Marks { mentions_me: n % 3 == 0, ..Marks::default() };
                    messages::insert(tx, vec![NewMessage { marks, ..message(n) }]).map(drop)
                }
                Step::Send(n) => messages::insert(tx, vec![own(n)]).map(drop),
                Step::Place(n, at) => {
                    let at_ms = 1_700_000_000_000 + at;
                    let placed = Placed { at_ms, received_ms: 1, device: LAPTOP, dseq: 1 };
                    messages::place(tx, &own(n).id, &placed)
                }
                Step::Fail(n) => messages::set_state(tx, &own(n).id, MessageState::Failed, "x", ""),
                Step::Edit(n) => messages::set_body(tx, &own(n).id, "changed words"),
                Step::Delete(n) => messages::delete(tx, &own(n).id).map(drop),
                Step::Remove(n) => messages::remove(tx, &own(n).id).map(drop),
                Step::Read(n) => messages::mark_read(tx, &[own(n).id]).map(drop),
                Step::ReadRange(a, b) => {
                    messages::mark_read_ranges(tx, &SPACE, &PHONE, &IntervalSet::of(a, b)).map(drop)
                }
                Step::ReadAll => messages::mark_conversation_read(tx, &doc(1)).map(drop),
                Step::Block(blocked) => {
                    people::set_own(tx, &BOB, blocked, "")?;
                    messages::hear_anew(tx, &BOB).map(drop)
                }
            });
        }
        let kept = conversations::get(&profile.store.read(), &doc(1)).unwrap();
        if kept.is_some() {
            profile.write(|tx| messages::recount(tx, &doc(1)));
        }
        prop_assert_eq!(conversations::get(&profile.store.read(), &doc(1)).unwrap(), kept);
        let kinds = homing_store::doctor::Kinds { conversation: 1, message: 2, records: Vec::new() };
        let found = profile.write(|tx| homing_store::doctor::scan(tx, &kinds));
        prop_assert_eq!(found, vec![]);
    }
}

#[test]
fn thousands_in_one_second_find_their_rows() {
    let mut profile = Profile::new();
    let same = |n: u32| {
        let mut one = message(n);
        one.at_ms = 1_700_000_000_000;
        one
    };
    profile.write(|tx| messages::insert(tx, (0..2000).map(same).collect()));
    profile.write(|tx| messages::insert(tx, (2000..2500).map(same).collect()));
    let db = profile.store.read();
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().unread, 2500);
    let mut all: Vec<DocId> = Vec::new();
    let mut cursor = None;
    loop {
        let query = homing_store::search::Query {
            text: "message".into(),
            after: cursor,
            limit: 700,
            ..Default::default()
        };
        let (hits, next) = homing_store::search::find(&db, &query).unwrap();
        all.extend(hits.iter().map(|hit| hit.message));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 2500);
}

#[test]
fn what_comes_behind_something_read_is_late_also_within_one_batch() {
    let mut profile = Profile::new();
    // Written at second 1, received at second 9; what Bob wrote at second 5 came at once and was read.
    let late = || NewMessage { received_ms: message(9).at_ms, ..message(1) };
    let read = || NewMessage { unread: false, ..message(5) };
    profile.write(|tx| messages::insert(tx, vec![read()]));
    profile.write(|tx| messages::insert(tx, vec![late(), message(6)]));
    let mark = |profile: &Profile, n: u32| {
        messages::get(&profile.store.read(), &message(n).id).unwrap().unwrap().late
    };
    assert!(mark(&profile, 1) && !mark(&profile, 5) && !mark(&profile, 6));

    let mut other = Profile::new();
    other.write(|tx| messages::insert(tx, vec![late(), read(), message(6)]));
    assert!(mark(&other, 1) && !mark(&other, 5) && !mark(&other, 6));

    // Nothing was read yet: it only arrived in its turn.
    let mut third = Profile::new();
    third.write(|tx| messages::insert(tx, vec![late(), message(5)]));
    assert!(!mark(&third, 1));
}

#[test]
fn marks_are_kept_counted_and_gone_with_the_message() {
    let mut profile = Profile::new();
    let marks = messages::Marks { edited_ms: 7, reactions: vec![1], extras: vec![2], mentions_me: true };
    let answer = |n: u32, to: u32| NewMessage { reply_to: Some(message(to).id), ..message(n) };
    profile.write(|tx| {
        messages::insert(tx, vec![NewMessage { marks: marks.clone(), ..message(1) }])?;
        messages::insert(tx, vec![answer(2, 1), answer(3, 2), answer(4, 1), answer(5, 99), message(6)])?;
        messages::set_marks(tx, &message(6).id, &marks)
    });
    let db = profile.store.read();
    let row = messages::get(&db, &message(1).id).unwrap().unwrap();
    assert_eq!((row.marks, row.replies), (marks.clone(), 2));
    assert_eq!(messages::get(&db, &message(6).id).unwrap().unwrap().marks, marks);
    assert_eq!(messages::thread_root(&db, &message(3).id).unwrap(), message(1).id);
    let mut thread = messages::thread(&db, &message(1).id, 10).unwrap();
    thread.sort();
    let mut wanted = [1, 2, 3, 4].map(|n| message(n).id);
    wanted.sort();
    assert_eq!(thread, wanted);
    profile.write(|tx| messages::delete(tx, &message(1).id).map(drop));
    let row = messages::get(&profile.store.read(), &message(1).id).unwrap().unwrap();
    assert_eq!(row.marks, messages::Marks::default());
}

#[test]
fn a_circle_of_answers_ends() {
    let mut profile = Profile::new();
    let answer = |n: u32, to: u32| NewMessage { reply_to: Some(message(to).id), ..message(n) };
    profile.write(|tx| messages::insert(tx, vec![answer(1, 2), answer(2, 1)]));
    let db = profile.store.read();
    assert_eq!(messages::thread(&db, &message(1).id, 10).unwrap().len(), 2);
    messages::thread_root(&db, &message(1).id).unwrap();
}
