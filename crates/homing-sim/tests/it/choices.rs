//! What people choose for conversations and people: it holds on all their devices, offline too, and concerns nobody else.

use homing_engine::api::{
    Call, ConversationChange as Change, ConversationGroups, ConversationMerge, ConversationPage,
    ConversationRow, Conversations, ConversationsChange, ConversationsChanged, Done, Event, EvidenceWords,
    Filter, Focus, GroupedConversations, Heading, NoticeKind, NoticePage, Notices, OneChange, PersonRow,
    PersonSet, RecordLink, SpamReport, SpamReported,
};
use homing_sim::{DeviceId, World, text};

use crate::house::{House, at_rest, same_messages};

const HOUR: u64 = 3_600_000;

fn change(world: &mut World, device: DeviceId, of: &[&str], change: &Change) -> ConversationsChanged {
    let one = |id: &&str| OneChange { conversation: (*id).to_owned(), change: change.clone() };
    let args = ConversationsChange { changes: of.iter().map(one).collect() };
    world.ask(device, Call::ConversationsChange(args)).unwrap()
}

fn undo(world: &mut World, device: DeviceId, done: ConversationsChanged) {
    let args = ConversationsChange { changes: done.undo };
    let _: ConversationsChanged = world.ask(device, Call::ConversationsChange(args)).unwrap();
}

fn list(world: &mut World, device: DeviceId, filter: Filter) -> Vec<ConversationRow> {
    let args = Conversations { filter, after: None, limit: 100 };
    let page: ConversationPage = world.ask(device, Call::Conversations(args)).unwrap();
    // A client's space begins with a conversation without a subject.
    page.rows.into_iter().filter(|row| !row.subject.is_empty()).collect()
}

fn ids(world: &mut World, device: DeviceId, filter: Filter) -> Vec<String> {
    list(world, device, filter).into_iter().map(|row| row.id).collect()
}

fn in_ms(world: &World, ms: u64) -> Option<String> {
    let at = i64::try_from(world.now_ms() + ms).unwrap();
    Some(chrono::DateTime::from_timestamp_millis(at).unwrap().to_rfc3339())
}

#[test]
fn what_one_device_chose_apart_holds_on_all_of_the_person_s() {
    let mut house = House::new(210);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(ben, &two, "unread").unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    change(world, laptop, &[&two], &Change::Pin { on: true });
    change(world, laptop, &[&two], &Change::Mute { until: Some("forever".to_owned()) });
    let archived = change(world, laptop, &[&two, &group], &Change::Archive { on: true });
    assert_eq!(archived.undo.len(), 2);
    // One undo for the whole.
    undo(world, laptop, archived);
    change(world, laptop, &[&group], &Change::Archive { on: true });
    assert_eq!(change(world, laptop, &[&group], &Change::Archive { on: true }).undo, []);
    let tablet = world.add_device("tablet", 0).unwrap();
    world.settle().unwrap();
    world.link_device(desktop, tablet).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, tablet] {
        let rows = list(world, device, Filter::Active);
        assert_eq!(rows.len(), 1, "device {device}");
        assert!(rows[0].id == two && rows[0].pinned && rows[0].unread == 1, "device {device}: {rows:?}");
        assert!(rows[0].muted_until.as_deref().unwrap().starts_with("9999"));
        assert_eq!(ids(world, device, Filter::Archived), [group.as_str()]);
    }
    let theirs = list(world, ben, Filter::All);
    assert!(theirs.iter().all(|row| !row.pinned && !row.archived && row.muted_until.is_none()));
    at_rest(world, &[laptop, desktop, ben, tablet]);
}

#[test]
fn reading_and_marking_are_taken_back_without_touching_receipts() {
    let mut house = House::new(211);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    let message = world.send(ben, &two, "did you read this").unwrap();
    world.settle().unwrap();
    let marked = change(world, laptop, &[&two], &Change::Mark { on: true });
    undo(world, laptop, marked);
    let row = list(world, laptop, Filter::Unread).remove(0);
    assert_eq!((row.unread, row.marked_unread), (1, false), "it is as unread as before");
    let read = change(world, laptop, &[&two], &Change::Read {});
    assert!(ids(world, laptop, Filter::Unread).is_empty());
    undo(world, laptop, read);
    world.settle().unwrap();
    let row = list(world, desktop, Filter::Unread).remove(0);
    assert_eq!((row.unread, row.marked_unread), (0, true));
    let rows = world.messages(ben, &two).unwrap();
    let sent = rows.iter().find(|row| row.id == message).unwrap();
    assert!(sent.receipts.iter().any(|receipt| receipt.read));
}

