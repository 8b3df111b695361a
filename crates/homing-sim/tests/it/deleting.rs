//! Deleting conversations: for everyone it is gone on every device, whatever was under way; for oneself it is gone up to there, on
//! all own devices, and what is newer brings it back.

use homing_engine::api::{
    Call, Code, ConversationDelete, ConversationMerge, ConversationRestore, ConversationRow, Done, Event,
    Forward, InviteTo, Messages,
};
use homing_model::{DraftId, Edit, Preimage, author_from};
use homing_sim::people::reference;
use homing_sim::{DeviceId, World};
use homing_store::spaces;
use homing_wire::{DocId, SpaceKind};

use crate::disk;
use crate::forger::{forge, forge_in, send};
use crate::house::{House, approve_all, at_rest, same_messages, world};

fn delete(world: &mut World, device: DeviceId, conversation: &str, everyone: bool) {
    let args = ConversationDelete { conversations: vec![conversation.to_owned()], everyone };
    let _: Done = world.ask(device, Call::ConversationDelete(args)).unwrap();
}

fn restore(world: &mut World, device: DeviceId, conversation: &str) {
    let args = ConversationRestore { conversations: vec![conversation.to_owned()] };
    let rows: Vec<ConversationRow> = world.ask(device, Call::ConversationRestore(args)).unwrap();
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [conversation]);
}

fn row(world: &mut World, device: DeviceId, conversation: &str) -> Option<ConversationRow> {
    world.conversations(device).unwrap().into_iter().find(|row| row.id == conversation)
}

fn hits(world: &mut World, device: DeviceId, words: &str) -> usize {
    world.search(device, words).unwrap().hits.len()
}

/// How often a device told of a conversation since it was asked last.
fn told(world: &mut World, device: DeviceId, conversation: &str) -> usize {
    let events = world.take_events(device).unwrap();
    let of = |event: &Event| match event {
        Event::Notify { notice, .. } => notice.conversation.as_deref() == Some(conversation),
        _ => false,
    };
    events.iter().filter(|event| of(event)).count()
}

/// Nothing of it is to be had on a device by any means a person has.
fn is_gone(world: &mut World, device: DeviceId, conversation: &str) {
    assert!(row(world, device, conversation).is_none(), "device {device} lists it");
    let page = Messages {
        conversation: conversation.to_owned(),
        before: None,
        after: None,
        around: None,
        unread: false,
        limit: 10,
    };
    for call in [Call::Messages(page), Call::Conversation(reference(conversation))] {
        assert_eq!(world.refusal(device, call).unwrap().code, Code::NotFound, "device {device}");
    }
    assert_eq!(hits(world, device, "villa"), 0, "device {device} finds it");
    assert!(world.drafts(device).unwrap().is_empty(), "device {device} keeps a draft");
    assert!(world.scheduled(device).unwrap().is_empty(), "device {device} keeps a plan");
    assert_eq!(world.status(device).unwrap().unread, 0, "device {device}");
}

#[test]
fn what_is_deleted_for_everyone_is_gone_on_every_device_with_all_that_was_under_way() {
    for seed in 300..303 {
        let mut house = House::new(seed);
        let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
        let two = house.two.clone();
        let all = house.devices();
        let world = &mut house.world;
        let sent = world.send_file(laptop, &two, "villa.txt", b"the plan of the villa").unwrap();
        world.send(ben, &two, "villa: how nice").unwrap();
        let noon = world.now_ms() + 3_600_000;
        world.send_at(laptop, &two, "villa: planned", noon).unwrap();
        world.settle().unwrap();
        world.draft_set(ben, &two, "villa: begun on Ben's", "").unwrap();
        world.draft_set(desktop, &two, "villa: begun on Ada's", "").unwrap();
        world.settle().unwrap();
        for device in [desktop, ben, cora] {
            world.set_online(device, false).unwrap();
        }
        world.send(ben, &two, "villa: written before he knew").unwrap();
        world.send(cora, &two, "villa: so was this").unwrap();
        world.draft_set(desktop, &two, "villa: typed on before she knew", "").unwrap();
        for device in all.clone() {
            world.take_events(device).unwrap();
        }
        delete(world, laptop, &two, true);
        is_gone(world, laptop, &two);
        // Cora comes before Ben: what she wrote reaches nobody either.
        world.run_for(30_000).unwrap();
        world.set_online(cora, true).unwrap();
        world.run_for(30_000).unwrap();
        world.settle().unwrap();
        world.run_for(7_200_000).unwrap();
        let tablet = world.add_device("tablet", 0).unwrap();
        world.link_device(laptop, tablet).unwrap();
        world.settle().unwrap();
        for device in all.into_iter().chain([tablet]) {
            is_gone(world, device, &two);
            assert_eq!(told(world, device, &two), 0, "device {device} tells of it");
            let forward =
                Forward { messages: vec![sent.clone()], to: vec![two.clone()], comment: String::new() };
            assert_eq!(world.refusal(device, Call::Forward(forward)).unwrap().code, Code::NotFound);
            let files = world.profile(device).unwrap().join("files");
            assert!(!files.exists() || disk::files(&files).is_empty(), "device {device} keeps its file");
        }
        at_rest(world, &[laptop, desktop, ben, cora, tablet]);
    }
}

