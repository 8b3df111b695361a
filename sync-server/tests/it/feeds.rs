//! Feeds, live frames, and what happens to who doesn't read.

use homing_relay::Limits;
use homing_wire::{ClientFrame, Entry, Moved, RelayFrame, Role};

use crate::support::{Home, World};

#[tokio::test]
async fn a_reconnect_learns_what_moved_and_nothing_else() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let mut spaces = Vec::new();
    for _ in 0..5 {
        let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
        a.push(&genesis).await.unwrap();
        spaces.push(space);
    }
    let all = b.follow(ben.me(), 0).await;
    assert_eq!(all.len(), 6, "the account and five spaces");
    assert!(all.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    let cursor = all.last().unwrap().sequence;
    drop(b);
    for text in [b"one", b"two"] {
        let entry = world.data(spaces[2], &ada, ada.me(), text);
        world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    }
    let mut b = home.login(&ben).await;
    let moved = b.follow(ben.me(), cursor).await;
    assert_eq!(moved.len(), 1, "coalesced");
    let Moved::Space { space, head, slots } = &moved[0].moved else { panic!("{moved:?}") };
    assert_eq!((*space, head.sequence, *slots), (spaces[2], 3, 0));
    assert!(moved[0].sequence > cursor);
    assert_eq!(b.follow(ben.me(), moved[0].sequence).await, vec![]);
}

#[tokio::test]
async fn what_moves_comes_live_to_followers_and_open_spaces() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    b.follow(ben.me(), 0).await;
    b.sub(space).await;
    b.pull_all(space).await.unwrap();
    let entry = world.data(space, &ada, ada.me(), b"live");
    let placed = a.push(&entry).await.unwrap();
    world.took(&entry, placed.received_ms);
    let (stored, head) = b
        .wait_for(|frame| match frame {
            RelayFrame::Event { stored, head, .. } => Some((stored.clone(), head.clone())),
            _ => None,
        })
        .await;
    assert_eq!((Entry::decode(&stored.entry).unwrap(), &head), (entry, &placed.head));
    assert!(b.signed(&head));
    let item = b
        .wait_for(|frame| match frame {
            RelayFrame::Feed { items, .. } => items.first().cloned(),
            _ => None,
        })
        .await;
    assert!(matches!(item.moved, Moved::Space { head, .. } if head == placed.head.head));
    let slot = world.slot(space, &ada, 1, 1, b"draft");
    let sequence = a.push_slot(&slot).await.unwrap();
    let slots = b
        .wait_for(|frame| match frame {
            RelayFrame::Slots { req: 0, slots, .. } => Some(slots.clone()),
            _ => None,
        })
        .await;
    assert_eq!(slots, vec![(sequence, slot.encode().into())]);
    b.send(&ClientFrame::Sub { space, on: false }).await;
    b.pull_slots(space, 0).await.unwrap();
    let entry = world.data(space, &ada, ada.me(), b"closed");
    a.push(&entry).await.unwrap();
    let next = b
        .wait_for(|frame| {
            matches!(frame, RelayFrame::Event { .. } | RelayFrame::Feed { .. }).then(|| frame.clone())
        })
        .await;
    assert!(matches!(next, RelayFrame::Feed { .. }), "the slot's and the entry's line, no event");
}

#[tokio::test]
async fn who_reads_too_slowly_overflows_and_pages_later() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::with(Limits { live_bytes: 20_000, ..Limits::default() }).await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    b.sub(space).await;
    b.pull_all(space).await.unwrap();
    for n in 0..10u8 {
        let entry = world.data(space, &ada, ada.me(), &[n; 4000]);
        world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    }
    let mut events = 0;
    loop {
        match b.frame().await {
            RelayFrame::Event { .. } => events += 1,
            RelayFrame::Overflow { space: id } => {
                assert_eq!(id, space);
                break;
            }
            frame => panic!("{frame:?}"),
        }
    }
    assert_eq!(events, 4);
    assert_eq!(b.pull_all(space).await.unwrap().len(), 11, "nothing is lost");
    b.sub(space).await;
    b.send(&ClientFrame::Credit { bytes: u32::MAX }).await;
    b.pull_slots(space, 0).await.unwrap();
    let entry = world.data(space, &ada, ada.me(), b"live again");
    a.push(&entry).await.unwrap();
    assert!(matches!(b.frame().await, RelayFrame::Event { .. }));
}

#[tokio::test]
async fn a_reader_that_stops_reading_costs_the_relay_nothing() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    for n in 0..40u8 {
        let entry = world.data(space, &ada, ada.me(), &[n; 200_000]);
        world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    }
    b.sub(space).await;
    for req in 1000..1400 {
        let pull = ClientFrame::Pull {
            req,
            space,
            from: 0,
            backwards: false,
            lane: homing_wire::Lane::All,
            bytes: u32::MAX,
        };
        b.send(&pull).await;
    }
    for n in 0..5u8 {
        let entry = world.data(space, &ada, ada.me(), &[n]);
        world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    }
    let mut answered = 0;
    while answered < 400 {
        if let RelayFrame::Page { req, .. } = b.frame().await {
            assert_eq!(req, 1000 + answered, "in order, and all of them once it reads again");
            answered += 1;
        }
    }
}
