//! Messages with a time and files: all of it is at the relay before every own device goes off, and nobody has it sooner.

use homing_engine::api::{AttachmentState, Call, Done, DraftAttach, FileSource, ScheduledState};
use homing_sim::{DeviceId, World};

use crate::house::{House, at_rest, same_messages};
use crate::relay_loss::wipe;

const HOUR: u64 = 3_600_000;
/// How long a transfer that met trouble may rest.
const REST_MS: u64 = 6 * 60_000;

fn bytes_of(name: &str) -> Vec<u8> {
    name.repeat(30_000).into_bytes()
}

fn states(world: &mut World, device: DeviceId) -> Vec<(ScheduledState, bool)> {
    world.scheduled(device).unwrap().into_iter().map(|row| (row.state, row.late)).collect()
}

fn plan(world: &mut World, device: DeviceId, conversation: &str, name: &str, at_ms: u64) -> String {
    world.send_file_at(device, conversation, (name, &bytes_of(name)), at_ms).unwrap()
}

/// The file of the message that is called like it comes whole.
fn comes_whole(world: &mut World, devices: &[DeviceId], conversation: &str, name: &str) {
    for device in devices {
        let file = world.file_row(*device, conversation, name).unwrap();
        world.fetch_file(*device, &file.id).unwrap();
    }
    world.run_for(REST_MS).unwrap();
    for device in devices {
        let file = world.file_row(*device, conversation, name).unwrap();
        assert_eq!((file.name.as_str(), file.state), (name, AttachmentState::Ready), "device {device}");
        assert!(world.read_file(*device, &file.id).unwrap() == bytes_of(name), "device {device}: {name}");
    }
}

fn nothing_left(world: &mut World, own: &[DeviceId]) {
    for device in own {
        assert_eq!(world.scheduled(*device).unwrap(), [], "device {device}");
        assert_eq!(world.drafts(*device).unwrap(), [], "device {device}");
    }
}

fn off(world: &mut World, own: &[DeviceId]) {
    for device in own {
        world.crash(*device).unwrap();
    }
}

/// The relay takes words and no files.
fn no_room_for_files(world: &mut World) -> u64 {
    world.crash_relay().unwrap();
    let room = std::mem::replace(&mut world.limits.account_blob_bytes, 0);
    world.start_relay().unwrap();
    world.run_for(60_000).unwrap();
    room
}

fn room_for_files(world: &mut World, room: u64) {
    world.crash_relay().unwrap();
    world.limits.account_blob_bytes = room;
    world.start_relay().unwrap();
}

#[test]
fn a_drafts_files_go_out_with_it_while_all_own_devices_are_off() {
    let mut house = House::new(300);
    let (everybody, two) = (house.devices(), house.two.clone());
    let (own, ben) = ([house.laptop, house.desktop], house.ben);
    let world = &mut house.world;
    world.set_online(own[0], false).unwrap();
    let files = ["cellar.pdf", "attic.pdf"].map(|name| FileSource::Bytes {
        name: name.to_owned(),
        mime: String::new(),
        base64: data_encoding::BASE64.encode(&bytes_of(name)),
        voice: None,
    });
    world.draft_set(own[0], &two, "The plans", "").unwrap();
    let args = DraftAttach { conversation: two.clone(), files: files.into(), draft: None };
    world.ask::<homing_engine::api::Draft>(own[0], Call::DraftAttach(args)).unwrap();
    let at = world.now_ms() + 10 * HOUR;
    world.draft_send_at(own[0], &two, at).unwrap();
    // They wait with it, and the composer is free.
    let waits = world.scheduled(own[0]).unwrap().remove(0);
    assert_eq!((waits.state, waits.late), (ScheduledState::Files, false));
    let names: Vec<&str> = waits.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["cellar.pdf", "attic.pdf"]);
    let draft = world.draft(own[0], &two).unwrap();
    assert_eq!((draft.text.as_str(), draft.files.len()), ("", 0));
    world.set_online(own[0], true).unwrap();
    world.run_for(60_000).unwrap();
    for device in own {
        assert_eq!(states(world, device), [(ScheduledState::Held, false)], "device {device}");
    }
    off(world, &own);
    world.run_for(9 * HOUR).unwrap();
    assert!(world.messages(ben, &two).unwrap().is_empty());
    world.run_for(2 * HOUR).unwrap();
    let message = world.messages(ben, &two).unwrap().pop().unwrap();
    assert_eq!((message.body.as_str(), message.attachments.len()), ("The plans", 2));
    for file in &message.attachments {
        world.fetch_file(ben, &file.id).unwrap();
    }
    world.run_for(REST_MS).unwrap();
    for file in &message.attachments {
        assert!(world.read_file(ben, &file.id).unwrap() == bytes_of(&file.name));
    }
    world.settle().unwrap();
    nothing_left(world, &own);
    let shown = world.messages(own[0], &two).unwrap().remove(0);
    for file in shown.attachments {
        assert!(world.read_file(own[0], &file.id).unwrap() == bytes_of(&file.name), "the author keeps it");
    }
    at_rest(world, &everybody);
}