#[test]
fn a_message_that_comes_after_all_is_seen_by_nobody() {
    let mut house = House::new(310);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let all = house.devices();
    let world = &mut house.world;
    world.send(ben, &two, "villa: how nice").unwrap();
    world.settle().unwrap();
    for device in all.clone() {
        world.take_events(device).unwrap();
    }
    // Of an app that does not care.
    let conversation: DocId = two.parse().unwrap();
    let forged = forge(world, ben, &two, |forger, _| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([9; 16]));
        let edit = Edit::CreateMessage {
            conversation,
            body: "villa: still here".to_owned(),
            author_ms: 1_795_608_000_000,
            reply_to: None,
            attachments: Vec::new(),
            extras: None,
        };
        let new = author_from([], forger.actor(), &preimage, &edit).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
    delete(world, laptop, &two, true);
    world.run_for(30_000).unwrap();
    send(world, ben, &forged);
    world.settle().unwrap();
    for device in all.clone() {
        is_gone(world, device, &two);
        assert_eq!(told(world, device, &two), 0, "device {device} tells of it");
    }
    at_rest(&mut house.world, &all);
}

#[test]
fn a_deletion_for_everyone_that_was_not_sent_can_be_taken_back() {
    let mut house = House::new(311);
    let (laptop, two) = (house.laptop, house.two.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "villa").unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    delete(world, laptop, &two, true);
    is_gone(world, laptop, &two);
    let ids: Vec<String> = world.outbox(laptop).unwrap().into_iter().map(|row| row.id).collect();
    world.take_back(laptop, &ids).unwrap();
    assert_eq!(world.bodies(laptop, &two).unwrap(), ["villa"]);
    assert_eq!(hits(world, laptop, "villa"), 1);
    world.settle().unwrap();
    let all = house.devices();
    at_rest(&mut house.world, &all);
}

#[test]
fn a_conversation_is_deleted_with_those_that_go_on_in_it() {
    let mut house = House::new(312);
    let (laptop, two) = (house.laptop, house.two.clone());
    let all = house.devices();
    let world = &mut house.world;
    let other = world.conversation(laptop, "Other", &["Ben"]).unwrap();
    world.send(laptop, &two, "villa one").unwrap();
    world.send(laptop, &other, "villa two").unwrap();
    let merge = ConversationMerge { conversation: other.clone(), into: Some(two.clone()) };
    let _: ConversationRow = world.ask(laptop, Call::ConversationMerge(merge)).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &all, &two), ["villa one", "villa two"]);
    delete(world, laptop, &two, true);
    world.settle().unwrap();
    for device in all.clone() {
        is_gone(world, device, &two);
        is_gone(world, device, &other);
    }
    at_rest(world, &all);
}

#[test]
fn what_is_deleted_for_oneself_is_gone_on_all_own_devices_until_something_new_comes() {
    for seed in 320..323 {
        let mut house = House::new(seed);
        let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
        let two = house.two.clone();
        let world = &mut house.world;
        world.send(laptop, &two, "villa one").unwrap();
        world.send(ben, &two, "villa two").unwrap();
        world.settle().unwrap();
        world.set_online(desktop, false).unwrap();
        delete(world, laptop, &two, false);
        world.settle().unwrap();
        for device in [laptop, desktop] {
            assert!(row(world, device, &two).is_none(), "device {device}");
            assert_eq!(hits(world, device, "villa"), 0, "device {device}");
            assert!(world.bodies(device, &two).unwrap().is_empty(), "device {device}");
        }
        assert_eq!(world.bodies(ben, &two).unwrap().len(), 2);
        world.send(ben, &two, "villa three").unwrap();
        world.settle().unwrap();
        let tablet = world.add_device("tablet", 0).unwrap();
        world.link_device(laptop, tablet).unwrap();
        world.settle().unwrap();
        let own = [laptop, desktop, tablet];
        assert_eq!(same_messages(world, &own, &two), ["villa three"]);
        for device in own {
            let row = row(world, device, &two).unwrap();
            assert_eq!((row.preview.as_str(), row.unread), ("villa three", 1), "device {device}");
            assert_eq!(hits(world, device, "villa"), 1, "device {device}");
        }
        at_rest(world, &[laptop, desktop, tablet, ben]);
    }
}

