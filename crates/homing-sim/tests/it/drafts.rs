//! One draft on two devices.

use homing_engine::api::{
    Call, Code, ConversationMerge, ConversationRow, Draft, DraftChoose, Event, ItemRef, Nothing,
    ScheduledQuery, ScheduledRow, Unsaved,
};
use homing_sim::{DeviceId, World};

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

#[test]
fn drafts_begun_apart_both_stay_and_each_device_goes_on_with_its_own() {
    let mut house = House::new(8);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    let here = world.type_into(laptop, &group, Some(""), ("On the laptop", "")).unwrap();
    let there = world.type_into(desktop, &group, Some(""), ("On the desktop", "")).unwrap();
    world.settle().unwrap();
    for (device, own, other) in
        [(laptop, "On the laptop", "On the desktop"), (desktop, "On the desktop", "On the laptop")]
    {
        let shown = world.draft(device, &group).unwrap();
        assert_eq!(shown.text, own, "what comes from elsewhere takes no place");
        assert_eq!(shown.others.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), [other]);
    }
    // Typing goes on in the draft it began in, whatever came meanwhile.
    world.type_into(laptop, &group, Some(&here.id), ("On the laptop, more", &here.revision)).unwrap();
    world.settle().unwrap();
    assert_eq!(texts(world, laptop), texts(world, desktop));
    assert_eq!(texts(world, laptop), ["On the desktop", "On the laptop, more"]);

    // The other one becomes the current one here, and there nothing changes.
    let chosen = world.choose_draft(laptop, &group, Some(&there.id)).unwrap();
    assert_eq!((chosen.id.as_str(), chosen.text.as_str()), (there.id.as_str(), "On the desktop"));
    world.type_into(laptop, &group, None, ("On the desktop, from the laptop", &chosen.revision)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.draft(desktop, &group).unwrap().text, "On the desktop, from the laptop");
    assert_eq!(texts(world, desktop), ["On the desktop, from the laptop", "On the laptop, more"]);

    // One is sent; the other waits aside, and the composer begins with nothing.
    world.draft_send(laptop, &group).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let shown = world.draft(device, &group).unwrap();
        assert_eq!((shown.text.as_str(), shown.others.len()), ("", 1), "device {device}");
        assert_eq!(texts(world, device), ["On the laptop, more"]);
    }
    assert_eq!(world.bodies(desktop, &group).unwrap(), ["On the desktop, from the laptop"]);
    at_rest(world, &[laptop, desktop]);
}

#[test]
fn a_draft_put_aside_comes_back_when_it_is_chosen() {
    let mut house = House::new(9);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    let first = world.draft_set(laptop, &group, "The long answer", "").unwrap();
    world.settle().unwrap();
    assert_eq!(world.choose_draft(laptop, &group, None).unwrap().text, "");
    let short = world.type_into(laptop, &group, Some(""), ("The short one", "")).unwrap();
    assert_ne!(short.id, first.id);
    world.settle().unwrap();
    // Where nothing was typed, the newest is shown.
    assert_eq!(world.draft(desktop, &group).unwrap().text, "The short one");
    assert_eq!(texts(world, desktop), ["The long answer", "The short one"]);
    assert_eq!(world.choose_draft(laptop, &group, Some(&first.id)).unwrap().text, "The long answer");
    assert_eq!(world.draft(laptop, &group).unwrap().text, "The long answer");
    // What another device begins shows up where the composer has nothing of its own.
    for device in [laptop, desktop] {
        for id in [&first.id, &short.id] {
            world.discard_draft(laptop, id).ok();
        }
        world.settle().unwrap();
        assert!(world.drafts(device).unwrap().is_empty());
    }
    world.type_into(desktop, &group, Some(""), ("A new day", "")).unwrap();
    world.settle().unwrap();
    assert_eq!(world.draft(laptop, &group).unwrap().text, "A new day");
    at_rest(world, &[laptop, desktop]);
}

#[test]
fn two_devices_that_typed_on_each_keep_their_words() {
    let mut house = House::new(10);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.draft_set(laptop, &group, "Agreed.", "").unwrap();
    world.settle().unwrap();
    for (device, text) in [(desktop, "Agreed. Bring the keys."), (tablet, "Agreed. At noon.")] {
        world.set_online(device, false).unwrap();
        let seen = world.draft(device, &group).unwrap();
        world.type_into(device, &group, Some(&seen.id), (text, &seen.revision)).unwrap();
    }
    world.draft_send(laptop, &group).unwrap();
    world.run_for(60_000).unwrap();
    world.settle().unwrap();
    let everybody = [laptop, desktop, tablet, house.ben, house.cora];
    assert_eq!(same_messages(world, &everybody, &group), ["Agreed."]);
    for device in [laptop, desktop, tablet] {
        assert_eq!(texts(world, device), ["Agreed. At noon.", "Agreed. Bring the keys."], "device {device}");
    }
    assert_eq!(world.draft(desktop, &group).unwrap().text, "Agreed. Bring the keys.");
    assert_eq!(world.draft(tablet, &group).unwrap().text, "Agreed. At noon.");
    at_rest(world, &everybody);
}