#[test]
fn a_snoozed_conversation_comes_back_at_its_time_after_a_restart_too() {
    let mut house = House::new(212);
    let (laptop, desktop, two, group) = (house.laptop, house.desktop, house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &group, "newer").unwrap();
    world.settle().unwrap();
    let until = in_ms(world, 2 * HOUR);
    let done = change(world, laptop, &[&two], &Change::Snooze { until });
    assert!(done.rows[0].snoozed);
    world.run_for(60_000).unwrap();
    assert_eq!(ids(world, desktop, Filter::Snoozed), [two.as_str()]);
    assert_eq!(ids(world, desktop, Filter::Active), [group.as_str()]);
    world.set_online(desktop, false).unwrap();
    world.crash(laptop).unwrap();
    world.run_for(HOUR).unwrap();
    world.take_events(desktop).unwrap();
    world.run_for(HOUR).unwrap();
    let told = world.take_events(desktop).unwrap();
    assert!(told.iter().any(|event| matches!(event, Event::Conversations { upsert, .. }
        if upsert.iter().any(|row| row.id == two && !row.snoozed))));
    world.start(laptop).unwrap();
    world.run_for(1_000).unwrap();
    for device in [laptop, desktop] {
        // Where it is seen: before what is newer.
        assert_eq!(ids(world, device, Filter::Active), [two.clone(), group.clone()], "device {device}");
        assert!(ids(world, device, Filter::Snoozed).is_empty());
    }
    // The past is no time to snooze until.
    let args = ConversationsChange {
        changes: vec![OneChange {
            conversation: two,
            change: Change::Snooze { until: Some("2020-01-01T00:00:00Z".to_owned()) },
        }],
    };
    world.refusal(laptop, Call::ConversationsChange(args)).unwrap();
}

#[test]
fn a_new_message_wakes_a_snoozed_conversation_on_all_devices_and_an_old_one_does_not() {
    let mut house = House::new(213);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.send(ben, &two, "before").unwrap();
    world.settle().unwrap();
    let until = in_ms(world, 48 * HOUR);
    change(world, laptop, &[&two], &Change::Snooze { until });
    world.settle().unwrap();
    // A new device learns of the message and of the snooze in any order: the message is older.
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(desktop, tablet).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, tablet] {
        assert_eq!(ids(world, device, Filter::Snoozed), [two.as_str()], "device {device}");
    }
    world.set_online(desktop, false).unwrap();
    world.send(ben, &two, "after").unwrap();
    world.run_for(60_000).unwrap();
    assert!(ids(world, laptop, Filter::Active).contains(&two));
    world.settle().unwrap();
    for device in [laptop, desktop, tablet] {
        assert!(ids(world, device, Filter::Snoozed).is_empty(), "device {device}");
        assert!(ids(world, device, Filter::Active).contains(&two), "device {device}");
    }
    at_rest(world, &[laptop, desktop, ben, tablet]);
}

#[test]
fn a_new_message_takes_a_conversation_out_of_the_archive_unless_it_is_muted() {
    let mut house = House::new(220);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    change(world, laptop, &[&two, &group], &Change::Archive { on: true });
    change(world, laptop, &[&group], &Change::Mute { until: Some("forever".to_owned()) });
    world.settle().unwrap();
    world.send(ben, &two, "one more thing").unwrap();
    world.send(cora, &group, "chatter").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(ids(world, device, Filter::Active), [two.as_str()], "device {device}");
        assert_eq!(ids(world, device, Filter::Archived), [group.as_str()], "device {device}");
    }
    at_rest(world, &[laptop, desktop, ben, cora]);
}

#[test]
fn a_muted_conversation_announces_nothing_until_its_time() {
    let mut house = House::new(214);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    let until = in_ms(world, HOUR);
    change(world, laptop, &[&two], &Change::Mute { until });
    let announced = |world: &mut World, text: &str| {
        world.take_events(laptop).unwrap();
        world.send(ben, &two, text).unwrap();
        world.settle().unwrap();
        world
            .take_events(laptop)
            .unwrap()
            .iter()
            .filter(|event| matches!(event, Event::Notify { .. }))
            .count()
    };
    assert_eq!(announced(world, "hush"), 0);
    world.run_for(HOUR).unwrap();
    assert_eq!(announced(world, "again"), 1);
}

