//! Pushing and paging a space's log.

use homing_access::build::sign_entry;
use homing_wire::{
    ClientFrame, Entry, Lane, NackCode, Pin, Placed, RelayFrame, Role, Signature, SpaceId, SpaceOp, Stored,
};

use crate::support::{Client, Home, Person, World, chain};

/// Ada's talk with Ben, on a relay.
async fn talk(world: &mut World, home: &Home) -> (Person, Person, SpaceId, Client, Client) {
    let (ada, ben) = (world.person(), world.person());
    let mut a = home.join(&ada).await;
    let b = home.join(&ben).await;
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    (ada, ben, space, a, b)
}

async fn write(world: &mut World, client: &mut Client, who: &Person, space: SpaceId, text: &[u8]) -> Placed {
    let entry = world.data(space, who, who.me(), text);
    let placed = client.push(&entry).await.unwrap();
    world.took(&entry, placed.received_ms);
    placed
}

fn bodies(entries: &[Stored]) -> Vec<Vec<u8>> {
    entries.iter().map(|stored| Entry::decode(&stored.entry).unwrap().body.content).collect()
}

#[tokio::test]
async fn what_is_acknowledged_is_paged_in_order_under_a_signed_chain() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    let first = write(&mut world, &mut a, &ada, space, b"one").await;
    let second = write(&mut world, &mut b, &ben, space, b"two").await;
    assert_eq!((first.sequence, second.sequence), (2, 3));
    assert!(second.received_ms > first.received_ms, "receive times rise");
    let log = b.pull_all(space).await.unwrap();
    assert_eq!(bodies(&log)[1..], [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(chain(&log), second.head.head);
    assert!(b.signed(&second.head));
    let mut wrong = second.head.clone();
    wrong.head.sequence += 1;
    assert!(!b.signed(&wrong));
}

#[tokio::test]
async fn pages_go_both_ways_and_keep_to_their_size() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    for n in 0..5u8 {
        write(&mut world, &mut a, &ada, space, &[n; 4000]).await;
    }
    let unknown = world.person().me();
    let entry = world.adding(space, &ada, unknown, Role::Member);
    assert_eq!(a.push(&entry).await, Err(NackCode::NotFound), "an account nobody registered");
    let rotation = world.rotating(space, &ben, ben.me());
    let placed = b.push(&rotation).await.unwrap();
    world.took(&rotation, placed.received_ms);
    let sequences = |page: &[Stored]| page.iter().map(|stored| stored.sequence).collect::<Vec<_>>();
    let (page, head, more) = b.pull(space, 0, true, Lane::All, 9000).await.unwrap();
    assert_eq!((sequences(&page), head.head.sequence, more), (vec![7, 6], 7, true));
    let (page, _, more) = b.pull(space, 6, true, Lane::All, 9000).await.unwrap();
    assert_eq!((sequences(&page), more), (vec![5, 4], true));
    let (page, _, more) = b.pull(space, 1, false, Lane::All, 1).await.unwrap();
    assert_eq!((sequences(&page), more), (vec![2], true), "one comes however small the page");
    let (page, _, more) = b.pull(space, 0, false, Lane::Ops, u32::MAX).await.unwrap();
    assert_eq!((sequences(&page), more), (vec![1, 7], false));
    let (page, _, more) = b.pull(space, 7, true, Lane::Ops, u32::MAX).await.unwrap();
    assert_eq!((sequences(&page), more), (vec![1], false));
}

#[tokio::test]
async fn a_push_whose_ack_was_lost_is_acknowledged_again() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, _, space, mut a, _b) = talk(&mut world, &home).await;
    let entry = world.data(space, &ada, ada.me(), b"once");
    a.send(&ClientFrame::Push { req: 99, entry: entry.encode() }).await;
    drop(a);
    let mut a = home.login(&ada).await;
    let again = a.push(&entry).await.unwrap();
    let third = a.push(&entry).await.unwrap();
    assert_eq!((again.sequence, again.received_ms), (third.sequence, third.received_ms));
    assert_eq!(a.pull_all(space).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_entry_is_of_the_sessions_device_and_continues_its_chain() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    let foreign = world.data(space, &ben, ben.me(), b"x");
    assert_eq!(a.push(&foreign).await, Err(NackCode::BadSignature));
    let before = world.clone();
    write(&mut world, &mut a, &ada, space, b"one").await;
    let clone = before.data(space, &ada, ada.me(), b"from a copied profile");
    assert_eq!(a.push(&clone).await, Err(NackCode::Cloned));
    let fresh_profile = {
        let mut header = world.data(space, &ada, ada.me(), b"").header().clone();
        (header.prev, header.dseq) = (None, 1);
        sign_entry(header, b"fresh".to_vec(), ada.device.signing())
    };
    assert_eq!(a.push(&fresh_profile).await, Err(NackCode::Cloned));
    let mut ahead = world.clone();
    let refused = ahead.data(space, &ada, ada.me(), b"never taken");
    ahead.took(&refused, 0);
    let behind_it = ahead.data(space, &ada, ada.me(), b"behind it");
    assert_eq!(a.push(&behind_it).await, Err(NackCode::StaleOps), "sealed anew, not a clone");
    let mut header = world.data(space, &ada, ada.me(), b"").header().clone();
    header.dseq += 1;
    let skipped = sign_entry(header, b"skips".to_vec(), ada.device.signing());
    assert_eq!(a.push(&skipped).await, Err(NackCode::Malformed));
    write(&mut world, &mut a, &ada, space, b"two").await;
    write(&mut world, &mut b, &ben, space, b"three").await;
}

