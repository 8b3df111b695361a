//! Deleting a conversation with more messages than are moved at once, and taking that back: it is gone, or there, with the
//! answer, and what is left to do goes on between other commands and after the engine ended.

use homing_engine::api::{
    Call, ConversationDelete, ConversationRestore, ConversationRow, Done, Draft, DraftRow, DraftSet, Filter,
    MessagePage, MessageRow, Messages, Nothing, Send, Sent,
};
use homing_store::changes::{self, ChangeRow};
use homing_store::{Durability, Store, StoreError, strays, tidying};
use homing_wire::Hash;

use crate::tools::{Desk, SLICE, note, profile, tamper};

const KEY: [u8; 32] = [7; 32];
/// Three slices, and less than another one.
const MESSAGES: u32 = 170;
/// In the words of the conversation that stays.
const KEPT: &str = "unmistakable";

struct Tidy {
    place: tempfile::TempDir,
    desk: Desk,
    /// The conversation with all those messages.
    large: String,
    /// Another one.
    small: String,
    /// A word that only the large one has.
    word: String,
}

impl Tidy {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(&profile(place.path(), "desk"), 1).unwrap();
        desk.init("Ada");
        desk.seeded(MESSAGES, 1);
        let large = desk.list(Filter::All)[0].id.clone();
        let small = note(&mut desk, KEPT).id;
        let rows = desk.reads(&large);
        let words = rows.iter().flat_map(|row| row.body.split(|c: char| !c.is_alphanumeric()));
        let word = words.max_by_key(|word| word.len()).unwrap().to_owned();
        while desk.wakes() {}
        Self { place, desk, large, small, word }
    }

    fn delete(&mut self, everyone: bool) {
        let args = ConversationDelete { conversations: vec![self.large.clone()], everyone };
        let _: Done = self.desk.does(Call::ConversationDelete(args));
    }

    fn restore(&mut self) -> ConversationRow {
        let args = ConversationRestore { conversations: vec![self.large.clone()] };
        self.desk.does::<Vec<ConversationRow>>(Call::ConversationRestore(args)).remove(0)
    }

    fn row(&mut self) -> Option<ConversationRow> {
        self.desk.list(Filter::All).into_iter().find(|row| row.id == self.large)
    }

    /// The engine ends without a word, and begins again.
    fn killed(&mut self) {
        let folder = self.place.path().join("desk");
        let other = Desk::open(&profile(self.place.path(), "other"), 9).unwrap();
        drop(std::mem::replace(&mut self.desk, other));
        std::fs::remove_dir_all(self.place.path().join("other")).unwrap();
        self.desk = Desk::open(&folder, 2).unwrap();
    }

    /// How many messages have no row.
    fn strays(self) -> u64 {
        let file = self.place.path().join("desk").join("homing.db");
        drop(self.desk);
        let store = Store::open(&file, &KEY).unwrap();
        assert_eq!(tidying::next(&store.read(), &[]).unwrap(), None);
        strays::count(&store.read()).unwrap()
    }

    fn all(&mut self) -> Vec<MessageRow> {
        everything(&mut self.desk, &self.large)
    }

    fn is_gone(&mut self) {
        assert!(self.row().is_none());
        let word = self.word.clone();
        assert_eq!((self.desk.finds(&word), self.desk.finds("is:unread")), (0, 0));
        let status = self.desk.status();
        assert_eq!((status.unread, status.notices), (0, 0));
        let drafts: Vec<DraftRow> = self.desk.does(Call::Drafts(Nothing {}));
        assert!(drafts.is_empty());
    }

    /// The other conversation is written in and read meanwhile.
    fn goes_on(&mut self, n: usize) {
        let conversation = self.small.clone();
        let text = format!("meanwhile{n}");
        let _: Sent =
            self.desk.does(Call::Send(Send { conversation, text: text.clone(), ..Send::default() }));
        assert_eq!(self.desk.finds(&text), 1);
        let small = self.small.clone();
        assert_eq!(self.desk.reads(&small).last().unwrap().body, text);
    }
}

