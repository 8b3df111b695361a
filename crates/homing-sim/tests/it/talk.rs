//! People write to each other.

use homing_engine::api::State;

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