#[test]
fn the_team_shares_who_looks_after_a_conversation_and_the_client_never_knows() {
    let mut house = House::new(215);
    let (laptop, desktop, ben, cora, two, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.two.clone(), house.group.clone());
    let world = &mut house.world;
    assert_eq!(ids(world, cora, Filter::Unassigned), [two.as_str()]);
    let assign = |person: Option<&str>| Change::Assign { person: person.map(str::to_owned) };
    world.set_online(laptop, false).unwrap();
    let done = change(world, laptop, &[&two], &assign(Some("Cora")));
    assert!(!done.rows[0].assignee.as_ref().unwrap().me);
    world.settle().unwrap();
    let row = list(world, cora, Filter::Mine).remove(0);
    assert!(row.id == two && row.assignee.unwrap().me);
    assert_eq!(list(world, desktop, Filter::All).iter().filter(|row| row.assignee.is_some()).count(), 1);
    assert!(ids(world, desktop, Filter::Unassigned).is_empty());
    let theirs = list(world, ben, Filter::All);
    assert!(theirs.iter().all(|row| row.assignee.is_none() && !row.staffed));
    undo(world, laptop, done);
    world.settle().unwrap();
    assert!(ids(world, cora, Filter::Mine).is_empty());
    // Not in a talk, not to somebody outside the team, and not by the client.
    for (device, conversation, person) in
        [(laptop, &group, "Cora"), (laptop, &two, "Ben"), (ben, &two, "Ben")]
    {
        let args = ConversationsChange {
            changes: vec![OneChange { conversation: conversation.clone(), change: assign(Some(person)) }],
        };
        world.refusal(device, Call::ConversationsChange(args)).unwrap();
    }
    at_rest(world, &[laptop, desktop, ben, cora]);
}

#[test]
fn conversations_in_which_somebody_is_named_have_a_list_of_their_own() {
    let mut house = House::new(220);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let world = &mut house.world;
    world.send(ben, &house.two, "nobody is named").unwrap();
    let named = world.send(ben, &group, "@Ada shall we?").unwrap();
    let later = world.send(ben, &group, "or shall we not").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(ids(world, device, Filter::Mentions), [group.as_str()], "device {device}");
        assert!(list(world, device, Filter::All).iter().all(|row| row.named == (row.id == group)));
    }
    assert_eq!(ids(world, ben, Filter::Mentions), Vec::<String>::new());
    // Other words name her, or nobody any more; what is deleted names nobody.
    world.edit(ben, &named, "shall we?").unwrap();
    world.settle().unwrap();
    assert_eq!(ids(world, laptop, Filter::Mentions), Vec::<String>::new());
    world.edit(ben, &later, "or shall we not, @Ada").unwrap();
    world.settle().unwrap();
    assert_eq!(ids(world, laptop, Filter::Mentions), [group.as_str()]);
    world.delete_message(ben, &later).unwrap();
    world.settle().unwrap();
    assert_eq!(ids(world, desktop, Filter::Mentions), Vec::<String>::new());
    at_rest(world, &[laptop, desktop, ben]);
}

#[test]
fn merged_conversations_are_one_everywhere_and_come_apart_again() {
    let mut house = House::new(216);
    let (laptop, desktop, ben, cora, two) =
        (house.laptop, house.desktop, house.ben, house.cora, house.two.clone());
    let all = house.devices();
    let world = &mut house.world;
    let twice = world.conversation(laptop, "Two again", &["Ben"]).unwrap();
    world.send(laptop, &two, "one").unwrap();
    world.run_for(60_000).unwrap();
    world.send(ben, &twice, "two").unwrap();
    world.settle().unwrap();
    let draft = world.draft(laptop, &twice).unwrap();
    world.draft_set(laptop, &twice, "not lost", &draft.revision).unwrap();
    let draft = world.draft(laptop, &two).unwrap();
    world.draft_set(laptop, &two, "nor this", &draft.revision).unwrap();
    // Ben writes into the other one while it is being merged.
    world.set_online(ben, false).unwrap();
    world.set_online(laptop, false).unwrap();
    world.send(ben, &twice, "three").unwrap();
    let merge = |into: Option<&str>| {
        Call::ConversationMerge(ConversationMerge {
            conversation: twice.clone(),
            into: into.map(str::to_owned),
        })
    };
    let row: ConversationRow = world.ask(laptop, merge(Some(&two))).unwrap();
    assert_eq!(row.id, two);
    world.settle().unwrap();
    for device in &all {
        let listed = ids(world, *device, Filter::All);
        assert!(!listed.contains(&twice) && listed.contains(&two), "device {device}: {listed:?}");
        let detail = world.conversation_detail(*device, &twice).unwrap();
        assert_eq!(detail.row.id, two, "what is opened by its old name is the whole");
        assert_eq!(detail.parts.len(), 1);
    }
    assert_eq!(same_messages(world, &all, &two), ["one", "two", "three"]);
    let texts: Vec<String> = world.drafts(desktop).unwrap().into_iter().map(|row| row.text).collect();
    assert!(texts.contains(&"not lost".to_owned()) && texts.contains(&"nor this".to_owned()), "{texts:?}");
    let here = world.draft(laptop, &two).unwrap();
    let mut shown: Vec<String> = here.others.iter().map(|row| row.text.clone()).chain([here.text]).collect();
    shown.sort();
    assert_eq!(shown, ["nor this", "not lost"]);
    let _: ConversationRow =
        world.ask(cora, merge(None)).unwrap_or_else(|_| world.ask(laptop, merge(None)).unwrap());
    world.settle().unwrap();
    assert_eq!(same_messages(world, &all, &two), ["one"]);
    assert_eq!(same_messages(world, &all, &twice), ["two", "three"]);
    at_rest(world, &all);
}

