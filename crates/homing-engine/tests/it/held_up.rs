//! What can't go, or fails, holds up nothing else, and is tried again.

use homing_engine::api::{Call, ConversationRef, ConversationRow, InviteTo, State};
use homing_store::{Durability, Store, slots};
use homing_wire::{SlotId, SpaceId};

use crate::world::{People, world};

/// Opens the database of a device that is off.
fn database(people: &People, device: homing_sim::DeviceId) -> Store {
    let folder = people.profile(device).unwrap();
    let hex = std::fs::read_to_string(folder.join("database.key")).unwrap();
    let key: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&hex.trim()[2 * n..2 * n + 2], 16).unwrap()).collect();
    Store::open(&folder.join("homing.db"), &key.try_into().unwrap()).unwrap()
}

#[test]
fn slots_that_can_t_be_sealed_hold_up_no_others() {
    let mut people = world(71);
    let ada = people.person("Ada");
    let invited = people.invitation(ada, InviteTo::Person);
    let ben = people.device("Ben");
    people.joins(ben, &invited.link, Some("Ben"));
    people.syncs(ada);
    let talk = people.list(ada)[0].id.clone();
    people.says(ada, &talk, "read this");
    people.syncs(ada);
    people.syncs(ben);
    // More than are sealed at once, of a space that comes first and that this device knows nothing of.
    people.crash(ben).unwrap();
    let mut store = database(&people, ben);
    store
        .write(Durability::Full, |tx| {
            (0..300u16).try_for_each(|n| {
                let mut slot = [0; 16];
                slot[..2].copy_from_slice(&n.to_be_bytes());
                slots::set(tx, &SpaceId([0; 32]), &SlotId(slot), b"waits")
            })
        })
        .unwrap_or_else(|error: homing_store::StoreError| panic!("{error}"));
    drop(store);
    people.start(ben).unwrap();
    people
        .does::<ConversationRow>(ben, Call::ConversationRead(ConversationRef { conversation: talk.clone() }));
    people.run_for(30_000).unwrap();
    people.syncs(ben);
    people.syncs(ada);
    assert_eq!(people.reads(ada, &talk)[0].state, State::Read);
}