#[test]
fn nothing_that_was_not_seen_is_deleted_with_the_rest() {
    for seed in 330..333 {
        let mut house = House::new(seed);
        let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
        let two = house.two.clone();
        let world = &mut house.world;
        world.send(ben, &two, "seen").unwrap();
        world.settle().unwrap();
        // Ben's clock is a day behind, and what he writes offline comes long after Ada's deletion.
        world.set_skew(ben, -86_400_000).unwrap();
        world.set_online(ben, false).unwrap();
        world.set_online(laptop, false).unwrap();
        world.send(ben, &two, "late").unwrap();
        delete(world, laptop, &two, false);
        // Ben is there first: the relay has his message before it has the deletion.
        world.set_online(ben, true).unwrap();
        world.run_for(60_000).unwrap();
        assert_eq!(world.bodies(desktop, &two).unwrap().len(), 2);
        world.settle().unwrap();
        assert_eq!(same_messages(world, &[laptop, desktop], &two), ["late"]);
        assert!(row(world, desktop, &two).is_some());
        at_rest(world, &[laptop, desktop, ben]);
    }
}

#[test]
fn a_deletion_for_oneself_is_undone_on_all_own_devices_the_last_one_only() {
    let mut house = House::new(340);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "first").unwrap();
    world.settle().unwrap();
    delete(world, laptop, &two, false);
    world.settle().unwrap();
    world.send(house.ben, &two, "second").unwrap();
    world.settle().unwrap();
    delete(world, laptop, &two, false);
    world.settle().unwrap();
    assert!(row(world, desktop, &two).is_none());
    // By its name, on the other device.
    let args = ConversationRestore { conversations: vec!["Two".to_owned()] };
    let back: Vec<ConversationRow> = world.ask(desktop, Call::ConversationRestore(args)).unwrap();
    assert_eq!((back.len(), &back[0].id), (1, &two));
    world.settle().unwrap();
    assert_eq!(same_messages(world, &[laptop, desktop], &two), ["second"]);
    assert_eq!(hits(world, laptop, "second"), 1);
    restore(world, laptop, &two);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &[laptop, desktop], &two), ["first", "second"]);
    let all = house.devices();
    at_rest(&mut house.world, &all);
}

#[test]
fn who_writes_in_what_they_deleted_sees_it_again_whatever_their_clocks_say() {
    let mut house = House::new(341);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "before").unwrap();
    world.settle().unwrap();
    delete(world, laptop, &two, false);
    world.settle().unwrap();
    world.set_skew(desktop, -3_600_000).unwrap();
    world.set_online(desktop, false).unwrap();
    world.send(desktop, &two, "after").unwrap();
    assert!(row(world, desktop, &two).is_some(), "while it waits");
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(world.bodies(device, &two).unwrap(), ["after"], "device {device}");
        assert!(row(world, device, &two).is_some(), "device {device}");
    }
    assert_eq!(world.bodies(ben, &two).unwrap(), ["before", "after"]);
    let all = house.devices();
    at_rest(&mut house.world, &all);
}

#[test]
fn an_own_message_on_its_way_is_sent_and_brings_nothing_back() {
    let mut house = House::new(342);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    world.draft_set(laptop, &two, "on its way", "").unwrap();
    world.draft_send(laptop, &two).unwrap();
    delete(world, laptop, &two, false);
    assert!(row(world, laptop, &two).is_none());
    assert_eq!(world.outbox(laptop).unwrap().iter().filter(|row| row.kind == "message").count(), 1);
    world.settle().unwrap();
    assert_eq!(world.bodies(ben, &two).unwrap(), ["on its way"]);
    for device in [laptop, desktop] {
        assert!(row(world, device, &two).is_none(), "device {device}");
        assert!(world.bodies(device, &two).unwrap().is_empty(), "device {device}");
        assert!(world.drafts(device).unwrap().is_empty(), "device {device}");
    }
    let all = house.devices();
    at_rest(&mut house.world, &all);
}