#[test]
fn a_merged_conversation_brings_its_property_and_takes_it_along_again() {
    let mut house = House::new(222);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    let twice = world.conversation(laptop, "Two again", &["Ben"]).unwrap();
    let villa = world.property(laptop, &[text("title", "Villa Rosa")]).unwrap().id;
    let mill = world.property(laptop, &[text("title", "Old mill")]).unwrap().id;
    let link = |world: &mut World, conversation: &str, record: &str, on: bool| {
        let args = RecordLink { conversation: conversation.to_owned(), record: record.to_owned(), on };
        let row: ConversationRow = world.ask(laptop, Call::RecordLink(args)).unwrap();
        world.settle().unwrap();
        titles(&row)
    };
    link(world, &twice, &villa, true);
    link(world, &two, &mill, true);
    world.send(laptop, &twice, "The keys are in the shed").unwrap();
    let merge = |into: Option<&str>| {
        Call::ConversationMerge(ConversationMerge {
            conversation: twice.clone(),
            into: into.map(str::to_owned),
        })
    };
    let row: ConversationRow = world.ask(laptop, merge(Some(&two))).unwrap();
    assert_eq!(titles(&row), ["Old mill", "Villa Rosa"]);
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let row = list(world, device, Filter::All).into_iter().find(|row| row.id == two).unwrap();
        assert_eq!(titles(&row), ["Old mill", "Villa Rosa"], "device {device}");
        let found = world.search(device, "record:\"Villa Rosa\" keys").unwrap();
        assert_eq!(found.hits.len(), 1, "device {device}: {found:?}");
        let about = world.record(device, &villa).unwrap().conversations;
        assert_eq!(about.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [two.as_str()]);
        let groups = ConversationGroups { filter: Filter::All, by: Heading::Record, limit: 10 };
        let groups: GroupedConversations = world.ask(device, Call::ConversationGroups(groups)).unwrap();
        let under = |name: &str| {
            let group = groups.groups.iter().find(|group| group.name == name);
            group.map(|group| group.conversations.clone()).unwrap_or_default()
        };
        assert_eq!((under("Villa Rosa"), under("Old mill")), (vec![two.clone()], vec![two.clone()]));
    }
    // What is taken off the whole is taken off where it was.
    assert_eq!(link(world, &two, &villa, false), ["Old mill"]);
    assert_eq!(link(world, &two, &mill, false), Vec::<String>::new());
    link(world, &two, &mill, true);
    let _: ConversationRow = world.ask(laptop, merge(None)).unwrap();
    world.settle().unwrap();
    link(world, &twice, &villa, true);
    let _: ConversationRow = world.ask(laptop, merge(Some(&two))).unwrap();
    world.settle().unwrap();
    let _: ConversationRow = world.ask(desktop, merge(None)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let rows = list(world, device, Filter::All);
        let of = |id: &str| rows.iter().find(|row| row.id == id).map(titles).unwrap();
        assert_eq!((of(&two), of(&twice)), (vec!["Old mill".to_owned()], vec!["Villa Rosa".to_owned()]));
        let about = world.record(device, &villa).unwrap().conversations;
        assert_eq!(about.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [twice.as_str()]);
    }
    at_rest(world, &[laptop, desktop, ben]);
}

