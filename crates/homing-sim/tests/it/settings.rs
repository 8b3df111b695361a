//! Settings that follow the person, whatever their devices were told while apart.

use homing_engine::api::{Call, MessageRow, Nothing, Settings, SettingsSet, State};
use homing_sim::{DeviceId, World};

use crate::disk;
use crate::house::{House, at_rest};

fn set(world: &mut World, device: DeviceId, change: SettingsSet) {
    let _: Settings = world.ask(device, Call::SettingsSet(change)).unwrap();
}

fn settings(world: &mut World, device: DeviceId) -> Settings {
    world.ask(device, Call::Settings(Nothing {})).unwrap()
}

fn receipts(on: bool) -> SettingsSet {
    SettingsSet { read_receipts: Some(on), ..SettingsSet::default() }
}

fn message(world: &mut World, device: DeviceId, conversation: &str, id: &str) -> MessageRow {
    world.messages(device, conversation).unwrap().into_iter().find(|row| row.id == id).unwrap()
}

/// Whether a device shows that everybody has read a message, everywhere that is shown.
fn shows_read(world: &mut World, device: DeviceId, conversation: &str, id: &str) -> bool {
    let row = message(world, device, conversation, id);
    let told = row.receipts.iter().all(|receipt| receipt.read && receipt.read_at.is_some());
    let silent = row.receipts.iter().all(|receipt| !receipt.read && receipt.read_at.is_none());
    assert!(row.receipts.iter().all(|receipt| receipt.delivered), "device {device}: {row:?}");
    assert!(told || silent, "device {device}: {row:?}");
    assert_eq!(row.state, if told { State::Read } else { State::Delivered }, "device {device}");
    let listed = world.conversations(device).unwrap().into_iter().find(|row| row.id == conversation).unwrap();
    assert_eq!(listed.last_state, Some(row.state), "device {device}");
    told
}

#[test]
fn who_does_not_tell_what_they_read_is_not_told_what_others_read() {
    let mut house = House::new(61);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    let before = world.send(laptop, &two, "read while it was told").unwrap();
    world.settle().unwrap();
    world.read(ben, &two).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert!(shows_read(world, device, &two, &before), "device {device}");
    }

    // Thrown without a network: here at once, on the other device when it hears of it.
    world.set_online(laptop, false).unwrap();
    set(world, laptop, receipts(false));
    assert!(!shows_read(world, laptop, &two, &before));
    assert!(shows_read(world, desktop, &two, &before));
    world.settle().unwrap();
    assert!(!shows_read(world, desktop, &two, &before));
    let meanwhile = world.send(desktop, &two, "read while it was not told").unwrap();
    let bens = world.send(ben, &two, "and what I wrote?").unwrap();
    world.settle().unwrap();
    world.read(ben, &two).unwrap();
    world.read(desktop, &two).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let row = message(world, device, &two, &meanwhile);
        assert_eq!(
            (row.state, row.receipts[0].read_at.as_ref()),
            (State::Delivered, None),
            "device {device}"
        );
    }
    let row = message(world, ben, &two, &bens);
    assert_eq!((row.state, row.receipts[0].read), (State::Delivered, false), "nor is he told");

    // What others told meanwhile shows again; what was read here meanwhile is never told, also not by the device that only
    // heard of it, nor after a start.
    set(world, desktop, receipts(true));
    world.settle().unwrap();
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    let after = world.send(ben, &two, "and this?").unwrap();
    world.settle().unwrap();
    world.read(laptop, &two).unwrap();
    world.settle().unwrap();
    let row = message(world, ben, &two, &bens);
    assert_eq!(
        (row.state, row.receipts[0].read, row.receipts[0].read_at.as_ref()),
        (State::Delivered, false, None)
    );
    assert!(shows_read(world, ben, &two, &after));
    for device in [laptop, desktop] {
        for id in [&before, &meanwhile] {
            let row = message(world, device, &two, id);
            assert_eq!(row.state, State::Read, "device {device}");
            assert!(row.receipts[0].read_at.is_some(), "device {device}: {row:?}");
        }
    }
    let everybody = house.devices();
    at_rest(&mut house.world, &everybody);
}

