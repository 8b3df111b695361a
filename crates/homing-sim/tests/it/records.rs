//! Properties and interests of people who are apart: what meets, what is shared, and what never leaves.

use homing_engine::api::{
    AttachmentState, Call, ConversationNew, CopyState, Event, NewConversation, RecordAsk, RecordDetail,
    RecordLink, RecordSet, RecordValue, Sent, State,
};
use homing_model::record::{FieldValue, PROPERTY, PUBLISHED_PROPERTY};
use homing_model::{Edit, FieldEdit, author_from};
use homing_sim::{DeviceId as Device, World, text};
use homing_store::entries::Status;
use homing_store::{changes, slots};
use homing_wire::DocId;

use crate::disk;
use crate::forger::{collude, forge, judged, present, send};
use crate::house::{House, at_rest};

const SECRET: &str = "The owner would take four hundred";

fn price(minor: f64) -> (String, Option<RecordValue>) {
    let amount = homing_engine::api::Amount { minor, currency: "EUR".into() };
    ("price".to_owned(), Some(RecordValue::Money(amount)))
}

/// Ada's property with a note that is nobody else's business.
fn villa(world: &mut World, device: Device) -> String {
    let fields = [text("title", "Villa Rosa"), price(42_000_000.0), text("internal_notes", SECRET)];
    world.property(device, &fields).unwrap().id
}

fn values(detail: &RecordDetail, key: &str) -> Vec<(String, Option<RecordValue>, bool)> {
    let field = detail.fields.iter().find(|field| field.key == key).unwrap();
    field
        .values
        .iter()
        .map(|version| (version.by_name.clone(), version.value.clone(), version.waiting))
        .collect()
}

fn shown(world: &mut World, device: Device, record: &str, key: &str) -> Option<RecordValue> {
    world.record(device, record).unwrap().row.fields.get(key).cloned()
}

fn said(value: &str) -> Option<RecordValue> {
    Some(RecordValue::Text(value.to_owned()))
}

#[test]
fn a_property_is_on_all_devices_of_the_staff_and_shared_without_what_is_internal() {
    let mut house = House::new(301);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let id = villa(world, laptop);
    assert_eq!(world.record(laptop, &id).unwrap().row.state, State::Pending);
    let shared = world.publish(laptop, &id, "Ben", true).unwrap();
    assert_eq!(shared.copies.iter().map(|copy| copy.state).collect::<Vec<_>>(), [CopyState::Waiting]);
    assert!(world.records(ben, "property").unwrap().is_empty());
    world.take_events(ben).unwrap();
    world.settle().unwrap();

    for device in [laptop, desktop, cora] {
        let detail = world.record(device, &id).unwrap();
        assert_eq!(detail.row.state, State::Sent);
        assert_eq!(values(&detail, "internal_notes"), [("Ada".into(), said(SECRET), false)]);
        assert_eq!(detail.copies.iter().map(|copy| copy.state).collect::<Vec<_>>(), [CopyState::Published]);
        assert_eq!(world.records(device, "property").unwrap().len(), 1, "the copy is not listed beside it");
    }
    let rows = world.records(ben, "property").unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].id.as_str(), rows[0].title.as_str(), rows[0].shared),
        (id.as_str(), "Villa Rosa", true)
    );
    assert!(!rows[0].can_write && !rows[0].can_delete);
    let detail = world.record(ben, &id).unwrap();
    assert!(detail.fields.iter().all(|field| field.key != "internal_notes" && !field.internal));
    assert_eq!(shown(world, ben, &id, "title"), said("Villa Rosa"));
    assert!(detail.copies.is_empty() && !detail.can_publish);
    let told = world.take_events(ben).unwrap();
    assert!(told.iter().any(
        |event| matches!(event, Event::Records { upsert, .. } if upsert.iter().any(|row| row.id == id))
    ));
    let refused =
        world.refusal(ben, Call::RecordSet(RecordSet { record: id, fields: [text("title", "Ruin")].into() }));
    assert!(refused.unwrap().message.contains("shared with you"));
    at_rest(world, &everybody);
}

