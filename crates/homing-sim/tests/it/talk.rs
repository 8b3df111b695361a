//! People write to each other.

use homing_engine::api::{Event, State};
use homing_sim::World;

use crate::disk;
use crate::house::{House, at_rest, same_messages};

#[test]
fn everybody_gets_what_was_written_apart() {
    let mut house = House::new(1);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    at_rest(world, &[laptop, desktop, ben, cora]);
    for device in [laptop, desktop, ben, cora] {
        world.set_online(device, false).unwrap();
    }
    let mut sent = Vec::new();
    for round in 0..5 {
        for device in [laptop, ben, cora, desktop] {
            world.run_for(1_000).unwrap();
            let body = format!("{device} {round}");
            world.send(device, &group, &body).unwrap();
            sent.push(body);
        }
        world.send(laptop, &two, &format!("two {round}")).unwrap();
    }
    world.settle().unwrap();
    at_rest(world, &[laptop, desktop, ben, cora]);
    let mut bodies = same_messages(world, &[laptop, desktop, ben, cora], &group);
    bodies.sort();
    sent.sort();
    assert_eq!(bodies, sent);
    assert_eq!(same_messages(world, &[laptop, desktop, ben, cora], &two).len(), 5);
    let states: Vec<State> =
        world.messages(laptop, &group).unwrap().iter().filter(|row| row.mine).map(|row| row.state).collect();
    assert_eq!(states, vec![State::Delivered; 10]);
    assert_eq!(world.status(laptop).unwrap().unread, world.status(desktop).unwrap().unread);
}

#[test]
fn a_late_message_is_unread_marked_and_told_once_and_its_tick_is_honest() {
    let mut house = House::new(6);
    let (laptop, ben, cora, group) = (house.laptop, house.ben, house.cora, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let late = world.send(laptop, &group, "written at ten").unwrap();
    world.run_for(3_600_000).unwrap();
    world.send(cora, &group, "written at eleven").unwrap();
    world.run_for(3_600_000).unwrap();
    world.send(cora, &group, "written at twelve").unwrap();
    world.run_for(60_000).unwrap();
    world.read(ben, &group).unwrap();
    world.take_events(ben).unwrap();
    world.settle().unwrap();
    assert_eq!(
        same_messages(world, &everybody, &group),
        ["written at ten", "written at eleven", "written at twelve"]
    );
    let rows = world.messages(ben, &group).unwrap();
    let marks: Vec<(bool, bool)> = rows.iter().map(|row| (row.unread, row.late)).collect();
    assert_eq!(marks, [(true, true), (false, false), (false, false)]);
    assert_eq!(world.status(ben).unwrap().unread, 1);
    assert_eq!(world.conversation_detail(ben, &group).unwrap().first_unread.as_deref(), Some(late.as_str()));
    let told = world.take_events(ben).unwrap();
    let told = told.iter().filter(
        |event| matches!(event, Event::Notify { notice, .. } if notice.message.as_ref() == Some(&late)),
    );
    assert_eq!(told.count(), 1);
    let tick = |world: &mut World| {
        let rows = world.messages(laptop, &group).unwrap();
        let row = rows.iter().find(|row| row.id == late).unwrap();
        let bens = row.receipts.iter().find(|receipt| receipt.name == "Ben").unwrap();
        (row.state, bens.delivered, bens.read)
    };
    assert_eq!(tick(world), (State::Delivered, true, false));
    world.shown(ben, &group, std::slice::from_ref(&late)).unwrap();
    world.settle().unwrap();
    assert_eq!(tick(world), (State::Delivered, true, true), "Cora has not read it");
    at_rest(world, &everybody);
}

#[test]
fn what_was_read_elsewhere_while_a_device_was_off_is_not_told_when_it_comes_back() {
    for seed in 0..2 {
        let mut house = House::new(seed);
        let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
        let everybody = house.devices();
        let world = &mut house.world;
        world.crash(desktop).unwrap();
        world.send(ben, &group, "read on the laptop").unwrap();
        world.run_for(60_000).unwrap();
        world.read(laptop, &group).unwrap();
        world.run_for(60_000).unwrap();
        let news = world.send(ben, &group, "read nowhere").unwrap();
        world.run_for(60_000).unwrap();
        world.start(desktop).unwrap();
        world.settle().unwrap();
        let told: Vec<String> = world
            .take_events(desktop)
            .unwrap()
            .into_iter()
            .filter_map(|event| match event {
                Event::Notify { notice, .. } => notice.message,
                _ => None,
            })
            .collect();
        assert_eq!(told, [news], "seed {seed}");
        at_rest(world, &everybody);
    }
}

#[test]
fn receipts_that_a_crash_kept_from_being_said_are_said_after_it() {
    let mut house = House::new(9);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    at_rest(world, &everybody);
    let sent = world.send(laptop, &two, "did it arrive?").unwrap();
    let has = |world: &mut World| world.messages(ben, &two).unwrap().iter().any(|row| row.id == sent);
    while !has(world) {
        world.run_for(10).unwrap();
    }
    let state = |world: &mut World| {
        world.messages(laptop, &two).unwrap().into_iter().find(|row| row.id == sent).unwrap().state
    };
    world.crash(ben).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(state(world), State::Sent, "it crashed before it could say so");
    world.start(ben).unwrap();
    world.settle().unwrap();
    assert_eq!(state(world), State::Delivered);
    at_rest(world, &everybody);
}

/// A name comes in its own entry, which may come later than all else: whoever shows it has the words for that.
#[test]
fn who_has_no_name_yet_is_called_nothing() {
    let mut house = House::new(83);
    let (laptop, ben) = (house.laptop, house.ben);
    let world = &mut house.world;
    let pair = world.conversation(laptop, "", &["Cora"]).unwrap();
    let three = world.conversation(laptop, "", &["Ben", "Cora"]).unwrap();
    world.settle().unwrap();
    world.send(ben, &three, "hello").unwrap();
    world.settle().unwrap();
    world.crash(laptop).unwrap();
    disk::alter(
        world,
        laptop,
        "DELETE FROM names; UPDATE people SET name = ''; DELETE FROM meta WHERE key LIKE 'device_name/%';",
    );
    world.start(laptop).unwrap();
    let all = world.conversations(laptop).unwrap();
    let row = |id: &str| all.iter().find(|row| row.id == id).unwrap();
    assert_eq!((row(&pair).title.as_str(), row(&three).title.as_str()), ("\u{2026}", "\u{2026}, \u{2026}"));
    assert!(row(&three).participants.iter().all(|one| one.name.is_empty()));
    assert_eq!(world.messages(laptop, &three).unwrap()[0].author_name, "");
    assert!(world.devices(laptop).unwrap().iter().all(|device| device.name.is_empty()));
}