#[test]
fn what_was_read_while_nothing_was_told_is_not_told_by_a_device_that_never_heard_of_it() {
    let mut house = House::new(63);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    let quiet = world.send(ben, &two, "read in a tunnel").unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    set(world, laptop, receipts(false));
    world.read(laptop, &two).unwrap();
    set(world, laptop, receipts(true));
    world.settle().unwrap();
    // The desktop knows that it was read, and was told all along that this may be told.
    let unread = |world: &mut World| world.status(desktop).unwrap().unread;
    assert_eq!(unread(world), 0);
    let open = world.send(ben, &two, "read for all to see").unwrap();
    world.settle().unwrap();
    world.read(desktop, &two).unwrap();
    world.settle().unwrap();
    for device in [desktop, laptop] {
        // Each says anew what it may say.
        set(world, device, receipts(false));
        world.settle().unwrap();
        set(world, device, receipts(true));
        world.settle().unwrap();
    }
    assert_eq!(unread(world), 0);
    assert!(shows_read(world, ben, &two, &open));
    assert_eq!(message(world, ben, &two, &quiet).state, State::Delivered);
    let everybody = house.devices();
    at_rest(&mut house.world, &everybody);
}

#[test]
fn what_versions_before_told_is_told_on_and_what_they_kept_back_is_not() {
    for on in [true, false] {
        let mut house = House::new(64 + u64::from(on));
        let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
        let world = &mut house.world;
        set(world, laptop, receipts(on));
        world.settle().unwrap();
        let before = world.send(ben, &two, "read with the app of before").unwrap();
        world.settle().unwrap();
        world.read(laptop, &two).unwrap();
        world.settle().unwrap();
        // They had one list of what was read, and of the times of that.
        for device in [laptop, desktop] {
            world.crash(device).unwrap();
            let step = "INSERT OR IGNORE INTO advances SELECT space, person, device, 1, first, last, at_ms FROM advances";
            let changed =
                format!("{step}; UPDATE receipts SET told = NULL; DELETE FROM meta WHERE key = 'told_apart'");
            disk::raw(world, device).execute_batch(&changed).unwrap();
            world.start(device).unwrap();
        }
        set(world, laptop, receipts(true));
        world.settle().unwrap();
        let after = world.send(ben, &two, "and with this one").unwrap();
        world.settle().unwrap();
        world.read(laptop, &two).unwrap();
        world.settle().unwrap();
        let tablet = world.add_device("tablet", 0).unwrap();
        world.link_device(ben, tablet).unwrap();
        world.settle().unwrap();
        for device in [ben, tablet] {
            assert!(shows_read(world, device, &two, &after), "device {device}");
            let row = message(world, device, &two, &before);
            assert_eq!((row.state == State::Read, row.receipts[0].read), (on, on), "device {device}");
        }
        at_rest(world, &[laptop, desktop, ben, tablet]);
    }
}

#[test]
fn how_somebody_writes_and_is_seen_is_the_same_on_all_their_devices() {
    let mut house = House::new(62);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    for device in [laptop, desktop] {
        world.set_online(device, false).unwrap();
    }
    // Apart, each chooses something; both hold.
    set(
        world,
        laptop,
        SettingsSet { presence: Some(false), enter_sends: Some(false), ..SettingsSet::default() },
    );
    set(
        world,
        desktop,
        SettingsSet {
            undo_send_seconds: Some(10),
            link_previews: Some(true),
            zoom: Some(150),
            ..SettingsSet::default()
        },
    );
    assert!(settings(world, desktop).presence && settings(world, laptop).undo_send_seconds == 0);
    world.settle().unwrap();
    let chosen = |all: &Settings| (all.presence, all.enter_sends, all.undo_send_seconds, all.link_previews);
    for device in [laptop, desktop] {
        assert_eq!(chosen(&settings(world, device)), (false, false, 10, true), "device {device}");
    }
    assert_eq!(settings(world, laptop).zoom, 100, "how large text is belongs to the screen");

    // A device that comes later has them too, and what is chosen there comes back.
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    assert_eq!(chosen(&settings(world, tablet)), (false, false, 10, true));
    set(world, tablet, SettingsSet { presence: Some(true), ..SettingsSet::default() });
    world.settle().unwrap();
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    assert_eq!(chosen(&settings(world, laptop)), (true, false, 10, true));
}