/// The client's device, opened with its keys: neither file, slot nor entry holds a word of it.
#[test]
fn a_client_s_device_holds_no_internal_note() {
    let mut house = House::new(302);
    let (laptop, ben) = (house.laptop, house.ben);
    let world = &mut house.world;
    let id = villa(world, laptop);
    world.publish(laptop, &id, "Ben", true).unwrap();
    world.settle().unwrap();
    world
        .set_fields(laptop, &id, &[text("internal_notes", "Four hundred and ten"), text("place", "Sopot")])
        .unwrap();
    world.settle().unwrap();
    assert_eq!(shown(world, ben, &id, "place"), said("Sopot"));
    world.crash(ben).unwrap();
    let secrets = [SECRET, "Four hundred and ten", "internal_notes"];
    let clean = |bytes: &[u8], what: &str| {
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret} in {what}");
        }
    };
    let store = disk::open(world, ben);
    let db = store.read();
    let (mut looked_at, mut after) = (0, None);
    loop {
        let page = changes::docs(&db, after.as_ref(), 100).unwrap();
        let Some((last, ..)) = page.last() else { break };
        after = Some(*last);
        for (doc, ..) in &page {
            for row in changes::of_doc(&db, doc).unwrap() {
                clean(&row.bytes, "a change");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 5, "{looked_at}");
    for space in homing_store::spaces::list(&db).unwrap() {
        // Of the team a client has who is in it, and nothing that was written there.
        let entries = homing_store::entries::after(&db, &space.space, 0, 10_000).unwrap();
        let team = space.kind == homing_wire::SpaceKind::Team;
        let written = entries.iter().filter(|entry| entry.kind == homing_wire::EntryKind::Data);
        assert!(!team || written.count() == 0, "an entry of the team");
        for slot in slots::own_of(&db, &space.space).unwrap() {
            clean(&slot.plaintext, "a slot");
        }
    }
    drop(store);
    // The whole database, decrypted page by page.
    let plain = disk::decrypted(world, ben);
    assert!(plain.windows(10).any(|part| part == b"Villa Rosa"), "the search would find what is there");
    clean(&plain, "the profile");
    for file in disk::files(world.profile(ben).unwrap()) {
        clean(&std::fs::read(&file).unwrap(), "a file");
    }
}

/// A client whose app is not ours: correctly signed and sealed, refused by everybody, also past a relay that helps.
#[test]
fn a_client_with_a_modified_app_can_t_change_a_property() {
    let mut house = House::new(303);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let two = house.two.clone();
    let world = &mut house.world;
    let id = villa(world, laptop);
    world.publish(laptop, &id, "Ben", true).unwrap();
    world.settle().unwrap();
    let property: DocId = id.parse().unwrap();
    let forgeries = forge(world, ben, &two, |forger, known| {
        let schema = PUBLISHED_PROPERTY.schema().unwrap();
        let preimage = schema.derived(forger.space, &property, None);
        let changes = known(preimage.doc_id());
        let row = match homing_model::project(&changes).unwrap() {
            homing_model::Projection::Record(row) => row,
            other => panic!("{other:?}"),
        };
        let Some(FieldValue::Copy(copy)) = row.value("copy").cloned() else { panic!("a copy") };
        let mut cheaper = *copy;
        for field in cheaper.fields.iter_mut().filter(|field| field.key == "title") {
            field.value = FieldValue::Text("Ruin".into());
        }
        cheaper.changes += 10;
        let fields = vec![FieldEdit::new("copy", FieldValue::Copy(Box::new(cheaper)))];
        let edit = Edit::SetFields { kind: PUBLISHED_PROPERTY, fields };
        let made = author_from(changes, forger.actor(), &preimage, &edit).unwrap();
        forger.data(preimage.doc_id(), made.bytes);
        let gone = Edit::DeleteRecord { kind: PUBLISHED_PROPERTY, on: true };
        let made = author_from(known(preimage.doc_id()), forger.actor(), &preimage, &gone).unwrap();
        forger.data(preimage.doc_id(), made.bytes);
    });
    // The client's own space is the only one they have keys to: a property begun there has no place.
    send(world, ben, &forgeries);
    collude(world, &forgeries);
    world.set_online(ben, true).unwrap();
    world.run_for(30_000).unwrap();
    world.send(laptop, &two, "and on").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, cora] {
        assert_eq!(present(world, device, &forgeries), forgeries.len(), "device {device}");
        for (status, why) in judged(world, device, &forgeries) {
            assert_eq!((status, why.as_str()), (Status::Refused, "not_staff"), "device {device}");
        }
        assert_eq!(shown(world, device, &id, "title"), said("Villa Rosa"));
        let copies = world.record(device, &id).unwrap().copies;
        assert_eq!(copies.iter().map(|copy| copy.state).collect::<Vec<_>>(), [CopyState::Published]);
    }
}

