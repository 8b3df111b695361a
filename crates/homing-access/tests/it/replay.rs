//! States are rebuilt from their ops.

use std::time::Instant;

use homing_access::{AccessError, AccountState, SpaceState};
use homing_wire::{Role, SpaceOp};

use crate::support::{Known, World};

#[test]
fn a_replayed_space_is_the_same() {
    let mut world = World::new(4);
    let space = world.talk(0, &[(1, Role::Admin), (2, Role::Member)]);
    world.add(space, 1, world.me(1), world.grant(3, Role::Reader)).unwrap();
    let (op, _) = world.inviting(space, Role::Member, true);
    world.push(space, (0, 0), world.me(0), &op).unwrap();
    world.add_device(2);
    world.revoke((2, 0));
    world.settle(space, (3, 0), world.me(3));
    let removal = world.removing(space, world.me(2));
    world.push_epoch(space, (1, 0), world.me(1), removal).unwrap();
    let ops = &world.logs[&space].ops;
    let replayed = SpaceState::replay(ops.iter().map(|(entry, at)| (entry, *at)), &world.dir).unwrap();
    let state = world.state(space);
    assert_eq!(replayed.head(), state.head());
    assert_eq!(replayed.members(), state.members());
    assert_eq!(replayed.invites(), state.invites());
    assert_eq!(replayed.epochs(), state.epochs());
    assert_eq!(replayed.seals(), state.seals());
    assert_eq!(replayed.cuts(), state.cuts());
    assert!(ops.iter().all(|(entry, _)| replayed.contains(&entry.id())));
    let none: [(&homing_wire::Entry, u64); 0] = [];
    assert_eq!(SpaceState::replay(none, &world.dir).unwrap_err(), AccessError::Malformed("empty chain"));
    assert_eq!(AccountState::replay([]).unwrap_err(), AccessError::Malformed("empty log"));
}

#[test]
fn a_chain_needs_no_more_of_the_directory_than_it_anchors() {
    let mut world = World::new(3);
    let space = world.talk(0, &[(1, Role::Member)]);
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    let mut then = Known { accounts: world.dir.accounts.clone(), ..Known::default() };
    world.rotate_person(1);
    world.add_device(0);
    let ops = &world.logs[&space].ops;
    let replay = |dir: &Known| SpaceState::replay(ops.iter().map(|(entry, at)| (entry, *at)), dir);
    assert_eq!(replay(&then).unwrap().epochs(), replay(&world.dir).unwrap().epochs());
    then.accounts.remove(&world.id(1));
    assert!(replay(&then).unwrap_err().missing().is_some());
}

#[test]
fn accounts_are_replayed() {
    let mut world = World::new(1);
    world.add_device(0);
    world.revoke((0, 0));
    let replayed = AccountState::replay(&world.account_ops[&world.id(0)]).unwrap();
    assert_eq!(replayed.head(), world.account(0).head());
    assert_eq!(replayed.devices(), world.account(0).devices());
    assert_eq!(replayed.person_key(), world.account(0).person_key());
}

#[test]
fn a_thousand_ops_are_replayed_fast() {
    let mut world = World::new(21);
    let others: Vec<_> = (1..20).map(|person| (person, Role::Owner)).collect();
    let space = world.talk(0, &others);
    for n in 1..1_000u32 {
        let who = usize::try_from(n).unwrap() % 20;
        if n % 10 == 0 {
            let rotation = world.rotating(space);
            world.push_epoch(space, (who, 0), world.me(who), rotation).unwrap();
        } else {
            let op = SpaceOp::MinimumRules { version: n };
            world.push(space, (who, 0), world.me(who), &op).unwrap();
        }
    }
    let ops = &world.logs[&space].ops;
    let start = Instant::now();
    let replayed = SpaceState::replay(ops.iter().map(|(entry, at)| (entry, *at)), &world.dir).unwrap();
    let took = start.elapsed();
    assert_eq!(replayed.len(), 1_000);
    // Unoptimised and beside other tests; optimised it is a tenth of this.
    assert!(took.as_secs() < 5, "{took:?}");
    println!("1,000 ops replayed in {took:?}");
}
