//! Copied and restored profiles become devices of their own; nothing diverges and nothing unsent is lost.

use homing_engine::api::{Call, Code, Invite, InviteTo, Nothing, RecoveryUse, RecoveryWords, Restore};

use homing_sim::{RELAY, Weather};

use crate::house::{House, at_rest, same_messages};

#[test]
fn both_copies_of_a_profile_go_on() {
    // The order in which the copies meet the relay differs.
    // In the last two both find out at once that there is a copy.
    (11..17).chain([28, 45]).for_each(both_copies_go_on);
}

fn both_copies_go_on(seed: u64) {
    let mut house = House::new(seed);
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
    world.restore(phoenix, &args).unwrap();
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

#[test]
fn a_copy_that_crashes_while_it_becomes_a_device_leaves_no_other() {
    // In the second the last crash comes just after the device was let in.
    [15, 2_015].into_iter().for_each(copied_through_crashes);
}

fn copied_through_crashes(seed: u64) {
    let mut house = House::new(seed);
    let (laptop, group) = (house.laptop, house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &group, "before the copy").unwrap();
    world.settle().unwrap();
    world.crash(laptop).unwrap();
    let copy = world.copy_device(laptop, "copy").unwrap();
    world.send(copy, &group, "by the copy").unwrap();
    world.settle().unwrap();
    // The laptop finds out, and ends again and again while it does something about it.
    world.send(laptop, &group, "by the laptop").unwrap();
    world.weather = Weather { latency_ms: 600, cut_one_in: 0 };
    for ms in (400..8_000).step_by(200) {
        world.run_for(ms).unwrap();
        world.crash(laptop).unwrap();
        world.start(laptop).unwrap();
    }
    world.settle().unwrap();
    world.settle().unwrap();
    // The copy goes on as the device both were, the laptop is a new one; beside them Ada has her desktop.
    assert_eq!(world.devices(house.desktop).unwrap().len(), 3);
    let everybody = [laptop, copy, house.desktop, house.ben, house.cora];
    assert_eq!(same_messages(world, &everybody, &group).len(), 3);
    at_rest(world, &everybody);
}

/// Whether the device from which the backup comes still knows the recovery words.
enum Words {
    Known,
    Forgotten,
}

/// A backup is restored elsewhere, and the restored profile ends again and again while it lets itself in.
fn restored_through_crashes(seed: u64, words: &Words) {
    let mut house = House::new(seed);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    if matches!(words, Words::Forgotten) {
        // A revocation makes new words, which only the device that revokes has.
        let tablet = world.add_device("tablet", 0).unwrap();
        world.link_device(laptop, tablet).unwrap();
        world.settle().unwrap();
        let id = world.status(tablet).unwrap().device.unwrap();
        world.revoke_device(laptop, &id).unwrap();
        world.crash(tablet).unwrap();
        world.run_for(60_000).unwrap();
    }
    world.set_online(desktop, false).unwrap();
    world.send(desktop, &group, "unsent in the backup").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ada.backup");
    world.backup(desktop, &file, "correct horse battery").unwrap();
    let phoenix = world.add_device("phoenix", 0).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let args = Restore { file, passphrase: Some("correct horse battery".to_owned()), words: None };
    world.weather = Weather { latency_ms: 600, cut_one_in: 0 };
    world.restore(phoenix, &args).unwrap();
    for ms in (400..8_000).step_by(200) {
        world.run_for(ms).unwrap();
        world.crash(phoenix).unwrap();
        world.start(phoenix).unwrap();
    }
    world.settle().unwrap();
    world.settle().unwrap();
    let active = world.devices(laptop).unwrap().into_iter().filter(|device| !device.revoked).count();
    assert_eq!(active, 3, "seed {seed}");
    let everybody = [laptop, desktop, phoenix, house.ben, house.cora];
    assert_eq!(same_messages(world, &everybody, &group), ["unsent in the backup"], "seed {seed}");
    at_rest(world, &everybody);
}

#[test]
fn a_restored_backup_that_crashes_while_it_becomes_a_device_leaves_no_other() {
    restored_through_crashes(17, &Words::Known);
    restored_through_crashes(18, &Words::Forgotten);
}

#[test]
fn recovery_words_that_are_used_through_crashes_let_in_one_device() {
    let mut house = House::new(19);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    let words: RecoveryWords = world.ask(laptop, Call::RecoveryShow(Nothing {})).unwrap();
    let found = world.add_device("found", 0).unwrap();
    let args = RecoveryUse { words: words.words.join(" "), relay: RELAY.to_owned(), name: None };
    world.weather = Weather { latency_ms: 600, cut_one_in: 0 };
    for ms in (400..8_000).step_by(200) {
        if world.status(found).unwrap().person.is_none() {
            world.begin_call(found, Call::RecoveryUse(args.clone())).unwrap();
        }
        world.run_for(ms).unwrap();
        world.crash(found).unwrap();
        world.start(found).unwrap();
    }
    world.settle().unwrap();
    assert_eq!(world.devices(laptop).unwrap().len(), 3);
    at_rest(world, &[laptop, desktop, found]);
}

#[test]
fn of_two_beginnings_of_a_space_the_relay_s_first_stands() {
    let mut house = House::new(16);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    // The network goes while a relation to a client is begun; a backup is made of what the relay does not know.
    let to = InviteTo::Client { name: "Zoe".to_owned() };
    let waiting = world.begin_call(laptop, Call::Invite(Invite { to })).unwrap();
    world.set_online(laptop, false).unwrap();
    world.run_for(120_000).unwrap();
    assert_eq!(world.answer(laptop, waiting).unwrap().unwrap().unwrap_err().code, Code::RelayUnreachable);
    let rows = world.conversations(laptop).unwrap();
    let zoe = rows.into_iter().find(|row| row.title.contains("Zoe")).unwrap().id;
    world.send(laptop, &zoe, "in the backup").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ada.backup");
    world.backup(laptop, &file, "correct horse battery").unwrap();
    // The laptop registers the space; the restored device, another one, begins it again under the same id and loses.
    world.send(laptop, &zoe, "after the backup").unwrap();
    world.settle().unwrap();
    let phoenix = world.add_device("phoenix", 0).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let args = Restore { file, passphrase: Some("correct horse battery".to_owned()), words: None };
    world.restore(phoenix, &args).unwrap();
    world.send(phoenix, &zoe, "restored, before it knew").unwrap();
    world.settle().unwrap();
    let everybody = [laptop, desktop, phoenix];
    let mut bodies = same_messages(world, &everybody, &zoe);
    bodies.sort();
    assert_eq!(bodies, ["after the backup", "in the backup", "restored, before it knew"]);
    at_rest(world, &everybody);
    // The relation goes on: its client comes in and reads all of it.
    let link = world.invite(phoenix, InviteTo::Talk { conversation: zoe.clone() }).unwrap();
    let client = world.add_device("zoe", 0).unwrap();
    world.join(client, &link, Some("Zoe")).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &[laptop, desktop, phoenix, client], &zoe).len(), 3);
    at_rest(world, &[laptop, desktop, phoenix, client]);
}
