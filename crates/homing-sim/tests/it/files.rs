//! Files: every member who should has a file's bytes in the end, whatever happened on the way, and nobody else can
//! open it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use homing_engine::api::Call;
use homing_engine::api::{
    AttachmentState, ConversationNew, Downloads, FileRoom, FileRulesSet, FileSource, InviteTo,
    NewConversation,
};
use homing_sim::{DeviceId, Weather, World, copy_folder};
use rand::RngExt;

use crate::house::{House, approve_all, at_rest, world};
use crate::relay_loss::wipe;

/// Stands in every file, so that it can be looked for where it must not be.
const MARK: &[u8] = b"deed of the house by the lake";
/// How long a transfer that met trouble may rest.
const REST_MS: u64 = 6 * 60_000;

/// What a file of this name holds.
fn content(name: &str) -> Vec<u8> {
    [MARK, name.as_bytes()].concat()
}

fn send(world: &mut World, device: DeviceId, conversation: &str, name: &str) {
    world.send_file(device, conversation, name, &content(name)).unwrap();
}

/// Nothing comes to this device before it is asked for.
fn on_demand(world: &mut World, device: DeviceId) {
    let set = FileRulesSet { downloads: Some(Downloads::OnDemand), ..FileRulesSet::default() };
    let _: FileRoom = world.ask(device, Call::FileRulesSet(set)).unwrap();
}

/// Every device wants every file and gets it.
fn everybody_has(world: &mut World, devices: &[DeviceId], conversation: &str, names: &[&str]) {
    for device in devices {
        for name in names {
            let file = world.file_row(*device, conversation, name).unwrap();
            world.fetch_file(*device, &file.id).unwrap();
        }
    }
    world.run_for(REST_MS).unwrap();
    for device in devices {
        for name in names {
            let file = world.file_row(*device, conversation, name).unwrap();
            assert_eq!(file.state, AttachmentState::Ready, "device {device}: {name}: {file:?}");
            let bytes = world.read_file(*device, &file.id).unwrap();
            assert_eq!(bytes, content(name), "device {device}: {name}");
        }
    }
}

/// The relay's disk shows nothing of what is in the files.
fn sealed(world: &World) {
    fn look(folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let found = (0..bytes.len())
                    .filter(|at| bytes[*at] == MARK[0])
                    .any(|at| bytes[at..].starts_with(MARK));
                assert!(!found, "{}", path.display());
            }
        }
    }
    look(&world.relay_folder());
}

#[test]
fn files_come_through_bad_weather_and_crashes() {
    for seed in 200..206 {
        let mut house = House::new(seed);
        let (everybody, group, two) = (house.devices(), house.group.clone(), house.two.clone());
        let ours = [house.laptop, house.desktop, house.ben];
        let world = &mut house.world;
        world.weather = Weather { latency_ms: 1_500, cut_one_in: 6 };
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for number in 0..12 {
            let (conversation, from) =
                if number % 3 == 0 { (&two, ours.as_slice()) } else { (&group, everybody.as_slice()) };
            let from = from[world.rng().random_range(0..from.len())];
            let name = format!("file {number}");
            send(world, from, conversation, &name);
            names.entry(conversation.clone()).or_default().push(name);
            let pause = world.rng().random_range(0..4_000);
            world.run_for(pause).unwrap();
            match world.rng().random_range(0..4) {
                0 => {
                    let device = everybody[world.rng().random_range(0..everybody.len())];
                    world.crash(device).unwrap();
                    world.start(device).unwrap();
                }
                1 => {
                    world.crash_relay().unwrap();
                    world.run_for(pause).unwrap();
                    world.start_relay().unwrap();
                }
                _ => {}
            }
            // Who has it wants it at once, also before its bytes are at the relay.
            let reader = everybody[world.rng().random_range(0..everybody.len())];
            for row in world.messages(reader, &group).unwrap() {
                world.fetch_file(reader, &row.attachments[0].id).unwrap();
            }
        }
        world.settle().unwrap();
        let names =
            |conversation| names.get(conversation).into_iter().flatten().map(String::as_str).collect();
        let (in_two, in_group): (Vec<&str>, Vec<&str>) = (names(&two), names(&group));
        everybody_has(world, &ours, &two, &in_two);
        everybody_has(world, &everybody, &group, &in_group);
        at_rest(world, &everybody);
        sealed(world);
    }
}