#[test]
fn a_property_forged_into_a_client_s_space_is_refused() {
    let mut house = House::new(304);
    let (laptop, desktop, ben, cora, two) =
        (house.laptop, house.desktop, house.ben, house.cora, house.two.clone());
    let world = &mut house.world;
    let forgeries = forge(world, ben, &two, |forger, _| {
        let preimage = PROPERTY.schema().unwrap().owned(forger.space, forger.person, [5; 16]);
        let fields = vec![FieldEdit::new("title", FieldValue::Text("Mine".into()))];
        let edit = Edit::CreateRecord { kind: PROPERTY, fields };
        let made = author_from([], forger.actor(), &preimage, &edit).unwrap();
        forger.data(preimage.doc_id(), made.bytes);
    });
    send(world, ben, &forgeries);
    collude(world, &forgeries);
    world.run_for(30_000).unwrap();
    world.send(laptop, &two, "and on").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, cora] {
        for (status, why) in judged(world, device, &forgeries) {
            assert_eq!((status, why.as_str()), (Status::Refused, "wrong_place"), "device {device}");
        }
        assert!(world.records(device, "property").unwrap().is_empty());
    }
}

#[test]
fn two_offline_devices_that_note_the_same_interest_end_with_one() {
    let mut house = House::new(305);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let everybody = house.devices();
    let world = &mut house.world;
    let id = villa(world, laptop);
    world.publish(laptop, &id, "Ben", true).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, ben] {
        world.set_online(device, false).unwrap();
    }
    world.interest(laptop, &id, Some("Ben"), "high").unwrap();
    world.run_for(60_000).unwrap();
    world.interest(desktop, &id, Some("Ben"), "high").unwrap();
    world.run_for(60_000).unwrap();
    world.interest(ben, &id, None, "very_high").unwrap();
    world.settle().unwrap();
    let mut seen = Vec::new();
    for device in &everybody {
        let rows = world.records(*device, "interest").unwrap();
        assert_eq!(rows.len(), 1, "device {device}");
        assert_eq!((rows[0].title.as_str(), rows[0].conflicts), ("Villa Rosa", 1), "device {device}");
        seen.push(world.record(*device, &rows[0].id).unwrap());
    }
    let levels = |detail: &RecordDetail| values(detail, "level");
    assert!(
        seen.iter().all(|detail| levels(detail) == levels(&seen[0])),
        "the conflict is the same everywhere"
    );
    let names: Vec<String> = levels(&seen[0]).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"Ben".to_owned()) && names.contains(&"Ada".to_owned()));

    // Removed on one side while the other is away, and taken up again.
    let interest = seen[0].row.id.clone();
    world.delete_record(ben, &interest, true).unwrap();
    world.settle().unwrap();
    assert!(world.records(laptop, "interest").unwrap().is_empty());
    world.interest(laptop, &id, Some("Ben"), "low").unwrap();
    world.settle().unwrap();
    for device in &everybody {
        let rows = world.records(*device, "interest").unwrap();
        assert_eq!((rows.len(), rows[0].id.as_str(), rows[0].conflicts), (1, interest.as_str(), 0));
        assert_eq!(rows[0].fields.get("level"), Some(&RecordValue::Choice("low".into())));
    }
    at_rest(world, &everybody);
}

