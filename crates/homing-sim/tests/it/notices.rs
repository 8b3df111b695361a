//! What people are told of: once per device, read once per person.

use homing_engine::api::{
    Announce, Call, ConversationAnnounce, ConversationChange, ConversationRef, ConversationsChange,
    ConversationsChanged, Event, KindChannels, Nothing, NoticeKind, NoticePage, NoticeRow, Notices,
    NoticesRead, NotifySet, NotifySettings, OneChange, QuietHours,
};
use homing_sim::{DeviceId, World};

use crate::house::{House, at_rest};

fn centre(world: &mut World, device: DeviceId) -> NoticePage {
    world.ask(device, Call::Notices(Notices { after: None, unread: false, limit: 100 })).unwrap()
}

fn of_kind(world: &mut World, device: DeviceId, kind: NoticeKind) -> Vec<NoticeRow> {
    centre(world, device).rows.into_iter().filter(|row| row.kind == kind).collect()
}

fn mark(world: &mut World, device: DeviceId, ids: &[&str]) {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    let _: homing_engine::api::Done =
        world.ask(device, Call::NoticesRead(NoticesRead { ids, all: false })).unwrap();
}

fn told(world: &mut World, device: DeviceId) -> Vec<(NoticeKind, bool, bool)> {
    let events = world.take_events(device).unwrap();
    let told = events.into_iter().filter_map(|event| match event {
        Event::Notify { notice, in_app, desktop, .. } => Some((notice.kind, in_app, desktop)),
        _ => None,
    });
    told.collect()
}

/// Somebody new comes into the group by an invitation of Ada's.
fn comes(world: &mut World, inviter: DeviceId, group: &str, name: &str) {
    use homing_engine::api::InviteTo;
    let link = world.invite(inviter, InviteTo::Talk { conversation: group.to_owned() }).unwrap();
    let device = world.add_device(name, 0).unwrap();
    world.join(device, &link, Some(name)).unwrap();
    world.run_for(60_000).unwrap();
}

#[test]
fn what_is_read_on_two_devices_apart_is_read_on_both() {
    let mut house = House::new(21);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    world.settle().unwrap();
    for device in [laptop, desktop, ben] {
        world.take_events(device).unwrap();
    }
    comes(world, laptop, &group, "Dora");
    comes(world, laptop, &group, "Emil");
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let rows = of_kind(world, device, NoticeKind::Joined);
        let names: Vec<(&str, bool)> =
            rows.iter().map(|row| (row.name.as_str(), row.unread)).take(2).collect();
        assert_eq!(names, [("Emil", true), ("Dora", true)], "device {device}");
        assert_eq!(rows[0].title, "Group");
        assert_eq!(
            told(world, device),
            [(NoticeKind::Joined, false, true); 2],
            "each device tells of each once"
        );
        assert_eq!(world.status(device).unwrap().notices, 2);
    }
    let ids: Vec<String> =
        of_kind(world, laptop, NoticeKind::Joined).into_iter().map(|row| row.id).take(2).collect();
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    mark(world, laptop, &[&ids[0]]);
    mark(world, desktop, &[&ids[1]]);
    for device in [laptop, desktop] {
        assert_eq!(world.status(device).unwrap().notices, 1);
    }
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(world.status(device).unwrap().notices, 0, "device {device}");
        assert!(of_kind(world, device, NoticeKind::Joined).iter().take(2).all(|row| !row.unread));
        assert_eq!(told(world, device), [], "what was read is not told");
    }
    let everybody = house.devices();
    at_rest(&mut house.world, &everybody);
}

fn mark_all(world: &mut World, device: DeviceId) {
    let _: homing_engine::api::Done =
        world.ask(device, Call::NoticesRead(NoticesRead { ids: Vec::new(), all: true })).unwrap();
}

