use homing_store::changes::{self, ChangeRow, ChangeState};
use homing_store::doctor::{self, Finding, Kinds, Mend};
use homing_store::entries::{self, NewEntry, Place, Status};
use homing_store::outbox::{self, NewOutbox};
use homing_store::{StoreError, Tx, conversations, messages, projections, search, spaces};
use homing_wire::{DocId, EntryId, Hash, Salt};

use crate::support::{PHONE, Profile, SPACE, doc, entry, message, own};

const KINDS: Kinds = Kinds { conversation: 1, message: 2, records: Vec::new() };

fn scan(profile: &mut Profile) -> Vec<Finding> {
    profile.write(|tx| doctor::scan(tx, &KINDS))
}

/// What the engine does: rows from changes. Here every document is one of the messages or conversation 1.
fn project(tx: &Tx<'_>, id: &DocId) -> Result<(), StoreError> {
    if *id == doc(1) {
        return conversations::put(
            tx,
            &conversations::ConversationDoc {
                id: doc(1),
                space: SPACE,
                subject: "again".to_owned(),
                creator: None,
                created_ms: 1,
                deleted: false,
                merged_into: None,
            },
        )
        .map(drop);
    }
    let all = (0..10).map(message).filter(|one| one.id == *id).collect();
    messages::insert(tx, all).map(drop)
}

fn mend_all(profile: &mut Profile, codes: &[&str]) {
    let found = scan(profile);
    let mut seen: Vec<&str> = found.iter().map(|finding| finding.code).collect();
    seen.dedup();
    assert_eq!(seen, codes, "{found:?}");
    for finding in &found {
        assert!(profile.write(|tx| doctor::mend(tx, finding, project)), "{finding:?}");
    }
    // A second pass finds what the first could not see behind other damage.
    for finding in scan(profile) {
        profile.write(|tx| doctor::mend(tx, &finding, project));
    }
    assert_eq!(scan(profile), []);
}

fn change(n: u32, kind: u32) -> ChangeRow {
    ChangeRow {
        doc: if kind == 1 { doc(1) } else { message(n).id },
        hash: Hash([n as u8; 32]),
        space: SPACE,
        kind,
        actor: [1; 16],
        seq: 1,
        max_op: 1,
        salt: Salt([1; 16]),
        entry: None,
        state: ChangeState::Confirmed,
        deps: vec![],
        intent: None,
        bytes: vec![1],
    }
}

/// Ten messages with their changes and a log without holes.
fn healthy() -> Profile {
    let mut profile = Profile::new();
    profile.write(|tx| {
        project(tx, &doc(1))?;
        changes::insert(tx, &change(100, 1))?;
        for n in 0..10 {
            changes::insert(tx, &change(n, 2))?;
            let (id, header, bytes) = entry(SPACE, PHONE, u64::from(n) + 1, None);
            let place = Some(Place { generation: 1, sequence: u64::from(n) + 1, received_ms: 5 });
            entries::insert(
                tx,
                &NewEntry {
                    id: &id,
                    header: &header,
                    place,
                    status: Status::Accepted,
                    reason: "",
                    bytes: &bytes,
                },
            )?;
        }
        messages::insert(tx, (0..10).map(message).collect())?;
        spaces::update(tx, &SPACE, |row| {
            row.sequence = 10;
            row.bottom = 10;
            row.low = 1;
        })
    });
    assert_eq!(scan(&mut profile), []);
    profile
}

fn id_at(profile: &Profile, sequence: u64) -> EntryId {
    entries::at(&profile.store.read(), &SPACE, sequence).unwrap().unwrap().id
}

#[test]
fn a_flipped_byte_in_an_entry_is_fetched_again() {
    let mut profile = healthy();
    let id = id_at(&profile, 4);
    profile
        .raw()
        .execute("UPDATE entries SET bytes = CAST(substr(bytes, 1, 40) || x'ff' || substr(bytes, 42) AS BLOB) WHERE sequence = 4", [])
        .unwrap();
    let found = scan(&mut profile);
    assert_eq!(found[0].mend, Mend::Refetch { space: SPACE, first: 4, last: 4 });
    mend_all(&mut profile, &["entry_damaged"]);
    assert!(entries::get(&profile.store.read(), &id).unwrap().is_none());
    let row = spaces::must(&profile.store.read(), &SPACE).unwrap();
    assert_eq!((row.bottom, row.low, row.sequence), (3, 5, 10));
}

#[test]
fn a_hole_in_the_log_is_fetched_again() {
    let mut profile = healthy();
    profile.raw().execute("DELETE FROM entries WHERE sequence IN (9, 10)", []).unwrap();
    mend_all(&mut profile, &["log_gap"]);
    let row = spaces::must(&profile.store.read(), &SPACE).unwrap();
    assert_eq!((row.bottom, row.low), (8, 11));
}

