//! A relay that lies: it is found out, it harms one space at most, and it never breaks the client.

use homing_sync::{Client, Connection, Divergence, Effect, Event, Fault};
use homing_wire::{
    DeviceId, EntryId, FeedItem, Hash, Head, MailboxId, Member, Moved, NackCode, PersonId, Placed,
    RelayFrame, Signature, SignedHead, SpaceId, Stored,
};
use proptest::prelude::*;

use crate::world::{World, entry, space};

/// A device that is caught up with ten entries, and its open request for the eleventh's page.
fn asked() -> (World, u64, Vec<Stored>, SignedHead) {
    let mut world = World::new(1).with_spaces(2);
    for _ in 0..10 {
        world.write(0, space(1), false);
    }
    world.settle();
    let late = entry(9, space(1), 1, None, false).encode();
    world.relay.append(space(1), late, None);
    world.fan_out();
    world.deliver_down(0, 1);
    world.deliver_up(0, 9);
    let page = world.devices[0].down.pop_front().expect("the page");
    let Ok(RelayFrame::Page { req, entries, head, .. }) = RelayFrame::decode(&page) else { panic!("a page") };
    (world, req, entries, head)
}

/// What the client makes of a page.
fn answer(world: &mut World, req: u64, id: SpaceId, entries: Vec<Stored>, head: SignedHead) -> Vec<Effect> {
    let (link, now) = (world.devices[0].link.unwrap(), world.now);
    let bytes = RelayFrame::Page { req, space: id, entries, head, more: false }.encode();
    world.devices[0].client.handle(Event::Frame { link, bytes }, now)
}

fn divergence(effects: &[Effect]) -> Option<Divergence> {
    effects.iter().find_map(|effect| match effect {
        Effect::Diverged { what, .. } => Some(*what),
        _ => None,
    })
}

fn fault(effects: &[Effect]) -> Option<Fault> {
    effects.iter().find_map(|effect| match effect {
        Effect::Disconnect { reason, .. } => Some(reason.clone()),
        _ => None,
    })
}

#[test]
fn an_honest_page_is_taken() {
    let (mut world, req, entries, head) = asked();
    let effects = answer(&mut world, req, space(1), entries, head);
    assert!(matches!(effects.first(), Some(Effect::Entries { .. })), "{effects:?}");
}

#[test]
fn a_lower_head_is_a_rollback() {
    let (mut world, req, _, mut head) = asked();
    head.head.sequence = 9;
    assert_eq!(divergence(&answer(&mut world, req, space(1), vec![], head)), Some(Divergence::Rollback));
    assert!(matches!(world.devices[0].client.status(), Connection::Online { .. }), "others go on");
}

#[test]
fn another_chain_is_a_fork() {
    let (mut world, req, entries, mut head) = asked();
    head.head.chain = Hash([0; 32]);
    assert_eq!(divergence(&answer(&mut world, req, space(1), entries, head)), Some(Divergence::Fork));
    let (mut world, req, mut entries, head) = asked();
    entries[0].received_ms += 1;
    assert_eq!(divergence(&answer(&mut world, req, space(1), entries, head)), Some(Divergence::Fork));
}

#[test]
fn what_is_left_out_is_noticed() {
    let (mut world, req, _, head) = asked();
    assert_eq!(divergence(&answer(&mut world, req, space(1), vec![], head)), Some(Divergence::Withheld));
    let (mut world, req, mut entries, mut head) = asked();
    (entries[0].sequence, head.head.sequence) = (12, 12);
    assert_eq!(divergence(&answer(&mut world, req, space(1), entries, head)), Some(Divergence::Withheld));
}