fn titles(row: &ConversationRow) -> Vec<String> {
    let mut titles: Vec<String> = row.records.iter().map(|chip| chip.title.clone()).collect();
    titles.sort();
    titles
}

#[test]
fn who_is_blocked_is_not_heard_and_comes_back_when_unblocked() {
    let mut house = House::new(217);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    let set = |blocked: bool| {
        Call::PersonSet(PersonSet { person: "Ben".to_owned(), blocked: Some(blocked), name: None })
    };
    let _: Vec<PersonRow> = world.ask(laptop, set(true)).unwrap();
    world.settle().unwrap();
    world.take_events(desktop).unwrap();
    world.send(ben, &two, "hello?").unwrap();
    world.send(ben, &group, "hello all?").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(ids(world, device, Filter::Blocked), [two.as_str()], "device {device}");
        assert_eq!(ids(world, device, Filter::Active), [group.as_str()], "device {device}");
        let rows = world.messages(device, &group).unwrap();
        assert!(rows.iter().all(|row| row.blocked), "device {device}");
    }
    let told = world.take_events(desktop).unwrap();
    assert!(!told.iter().any(|event| matches!(event, Event::Notify { .. })));
    // It is Ada's choice alone.
    assert!(world.messages(cora, &group).unwrap().iter().all(|row| !row.blocked));
    world.take_events(laptop).unwrap();
    let _: Vec<PersonRow> = world.ask(desktop, set(false)).unwrap();
    world.settle().unwrap();
    assert!(ids(world, laptop, Filter::Active).contains(&two));
    // What a window shows of them is drawn anew.
    let told = world.take_events(laptop).unwrap();
    for shown in [&two, &group] {
        let anew = |event: &Event| matches!(event, Event::Reshaped { conversation } if conversation == shown);
        assert!(told.iter().any(anew), "{shown}");
    }
    at_rest(world, &[laptop, desktop, ben, cora]);
}

#[test]
fn who_is_blocked_counts_for_nothing_in_a_group_and_is_found_when_unblocked() {
    let mut house = House::new(221);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let group = house.group.clone();
    let world = &mut house.world;
    world.send(cora, &group, "from Cora").unwrap();
    world.send(ben, &group, "before, @Ada").unwrap();
    world.settle().unwrap();
    let of = |world: &mut World, device: DeviceId| {
        list(world, device, Filter::All).into_iter().find(|row| row.id == group).unwrap()
    };
    let at_the_bell = |world: &mut World, device: DeviceId| -> Vec<NoticeKind> {
        let notices = Call::Notices(Notices { after: None, unread: true, limit: 100 });
        let page: NoticePage = world.ask(device, notices).unwrap();
        assert_eq!(page.unread as usize, page.rows.len(), "device {device}: {page:?}");
        page.rows
            .into_iter()
            .filter(|row| row.conversation.as_ref() == Some(&group))
            .map(|row| row.kind)
            .collect()
    };
    let set = |blocked: bool| {
        Call::PersonSet(PersonSet { person: "Ben".to_owned(), blocked: Some(blocked), name: None })
    };
    let others = world.status(laptop).unwrap().unread - 2;
    let _: Vec<PersonRow> = world.ask(laptop, set(true)).unwrap();
    change(world, laptop, &[&group], &Change::Archive { on: true });
    world.settle().unwrap();
    let look = |world: &mut World, device: DeviceId, at: Option<&str>| {
        let args = Focus { conversation: at.map(str::to_owned), attended: at.is_some() };
        world.ask::<Done>(device, Call::Focus(args)).unwrap();
        world.run_for(2_000).unwrap();
    };
    look(world, laptop, Some(&group));
    for device in [laptop, desktop] {
        world.take_events(device).unwrap();
    }
    look(world, ben, Some(&group));
    let _: Done = world.ask(ben, Call::Typing(homing_sim::people::reference(&group))).unwrap();
    world.run_for(2_000).unwrap();
    let said = world.take_events(laptop).unwrap();
    let live = |event: &Event| matches!(event, Event::Typing { .. } | Event::Presence { .. });
    assert!(!said.iter().any(live), "{said:?}");
    look(world, laptop, None);
    let meanwhile = world.send(ben, &group, "meanwhile, @Ada").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let row = of(world, device);
        assert!(row.archived && !row.named, "device {device}: {row:?}");
        assert_eq!((row.unread, row.preview.as_str()), (1, "from Cora"), "device {device}");
        assert_eq!(at_the_bell(world, device), [], "device {device}");
        let first = world.conversation_detail(device, &group).unwrap().first_unread.unwrap();
        assert!(world.messages(device, &group).unwrap().iter().any(|row| row.id == first && !row.blocked));
        assert_eq!(world.bodies(device, &group).unwrap().len(), 3, "it is there, folded");
    }
    // Whoever else writes brings it back.
    world.send(cora, &group, "Cora again").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let row = of(world, device);
        assert_eq!((row.archived, row.unread, row.preview.as_str()), (false, 2, "Cora again"));
        assert_eq!(world.status(device).unwrap().unread, others + 2, "device {device}");
        assert_eq!(at_the_bell(world, device), [NoticeKind::Message], "device {device}");
    }
    // Read while it was folded is read.
    world.shown(laptop, &group, &[meanwhile]).unwrap();
    world.settle().unwrap();
    assert_eq!(of(world, desktop).unread, 2);
    at_rest(world, &[laptop, desktop, ben, cora]);
    let last = world.send(ben, &group, "last").unwrap();
    world.settle().unwrap();
    let _: Vec<PersonRow> = world.ask(desktop, set(false)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let row = of(world, device);
        assert_eq!((row.unread, row.named, row.preview.as_str()), (4, true, "last"), "device {device}");
        assert_eq!(at_the_bell(world, device), [NoticeKind::Message, NoticeKind::Mention], "device {device}");
    }
    world.read(laptop, &group).unwrap();
    world.settle().unwrap();
    assert_eq!(of(world, desktop).unread, 0);
    assert!(world.messages(desktop, &group).unwrap().iter().any(|row| row.id == last && !row.unread));
    at_rest(world, &[laptop, desktop, ben, cora]);
}

