//! Settings that follow the person, whatever their devices were told while apart.

use homing_engine::api::{Call, MessageRow, Nothing, Settings, SettingsSet, State};
use homing_sim::{DeviceId, World};

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

    // What others told meanwhile shows again.
    set(world, desktop, receipts(true));
    world.settle().unwrap();
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
