//! What is typed of comments on a person's devices: it follows them, merges, is written once, and never comes near the client.

use homing_engine::api::{
    Call, Code, Comment, Commented, Done, DraftCompare, DraftSend, DraftSet, ItemRef, OutboxResult,
};
use homing_sim::{DeviceId, World};
use homing_store::{Durability, drafts, meta};
use homing_wire::DocId;

use crate::disk;
use crate::house::{House, at_rest};

/// The remarks that stand beside a conversation.
fn comments(world: &mut World, device: DeviceId, conversation: &str) -> Vec<String> {
    let rows = world.messages(device, conversation).unwrap();
    rows.into_iter().filter(|row| row.internal).map(|row| row.body).collect()
}

/// What the list of drafts shows: whether it is a comment, and its words.
fn listed(world: &mut World, device: DeviceId) -> Vec<(bool, String)> {
    let mut rows: Vec<_> =
        world.drafts(device).unwrap().into_iter().map(|row| (row.comment, row.text)).collect();
    rows.sort();
    rows
}

fn comment(text: &str) -> (bool, String) {
    (true, text.to_owned())
}

/// Nothing of these words is where the client's messages are typed, on any of these devices.
fn composers_are_free_of(world: &mut World, devices: &[DeviceId], conversation: &str, words: &str) {
    for device in devices {
        let composer = world.draft(*device, conversation).unwrap();
        assert!(!composer.comment && composer.text.is_empty() && composer.others.is_empty(), "{composer:?}");
        let row = world.conversations(*device).unwrap().into_iter().find(|row| row.id == conversation);
        let row = row.unwrap();
        assert!(!row.draft_preview.contains(words), "device {device}: {row:?}");
    }
}

/// Whether these words stand anywhere on a device, for whoever has its keys.
fn holds(world: &mut World, device: DeviceId, words: &str) -> bool {
    world.crash(device).unwrap();
    let plain = disk::decrypted(world, device);
    world.start(device).unwrap();
    plain.windows(words.len()).any(|part| part == words.as_bytes())
}

#[test]
fn what_is_typed_of_a_comment_follows_its_person_and_is_written_once() {
    let mut house = House::new(230);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let two = house.two.clone();
    let everybody = house.devices();
    let world = &mut house.world;
    // Apart, each begins one.
    for device in [laptop, desktop] {
        world.set_online(device, false).unwrap();
    }
    let here = world.type_comment(laptop, &two, None, "Ben pays late: ask him first").unwrap();
    world.type_comment(desktop, &two, None, "Ben pays late: his sister has the key").unwrap();
    composers_are_free_of(world, &[laptop, desktop], &two, "Ben pays late");
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    assert_eq!(listed(world, laptop), [comment("Ben pays late: ask him first")]);
    for device in [laptop, desktop] {
        world.set_online(device, true).unwrap();
    }
    world.settle().unwrap();
    let both = [comment("Ben pays late: ask him first"), comment("Ben pays late: his sister has the key")];
    for device in [laptop, desktop] {
        assert_eq!(listed(world, device), both, "device {device}");
    }
    // The screens go on with what was typed on them.
    assert_eq!(world.comment_draft(laptop, &two).unwrap().text, "Ben pays late: ask him first");
    let there = world.comment_draft(desktop, &two).unwrap();
    assert_eq!(there.others.len(), 1);

    // One of the two is written, offline; the other device goes on with it meanwhile.
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    let seen = world.comment_draft(laptop, &two).unwrap();
    assert_eq!(seen.id, here.id);
    world.write_comment(laptop, &two, &seen, "Ben pays late: ask him first").unwrap();
    let left = world.comment_draft(laptop, &two).unwrap();
    assert_eq!((left.text.as_str(), left.others.len()), ("", 1), "the other one is beside the empty field");
    world.settle().unwrap();
    for device in [laptop, desktop, cora] {
        assert_eq!(comments(world, device, &two), ["Ben pays late: ask him first"], "device {device}");
    }
    for device in [laptop, desktop] {
        assert_eq!(listed(world, device), [comment("Ben pays late: his sister has the key")]);
    }
    composers_are_free_of(world, &[laptop, desktop], &two, "Ben pays late");
    assert!(listed(world, cora).is_empty() && listed(world, ben).is_empty());
    assert!(world.bodies(ben, &two).unwrap().is_empty());
    let rest = world.comment_draft(desktop, &two).unwrap();
    world.write_comment(desktop, &two, &rest, &rest.text).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert!(listed(world, device).is_empty(), "device {device}");
        assert_eq!(comments(world, device, &two).len(), 2, "device {device}");
    }
    at_rest(world, &everybody);
    assert!(holds(world, laptop, "Ben pays late"), "what is looked for would be found");
    assert!(!holds(world, ben, "Ben pays late"));
}

