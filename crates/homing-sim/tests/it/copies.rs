//! Copied and restored profiles become devices of their own; nothing diverges and nothing unsent is lost.

use homing_engine::api::{Call, Restore};

use crate::house::{House, at_rest, same_messages};

#[test]
fn both_copies_of_a_profile_go_on() {
    let mut house = House::new(13);
    let (laptop, group) = (house.laptop, house.group.clone());
    let mut everybody = house.devices();
    let world = &mut house.world;
    world.send(laptop, &group, "before the copy").unwrap();
    world.settle().unwrap();
    // Something is unsent and something is typed when the folder is copied.
    world.set_online(laptop, false).unwrap();
    world.send(laptop, &group, "unsent when copied").unwrap();
    world.draft_set(laptop, &group, "half a thought", "").unwrap();
    world.crash(laptop).unwrap();
    let copy = world.copy_device(laptop, "copy").unwrap();
    world.set_online(copy, false).unwrap();
    world.start(laptop).unwrap();
    world.send(copy, &group, "by the copy, offline").unwrap();
    world.send(laptop, &group, "by the laptop, offline").unwrap();
    world.settle().unwrap();
    world.settle().unwrap();
    for (device, body) in [(laptop, "by the laptop"), (copy, "by the copy")] {
        world.send(device, &group, body).unwrap();
        world.run_for(5_000).unwrap();
    }
    world.settle().unwrap();
    everybody.push(copy);
    let mut bodies = same_messages(world, &everybody, &group);
    bodies.sort();
    let mut expected = vec![
        "before the copy",
        "by the copy",
        "by the copy, offline",
        "by the laptop",
        "by the laptop, offline",
        "unsent when copied",
    ];
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    assert_ne!(world.status(laptop).unwrap().device, world.status(copy).unwrap().device);
    for device in [laptop, copy, house.desktop] {
        assert_eq!(world.draft(device, &group).unwrap().text, "half a thought");
    }
    at_rest(world, &everybody);
}

#[test]
fn a_restored_backup_is_a_new_device() {
    let mut house = House::new(14);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let mut everybody = house.devices();
    let world = &mut house.world;
    world.send(laptop, &group, "in the backup").unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    world.send(laptop, &group, "unsent in the backup").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ada.backup");
    world.backup(laptop, &file, "correct horse battery").unwrap();
    // The laptop goes on for a while and is lost without ever having been online again.
    world.crash(laptop).unwrap();
    world.send(desktop, &group, "after the backup").unwrap();
    world.run_for(30_000).unwrap();
    let phoenix = world.add_device("phoenix", 0).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let args = Restore { file, passphrase: Some("correct horse battery".to_owned()), words: None };
    world.call(phoenix, Call::Restore(args)).unwrap();
    world.run_for(300_000).unwrap();
    everybody.retain(|device| *device != laptop);
    everybody.push(phoenix);
    let mut bodies = same_messages(world, &everybody, &group);
    bodies.sort();
    assert_eq!(bodies, ["after the backup", "in the backup", "unsent in the backup"]);
    world.send(phoenix, &group, "risen").unwrap();
    // The laptop is found again: its unsent message is the same one.
    world.settle().unwrap();
    everybody.push(laptop);
    assert_eq!(same_messages(world, &everybody, &group).len(), 4);
    assert_ne!(world.status(laptop).unwrap().device, world.status(phoenix).unwrap().device);
    at_rest(world, &everybody);
}
