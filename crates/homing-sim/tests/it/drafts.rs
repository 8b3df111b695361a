//! One draft on two devices.

use crate::house::{House, at_rest};

#[test]
fn what_is_typed_at_both_ends_merges() {
    let mut house = House::new(2);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    world.draft_set(laptop, &group, "the middle", "").unwrap();
    world.run_for(60_000).unwrap();
    let here = world.draft(laptop, &group).unwrap();
    let there = world.draft(desktop, &group).unwrap();
    assert_eq!(there.text, "the middle");
    world.set_online(laptop, false).unwrap();
    world.set_online(desktop, false).unwrap();
    world.draft_set(laptop, &group, "At the start, the middle", &here.revision).unwrap();
    world.draft_set(desktop, &group, "the middle, at the end.", &there.revision).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(world.draft(device, &group).unwrap().text, "At the start, the middle, at the end.");
        assert!(world.drafts(device).unwrap().len() == 1);
    }
    at_rest(world, &[laptop, desktop, house.ben, house.cora]);
}
