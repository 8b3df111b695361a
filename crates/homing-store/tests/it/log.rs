use homing_store::entries::{Ancestry, NewEntry, Place, Status};
use homing_store::parked::Wait;
use homing_store::{StoreError, entries, parked};
use homing_wire::EntryId;

use crate::support::{OTHER_SPACE, PHONE, Profile, SPACE, entry};

fn place(sequence: u64) -> Place {
    Place { generation: 1, sequence, received_ms: 1000 + sequence }
}

fn keep(profile: &mut Profile, dseq: u64, prev: Option<EntryId>, at: Option<u64>) -> EntryId {
    let (id, header, bytes) = entry(SPACE, PHONE, dseq, prev);
    profile.write(|tx| {
        let new = NewEntry {
            id: &id,
            header: &header,
            place: at.map(place),
            status: Status::Accepted,
            reason: "",
            bytes: &bytes,
        };
        assert!(entries::insert(tx, &new)?);
        assert!(!entries::insert(tx, &new)?);
        Ok(())
    });
    id
}

#[test]
fn entries_come_back_as_they_were_kept() {
    let mut profile = Profile::new();
    let first = keep(&mut profile, 1, None, Some(1));
    let second = keep(&mut profile, 2, Some(first), None);
    let db = profile.store.read();
    let row = entries::get(&db, &first).unwrap().unwrap();
    assert_eq!((row.space, row.device, row.dseq, row.prev), (SPACE, PHONE, 1, None));
    assert_eq!(row.place, Some(place(1)));
    assert_eq!(homing_wire::Entry::decode(&row.bytes).unwrap().id(), first);
    assert_eq!(entries::last_of_device(&db, &SPACE, &PHONE).unwrap(), Some((second, 2)));
    assert_eq!(entries::by_dseq(&db, &SPACE, &PHONE, 2).unwrap()[0].id, second);
    assert!(entries::after(&db, &OTHER_SPACE, 0, 10).unwrap().is_empty());
    profile.write(|tx| entries::place(tx, &second, place(2)));
    let db = profile.store.read();
    assert_eq!(entries::at(&db, &SPACE, 2).unwrap().unwrap().id, second);
    assert_eq!(entries::chain_after(&db, &SPACE, 1, 10).unwrap(), [(2, second, 1002, 1)]);
}

#[test]
fn one_place_holds_one_entry() {
    let mut profile = Profile::new();
    keep(&mut profile, 1, None, Some(1));
    let second = keep(&mut profile, 2, None, None);
    let taken =
        profile.store.write(homing_store::Durability::Full, |tx| entries::place(tx, &second, place(1)));
    assert!(matches!(taken, Err(StoreError::Conflict(_))));
    profile.write(|tx| {
        assert_eq!(entries::unplace_after(tx, &SPACE, 0)?, 1);
        entries::place(tx, &second, place(1))
    });
}

#[test]
fn gaps_are_found_anywhere() {
    let mut profile = Profile::new();
    for sequence in [3, 4, 8] {
        keep(&mut profile, sequence, None, Some(sequence));
    }
    let db = profile.store.read();
    assert_eq!(entries::gaps(&db, &SPACE, 1, 10).unwrap(), [(1, 2), (5, 7), (9, 10)]);
    assert_eq!(entries::gaps(&db, &SPACE, 3, 4).unwrap(), []);
    assert_eq!(entries::gaps(&db, &SPACE, 5, 6).unwrap(), [(5, 6)]);
    assert_eq!(entries::gaps(&db, &SPACE, 2, 1).unwrap(), []);
}

#[test]
fn ancestry_follows_the_chain_of_previous_entries() {
    let mut profile = Profile::new();
    let first = keep(&mut profile, 1, None, None);
    let second = keep(&mut profile, 2, Some(first), None);
    let fork = keep(&mut profile, 2, Some(EntryId([77; 32])), None);
    let third = keep(&mut profile, 3, Some(second), None);
    let db = profile.store.read();
    assert_eq!(entries::ancestry(&db, &first, &third).unwrap(), Ancestry::Ancestor);
    assert_eq!(entries::ancestry(&db, &third, &third).unwrap(), Ancestry::Ancestor);
    assert_eq!(entries::ancestry(&db, &fork, &third).unwrap(), Ancestry::Apart);
    assert_eq!(entries::ancestry(&db, &third, &second).unwrap(), Ancestry::Apart);
    assert_eq!(entries::ancestry(&db, &first, &fork).unwrap(), Ancestry::Unknown(EntryId([77; 32])));
}

#[test]
fn what_waits_is_woken_by_what_it_waits_for() {
    let mut profile = Profile::new();
    let later = keep(&mut profile, 2, None, Some(9));
    let sooner = keep(&mut profile, 1, None, Some(5));
    let key = Wait::Epoch(EntryId([50; 32]));
    profile.write(|tx| {
        parked::park(tx, &later, "key_unavailable", &[key, Wait::Upgrade])?;
        parked::park(tx, &sooner, "key_unavailable", &[key])
    });
    let db = profile.store.read();
    assert_eq!(parked::waiting_for(&db, &key, 10).unwrap(), [sooner, later]);
    assert_eq!(parked::waiting_for(&db, &Wait::Entry(EntryId([50; 32])), 10).unwrap(), []);
    assert_eq!(entries::count(&db, Status::Parked).unwrap(), 2);
    assert_eq!(entries::with_status(&db, Status::Parked, Some(&SPACE), 10).unwrap().len(), 2);
    profile.write(|tx| parked::unpark(tx, &sooner, Status::Accepted, ""));
    let db = profile.store.read();
    assert_eq!(parked::waiting_for(&db, &key, 10).unwrap(), [later]);
    assert_eq!(entries::status(&db, &sooner).unwrap(), Some((Status::Accepted, Some(place(5)))));
}

#[test]
fn numbers_nobody_honest_reaches_are_refused() {
    let mut profile = Profile::new();
    let (id, header, bytes) = entry(SPACE, PHONE, u64::MAX, None);
    let new =
        NewEntry { id: &id, header: &header, place: None, status: Status::Parked, reason: "", bytes: &bytes };
    let result = profile.store.write(homing_store::Durability::Normal, |tx| entries::insert(tx, &new));
    assert!(matches!(result, Err(StoreError::OutOfRange)));
}