#[test]
fn a_field_edited_apart_shows_who_and_when_and_is_settled_everywhere() {
    let mut house = House::new(306);
    let (laptop, desktop, cora) = (house.laptop, house.desktop, house.cora);
    let everybody = house.devices();
    let world = &mut house.world;
    let id = villa(world, laptop);
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    world.set_online(cora, false).unwrap();
    world.set_fields(laptop, &id, &[text("title", "Villa Rossa"), text("place", "Sopot")]).unwrap();
    world.run_for(60_000).unwrap();
    world.set_fields(cora, &id, &[text("title", "Casa Rosa"), text("description", "By the sea")]).unwrap();
    world.settle().unwrap();
    let first = world.record(laptop, &id).unwrap();
    for device in [laptop, desktop, cora] {
        let detail = world.record(device, &id).unwrap();
        assert_eq!(detail.row.conflicts, 1, "only the field that both wrote");
        assert_eq!(values(&detail, "title"), values(&first, "title"), "device {device}");
        let field = detail.fields.iter().find(|field| field.key == "title").unwrap();
        assert!(field.values.iter().all(|version| version.at.as_str() > "2026"));
        assert_eq!(shown(world, device, &id, "place"), said("Sopot"));
        assert_eq!(shown(world, device, &id, "description"), said("By the sea"));
    }
    let theirs = first.fields.iter().find(|field| field.key == "title").unwrap();
    let theirs = theirs.values.iter().find(|version| version.by_name == "Ada").unwrap().change.clone();
    world.settle_field(desktop, &id, "title", &theirs, false).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, cora] {
        let detail = world.record(device, &id).unwrap();
        assert_eq!((detail.row.conflicts, detail.row.title.as_str()), (0, "Villa Rossa"));
        assert_eq!(detail.history.len(), 4);
    }
    at_rest(world, &everybody);
}

/// An edit reaches the client although the device that made it never comes back, and two copies made apart agree.
#[test]
fn copies_follow_the_record_whoever_edits_and_whoever_is_gone() {
    let mut house = House::new(307);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let world = &mut house.world;
    let id = villa(world, laptop);
    world.publish(laptop, &id, "Ben", true).unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    world.set_online(cora, false).unwrap();
    world.set_fields(laptop, &id, &[text("title", "Villa Rossa")]).unwrap();
    world.set_fields(cora, &id, &[text("place", "Sopot")]).unwrap();
    // Each of the two publishes what it knows.
    world.run_for(60_000).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, ben, cora] {
        assert_eq!(shown(world, device, &id, "title"), said("Villa Rossa"), "device {device}");
        assert_eq!(shown(world, device, &id, "place"), said("Sopot"), "device {device}");
    }
    let copies = world.record(desktop, &id).unwrap().copies;
    assert_eq!(copies.iter().map(|copy| copy.state).collect::<Vec<_>>(), [CopyState::Published]);

    // The edit leaves, its copy does not: the laptop ends before it is due.
    world.set_fields(laptop, &id, &[text("place", "Gdynia")]).unwrap();
    world.run_for(200).unwrap();
    world.crash(laptop).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(shown(world, desktop, &id, "place"), said("Gdynia"));
    assert_eq!(shown(world, ben, &id, "place"), said("Gdynia"));
    world.start(laptop).unwrap();
    world.settle().unwrap();

    world.publish(desktop, &id, "Ben", false).unwrap();
    world.settle().unwrap();
    assert!(world.records(ben, "property").unwrap().is_empty());
    world.publish(cora, &id, "Ben", true).unwrap();
    world.settle().unwrap();
    assert_eq!(world.records(ben, "property").unwrap().len(), 1);

    // Deleting takes it back from clients, once it can't be undone by a slip any more.
    world.delete_record(laptop, &id, true).unwrap();
    world.run_for(5_000).unwrap();
    assert_eq!(world.records(ben, "property").unwrap().len(), 1);
    world.run_for(60_000).unwrap();
    assert!(world.records(ben, "property").unwrap().is_empty());
}

/// A picture of one grey pixel, with words in it that tell it from others.
pub fn photo(words: &str) -> Vec<u8> {
    let pixel = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\x9c\x63\x68\x00\x00\x00\x82\x00\x81\x77\xcd\x72\xb6\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";
    let (head, dots) = pixel.split_at(33);
    let length = u32::try_from(words.len()).unwrap().to_be_bytes();
    // Among what belongs to the picture: behind its end they would not be sent.
    [head, &length, b"hIST", words.as_bytes(), &[0; 4], dots].concat()
}