#[test]
fn a_send_that_comes_after_another_devices_sends_nothing_twice() {
    let mut house = House::new(11);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let typed = world.draft_set(laptop, &group, "Agreed.", "").unwrap();
    world.settle().unwrap();
    let seen = world.draft(desktop, &group).unwrap();
    assert_eq!(seen.id, typed.id);
    world.draft_send(laptop, &group).unwrap();
    world.settle().unwrap();
    // The desktop's screen had not shown yet that it was gone.
    let late = world.send_draft(desktop, &group, &seen, "Agreed.").unwrap();
    let more = world.send_draft(desktop, &group, &seen, "Agreed. And the keys.").unwrap();
    assert_eq!(late.id, more.id);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["Agreed."]);
    for device in [laptop, desktop] {
        assert_eq!(texts(world, device), ["Agreed. And the keys."], "device {device}");
    }
    at_rest(world, &everybody);
}

#[test]
fn what_a_draft_answers_follows_it() {
    let mut house = House::new(12);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let question = world.send(ben, &group, "Shall we meet?").unwrap();
    world.settle().unwrap();
    let answering = world.answer_in_draft(laptop, &group, &question, "Yes").unwrap();
    assert_eq!(answering.reply_to.map(|quote| quote.id), Some(question.clone()));
    world.settle().unwrap();
    let there = world.draft(desktop, &group).unwrap();
    assert_eq!(there.reply_to.map(|quote| quote.preview), Some("Shall we meet?".to_owned()));
    world.draft_send(desktop, &group).unwrap();
    world.settle().unwrap();
    for device in &everybody {
        let sent = world.messages(*device, &group).unwrap().pop().unwrap();
        assert_eq!(sent.reply_to.map(|quote| quote.id), Some(question.clone()), "device {device}");
    }
    at_rest(world, &everybody);
}

/// The texts of all drafts, sorted.
fn texts(world: &mut homing_sim::World, device: homing_sim::DeviceId) -> Vec<String> {
    let mut texts: Vec<String> = world.drafts(device).unwrap().into_iter().map(|draft| draft.text).collect();
    texts.sort();
    texts
}

/// Shows a conversation in another, or by itself again.
fn merge(world: &mut World, device: DeviceId, conversation: &str, into: Option<&str>) {
    let args = ConversationMerge { conversation: conversation.to_owned(), into: into.map(str::to_owned) };
    let _: ConversationRow = world.ask(device, Call::ConversationMerge(args)).unwrap();
}

#[test]
fn a_draft_of_a_merged_conversation_goes_on_where_that_does() {
    let mut house = House::new(23);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let twice = world.conversation(laptop, "Two again", &["Ben"]).unwrap();
    world.draft_set(laptop, &twice, "begun in the other", "").unwrap();
    world.draft_set(laptop, &two, "begun here", "").unwrap();
    merge(world, laptop, &twice, Some(&two));
    world.settle().unwrap();
    // The list of drafts says where it is gone on with.
    let listed = world.drafts(laptop).unwrap();
    assert!(listed.iter().all(|row| row.conversation == two), "{listed:?}");
    let other = listed.iter().find(|row| row.text == "begun in the other").unwrap().id.clone();
    world.take_events(laptop).unwrap();
    let chosen = world.choose_draft(laptop, &two, Some(&other)).unwrap();
    assert_eq!((chosen.id.as_str(), chosen.text.as_str()), (other.as_str(), "begun in the other"));
    assert_eq!(chosen.others.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["begun here"]);
    // What is typed goes on in it, and the other device reads it in the same draft.
    let typed = world
        .type_into(laptop, &two, Some(&other), ("begun in the other, and on", &chosen.revision))
        .unwrap();
    assert_eq!((typed.id.as_str(), typed.others.len()), (other.as_str(), 1));
    world.settle().unwrap();
    let mut there: Vec<_> = world.drafts(desktop).unwrap().into_iter().map(|row| row.text).collect();
    there.sort();
    assert_eq!(there, ["begun here", "begun in the other, and on"]);
    // Typed on the other device, it is what this one's composer shows.
    let seen = world.choose_draft(desktop, &twice, Some(&other)).unwrap();
    world.take_events(laptop).unwrap();
    world
        .type_into(desktop, &two, Some(&other), ("begun in the other, and to the end", &seen.revision))
        .unwrap();
    world.settle().unwrap();
    let told = world.take_events(laptop).unwrap();
    let told = told.iter().rev().find_map(|event| match event {
        Event::Draft { draft } if draft.conversation == two => Some(draft.text.clone()),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("begun in the other, and to the end"));
    let sent = world.draft_send(laptop, &two).unwrap();
    assert_eq!(sent.conversation, two);
    // The other one stays aside, as it was.
    let left = world.draft(laptop, &two).unwrap();
    assert_eq!((left.text.as_str(), left.others.len()), ("", 1));
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &two), ["begun in the other, and to the end"]);
    for device in [laptop, desktop] {
        let left: Vec<_> = world.drafts(device).unwrap().into_iter().map(|row| row.text).collect();
        assert_eq!(left, ["begun here"], "device {device}");
    }
    at_rest(world, &everybody);
}

