//! Files of drafts: another device of the person goes on with them, and they are sent once, like the words.

use homing_engine::api::{AttachmentState, Call, Draft, DraftAttach, DraftDetach, FileSource};
use homing_sim::{DeviceId, World};

use crate::house::House;

/// How long a transfer that met trouble may rest.
const REST_MS: u64 = 6 * 60_000;

fn bytes_of(name: &str) -> Vec<u8> {
    name.repeat(40_000).into_bytes()
}

fn attach(world: &mut World, device: DeviceId, conversation: &str, names: &[&str]) -> Draft {
    let files = names.iter().map(|name| FileSource::Bytes {
        name: (*name).to_owned(),
        mime: String::new(),
        base64: data_encoding::BASE64.encode(&bytes_of(name)),
        voice: None,
    });
    let args = DraftAttach { conversation: conversation.to_owned(), files: files.collect(), draft: None };
    world.ask(device, Call::DraftAttach(args)).unwrap()
}

fn names(draft: &Draft) -> Vec<String> {
    draft.files.iter().map(|file| file.name.clone()).collect()
}

/// Files of the newest message of a conversation.
fn newest(world: &mut World, device: DeviceId, conversation: &str) -> Vec<(String, String)> {
    let row = world.messages(device, conversation).unwrap().pop().unwrap();
    row.attachments.into_iter().map(|file| (file.name, file.id)).collect()
}

/// Each device fetches every file of the newest message, and has what was sent.
fn all_arrive(world: &mut World, devices: &[DeviceId], conversation: &str, wanted: &[&str]) {
    for device in devices {
        let files = newest(world, *device, conversation);
        assert_eq!(files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), wanted);
        for (_, id) in &files {
            world.fetch_file(*device, id).unwrap();
        }
    }
    world.run_for(REST_MS).unwrap();
    for device in devices {
        for (name, id) in newest(world, *device, conversation) {
            assert!(world.read_file(*device, &id).unwrap() == bytes_of(&name), "device {device}: {name}");
        }
    }
}

#[test]
fn another_device_sends_what_this_one_attached() {
    let mut house = House::new(400);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.draft_set(laptop, &two, "The plans", "").unwrap();
    attach(world, laptop, &two, &["cellar.pdf"]);
    assert_eq!(names(&attach(world, laptop, &two, &["attic.pdf"])), ["cellar.pdf", "attic.pdf"]);
    world.settle().unwrap();
    let there = world.draft(desktop, &two).unwrap();
    assert_eq!((names(&there), there.files_coming), (vec!["cellar.pdf".into(), "attic.pdf".into()], 0));

    world.set_online(laptop, false).unwrap();
    world.draft_send(desktop, &two).unwrap();
    world.settle().unwrap();
    all_arrive(world, &[desktop, ben], &two, &["cellar.pdf", "attic.pdf"]);
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    all_arrive(world, &[laptop], &two, &["cellar.pdf", "attic.pdf"]);
    for device in [laptop, desktop] {
        let draft = world.draft(device, &two).unwrap();
        assert_eq!((draft.text.as_str(), draft.files.len()), ("", 0), "device {device}");
    }
}

#[test]
fn a_file_that_its_device_still_brings_is_sent_by_another_all_the_same() {
    let mut house = House::new(401);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    // The relay takes words and no files for now.
    world.crash_relay().unwrap();
    let room = world.limits.account_blob_bytes;
    world.limits.account_blob_bytes = 0;
    world.start_relay().unwrap();
    world.run_for(60_000).unwrap();
    attach(world, laptop, &two, &["cellar.pdf"]);
    world.run_for(10_000).unwrap();
    world.draft_send(desktop, &two).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(newest(world, ben, &two).len(), 1);

    world.crash_relay().unwrap();
    world.limits.account_blob_bytes = room;
    world.start_relay().unwrap();
    world.run_for(REST_MS).unwrap();
    all_arrive(world, &[laptop, desktop, ben], &two, &["cellar.pdf"]);
}

