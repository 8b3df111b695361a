//! Entries with a time are handed in behind everything else of their space, to relays that know of them.

use homing_sync::{Effect, Event};
use homing_wire::{NackCode, ScheduleTag, Timed};

use crate::world::{World, entry, space};

fn world(version: u32) -> World {
    let mut world = World::new(1).with_spaces(1);
    world.relay.version = version;
    world.cut(0);
    world.write(0, space(1), true);
    world.settle();
    world.devices.iter_mut().for_each(|device| device.log.clear());
    world
}

fn later(tag: u8) -> Timed {
    let entry = entry(1, space(1), 9, None, false).encode();
    Timed { tag: ScheduleTag([tag; 32]), release_ms: 5_000_000, over: None, entry }
}

#[test]
fn what_is_scheduled_goes_behind_what_was_written() {
    let mut world = world(2);
    world.handle(0, Event::Schedule { space: space(1), entries: vec![later(1)] });
    world.write(0, space(1), false);
    world.write(0, space(1), false);
    // Said again, sealed behind what was written: only that is worth sending.
    world.handle(0, Event::Schedule { space: space(1), entries: vec![later(2)] });
    world.settle();
    let (last, so_far) = world.relay.scheduled.last().unwrap();
    assert_eq!((last[0].tag, *so_far), (ScheduleTag([2; 32]), 3));
    let acked = Effect::ScheduleAcked { space: space(1) };
    assert_eq!(world.devices[0].saw(|effect| *effect == acked), world.relay.scheduled.len());
}

#[test]
fn a_relay_of_before_is_told_nothing() {
    let mut world = world(1);
    assert!(!world.devices[0].client.schedules());
    world.handle(0, Event::Schedule { space: space(1), entries: vec![later(1)] });
    world.handle(0, Event::Unschedule { space: space(1), tag: ScheduleTag([1; 32]) });
    world.settle();
    assert!(world.relay.scheduled.is_empty());
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::Unscheduled { .. })), 0);
}

#[test]
fn refusals_are_told_and_a_new_session_begins_with_what_the_relay_keeps() {
    let mut world = world(2);
    world.relay.refuse.push(NackCode::StaleEpoch);
    world.handle(0, Event::Schedule { space: space(1), entries: vec![later(1)] });
    world.settle();
    let refused = Effect::ScheduleRefused { space: space(1), code: NackCode::StaleEpoch, people: vec![] };
    assert_eq!(world.devices[0].saw(|effect| *effect == refused), 1);
    world.handle(0, Event::Schedule { space: space(1), entries: vec![later(2)] });
    world.settle();
    world.handle(0, Event::Unschedule { space: space(1), tag: ScheduleTag([7; 32]) });
    world.settle();
    let gone =
        |effect: &Effect| matches!(effect, Effect::Unscheduled { refused: Some(NackCode::NotFound), .. });
    assert_eq!(world.devices[0].saw(gone), 1);
    world.devices[0].log.clear();
    world.cut(0);
    world.settle();
    let all = |effect: &Effect| matches!(effect, Effect::Scheduled { all: true, items } if items.len() == 1);
    assert_eq!(world.devices[0].saw(all), 1);
}
