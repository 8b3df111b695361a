//! A message names its conversation inside its content. A member of two spaces, whose app is not ours, names one of the
//! other space: who reads that other conversation would see it there, and nobody else of it ever would.

use homing_engine::api::{
    Call, Code, Comment, Commented, Done, Event, Focus, Forward, InviteTo, ItemRef, RoleName,
};
use homing_model::{DraftId, Edit, Extras, Preimage, author_from};
use homing_sim::World;
use homing_store::{conversations, entries, messages, strays};
use homing_wire::DocId;

use crate::disk;
use crate::forger::{collude, forge, send};
use crate::house::{House, approve_all, at_rest, same_messages, world};

/// A message in the forger's space that names this conversation.
fn naming(
    conversation: &str,
    draft: u8,
    body: &str,
    internal: bool,
) -> impl Fn(&mut crate::forger::Forger) + use<> {
    let (conversation, body): (DocId, String) = (conversation.parse().unwrap(), body.to_owned());
    move |forger| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([draft; 16]));
        let edit = Edit::CreateMessage {
            conversation,
            body: body.clone(),
            author_ms: 1_795_608_000_000,
            reply_to: None,
            attachments: Vec::new(),
            extras: Extras { internal, ..Extras::default() }.or_none(),
        };
        let new = author_from([], forger.actor(), &preimage, &edit).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    }
}

#[test]
fn nobody_writes_into_a_conversation_from_another_space() {
    let mut house = House::new(200);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "for Ben alone").unwrap();
    world.settle().unwrap();
    // Cora reads both. From the group's space she names the conversation with Ben: Ben reads the group too.
    let forged =
        forge(world, cora, &group, |forger, _| naming(&two, 7, "as if it stood there", false)(forger));
    send(world, cora, &forged);
    world.settle().unwrap();
    world.send(laptop, &group, "and on").unwrap();
    world.settle().unwrap();
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    let all = [laptop, desktop, ben, cora, tablet];
    assert_eq!(same_messages(world, &all, &two), ["for Ben alone"]);
    assert_eq!(same_messages(world, &all, &group), ["and on"]);
    at_rest(world, &all);
    for device in all {
        assert!(world.conversations(device).unwrap().len() <= 3, "device {device}");
        assert_eq!(world.search(device, "stood there").unwrap().hits.len(), 0, "device {device}");
    }
}