#[test]
fn photos_of_a_shared_property_come_to_the_client() {
    let mut house = House::new(308);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let everybody = house.devices();
    let world = &mut house.world;
    let id = villa(world, laptop);
    world.publish(laptop, &id, "Ben", true).unwrap();
    world.set_online(laptop, false).unwrap();
    world.add_photo(laptop, &id, "front.png", &photo("the front of the house")).unwrap();
    assert_eq!(world.photos(laptop, &id).unwrap()[0].state, AttachmentState::Waiting);
    world.settle().unwrap();
    assert_eq!(world.photos(laptop, &id).unwrap()[0].state, AttachmentState::Ready);
    for device in [desktop, ben] {
        let shown = world.photos(device, &id).unwrap().remove(0);
        assert_eq!(
            (shown.name.as_str(), shown.state),
            ("front.png", AttachmentState::Remote),
            "device {device}"
        );
        world.fetch_file(device, &shown.id).unwrap();
        world.settle().unwrap();
        assert_eq!(world.photos(device, &id).unwrap()[0].state, AttachmentState::Ready, "device {device}");
        assert_eq!(world.read_file(device, &shown.id).unwrap(), photo("the front of the house"));
    }
    // Two photos added apart: a choice, and one of the choices is both.
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    world.add_photo(laptop, &id, "garden.png", &photo("the garden")).unwrap();
    world.add_photo(desktop, &id, "bath.png", &photo("the bath")).unwrap();
    world.settle().unwrap();
    let detail = world.record(laptop, &id).unwrap();
    let photos = detail.fields.iter().find(|field| field.key == "photos").unwrap();
    assert_eq!(photos.values.len(), 2);
    let change = photos.values[0].change.clone();
    world.settle_field(laptop, &id, "photos", &change, true).unwrap();
    world.settle().unwrap();
    let names = |world: &mut World, device| -> Vec<String> {
        let mut names: Vec<_> =
            world.photos(device, &id).unwrap().into_iter().map(|file| file.name).collect();
        names.sort();
        names
    };
    for device in [laptop, desktop, ben] {
        assert_eq!(names(world, device), ["bath.png", "front.png", "garden.png"], "device {device}");
    }
    at_rest(world, &everybody);
}

#[test]
fn conversations_are_about_records_and_clients_ask_with_one_press() {
    let mut house = House::new(309);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let everybody = house.devices();
    let world = &mut house.world;
    let id = villa(world, laptop);
    let begin = ConversationNew {
        subject: Some("The villa".into()),
        with: vec!["Ben".into()],
        message: Some("Would this be something?".into()),
        attachments: Vec::new(),
        about: vec!["Villa Rosa".into()],
    };
    let begun: NewConversation = world.ask(laptop, Call::ConversationNew(begin)).unwrap();
    world.settle().unwrap();
    let chips = |world: &mut World, device, conversation: &str| -> Vec<(String, bool)> {
        let row = world.conversation_detail(device, conversation).unwrap().row;
        row.records.into_iter().map(|chip| (chip.title, chip.shared)).collect()
    };
    assert_eq!(chips(world, desktop, &begun.id), [("Villa Rosa".into(), false)]);
    assert!(chips(world, ben, &begun.id).is_empty(), "what is not shared has no name there");
    world.publish(laptop, &id, "Ben", true).unwrap();
    world.settle().unwrap();
    assert_eq!(chips(world, ben, &begun.id), [("Villa Rosa".into(), true)]);
    assert_eq!(world.record(ben, &id).unwrap().conversations.len(), 1);

    // Asking goes on in the conversation about it, and begins one where there is none.
    let ask =
        |record: &str| Call::RecordAsk(RecordAsk { record: record.to_owned(), text: "May I see it?".into() });
    let sent: Sent = world.ask(ben, ask(&id)).unwrap();
    assert_eq!(sent.conversation, begun.id);
    let other = world.property(laptop, &[text("title", "Attic flat")]).unwrap().id;
    world.publish(laptop, &other, "Ben", true).unwrap();
    world.settle().unwrap();
    world.set_online(ben, false).unwrap();
    let sent: Sent = world.ask(ben, ask("Attic flat")).unwrap();
    assert_eq!((sent.state, sent.conversation == begun.id), (State::Pending, false));
    world.settle().unwrap();
    assert_eq!(world.bodies(desktop, &sent.conversation).unwrap(), ["May I see it?"]);
    assert_eq!(chips(world, desktop, &sent.conversation), [("Attic flat".into(), false)]);

    let unlink = RecordLink { conversation: begun.id.clone(), record: id.clone(), on: false };
    world.call(desktop, Call::RecordLink(unlink)).unwrap();
    world.settle().unwrap();
    assert!(chips(world, laptop, &begun.id).is_empty() && chips(world, ben, &begun.id).is_empty());
    at_rest(world, &everybody);
}