#[test]
fn files_that_come_too_late_make_it_late_and_it_says_so() {
    let mut house = House::new(301);
    let (everybody, two) = (house.devices(), house.two.clone());
    let (own, ben) = ([house.laptop, house.desktop], house.ben);
    let world = &mut house.world;
    let room = no_room_for_files(world);
    let at = world.now_ms() + HOUR;
    plan(world, own[0], &two, "cellar.pdf", at);
    world.send_at(own[0], &two, "Words alone", at + 1).unwrap();
    world.run_for(HOUR / 2).unwrap();
    // What has no files does not wait for what has.
    assert_eq!(states(world, own[0]), [(ScheduledState::Files, false), (ScheduledState::Held, false)]);
    world.run_for(HOUR).unwrap();
    assert_eq!(states(world, own[0]), [(ScheduledState::Files, true)]);
    assert_eq!(world.bodies(ben, &two).unwrap(), ["Words alone"]);
    room_for_files(world, room);
    world.run_for(REST_MS).unwrap();
    assert_eq!(world.bodies(ben, &two).unwrap(), ["Words alone", "cellar.pdf"]);
    let told = world.scheduled(own[0]).unwrap().remove(0);
    assert!(told.state == ScheduledState::SentLate && told.sent_at.is_some());
    world.unschedule(own[0], &told.id).unwrap();
    comes_whole(world, &[ben, own[1]], &two, "cellar.pdf");
    world.settle().unwrap();
    nothing_left(world, &own);
    at_rest(world, &everybody);
}

#[test]
fn taken_back_on_the_other_device_its_files_are_in_the_draft_and_go_with_it_from_there() {
    let mut house = House::new(302);
    let (everybody, two) = (house.devices(), house.two.clone());
    let (own, ben) = ([house.laptop, house.desktop], house.ben);
    let world = &mut house.world;
    let at = world.now_ms() + HOUR;
    let id = plan(world, own[0], &two, "cellar.pdf", at);
    world.run_for(60_000).unwrap();
    off(world, &own[..1]);
    world.unschedule(own[1], &id).unwrap();
    world.run_for(60_000).unwrap();
    let draft = world.draft(own[1], &two).unwrap();
    assert_eq!((draft.text.as_str(), draft.files.len(), draft.files_coming), ("cellar.pdf", 1, 0));
    // The device that has the bytes is still off: the relay has them too.
    let again = world.now_ms() + 2 * HOUR;
    assert_eq!(world.draft_send_at(own[1], &two, again).unwrap().id, id);
    world.run_for(60_000).unwrap();
    assert_eq!(states(world, own[1]), [(ScheduledState::Held, false)]);
    off(world, &own[1..]);
    world.run_for(3 * HOUR).unwrap();
    comes_whole(world, &[ben], &two, "cellar.pdf");
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody[..3], &two), ["cellar.pdf"]);
    nothing_left(world, &own);
    comes_whole(world, &own, &two, "cellar.pdf");
    at_rest(world, &everybody);
}

