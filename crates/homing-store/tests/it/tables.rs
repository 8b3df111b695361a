use homing_store::receipts::{self, Advance, AdvanceKind};
use homing_store::slots::{self, ReceivedSlot};
use homing_store::{
    Durability, IntervalSet, StoreError, accounts, docs, epochs, feeds, members, notified, people, spaces,
};
use homing_wire::{
    AccountOpId, EntryId, FeedCursor, Hash, Member, PersonId, Role, SlotId, SpaceId, SpaceKind,
};

use crate::support::{ALICE, BOB, LAPTOP, OTHER_SPACE, PHONE, Profile, SPACE, doc};

#[test]
fn an_account_log_is_appended_and_never_rewritten() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        accounts::append(tx, &ALICE, 0, &AccountOpId([1; 32]), b"genesis")?;
        accounts::append(tx, &ALICE, 1, &AccountOpId([2; 32]), b"device")?;
        accounts::append(tx, &ALICE, 1, &AccountOpId([2; 32]), b"device")
    });
    let other = profile
        .store
        .write(Durability::Full, |tx| accounts::append(tx, &ALICE, 1, &AccountOpId([3; 32]), b"another"));
    assert!(matches!(other, Err(StoreError::Conflict(_))));
    let db = profile.store.read();
    assert_eq!(accounts::head(&db, &ALICE).unwrap(), Some((1, AccountOpId([2; 32]))));
    assert_eq!(accounts::list(&db, &ALICE).unwrap()[0].bytes, b"genesis");
    assert_eq!(accounts::people(&db).unwrap(), [ALICE]);
    assert_eq!(accounts::head(&db, &BOB).unwrap(), None);
}

#[test]
fn a_space_keeps_all_it_is_given() {
    let mut profile = Profile::new();
    let row = profile.write(|tx| {
        spaces::update(tx, &SPACE, |row| {
            row.kind = SpaceKind::Client;
            row.op_head = Some(EntryId([1; 32]));
            row.epoch = Some(EntryId([2; 32]));
            row.generation = 3;
            row.sequence = 4;
            row.chain = Hash([5; 32]);
            row.signed_head = Some(vec![6]);
            row.bottom = 1;
            row.low = 3;
            row.slot_cursor = 7;
            row.my_dseq = 8;
            row.my_prev = Some(EntryId([9; 32]));
            row.name = "Client".to_owned();
            row.team = Some(OTHER_SPACE);
            row.contact = Some(doc(1));
            row.confirmed = true;
            row.state = spaces::SpaceState::Gone;
        })
    });
    assert_eq!(spaces::get(&profile.store.read(), &SPACE).unwrap(), Some(row));
    profile.write(|tx| spaces::delete(tx, &SPACE));
    assert_eq!(spaces::list(&profile.store.read()).unwrap().len(), 1);
    let gone = profile.store.write(Durability::Normal, |tx| spaces::update(tx, &SPACE, |_| {}));
    assert!(matches!(gone, Err(StoreError::NotFound(_))));
}

#[test]
fn feeds_are_followed_per_member() {
    let mut profile = Profile::new();
    let (own, team) = (Member::Person(ALICE), Member::Team(SPACE));
    profile.write(|tx| {
        feeds::set(tx, &FeedCursor { feed: own, sequence: 4 })?;
        feeds::set(tx, &FeedCursor { feed: own, sequence: 6 })?;
        feeds::set(tx, &FeedCursor { feed: team, sequence: 1 })
    });
    let all = feeds::list(&profile.store.read()).unwrap();
    assert!(all.contains(&FeedCursor { feed: own, sequence: 6 }) && all.len() == 2);
    profile.write(|tx| feeds::delete(tx, &team));
    assert_eq!(feeds::list(&profile.store.read()).unwrap().len(), 1);
    profile.write(feeds::clear);
    assert!(feeds::list(&profile.store.read()).unwrap().is_empty());
}

#[test]
fn an_epoch_has_one_seed() {
    let mut profile = Profile::new();
    let epoch = EntryId([1; 32]);
    profile.write(|tx| {
        epochs::put(tx, &SPACE, &epoch, &Hash([2; 32]), &[3; 32])?;
        epochs::put(tx, &SPACE, &epoch, &Hash([2; 32]), &[3; 32])
    });
    let other =
        profile.store.write(Durability::Full, |tx| epochs::put(tx, &SPACE, &epoch, &Hash([2; 32]), &[4; 32]));
    assert!(matches!(other, Err(StoreError::Conflict(_))));
    assert_eq!(epochs::list(&profile.store.read(), &SPACE).unwrap().len(), 1);
    profile.write(|tx| epochs::delete(tx, &SPACE, &epoch));
    assert!(epochs::get(&profile.store.read(), &SPACE, &epoch).unwrap().is_none());
}

