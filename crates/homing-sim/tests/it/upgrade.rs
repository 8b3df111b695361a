//! An app that was not upgraded yet keeps what it can't judge, and judges it when it is.

use homing_engine::api::RecordRow;
use homing_model::rules;
use homing_sim::{DeviceId, World, text};

use crate::disk;
use crate::house::{House, at_rest, same_messages};

fn restart(world: &mut World, device: DeviceId, rules: u32) {
    world.crash(device).unwrap();
    world.set_rules(device, rules).unwrap();
    world.start(device).unwrap();
    world.settle().unwrap();
}

fn properties(world: &mut World, device: DeviceId) -> Vec<RecordRow> {
    world.records(device, "property").unwrap()
}

#[test]
fn what_an_older_app_parked_is_judged_once_it_is_upgraded() {
    for seed in 360..363 {
        let mut house = House::new(seed);
        let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
        let everybody = house.devices();
        let world = &mut house.world;
        let first = world.send(laptop, &two, "at tea").unwrap();
        world.settle().unwrap();
        restart(world, desktop, 1);
        // Each of these is written under the second version of the rules.
        world.edit(laptop, &first, "at three").unwrap();
        world.react(ben, &first, "👍", true).unwrap();
        world.property(laptop, &[text("title", "Villa Rosa")]).unwrap();
        world.send(ben, &two, "see you").unwrap();
        world.settle().unwrap();
        let parked = world.status(desktop).unwrap().parked;
        assert!(parked >= 3, "{parked}");
        assert_eq!(world.bodies(desktop, &two).unwrap(), ["at tea", "see you"], "the rest is read on");
        assert!(properties(world, desktop).is_empty());
        restart(world, desktop, 1);
        assert_eq!(world.status(desktop).unwrap().parked, parked, "the same app can't judge more");

        // Without a network: all of it is here.
        world.set_online(desktop, false).unwrap();
        restart(world, desktop, rules::CURRENT);
        assert_eq!(world.bodies(desktop, &two).unwrap(), ["at three", "see you"]);
        assert_eq!(world.messages(desktop, &two).unwrap()[0].reactions.len(), 1);
        assert_eq!(properties(world, desktop)[0].title, "Villa Rosa");
        world.set_online(desktop, true).unwrap();
        world.settle().unwrap();
        same_messages(world, &[laptop, desktop, ben], &two);
        at_rest(world, &everybody);
    }
}

/// What waits is judged when the app changes, not with every start.
#[test]
fn the_same_app_does_not_judge_again() {
    let mut house = House::new(364);
    let (laptop, desktop, two) = (house.laptop, house.desktop, house.two.clone());
    let world = &mut house.world;
    let first = world.send(laptop, &two, "at tea").unwrap();
    world.settle().unwrap();
    restart(world, desktop, 1);
    world.edit(laptop, &first, "at three").unwrap();
    world.settle().unwrap();
    let parked = world.status(desktop).unwrap().parked;
    assert!(parked > 0);
    // As if the upgraded app had looked at it before.
    world.crash(desktop).unwrap();
    let known: String = rules::knowledge(rules::CURRENT).0.iter().map(|byte| format!("{byte:02x}")).collect();
    disk::alter(
        world,
        desktop,
        &format!("UPDATE meta SET value = x'{known}' WHERE key = 'rules/judged_with'"),
    );
    world.set_rules(desktop, rules::CURRENT).unwrap();
    world.start(desktop).unwrap();
    assert_eq!(world.status(desktop).unwrap().parked, parked);
    // Another app, and back: each looks once.
    restart(world, desktop, 1);
    restart(world, desktop, rules::CURRENT);
    assert_eq!(world.status(desktop).unwrap().parked, 0);
    assert_eq!(world.bodies(desktop, &two).unwrap(), ["at three"]);
}