#[test]
fn a_large_file_goes_on_where_it_was_cut_off() {
    let mut house = House::new(210);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    // Three chunks, each request lost every third time.
    let bytes: Vec<u8> = (0u32..).flat_map(u32::to_be_bytes).take(9 << 20).collect();
    world.weather = Weather { latency_ms: 50, cut_one_in: 3 };
    world.send_file(laptop, &two, "plans", &bytes).unwrap();
    world.run_for(60_000).unwrap();
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    world.run_for(60_000).unwrap();
    world.settle().unwrap();
    let file = world.file_row(ben, &two, "plans").unwrap();
    world.weather = Weather { latency_ms: 50, cut_one_in: 3 };
    world.fetch_file(ben, &file.id).unwrap();
    world.run_for(60_000).unwrap();
    world.crash(ben).unwrap();
    world.start(ben).unwrap();
    world.settle().unwrap();
    world.run_for(REST_MS).unwrap();
    assert!(world.read_file(ben, &file.id).unwrap() == bytes);
    at_rest(world, &[laptop, ben]);
}

#[test]
fn a_file_goes_with_the_first_message_of_a_conversation_begun_offline() {
    let mut house = House::new(211);
    let (laptop, desktop, cora) = (house.laptop, house.desktop, house.cora);
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let file = FileSource::Bytes {
        name: "plan".to_owned(),
        mime: String::new(),
        base64: data_encoding::BASE64.encode(&content("plan")),
        voice: None,
    };
    let args = ConversationNew {
        subject: Some("New".to_owned()),
        with: vec!["Cora".to_owned()],
        message: Some("plan".to_owned()),
        attachments: vec![file],
        about: Vec::new(),
    };
    let new: NewConversation = world.ask(laptop, Call::ConversationNew(args)).unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    everybody_has(world, &[laptop, desktop, cora], &new.id, &["plan"]);
    at_rest(world, &[laptop, desktop, cora]);
}

#[test]
fn whoever_has_a_file_brings_it_to_a_relay_that_lost_it() {
    let mut house = House::new(212);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    [desktop, cora].into_iter().for_each(|device| on_demand(world, device));
    send(world, laptop, &group, "plan");
    world.settle().unwrap();
    everybody_has(world, &[ben], &group, &["plan"]);
    // Only Ben has the bytes, and he did not send them.
    world.set_online(laptop, false).unwrap();
    world.crash_relay().unwrap();
    fs::remove_dir_all(world.relay_folder().join("blobs")).unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.run_for(10 * 60_000).unwrap();
    everybody_has(world, &[desktop, ben, cora], &group, &["plan"]);
    at_rest(world, &[desktop, ben, cora]);
}

/// The relay goes back to an older state, with or without its identity; what came meanwhile is brought again.
fn put_back(seed: u64, whole: bool) {
    let mut house = House::new(seed);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, ben, cora) = (house.laptop, house.ben, house.cora);
    let world = &mut house.world;
    send(world, laptop, &group, "before");
    world.settle().unwrap();
    let copy = tempfile::tempdir().unwrap();
    world.crash_relay().unwrap();
    copy_folder(&world.relay_folder(), copy.path()).unwrap();
    world.start_relay().unwrap();
    world.run_for(120_000).unwrap();
    send(world, ben, &group, "after");
    world.settle().unwrap();
    everybody_has(world, &[laptop], &group, &["before", "after"]);
    world.crash_relay().unwrap();
    if whole {
        fs::remove_dir_all(world.relay_folder()).unwrap();
        copy_folder(copy.path(), &world.relay_folder()).unwrap();
    } else {
        wipe(world);
        for entry in fs::read_dir(copy.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_string_lossy().contains(".db") {
                fs::copy(entry.path(), world.relay_folder().join(entry.file_name())).unwrap();
            }
        }
    }
    // Its sender does not come back for a while.
    world.set_online(ben, false).unwrap();
    world.start_relay().unwrap();
    world.run_for(10 * 60_000).unwrap();
    send(world, cora, &group, "later");
    world.run_for(60_000).unwrap();
    everybody_has(world, &[laptop, cora], &group, &["before", "after", "later"]);
    world.settle().unwrap();
    everybody_has(world, &everybody, &group, &["before", "after", "later"]);
    at_rest(world, &everybody);
    sealed(world);
}

