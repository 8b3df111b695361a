//! A relay whose disk is full: it says so, nothing is lost, and all goes on by itself once there is room.

use homing_engine::api::{Call, Code, InviteTo, Nothing};
use homing_sim::{DeviceId, RELAY, World};

use crate::house::{House, at_rest, same_messages};

fn problem(world: &mut World, device: DeviceId) -> Option<Code> {
    world.status(device).unwrap().problem.map(|problem| problem.code)
}

#[test]
fn a_full_relay_is_told_from_a_silent_one_and_gets_everything_once_it_has_room() {
    let mut house = House::new(90);
    let (laptop, ben, group) = (house.laptop, house.ben, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.send(laptop, &group, "while there was room").unwrap();
    world.settle().unwrap();

    world.set_relay_full(true);
    world.send(laptop, &group, "kept").unwrap();
    world.send(ben, &group, "kept too").unwrap();
    world.run_for(10_000).unwrap();
    for device in [laptop, ben] {
        let status = world.status(device).unwrap();
        assert!(status.online, "{status:?}");
        assert_eq!(status.problem.unwrap().code, Code::RelayFull);
        assert_eq!(status.outbox, 1);
        assert!(world.bodies(device, &group).unwrap().contains(&"while there was room".to_owned()));
    }
    // Who waits for everything to be handed over hears why it is not, and soon.
    let before = world.now_ms();
    assert_eq!(world.refusal(laptop, Call::Sync(Nothing {})).unwrap().code, Code::RelayFull);
    assert!(world.now_ms() < before + 5_000);
    let to = InviteTo::Client { name: "Zoe".to_owned() };
    let invite = Call::Invite(homing_engine::api::Invite { to });
    assert_eq!(world.refusal(laptop, invite).unwrap().code, Code::RelayFull);
    // Nobody new comes in either.
    let dan = world.add_device("dan", 0).unwrap();
    world.init_local(dan, "Dan").unwrap();
    let set = Call::RelaySet(homing_engine::api::RelaySet { address: RELAY.to_owned() });
    assert_eq!(world.refusal(dan, set).unwrap().code, Code::RelayFull);
    // It stays so over restarts of both.
    world.crash(laptop).unwrap();
    world.crash_relay().unwrap();
    world.start_relay().unwrap();
    world.start(laptop).unwrap();
    world.run_for(120_000).unwrap();
    assert_eq!(problem(world, laptop), Some(Code::RelayFull));
    assert!(world.outbox(laptop).unwrap().iter().any(|row| row.preview == "kept"));

    world.set_relay_full(false);
    world.run_for(3 * 60_000).unwrap();
    let mut bodies = same_messages(world, &everybody, &group);
    bodies.sort();
    assert_eq!(bodies, ["kept", "kept too", "while there was room"]);
    at_rest(world, &everybody);
    assert_eq!(problem(world, dan), None);
    assert!(world.status(dan).unwrap().online);
}
