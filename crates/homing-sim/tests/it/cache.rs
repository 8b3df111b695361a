//! Files on a device: which come by themselves, which go when room is short, which stay, and that what went comes again.

use homing_engine::api::{
    Attachment, AttachmentState, Call, Code, ConversationChange, ConversationsChange, ConversationsChanged,
    Downloads, Draft, DraftAttach, FilePin, FileRoom, FileRulesSet, FileSource, ItemRef, Nothing, OneChange,
};
use homing_sim::{DeviceId, World};

use crate::house::House;
use crate::relay_loss::wipe;

/// How long what is wanted may take to come.
const REST_MS: u64 = 6 * 60_000;

fn rules(world: &mut World, device: DeviceId, set: FileRulesSet) -> FileRoom {
    world.ask(device, Call::FileRulesSet(set)).unwrap()
}

fn downloads(world: &mut World, device: DeviceId, downloads: Downloads) {
    rules(world, device, FileRulesSet { downloads: Some(downloads), ..FileRulesSet::default() });
}

fn room(world: &mut World, device: DeviceId, mb: u32) -> FileRoom {
    rules(world, device, FileRulesSet { room_mb: Some(mb), ..FileRulesSet::default() })
}

fn used(world: &mut World, device: DeviceId) -> FileRoom {
    world.ask(device, Call::FileRoom(Nothing {})).unwrap()
}

/// A file of 400 kB that says which one it is.
fn send(world: &mut World, device: DeviceId, conversation: &str, name: &str) {
    world.send_file(device, conversation, name, &bytes(name)).unwrap();
    world.run_for(REST_MS).unwrap();
}

fn bytes(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(400_000).collect()
}

fn state(world: &mut World, device: DeviceId, conversation: &str, name: &str) -> AttachmentState {
    world.file_row(device, conversation, name).unwrap().state
}

fn id(world: &mut World, device: DeviceId, conversation: &str, name: &str) -> ItemRef {
    ItemRef { id: world.file_row(device, conversation, name).unwrap().id }
}

fn read(world: &mut World, device: DeviceId, conversation: &str, name: &str) -> Vec<u8> {
    let file = id(world, device, conversation, name);
    world.read_file(device, &file.id).unwrap()
}

fn want(world: &mut World, device: DeviceId, conversation: &str, name: &str) -> AttachmentState {
    let file = id(world, device, conversation, name);
    let _: Attachment = world.ask(device, Call::AttachmentWant(file)).unwrap();
    world.run_for(REST_MS).unwrap();
    state(world, device, conversation, name)
}

fn fetch(world: &mut World, device: DeviceId, conversation: &str, name: &str) -> AttachmentState {
    let file = id(world, device, conversation, name);
    world.fetch_file(device, &file.id).unwrap();
    world.run_for(REST_MS).unwrap();
    state(world, device, conversation, name)
}

#[test]
fn what_comes_by_itself_is_each_device_s_and_kept_conversations_are_the_person_s() {
    let mut house = House::new(310);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    send(world, ben, &two, "small");
    assert_eq!(state(world, laptop, &two, "small"), AttachmentState::Ready, "as nobody chose otherwise");

    downloads(world, laptop, Downloads::OnDemand);
    send(world, ben, &two, "asked");
    assert_eq!(state(world, laptop, &two, "asked"), AttachmentState::Remote);
    assert_eq!(state(world, desktop, &two, "asked"), AttachmentState::Ready, "that is the laptop's choice");
    assert_eq!(want(world, laptop, &two, "asked"), AttachmentState::Remote, "looking at it is not asking");
    assert_eq!(fetch(world, laptop, &two, "asked"), AttachmentState::Ready);
    assert_eq!(world.file_row(laptop, &two, "asked").unwrap().size as usize, bytes("asked").len());

    // All of a conversation, chosen on one device without a connection.
    send(world, ben, &two, "kept");
    downloads(world, desktop, Downloads::OnDemand);
    send(world, ben, &two, "kept too");
    world.set_online(desktop, false).unwrap();
    let keep = OneChange { conversation: two.clone(), change: ConversationChange::KeepFiles { on: true } };
    let done: ConversationsChanged =
        world.ask(desktop, Call::ConversationsChange(ConversationsChange { changes: vec![keep] })).unwrap();
    assert!(done.rows[0].keep_files);
    assert_eq!(done.undo[0].change, ConversationChange::KeepFiles { on: false });
    world.set_online(desktop, true).unwrap();
    world.run_for(REST_MS).unwrap();
    send(world, ben, &two, "comes");
    for device in [laptop, desktop] {
        for name in ["kept", "kept too", "comes"] {
            assert_eq!(state(world, device, &two, name), AttachmentState::Ready, "{device} {name}");
        }
    }
}