#[test]
fn a_damaged_frozen_entry_is_sealed_anew() {
    let mut profile = healthy();
    let (id, header, bytes) = entry(SPACE, PHONE, 50, None);
    let row = profile.write(|tx| {
        entries::insert(
            tx,
            &NewEntry {
                id: &id,
                header: &header,
                place: None,
                status: Status::Sealed,
                reason: "",
                bytes: &bytes[1..],
            },
        )?;
        let row = outbox::enqueue(
            tx,
            &NewOutbox {
                space: SPACE,
                kind: "message".to_owned(),
                doc: None,
                conversation: None,
                hash: None,
                salt: Salt([1; 16]),
                created_ms: 1,
                hold_until: 0,
            },
        )?;
        outbox::seal(tx, &[row], &id)?;
        Ok(row)
    });
    mend_all(&mut profile, &["entry_damaged"]);
    assert_eq!(outbox::get(&profile.store.read(), row).unwrap().unwrap().state, outbox::OutboxState::Queued);
    profile.write(|tx| outbox::seal(tx, &[row], &EntryId([99; 32])));
    mend_all(&mut profile, &["outbox_unfrozen"]);
}

#[test]
fn a_missing_message_row_is_projected_again() {
    let mut profile = healthy();
    profile.raw().execute("DELETE FROM messages WHERE dseq = 3", []).unwrap();
    mend_all(&mut profile, &["message_missing", "counter_stale", "search_damaged"]);
    assert!(messages::get(&profile.store.read(), &message(2).id).unwrap().is_some());
}

#[test]
fn a_missing_conversation_row_comes_back_with_its_messages() {
    let mut profile = healthy();
    profile.raw().execute("DELETE FROM conversations", []).unwrap();
    mend_all(&mut profile, &["conversation_missing", "message_missing"]);
    let row = conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap();
    assert_eq!((row.unread, row.subject.as_str()), (10, "again"));
    assert_eq!(row.last.unwrap().id, message(9).id);
}

#[test]
fn a_stale_counter_is_counted_anew() {
    for damage in ["unread = 99", "waiting = 1", "preview = 'other'", "last_n = NULL", "has_draft = 1"] {
        let mut profile = healthy();
        profile.raw().execute(&format!("UPDATE conversations SET {damage}"), []).unwrap();
        mend_all(&mut profile, &["counter_stale"]);
    }
}

#[test]
fn a_lost_or_damaged_search_index_is_built_again() {
    for damage in [
        "DROP TABLE search",
        "DELETE FROM search_data WHERE id > 10",
        "UPDATE search_data SET block = x'00' WHERE id > 10",
        "INSERT INTO search (search) VALUES ('delete-all')",
    ] {
        let mut profile = healthy();
        profile.raw().execute_batch(damage).unwrap();
        mend_all(&mut profile, &["search_damaged"]);
        let query = search::Query { text: "number".into(), limit: 20, ..Default::default() };
        assert_eq!(search::find(&profile.store.read(), &query).unwrap().0.len(), 10, "{damage}");
    }
}

#[test]
fn rows_that_belong_to_nothing_are_swept() {
    let mut profile = healthy();
    profile
        .raw()
        .execute_batch(
            "INSERT INTO parked (entry, kind, key) VALUES (999, 0, x'00');
             INSERT INTO attachments (id, message, position, key, name, mime, size, chunks, state)
             VALUES (x'01', x'02', 0, x'03', 'n', 'm', 1, x'', 0);",
        )
        .unwrap();
    mend_all(&mut profile, &["orphan_rows"]);
}

#[test]
fn a_change_nothing_would_send_is_queued() {
    let mut profile = healthy();
    let mut pending = change(50, 7);
    pending.doc = doc(4242);
    pending.state = ChangeState::Pending;
    profile.write(|tx| changes::insert(tx, &pending));
    mend_all(&mut profile, &["change_unsent"]);
    assert_eq!(outbox::of_doc(&profile.store.read(), &doc(4242)).unwrap()[0].hash, Some(pending.hash));
}

#[test]
fn projections_can_be_built_from_nothing() {
    let mut profile = healthy();
    profile.write(|tx| {
        messages::insert(tx, vec![own(20)])?;
        messages::remove(tx, &own(20).id)?;
        conversations::set_archived(tx, &doc(1), true, 0)
    });
    let before = conversations::get(&profile.store.read(), &doc(1)).unwrap();
    profile.write(|tx| {
        projections::clear(tx)?;
        assert!(messages::before(tx, &doc(1), None, 9)?.is_empty());
        for (id, _, _) in changes::docs(tx, None, 100)? {
            project(tx, &id)?;
        }
        Ok(())
    });
    assert_eq!(conversations::get(&profile.store.read(), &doc(1)).unwrap(), before);
    assert_eq!(scan(&mut profile), []);
}