/// All messages of a conversation, oldest first.
fn everything(desk: &mut Desk, conversation: &str) -> Vec<MessageRow> {
    let mut all: Vec<MessageRow> = Vec::new();
    loop {
        let args = Messages {
            conversation: conversation.to_owned(),
            before: all.first().map(|row| row.order.clone()),
            after: None,
            around: None,
            unread: false,
            limit: 100,
        };
        let page = desk.does::<MessagePage>(Call::Messages(args)).rows;
        if page.is_empty() {
            return all;
        }
        all.splice(0..0, page);
    }
}

#[test]
fn a_large_conversation_is_gone_with_the_answer_and_everything_else_goes_on_meanwhile() {
    for everyone in [false, true] {
        let mut tidy = Tidy::new();
        assert!(tidy.desk.status().unread > 0 && tidy.desk.finds(&tidy.word.clone()) > 0);
        if everyone {
            let args = DraftSet {
                conversation: tidy.large.clone(),
                text: "begun".to_owned(),
                draft: None,
                base: None,
                reply_to: None,
                template: None,
            };
            let _: Draft = tidy.desk.does(Call::DraftSet(args));
        }
        tidy.delete(everyone);
        tidy.is_gone();
        let mut slices = 0;
        while tidy.desk.wakes() {
            slices += 1;
            tidy.is_gone();
            tidy.goes_on(slices);
        }
        assert!(slices >= 3, "{slices}");
        tidy.is_gone();
        assert_eq!(tidy.desk.finds(KEPT), 1);
        assert!(tidy.desk.doctor(false).findings.is_empty());
        assert_eq!(tidy.strays(), u64::from(MESSAGES));
    }
}

#[test]
fn what_was_begun_is_finished_by_the_next_start() {
    for everyone in [false, true] {
        let mut tidy = Tidy::new();
        tidy.delete(everyone);
        assert!(tidy.desk.wakes());
        tidy.killed();
        tidy.is_gone();
        assert!(tidy.desk.doctor(false).findings.is_empty(), "nothing is amiss in between");
        let mut slices = 1;
        while tidy.desk.wakes() {
            slices += 1;
        }
        assert!(slices >= 3, "{slices}");
        tidy.is_gone();
        assert!(tidy.desk.doctor(false).findings.is_empty());
        assert_eq!(tidy.strays(), u64::from(MESSAGES));
    }
}

#[test]
fn a_deletion_taken_back_at_any_point_leaves_everything_as_it_was() {
    for before in [0, 1, 2, 9] {
        let mut tidy = Tidy::new();
        let (word, row, all) = (tidy.word.clone(), tidy.row().unwrap(), tidy.all());
        let (found, unread) = (tidy.desk.finds(&word), tidy.desk.status().unread);
        assert_eq!(all.len(), MESSAGES as usize);
        tidy.delete(false);
        for _ in 0..before {
            tidy.desk.wakes();
        }
        // The newest are there at once, whatever is still to come.
        assert_eq!(tidy.restore().preview, row.preview, "after {before}");
        let newest = tidy.desk.reads(&tidy.large.clone());
        assert_eq!(newest[newest.len() - SLICE..], all[all.len() - SLICE..], "after {before}");
        assert_eq!(tidy.desk.status().unread, unread, "after {before}");
        tidy.goes_on(1);
        tidy.desk.wakes();
        tidy.killed();
        while tidy.desk.wakes() {}
        assert_eq!(tidy.all(), all, "after {before}");
        assert_eq!((tidy.row(), tidy.desk.finds(&word)), (Some(row), found), "after {before}");
        assert_eq!(tidy.desk.status().unread, unread, "after {before}");
        assert!(tidy.desk.doctor(false).findings.is_empty());
        assert_eq!(tidy.strays(), 0, "after {before}");
    }
}

#[test]
fn what_is_written_meanwhile_stands_behind_what_comes_back() {
    let mut tidy = Tidy::new();
    let all = tidy.all();
    tidy.delete(false);
    tidy.desk.wakes();
    let args = Send { conversation: tidy.large.clone(), text: "after all".to_owned(), ..Send::default() };
    let _: Sent = tidy.desk.does(Call::Send(args));
    let bodies = |all: &[MessageRow]| all.iter().map(|row| row.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&tidy.all()), ["after all"]);
    // Deleted again with that, and only that comes back by the first undo.
    tidy.delete(false);
    tidy.is_gone();
    tidy.restore();
    assert_eq!(bodies(&tidy.all()), ["after all"]);
    tidy.desk.wakes();
    assert_eq!(bodies(&tidy.all()), ["after all"]);
    tidy.restore();
    while tidy.desk.wakes() {}
    let mut whole = bodies(&all);
    whole.push("after all".to_owned());
    assert_eq!(bodies(&tidy.all()), whole);
    assert!(tidy.desk.doctor(false).findings.is_empty());
    assert_eq!(tidy.strays(), 0);
}