#[test]
fn a_device_that_was_off_does_not_tell_what_was_read_meanwhile() {
    let mut house = House::new(22);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    world.settle().unwrap();
    world.take_events(desktop).unwrap();
    world.crash(desktop).unwrap();
    comes(world, laptop, &group, "Dora");
    let row = of_kind(world, laptop, NoticeKind::Joined).remove(0);
    mark(world, laptop, &[&row.id]);
    comes(world, laptop, &group, "Emil");
    world.run_for(60_000).unwrap();
    world.start(desktop).unwrap();
    world.settle().unwrap();
    assert_eq!(told(world, desktop), [(NoticeKind::Joined, false, true)]);
    assert_eq!(world.status(desktop).unwrap().notices, 1);
    assert_eq!(of_kind(world, desktop, NoticeKind::Joined)[0].name, "Emil");
}

#[test]
fn unread_messages_stand_in_the_centre_by_their_conversation_and_go_when_read_anywhere() {
    let mut house = House::new(23);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    world.settle().unwrap();
    for text in ["one", "two", "three"] {
        world.send(ben, &two, text).unwrap();
    }
    world.settle().unwrap();
    let rows = of_kind(world, desktop, NoticeKind::Message);
    assert_eq!((rows.len(), rows[0].count, rows[0].text.as_str()), (1, 3, "three"));
    mark(world, desktop, &[&rows[0].id]);
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(of_kind(world, device, NoticeKind::Message), []);
        let status = world.status(device).unwrap();
        assert_eq!((status.notices, status.unread), (0, 0));
    }
    let read = world.messages(ben, &two).unwrap();
    assert!(read.iter().all(|row| row.receipts.iter().all(|receipt| receipt.read)), "and Ben sees it");
}

#[test]
fn a_message_with_a_line_of_its_own_is_not_counted_again_with_its_conversation() {
    let mut house = House::new(28);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    world.settle().unwrap();
    let named = world.send(ben, &group, "@Ada have a look").unwrap();
    world.settle().unwrap();
    let unread = |world: &mut World, device: DeviceId| {
        let rows = world.conversations(device).unwrap();
        rows.into_iter().find(|row| row.id == group).unwrap().unread
    };
    for device in [laptop, desktop] {
        let rows = centre(world, device).rows.into_iter().filter(|row| row.unread).collect::<Vec<_>>();
        assert_eq!(rows.len(), 1, "device {device}: {rows:?}");
        assert_eq!((rows[0].kind, rows[0].message.as_ref()), (NoticeKind::Mention, Some(&named)));
        assert_eq!((world.status(device).unwrap().notices, unread(world, device)), (1, 1));
    }
    let plain = world.send(ben, &group, "and at this").unwrap();
    let again = world.send(ben, &group, "@Ada please").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let rows = of_kind(world, device, NoticeKind::Message);
        assert_eq!(rows.len(), 1, "device {device}: {rows:?}");
        assert_eq!((rows[0].count, rows[0].text.as_str()), (1, "and at this"));
        assert_eq!(rows[0].message.as_ref(), Some(&plain), "it leads to what has no line of its own");
        assert_eq!(of_kind(world, device, NoticeKind::Mention).len(), 2);
        assert_eq!((world.status(device).unwrap().notices, unread(world, device)), (3, 3));
    }
    // Read one by one, as they are seen.
    world.shown(desktop, &group, &[named, plain]).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(of_kind(world, device, NoticeKind::Message), [], "device {device}");
        assert_eq!((world.status(device).unwrap().notices, unread(world, device)), (1, 1));
    }
    world.shown(laptop, &group, &[again]).unwrap();
    world.settle().unwrap();
    assert_eq!((world.status(desktop).unwrap().notices, unread(world, desktop)), (0, 0));
}