#[test]
fn a_local_name_is_shown_everywhere_and_its_tricks_are_visible() {
    let mut house = House::new(218);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let world = &mut house.world;
    world.send(ben, &group, "who am I").unwrap();
    let name = |name: &str| {
        Call::PersonSet(PersonSet { person: "Ben".to_owned(), blocked: None, name: Some(name.to_owned()) })
    };
    let _: Vec<PersonRow> = world.ask(laptop, name("The \u{202e}tenant")).unwrap();
    world.settle().unwrap();
    let shown = "The ⟨U+202E⟩tenant";
    for device in [laptop, desktop] {
        assert_eq!(world.messages(device, &group).unwrap()[0].author_name, shown);
        assert!(world.members(device, &group).unwrap().iter().any(|row| row.name == shown));
        let people = world.people(device).unwrap();
        let row = people.iter().find(|row| row.name == shown).unwrap();
        assert_eq!(row.own_name.as_deref(), Some("Ben"));
    }
    assert!(world.people(ben).unwrap().iter().any(|row| row.me && row.name == "Ben"));
    let args = PersonSet { person: shown.to_owned(), blocked: None, name: Some(String::new()) };
    let rows: Vec<PersonRow> = world.ask(desktop, Call::PersonSet(args)).unwrap();
    assert!(rows.iter().any(|row| row.name == "Ben" && row.own_name.is_none()));
}

#[test]
fn reported_spam_is_blocked_put_away_and_kept_as_evidence() {
    let mut house = House::new(219);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.send(ben, &two, "win a prize").unwrap();
    world.send(laptop, &two, "no, thanks").unwrap();
    world.settle().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.txt");
    let report = |file: &std::path::Path| {
        Call::SpamReport(SpamReport {
            conversation: two.clone(),
            person: "Ben".to_owned(),
            file: Some(file.to_str().unwrap().to_owned()),
            words: EvidenceWords { name: "Nombre".to_owned(), ..EvidenceWords::default() },
        })
    };
    // What can't be kept is not done by halves.
    let error = world.refusal(laptop, report(&folder.path().join("missing").join("x"))).unwrap();
    assert_eq!(error.code, homing_engine::api::Code::FileFailed);
    assert!(ids(world, laptop, Filter::Active).contains(&two));
    let done: SpamReported = world.ask(laptop, report(&file)).unwrap();
    assert_eq!(done.kept, 1);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("win a prize") && text.contains("\nNombre: Ben\n") && !text.contains("no, thanks"));
    assert_eq!(ids(world, laptop, Filter::Blocked), [two]);
    assert!(done.people.iter().any(|row| row.blocked));
}