#[test]
fn a_draft_that_was_chosen_goes_back_with_its_conversation() {
    let mut house = House::new(24);
    let (laptop, two) = (house.laptop, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let twice = world.conversation(laptop, "Two again", &["Ben"]).unwrap();
    let text = world.draft_set(laptop, &twice, "begun in the other", "").unwrap().id;
    let seen = world.type_comment(laptop, &twice, None, "for colleagues").unwrap();
    merge(world, laptop, &twice, Some(&two));
    world.settle().unwrap();
    world.choose_draft(laptop, &two, Some(&text)).unwrap();
    // A comment is chosen where comments are typed, and nowhere else.
    let args = DraftChoose { conversation: two.clone(), draft: Some(seen.id.clone()) };
    let refused = world.refusal(laptop, Call::DraftChoose(args.clone())).unwrap();
    assert_eq!(refused.code, Code::NotFound);
    let chosen: Draft = world.ask(laptop, Call::CommentChoose(args)).unwrap();
    assert_eq!((chosen.text.as_str(), chosen.conversation.as_str()), ("for colleagues", two.as_str()));
    let typed = world.type_comment(laptop, &two, Some(&chosen), "for colleagues alone").unwrap();
    assert_eq!((typed.id, typed.others.len()), (seen.id, 0));
    // Taken back while it waits, it is in the composer again.
    world.set_online(laptop, false).unwrap();
    let sent = world.draft_send(laptop, &two).unwrap();
    world.take_back(laptop, std::slice::from_ref(&sent.id)).unwrap();
    assert_eq!(world.draft(laptop, &two).unwrap().id, text);
    merge(world, laptop, &twice, None);
    assert_eq!(world.draft(laptop, &two).unwrap().text, "");
    assert_eq!(world.draft(laptop, &twice).unwrap().text, "begun in the other");
    assert_eq!(world.comment_draft(laptop, &two).unwrap().text, "");
    assert_eq!(world.comment_draft(laptop, &twice).unwrap().text, "for colleagues alone");
    world.settle().unwrap();
    at_rest(world, &everybody);
}

#[test]
fn a_draft_of_a_merged_conversation_is_planned_and_changed_there() {
    let mut house = House::new(25);
    let (laptop, two) = (house.laptop, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let twice = world.conversation(laptop, "Two again", &["Ben"]).unwrap();
    let draft = world.draft_set(laptop, &twice, "for tomorrow", "").unwrap().id;
    merge(world, laptop, &twice, Some(&two));
    world.choose_draft(laptop, &two, Some(&draft)).unwrap();
    let at_ms = world.now_ms() + 24 * 3_600_000;
    let sent = world.draft_send_at(laptop, &two, at_ms).unwrap();
    let args = ScheduledQuery { conversation: Some(two.clone()) };
    let rows: Vec<ScheduledRow> = world.ask(laptop, Call::Scheduled(args)).unwrap();
    assert_eq!(rows.iter().map(|row| &row.conversation).collect::<Vec<_>>(), [&two]);
    let back: Draft = world.ask(laptop, Call::ScheduledEdit(ItemRef { id: sent.id })).unwrap();
    assert_eq!((back.conversation, back.id, back.text), (two.clone(), draft, "for tomorrow".to_owned()));
    world.draft_send(laptop, &two).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &two), ["for tomorrow"]);
    at_rest(world, &everybody);
}

#[test]
fn what_is_typed_outside_of_drafts_outlives_a_crash_and_stays_on_its_device() {
    let mut house = House::new(41);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    let of = |place: &str, text: &str| Unsaved { place: place.into(), text: text.into() };
    let set = |world: &mut World, place: &str, text: &str| {
        world.call(laptop, Call::UnsavedSet(of(place, text))).unwrap();
    };
    let all = |world: &mut World, device: DeviceId| -> Vec<Unsaved> {
        world.ask(device, Call::Unsaved(Nothing {})).unwrap()
    };
    set(world, "property/new", "Villa");
    set(world, "record/1/internal_notes", "The owner would");
    set(world, "record/1/internal_notes", "The owner would take four");
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    assert_eq!(
        all(world, laptop),
        [of("property/new", "Villa"), of("record/1/internal_notes", "The owner would take four")]
    );
    world.settle().unwrap();
    assert_eq!(all(world, desktop), [], "nobody else gets it, not even an own device");

    set(world, "property/new", "");
    set(world, "record/1/internal_notes", "");
    assert_eq!(all(world, laptop), []);
    let mut refused =
        |place: &str, text: &str| world.refusal(laptop, Call::UnsavedSet(of(place, text))).unwrap().code;
    assert_eq!(refused("", "Villa"), Code::InvalidArgument);
    assert_eq!(refused(&"p".repeat(201), "Villa"), Code::InvalidArgument);
    assert_eq!(refused("property/new", &"a".repeat(128 * 1024 + 1)), Code::TooLarge);
    assert_eq!(all(world, laptop), []);
}
