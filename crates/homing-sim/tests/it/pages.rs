//! Previews of links: made by the sender's device if its person wants them, and asked for by nobody else.

use homing_engine::api::{
    Call, DraftSend, LinkPreviewed, LinkToPreview, MessageEdit, MessageRow, Preview, Sent, Settings,
    SettingsSet,
};
use homing_sim::{DeviceId, World};

use crate::house::{House, at_rest};

const VILLA: &str = "https://villa.example/rosa?room=4#plan";

fn want(world: &mut World, device: DeviceId, on: bool) {
    let set = SettingsSet { link_previews: Some(on), ..SettingsSet::default() };
    world.ask::<Settings>(device, Call::SettingsSet(set)).unwrap();
}

fn look(world: &mut World, device: DeviceId, url: &str) -> Option<Preview> {
    let call = Call::LinkPreview(LinkToPreview { url: url.to_owned() });
    world.ask::<LinkPreviewed>(device, call).unwrap().preview
}

fn send(world: &mut World, device: DeviceId, conversation: &str, text: &str, at: Option<&str>) -> String {
    let send = DraftSend {
        conversation: conversation.to_owned(),
        text: text.to_owned(),
        at: at.map(str::to_owned),
        previews: vec![VILLA.to_owned(), "https://never.example/".to_owned()],
        ..DraftSend::default()
    };
    world.ask::<Sent>(device, Call::DraftSend(send)).unwrap().id
}

fn row(world: &mut World, device: DeviceId, conversation: &str, id: &str) -> MessageRow {
    world.messages(device, conversation).unwrap().into_iter().find(|row| row.id == id).unwrap()
}

#[test]
fn the_sender_s_device_asks_and_nobody_else() {
    let mut house = House::new(51);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.pages.insert(VILLA.into(), ("Villa \u{202e}asoR".into(), "Four rooms".into()));
    let text = format!("Look: {VILLA}");

    // Off: nobody asks, and nothing goes along.
    assert_eq!(look(world, laptop, VILLA), None);
    let plain = send(world, laptop, &two, &text, None);
    assert_eq!(world.asked_pages, []);

    want(world, laptop, true);
    let seen = look(world, laptop, VILLA).unwrap();
    assert_eq!((seen.url.as_str(), seen.description.as_str()), (VILLA, "Four rooms"));
    assert!(!seen.title.contains('\u{202e}'), "shown as what it is: {}", seen.title);
    assert_eq!(look(world, laptop, VILLA), Some(seen.clone()), "asked once");
    assert_eq!(world.asked_pages, [(laptop, VILLA.to_owned())]);
    let with = send(world, laptop, &two, &text, None);
    let without = send(world, laptop, &two, "No link in it", None);
    world.settle().unwrap();
    for device in [laptop, desktop, ben] {
        assert_eq!(row(world, device, &two, &with).previews, std::slice::from_ref(&seen), "device {device}");
        for other in [&plain, &without] {
            assert_eq!(row(world, device, &two, other).previews, []);
        }
    }
    assert_eq!(world.asked_pages.len(), 1, "who gets it asks nobody");

    // Her other device may ask too now, and has not: it has seen nothing.
    let there = send(world, desktop, &two, &text, None);
    // Without the link there is no preview of it; switched off, what was seen goes nowhere any more.
    let edit = MessageEdit { message: with.clone(), text: "Not any more".into() };
    world.ask::<homing_engine::api::Done>(laptop, Call::MessageEdit(edit)).unwrap();
    want(world, laptop, false);
    let off = send(world, laptop, &two, &text, None);
    world.settle().unwrap();
    for id in [&there, &with, &off] {
        assert_eq!(row(world, ben, &two, id).previews, []);
    }
    at_rest(world, &everybody);
}

#[test]
fn without_a_network_the_message_goes_without_and_at_a_time_it_goes_with_it() {
    let mut house = House::new(52);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    want(world, laptop, true);
    world.set_online(laptop, false).unwrap();
    assert_eq!(look(world, laptop, VILLA), None, "nobody answers");
    let text = format!("Look: {VILLA}");
    let without = send(world, laptop, &two, &text, None);
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    assert_eq!(row(world, ben, &two, &without).previews, []);

    world.pages.insert(VILLA.into(), ("Villa Rosa".into(), String::new()));
    look(world, laptop, VILLA).unwrap();
    let at = homing_sim::people::rfc3339(world.now_ms() + 3_600_000).unwrap();
    let planned = send(world, laptop, &two, &text, Some(&at));
    world.settle().unwrap();
    world.run_for(3_700_000).unwrap();
    world.settle().unwrap();
    assert_eq!(row(world, ben, &two, &planned).previews[0].title, "Villa Rosa");
}