#[test]
fn what_was_not_used_for_longest_goes_first_and_comes_again() {
    let mut house = House::new(311);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    for name in ["one", "two", "three"] {
        send(world, ben, &two, name);
    }
    let full = used(world, laptop);
    assert_eq!((full.files, full.free_files), (3, 3));
    // Looked at again: it is newer than the others now.
    assert_eq!(read(world, laptop, &two, "one"), bytes("one"));
    world.run_for(1_000).unwrap();
    let pin = FilePin { id: id(world, laptop, &two, "two").id, on: true };
    let pinned: Attachment = world.ask(laptop, Call::FilePin(pin)).unwrap();
    assert!(pinned.pinned);

    let left = room(world, laptop, 1);
    assert!(left.bytes <= 1e6 && left.files == 2, "{left:?}");
    assert_eq!(state(world, laptop, &two, "three"), AttachmentState::Remote);
    assert_eq!(state(world, laptop, &two, "one"), AttachmentState::Ready);
    assert_eq!(want(world, laptop, &two, "three"), AttachmentState::Remote, "it does not come and go");

    // A fourth one takes the place of the one that is not kept.
    send(world, ben, &two, "four");
    assert_eq!(state(world, laptop, &two, "one"), AttachmentState::Remote);
    for name in ["two", "four"] {
        assert_eq!(state(world, laptop, &two, name), AttachmentState::Ready, "{name}");
    }
    assert_eq!(fetch(world, laptop, &two, "three"), AttachmentState::Ready);
    assert_eq!(read(world, laptop, &two, "three"), bytes("three"));
    assert_eq!(state(world, laptop, &two, "four"), AttachmentState::Remote);

    // Even all that can go: what is pinned stays.
    let freed: FileRoom = world.ask(laptop, Call::FilesFree(Nothing {})).unwrap();
    assert_eq!((freed.files, freed.free_files), (1, 0));
    assert_eq!(read(world, laptop, &two, "two"), bytes("two"));
}

#[test]
fn what_is_nowhere_else_stays_however_little_room_there_is() {
    let mut house = House::new(312);
    let (laptop, two) = (house.laptop, house.two.clone());
    let world = &mut house.world;
    room(world, laptop, 1);
    world.set_online(laptop, false).unwrap();
    for name in ["one", "two", "three", "four"] {
        send(world, laptop, &two, name);
    }
    let args = DraftAttach {
        conversation: two.clone(),
        files: vec![FileSource::Bytes {
            name: "draft".into(),
            mime: String::new(),
            base64: data_encoding::BASE64.encode(&bytes("draft")),
            voice: None,
        }],
        draft: None,
    };
    let draft: Draft = world.ask(laptop, Call::DraftAttach(args)).unwrap();
    let freed: FileRoom = world.ask(laptop, Call::FilesFree(Nothing {})).unwrap();
    assert_eq!((freed.files, freed.free_files), (4, 0));
    let file = id(world, laptop, &two, "one");
    let refused = world.ask::<Attachment>(laptop, Call::FileDrop(file));
    assert!(format!("{:?}", refused.unwrap_err()).contains("nowhere but on this device"));

    // At the relay it can go; the draft's can't.
    world.set_online(laptop, true).unwrap();
    world.run_for(REST_MS).unwrap();
    let freed: FileRoom = world.ask(laptop, Call::FilesFree(Nothing {})).unwrap();
    assert_eq!((freed.files, freed.bytes), (0, 0.0));
    assert_eq!(world.read_file(laptop, &draft.files[0].id).unwrap(), bytes("draft"));
    assert_eq!(fetch(world, laptop, &two, "one"), AttachmentState::Ready);
    assert_eq!(read(world, laptop, &two, "one"), bytes("one"));
}

#[test]
fn what_the_relay_holds_no_longer_is_said_to_be_gone() {
    let mut house = House::new(313);
    let (laptop, everybody) = (house.laptop, house.devices());
    let (ben, group) = (house.ben, house.group.clone());
    let world = &mut house.world;
    send(world, ben, &group, "plan");
    for device in everybody {
        let _: FileRoom = world.ask(device, Call::FilesFree(Nothing {})).unwrap();
        assert_eq!(state(world, device, &group, "plan"), AttachmentState::Remote);
    }
    world.crash_relay().unwrap();
    std::fs::remove_dir_all(world.relay_folder().join("blobs")).unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.run_for(REST_MS).unwrap();
    assert_eq!(fetch(world, laptop, &group, "plan"), AttachmentState::Gone);
    let file = id(world, laptop, &group, "plan");
    assert_eq!(world.refusal(laptop, Call::AttachmentRead(file)).unwrap().code, Code::FileGone);
}
