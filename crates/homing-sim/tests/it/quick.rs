//! Quick replies: shared by the team, filled in, counted on every device, taken from and written as tables.

use data_encoding::BASE64;
use homing_engine::api::{
    AttachmentState, Call, ConversationRow, Downloads, Draft, DraftSet, FileRoom, FileRulesSet, FileSource,
    QuickAttach, QuickDuplicates, QuickExport, QuickFill, QuickImport, QuickImported, QuickReplies,
    QuickReply, QuickReplyRemove, QuickReplySet, QuickTable, QuickText, RecordDetail, RecordFiles,
    RecordLink,
};
use homing_sim::{DeviceId, World, text};

use crate::house::{House, at_rest};

fn add(world: &mut World, device: DeviceId, title: &str, body: &str) -> QuickReply {
    let set = QuickReplySet { title: title.to_owned(), body: body.to_owned(), ..QuickReplySet::default() };
    world.ask(device, Call::QuickReplySet(set)).unwrap()
}

fn list(world: &mut World, device: DeviceId) -> Vec<QuickReply> {
    world.ask(device, Call::QuickReplies(QuickReplies::default())).unwrap()
}

fn fill(world: &mut World, device: DeviceId, id: &str, conversation: &str) -> QuickText {
    let (id, conversation) = (Some(id.to_owned()), Some(conversation.to_owned()));
    world.ask(device, Call::QuickFill(QuickFill { id, conversation, ..QuickFill::default() })).unwrap()
}

/// Sends a quick reply as somebody does who picks it in the message field.
fn send(world: &mut World, device: DeviceId, id: &str, conversation: &str) {
    let text = fill(world, device, id, conversation).text;
    let set = DraftSet {
        conversation: conversation.to_owned(),
        text,
        draft: Some(String::new()),
        base: None,
        reply_to: None,
        template: Some(id.to_owned()),
    };
    let draft: Draft = world.ask(device, Call::DraftSet(set)).unwrap();
    assert_eq!(draft.template.as_deref(), Some(id));
    world.draft_send(device, conversation).unwrap();
}

fn import(
    world: &mut World,
    device: DeviceId,
    csv: &str,
    apply: bool,
    duplicates: QuickDuplicates,
) -> QuickImported {
    let args = QuickImport { csv: csv.to_owned(), apply, duplicates };
    world.ask(device, Call::QuickImport(args)).unwrap()
}