#[test]
fn a_slice_that_can_t_be_done_lets_the_ones_behind_it_go_on_and_is_tried_less_and_less() {
    const MINUTE_MS: u64 = 60_000;
    for damaged in [0, 1] {
        let place = tempfile::tempdir().unwrap();
        let folder = profile(place.path(), "desk");
        let mut desk = Desk::open(&folder, 1).unwrap();
        desk.init("Ada");
        desk.seeded(4 * MESSAGES, 2);
        let both: Vec<String> = desk.list(Filter::All).into_iter().map(|row| row.id).collect();
        let before: Vec<_> = both.iter().map(|id| everything(&mut desk, id)).collect();
        assert!(before.iter().all(|rows| rows.len() > 2 * SLICE));
        let args = ConversationDelete { conversations: both.clone(), everyone: false };
        let _: Done = desk.does(Call::ConversationDelete(args));
        while desk.wakes() {}
        drop(desk);
        let (doc, hash) = (before[damaged][0].id.parse().unwrap(), Hash([9; 32]));
        tamper(&folder, |tx| {
            let known = changes::of_doc(tx, &doc)?.remove(0);
            let change = ChangeRow { hash, actor: [9; 16], bytes: b"damaged".to_vec(), ..known };
            changes::insert(tx, &change).map(drop)
        });
        let mut desk = Desk::open(&folder, 2).unwrap();
        let args = ConversationRestore { conversations: both.clone() };
        let _: Vec<ConversationRow> = desk.does(Call::ConversationRestore(args));
        // One failure holds everything up for a minute, in case all would fail.
        while desk.wakes() {}
        desk.later(MINUTE_MS);
        while desk.wakes() {}
        let other = 1 - damaged;
        assert!(everything(&mut desk, &both[other]) == before[other], "{damaged}");
        assert!(everything(&mut desk, &both[damaged]).len() < before[damaged].len());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let now = desk.core.steady_ms();
            let at = desk.wakes_until().unwrap();
            pauses.push((at - now) / MINUTE_MS);
            desk.later(at - now);
        }
        assert!(pauses.is_sorted() && pauses.ends_with(&[60, 60]), "{pauses:?}");
        drop(desk);
        tamper(&folder, |tx| changes::delete(tx, &doc, &hash));
        let mut desk = Desk::open(&folder, 3).unwrap();
        while desk.wakes() {}
        assert!(everything(&mut desk, &both[damaged]) == before[damaged], "{damaged}");
        assert!(desk.doctor(false).findings.is_empty());
    }
}

/// Another program writes in the file, under a name of its own, which some systems let nobody make.
#[cfg(unix)]
#[test]
fn a_slice_that_could_not_be_written_is_tried_again_but_not_at_once() {
    let mut tidy = Tidy::new();
    tidy.delete(false);
    let other = tidy.place.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let desk = tidy.place.path().join("desk").join("homing.db");
    std::os::unix::fs::symlink(desk, other.join("homing.db")).unwrap();
    let mut store = Store::open(&other.join("homing.db"), &KEY).unwrap();
    let held = store.write(Durability::Normal, |_| Ok::<_, StoreError>(tidy.desk.wakes_until()));
    drop(store);
    let mut again = held.unwrap();
    assert!(again.is_some_and(|at| at > tidy.desk.core.steady_ms()), "{again:?} is at once");
    assert!(!tidy.desk.wakes());
    tidy.is_gone();
    // It wakes by itself until all is done, also for other things.
    for _ in 0..20 {
        let Some(at) = again else { break };
        tidy.desk.later(at.saturating_sub(tidy.desk.core.steady_ms()));
        again = tidy.desk.wakes_until();
    }
    tidy.is_gone();
    assert_eq!(tidy.strays(), u64::from(MESSAGES));
}