#[test]
fn what_somebody_wants_to_be_told_follows_them_and_merges() {
    let mut house = House::new(24);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    let kind = KindChannels { kind: NoticeKind::Joined, in_app: true, desktop: false, sound: false };
    let set = |kind, quiet| Call::NotifySet(NotifySet { kind, quiet });
    let _: NotifySettings = world.ask(laptop, set(Some(kind.clone()), None)).unwrap();
    // Around the clock: whatever the zone of this machine, it is quiet.
    let quiet = QuietHours {
        on: true,
        days: (1..=7).collect(),
        from: "00:00".to_owned(),
        to: "00:00".to_owned(),
        mentions: true,
    };
    let _: NotifySettings = world.ask(desktop, set(None, Some(quiet.clone()))).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let held: NotifySettings = world.ask(device, Call::NotifySettings(Nothing {})).unwrap();
        assert!(held.kinds.contains(&kind), "device {device}");
        assert_eq!(held.quiet, quiet, "device {device}");
        assert!(held.quiet_now);
        world.take_events(device).unwrap();
    }
    world.send(ben, &two, "in the quiet").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(told(world, device), [], "it is quiet");
        assert!(world.status(device).unwrap().unread > 0, "and yet it is there");
    }
    let loud = QuietHours { on: false, ..quiet };
    let _: NotifySettings = world.ask(laptop, set(None, Some(loud))).unwrap();
    let none = ConversationAnnounce { conversation: two.clone(), announce: Announce::None };
    let _: homing_engine::api::AnnounceState = world.ask(desktop, Call::AnnounceSet(none)).unwrap();
    world.settle().unwrap();
    assert_eq!(told(world, laptop), [], "what came in the quiet is not told behind it");
    let state: homing_engine::api::AnnounceState =
        world.ask(laptop, Call::AnnounceState(ConversationRef { conversation: two.clone() })).unwrap();
    assert_eq!(state.announce, Announce::None);
    world.send(ben, &two, "announced nowhere").unwrap();
    world.send(ben, &house.group, "announced everywhere").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(told(world, device), [(NoticeKind::Message, false, true)], "device {device}");
    }
}

#[test]
fn an_interest_is_told_on_the_other_side_and_a_shared_property_to_the_client() {
    let mut house = House::new(25);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let everybody = house.devices();
    let world = &mut house.world;
    let villa = world.property(laptop, &[homing_sim::text("title", "Villa Rosa")]).unwrap().id;
    world.publish(laptop, &villa, "Ben", true).unwrap();
    world.settle().unwrap();
    let row = of_kind(world, ben, NoticeKind::Portal).remove(0);
    assert_eq!((row.name.as_str(), row.title.as_str()), ("Ada", "Villa Rosa"));
    assert_eq!(row.record.as_deref(), Some(villa.as_str()));
    // Noted by the client, and changed by a colleague: each is told to the other side, on all its devices, once.
    world.set_online(ben, false).unwrap();
    world.interest(ben, &villa, None, "high").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, cora] {
        let rows = of_kind(world, device, NoticeKind::Interest);
        assert_eq!(rows.len(), 1, "device {device}");
        assert_eq!((rows[0].name.as_str(), rows[0].title.as_str()), ("Ben", "Villa Rosa"), "device {device}");
    }
    assert_eq!(of_kind(world, ben, NoticeKind::Interest), []);
    world.interest(cora, &villa, Some("Ben"), "low").unwrap();
    world.settle().unwrap();
    assert_eq!(of_kind(world, laptop, NoticeKind::Interest).len(), 1, "what a colleague does is no news");
    assert_eq!(of_kind(world, ben, NoticeKind::Interest).remove(0).name, "Cora");
    // Read on one device, read on all.
    let row = of_kind(world, laptop, NoticeKind::Interest).remove(0);
    mark(world, laptop, &[&row.id]);
    world.settle().unwrap();
    assert!(!of_kind(world, desktop, NoticeKind::Interest)[0].unread);
    at_rest(world, &everybody);
}

#[test]
fn a_new_device_and_who_goes_are_told() {
    let mut house = House::new(26);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    // Not where it was let in, nor on itself.
    assert_eq!(of_kind(world, desktop, NoticeKind::Device).len(), 1);
    let name = of_kind(world, desktop, NoticeKind::Device).remove(0).name;
    assert!(world.devices(desktop).unwrap().iter().any(|row| row.name == name), "{name}");
    for device in [laptop, tablet, ben, cora] {
        assert_eq!(of_kind(world, device, NoticeKind::Device), [], "device {device}");
    }
    let members = world.members(laptop, &group).unwrap();
    let bens = members.iter().find(|row| row.name == "Ben").unwrap().member.clone();
    world.remove_member(laptop, &group, &bens).unwrap();
    world.settle().unwrap();
    for device in [ben, cora] {
        let row = of_kind(world, device, NoticeKind::Left).remove(0);
        let name = if device == ben { "" } else { "Ben" };
        assert_eq!((row.name.as_str(), row.title.as_str()), (name, "Group"), "device {device}");
        assert_eq!(row.me, device == ben, "whose own it is has no name, but is said");
    }
    assert_eq!(of_kind(world, desktop, NoticeKind::Left), [], "it was her own doing");
    let _: homing_engine::api::Done =
        world.ask(cora, Call::ConversationLeave(ConversationRef { conversation: group.clone() })).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, tablet] {
        assert_eq!(of_kind(world, device, NoticeKind::Left)[0].name, "Cora", "device {device}");
    }
}

