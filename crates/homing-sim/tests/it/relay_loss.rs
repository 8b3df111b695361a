//! A relay that is wiped or put back is filled again by the devices, and nobody comes back through that.

use std::fs;

use homing_engine::api::InviteTo;
use homing_sim::{DeviceId, World, copy_folder};

use crate::house::{House, at_rest, same_messages};

/// Removes the relay's database, or puts files of an older copy in its place.
fn database_files(world: &World) -> Vec<std::path::PathBuf> {
    let names = fs::read_dir(world.relay_folder()).unwrap();
    let names = names.map(|entry| entry.unwrap().path());
    names.filter(|path| path.file_name().unwrap().to_string_lossy().contains(".db")).collect()
}

/// Takes the database of a relay that has ended.
pub fn wipe(world: &World) {
    let files = database_files(world);
    assert!(!files.is_empty());
    for file in files {
        fs::remove_file(file).unwrap();
    }
}

fn write_some(world: &mut World, devices: &[DeviceId], conversation: &str, from: usize, count: usize) {
    for number in from..from + count {
        for device in devices {
            world.send(*device, conversation, &format!("{number} by {device}")).unwrap();
            world.run_for(2_000).unwrap();
        }
    }
}

#[test]
fn a_wiped_relay_is_filled_again() {
    let mut house = House::new(9);
    let (everybody, group, two) = (house.devices(), house.group.clone(), house.two.clone());
    let (laptop, ben) = (house.laptop, house.ben);
    let world = &mut house.world;
    write_some(world, &everybody, &group, 0, 3);
    write_some(world, &[laptop, ben], &two, 0, 3);
    world.settle().unwrap();
    world.crash_relay().unwrap();
    wipe(world);
    world.send(ben, &group, "while it was gone").unwrap();
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group).len(), 13);
    at_rest(world, &everybody);
    // A device that comes now gets all of it from the relay.
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &[laptop, tablet], &group).len(), 13);
    assert_eq!(same_messages(world, &[laptop, tablet], &two).len(), 6);
    world.send(tablet, &group, "from the new one").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group).len(), 14);
    at_rest(world, &everybody);
}

#[test]
fn one_device_fills_a_wiped_relay_with_all_relations_of_its_team() {
    // Ids decide in which order spaces come, and the team's is another in each.
    [91, 1_091].into_iter().for_each(relations_refilled);
}

fn relations_refilled(seed: u64) {
    let mut house = House::new(seed);
    let (laptop, others) = (house.laptop, [house.desktop, house.ben, house.cora]);
    let world = &mut house.world;
    for number in 0..12 {
        let to = InviteTo::Client { name: format!("Client {number}") };
        world.invite(laptop, to).unwrap();
    }
    world.settle().unwrap();
    let conversations = world.conversations(laptop).unwrap();
    assert!(conversations.len() > 12);
    for row in &conversations {
        world.send(laptop, &row.id, "kept").unwrap();
    }
    world.settle().unwrap();
    for device in others {
        world.set_online(device, false).unwrap();
    }
    world.crash_relay().unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.run_for(10 * 60_000).unwrap();
    // Who comes now has it from the relay.
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.run_for(5 * 60_000).unwrap();
    for row in &conversations {
        assert_eq!(world.bodies(tablet, &row.id).unwrap(), ["kept"], "{}", row.title);
        world.send(laptop, &row.id, "and on").unwrap();
    }
    world.settle().unwrap();
    at_rest(world, &[laptop, tablet]);
}

#[test]
fn a_client_who_comes_first_keeps_what_only_they_have_until_the_relay_can_take_it() {
    let mut house = House::new(92);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    for device in everybody.iter().copied().filter(|device| *device != ben) {
        world.set_online(device, false).unwrap();
    }
    world.send(ben, &two, "only Ben and the relay had it").unwrap();
    world.run_for(60_000).unwrap();
    assert!(world.outbox(ben).unwrap().is_empty());
    world.crash_relay().unwrap();
    wipe(world);
    world.start_relay().unwrap();
    // The relay takes nothing of a relation whose team it does not know, and only staff can bring that.
    world.run_for(10 * 60_000).unwrap();
    world.settle().unwrap();
    world.run_for(20 * 60_000).unwrap();
    assert_eq!(same_messages(world, &everybody, &two), ["only Ben and the relay had it"]);
    world.send(laptop, &two, "and on").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &two).len(), 2);
    at_rest(world, &everybody);
}

fn put_back(seed: u64, whole: bool) {
    let mut house = House::new(seed);
    let (everybody, group) = (house.devices(), house.group.clone());
    let world = &mut house.world;
    write_some(world, &everybody, &group, 0, 2);
    world.settle().unwrap();
    let copy = tempfile::tempdir().unwrap();
    world.crash_relay().unwrap();
    copy_folder(&world.relay_folder(), copy.path()).unwrap();
    world.start_relay().unwrap();
    world.run_for(120_000).unwrap();
    write_some(world, &everybody, &group, 2, 2);
    world.settle().unwrap();
    let before = same_messages(world, &everybody, &group);
    assert_eq!(before.len(), 16);
    world.crash_relay().unwrap();
    if whole {
        fs::remove_dir_all(world.relay_folder()).unwrap();
        copy_folder(copy.path(), &world.relay_folder()).unwrap();
    } else {
        wipe(world);
        for entry in fs::read_dir(copy.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_owned();
            if name.to_string_lossy().contains(".db") {
                fs::copy(&path, world.relay_folder().join(name)).unwrap();
            }
        }
    }
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), before);
    write_some(world, &everybody, &group, 4, 1);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group).len(), 20);
    at_rest(world, &everybody);
}

#[test]
fn an_older_database_is_filled_again() {
    put_back(10, false);
}

#[test]
fn an_older_folder_is_filled_again() {
    put_back(11, true);
}

#[test]
fn a_wipe_does_not_bring_a_removed_member_back() {
    let mut house = House::new(12);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    write_some(world, &[laptop, ben, cora], &group, 0, 2);
    world.settle().unwrap();
    // Ben never hears that he was removed.
    world.set_online(ben, false).unwrap();
    let members = world.members(laptop, &group).unwrap();
    let bens = members.iter().find(|row| row.name == "Ben").unwrap().member.clone();
    world.remove_member(laptop, &group, &bens).unwrap();
    world.run_for(30_000).unwrap();
    world.send(cora, &group, "without Ben").unwrap();
    world.run_for(30_000).unwrap();
    world.crash_relay().unwrap();
    wipe(world);
    for device in [laptop, desktop, cora] {
        world.set_online(device, false).unwrap();
    }
    world.start_relay().unwrap();
    world.set_online(ben, true).unwrap();
    world.run_for(120_000).unwrap();
    world.send(ben, &group, "Ben alone with an empty relay").unwrap();
    world.run_for(120_000).unwrap();
    world.settle().unwrap();
    world.settle().unwrap();
    let stay = [laptop, desktop, cora];
    let bodies = same_messages(world, &stay, &group);
    assert_eq!(bodies.len(), 7, "{bodies:?}");
    assert!(!bodies.iter().any(|body| body.contains("empty relay")));
    world.send(laptop, &group, "still without Ben").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &stay, &group).len(), 8);
    let his = world.bodies(ben, &group).unwrap();
    assert!(!his.iter().any(|body| body.contains("without Ben")), "{his:?}");
    for device in stay {
        assert!(world.outbox(device).unwrap().is_empty());
        assert_eq!(world.status(device).unwrap().parked, 0);
    }
}