/// Versions before the mark wrote only that a conversation is hidden.
#[test]
fn what_an_older_version_hid_comes_back_by_what_is_newer() {
    let mut house = House::new(343);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.send(ben, &two, "before").unwrap();
    world.settle().unwrap();
    let conversation: DocId = two.parse().unwrap();
    let personal = |db: &homing_store::Read<'_>| {
        spaces::list(db).unwrap().iter().find(|row| row.kind == SpaceKind::Personal).unwrap().space
    };
    let forged = forge_in(world, laptop, conversation, &personal, |forger, _| {
        let preimage = Preimage::conversation_state(forger.space, &conversation);
        let new = author_from([], forger.actor(), &preimage, &Edit::SetHidden(true)).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
    send(world, laptop, &forged);
    world.start(laptop).unwrap();
    world.settle().unwrap();
    assert!(row(world, desktop, &two).is_none());
    assert!(world.bodies(desktop, &two).unwrap().is_empty());
    world.send(ben, &two, "after").unwrap();
    world.settle().unwrap();
    assert_eq!(world.bodies(desktop, &two).unwrap(), ["after"]);
    assert!(row(world, desktop, &two).is_some());
    restore(world, desktop, &two);
    assert_eq!(world.bodies(desktop, &two).unwrap(), ["before", "after"]);
}

/// A profile of such a version is brought to marks when it is opened.
#[test]
fn what_an_older_version_hid_is_marked_when_its_profile_is_opened() {
    let mut world = world(344);
    let ada = world.add_device("ada", 0).unwrap();
    world.init(ada, "Ada").unwrap();
    let link = world.invite(ada, InviteTo::Client { name: "Ben".to_owned() }).unwrap();
    let ben = world.add_device("ben", 0).unwrap();
    world.join(ben, &link, Some("Ben")).unwrap();
    world.run_for(60_000).unwrap();
    approve_all(&mut world, ada);
    let two = world.conversation(ada, "Two", &["Ben"]).unwrap();
    world.settle().unwrap();
    world.send(ben, &two, "before").unwrap();
    world.settle().unwrap();
    delete(&mut world, ada, &two, false);
    world.settle().unwrap();
    // As that version left it: out of the list, the messages where they were, and no mark.
    world.crash(ada).unwrap();
    disk::alter(&world, ada, "DELETE FROM meta WHERE key = 'cleared_marked'; DELETE FROM cleared;");
    world.start(ada).unwrap();
    assert!(row(&mut world, ada, &two).is_none());
    world.settle().unwrap();
    at_rest(&mut world, &[ada, ben]);
    world.send(ben, &two, "after").unwrap();
    world.settle().unwrap();
    assert_eq!(world.bodies(ada, &two).unwrap(), ["after"]);
}

#[test]
fn many_are_deleted_and_brought_back_together_or_not_at_all() {
    let mut house = House::new(345);
    let (laptop, desktop, two, group) = (house.laptop, house.desktop, house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "villa one").unwrap();
    world.send(laptop, &group, "villa two").unwrap();
    world.settle().unwrap();
    let delete = |conversations: &[&str], everyone| {
        let conversations = conversations.iter().map(|one| (*one).to_owned()).collect();
        Call::ConversationDelete(ConversationDelete { conversations, everyone })
    };
    assert_eq!(world.refusal(laptop, delete(&[&two, "gone"], false)).unwrap().code, Code::NotFound);
    // Ben does not manage the talk that he is in.
    assert_eq!(world.refusal(house.ben, delete(&[&two, &group], true)).unwrap().code, Code::RoleForbids);
    assert_eq!(hits(world, laptop, "villa"), 2, "none of them");
    let _: Done = world.ask(laptop, delete(&[&two, &group], false)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(hits(world, device, "villa"), 0, "device {device}");
    }
    let args = ConversationRestore { conversations: vec![group.clone(), "Two".to_owned()] };
    let back: Vec<ConversationRow> = world.ask(desktop, Call::ConversationRestore(args)).unwrap();
    let mut titles: Vec<&str> = back.iter().map(|row| row.title.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Group", "Two"]);
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(hits(world, device, "villa"), 2, "device {device}");
    }
    let _: Done = world.ask(laptop, delete(&[&two, &group], true)).unwrap();
    world.settle().unwrap();
    let all = house.devices();
    for device in all.clone() {
        is_gone(&mut house.world, device, &two);
        is_gone(&mut house.world, device, &group);
    }
    at_rest(&mut house.world, &all);
}
