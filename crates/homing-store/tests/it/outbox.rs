use homing_store::changes::{self, ChangeRow, ChangeState};
use homing_store::entries::{self, NewEntry, Place, Status};
use homing_store::outbox::{self, NewOutbox, OutboxState};
use homing_store::{conversations, messages};
use homing_wire::{Hash, Salt, SpaceId};

use crate::support::{LAPTOP, OTHER_SPACE, Profile, SPACE, doc, entry, own};

fn queue(profile: &mut Profile, space: SpaceId, n: u8) -> i64 {
    profile.write(|tx| {
        outbox::enqueue(
            tx,
            &NewOutbox {
                space,
                kind: "message".to_owned(),
                doc: Some(doc(u32::from(n))),
                conversation: Some(doc(1)),
                hash: Some(Hash([n; 32])),
                salt: Salt([1; 16]),
                created_ms: u64::from(n),
                hold_until: 0,
            },
        )
    })
}

fn freeze(profile: &mut Profile, rows: &[i64]) -> homing_wire::EntryId {
    let (id, header, bytes) = entry(SPACE, LAPTOP, 1, None);
    profile.write(|tx| {
        entries::insert(
            tx,
            &NewEntry {
                id: &id,
                header: &header,
                place: None,
                status: Status::Sealed,
                reason: "",
                bytes: &bytes,
            },
        )?;
        outbox::seal(tx, rows, &id)
    });
    id
}

#[test]
fn rows_leave_in_order_and_are_cleared_by_the_acknowledgement() {
    let mut profile = Profile::new();
    let first = queue(&mut profile, SPACE, 1);
    queue(&mut profile, OTHER_SPACE, 9);
    let second = queue(&mut profile, SPACE, 2);
    let db = profile.store.read();
    let ids: Vec<i64> =
        outbox::in_state(&db, &SPACE, OutboxState::Queued, 9).unwrap().iter().map(|row| row.id).collect();
    assert_eq!(ids, [first, second]);
    assert_eq!(outbox::spaces(&db).unwrap(), [SPACE, OTHER_SPACE]);
    assert_eq!(outbox::waiting(&db).unwrap(), 3);

    let id = freeze(&mut profile, &[first, second]);
    profile.write(|tx| {
        assert!(!outbox::cancel(tx, first)?, "what is frozen can't be taken back");
        entries::place(tx, &id, Place { generation: 1, sequence: 1, received_ms: 5 })?;
        entries::set_status(tx, &id, Status::Accepted, "")?;
        assert_eq!(outbox::acknowledged(tx, &id)?.len(), 2);
        Ok(())
    });
    assert_eq!(outbox::waiting(&profile.store.read()).unwrap(), 1);
}

#[test]
fn a_refusal_of_the_bytes_seals_anew() {
    let mut profile = Profile::new();
    let first = queue(&mut profile, SPACE, 1);
    let id = freeze(&mut profile, &[first]);
    profile.write(|tx| outbox::unseal(tx, &SPACE));
    let db = profile.store.read();
    assert!(entries::get(&db, &id).unwrap().is_none());
    assert_eq!(outbox::get(&db, first).unwrap().unwrap().state, OutboxState::Queued);
}

#[test]
fn a_refused_change_can_be_retried_or_taken_out() {
    let mut profile = Profile::new();
    let first = queue(&mut profile, SPACE, 1);
    profile.write(|tx| {
        outbox::refuse(tx, first, "role_forbids", "You may not write here")?;
        assert_eq!((outbox::waiting(tx)?, outbox::refused(tx)?), (0, 1));
        assert!(outbox::retry(tx, first)?);
        assert!(!outbox::retry(tx, first)?);
        assert_eq!((outbox::waiting(tx)?, outbox::refused(tx)?), (1, 0));
        outbox::set_change(tx, first, &Hash([5; 32]), &Salt([2; 16]))?;
        assert_eq!(outbox::get(tx, first)?.unwrap().hash, Some(Hash([5; 32])));
        assert!(outbox::cancel(tx, first)?);
        Ok(())
    });
    // Numbers are not given out twice, or a screen could act on another row.
    assert!(queue(&mut profile, SPACE, 2) > first);
}

