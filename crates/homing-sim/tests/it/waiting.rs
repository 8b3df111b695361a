//! What waits: taken back, put back, put into another order.

use homing_engine::api::{Call, Code, ConversationRename, ConversationRow, Forward, OutboxRow, Sent, State};
use homing_sim::{DeviceId, World};

use crate::house::{House, at_rest, same_messages};

fn waiting(world: &mut World, device: DeviceId) -> Vec<OutboxRow> {
    world.outbox(device).unwrap().into_iter().filter(|row| row.kind == "message").collect()
}

fn previews(world: &mut World, device: DeviceId) -> Vec<String> {
    waiting(world, device).into_iter().map(|row| row.preview).collect()
}

fn id_of(world: &mut World, device: DeviceId, preview: &str) -> String {
    waiting(world, device).into_iter().find(|row| row.preview == preview).unwrap().id
}

/// What stands at the end of a conversation.
fn last(world: &mut World, device: DeviceId, conversation: &str, count: usize) -> Vec<String> {
    let bodies = world.bodies(device, conversation).unwrap();
    bodies[bodies.len() - count..].to_vec()
}

#[test]
fn the_order_that_is_shown_is_the_order_that_is_sent() {
    let mut house = House::new(21);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_skew(laptop, -90_000).unwrap();
    world.set_online(laptop, false).unwrap();
    for text in ["one", "two", "three", "four"] {
        world.send(laptop, &group, text).unwrap();
    }
    let rows = waiting(world, laptop);
    assert!(rows.iter().all(|row| row.can_move && row.can_cancel && row.can_edit), "{rows:?}");
    // Somebody else writes meanwhile; what is written anew comes behind it, as an answer would.
    world.send(ben, &group, "from Ben").unwrap();

    let (two, three, four) =
        (id_of(world, laptop, "two"), id_of(world, laptop, "three"), id_of(world, laptop, "four"));
    world.outbox_move(laptop, &four, Some(&two)).unwrap();
    assert_eq!(previews(world, laptop), ["one", "four", "two", "three"]);
    assert_eq!(last(world, laptop, &group, 4), ["one", "four", "two", "three"]);
    // A message is called the same wherever it stands.
    world.outbox_move(laptop, &three, Some(&two)).unwrap();
    let one = id_of(world, laptop, "one");
    world.outbox_move(laptop, &one, None).unwrap();
    let wanted = ["four", "three", "two", "one"];
    assert_eq!(previews(world, laptop), wanted);
    assert_eq!(last(world, laptop, &group, 4), wanted);
    // It is there already.
    world.outbox_move(laptop, &one, None).unwrap();
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    assert_eq!(previews(world, laptop), wanted);

    world.settle().unwrap();
    let bodies = same_messages(world, &everybody, &group);
    let mine: Vec<&str> = bodies.iter().map(String::as_str).filter(|body| *body != "from Ben").collect();
    assert_eq!(mine[mine.len() - 4..], wanted);
    assert_eq!(same_messages(world, &[laptop, desktop], &group), bodies);
    at_rest(world, &everybody);
}

