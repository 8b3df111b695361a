//! Linking goes on over a relay that ends and begins again: it keeps mailboxes in memory only.

use homing_engine::api::{Call, LinkAccept, LinkApprove, LinkState, Nothing};
use homing_sim::{RELAY, World};

use crate::house::{same_messages, world};

/// The relay ends after so many steps of the exchange, and again after as many once the digits were approved.
fn linked_over_a_restart(steps: usize) {
    let mut world = world(80);
    let laptop = world.add_device("laptop", 0).unwrap();
    world.init(laptop, "Ada").unwrap();
    world.settle().unwrap();
    let note = world.conversation(laptop, "Notes", &[]).unwrap();
    world.send(laptop, &note, "before").unwrap();
    world.settle().unwrap();
    let desktop = world.add_device("desktop", 0).unwrap();
    let restart = |world: &mut World| {
        for _ in 0..steps {
            world.step().unwrap();
        }
        world.crash_relay().unwrap();
        world.start_relay().unwrap();
    };
    let offer: LinkState = world.ask(laptop, Call::LinkOffer(Nothing {})).unwrap();
    let accept = LinkAccept {
        code: offer.code.unwrap(),
        device_name: Some("desktop".to_owned()),
        relay: Some(RELAY.to_owned()),
    };
    let waiting = world.begin_call(desktop, Call::LinkAccept(accept)).unwrap();
    restart(&mut world);
    let answer = loop {
        match world.answer(desktop, waiting).unwrap() {
            Some(answer) => break answer,
            None => assert!(world.step().unwrap()),
        }
    };
    let state: LinkState = serde_json::from_str(answer.expect("both show digits").get()).unwrap();
    let digits = state.digits.unwrap();
    loop {
        let shown: Option<LinkState> = world.ask(laptop, Call::LinkShow(Nothing {})).unwrap();
        match shown.and_then(|state| state.digits) {
            Some(here) => {
                assert_eq!(here, digits);
                break;
            }
            None => assert!(world.step().unwrap()),
        }
    }
    world.begin_call(laptop, Call::LinkApprove(LinkApprove { digits })).unwrap();
    restart(&mut world);
    world.settle().unwrap();
    assert!(world.status(desktop).unwrap().person.is_some(), "after {steps} steps");
    assert_eq!(same_messages(&mut world, &[laptop, desktop], &note), ["before"]);
    assert_eq!(world.devices(laptop).unwrap().len(), 2);
}

#[test]
fn a_relay_that_restarts_in_the_middle_delays_a_linking_and_no_more() {
    for steps in 0..10 {
        linked_over_a_restart(steps);
    }
}
