//! Where and with what a photo was taken stays with who took it, unless they want otherwise on any of their devices.

use homing_engine::api::{
    Attachment, AttachmentState, Call, Code, Downloads, Draft, FileRoom, FileRulesSet, Forward, ItemRef,
    Nothing, QuickAttach, QuickReply, QuickReplySet, RecordDetail, RecordFiles, RecordPublish, Sent,
    Settings, SettingsSet,
};
use homing_relay::Limits;
use homing_sim::{DeviceId, World, photo_file, text};

use crate::house::{House, at_rest};

const PLACE: &[u8] = b"48.2082N 16.3738E";
const DOTS: &[u8] = b"what the picture is made of";

/// As a camera writes it: what it notes, then the picture.
fn photo() -> Vec<u8> {
    let notes = [b"Exif\0\0MM\0\x2a", PLACE].concat();
    let length = u16::try_from(notes.len() + 2).unwrap().to_be_bytes();
    [
        b"\xff\xd8\xff\xe1".as_slice(),
        &length,
        &notes,
        b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x02",
        DOTS,
        b"\xff\xd9",
    ]
    .concat()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|part| part == what)
}

fn clean(world: &mut World, device: DeviceId) -> bool {
    world.ask::<Settings>(device, Call::Settings(Nothing {})).unwrap().clean_photos
}

fn set_clean(world: &mut World, device: DeviceId, on: bool) {
    let set = SettingsSet { clean_photos: Some(on), ..SettingsSet::default() };
    assert_eq!(world.ask::<Settings>(device, Call::SettingsSet(set)).unwrap().clean_photos, on);
}

/// What somebody sees of a file once it is with them.
fn fetched(world: &mut World, device: DeviceId, file: &str) -> Vec<u8> {
    world.fetch_file(device, file).unwrap();
    world.settle().unwrap();
    world.read_file(device, file).unwrap()
}

/// The same of the only file of a message.
fn came(world: &mut World, device: DeviceId, conversation: &str, text: &str) -> Vec<u8> {
    let file = world.file_row(device, conversation, text).unwrap();
    fetched(world, device, &file.id)
}

/// What a reader gets of a photo that this device sends.
fn received(world: &mut World, from: DeviceId, to: DeviceId, conversation: &str, name: &str) -> Vec<u8> {
    world.send_file(from, conversation, name, &photo()).unwrap();
    world.settle().unwrap();
    came(world, to, conversation, name)
}

#[test]
fn photos_leave_without_their_place_until_their_sender_says_otherwise_anywhere() {
    let mut house = House::new(72);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;

    let sent = received(world, laptop, ben, &two, "garden.jpg");
    assert!(!holds(&sent, PLACE) && holds(&sent, DOTS));
    let villa = world.property(laptop, &[text("title", "Villa Rosa")]).unwrap().id;
    world.add_photo(laptop, &villa, "front.jpg", &photo()).unwrap();
    world.publish(laptop, &villa, "Ben", true).unwrap();
    world.settle().unwrap();
    let shared = world.photos(ben, &villa).unwrap().remove(0);
    let shared = fetched(world, ben, &shared.id);
    assert!(!holds(&shared, PLACE) && holds(&shared, DOTS));

    // Chosen on the laptop while it is offline, it counts on the desktop, and for nobody else.
    world.set_online(laptop, false).unwrap();
    set_clean(world, laptop, false);
    assert!(clean(world, desktop));
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    assert!(!clean(world, desktop) && clean(world, ben));
    assert!(received(world, desktop, ben, &two, "as it is.jpg") == photo(), "bit for bit");
    assert!(!holds(&received(world, ben, desktop, &two, "Ben's.jpg"), PLACE));

    set_clean(world, desktop, true);
    world.settle().unwrap();
    assert!(clean(world, laptop));
    assert!(!holds(&received(world, laptop, ben, &two, "again.jpg"), PLACE));
    at_rest(world, &everybody);
}

