//! Who lost access reads and writes nothing of what came after.

use homing_engine::api::{DeviceRow, MemberRow};
use homing_sim::{DeviceId, World};
use homing_store::{conversations, epochs};
use homing_wire::{DocId, EpochId};

use crate::disk;
use crate::house::{House, at_rest, same_messages};

/// The epochs of a conversation's space whose keys lie on a device.
pub fn keys(world: &mut World, device: DeviceId, conversation: &str) -> Vec<EpochId> {
    world.crash(device).unwrap();
    let store = disk::open(world, device);
    let db = store.read();
    let doc: DocId = conversation.parse().unwrap();
    let row = conversations::get(&db, &doc).unwrap().unwrap();
    let found = epochs::list(&db, &row.space).unwrap().into_iter().map(|row| row.epoch).collect();
    drop(store);
    world.start(device).unwrap();
    found
}

fn person(members: &[MemberRow], name: &str) -> String {
    members.iter().find(|row| row.name == name).unwrap().member.clone()
}

#[test]
fn a_removed_member_gets_nothing_of_what_came_after() {
    let mut house = House::new(7);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &group, "for all three").unwrap();
    world.settle().unwrap();
    // Ben and Cora are off while Ada removes Ben; both write something they can't know is after it.
    world.set_online(ben, false).unwrap();
    world.set_online(cora, false).unwrap();
    world.send(cora, &group, "Cora did not know").unwrap();
    world.send(ben, &group, "Ben did not know").unwrap();
    let members = world.members(laptop, &group).unwrap();
    let bens = person(&members, "Ben");
    world.remove_member(laptop, &group, &bens).unwrap();
    world.run_for(30_000).unwrap();
    world.send(laptop, &group, "without Ben").unwrap();
    world.run_for(30_000).unwrap();
    world.settle().unwrap();
    let stay = [laptop, desktop, cora];
    assert_eq!(same_messages(world, &stay, &group).len(), 3);
    let shown = world.bodies(laptop, &group).unwrap();
    for body in ["for all three", "Cora did not know", "without Ben"] {
        assert!(shown.iter().any(|row| row == body), "{body} in {shown:?}");
    }
    at_rest(world, &stay);
    // Ben keeps what he had; his own text is kept, and marked as not sent.
    let rows = world.messages(ben, &group).unwrap();
    let bodies: Vec<(&str, homing_engine::api::State)> =
        rows.iter().map(|row| (row.body.as_str(), row.state)).collect();
    assert!(bodies.iter().any(|(body, _)| *body == "for all three"));
    assert!(
        !bodies.iter().any(|(body, _)| *body == "without Ben" || *body == "Cora did not know"),
        "{bodies:?}"
    );
    assert!(!world.conversation_detail(ben, &group).unwrap().row.can_write);
    let kept = world.outbox(ben).unwrap();
    let unsent = rows.iter().find(|row| row.body == "Ben did not know").unwrap();
    assert_ne!(unsent.state, homing_engine::api::State::Sent, "{kept:?}");
    assert!(world.try_call(ben, homing_sim::people::send_call(&group, "again")).unwrap().is_err());
    // The seeds of what came after are not on his disk.
    let (hers, his) = (keys(world, laptop, &group), keys(world, ben, &group));
    assert_eq!((hers.len(), his.len()), (2, 1));
    assert!(his.iter().all(|epoch| hers.contains(epoch)));
}

#[test]
fn a_revoked_device_gets_nothing_of_what_came_after() {
    let mut house = House::new(8);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    world.send(ben, &group, "before").unwrap();
    world.settle().unwrap();
    world.set_online(desktop, false).unwrap();
    world.draft_set(laptop, &group, "a draft", "").unwrap();
    world.send(desktop, &group, "from the lost device").unwrap();
    let devices: Vec<DeviceRow> = world.devices(laptop).unwrap();
    let lost = devices.iter().find(|row| !row.current).unwrap().id.clone();
    world.revoke_device(laptop, &lost).unwrap();
    world.run_for(60_000).unwrap();
    world.send(ben, &group, "after, by Ben").unwrap();
    world.send(laptop, &group, "after, by Ada").unwrap();
    world.settle().unwrap();
    let stay = [laptop, ben, cora];
    let mut bodies = same_messages(world, &stay, &group);
    bodies.sort();
    assert_eq!(bodies, ["after, by Ada", "after, by Ben", "before"]);
    at_rest(world, &stay);
    let status = world.status(desktop).unwrap();
    assert!(!status.online && status.problem.is_some(), "{status:?}");
    assert_eq!(world.bodies(desktop, &group).unwrap().len(), 2);
    let (hers, lost) = (keys(world, laptop, &group), keys(world, desktop, &group));
    assert!(hers.len() > lost.len(), "{hers:?} {lost:?}");
}
