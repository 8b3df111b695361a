//! Following spaces: order, cost, live mode, slots.

use homing_sync::{Effect, Event, Hold};
use homing_wire::{EntryId, Lane, Member, PersonId, SpaceId};

use crate::world::{World, entry, space};

fn fill(world: &mut World, id: SpaceId, entries: u64) {
    let mut prev: Option<EntryId> = None;
    for dseq in 1..=entries {
        let entry = entry(9, id, dseq, prev, dseq == 1 || dseq % 10 == 0);
        prev = Some(entry.id());
        world.relay.append(id, entry.encode(), None);
    }
    world.fan_out();
}

/// Pages asked while this runs.
fn pulls(world: &mut World, run: impl FnOnce(&mut World)) -> usize {
    let before = world.relay.pulls;
    run(world);
    world.settle();
    world.relay.pulls - before
}

#[test]
fn first_the_ops_then_the_newest_then_the_rest() {
    let mut world = World::new(1).with_spaces(1);
    fill(&mut world, space(1), 60);
    world.settle();
    world.assert_converged();
    let steps: Vec<_> = world.devices[0]
        .log
        .iter()
        .filter_map(|effect| match effect {
            Effect::Entries { lane: Lane::Ops, .. } => Some("ops"),
            Effect::Entries { cursor, entries, .. } if entries.last().map(|s| s.sequence) == Some(60) => {
                assert!(cursor.gap.is_some());
                Some("newest")
            }
            Effect::Entries { .. } => Some("older"),
            Effect::CaughtUp { .. } => Some("usable"),
            Effect::Verified { .. } => Some("verified"),
            _ => None,
        })
        .collect();
    let mut order = steps.clone();
    order.dedup();
    assert_eq!(order, ["ops", "newest", "usable", "older", "verified"]);
}

#[test]
fn a_hole_survives_a_restart() {
    let mut world = World::new(1).with_spaces(1);
    fill(&mut world, space(1), 120);
    while world.devices[0].places.get(&space(1)).and_then(|p| p.cursor).is_none_or(|c| c.log.gap.is_none()) {
        assert!(world.deliver_up(0, 1) | world.deliver_down(0, 1));
    }
    world.restart(0);
    fill_more(&mut world);
    world.settle();
    world.assert_converged();
}

fn fill_more(world: &mut World) {
    let entry = entry(8, space(1), 1, None, false);
    world.relay.append(space(1), entry.encode(), None);
    world.fan_out();
}

#[test]
fn a_reconnect_costs_what_moved() {
    let mut world = World::new(1).with_spaces(100);
    for n in 1..=100 {
        fill(&mut world, space(n), 3);
    }
    world.settle();
    assert_eq!(pulls(&mut world, |world| world.cut(0)), 0);
    assert_eq!(pulls(&mut world, |world| world.restart(0)), 0);
    let moved = pulls(&mut world, |world| {
        world.cut(0);
        let entry = entry(8, space(7), 1, None, false);
        world.relay.append(space(7), entry.encode(), None);
    });
    assert_eq!(moved, 1);
    world.assert_converged();
}

#[test]
fn live_entries_and_own_pushes_are_not_fetched() {
    let mut world = World::new(2).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.open(0, space(1));
    world.open(1, space(1));
    world.settle();
    let fetched = pulls(&mut world, |world| {
        for _ in 0..5 {
            world.write(0, space(1), false);
            world.flow();
            world.write(1, space(1), false);
            world.flow();
        }
    });
    assert_eq!(fetched, 0);
    world.assert_converged();
    assert!(world.devices[1].saw(|effect| matches!(effect, Effect::Entries { live: true, .. })) >= 10);
}

#[test]
fn a_space_begun_here_waits_for_its_first_op() {
    let mut world = World::new(1).with_spaces(1);
    world.open(0, space(1));
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::SpaceRefused { .. })), 0);
    world.write(0, space(1), true);
    world.settle();
    world.assert_converged();
    assert!(world.devices[0].client.is_caught_up(&space(1)));
}

#[test]
fn only_the_newest_slot_is_sent() {
    let mut world = World::new(2).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.cut(0);
    for _ in 0..10 {
        world.write_slot(0, space(1));
    }
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::SlotAcked { .. })), 1);
    let held: Vec<u64> = world.devices[1].places[&space(1)].slots.values().copied().collect();
    assert_eq!(held, [10]);
}