#[test]
fn an_own_slot_is_dirty_until_this_very_text_is_acknowledged() {
    let mut profile = Profile::new();
    let slot = SlotId([1; 16]);
    profile.write(|tx| {
        slots::set(tx, &SPACE, &slot, b"one")?;
        slots::seal(tx, &SPACE, &slot, 1, b"sealed one")?;
        slots::set(tx, &SPACE, &slot, b"two")?;
        slots::acknowledged(tx, &SPACE, &slot, 1)?;
        assert_eq!(slots::dirty(tx, None, true, 9)?.len(), 1, "changed since it was sealed");
        slots::seal(tx, &SPACE, &slot, 2, b"sealed two")?;
        slots::acknowledged(tx, &SPACE, &slot, 2)?;
        slots::set(tx, &SPACE, &slot, b"two")?;
        assert!(slots::dirty(tx, None, true, 9)?.is_empty(), "the same text again");
        slots::mark_space_dirty(tx, &SPACE)?;
        assert_eq!(slots::own_of(tx, &SPACE)?[0].counter, 2);
        slots::mark_dirty(tx, &SPACE, &slot)?;
        slots::delete_own(tx, &SPACE, &slot)?;
        assert!(slots::own(tx, &SPACE, &slot)?.is_none());
        Ok(())
    });
}

#[test]
fn a_received_slot_only_moves_forward() {
    let mut profile = Profile::new();
    let mut row = ReceivedSlot {
        space: SPACE,
        device: PHONE,
        slot: SlotId([1; 16]),
        counter: 5,
        bytes: vec![1],
        plaintext: None,
    };
    profile.write(|tx| {
        assert!(slots::receive(tx, &row)?);
        assert!(!slots::receive(tx, &row)?);
        row.counter = 4;
        assert!(!slots::receive(tx, &row)?);
        assert_eq!(slots::unopened(tx, &SPACE)?.len(), 1);
        slots::opened(tx, &SPACE, &PHONE, &row.slot, b"text")?;
        let received = slots::received(tx, &SPACE, &PHONE, &row.slot)?.unwrap();
        assert_eq!((received.counter, received.plaintext.as_deref()), (5, Some(&b"text"[..])));
        slots::delete_device(tx, &SPACE, &PHONE)?;
        assert!(slots::received_in(tx, &SPACE)?.is_empty());
        Ok(())
    });
}

#[test]
fn receipts_only_grow_and_say_what_grew() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        let (five, none) = (IntervalSet::of(1, 5), IntervalSet::new());
        receipts::merge(tx, &SPACE, &BOB, &LAPTOP, &five, &none)?;
        let new = receipts::merge(tx, &SPACE, &BOB, &LAPTOP, &IntervalSet::of(3, 8), &IntervalSet::of(2, 2))?;
        assert_eq!(new, (IntervalSet::of(6, 8), IntervalSet::of(2, 2)));
        let again = receipts::merge(tx, &SPACE, &BOB, &LAPTOP, &five, &none)?;
        assert!(again.0.is_empty() && again.1.is_empty());
        Ok(())
    });
    let db = profile.store.read();
    let row = receipts::get(&db, &SPACE, &BOB, &LAPTOP).unwrap();
    assert_eq!((row.delivered, row.read), (IntervalSet::of(1, 8), IntervalSet::of(2, 2)));
    assert_eq!(receipts::of(&db, &[SPACE, OTHER_SPACE]).unwrap().len(), 1);
    assert_eq!(receipts::of_person(&db, &SPACE, &BOB).unwrap().len(), 1);
    // What may be told of it is kept apart.
    assert_eq!(receipts::told_in(&db, &SPACE, &BOB).unwrap(), []);
    profile.write(|tx| {
        receipts::tell(tx, &SPACE, &BOB, &LAPTOP, &IntervalSet::of(2, 2))?;
        receipts::tell(tx, &OTHER_SPACE, &BOB, &LAPTOP, &IntervalSet::of(9, 9))
    });
    let db = profile.store.read();
    assert_eq!(receipts::told_in(&db, &SPACE, &BOB).unwrap(), [(LAPTOP, IntervalSet::of(2, 2))]);
    assert_eq!(receipts::told(&db, &OTHER_SPACE, &BOB, &LAPTOP).unwrap(), IntervalSet::of(9, 9));
    assert!(receipts::get(&db, &OTHER_SPACE, &BOB, &LAPTOP).unwrap().read.is_empty());
}