#[test]
fn who_reads_only_the_one_space_sees_no_conversation_of_it() {
    let mut house = House::new(201);
    let (laptop, ben, cora, group) = (house.laptop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    // A conversation of Ada and Cora, of which Ben knows nothing.
    let private = world.conversation(laptop, "Private", &["Cora"]).unwrap();
    world.settle().unwrap();
    let before = world.conversations(ben).unwrap().len();
    let forged = forge(world, cora, &group, |forger, _| naming(&private, 8, "whose is it", false)(forger));
    send(world, cora, &forged);
    world.settle().unwrap();
    assert_eq!(world.conversations(ben).unwrap().len(), before);
    assert_eq!(world.status(ben).unwrap().unread, 0);
    assert!(world.bodies(laptop, &private).unwrap().is_empty());
    let told = world.take_events(ben).unwrap();
    assert!(!told.iter().any(|event| matches!(event, Event::Notify { .. })));
    let devices = house.devices();
    at_rest(&mut house.world, &devices);
}

/// Ada and Cora's team, and Ben, their client, with a conversation both sides write in.
fn commented(seed: u64) -> (House, String) {
    let mut house = House::new(seed);
    let (laptop, cora, two) = (house.laptop, house.cora, house.two.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "Dear Ben").unwrap();
    world.settle().unwrap();
    let text = "he pays late, keep this here".to_owned();
    let args = Comment { conversation: two.clone(), text, ..Comment::default() };
    let written: Commented = world.ask(cora, Call::Comment(args)).unwrap();
    assert_eq!(written.conversation, two);
    (house, two)
}

#[test]
fn a_comment_is_seen_by_the_team_and_never_reaches_the_client() {
    let (mut house, two) = commented(202);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let world = &mut house.world;
    world.send(ben, &two, "Dear Ada").unwrap();
    world.settle().unwrap();
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, cora, tablet] {
        let rows = world.messages(device, &two).unwrap();
        let seen: Vec<_> = rows.iter().map(|row| (row.body.as_str(), row.internal)).collect();
        assert!(seen.contains(&("he pays late, keep this here", true)), "device {device}: {seen:?}");
        assert_eq!(seen.len(), 3, "device {device}");
    }
    assert_eq!(
        world.bodies(ben, &two).unwrap(),
        ["Dear Ada", "Dear Ben"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
    );
    // A client can't write one either.
    let args = Comment { conversation: two.clone(), text: "me too".to_owned(), ..Comment::default() };
    world.refusal(ben, Call::Comment(args)).unwrap();
    at_rest(world, &[laptop, desktop, ben, cora, tablet]);
    holds_nothing(world, ben, "he pays late");
}

#[test]
fn a_comment_names_whom_its_words_name_and_whom_a_script_names_beside_them() {
    let (mut house, two) = commented(97);
    let (laptop, cora) = (house.laptop, house.cora);
    let world = &mut house.world;
    let args = Comment {
        conversation: two.clone(),
        text: "who has the key?".to_owned(),
        mentions: vec!["Ada".to_owned()],
        ..Comment::default()
    };
    let written: Commented = world.ask(cora, Call::Comment(args)).unwrap();
    world.settle().unwrap();
    let rows = world.messages(laptop, &two).unwrap();
    let row = rows.iter().find(|row| row.id == written.id).unwrap();
    assert!(row.mentions_me && row.internal, "{row:?}");
}

/// Opens a device with its keys: no message, no entry that opens, no stray holds these words.
fn holds_nothing(world: &mut World, device: usize, words: &str) {
    world.crash(device).unwrap();
    let store = disk::open(world, device);
    let db = store.read();
    assert_eq!(strays::count(&db).unwrap(), 0);
    for row in homing_store::spaces::list(&db).unwrap() {
        assert!(
            row.kind != homing_wire::SpaceKind::Team
                || entries::after(&db, &row.space, 0, 9_999)
                    .unwrap()
                    .iter()
                    .all(|entry| entry.kind == homing_wire::EntryKind::Op),
            "data of the team is here"
        );
    }
    for (doc, ..) in homing_store::changes::docs(&db, None, 100_000).unwrap() {
        for change in homing_store::changes::of_doc(&db, &doc).unwrap() {
            assert!(!String::from_utf8_lossy(&change.bytes).contains(words), "a change holds the words");
        }
    }
    drop(store);
    world.start(device).unwrap();
}

#[test]
fn a_comment_in_a_client_s_space_is_refused_by_all() {
    let (mut house, two) = commented(203);
    let (laptop, ben, cora) = (house.laptop, house.ben, house.cora);
    let world = &mut house.world;
    let forged = forge(world, ben, &two, |forger, _| naming(&two, 9, "marked as the team's", true)(forger));
    collude(world, &forged);
    // The relay's own program says nothing about what its operator did; the next message does.
    world.send(cora, &two, "and on").unwrap();
    world.settle().unwrap();
    for device in [laptop, ben, cora] {
        assert!(!world.bodies(device, &two).unwrap().contains(&"marked as the team's".to_owned()));
    }
    assert!(world.status(laptop).unwrap().quarantined > 0);
}

#[test]
fn a_comment_may_come_before_the_conversation_it_stands_beside() {
    let mut world = world(204);
    let ada = world.add_device("ada", 0).unwrap();
    world.init(ada, "Ada").unwrap();
    let staff = world.invite(ada, InviteTo::Team { role: Some(RoleName::Member) }).unwrap();
    let client = world.invite(ada, InviteTo::Client { name: "Ben".to_owned() }).unwrap();
    let ben = world.add_device("ben", 0).unwrap();
    world.join(ben, &client, Some("Ben")).unwrap();
    world.run_for(60_000).unwrap();
    let two = world.conversation(ada, "Two", &["Ben"]).unwrap();
    for n in 0..30 {
        let args = Comment { conversation: two.clone(), text: format!("remark {n}"), ..Comment::default() };
        let _: Commented = world.ask(ada, Call::Comment(args)).unwrap();
    }
    world.settle().unwrap();
    // Cora gets both spaces in whatever order the relay tells of them.
    let cora = world.add_device("cora", 0).unwrap();
    world.join(cora, &staff, Some("Cora")).unwrap();
    world.run_for(60_000).unwrap();
    approve_all(&mut world, ada);
    world.settle().unwrap();
    assert_eq!(same_messages(&mut world, &[ada, cora], &two).len(), 30);
    at_rest(&mut world, &[ada, cora]);
    world.crash(cora).unwrap();
    let store = disk::open(&world, cora);
    let doc: DocId = two.parse().unwrap();
    assert_eq!(strays::count(&store.read()).unwrap(), 0);
    assert!(conversations::get(&store.read(), &doc).unwrap().is_some());
    assert_eq!(messages::before(&store.read(), &doc, None, 99).unwrap().len(), 30);
    drop(store);
    world.start(cora).unwrap();
}

#[test]
fn a_comment_that_is_taken_back_comes_nowhere_near_the_client() {
    let (mut house, two) = commented(205);
    let (laptop, ben) = (house.laptop, house.ben);
    let world = &mut house.world;
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    let args =
        Comment { conversation: two.clone(), text: "not to be read by Ben".to_owned(), ..Comment::default() };
    let written: Commented = world.ask(laptop, Call::Comment(args)).unwrap();
    let waiting = world.outbox(laptop).unwrap();
    let row = waiting.iter().find(|row| row.preview == "not to be read by Ben").unwrap().id.clone();
    let _: Done = world.ask(laptop, Call::OutboxCancel(ItemRef { id: row })).unwrap();
    let draft = world.draft(laptop, &two).unwrap();
    assert!(draft.text.is_empty() && draft.others.is_empty(), "{draft:?}");
    assert_eq!(world.comment_draft(laptop, &two).unwrap().text, "not to be read by Ben");
    assert!(world.messages(laptop, &two).unwrap().iter().all(|row| row.id != written.id));
    // Nor by being forwarded.
    let comment = world.messages(laptop, &two).unwrap().into_iter().find(|row| row.internal).unwrap();
    let args = Forward { messages: vec![comment.id], to: vec![two.clone()], comment: String::new() };
    let error = world.refusal(laptop, Call::Forward(args)).unwrap();
    assert_eq!(error.code, Code::RoleForbids);
    world.settle().unwrap();
    assert_eq!(world.bodies(ben, &two).unwrap(), ["Dear Ben"]);
}

#[test]
fn colleagues_hear_who_answers_the_client_and_the_client_does_not() {
    let (mut house, two) = commented(206);
    let (laptop, ben, cora) = (house.laptop, house.ben, house.cora);
    let world = &mut house.world;
    world.settle().unwrap();
    for device in [laptop, ben, cora] {
        let args = Focus { conversation: Some(two.clone()), attended: true };
        let _: Done = world.ask(device, Call::Focus(args)).unwrap();
    }
    world.run_for(5_000).unwrap();
    for device in [laptop, ben, cora] {
        world.take_events(device).unwrap();
    }
    let _: Done = world.ask(cora, Call::Replying(homing_sim::people::reference(&two))).unwrap();
    world.run_for(5_000).unwrap();
    let heard = |world: &mut World, device| {
        let told = world.take_events(device).unwrap();
        told.iter().any(|event| matches!(event, Event::Replying { name, .. } if name == "Cora"))
    };
    assert!(heard(world, laptop));
    assert!(!heard(world, ben) && !heard(world, cora));
    // A client who answers is no colleague.
    let done: Done = world.ask(ben, Call::Replying(homing_sim::people::reference(&two))).unwrap();
    assert!(!done.done);
}