#[test]
fn a_photo_that_came_with_its_place_is_forwarded_without_it() {
    let mut house = House::new(75);
    let (laptop, ben, cora) = (house.laptop, house.ben, house.cora);
    let (two, group, everybody) = (house.two.clone(), house.group.clone(), house.devices());
    let world = &mut house.world;
    set_clean(world, ben, false);
    assert!(received(world, ben, laptop, &two, "Ben's garden") == photo(), "he wants it known");
    let sent = world.messages(laptop, &two).unwrap().pop().unwrap().id;
    let forward = |world: &mut World, comment: &str| {
        let (messages, to) = (vec![sent.clone()], vec![group.clone(), two.clone()]);
        let _: Vec<Sent> =
            world.ask(laptop, Call::Forward(Forward { messages, to, comment: comment.to_owned() })).unwrap();
        world.settle().unwrap();
    };
    forward(world, "");
    for (device, conversation) in [(cora, &group), (ben, &group), (ben, &two)] {
        let there = world.messages(device, conversation).unwrap().pop().unwrap();
        let there = fetched(world, device, &there.attachments[0].id);
        assert!(!holds(&there, PLACE) && holds(&there, DOTS), "device {device}");
    }
    assert!(came(world, laptop, &two, "Ben's garden") == photo(), "what he sent stays as it is");
    // For who wants photos as they are it goes bit for bit.
    set_clean(world, laptop, false);
    forward(world, "as it is");
    let there = world.messages(cora, &group).unwrap().pop().unwrap();
    assert!(fetched(world, cora, &there.attachments[0].id) == photo());
    at_rest(world, &everybody);
}

#[test]
fn a_photo_that_was_put_to_a_quick_reply_as_it_is_is_sent_without_its_place() {
    let mut house = House::new(76);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    set_clean(world, laptop, false);
    let set =
        QuickReplySet { title: "The way".into(), body: "Here is the door.".into(), ..Default::default() };
    let one: QuickReply = world.ask(laptop, Call::QuickReplySet(set)).unwrap();
    let (record, field, add) = (one.id.clone(), "files".to_owned(), vec![photo_file("door.jpg", &photo())]);
    let files = RecordFiles { record, field, add, keep: None };
    let _: RecordDetail = world.ask(laptop, Call::RecordFiles(files)).unwrap();
    let send = |world: &mut World, text: &str| {
        let attach = QuickAttach { id: one.id.clone(), conversation: two.clone(), draft: None };
        let draft: Draft = world.ask(laptop, Call::QuickAttach(attach)).unwrap();
        world.draft_set(laptop, &two, text, &draft.revision).unwrap();
        world.draft_send(laptop, &two).unwrap();
        world.settle().unwrap();
        came(world, ben, &two, text)
    };
    assert!(send(world, "as it is") == photo(), "bit for bit");
    set_clean(world, laptop, true);
    let sent = send(world, "Here is the door.");
    assert!(!holds(&sent, PLACE) && holds(&sent, DOTS));
    at_rest(world, &everybody);
}

#[test]
fn a_photo_that_was_put_on_a_property_as_it_is_is_cleaned_before_it_is_shared() {
    let mut house = House::new(74);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let everybody = house.devices();
    let world = &mut house.world;
    set_clean(world, laptop, false);
    let villa = world.property(laptop, &[text("title", "Villa Rosa")]).unwrap().id;
    world.add_photo(laptop, &villa, "front.jpg", &photo()).unwrap();
    world.add_photo(laptop, &villa, "plan.txt", b"no photo at all").unwrap();
    world.settle().unwrap();
    set_clean(world, desktop, true);
    world.settle().unwrap();
    let names = |world: &mut World, device: DeviceId| {
        world.photos(device, &villa).unwrap().into_iter().map(|file| file.name).collect::<Vec<_>>()
    };
    let ids = |world: &mut World| {
        world.photos(laptop, &villa).unwrap().into_iter().map(|file| file.id).collect::<Vec<_>>()
    };
    let (called, put) = (names(world, laptop), ids(world));
    // On a device that has not got it, nobody can say what is in it: nothing is shared.
    let (record, clients) = (villa.clone(), vec!["Ben".to_owned()]);
    let share = Call::RecordPublish(RecordPublish { record, clients, on: true });
    let refused = world.refusal(desktop, share.clone()).unwrap();
    assert_eq!(refused.code, Code::FileNotHere);
    world.settle().unwrap();
    assert!(world.photos(ben, &villa).is_err());
    let _: RecordDetail = world.ask(desktop, share).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, ben] {
        assert_eq!(names(world, device), called, "device {device}");
        let front = world.photos(device, &villa).unwrap().remove(0).id;
        let front = fetched(world, device, &front);
        assert!(!holds(&front, PLACE) && holds(&front, DOTS), "device {device}");
    }
    // What is clean is shared as it is.
    let there = ids(world);
    assert!(there[0] != put[0] && there[1] == put[1]);
    world.publish(laptop, &villa, "Ben", true).unwrap();
    world.settle().unwrap();
    assert_eq!(ids(world), there);
    // Nor does anything change for who wants photos as they are.
    set_clean(world, laptop, false);
    let casa = world.property(laptop, &[text("title", "Casa Azul")]).unwrap().id;
    world.add_photo(laptop, &casa, "front.jpg", &photo()).unwrap();
    world.publish(laptop, &casa, "Ben", true).unwrap();
    world.settle().unwrap();
    let front = world.photos(ben, &casa).unwrap().remove(0).id;
    assert!(fetched(world, ben, &front) == photo(), "bit for bit");
    at_rest(world, &everybody);
}