#[test]
fn files_come_back_to_an_older_database() {
    put_back(213, false);
}

#[test]
fn files_come_back_to_an_older_folder() {
    put_back(214, true);
}

#[test]
fn who_was_removed_is_given_no_file() {
    let mut house = House::new(215);
    let (laptop, desktop, ben, cora, group, two) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone(), house.two.clone());
    let world = &mut house.world;
    // Ben had the first but never fetched it.
    on_demand(world, ben);
    send(world, laptop, &group, "first");
    world.settle().unwrap();
    let first = world.last_job(laptop).unwrap();
    let his = world.file_row(ben, &group, "first").unwrap();
    let members = world.members(laptop, &group).unwrap();
    let bens = members.iter().find(|row| row.name == "Ben").unwrap().member.clone();
    world.remove_member(laptop, &group, &bens).unwrap();
    world.settle().unwrap();
    send(world, cora, &group, "second");
    world.settle().unwrap();
    let second = world.last_job(cora).unwrap();
    // A file of a space he is still in gives him a token that is good.
    send(world, ben, &two, "his own");
    world.settle().unwrap();
    let own = world.last_job(ben).unwrap();
    assert!(world.is_given(ben, &own).unwrap());
    for job in [&first, &second] {
        assert!(world.is_given(laptop, job).unwrap());
        assert!(!world.is_given(ben, job).unwrap(), "{job:?}");
    }
    assert!(world.file_row(ben, &group, "second").is_err());
    // What he asks for all the same ends at once.
    assert_eq!(world.fetch_file(ben, &his.id).unwrap().state, AttachmentState::Failed);
    world.settle().unwrap();
    world.run_for(REST_MS).unwrap();
    assert!(world.read_file(ben, &his.id).is_err());
    everybody_has(world, &[laptop, desktop, cora], &group, &["first", "second"]);

    // A wipe does not open them to him either, and he can't bring the relay to give them away.
    world.crash_relay().unwrap();
    wipe(world);
    for device in [laptop, desktop, cora] {
        world.set_online(device, false).unwrap();
    }
    world.start_relay().unwrap();
    world.run_for(120_000).unwrap();
    world.settle().unwrap();
    world.run_for(REST_MS).unwrap();
    send(world, ben, &two, "his own again");
    world.settle().unwrap();
    for job in [&first, &second] {
        assert!(!world.is_given(ben, job).unwrap());
    }
    everybody_has(world, &[laptop, desktop, cora], &group, &["first", "second"]);
    everybody_has(world, &[laptop, ben], &two, &["his own", "his own again"]);
}

#[test]
fn what_was_written_without_a_relay_brings_its_files() {
    let mut world = world(216);
    let laptop = world.add_device("laptop", 0).unwrap();
    world.init_local(laptop, "Ada").unwrap();
    let notes = world.conversation(laptop, "Notes", &[]).unwrap();
    send(&mut world, laptop, &notes, "plan");
    let file = world.file_row(laptop, &notes, "plan").unwrap();
    assert_eq!(file.state, AttachmentState::Ready);
    let set = homing_engine::api::RelaySet { address: homing_sim::RELAY.to_owned() };
    let _: homing_engine::api::Status = world.ask(laptop, Call::RelaySet(set)).unwrap();
    world.settle().unwrap();
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    everybody_has(&mut world, &[laptop, tablet], &notes, &["plan"]);
    at_rest(&mut world, &[laptop, tablet]);
}

#[test]
fn who_comes_later_gets_the_files_of_the_whole_history() {
    let mut house = House::new(217);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    send(world, ben, &two, "plan");
    world.settle().unwrap();
    let link =
        world.invite(laptop, InviteTo::Team { role: Some(homing_engine::api::RoleName::Member) }).unwrap();
    let dan = world.add_device("dan", 0).unwrap();
    world.join(dan, &link, Some("Dan")).unwrap();
    world.run_for(60_000).unwrap();
    approve_all(world, laptop);
    world.settle().unwrap();
    everybody_has(world, &[dan, laptop], &two, &["plan"]);
    at_rest(world, &[laptop, dan, ben]);
}