#[test]
fn one_comment_typed_at_both_ends_merges_and_what_goes_beyond_a_written_one_stays() {
    let mut house = House::new(231);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let here = world.type_comment(laptop, &two, None, "the middle").unwrap();
    world.settle().unwrap();
    let there = world.comment_draft(desktop, &two).unwrap();
    assert_eq!((there.id.as_str(), there.text.as_str()), (here.id.as_str(), "the middle"));
    for device in [laptop, desktop] {
        world.set_online(device, false).unwrap();
    }
    world.type_comment(laptop, &two, Some(&here), "At the start, the middle").unwrap();
    world.type_comment(desktop, &two, Some(&there), "the middle, at the end.").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let seen = world.comment_draft(device, &two).unwrap();
        assert_eq!(seen.text, "At the start, the middle, at the end.", "device {device}");
        assert!(seen.others.is_empty());
    }
    // The desktop types on while the laptop writes it.
    world.set_online(desktop, false).unwrap();
    let seen = world.comment_draft(desktop, &two).unwrap();
    world.type_comment(desktop, &two, Some(&seen), &format!("{} And more.", seen.text)).unwrap();
    let seen = world.comment_draft(laptop, &two).unwrap();
    world.write_comment(laptop, &two, &seen, &seen.text).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(comments(world, device, &two), ["At the start, the middle, at the end."]);
        assert_eq!(listed(world, device), [comment("At the start, the middle, at the end. And more.")]);
    }
    assert!(world.bodies(ben, &two).unwrap().is_empty());
    at_rest(world, &everybody);
    assert!(!holds(world, ben, "the middle"));
}

#[test]
fn one_comment_written_on_two_devices_apart_is_one_and_no_word_is_lost() {
    let mut house = House::new(232);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let two = house.two.clone();
    let everybody = house.devices();
    let world = &mut house.world;
    world.type_comment(laptop, &two, None, "He signs").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        world.set_online(device, false).unwrap();
    }
    for (device, text) in [(laptop, "He signs on Monday"), (desktop, "He signs on Friday")] {
        let seen = world.comment_draft(device, &two).unwrap();
        world.write_comment(device, &two, &seen, text).unwrap();
    }
    world.settle().unwrap();
    let written = comments(world, cora, &two);
    assert_eq!(written.len(), 1, "{written:?}");
    for device in [laptop, desktop] {
        assert_eq!(comments(world, device, &two), written);
        let mut all = written.clone();
        all.extend(listed(world, device).into_iter().map(|(is_comment, text)| {
            assert!(is_comment, "{text} became a message's draft");
            text
        }));
        all.sort();
        assert_eq!(all, ["He signs on Friday", "He signs on Monday"], "device {device}");
    }
    composers_are_free_of(world, &[laptop, desktop], &two, "He signs");
    at_rest(world, &everybody);
    assert!(!holds(world, ben, "He signs"));
}

#[test]
fn a_comment_taken_back_is_one_again_on_all_devices_and_can_go_after_all() {
    let mut house = House::new(233);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let typed = world.type_comment(laptop, &two, None, "think twice").unwrap();
    world.write_comment(laptop, &two, &typed, "think twice").unwrap();
    assert!(listed(world, laptop).is_empty());
    // One that was never typed in a field, as a script writes it.
    let args = Comment { conversation: two.clone(), text: "from a script".to_owned(), ..Comment::default() };
    let _: Commented = world.ask(laptop, Call::Comment(args)).unwrap();
    let waiting: Vec<String> = world.outbox(laptop).unwrap().into_iter().map(|row| row.id).collect();
    world.take_back(laptop, &waiting).unwrap();
    assert_eq!(listed(world, laptop), [comment("from a script"), comment("think twice")]);
    composers_are_free_of(world, &[laptop], &two, "think twice");
    let back: Vec<OutboxResult> = world.put_back(laptop, &waiting).unwrap();
    assert!(back.iter().all(|one| one.error.is_none()), "{back:?}");
    assert!(listed(world, laptop).is_empty());
    let row = world.outbox(laptop).unwrap().into_iter().find(|row| row.preview == "think twice").unwrap();
    let draft: homing_engine::api::Draft =
        world.ask(laptop, Call::OutboxEdit(ItemRef { id: row.id })).unwrap();
    assert_eq!((draft.comment, draft.text.as_str()), (true, "think twice"));
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(comments(world, device, &two), ["from a script"], "device {device}");
        assert_eq!(listed(world, device), [comment("think twice")], "device {device}");
    }
    // Thrown away on the one, gone on the other.
    world.discard_draft(desktop, &draft.id).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert!(listed(world, device).is_empty(), "device {device}");
    }
    assert!(world.bodies(ben, &two).unwrap().is_empty());
    at_rest(world, &everybody);
}