#[test]
fn a_photo_that_the_relay_lost_is_named_until_it_is_taken_off_and_what_is_left_is_shared() {
    let mut house = House::new(77);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let everybody = house.devices();
    let world = &mut house.world;
    let villa = world.property(laptop, &[text("title", "Villa Rosa")]).unwrap().id;
    for name in ["front.jpg", "garden.jpg"] {
        world.add_photo(laptop, &villa, name, &photo()).unwrap();
    }
    world.settle().unwrap();
    let front = world.photos(desktop, &villa).unwrap().remove(0).id;
    fetched(world, desktop, &front);
    std::fs::remove_dir_all(world.relay_folder().join("blobs")).unwrap();
    let share = Call::RecordPublish(RecordPublish {
        record: villa.clone(),
        clients: vec!["Ben".to_owned()],
        on: true,
    });
    // Whether the relay has it is not known before it was asked.
    world.set_online(desktop, false).unwrap();
    assert_eq!(world.refusal(desktop, share.clone()).unwrap().code, Code::FileNotHere);
    world.set_online(desktop, true).unwrap();
    world.run_for(60_000).unwrap();
    for _ in 0..2 {
        let refused = world.refusal(desktop, share.clone()).unwrap();
        assert_eq!(refused.code, Code::FileGone, "it stays so until somebody does something");
        assert!(refused.message.contains("garden.jpg"), "{}", refused.message);
        world.run_for(60_000).unwrap();
    }
    assert!(world.photos(ben, &villa).is_err(), "nothing was shared");
    let keep = RecordFiles {
        record: villa.clone(),
        field: "photos".into(),
        add: Vec::new(),
        keep: Some(vec![front]),
    };
    let _: RecordDetail = world.ask(desktop, Call::RecordFiles(keep)).unwrap();
    let _: RecordDetail = world.ask(desktop, share).unwrap();
    world.settle().unwrap();
    assert_eq!(world.photos(ben, &villa).unwrap().len(), 1);
    at_rest(world, &everybody);
}

#[test]
fn what_is_not_here_is_fetched_before_it_is_forwarded_or_said_to_be_gone() {
    let mut house = House::new(78);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let (cora, group) = (house.cora, house.group.clone());
    let world = &mut house.world;
    for device in [laptop, desktop] {
        let rules = FileRulesSet { downloads: Some(Downloads::OnDemand), ..FileRulesSet::default() };
        let _: FileRoom = world.ask(device, Call::FileRulesSet(rules)).unwrap();
    }
    world.send_file(ben, &two, "door.jpg", &photo()).unwrap();
    world.settle().unwrap();
    let sent = world.messages(laptop, &two).unwrap().pop().unwrap().id;
    let forward =
        Call::Forward(Forward { messages: vec![sent], to: vec![group.clone()], comment: String::new() });
    assert_eq!(world.refusal(laptop, forward.clone()).unwrap().code, Code::FileNotHere);
    world.settle().unwrap();
    let _: Vec<Sent> = world.ask(laptop, forward.clone()).unwrap();
    world.settle().unwrap();
    assert!(holds(&came(world, cora, &group, "door.jpg"), DOTS));

    std::fs::remove_dir_all(world.relay_folder().join("blobs")).unwrap();
    assert_eq!(world.refusal(desktop, forward.clone()).unwrap().code, Code::FileNotHere);
    world.run_for(60_000).unwrap();
    assert_eq!(world.refusal(desktop, forward).unwrap().code, Code::FileGone);
    let there = world.file_row(desktop, &two, "door.jpg").unwrap();
    let read = Call::AttachmentRead(ItemRef { id: there.id });
    assert_eq!(world.refusal(desktop, read).unwrap().code, Code::FileGone);
}