#[test]
fn a_file_stops_where_its_person_says_and_goes_on_later() {
    let mut house = House::new(216);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    send(world, laptop, &two, "film");
    let file = world.file_row(laptop, &two, "film").unwrap();
    assert_eq!(world.stop_file(laptop, &file.id).unwrap().state, AttachmentState::Stopped);
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    // The message is there, and its file nowhere but with its sender.
    let there = world.file_row(ben, &two, "film").unwrap();
    assert_eq!(world.fetch_file(ben, &there.id).unwrap().state, AttachmentState::Downloading);
    world.run_for(REST_MS).unwrap();
    assert_eq!(world.file_row(laptop, &two, "film").unwrap().state, AttachmentState::Stopped);
    assert_eq!(world.stop_file(ben, &there.id).unwrap().state, AttachmentState::Remote);
    world.run_for(REST_MS).unwrap();

    world.fetch_file(laptop, &file.id).unwrap();
    world.run_for(REST_MS).unwrap();
    assert_eq!(world.file_row(laptop, &two, "film").unwrap().state, AttachmentState::Ready);
    assert_eq!(world.file_row(ben, &two, "film").unwrap().state, AttachmentState::Remote);
    everybody_has(world, &[laptop, ben], &two, &["film"]);
}

#[test]
fn a_file_larger_than_the_relay_takes_is_refused_before_it_is_sent() {
    let mut house = House::new(217);
    let (laptop, two) = (house.laptop, house.two.clone());
    let world = &mut house.world;
    world.crash_relay().unwrap();
    world.limits.blob_bytes = 5 * 1024 * 1024;
    world.start_relay().unwrap();
    world.run_for(REST_MS).unwrap();
    let before = world.messages(laptop, &two).unwrap().len();
    let refused = world.send_file(laptop, &two, "film", &vec![7; 6 * 1024 * 1024]).unwrap_err().to_string();
    assert!(refused.contains("TooLarge") && refused.contains("Your relay"), "{refused}");
    assert_eq!(world.messages(laptop, &two).unwrap().len(), before);
    world.send_file(laptop, &two, "short film", &vec![7; 4 * 1024 * 1024]).unwrap();
}

#[test]
fn a_message_without_words_is_called_by_what_it_holds() {
    use homing_engine::api::{Event, FilesKind, Send, Sent};
    let mut house = House::new(57);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.take_events(ben).unwrap();
    let photo = FileSource::Bytes {
        name: "front.jpg".to_owned(),
        mime: "image/jpeg".to_owned(),
        base64: data_encoding::BASE64.encode(b"not much of a picture"),
        voice: None,
    };
    world.set_online(laptop, false).unwrap();
    let args = Send { conversation: two.clone(), attachments: vec![photo], ..Send::default() };
    let sent: Sent = world.ask(laptop, Call::Send(args)).unwrap();
    let waits: Vec<homing_engine::api::OutboxRow> =
        world.ask(laptop, Call::Outbox(homing_engine::api::Nothing {})).unwrap();
    assert!(waits.iter().any(|row| row.preview == "Photo" && row.files.is_some()), "{waits:?}");
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    let row = world.conversations(ben).unwrap().into_iter().find(|row| row.id == two).unwrap();
    let said = row.preview_files.unwrap();
    assert_eq!((said.kind, said.count, row.preview.as_str()), (FilesKind::Photo, 1, "Photo"));
    let told = world.take_events(ben).unwrap();
    let held: Vec<_> = told
        .into_iter()
        .filter_map(|event| match event {
            Event::Notify { notice, .. } => notice.files.map(|files| (files.kind, files.count)),
            _ => None,
        })
        .collect();
    assert_eq!(held, [(FilesKind::Photo, 1)]);
    let answer = Send {
        conversation: two.clone(),
        text: "Lovely".to_owned(),
        reply_to: Some(sent.id),
        ..Send::default()
    };
    world.ask::<Sent>(ben, Call::Send(answer)).unwrap();
    let quote = world.messages(ben, &two).unwrap().pop().unwrap().reply_to.unwrap();
    assert_eq!(quote.files.map(|files| files.kind), Some(FilesKind::Photo));
}