#[test]
fn the_end_of_a_snooze_is_told_once_on_each_device() {
    let mut house = House::new(27);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    let at = i64::try_from(world.now_ms() + 3_600_000).unwrap();
    let until = chrono::DateTime::from_timestamp_millis(at).unwrap().to_rfc3339();
    let change = ConversationChange::Snooze { until: Some(until) };
    let changes = ConversationsChange { changes: vec![OneChange { conversation: two.clone(), change }] };
    let _: ConversationsChanged = world.ask(laptop, Call::ConversationsChange(changes)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(of_kind(world, device, NoticeKind::Back), [], "device {device}");
        world.take_events(device).unwrap();
    }
    world.run_for(3_700_000).unwrap();
    for device in [laptop, desktop] {
        let row = of_kind(world, device, NoticeKind::Back).remove(0);
        assert_eq!((row.title.as_str(), row.conversation.as_deref()), ("Two", Some(two.as_str())));
        assert_eq!(told(world, device), [(NoticeKind::Back, false, true)], "device {device}");
    }
    let row = of_kind(world, laptop, NoticeKind::Back).remove(0);
    mark(world, laptop, &[&row.id]);
    world.settle().unwrap();
    assert!(!of_kind(world, desktop, NoticeKind::Back)[0].unread);
}

#[test]
fn a_muted_conversation_announces_nothing_but_what_the_person_asked_for() {
    let mut house = House::new(30);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    let change = |world: &mut World, of: &str, change: ConversationChange| {
        let changes =
            ConversationsChange { changes: vec![OneChange { conversation: of.to_owned(), change }] };
        let _: ConversationsChanged = world.ask(laptop, Call::ConversationsChange(changes)).unwrap();
        world.settle().unwrap();
    };
    let mute = |until: Option<&str>| ConversationChange::Mute { until: until.map(str::to_owned) };
    let announce = |world: &mut World, announce: Announce| {
        let args = ConversationAnnounce { conversation: group.clone(), announce };
        let _: homing_engine::api::AnnounceState = world.ask(laptop, Call::AnnounceSet(args)).unwrap();
        world.settle().unwrap();
    };
    let silent = |world: &mut World, name: &str| {
        for device in [laptop, desktop] {
            world.take_events(device).unwrap();
        }
        comes(world, laptop, &group, name);
        world.settle().unwrap();
        for device in [laptop, desktop] {
            assert_eq!(told(world, device), [], "device {device}: {name}");
            assert_eq!(of_kind(world, device, NoticeKind::Joined)[0].name, name, "it stands at the bell");
        }
    };
    change(world, &group, mute(Some("forever")));
    silent(world, "Dora");
    change(world, &group, mute(None));
    announce(world, Announce::None);
    silent(world, "Emil");
    announce(world, Announce::Mentions);
    silent(world, "Fay");
    announce(world, Announce::All);
    change(world, &group, ConversationChange::Archive { on: true });
    silent(world, "Gil");
    // What is muted comes back when its person wanted it.
    change(world, &two, mute(Some("forever")));
    let at = i64::try_from(world.now_ms() + 3_600_000).unwrap();
    let until = chrono::DateTime::from_timestamp_millis(at).unwrap().to_rfc3339();
    change(world, &two, ConversationChange::Snooze { until: Some(until) });
    world.run_for(3_700_000).unwrap();
    for device in [laptop, desktop] {
        assert_eq!(told(world, device), [(NoticeKind::Back, false, true)], "device {device}");
    }
    at_rest(world, &[laptop, desktop, ben]);
}