#[test]
fn the_newest_hundred_advances_are_kept() {
    let mut profile = Profile::new();
    let step = |n: u64| Advance {
        person: BOB,
        device: LAPTOP,
        kind: AdvanceKind::Read,
        first: n,
        last: n,
        at_ms: 1000 + n,
    };
    profile.write(|tx| (1..=130).try_for_each(|n| receipts::advance(tx, &SPACE, &step(n))));
    profile.write(|tx| receipts::advance(tx, &SPACE, &Advance { at_ms: 5000, ..step(130) }));
    profile.write(|tx| receipts::keep_newest_advances(tx, &SPACE, &BOB));
    let db = profile.store.read();
    let kept = receipts::advances_of(&db, &SPACE, &BOB).unwrap();
    assert_eq!((kept.len(), kept[0].first, kept[99].at_ms), (100, 31, 1130));
    assert_eq!(receipts::advances(&db, &SPACE, &LAPTOP, 100, 101).unwrap().len(), 2);
}

#[test]
fn names_are_the_newest_and_those_of_the_space_first() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        people::set_name(tx, &OTHER_SPACE, &BOB, "Robert", 5)?;
        people::set_name(tx, &OTHER_SPACE, &BOB, "Old Bob", 4)?;
        people::set_verified(tx, &BOB, true)?;
        members::set(
            tx,
            &SPACE,
            &[(Member::Person(BOB), Role::Reader), (Member::Team(OTHER_SPACE), Role::Member)],
        )?;
        spaces::update(tx, &OTHER_SPACE, |row| row.name = "Team".to_owned())
    });
    let db = profile.store.read();
    let bob = people::get(&db, &BOB).unwrap().unwrap();
    assert_eq!((bob.name.as_str(), bob.verified), ("Robert", true));
    assert_eq!(people::name_in(&db, &SPACE, &BOB).unwrap(), "Bob");
    assert_eq!(people::name_in(&db, &SpaceId([99; 32]), &BOB).unwrap(), "Robert");
    assert_eq!(people::list(&db).unwrap().len(), 2);
    let rows = members::of(&db, &[SPACE, OTHER_SPACE]).unwrap();
    let of_space: Vec<(&str, Role)> =
        rows.iter().filter(|row| row.space == SPACE).map(|row| (row.name.as_str(), row.role)).collect();
    assert_eq!(of_space, [("Team", Role::Member), ("Bob", Role::Reader)]);
    assert_eq!(members::spaces_of(&db, &Member::Team(OTHER_SPACE)).unwrap(), [(SPACE, Role::Member)]);
    let all = people::memberships(&db).unwrap();
    assert_eq!(all.len(), 3);
    for person in [ALICE, BOB] {
        let theirs: Vec<_> = all.iter().filter(|one| one.person == person).cloned().collect();
        assert!(!theirs.is_empty());
        assert_eq!(people::memberships_of(&db, &person).unwrap(), theirs);
    }
    assert_eq!(people::memberships_of(&db, &PersonId([98; 32])).unwrap(), []);
}

#[test]
fn a_notification_is_shown_once() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        assert!(notified::mark(tx, &doc(1), 5)?);
        assert!(!notified::mark(tx, &doc(1), 6)?);
        notified::forget_before(tx, 6)?;
        assert!(notified::mark(tx, &doc(1), 7)?);
        Ok(())
    });
}

#[test]
fn a_documents_preimage_is_kept() {
    let mut profile = Profile::new();
    let row = docs::DocRow { doc: doc(1), space: SPACE, kind: 4, preimage: vec![1, 2] };
    profile.write(|tx| {
        docs::put(tx, &row)?;
        docs::put(tx, &docs::DocRow { preimage: vec![9], ..row.clone() })
    });
    let db = profile.store.read();
    assert_eq!(docs::get(&db, &doc(1)).unwrap().as_ref(), Some(&row));
    assert_eq!(docs::of_kind(&db, &SPACE, 4).unwrap(), [row]);
    profile.write(|tx| docs::delete(tx, &doc(1)));
    assert!(docs::get(&profile.store.read(), &doc(1)).unwrap().is_none());
}