#[test]
fn one_draft_with_files_sent_on_two_offline_devices_is_one_message() {
    let mut house = House::new(402);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.draft_set(laptop, &two, "The plan", "").unwrap();
    attach(world, laptop, &two, &["cellar.pdf"]);
    world.settle().unwrap();
    let before = world.messages(ben, &two).unwrap().len();
    for device in [laptop, desktop] {
        world.set_online(device, false).unwrap();
        world.draft_send(device, &two).unwrap();
    }
    for device in [desktop, laptop] {
        world.set_online(device, true).unwrap();
    }
    world.settle().unwrap();
    for device in [laptop, desktop, ben] {
        assert_eq!(world.messages(device, &two).unwrap().len(), before + 1, "device {device}");
    }
    all_arrive(world, &[laptop, desktop, ben], &two, &["cellar.pdf"]);
    assert!(world.drafts(laptop).unwrap().is_empty() && world.drafts(desktop).unwrap().is_empty());
}

#[test]
fn a_file_added_beyond_what_was_sent_goes_on_as_a_draft() {
    let mut house = House::new(403);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    attach(world, laptop, &two, &["cellar.pdf"]);
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    attach(world, laptop, &two, &["attic.pdf"]);
    world.draft_send(desktop, &two).unwrap();
    world.settle().unwrap();
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    all_arrive(world, &[laptop, desktop, ben], &two, &["cellar.pdf"]);
    for device in [laptop, desktop] {
        assert_eq!(names(&world.draft(device, &two).unwrap()), ["attic.pdf"], "device {device}");
    }
    world.draft_send(desktop, &two).unwrap();
    world.settle().unwrap();
    all_arrive(world, &[laptop, desktop, ben], &two, &["attic.pdf"]);
}

#[test]
fn what_is_taken_out_or_thrown_away_is_gone_everywhere() {
    let mut house = House::new(404);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let world = &mut house.world;
    let draft = attach(world, laptop, &two, &["cellar.pdf", "attic.pdf"]);
    world.settle().unwrap();
    let first = draft.files[0].id.clone();
    let detach = Call::DraftDetach(DraftDetach { conversation: two.clone(), id: first });
    assert_eq!(names(&world.ask(desktop, detach).unwrap()), ["attic.pdf"]);
    world.settle().unwrap();
    assert_eq!(names(&world.draft(laptop, &two).unwrap()), ["attic.pdf"]);
    let folders = |world: &World| {
        let files = world.profile(laptop).unwrap().join("files");
        std::fs::read_dir(files).map_or(0, Iterator::count)
    };
    assert_eq!(folders(world), 1);
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    assert_eq!(names(&world.draft(laptop, &two).unwrap()), ["attic.pdf"]);
    let id = world.draft(laptop, &two).unwrap().id;
    world.call(laptop, Call::DraftDiscard(homing_engine::api::ItemRef { id })).unwrap();
    world.settle().unwrap();
    assert_eq!(folders(world), 0);
    assert!(world.draft(desktop, &two).unwrap().files.is_empty());
}

#[test]
fn a_message_taken_back_brings_its_files_back_into_the_draft() {
    let mut house = House::new(405);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    attach(world, laptop, &two, &["cellar.pdf"]);
    world.draft_send(laptop, &two).unwrap();
    assert!(world.draft(laptop, &two).unwrap().files.is_empty());
    let queued = world.outbox(laptop).unwrap().pop().unwrap();
    let back: Draft =
        world.ask(laptop, Call::OutboxEdit(homing_engine::api::ItemRef { id: queued.id })).unwrap();
    assert_eq!(names(&back), ["cellar.pdf"]);
    assert_ne!(back.files[0].state, AttachmentState::Failed);
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    world.draft_send(laptop, &two).unwrap();
    world.settle().unwrap();
    all_arrive(world, &[laptop, ben], &two, &["cellar.pdf"]);
}
