//! A relay that lost what it held gets it back from whoever has it.

use homing_sync::{Effect, Event};
use homing_wire::{ClientFrame, Signature, SignedHead};

use crate::world::{World, space};

#[test]
fn a_wiped_relay_gets_everything_back() {
    let mut world = World::new(2).with_spaces(3);
    for n in 1..=3 {
        for _ in 0..10 {
            world.write(0, space(n), false);
            world.write(1, space(n), false);
        }
        world.write_slot(0, space(n));
    }
    world.settle();
    world.assert_converged();
    let before: Vec<usize> = world.relay.logs.values().map(|log| log.entries.len()).collect();
    world.cut(0);
    world.cut(1);
    world.write(0, space(1), false);
    world.relay.wipe();
    world.settle();
    world.assert_converged();
    let after: Vec<usize> = world.relay.logs.values().map(|log| log.entries.len()).collect();
    assert_eq!(after, [before[0] + 1, before[1], before[2]]);
    assert!(!world.relay.held, "an owner confirmed");
    for device in &world.devices {
        assert_eq!(device.generation, 2);
        assert_eq!(device.saw(|effect| matches!(effect, Effect::Refilled { .. })), 3);
    }
}

#[test]
fn a_refill_that_is_interrupted_begins_again() {
    for frames in 0..30 {
        let mut world = World::new(1).with_spaces(2);
        for n in 1..=2 {
            for _ in 0..10 {
                world.write(0, space(n), false);
            }
        }
        world.settle();
        world.cut(0);
        world.relay.wipe();
        world.advance(60_000);
        for _ in 0..frames {
            if !world.deliver_up(0, 1) {
                world.deliver_down(0, 1);
            }
        }
        world.restart(0);
        world.settle();
        world.assert_converged();
        assert_eq!(world.relay.logs[&space(1)].entries.len(), 10);
    }
}

#[test]
fn a_lost_head_is_held_against_the_relay() {
    let mut world = World::new(1).with_spaces(1);
    world.settle();
    let head = SignedHead {
        space: space(1),
        head: homing_wire::Head { sequence: 7, ..homing_wire::Head::empty(1) },
        signature: Signature([7; 64]),
    };
    world.handle(0, Event::ProveRollback { head: head.clone() });
    let Some(Effect::Send { bytes, .. }) = world.devices[0].log.last() else { panic!("nothing sent") };
    let Ok(ClientFrame::Prove { proof, .. }) = ClientFrame::decode(bytes) else { panic!("not a proof") };
    assert_eq!((proof.from, proof.until), (head.head, Some(head)));
    world.settle();
}
