//! A relay that takes nothing new, because its disk is full, a share of it is used up, or others have to come first: it
//! is said so, nobody is kept from writing, nothing is lost, and all goes on by itself.

use homing_engine::api::{
    AttachmentState, Call, Code, Done, Draft, DraftAttach, FileSource, InviteTo, Nothing, State,
};
use homing_relay::Limits;
use homing_sim::{DeviceId, RELAY, World};

use crate::house::{House, at_rest, same_messages};
use crate::relay_loss::wipe;

fn problem(world: &mut World, device: DeviceId) -> Option<Code> {
    world.status(device).unwrap().problem.map(|problem| problem.code)
}

#[test]
fn a_full_relay_is_told_from_a_silent_one_and_gets_everything_once_it_has_room() {
    let mut house = House::new(90);
    let (laptop, ben, group) = (house.laptop, house.ben, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.send(laptop, &group, "while there was room").unwrap();
    world.settle().unwrap();

    world.set_relay_full(true);
    world.send(laptop, &group, "kept").unwrap();
    world.send(ben, &group, "kept too").unwrap();
    world.run_for(10_000).unwrap();
    for device in [laptop, ben] {
        let status = world.status(device).unwrap();
        assert!(status.online, "{status:?}");
        assert_eq!(status.problem.unwrap().code, Code::RelayFull);
        assert_eq!(status.outbox, 1);
        assert!(world.bodies(device, &group).unwrap().contains(&"while there was room".to_owned()));
    }
    // Who waits for everything to be handed over hears why it is not, and soon.
    let before = world.now_ms();
    assert_eq!(world.refusal(laptop, Call::Sync(Nothing {})).unwrap().code, Code::RelayFull);
    assert!(world.now_ms() < before + 5_000);
    let to = InviteTo::Client { name: "Zoe".to_owned() };
    let invite = Call::Invite(homing_engine::api::Invite { to });
    assert_eq!(world.refusal(laptop, invite).unwrap().code, Code::RelayFull);
    // Nobody new comes in either.
    let dan = world.add_device("dan", 0).unwrap();
    world.init_local(dan, "Dan").unwrap();
    let set = Call::RelaySet(homing_engine::api::RelaySet { address: RELAY.to_owned() });
    assert_eq!(world.refusal(dan, set).unwrap().code, Code::RelayFull);
    // It stays so over restarts of both.
    world.crash(laptop).unwrap();
    world.crash_relay().unwrap();
    world.start_relay().unwrap();
    world.start(laptop).unwrap();
    world.run_for(120_000).unwrap();
    assert_eq!(problem(world, laptop), Some(Code::RelayFull));
    assert!(world.outbox(laptop).unwrap().iter().any(|row| row.preview == "kept"));

    world.set_relay_full(false);
    world.run_for(3 * 60_000).unwrap();
    let mut bodies = same_messages(world, &everybody, &group);
    bodies.sort();
    assert_eq!(bodies, ["kept", "kept too", "while there was room"]);
    at_rest(world, &everybody);
    assert_eq!(problem(world, dan), None);
    assert!(world.status(dan).unwrap().online);
}

fn restart(world: &mut World, limits: Limits) {
    world.limits = limits;
    world.crash_relay().unwrap();
    world.start_relay().unwrap();
    world.run_for(60_000).unwrap();
}

/// What the newest message says of itself.
fn newest(world: &mut World, device: DeviceId, conversation: &str) -> (State, Option<Code>) {
    let row = world.messages(device, conversation).unwrap().pop().unwrap();
    (row.state, row.error.map(|error| error.code))
}

#[test]
fn a_share_that_is_used_up_is_named_where_it_holds_something_back() {
    let mut house = House::new(95);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let group = house.group.clone();
    let world = &mut house.world;
    world.send(laptop, &group, "while there was room").unwrap();
    world.settle().unwrap();
    restart(world, Limits { space_bytes: 1, ..Limits::default() });
    assert_eq!(problem(world, laptop), None);
    world.send(laptop, &group, "kept").unwrap();
    world.run_for(10_000).unwrap();
    assert_eq!(newest(world, laptop, &group), (State::Pending, Some(Code::RelayQuota)));
    let told = world.outbox(laptop).unwrap().pop().unwrap().error;
    assert_eq!(told.map(|error| error.code), None, "what is frozen can't be taken back, but waits no less");
    assert_eq!(problem(world, laptop), Some(Code::RelayQuota));
    assert_eq!(world.refusal(laptop, Call::Sync(Nothing {})).unwrap().code, Code::RelayQuota);
    assert_eq!(problem(world, cora), None, "who writes nothing waits for nothing");
    restart(world, Limits::default());
    world.settle().unwrap();
    let everybody = [laptop, desktop, ben, cora];
    assert_eq!(same_messages(world, &everybody, &group), ["while there was room", "kept"]);
    assert_eq!(newest(world, laptop, &group), (State::Delivered, None));
    at_rest(world, &everybody);
}

/// How a file of a message stands, and why it waits.
fn stands(
    world: &mut World,
    device: DeviceId,
    conversation: &str,
    body: &str,
) -> (AttachmentState, Option<Code>) {
    let file = world.file_row(device, conversation, body).unwrap();
    (file.state, file.held.map(|held| held.code))
}

/// Puts a file to the draft of a conversation.
fn attach(world: &mut World, device: DeviceId, conversation: &str, bytes: &[u8]) {
    let source = FileSource::Bytes {
        name: "plan.bin".to_owned(),
        mime: "application/octet-stream".to_owned(),
        base64: data_encoding::BASE64.encode(bytes),
        voice: None,
    };
    let args = DraftAttach { conversation: conversation.to_owned(), files: vec![source], draft: None };
    let _: Draft = world.ask(device, Call::DraftAttach(args)).unwrap();
}

#[test]
fn a_file_that_waits_for_room_and_is_taken_back_holds_nothing_up() {
    let mut house = House::new(99);
    let (laptop, two) = (house.laptop, house.two.clone());
    let world = &mut house.world;
    restart(world, Limits { account_blob_bytes: 100, ..Limits::default() });
    attach(world, laptop, &two, &[3; 300]);
    world.run_for(60_000).unwrap();
    assert_eq!(problem(world, laptop), Some(Code::RelayQuota));
    let draft = world.draft(laptop, &two).unwrap().id;
    world.discard_draft(laptop, &draft).unwrap();
    world.run_for(10 * 60_000).unwrap();
    assert_eq!(problem(world, laptop), None);
    assert!(world.status(laptop).unwrap().online);
}

#[test]
fn files_over_the_share_wait_and_say_so() {
    let mut house = House::new(96);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    restart(world, Limits { account_blob_bytes: 100, ..Limits::default() });
    world.send_file(laptop, &two, "small", &[1; 20]).unwrap();
    world.send_file(laptop, &two, "large", &[2; 200]).unwrap();
    attach(world, laptop, &two, &[3; 300]);
    world.run_for(60_000).unwrap();
    assert_eq!(problem(world, laptop), Some(Code::RelayQuota));
    assert_eq!(stands(world, laptop, &two, "small"), (AttachmentState::Ready, None));
    let waits = (AttachmentState::Waiting, Some(Code::RelayQuota));
    assert_eq!(stands(world, laptop, &two, "large"), waits);
    let draft = world.draft(laptop, &two).unwrap();
    let [file] = draft.files.as_slice() else { panic!("{draft:?}") };
    assert_eq!((file.state, file.held.as_ref().map(|held| held.code)), waits);
    // Who only looks learns it too, before anybody is asked; and that nothing can be brought anywhere now.
    world.crash(laptop).unwrap();
    world.set_online(laptop, false).unwrap();
    world.start(laptop).unwrap();
    assert_eq!(stands(world, laptop, &two, "large"), waits);
    assert_eq!(problem(world, laptop), None);
    world.set_online(laptop, true).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(problem(world, laptop), Some(Code::RelayQuota));
    // What is taken out waits for nothing any more.
    world.discard_draft(laptop, &draft.id).unwrap();
    world.run_for(6 * 60_000).unwrap();
    assert_eq!(stands(world, laptop, &two, "large"), waits);
    assert_eq!(problem(world, laptop), Some(Code::RelayQuota));
    assert_eq!(world.refusal(laptop, Call::Sync(Nothing {})).unwrap().code, Code::RelayQuota);
    // The message itself is no file.
    assert_eq!(world.bodies(ben, &two).unwrap(), ["small", "large"]);

    restart(world, Limits::default());
    world.run_for(6 * 60_000).unwrap();
    assert_eq!(problem(world, laptop), None);
    assert_eq!(stands(world, laptop, &two, "large"), (AttachmentState::Ready, None));
    let file = world.file_row(ben, &two, "large").unwrap();
    world.fetch_file(ben, &file.id).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(world.read_file(ben, &file.id).unwrap(), [2; 200]);
    at_rest(world, &[laptop, ben]);
}

#[test]
fn who_waits_for_others_to_fill_a_relay_writes_on_and_is_told() {
    let mut house = House::new(97);
    let (ben, two) = (house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.send(ben, &two, "before").unwrap();
    world.settle().unwrap();
    for device in everybody.iter().copied().filter(|device| *device != ben) {
        world.set_online(device, false).unwrap();
    }
    world.crash_relay().unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.run_for(60_000).unwrap();
    // Nothing of his waits yet.
    assert_eq!(problem(world, ben), None);
    let before = world.now_ms();
    world.send(ben, &two, "meanwhile").unwrap();
    assert_eq!(world.now_ms(), before, "nobody waits to write");
    world.run_for(1_000).unwrap();
    assert_eq!(newest(world, ben, &two), (State::Pending, Some(Code::RelayRefilling)));
    let row = world.outbox(ben).unwrap().pop().unwrap();
    assert_eq!(row.error.map(|error| error.code), Some(Code::RelayRefilling));
    assert!(row.can_cancel && row.can_edit);
    assert_eq!(problem(world, ben), Some(Code::RelayRefilling));
    let before = world.now_ms();
    assert_eq!(world.refusal(ben, Call::Sync(Nothing {})).unwrap().code, Code::RelayRefilling);
    assert!(world.now_ms() < before + 60_000);

    world.settle().unwrap();
    world.run_for(20 * 60_000).unwrap();
    assert_eq!(same_messages(world, &everybody, &two), ["before", "meanwhile"]);
    assert_eq!(newest(world, ben, &two), (State::Delivered, None));
    at_rest(world, &everybody);
}

#[test]
fn changes_of_members_wait_for_the_owner_of_a_lost_relay_and_say_so() {
    let mut house = House::new(98);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let group = house.group.clone();
    let world = &mut house.world;
    world.send(ben, &group, "before").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        world.set_online(device, false).unwrap();
    }
    world.crash_relay().unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.run_for(5 * 60_000).unwrap();
    // Messages go on; who is a member does not change.
    world.send(ben, &group, "meanwhile").unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(newest(world, ben, &group).1, None);
    let leave = homing_sim::people::reference(&group);
    let _: Done = world.ask(cora, Call::ConversationLeave(leave)).unwrap();
    world.run_for(10_000).unwrap();
    assert_eq!(problem(world, cora), Some(Code::RelayRefilling));
    assert_eq!(world.refusal(cora, Call::Sync(Nothing {})).unwrap().code, Code::RelayRefilling);
    world.settle().unwrap();
    world.run_for(20 * 60_000).unwrap();
    assert_eq!(problem(world, cora), None);
    assert_eq!(world.members(laptop, &group).unwrap().len(), 2);
    at_rest(world, &[laptop, desktop, ben, cora]);
}
