//! One draft on two devices.

use crate::house::{House, at_rest, same_messages};

#[test]
fn what_is_typed_at_both_ends_merges() {
    let mut house = House::new(2);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    world.draft_set(laptop, &group, "the middle", "").unwrap();
    world.run_for(60_000).unwrap();
    let here = world.draft(laptop, &group).unwrap();
    let there = world.draft(desktop, &group).unwrap();
    assert_eq!(there.text, "the middle");
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    world.draft_set(laptop, &group, "At the start, the middle", &here.revision).unwrap();
    world.draft_set(desktop, &group, "the middle, at the end.", &there.revision).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(world.draft(device, &group).unwrap().text, "At the start, the middle, at the end.");
        assert!(world.drafts(device).unwrap().len() == 1);
    }
    at_rest(world, &[laptop, desktop, house.ben, house.cora]);
}

#[test]
fn one_draft_sent_on_two_offline_devices_is_one_message() {
    let mut house = House::new(3);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.draft_set(laptop, &group, "Shall we meet on Friday?", "").unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    let here = world.draft_send(laptop, &group).unwrap();
    let there = world.draft_send(desktop, &group).unwrap();
    assert_eq!(here.id, there.id);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["Shall we meet on Friday?"]);
    for device in [laptop, desktop] {
        assert!(world.drafts(device).unwrap().is_empty());
        assert_eq!(world.draft(device, &group).unwrap().text, "");
    }
    at_rest(world, &everybody);
}

#[test]
fn what_is_typed_after_another_device_sent_stays_a_draft() {
    let mut house = House::new(4);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.draft_set(laptop, &group, "Agreed.", "").unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(desktop, false).unwrap();
    let there = world.draft(desktop, &group).unwrap();
    world.draft_set(desktop, &group, "Agreed. And bring the keys.", &there.revision).unwrap();
    world.draft_send(laptop, &group).unwrap();
    world.run_for(60_000).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["Agreed."]);
    for device in [laptop, desktop] {
        let drafts: Vec<String> = world.drafts(device).unwrap().into_iter().map(|draft| draft.text).collect();
        assert_eq!(drafts, ["Agreed. And bring the keys."], "device {device}");
    }
    at_rest(world, &everybody);
}

#[test]
fn two_different_texts_of_one_draft_leave_one_message_and_the_other_text() {
    let mut house = House::new(5);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.draft_set(laptop, &group, "Yes", "").unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    for (device, text) in [(laptop, "Yes, at noon"), (desktop, "Yes, at eight")] {
        let draft = world.draft(device, &group).unwrap();
        world.draft_set(device, &group, text, &draft.revision).unwrap();
        world.draft_send(device, &group).unwrap();
    }
    world.settle().unwrap();
    let sent = same_messages(world, &everybody, &group);
    assert_eq!(sent.len(), 1);
    let mut all = sent;
    for device in [laptop, desktop] {
        let mut texts: Vec<String> =
            world.drafts(device).unwrap().into_iter().map(|draft| draft.text).collect();
        texts.extend(all.first().cloned());
        texts.sort();
        assert_eq!(texts, ["Yes, at eight", "Yes, at noon"], "device {device}");
    }
    all.clear();
    at_rest(world, &everybody);
}

#[test]
fn what_is_sent_after_the_message_came_stays_a_draft() {
    let mut house = House::new(6);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.draft_set(laptop, &group, "Agreed.", "").unwrap();
    world.run_for(60_000).unwrap();
    let there = world.draft(desktop, &group).unwrap();
    // The laptop is cut off between the message and the word that its draft is done.
    world.set_online(desktop, false).unwrap();
    world.draft_set(desktop, &group, "Agreed. And bring the keys.", &there.revision).unwrap();
    world.draft_send(laptop, &group).unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(desktop, true).unwrap();
    while world.bodies(desktop, &group).unwrap().is_empty() {
        world.step().unwrap();
    }
    let shown = world.draft(desktop, &group).unwrap();
    assert_eq!(shown.text, "Agreed. And bring the keys.");
    world.draft_send(desktop, &group).unwrap();
    world.settle().unwrap();
    let sent = same_messages(world, &everybody, &group);
    let drafts = |world: &mut homing_sim::World, device| {
        world.drafts(device).unwrap().into_iter().map(|draft| draft.text).collect::<Vec<_>>()
    };
    let (here, there) = (drafts(world, laptop), drafts(world, desktop));
    assert_eq!(here, there);
    let mut all = sent;
    all.extend(here);
    assert!(
        all.contains(&"Agreed.".to_owned()) && all.contains(&"Agreed. And bring the keys.".to_owned()),
        "{all:?}"
    );
    at_rest(world, &everybody);
}

#[test]
fn the_same_words_sent_at_once_leave_no_draft() {
    let mut house = House::new(7);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.draft_set(laptop, &group, "Yes!", "").unwrap();
    world.run_for(60_000).unwrap();
    // Both are online and their clocks differ: both entries are on their way before either comes.
    world.set_skew(desktop, 45_000).unwrap();
    world.draft_send(laptop, &group).unwrap();
    world.draft_send(desktop, &group).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["Yes!"]);
    for device in [laptop, desktop] {
        assert!(world.drafts(device).unwrap().is_empty(), "device {device}");
    }
    at_rest(world, &everybody);
}