#[test]
fn the_team_shares_them_and_counts_right_however_far_apart() {
    let mut house = House::new(41);
    let (laptop, desktop, cora, ben, two) =
        (house.laptop, house.desktop, house.cora, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let greeting = add(world, laptop, "Welcome", "Dear {{client.first_name}}, here is {{me.name}}.");
    assert!(greeting.team && greeting.active && greeting.category == "custom");
    world.settle().unwrap();
    assert_eq!(list(world, cora)[0].title, "Welcome");
    assert!(list(world, ben).is_empty(), "a client sees none of them");

    // Two devices of Ada and one of Cora use it while none of them hears of the others.
    for device in [laptop, desktop, cora] {
        world.set_online(device, false).unwrap();
    }
    for (device, times) in [(laptop, 2), (desktop, 3), (cora, 1)] {
        for _ in 0..times {
            send(world, device, &greeting.id, &two);
        }
    }
    world.settle().unwrap();
    for device in [laptop, desktop, cora] {
        assert_eq!(list(world, device)[0].uses, 6, "device {device}");
    }
    let sent = world.messages(ben, &two).unwrap();
    assert_eq!(sent.len(), 6);
    assert!(sent.iter().all(|row| row.template.is_none()), "a client hears of no quick reply");
    assert!(sent.iter().any(|row| row.body == "Dear Ben, here is Ada."), "{sent:?}");
    assert!(sent.iter().any(|row| row.body == "Dear Ben, here is Cora."));
    for row in world.messages(cora, &two).unwrap() {
        let began = row.template.map(|one| (one.id, one.title));
        assert_eq!(began, Some((greeting.id.clone(), "Welcome".to_owned())), "{}", row.body);
    }
    at_rest(world, &everybody);
}

#[test]
fn a_property_that_is_not_here_leaves_a_gap() {
    let mut house = House::new(49);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    let villa = world.property(laptop, &[text("title", "Villa Rosa")]).unwrap().id;
    let link = RecordLink { conversation: two.clone(), record: villa, on: true };
    let _: ConversationRow = world.ask(laptop, Call::RecordLink(link)).unwrap();
    world.settle().unwrap();
    let filled = |world: &mut World, device: DeviceId| -> QuickText {
        let body = Some("{{me.name}} asks about {{property.title}}.".to_owned());
        let args = QuickFill { body, conversation: Some(two.clone()), ..QuickFill::default() };
        world.ask(device, Call::QuickFill(args)).unwrap()
    };
    assert_eq!(filled(world, laptop).text, "Ada asks about Villa Rosa.");
    // It was not shared with Ben.
    let theirs = filled(world, ben);
    assert_eq!(theirs.text, "Ben asks about {{property.title}}.");
    assert_eq!(theirs.gaps.iter().map(|gap| gap.name.as_str()).collect::<Vec<_>>(), ["property.title"]);
}

#[test]
fn their_files_go_with_a_message_to_the_client_bit_for_bit() {
    let mut house = House::new(44);
    let (laptop, desktop, cora, ben) = (house.laptop, house.desktop, house.cora, house.ben);
    let (two, everybody) = (house.two.clone(), house.devices());
    let world = &mut house.world;
    let rules = FileRulesSet { downloads: Some(Downloads::OnDemand), ..FileRulesSet::default() };
    let _: FileRoom = world.ask(cora, Call::FileRulesSet(rules)).unwrap();
    let one = add(world, laptop, "House rules", "Please read this.");
    let bytes: Vec<u8> = (0..90_000u32).map(|n| (n % 251) as u8).collect();
    let file = FileSource::Bytes {
        name: "Rules.pdf".into(),
        mime: "application/pdf".into(),
        base64: BASE64.encode(&bytes),
        voice: None,
    };
    let files = RecordFiles { record: one.id.clone(), field: "files".into(), add: vec![file], keep: None };
    let _: RecordDetail = world.ask(laptop, Call::RecordFiles(files)).unwrap();
    world.settle().unwrap();

    assert_eq!(list(world, desktop)[0].files[0].state, AttachmentState::Ready, "at hand before it is picked");

    // Cora's device fetches only what is asked for: it is fetched now, and nothing goes without it.
    let shown = list(world, cora)[0].files.clone();
    assert_eq!((shown[0].name.as_str(), shown[0].state), ("Rules.pdf", AttachmentState::Remote));
    let attach = QuickAttach { id: one.id.clone(), conversation: two.clone(), draft: None };
    world.set_online(cora, false).unwrap();
    let missing = world.ask::<Draft>(cora, Call::QuickAttach(attach.clone())).unwrap_err();
    assert!(missing.to_string().contains("Rules.pdf"), "{missing}");
    assert_eq!(world.draft(cora, &two).unwrap().files, []);
    world.set_online(cora, true).unwrap();
    world.settle().unwrap();
    assert_eq!(list(world, cora)[0].files[0].state, AttachmentState::Ready);
    let draft: Draft = world.ask(cora, Call::QuickAttach(attach.clone())).unwrap();
    assert_eq!(draft.files.len(), 1);
    assert_ne!(draft.files[0].id, shown[0].id, "it is a file of its own, under a key of its own");
    let set = DraftSet {
        conversation: two.clone(),
        text: "Please read this.".to_owned(),
        draft: Some(draft.id),
        base: Some(draft.revision),
        reply_to: None,
        template: Some(one.id.clone()),
    };
    let _: Draft = world.ask(cora, Call::DraftSet(set)).unwrap();
    world.draft_send(cora, &two).unwrap();
    world.settle().unwrap();

    let came = world.file_row(ben, &two, "Please read this.").unwrap();
    world.fetch_file(ben, &came.id).unwrap();
    world.settle().unwrap();
    assert_eq!(world.read_file(ben, &came.id).unwrap(), bytes);
    // Taken out of the quick reply it stays in the message.
    let none = RecordFiles { record: one.id, field: "files".into(), add: Vec::new(), keep: Some(Vec::new()) };
    let _: RecordDetail = world.ask(laptop, Call::RecordFiles(none)).unwrap();
    world.settle().unwrap();
    assert_eq!(list(world, cora)[0].files, []);
    assert_eq!(world.read_file(ben, &came.id).unwrap(), bytes);
    let there = QuickAttach { id: "no such".into(), ..attach };
    assert!(world.ask::<Draft>(cora, Call::QuickAttach(there)).is_err());
    at_rest(world, &everybody);
}

#[test]
fn what_can_t_be_filled_in_is_named_and_stays() {
    let mut house = House::new(42);
    let (laptop, group, two) = (house.laptop, house.group.clone(), house.two.clone());
    let world = &mut house.world;
    let body = "{{client.name}} {{reservation.check_in}} {{clinet.name}} {{today}}";
    let one = add(world, laptop, "Arrival", body);
    let gaps = |text: &QuickText| -> Vec<(String, bool)> {
        text.gaps.iter().map(|gap| (gap.name.clone(), gap.known)).collect()
    };
    let filled = fill(world, laptop, &one.id, &two);
    assert!(filled.text.starts_with("Ben {{reservation.check_in}} {{clinet.name}} 20"), "{filled:?}");
    let (known, unknown) = (("reservation.check_in".to_owned(), true), ("clinet.name".to_owned(), false));
    assert_eq!(gaps(&filled), [known.clone(), unknown.clone()]);
    // Among several people nobody is the client.
    let filled = fill(world, laptop, &one.id, &group);
    assert_eq!(gaps(&filled), [("client.name".to_owned(), true), known, unknown]);
}

#[test]
fn they_are_changed_removed_and_taken_back_on_every_device() {
    let mut house = House::new(43);
    let (laptop, cora) = (house.laptop, house.cora);
    let everybody = house.devices();
    let world = &mut house.world;
    let one = add(world, laptop, "Keys", "The keys lie in the box.");
    world.settle().unwrap();
    world.set_online(cora, false).unwrap();
    let set = |title: &str, body: &str, active| QuickReplySet {
        id: Some(one.id.clone()),
        title: title.to_owned(),
        body: body.to_owned(),
        category: Some("check_in".to_owned()),
        active: Some(active),
        property: None,
    };
    let changed: QuickReply =
        world.ask(cora, Call::QuickReplySet(set("Keys and code", "The keys lie in the box.", true))).unwrap();
    assert_eq!(changed.category, "check_in");
    let _: QuickReply =
        world.ask(laptop, Call::QuickReplySet(set("Keys", "The keys are with Tom.", true))).unwrap();
    world.settle().unwrap();
    for device in [laptop, cora] {
        let shown = list(world, device);
        assert_eq!(
            (shown[0].title.as_str(), shown[0].body.as_str()),
            ("Keys and code", "The keys are with Tom.")
        );
    }
    let remove = |back| Call::QuickReplyRemove(QuickReplyRemove { id: one.id.clone(), back });
    let _: homing_engine::api::Done = world.ask(cora, remove(false)).unwrap();
    world.settle().unwrap();
    assert!(list(world, laptop).is_empty());
    let _: homing_engine::api::Done = world.ask(laptop, remove(true)).unwrap();
    let _: QuickReply = world
        .ask(laptop, Call::QuickReplySet(set("Keys and code", "The keys are with Tom.", false)))
        .unwrap();
    world.settle().unwrap();
    assert!(list(world, cora).is_empty(), "it is there, and not offered");
    let all = QuickReplies { inactive: true, ..QuickReplies::default() };
    let all: Vec<QuickReply> = world.ask(cora, Call::QuickReplies(all)).unwrap();
    assert_eq!(all.len(), 1);
    at_rest(world, &everybody);
}

#[test]
fn a_table_is_taken_as_a_whole_or_not_at_all() {
    let mut house = House::new(44);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let everybody = house.devices();
    let world = &mut house.world;
    add(world, laptop, "Keys", "The keys lie in the box.");
    let bad =
        "title,body,category\nHello,Good morning,greeting\nThanks,,thank_you\nMap,Follow the river,by_sea\n";
    let looked = import(world, laptop, bad, true, QuickDuplicates::Skip);
    assert_eq!(looked.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 4]);
    assert_eq!((looked.taken, list(world, laptop).len()), (0, 1), "nothing is half imported");

    let good = "title,body,category\r\nHello,\"Good morning,\r\n{{client.name}}\",greeting\r\nkeys,Ask Tom,check_in\r\n";
    let looked = import(world, laptop, good, false, QuickDuplicates::Skip);
    let lines: Vec<_> = looked.lines.iter().map(|line| (line.line, line.duplicate)).collect();
    assert_eq!((lines, looked.taken), (vec![(4, true), (2, false)], 0), "what is there already comes first");
    assert_eq!(import(world, laptop, good, true, QuickDuplicates::Skip).taken, 1);
    assert_eq!(import(world, laptop, good, true, QuickDuplicates::Replace).taken, 2);
    world.settle().unwrap();
    let mut shown = list(world, desktop);
    shown.sort_by(|a, b| a.title.cmp(&b.title));
    assert_eq!(
        shown.iter().map(|one| (one.title.as_str(), one.body.as_str())).collect::<Vec<_>>(),
        [("Hello", "Good morning,\n{{client.name}}"), ("keys", "Ask Tom")]
    );
    // What is written reads back as it was.
    let table: QuickTable = world.ask(desktop, Call::QuickExport(QuickExport::default())).unwrap();
    assert_eq!(table.count, 2);
    let again = import(world, desktop, &table.csv, false, QuickDuplicates::Skip);
    assert!(again.faults.is_empty() && again.lines.iter().all(|line| line.duplicate), "{again:?}");
    assert_eq!(import(world, desktop, &table.csv, true, QuickDuplicates::Both).taken, 2);
    assert_eq!(list(world, desktop).len(), 4);
    world.settle().unwrap();
    at_rest(world, &everybody);
}