#[test]
fn what_could_not_be_brought_where_it_was_to_go_is_here_and_forwarded() {
    let mut house = House::new(79);
    let (laptop, cora, group) = (house.laptop, house.cora, house.group.clone());
    let world = &mut house.world;
    let notes = world.conversation(cora, "Notes", &[]).unwrap();
    world.set_online(cora, false).unwrap();
    let sent = world.send_file(cora, &group, "door.jpg", &photo()).unwrap();
    let members = world.members(laptop, &group).unwrap();
    let coras = members.iter().find(|row| row.name == "Cora").unwrap().member.clone();
    world.remove_member(laptop, &group, &coras).unwrap();
    world.settle().unwrap();
    world.set_online(cora, true).unwrap();
    world.settle().unwrap();
    // Whether she hears that she is out, or is refused the file, comes first by chance.
    let state = world.file_row(cora, &group, "door.jpg").unwrap().state;
    assert!(matches!(state, AttachmentState::Refused | AttachmentState::Failed), "{state:?}");
    let forward = Forward { messages: vec![sent], to: vec![notes.clone()], comment: String::new() };
    let _: Vec<Sent> = world.ask(cora, Call::Forward(forward)).unwrap();
    let there = world.file_row(cora, &notes, "door.jpg").unwrap();
    assert!(holds(&world.read_file(cora, &there.id).unwrap(), DOTS));
}

#[test]
fn a_photo_that_the_relay_does_not_take_is_told_and_goes_once_it_does() {
    let mut house = House::new(73);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let everybody = house.devices();
    let world = &mut house.world;
    let villa = world.property(laptop, &[text("title", "Villa Rosa")]).unwrap().id;
    world.publish(laptop, &villa, "Ben", true).unwrap();
    world.settle().unwrap();
    let limited = |world: &mut World, limits: Limits| {
        world.limits = limits;
        world.crash_relay().unwrap();
        world.start_relay().unwrap();
        world.run_for(60_000).unwrap();
    };
    let state = |world: &mut World, device: DeviceId| world.photos(device, &villa).unwrap()[0].state;
    world.set_online(laptop, false).unwrap();
    world.add_photo(laptop, &villa, "front.jpg", &photo()).unwrap();
    limited(world, Limits { blob_bytes: 10, ..Limits::default() });
    world.set_online(laptop, true).unwrap();
    world.run_for(60_000).unwrap();
    let shown = world.photos(laptop, &villa).unwrap().remove(0);
    assert_eq!((shown.state, shown.here), (AttachmentState::TooLarge, true));
    assert!(holds(&world.read_file(laptop, &shown.id).unwrap(), DOTS), "it is here all the same");
    // The others wait for it, and a restart changes nothing.
    assert_ne!(state(world, desktop), AttachmentState::Ready);
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(state(world, laptop), AttachmentState::TooLarge);

    limited(world, Limits::default());
    let again: Attachment =
        world.ask(laptop, Call::AttachmentFetch(ItemRef { id: shown.id.clone() })).unwrap();
    assert_eq!(again.state, AttachmentState::Waiting);
    world.settle().unwrap();
    assert_eq!(state(world, laptop), AttachmentState::Ready);
    let shared = world.photos(ben, &villa).unwrap().remove(0);
    assert!(holds(&fetched(world, ben, &shared.id), DOTS));
    at_rest(world, &everybody);
}