#[test]
fn what_is_muted_or_silenced_is_in_no_number_but_its_own() {
    let mut house = House::new(32);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    world.settle().unwrap();
    world.send(ben, &two, "one").unwrap();
    world.send(ben, &group, "two").unwrap();
    world.settle().unwrap();
    let numbers = |world: &mut World, device: DeviceId| {
        let rows = world.conversations(device).unwrap();
        let status = world.status(device).unwrap();
        (status.unread, status.notices, rows.iter().map(|row| row.unread).sum::<u32>())
    };
    let mute = |world: &mut World, until: Option<&str>| {
        let change = ConversationChange::Mute { until: until.map(str::to_owned) };
        let changes = ConversationsChange { changes: vec![OneChange { conversation: two.clone(), change }] };
        let _: ConversationsChanged = world.ask(laptop, Call::ConversationsChange(changes)).unwrap();
        world.settle().unwrap();
    };
    assert_eq!(numbers(world, laptop), (2, 2, 2));
    world.take_events(desktop).unwrap();
    mute(world, Some("forever"));
    let shown = |event: &Event| match event {
        Event::Status { status } => Some(status.unread),
        _ => None,
    };
    assert_eq!(world.take_events(desktop).unwrap().iter().rev().find_map(shown), Some(1));
    let args = ConversationAnnounce { conversation: group.clone(), announce: Announce::None };
    let _: homing_engine::api::AnnounceState = world.ask(desktop, Call::AnnounceSet(args)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(numbers(world, device), (0, 0, 2), "device {device}");
    }
    mute(world, None);
    for device in [laptop, desktop] {
        assert_eq!(numbers(world, device), (1, 1, 2), "device {device}");
    }
    at_rest(world, &[laptop, desktop, ben]);
}

#[test]
fn a_planned_message_that_is_late_or_whose_members_changed_is_told_once() {
    const HOUR: u64 = 3_600_000;
    let mut house = House::new(29);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let world = &mut house.world;
    mark_all(world, laptop);
    world.settle().unwrap();
    let planned = |world: &mut World, device: DeviceId| of_kind(world, device, NoticeKind::Planned);

    // Never handed to the relay: late where it waits, and no news elsewhere.
    world.set_online(laptop, false).unwrap();
    let at = world.now_ms() + HOUR;
    world.send_at(laptop, &group, "Good morning", at).unwrap();
    world.run_for(HOUR).unwrap();
    assert_eq!(planned(world, laptop), [], "it may be a minute behind");
    for device in [laptop, desktop] {
        world.take_events(device).unwrap();
    }
    world.run_for(120_000).unwrap();
    let row = planned(world, laptop).remove(0);
    assert_eq!((row.text.as_str(), row.title.as_str()), ("Good morning", "Group"));
    assert_eq!(row.conversation.as_deref(), Some(group.as_str()), "it leads to where it can be changed");
    assert_eq!(told(world, laptop), [(NoticeKind::Planned, false, true)]);
    world.run_for(HOUR).unwrap();
    assert_eq!(told(world, laptop), [], "once");
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(planned(world, device), [], "it went out: device {device}");
    }
    assert_eq!(world.bodies(ben, &group).unwrap(), ["Good morning"]);

    // Who gets it is somebody else than was meant: told on both devices, read on both.
    let at = world.now_ms() + 5 * HOUR;
    let waiting = world.send_at(laptop, &group, "To the three of us", at).unwrap();
    world.run_for(10_000).unwrap();
    for device in [laptop, desktop] {
        assert_eq!(planned(world, device), [], "device {device}");
        world.take_events(device).unwrap();
    }
    let _: homing_engine::api::Done =
        world.ask(ben, Call::ConversationLeave(ConversationRef { conversation: group.clone() })).unwrap();
    world.run_for(60_000).unwrap();
    for device in [laptop, desktop] {
        assert_eq!(planned(world, device).len(), 1, "device {device}");
        let told = told(world, device);
        assert_eq!(told.iter().filter(|one| one.0 == NoticeKind::Planned).count(), 1, "device {device}");
    }
    let row = planned(world, desktop).remove(0);
    mark(world, desktop, &[&row.id]);
    world.run_for(60_000).unwrap();
    assert!(!planned(world, laptop)[0].unread);
    // It may go to who is there now: nothing is left to be told of.
    world.reschedule(desktop, &waiting, at).unwrap();
    world.run_for(60_000).unwrap();
    for device in [laptop, desktop] {
        assert_eq!(planned(world, device), [], "device {device}");
    }
    let everybody = house.devices();
    at_rest(&mut house.world, &everybody);
}

