//! Slots: one value each.

use homing_access::build::sign_slot;
use homing_relay::Limits;
use homing_wire::{NackCode, Role, Slot};

use crate::support::{Home, World};

#[tokio::test]
async fn a_slot_holds_its_newest_value_under_a_rising_sequence() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Reader)]);
    a.push(&genesis).await.unwrap();
    let values: Vec<Slot> = (1..=3).map(|n| world.slot(space, &ada, 1, n, &[n as u8])).collect();
    assert_eq!(a.push_slot(&values[0]).await, Ok(1));
    assert_eq!(a.push_slot(&values[1]).await, Ok(2));
    let other = world.slot(space, &ada, 2, 7, b"other");
    assert_eq!(a.push_slot(&other).await, Ok(3));
    assert_eq!(a.push_slot(&values[2]).await, Ok(4));
    assert_eq!(a.push_slot(&values[2]).await, Ok(4), "the same bytes again");
    assert_eq!(a.push_slot(&values[1]).await, Err(NackCode::Cloned));
    let twin = world.slot(space, &ada, 1, 3, b"by a copy of the profile");
    assert_eq!(a.push_slot(&twin).await, Err(NackCode::Cloned));
    let receipt = world.slot(space, &ben, 1, 1, b"read");
    assert_eq!(b.push_slot(&receipt).await, Ok(5), "a reader acknowledges");
    let all = b.pull_slots(space, 0).await.unwrap();
    assert_eq!(all, vec![(3, other.encode()), (4, values[2].encode()), (5, receipt.encode())]);
    assert_eq!(b.pull_slots(space, 4).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_slot_is_of_the_sessions_device_under_the_current_epoch() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let mut a = home.join(&ada).await;
    home.join(&ben).await;
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let foreign = world.slot(space, &ben, 1, 1, b"x");
    assert_eq!(a.push_slot(&foreign).await, Err(NackCode::BadSignature));
    let old = world.slot(space, &ada, 1, 1, b"old");
    let rotation = world.rotating(space, &ada, ada.me());
    world.took(&rotation, a.push(&rotation).await.unwrap().received_ms);
    assert_eq!(a.push_slot(&old).await, Err(NackCode::StaleEpoch));
    let fresh = world.slot(space, &ada, 1, 1, b"fresh");
    let mut zero = fresh.body.header.clone();
    zero.counter = 0;
    assert_eq!(a.push_slot(&sign_slot(zero, vec![1], ada.device.signing())).await, Err(NackCode::Malformed));
    let long = world.slot(space, &ada, 1, 1, &vec![0; homing_wire::limits::SLOT]);
    assert_eq!(a.push_slot(&long).await, Err(NackCode::TooLarge));
    assert_eq!(a.push_slot(&fresh).await, Ok(1));
}

#[tokio::test]
async fn a_device_has_a_share_of_slots() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::with(Limits { device_slot_bytes: 3000, ..Limits::default() }).await;
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    a.push_slot(&world.slot(space, &ada, 1, 1, &[0; 1500])).await.unwrap();
    assert_eq!(a.push_slot(&world.slot(space, &ada, 2, 1, &[0; 1500])).await, Err(NackCode::Quota));
    a.push_slot(&world.slot(space, &ada, 1, 2, &[0; 2000])).await.unwrap();
}