#[test]
fn the_screen_sees_what_it_is_about() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        messages::insert(tx, vec![own(1)])?;
        conversations::put(
            tx,
            &conversations::ConversationDoc {
                id: doc(1),
                space: SPACE,
                subject: "House by the lake".to_owned(),
                creator: None,
                created_ms: 1,
                deleted: false,
                merged_into: None,
            },
        )?;
        outbox::enqueue(
            tx,
            &NewOutbox {
                space: SPACE,
                kind: "message".to_owned(),
                doc: Some(own(1).id),
                conversation: Some(doc(1)),
                hash: None,
                salt: Salt([1; 16]),
                created_ms: 1,
                hold_until: 0,
            },
        )
    });
    let items = outbox::list(&profile.store.read(), 10).unwrap();
    assert_eq!(
        (items[0].subject.as_str(), items[0].body.as_str()),
        ("House by the lake", "message number 1")
    );
}

#[test]
fn changes_are_pending_until_confirmed() {
    let mut profile = Profile::new();
    let change = ChangeRow {
        doc: doc(1),
        hash: Hash([1; 32]),
        space: SPACE,
        kind: 3,
        actor: [6; 16],
        seq: 1,
        max_op: 4,
        salt: Salt([1; 16]),
        entry: None,
        state: ChangeState::Pending,
        deps: vec![Hash([8; 32]), Hash([9; 32])],
        intent: Some(vec![1]),
        bytes: vec![2],
    };
    let row = queue(&mut profile, SPACE, 1);
    let id = freeze(&mut profile, &[row]);
    profile.write(|tx| {
        assert!(changes::insert(tx, &change)?);
        assert!(!changes::insert(tx, &change)?);
        assert_eq!(changes::pending(tx, &SPACE)?.as_slice(), std::slice::from_ref(&change));
        assert_eq!(changes::state(tx, &doc(1), &change.hash)?, Some(ChangeState::Pending));
        changes::confirm(tx, &doc(1), &change.hash, &id)?;
        assert_eq!(changes::pending(tx, &SPACE)?, []);
        let confirmed = changes::of_entry(tx, &id)?.pop().unwrap();
        assert_eq!(
            (confirmed.state, confirmed.intent, confirmed.entry),
            (ChangeState::Confirmed, None, Some(id))
        );
        assert_eq!(changes::docs(tx, None, 10)?, [(doc(1), 3, SPACE)]);
        assert_eq!(changes::docs(tx, Some(&doc(1)), 10)?, []);
        changes::set_state(tx, &doc(1), &change.hash, ChangeState::Refused)?;
        assert_eq!(changes::state(tx, &doc(1), &change.hash)?, Some(ChangeState::Refused));
        changes::delete(tx, &doc(1), &change.hash)?;
        assert!(!changes::has_doc(tx, &doc(1))?);
        Ok(())
    });
}

#[test]
fn what_is_held_waits_with_what_was_made_on_it_and_not_for_ever() {
    let mut profile = Profile::new();
    let new = |n: u32, hold_until| NewOutbox {
        space: SPACE,
        kind: "message".to_owned(),
        doc: Some(doc(n)),
        conversation: None,
        hash: None,
        salt: Salt([0; 16]),
        created_ms: 1,
        hold_until,
    };
    profile.write(|tx| {
        for (n, hold_until) in [(1, 2_000), (1, 0), (2, 0)] {
            outbox::enqueue(tx, &new(n, hold_until))?;
        }
        Ok(())
    });
    let db = profile.store.read();
    let docs = |now_ms| -> Vec<_> {
        outbox::ready(&db, &SPACE, now_ms, 1_000, 9).unwrap().into_iter().filter_map(|row| row.doc).collect()
    };
    assert_eq!(docs(1_500), [doc(2)]);
    assert_eq!(docs(2_000), [doc(1), doc(1), doc(2)]);
    // The clock was set back: nobody waits for an hour.
    assert_eq!(docs(500), [doc(1), doc(1), doc(2)]);
    assert_eq!(outbox::holds(&db).unwrap(), [(SPACE, 2_000)]);
}