#[test]
fn what_was_not_sent_is_told_until_it_is_tried_again_or_taken_back() {
    use homing_engine::api::{Done, ItemRef, MemberRole, RoleName};
    let mut house = House::new(31);
    let (laptop, cora, group) = (house.laptop, house.cora, house.group.clone());
    let world = &mut house.world;
    let member = world.status(cora).unwrap().person.unwrap();
    let set_role = |world: &mut World, role| {
        let args = MemberRole { conversation: group.clone(), member: member.clone(), role };
        world.call(laptop, Call::MemberRole(args)).unwrap();
        world.run_for(60_000).unwrap();
    };
    let not_sent = |world: &mut World| {
        let rows = of_kind(world, cora, NoticeKind::NotSent);
        rows.into_iter().filter_map(|row| row.message).collect::<Vec<_>>()
    };
    let again = |world: &mut World, message: &str| {
        let _: Done = world.ask(cora, Call::OutboxRetry(ItemRef { id: message.to_owned() })).unwrap();
    };

    world.set_online(cora, false).unwrap();
    let [one, two, three] = ["one", "two", "three"].map(|text| world.send(cora, &group, text).unwrap());
    set_role(world, RoleName::Reader);
    world.set_online(cora, true).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(not_sent(world), [three.as_str(), two.as_str(), one.as_str()]);

    // Tried too early it is refused once more, and told once more.
    world.take_events(cora).unwrap();
    again(world, &one);
    assert_eq!(not_sent(world), [three.as_str(), two.as_str()]);
    world.run_for(60_000).unwrap();
    assert_eq!(not_sent(world), [three.as_str(), two.as_str(), one.as_str()]);
    assert_eq!(told(world, cora), [(NoticeKind::NotSent, false, true)]);

    set_role(world, RoleName::Member);
    world.take_back(cora, &[two]).unwrap();
    assert_eq!(not_sent(world), [three.as_str(), one.as_str()]);
    again(world, &one);
    again(world, &three);
    world.run_for(60_000).unwrap();
    assert_eq!(not_sent(world), [""; 0]);
    assert_eq!(world.bodies(laptop, &group).unwrap(), ["one", "three"]);
}

#[test]
fn an_invitation_that_nobody_used_is_told_of_a_day_before_its_end() {
    use homing_engine::api::InviteTo;
    const HOUR: u64 = 3_600_000;
    let mut house = House::new(30);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    let to_group = || InviteTo::Talk { conversation: group.clone() };
    let used = world.invite(laptop, to_group()).unwrap();
    world.invite(laptop, InviteTo::Client { name: "Maria".to_owned() }).unwrap();
    let dora = world.add_device("dora", 0).unwrap();
    world.join(dora, &used, Some("Dora")).unwrap();
    world.run_for(47 * HOUR).unwrap();
    mark_all(world, laptop);
    world.run_for(60_000).unwrap();
    let ends = |world: &mut World, device: DeviceId| of_kind(world, device, NoticeKind::InviteEnds);
    for device in [laptop, desktop] {
        assert_eq!(ends(world, device), [], "device {device}");
        world.take_events(device).unwrap();
    }
    world.run_for(2 * HOUR).unwrap();
    for device in [laptop, desktop] {
        let rows = ends(world, device);
        assert_eq!((rows.len(), rows[0].title.as_str()), (1, "Maria"), "device {device}: {rows:?}");
        assert_eq!(told(world, device), [(NoticeKind::InviteEnds, false, true)], "device {device}");
    }
    assert_eq!(ends(world, house.cora), [], "only who made it is told");
    let row = ends(world, laptop).remove(0);
    mark(world, laptop, &[&row.id]);
    world.crash(desktop).unwrap();
    world.run_for(60_000).unwrap();
    world.start(desktop).unwrap();
    world.run_for(HOUR).unwrap();
    let rows = ends(world, desktop);
    assert!(rows.len() == 1 && !rows[0].unread, "{rows:?}");
    assert_eq!(told(world, desktop), []);
}