#[test]
fn typing_reaches_who_has_the_space_open() {
    let mut world = World::new(2).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.open(1, space(1));
    world.settle();
    world.handle(0, Event::Ephemeral { space: space(1), content: vec![1] });
    world.settle();
    assert_eq!(
        world.devices[1].saw(|effect| matches!(effect, Effect::EphemeralIn { .. })),
        0,
        "sender not live"
    );
    world.open(0, space(1));
    world.settle();
    world.handle(0, Event::Ephemeral { space: space(1), content: vec![1] });
    world.settle();
    assert_eq!(world.devices[1].saw(|effect| matches!(effect, Effect::EphemeralIn { .. })), 1);
}

#[test]
fn a_joined_team_is_followed_and_a_forgotten_space_is_not() {
    let mut world = World::new(1).with_spaces(1);
    let team = Member::Team(space(40));
    world.relay.join(team, space(41));
    fill(&mut world, space(41), 2);
    world.settle();
    assert!(!world.devices[0].places.contains_key(&space(41)));
    world.handle(0, Event::Follow(team));
    world.settle();
    assert_eq!(world.devices[0].places[&space(41)].entries.len(), 2);
    assert_eq!(world.devices[0].feeds.get(&team), Some(&2));
    world.handle(0, Event::Unfollow(team));
    world.handle(0, Event::Forget(space(41)));
    fill(&mut world, space(41), 1);
    world.settle();
    assert_eq!(world.devices[0].places[&space(41)].entries.len(), 2);
    assert!(!world.devices[0].feeds.contains_key(&team));
    assert!(world.devices[0].feeds.contains_key(&Member::Person(PersonId([1; 32]))));
}

#[test]
fn a_relay_without_room_is_told_of_once_and_what_it_refused_is_sent_again() {
    let mut world = World::new(1).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.relay.refuse.extend([homing_wire::NackCode::DiskFull; 3]);
    world.write(0, space(1), false);
    world.write(0, space(1), false);
    world.settle();
    let told: Vec<_> = world.devices[0]
        .log
        .iter()
        .filter_map(|effect| match effect {
            Effect::Holding { space, hold } => Some((*space, *hold)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(None, Some(Hold::Full)), (None, None)]);
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::Acked { .. })), 3);
}

#[test]
fn a_refused_entry_takes_those_behind_it_along() {
    let mut world = World::new(1).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.relay.refuse.push(homing_wire::NackCode::StaleEpoch);
    for _ in 0..4 {
        world.write(0, space(1), false);
    }
    world.settle();
    world.assert_converged();
    let device = &world.devices[0];
    assert_eq!(device.saw(|effect| matches!(effect, Effect::Refused { .. })), 1, "the rest says nothing new");
    assert_eq!(device.given_up.len(), 4);
    assert_eq!(device.acked.len(), 1 + 3, "three were sealed anew");
}

#[test]
fn who_is_told_to_wait_keeps_the_bytes() {
    let mut world = World::new(1).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.relay.refuse.push(homing_wire::NackCode::Quota);
    for _ in 0..3 {
        world.write(0, space(1), false);
    }
    world.settle();
    world.assert_converged();
    assert_eq!(world.devices[0].acked.len(), 4);
    assert!(world.devices[0].given_up.is_empty());
    let told = |hold| Effect::Holding { space: Some(space(1)), hold };
    assert_eq!(world.devices[0].saw(|effect| *effect == told(Some(Hold::Quota))), 1);
    assert_eq!(world.devices[0].saw(|effect| *effect == told(None)), 1);
}

#[test]
fn live_mode_that_ends_is_begun_again_after_a_while() {
    let mut world = World::new(2).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world.relay.refuse_subs = 3;
    let fetched = pulls(&mut world, |world| world.open(1, space(1)));
    assert!(fetched <= 8, "{fetched} pages for four subscriptions");
    assert_eq!(world.relay.refuse_subs, 0);
    assert_eq!(pulls(&mut world, |world| world.write(0, space(1), false)), 0, "live now");
    world.assert_converged();
}
