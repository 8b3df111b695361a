//! Random schedules of writes, losses, cuts, restarts and failing disks: when the faults stop, all is everywhere.

use homing_sync::Event;
use homing_wire::{NackCode, RelayFrame};
use proptest::prelude::*;

use crate::world::{World, space};

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u8, bool),
    Slot(usize, u8),
    Open(usize, u8),
    Close(usize, u8),
    Up(usize, usize),
    Down(usize, usize),
    Cut(usize),
    Restart(usize),
    FailStorage(usize, usize),
    Refuse(NackCode),
    Twice(usize),
    Swap(usize),
    Lose(usize),
    Garbage(usize, Vec<u8>),
    Time(u64),
    Network(usize),
}

fn step(honest: bool) -> impl Strategy<Value = Step> {
    let d = 0usize..3;
    let s = 1u8..4;
    prop_oneof![
        8 => (d.clone(), s.clone(), any::<bool>()).prop_map(|(d, s, op)| Step::Write(d, s, op)),
        2 => (d.clone(), s.clone()).prop_map(|(d, s)| Step::Slot(d, s)),
        1 => (d.clone(), s.clone()).prop_map(|(d, s)| Step::Open(d, s)),
        1 => (d.clone(), s).prop_map(|(d, s)| Step::Close(d, s)),
        12 => (d.clone(), 1usize..12).prop_map(|(d, n)| Step::Up(d, n)),
        12 => (d.clone(), 1usize..12).prop_map(|(d, n)| Step::Down(d, n)),
        2 => d.clone().prop_map(Step::Cut),
        1 => d.clone().prop_map(Step::Restart),
        1 => (d.clone(), 1usize..4).prop_map(|(d, n)| Step::FailStorage(d, n)),
        1 => prop_oneof![
            Just(NackCode::StaleEpoch),
            Just(NackCode::RateLimited),
            Just(NackCode::Quota),
            Just(NackCode::NeedsRotation),
        ]
        .prop_map(Step::Refuse),
        1 => d.clone().prop_map(Step::Twice),
        1 => d.clone().prop_map(Step::Swap),
        1 => d.clone().prop_map(Step::Lose),
        1 => (d.clone(), proptest::collection::vec(any::<u8>(), 0..80)).prop_map(|(d, g)| Step::Garbage(d, g)),
        4 => (0u64..40_000).prop_map(Step::Time),
        1 => d.prop_map(Step::Network),
    ]
    .prop_map(move |step| match step {
        Step::Twice(_) | Step::Swap(_) | Step::Lose(_) | Step::Garbage(..) if honest => Step::Time(1),
        step => step,
    })
}

fn run(world: &mut World, step: Step) {
    match step {
        Step::Write(d, s, op) => world.write(d, space(s), op),
        Step::Slot(d, s) => world.write_slot(d, space(s)),
        Step::Open(d, s) => world.open(d, space(s)),
        Step::Close(d, s) => {
            world.devices[d].open.remove(&space(s));
            world.handle(d, Event::CloseSpace(space(s)));
        }
        Step::Up(d, n) => drop(world.deliver_up(d, n)),
        Step::Down(d, n) => drop(world.deliver_down(d, n)),
        Step::Cut(d) => world.cut(d),
        Step::Restart(d) => world.restart(d),
        Step::FailStorage(d, n) => world.devices[d].fail_storage = n,
        Step::Refuse(code) => world.relay.refuse.push(code),
        Step::Twice(d) => {
            if let Some(frame) = world.devices[d].down.front().cloned() {
                world.devices[d].down.push_back(frame);
            }
        }
        Step::Swap(d) => {
            if world.devices[d].down.len() > 1 && !is_feed(world, d, 0) && !is_feed(world, d, 1) {
                world.devices[d].down.swap(0, 1);
            }
        }
        Step::Lose(d) => {
            if !is_feed(world, d, 0) {
                world.devices[d].down.pop_front();
            }
        }
        Step::Garbage(d, bytes) => world.devices[d].down.push_back(bytes),
        Step::Time(ms) => world.advance(ms),
        Step::Network(d) => world.handle(d, Event::NetworkUp),
    }
}

/// Feeds say how far they are, not what they skip: a relay that leaves out lines withholds, which nobody can prove.
fn is_feed(world: &World, d: usize, n: usize) -> bool {
    let frame = world.devices[d].down.get(n).map(|bytes| RelayFrame::decode(bytes));
    matches!(frame, Some(Ok(RelayFrame::Feed { .. })))
}

fn finish(world: &mut World) {
    world.relay.refuse.clear();
    for d in 0..world.devices.len() {
        world.devices[d].fail_storage = 0;
    }
    world.settle();
    // Lost live frames are found at the latest by the next session.
    for d in 0..world.devices.len() {
        world.cut(d);
    }
    world.settle();
    world.assert_converged();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bad_network_only_delays(steps in proptest::collection::vec(step(true), 1..160)) {
        let mut world = World::new(3).with_spaces(3);
        for step in steps {
            run(&mut world, step);
        }
        finish(&mut world);
    }

    #[test]
    fn so_do_lost_doubled_and_swapped_frames(steps in proptest::collection::vec(step(false), 1..160)) {
        let mut world = World::new(3).with_spaces(3);
        for step in steps {
            run(&mut world, step);
        }
        finish(&mut world);
    }

    #[test]
    fn so_does_a_wiped_relay(
        before in proptest::collection::vec(step(true), 1..80),
        after in proptest::collection::vec(step(true), 1..80),
    ) {
        let mut world = World::new(3).with_spaces(3);
        for step in before {
            run(&mut world, step);
        }
        for d in 0..3 {
            world.cut(d);
        }
        world.relay.wipe();
        for step in after {
            run(&mut world, step);
        }
        finish(&mut world);
    }
}