#[test]
fn nonsense_ends_the_session() {
    type Lie = fn(&mut u64, &mut SpaceId, &mut Vec<Stored>, &mut SignedHead);
    let lies: [(Lie, Fault); 7] = [
        (|req, _, _, _| *req += 77, Fault::UnknownRequest),
        (|_, id, _, _| *id = space(2), Fault::WrongSubject),
        (|_, _, _, head| head.space = space(2), Fault::WrongSubject),
        (|_, _, _, head| head.head.sequence = u64::MAX, Fault::TooMuch),
        (|_, _, entries, _| entries[0].sequence = u64::MAX, Fault::OutOfOrder),
        (|_, _, entries, _| entries[0].entry = vec![0; 40], Fault::BadEntry),
        (
            |_, _, entries, _| entries[0].entry = entry(9, space(2), 1, None, false).encode(),
            Fault::WrongSubject,
        ),
    ];
    for (lie, expected) in lies {
        let (mut world, mut req, mut entries, mut head) = asked();
        let mut id = space(1);
        lie(&mut req, &mut id, &mut entries, &mut head);
        let effects = answer(&mut world, req, id, entries, head);
        assert_eq!(fault(&effects), Some(expected));
        assert!(matches!(world.devices[0].client.status(), Connection::Offline { .. }));
    }
}

#[test]
fn an_entry_of_a_later_version_is_followed() {
    let (mut world, req, mut entries, mut head) = asked();
    let mut later = entry(9, space(1), 1, None, false);
    later.body.header.version = 2;
    entries[0].entry = later.encode();
    let known = world.devices[0].places[&space(1)].cursor.unwrap().log.head;
    head.head = known.next(entries[0].generation, &later.id(), entries[0].received_ms);
    let effects = answer(&mut world, req, space(1), entries, head);
    assert!(matches!(effects.first(), Some(Effect::Entries { .. })), "{effects:?}");
}

#[test]
fn a_bad_signature_ends_the_session_and_the_page_is_asked_again() {
    let (mut world, req, entries, head) = asked();
    let effects = answer(&mut world, req, space(1), entries, head);
    let Some(Effect::Entries { ticket, .. }) = effects.first() else { panic!("{effects:?}") };
    let now = world.now;
    let effects = world.devices[0].client.handle(Event::BadHead { ticket: *ticket }, now);
    assert_eq!(fault(&effects), Some(Fault::BadHead));
    world.devices[0].link = None;
    world.settle();
    world.assert_converged();
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..14, Just(u64::MAX), Just(1 << 53), any::<u64>()]
}

fn any_space() -> impl Strategy<Value = SpaceId> {
    (1u8..5).prop_map(space)
}

fn stored() -> impl Strategy<Value = Stored> {
    (number(), number(), number(), 1u8..5, any::<bool>(), any::<bool>()).prop_map(
        |(sequence, received_ms, generation, s, op, good)| Stored {
            sequence,
            received_ms,
            generation,
            entry: if good { entry(9, space(s), 1, None, op).encode() } else { vec![7; 30] },
        },
    )
}

fn signed() -> impl Strategy<Value = SignedHead> {
    (any_space(), number(), number()).prop_map(|(space, generation, sequence)| SignedHead {
        space,
        head: Head { generation, sequence, chain: Hash([1; 32]) },
        signature: Signature([0; 64]),
    })
}

fn code() -> impl Strategy<Value = NackCode> {
    prop_oneof![
        Just(NackCode::Unavailable),
        Just(NackCode::NotFound),
        Just(NackCode::RateLimited),
        Just(NackCode::StaleOps),
    ]
}