#[test]
fn no_call_brings_what_is_typed_of_a_comment_to_the_client() {
    let mut house = House::new(234);
    let (laptop, ben, two, group) = (house.laptop, house.ben, house.two.clone(), house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let typed = world.type_comment(laptop, &two, None, "for us alone").unwrap();
    let message = world.draft_set(laptop, &two, "Dear Ben", "").unwrap();
    let (id, text) = (Some(typed.id.clone()), typed.text.clone());
    for conversation in [&two, &group] {
        let set = DraftSet {
            conversation: conversation.clone(),
            text: text.clone(),
            draft: id.clone(),
            base: None,
            reply_to: None,
            template: None,
        };
        let send = |at| DraftSend {
            conversation: conversation.clone(),
            text: text.clone(),
            draft: id.clone(),
            base: None,
            attachments: Vec::new(),
            at,
            previews: Vec::new(),
        };
        let later = Some("2030-01-01T00:00:00Z".to_owned());
        for call in [Call::DraftSet(set), Call::DraftSend(send(None)), Call::DraftSend(send(later))] {
            assert_eq!(world.refusal(laptop, call).unwrap().code, Code::NotFound);
        }
        assert!(world.choose_draft(laptop, conversation, Some(&typed.id)).is_err());
    }
    // Nor the other way round: what is typed to the client is no comment by mistake.
    assert!(world.type_comment(laptop, &two, Some(&message), "Dear Ben").is_err());
    let compare = DraftCompare { left: typed.id.clone(), right: message.id.clone() };
    assert_eq!(world.refusal(laptop, Call::DraftCompare(compare)).unwrap().code, Code::InvalidArgument);
    // A client's own devices have no team to remark in.
    assert!(world.type_comment(ben, &two, None, "me too").is_err());
    world.draft_send(laptop, &two).unwrap();
    world.settle().unwrap();
    assert_eq!(world.bodies(ben, &two).unwrap(), ["Dear Ben"]);
    assert_eq!(listed(world, laptop), [comment("for us alone")]);
    at_rest(world, &everybody);
    assert!(!holds(world, ben, "for us alone"));
}

#[test]
fn what_versions_before_kept_is_taken_over_and_what_they_could_not_read_is_read() {
    let mut house = House::new(235);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    // The laptop has the app of today already.
    world.type_comment(laptop, &two, None, "typed by a new version").unwrap();
    world.settle().unwrap();
    // The desktop's did not know what came to it, and kept what was typed there by itself.
    world.crash(desktop).unwrap();
    let mut store = disk::open(world, desktop);
    let conversation: DocId = two.parse().unwrap();
    store
        .write(Durability::Full, |tx| {
            for row in drafts::list(tx, 10)? {
                assert_eq!(drafts::comment_beside(tx, &row.conversation)?, Some(conversation));
                drafts::delete(tx, &row.id)?;
            }
            meta::delete(tx, "comments_taken_over")?;
            meta::set(tx, &format!("comment/{conversation}"), "kept on its device".as_bytes())
        })
        .unwrap();
    drop(store);
    world.start(desktop).unwrap();
    let both = [comment("kept on its device"), comment("typed by a new version")];
    assert_eq!(listed(world, desktop), both);
    world.crash(desktop).unwrap();
    world.start(desktop).unwrap();
    assert_eq!(listed(world, desktop), both, "once");
    world.settle().unwrap();
    assert_eq!(listed(world, laptop), both);
    composers_are_free_of(world, &[laptop, desktop], &two, "typed");
    at_rest(world, &everybody);
}

#[test]
fn a_conversation_deleted_for_everyone_takes_what_is_typed_beside_it_along() {
    let mut house = House::new(236);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.type_comment(laptop, &two, None, "beside").unwrap();
    world.settle().unwrap();
    world.set_online(desktop, false).unwrap();
    let seen = world.comment_draft(desktop, &two).unwrap();
    world.type_comment(desktop, &two, Some(&seen), "beside, and on").unwrap();
    let args = homing_engine::api::ConversationDelete { conversations: vec![two.clone()], everyone: true };
    let _: Done = world.ask(laptop, Call::ConversationDelete(args)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert!(listed(world, device).is_empty(), "device {device}");
    }
    at_rest(world, &everybody);
}