#[test]
fn a_message_put_behind_what_came_in_is_shown_behind_it() {
    let mut house = House::new(22);
    let (laptop, ben, group) = (house.laptop, house.ben, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    // Ben's clock is ahead: his words stand late.
    world.set_skew(ben, 20_000).unwrap();
    world.send(ben, &group, "Can you come?").unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(laptop, false).unwrap();
    for text in ["Tomorrow", "Yes"] {
        world.send(laptop, &group, text).unwrap();
    }
    let (yes, tomorrow) = (id_of(world, laptop, "Yes"), id_of(world, laptop, "Tomorrow"));
    world.outbox_move(laptop, &yes, Some(&tomorrow)).unwrap();
    world.settle().unwrap();
    let bodies = same_messages(world, &everybody, &group);
    assert_eq!(bodies[bodies.len() - 3..], ["Can you come?", "Yes", "Tomorrow"]);
    at_rest(world, &everybody);
}

#[test]
fn only_what_waits_in_one_conversation_changes_places() {
    let mut house = House::new(23);
    let (laptop, two, group) = (house.laptop, house.two.clone(), house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let alone = world.send(laptop, &two, "alone").unwrap();
    assert!(waiting(world, laptop).iter().all(|row| !row.can_move), "there is nothing to change places with");
    let first = world.send(laptop, &group, "first").unwrap();
    world.send(laptop, &group, "second").unwrap();
    let refused = world.outbox_move(laptop, &first, Some(&alone)).unwrap_err();
    assert!(format!("{refused:?}").contains("InvalidArgument"), "{refused:?}");
    world.settle().unwrap();
    let late = world.outbox_move(laptop, &first, None).unwrap_err();
    assert!(format!("{late:?}").contains("NotFound"), "{late:?}");
    at_rest(world, &everybody);
}

#[test]
fn what_was_taken_back_is_a_draft_each_and_can_be_put_back_in_its_order() {
    let mut house = House::new(24);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    for text in ["one", "two"] {
        world.draft_set(laptop, &group, text, "").unwrap();
        world.draft_send(laptop, &group).unwrap();
    }
    world.send(laptop, &group, "three").unwrap();
    world.draft_set(laptop, &group, "typing this", "").unwrap();
    let ids: Vec<String> = waiting(world, laptop).into_iter().map(|row| row.id).collect();
    let results = world.take_back(laptop, &ids).unwrap();
    assert!(results.iter().all(|result| result.error.is_none()), "{results:?}");
    assert!(waiting(world, laptop).is_empty());
    let shown = world.draft(laptop, &group).unwrap();
    assert_eq!(shown.text, "typing this", "what is being typed keeps its place");
    let mut others: Vec<String> = shown.others.into_iter().map(|row| row.text).collect();
    others.sort();
    assert_eq!(others, ["one", "three", "two"]);

    let results = world.put_back(laptop, &ids).unwrap();
    assert!(results.iter().all(|result| result.error.is_none()), "{results:?}");
    assert_eq!(previews(world, laptop), ["one", "two", "three"]);
    let again = world.put_back(laptop, &ids).unwrap();
    assert!(
        again.iter().all(|result| result.error.as_ref().is_some_and(|error| error.code == Code::NotFound))
    );
    world.settle().unwrap();
    let bodies = same_messages(world, &everybody, &group);
    assert_eq!(bodies[bodies.len() - 3..], ["one", "two", "three"]);
    for device in [laptop, desktop] {
        let drafts: Vec<String> = world.drafts(device).unwrap().into_iter().map(|row| row.text).collect();
        assert_eq!(drafts, ["typing this"], "device {device}");
    }
    at_rest(world, &everybody);
}

#[test]
fn other_changes_that_wait_are_named_and_can_be_taken_back() {
    let mut house = House::new(25);
    let (laptop, group) = (house.laptop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let rename = ConversationRename { conversation: group.clone(), subject: "Garden party".to_owned() };
    let _: ConversationRow = world.ask(laptop, Call::ConversationRename(rename)).unwrap();
    world.archive(laptop, &group, true).unwrap();
    let rows = world.outbox(laptop).unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, ["conversation", "other"]);
    let ids = vec![rows[0].id.clone()];
    assert_eq!(world.take_back(laptop, &ids).unwrap()[0].error, None);
    assert_eq!(world.conversation_detail(laptop, &group).unwrap().row.subject, "Group");
    assert_eq!(world.put_back(laptop, &ids).unwrap()[0].error, None);
    world.settle().unwrap();
    for device in &everybody {
        assert_eq!(world.conversation_detail(*device, &group).unwrap().row.subject, "Garden party");
    }
    assert!(world.messages(laptop, &group).unwrap().iter().all(|row| row.state != State::Failed));
    at_rest(world, &everybody);
}

#[test]
fn what_is_put_back_says_what_it_said() {
    let mut house = House::new(25);
    let (laptop, ben, two, group) = (house.laptop, house.ben, house.two.clone(), house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let words = world.send(ben, &two, "Ask @Cora when the keys come").unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    let forward = Forward { messages: vec![words], to: vec![group.clone()], comment: String::new() };
    let _: Vec<Sent> = world.ask(laptop, Call::Forward(forward)).unwrap();
    let ids: Vec<String> = waiting(world, laptop).into_iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), 1);
    world.take_back(laptop, &ids).unwrap();
    let back = world.put_back(laptop, &ids).unwrap();
    assert!(back.iter().all(|one| one.error.is_none()), "{back:?}");
    world.settle().unwrap();
    for device in everybody.iter().copied() {
        let there = world.messages(device, &group).unwrap().pop().unwrap();
        assert_eq!(there.body, "Ask @Cora when the keys come", "device {device}");
        assert!(there.forwarded, "these are Ben's words, device {device}");
        assert!(there.mentions.is_empty(), "nobody is called by them, device {device}");
    }
    at_rest(world, &everybody);
}