#[tokio::test]
async fn fresh_entries_stand_at_the_head_under_the_current_epoch() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    let late = world.data(space, &ben, ben.me(), b"late");
    let old_epoch = world.state(space).epoch();
    let rotation = world.rotating(space, &ada, ada.me());
    let rival = world.rotating(space, &ben, ben.me());
    let placed = a.push(&rotation).await.unwrap();
    world.took(&rotation, placed.received_ms);
    assert_eq!(b.push(&rival).await, Err(NackCode::StaleOps), "the loser adopts the winner");
    assert_eq!(b.push(&late).await, Err(NackCode::StaleOps));
    let mut header = world.data(space, &ben, ben.me(), b"").header().clone();
    header.epoch = Some(old_epoch);
    let old = sign_entry(header, b"old key".to_vec(), ben.device.signing());
    assert_eq!(b.push(&old).await, Err(NackCode::StaleEpoch));
    let second = Client::login(&home.address(), &ada).await;
    drop(second);
}

#[tokio::test]
async fn forged_ops_are_refused() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    let (cora, reader) = (world.person(), world.person());
    home.join(&cora).await;
    let mut r = home.join(&reader).await;
    let added = world.adding(space, &ada, reader.me(), Role::Reader);
    world.took(&added, a.push(&added).await.unwrap().received_ms);

    let mut unsigned = world.adding(space, &ada, cora.me(), Role::Member);
    unsigned.signature = Signature([7; 64]);
    assert_eq!(a.push(&unsigned).await, Err(NackCode::BadSignature));
    let by_member = world.adding(space, &ben, cora.me(), Role::Member);
    assert_eq!(b.push(&by_member).await, Err(NackCode::RoleForbids));
    let removal = world.removing(space, &ben, ada.me());
    assert_eq!(b.push(&removal).await, Err(NackCode::RoleForbids));
    let stranger_as_ada = world.adding(space, &ada, cora.me(), Role::Member);
    assert_eq!(b.push(&stranger_as_ada).await, Err(NackCode::BadSignature));
    let crown =
        SpaceOp::SetRole { grant: homing_wire::Grant { member: ben.me(), role: Role::Owner }, pins: vec![] };
    let crown = world.sign(space, &ben, ben.me(), &crown);
    assert_eq!(b.push(&crown).await, Err(NackCode::RoleForbids));
    let as_ada = world.data(space, &ben, ada.me(), b"as Ada");
    assert_eq!(b.push(&as_ada).await, Err(NackCode::NotAMember));
    let read_only = world.data(space, &reader, reader.me(), b"a reader writes");
    assert_eq!(r.push(&read_only).await, Err(NackCode::RoleForbids));
    let garbage = {
        let header =
            world.sign(space, &ada, ada.me(), &SpaceOp::MinimumRules { version: 2 }).header().clone();
        sign_entry(header, b"not an op".to_vec(), ada.device.signing())
    };
    assert_eq!(a.push(&garbage).await, Err(NackCode::Malformed));
    assert_eq!(a.pull_all(space).await.unwrap().len(), 2, "nothing of it was taken");
}

#[tokio::test]
async fn a_space_is_registered_once_by_who_may() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben) = (world.person(), world.person());
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (_, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    assert_eq!(b.push(&genesis).await, Err(NackCode::BadSignature), "not Ben's device");
    a.push(&genesis).await.unwrap();
    a.push(&genesis).await.unwrap();
    let SpaceOp::Genesis { origin, .. } = SpaceOp::decode(&genesis.body.content).unwrap() else { panic!() };
    let mut other = World::clone(&world);
    other.seed();
    let members = vec![homing_wire::Grant { member: ada.me(), role: Role::Owner }];
    let mut rival = other.genesis(&ada, ada.me(), origin, members);
    rival.body.header.dseq = 1;
    rival.body.header.prev = None;
    let rival = sign_entry(rival.body.header, rival.body.content, ada.device.signing());
    assert_eq!(a.push(&rival).await, Err(NackCode::Exists));
    let nowhere = {
        let mut header = world.data(genesis.header().space, &ada, ada.me(), b"").header().clone();
        header.space = SpaceId([9; 32]);
        (header.prev, header.dseq) = (None, 1);
        sign_entry(header, b"x".to_vec(), ada.device.signing())
    };
    assert_eq!(a.push(&nowhere).await, Err(NackCode::NotFound));
}