#[test]
fn sent_now_from_a_device_that_has_no_bytes_they_follow_from_the_one_that_has() {
    let mut house = House::new(303);
    let (two, own, ben) = (house.two.clone(), [house.laptop, house.desktop], house.ben);
    let world = &mut house.world;
    let room = no_room_for_files(world);
    let at = world.now_ms() + HOUR;
    let id = plan(world, own[0], &two, "cellar.pdf", at);
    world.run_for(60_000).unwrap();
    let call = Call::ScheduledSend(homing_engine::api::ItemRef { id: id.clone() });
    assert_eq!(world.ask::<homing_engine::api::Sent>(own[1], call).unwrap().id, id);
    world.run_for(60_000).unwrap();
    assert_eq!(world.bodies(ben, &two).unwrap(), ["cellar.pdf"]);
    room_for_files(world, room);
    world.run_for(REST_MS).unwrap();
    comes_whole(world, &[ben, own[1], own[0]], &two, "cellar.pdf");
    world.settle().unwrap();
    nothing_left(world, &own);
}

#[test]
fn after_its_members_changed_its_files_wait_for_their_author_too() {
    let mut house = House::new(304);
    let (group, own) = (house.group.clone(), [house.laptop, house.desktop]);
    let (ben, cora) = (house.ben, house.cora);
    let world = &mut house.world;
    let at = world.now_ms() + HOUR;
    let planned = plan(world, own[0], &group, "cellar.pdf", at);
    world.run_for(60_000).unwrap();
    let job = world.last_job(own[0]).unwrap();
    off(world, &own);
    let leave = Call::ConversationLeave(homing_sim::people::reference(&group));
    world.ask::<Done>(ben, leave).unwrap();
    world.run_for(2 * HOUR).unwrap();
    assert_eq!(world.bodies(cora, &group).unwrap(), [""; 0]);
    for device in own {
        world.start(device).unwrap();
    }
    world.settle().unwrap();
    assert_eq!(states(world, own[1]), [(ScheduledState::MembersChanged, false)]);
    let again = world.now_ms() + HOUR;
    world.reschedule(own[1], &planned, again).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(states(world, own[0]), [(ScheduledState::Held, false)]);
    off(world, &own);
    world.run_for(2 * HOUR).unwrap();
    comes_whole(world, &[cora], &group, "cellar.pdf");
    // Whoever left gets nothing, even of a file whose name they know.
    world.send_file(ben, &house.two, "own", b"own").unwrap();
    world.run_for(60_000).unwrap();
    assert!(!world.is_given(ben, &job).unwrap());
    world.settle().unwrap();
    nothing_left(world, &own);
}

#[test]
fn a_wiped_relay_gets_the_files_again_before_the_message() {
    let mut house = House::new(305);
    let (everybody, two) = (house.devices(), house.two.clone());
    let (own, ben) = ([house.laptop, house.desktop], house.ben);
    let world = &mut house.world;
    let at = world.now_ms() + 3 * HOUR;
    plan(world, own[0], &two, "cellar.pdf", at);
    world.run_for(60_000).unwrap();
    assert_eq!(states(world, own[0]), [(ScheduledState::Held, false)]);
    world.crash_relay().unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(states(world, own[0]), [(ScheduledState::Held, false)]);
    off(world, &own);
    world.run_for(4 * HOUR).unwrap();
    comes_whole(world, &[ben], &two, "cellar.pdf");
    world.settle().unwrap();
    nothing_left(world, &own);
    at_rest(world, &everybody);
}

#[test]
fn killed_while_its_files_are_brought_it_goes_on_where_it_was() {
    let mut house = House::new(306);
    let (two, own, ben) = (house.two.clone(), [house.laptop, house.desktop], house.ben);
    let world = &mut house.world;
    let room = no_room_for_files(world);
    let at = world.now_ms() + 5 * HOUR;
    plan(world, own[0], &two, "cellar.pdf", at);
    world.run_for(10_000).unwrap();
    world.crash(own[0]).unwrap();
    room_for_files(world, room);
    world.run_for(HOUR).unwrap();
    assert_eq!(states(world, own[1]), [(ScheduledState::Waiting, false)], "it waits on the laptop");
    world.start(own[0]).unwrap();
    world.run_for(REST_MS).unwrap();
    for device in own {
        assert_eq!(states(world, device), [(ScheduledState::Held, false)], "device {device}");
    }
    off(world, &own);
    world.run_for(5 * HOUR).unwrap();
    comes_whole(world, &[ben], &two, "cellar.pdf");
    world.settle().unwrap();
    nothing_left(world, &own);
}