#[test]
fn a_table_changes_what_it_has_columns_for_and_what_is_written_can_be_read() {
    let mut house = House::new(45);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let everybody = house.devices();
    let world = &mut house.world;
    let title = text("title", "Villa Rosa");
    let villa = world.property(laptop, std::slice::from_ref(&title)).unwrap().id;
    let set = QuickReplySet {
        title: "Keys".to_owned(),
        body: "The keys lie in the box.".to_owned(),
        category: Some("check_in".to_owned()),
        active: Some(false),
        property: Some(villa.clone()),
        ..QuickReplySet::default()
    };
    let _: QuickReply = world.ask(laptop, Call::QuickReplySet(set)).unwrap();
    let keys = |world: &mut World, device| {
        let all = QuickReplies { inactive: true, ..QuickReplies::default() };
        let rows: Vec<QuickReply> = world.ask(device, Call::QuickReplies(all)).unwrap();
        rows.into_iter().filter(|one| one.title == "Keys").collect::<Vec<_>>()
    };

    let words = "title,body\nKeys,Ask Tom\n";
    assert_eq!(import(world, laptop, words, true, QuickDuplicates::Replace).taken, 1);
    world.settle().unwrap();
    let changed = keys(world, desktop).swap_remove(0);
    assert_eq!(changed.body, "Ask Tom");
    assert_eq!((changed.category.as_str(), changed.active), ("check_in", false), "nothing was said of them");
    assert_eq!(changed.property, Some(villa.clone()));

    // Two of one title, for a property whose title another has as well.
    world.property(laptop, &[title]).unwrap();
    assert_eq!(import(world, laptop, words, true, QuickDuplicates::Both).taken, 1);
    let table: QuickTable = world.ask(laptop, Call::QuickExport(QuickExport::default())).unwrap();
    assert_eq!(table.count, 2);
    let replaced = import(world, laptop, &table.csv, true, QuickDuplicates::Replace);
    assert_eq!(replaced.faults.len(), 1, "which of the two would it be?");
    assert_eq!(replaced.taken, 0);
    let both = import(world, laptop, &table.csv, true, QuickDuplicates::Both);
    assert_eq!((both.faults.len(), both.taken), (0, 2), "{both:?}");
    world.settle().unwrap();
    let about = keys(world, desktop).into_iter().filter(|one| one.property.as_ref() == Some(&villa)).count();
    assert_eq!(about, 2, "the one it was written for, and what was read back");
    at_rest(world, &everybody);
}