#[tokio::test]
async fn a_pin_names_the_last_entry_held() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    let first = write(&mut world, &mut b, &ben, space, b"one").await;
    let backdating = world.clone();
    write(&mut world, &mut b, &ben, space, b"two").await;
    let removal = world.removing(space, &ada, ben.me());
    let cut = |pins: Vec<Pin>| {
        let mut op = SpaceOp::decode(&removal.body.content).unwrap();
        if let SpaceOp::Remove { pins: old, .. } = &mut op {
            *old = pins;
        }
        sign_entry(removal.header().clone(), op.encode(), ada.device.signing())
    };
    let device = ben.device_id();
    let pins = [None, Some(first.id)].map(|last| vec![Pin { device, last }]);
    for pins in pins.into_iter().chain([Vec::new()]) {
        assert_eq!(a.push(&cut(pins)).await, Err(NackCode::PinMismatch));
    }
    world.took(&removal, a.push(&removal).await.unwrap().received_ms);
    let late = backdating.data(space, &ben, ben.me(), b"backdated");
    assert!(b.push(&late).await.is_err());
}

#[tokio::test]
async fn who_lost_a_device_rotates_before_the_next_message() {
    let mut world = World::new();
    let home = Home::new().await;
    let mut ada = world.person();
    let lost = world.second_device(&mut ada);
    let ben = world.person();
    let (mut a, mut b, mut l) = (home.join(&ada).await, home.join(&ben).await, home.login(&lost).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    write(&mut world, &mut l, &lost, space, b"from the laptop").await;
    let held_back = world.data(space, &lost, lost.me(), b"after the theft");
    let waiting = world.data(space, &ben, ben.me(), b"under the old key");
    let op = world.revoke(&mut ada, lost.device_id());
    a.account_push(&op).await.unwrap();
    b.send(&ClientFrame::Push { req: 50, entry: waiting.encode() }).await;
    let people = b
        .wait_for(|frame| match frame {
            RelayFrame::Nack { req: 50, code: NackCode::NeedsRotation, people, .. } => Some(people.clone()),
            _ => None,
        })
        .await;
    assert_eq!(people, vec![ada.id]);
    let slot = world.slot(space, &ben, 1, 1, b"draft");
    assert_eq!(b.push_slot(&slot).await, Err(NackCode::NeedsRotation));
    let anchor = world.anchoring(space, &ben, ben.me());
    world.took(&anchor, b.push(&anchor).await.unwrap().received_ms);
    write(&mut world, &mut b, &ben, space, b"under the new key").await;
    assert_eq!(l.went_away().await, NackCode::Revoked);
    assert_eq!(a.repush(space, &[as_stored(&held_back)]).await, Err(NackCode::NotFound), "behind the pin");
}

fn as_stored(entry: &Entry) -> Stored {
    Stored { sequence: 1, received_ms: 1, generation: 1, entry: entry.encode() }
}

#[tokio::test]
async fn the_rules_version_has_a_floor() {
    let mut world = World::new();
    let home = Home::new().await;
    let (ada, ben, space, mut a, mut b) = talk(&mut world, &home).await;
    let floor = world.sign(space, &ada, ada.me(), &SpaceOp::MinimumRules { version: 2 });
    world.took(&floor, a.push(&floor).await.unwrap().received_ms);
    let old = world.data(space, &ben, ben.me(), b"by an old app");
    assert_eq!(b.push(&old).await, Err(NackCode::OldRules));
}

#[tokio::test]
async fn one_damaged_space_stops_nobody_else() {
    let mut world = World::new();
    let mut home = Home::new().await;
    let (ada, _, space, mut a, _b) = talk(&mut world, &home).await;
    let (other, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    home.stop().await;
    let database = rusqlite::Connection::open(home.database()).unwrap();
    database.execute("UPDATE entry SET line = x'00' WHERE place = (1 << 32) | 1", []).unwrap();
    database.close().unwrap();
    home.start().await;
    let mut a = home.login(&ada).await;
    let entry = world.data(space, &ada, ada.me(), b"x");
    assert_eq!(a.push(&entry).await, Err(NackCode::Unavailable));
    write(&mut world, &mut a, &ada, other, b"x").await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let mut world = World::new();
    let mut home = Home::new().await;
    let (ada, ben, space, mut a, _b) = talk(&mut world, &home).await;
    let placed = write(&mut world, &mut a, &ada, space, b"one").await;
    home.stop().await;
    home.start().await;
    let mut b = home.login(&ben).await;
    assert_eq!(b.generation, 1);
    let log = b.pull_all(space).await.unwrap();
    assert_eq!(chain(&log), placed.head.head);
    write(&mut world, &mut b, &ben, space, b"two").await;
}