fn frame() -> impl Strategy<Value = RelayFrame> {
    let member = prop_oneof![Just(Member::Person(PersonId([1; 32]))), any_space().prop_map(Member::Team),];
    let moved = prop_oneof![
        (any_space(), signed(), number()).prop_map(|(space, s, slots)| Moved::Space {
            space,
            head: s.head,
            slots
        }),
        any_space().prop_map(|space| Moved::Gone { space }),
    ];
    let item =
        (member, number(), moved).prop_map(|(feed, sequence, moved)| FeedItem { feed, sequence, moved });
    let entries = || proptest::collection::vec(stored(), 0..4);
    prop_oneof![
        (proptest::collection::vec(item, 0..4), any::<bool>())
            .prop_map(|(items, caught_up)| RelayFrame::Feed { items, caught_up }),
        (number(), any_space(), entries(), signed(), any::<bool>()).prop_map(
            |(req, space, entries, head, more)| RelayFrame::Page { req, space, entries, head, more }
        ),
        (any_space(), stored(), signed()).prop_map(|(space, stored, head)| RelayFrame::Event {
            space,
            stored,
            head
        }),
        (number(), any_space(), proptest::collection::vec(number(), 0..3), any::<bool>()).prop_map(
            |(req, space, all, more)| RelayFrame::Slots {
                req,
                space,
                slots: all.into_iter().map(|n| (n, vec![1].into())).collect(),
                more
            }
        ),
        (number(), number(), signed(), any::<bool>()).prop_map(|(req, sequence, head, none)| {
            RelayFrame::Ack {
                req,
                placed: (!none).then_some(Placed { id: EntryId([1; 32]), sequence, received_ms: 1, head }),
            }
        }),
        (number(), number()).prop_map(|(req, sequence)| RelayFrame::SlotAck { req, sequence }),
        (number(), code(), proptest::option::of(number())).prop_map(|(req, code, retry_after_ms)| {
            RelayFrame::Nack { req, code, people: vec![], retry_after_ms }
        }),
        (number(), any_space(), signed(), any::<bool>()).prop_map(|(req, space, head, more)| {
            RelayFrame::Ids { req, space, ids: vec![EntryId([1; 32])], more, head, held: more }
        }),
        any_space().prop_map(|space| RelayFrame::Overflow { space }),
        any_space().prop_map(|space| RelayFrame::Ephemeral {
            space,
            device: DeviceId([1; 32]),
            content: vec![1]
        }),
        number().prop_map(|req| RelayFrame::Mail { req, mailbox: MailboxId([1; 16]), messages: vec![] }),
        (code(), proptest::option::of(number()))
            .prop_map(|(code, retry_after_ms)| RelayFrame::GoAway { code, retry_after_ms }),
    ]
}

/// Carries out nothing but the connection: the relay is alone with the client.
fn lie(client: &mut Client, link: &mut u64, bytes: Vec<u8>, now: u64) {
    for effect in client.handle(Event::Frame { link: *link, bytes }, now) {
        match effect {
            Effect::Disconnect { .. } => *link = 0,
            Effect::Entries { ticket, .. }
            | Effect::Slots { ticket, .. }
            | Effect::Verified { ticket, .. } => {
                client.handle(Event::Applied { ticket }, now);
            }
            Effect::ReadChain { space, .. } => {
                client.handle(Event::Chain { space, items: vec![] }, now);
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_frame_breaks_the_client(frames in proptest::collection::vec(frame(), 1..60)) {
        let mut world = World::new(1).with_spaces(3);
        world.write(0, space(1), true);
        world.open(0, space(1));
        world.settle();
        for _ in 0..3 {
            world.write(0, space(1), false);
            world.write(0, space(2), true);
            world.write_slot(0, space(1));
        }
        for frame in frames {
            let mut link = world.devices[0].link.unwrap_or(0);
            let now = world.now;
            lie(&mut world.devices[0].client, &mut link, frame.encode(), now);
            if link == 0 {
                // Another session, by the honest relay; the liar takes it over again.
                world.devices[0].link = None;
                world.advance(60_000);
                for _ in 0..6 {
                    world.deliver_up(0, 1);
                    let down = world.devices[0].down.pop_front();
                    if let (Some(bytes), Some(link)) = (down, world.devices[0].link) {
                        let now = world.now;
                        for effect in world.devices[0].client.handle(Event::Frame { link, bytes }, now) {
                            if let Effect::SignAuth { link, .. } = effect {
                                let signature = Signature([0; 64]);
                                world.devices[0].client.handle(Event::Signed { link, signature }, now);
                            }
                        }
                    }
                }
            }
            prop_assert!(!matches!(world.devices[0].client.status(), Connection::Stopped));
        }
    }

    #[test]
    fn no_bytes_break_the_client(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut world = World::new(1).with_spaces(1);
        world.settle();
        let (link, now) = (world.devices[0].link.unwrap(), world.now);
        let effects = world.devices[0].client.handle(Event::Frame { link, bytes }, now);
        prop_assert!(fault(&effects).is_some());
    }
}
