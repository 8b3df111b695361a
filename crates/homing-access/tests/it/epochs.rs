//! New epochs: to whom they are sealed, and what is opened again.

use std::collections::BTreeMap;

use homing_access::build::{BuildError, new_epoch};
use homing_access::{AccessError, RotationReason, open};
use homing_crypto::{CryptoError, EpochKey, Seed32};
use homing_wire::{
    EntryId, Epoch, Hash, KemPublic, Member, Recipient, Role, SealedSeed, SpaceId, SpaceKind, SpaceOp,
};

use crate::support::{Holding, World};

fn talk() -> (World, SpaceId) {
    let mut world = World::new(4);
    let space = world.talk(0, &[(1, Role::Member), (2, Role::Reader)]);
    (world, space)
}

/// A rotation by person 1 that was changed before signing.
fn rotation_with(change: impl FnOnce(&mut Epoch, &World, SpaceId)) -> Result<(), AccessError> {
    let (mut world, space) = talk();
    let (mut op, _) = world.rotating(space);
    let SpaceOp::Rotate { epoch } = &mut op else { unreachable!() };
    change(epoch, &world, space);
    world.tried(space, (1, 0), world.me(1), &op)
}

#[test]
fn any_member_rotates_and_an_outsider_does_not() {
    let (mut world, space) = talk();
    let (op, _) = world.rotating(space);
    for person in 0..3 {
        assert_eq!(world.tried(space, (person, 0), world.me(person), &op), Ok(()));
    }
    assert_eq!(world.tried(space, (3, 0), world.me(3), &op), Err(AccessError::NotAMember));
}

#[test]
fn an_epoch_is_sealed_to_exactly_the_members() {
    assert_eq!(rotation_with(|_, _, _| {}), Ok(()));
    let missing = rotation_with(|epoch, _, _| drop(epoch.sealed.remove(0)));
    assert_eq!(missing, Err(AccessError::WrongRecipients));
    let extra = rotation_with(|epoch, world, _| {
        let more = SealedSeed { to: Recipient::Person(world.id(3), 1), ..epoch.sealed[0].clone() };
        epoch.sealed.push(more);
    });
    assert_eq!(extra, Err(AccessError::WrongRecipients));
    let twice = rotation_with(|epoch, _, _| {
        let more = epoch.sealed[0].clone();
        epoch.sealed.push(more);
    });
    assert_eq!(twice, Err(AccessError::WrongRecipients));
    let swapped = rotation_with(|epoch, world, _| epoch.sealed[0].to = Recipient::Person(world.id(3), 1));
    assert_eq!(swapped, Err(AccessError::WrongRecipients));
    let generation = rotation_with(|epoch, world, _| {
        for seal in &mut epoch.sealed {
            if seal.to == Recipient::Person(world.id(0), 1) {
                seal.to = Recipient::Person(world.id(0), 2);
            }
        }
    });
    assert_eq!(generation, Err(AccessError::WrongRecipients));
    let broken = rotation_with(|epoch, _, _| epoch.sealed[0].sealed.truncate(30));
    assert_eq!(broken, Err(AccessError::Malformed("sealed seed")));
}

#[test]
fn open_instant_links_are_recipients_and_waiting_ones_are_not() {
    let (mut world, space) = talk();
    let (op, secret) = world.inviting(space, Role::Member, true);
    let (without, _) = world.rotating(space);
    world.push(space, (0, 0), world.me(0), &op).unwrap();
    let (op, _) = world.inviting(space, Role::Member, false);
    world.push(space, (0, 0), world.me(0), &op).unwrap();
    assert_eq!(world.tried(space, (1, 0), world.me(1), &without), Err(AccessError::WrongRecipients));
    let rotation = world.rotating(space);
    world.push_epoch(space, (1, 0), world.me(1), rotation).unwrap();
    assert_eq!(Holding::link(&world, &secret).opens(space).len(), 2);
    // A clock behind the relay's seals to a link that has expired meanwhile: refused, sealed anew.
    let (op, _) = world.rotating(space);
    world.now += homing_wire::limits::INVITE_MS;
    assert_eq!(world.tried(space, (1, 0), world.me(1), &op), Err(AccessError::WrongRecipients));
}

#[test]
fn an_epoch_links_to_the_one_before() {
    let none = rotation_with(|epoch, _, _| epoch.previous = None);
    assert_eq!(none, Err(AccessError::Malformed("previous epoch")));
    let other = rotation_with(|epoch, _, _| epoch.previous.as_mut().unwrap().epoch = EntryId([4; 32]));
    assert_eq!(other, Err(AccessError::StaleEpoch));
    let short = rotation_with(|epoch, _, _| epoch.previous.as_mut().unwrap().sealed.truncate(50));
    assert_eq!(short, Err(AccessError::Malformed("previous seed")));
    let team = rotation_with(|epoch, _, _| epoch.team_kem = Some(KemPublic([9; 32])));
    assert_eq!(team, Err(AccessError::Malformed("team key")));
}

#[test]
fn an_old_seed_is_no_rotation() {
    let old = rotation_with(|epoch, world, space| {
        epoch.commitment = world.state(space).epochs()[0].commitment;
    });
    assert_eq!(old, Err(AccessError::BadKey));
}

#[test]
fn what_opens_is_checked_against_the_commitment() {
    let (mut world, space) = talk();
    let (mut op, key) = world.rotating(space);
    let SpaceOp::Rotate { epoch } = &mut op else { unreachable!() };
    // Person 1 seals another seed to Ada than the one committed to.
    let recipients = BTreeMap::from([(Recipient::Person(world.id(0), 1), world.account(0).kem())]);
    let mut rng = world.fork();
    let (other, _) = new_epoch(&mut rng, (&space, SpaceKind::Talk), &recipients, None).unwrap();
    for seal in &mut epoch.sealed {
        if seal.to == other.sealed[0].to {
            *seal = other.sealed[0].clone();
        }
    }
    world.push_epoch(space, (1, 0), world.me(1), (op, key)).unwrap();
    let opened = |world: &World, who| open::current_epoch(world.state(space), &Holding::device(world, who));
    assert!(matches!(opened(&world, (0, 0)), Err(BuildError::Crypto(_))));
    assert!(opened(&world, (2, 0)).is_ok());
    assert_eq!(opened(&world, (3, 0)).unwrap_err(), BuildError::NoKey);
    // She says so, and the next writer who can rotates.
    let complaint = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    world.push(space, (0, 0), world.me(0), &complaint).unwrap();
    let reasons = world.state(space).needs_rotation(&world.dir, world.now);
    assert_eq!(reasons, vec![RotationReason::Unopenable]);
    assert_eq!(world.settle(space, (2, 0), world.me(2)), 1);
    assert!(opened(&world, (0, 0)).is_ok());
}

#[test]
fn a_complaint_is_about_the_current_epoch_once() {
    let (mut world, space) = talk();
    let first = world.state(space).epoch();
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    let stale = SpaceOp::Unopenable { epoch: first };
    assert_eq!(world.tried(space, (1, 0), world.me(1), &stale), Err(AccessError::StaleEpoch));
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    assert_eq!(world.tried(space, (3, 0), world.me(3), &op), Err(AccessError::NotAMember));
    world.push(space, (1, 0), world.me(1), &op).unwrap();
    assert_eq!(world.tried(space, (2, 0), world.me(2), &op), Err(AccessError::AlreadyApplied));
}

#[test]
fn a_team_key_that_is_not_the_epochs_own_is_found_out() {
    let mut world = World::new(2);
    let team = world.team(0, &[(1, Role::Member)]);
    let (mut op, key) = world.rotating(team);
    let SpaceOp::Rotate { epoch } = &mut op else { unreachable!() };
    epoch.team_kem = Some(KemPublic(EpochKey::from_seed(Seed32::from_bytes([5; 32])).kem().public()));
    world.push_epoch(team, (1, 0), world.me(1), (op, key)).unwrap();
    let failed = open::current_epoch(world.state(team), &Holding::device(&world, (0, 0))).unwrap_err();
    assert_eq!(failed, BuildError::Crypto(CryptoError::WrongCommitment));
}

#[test]
fn the_past_is_reached_over_the_links_and_no_further_than_they_hold() {
    let (mut world, space) = talk();
    for _ in 0..3 {
        let rotation = world.rotating(space);
        world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    }
    let state = world.state(space);
    let key = open::current_epoch(state, &Holding::device(&world, (2, 0))).unwrap();
    let earlier = open::earlier_epochs(state, &state.epoch(), &key);
    let expected: Vec<_> = world.logs[&space].keys.iter().rev().skip(1).collect();
    assert_eq!(earlier.len(), 3);
    for ((id, key), (expected_id, expected_key)) in earlier.iter().zip(expected) {
        assert_eq!(id, expected_id);
        assert!(key.seed() == expected_key.seed());
    }
    let stranger = EpochKey::from_seed(Seed32::from_bytes([1; 32]));
    assert!(open::earlier_epochs(state, &state.epoch(), &stranger).is_empty());
    let first = &state.epochs()[0];
    assert!(open::previous_epoch(state, first, &key).unwrap().is_none());
}

#[test]
fn a_seal_belongs_to_its_space_and_recipient() {
    let (mut world, space) = talk();
    let (op, _) = world.rotating(space);
    let SpaceOp::Rotate { epoch } = op else { unreachable!() };
    let holding = Holding::device(&world, (0, 0));
    assert!(open::epoch(&space, &epoch, &holding).is_ok());
    assert!(open::epoch(&SpaceId([1; 32]), &epoch, &holding).is_err());
    let mut other = epoch.clone();
    other.commitment = Hash([1; 32]);
    assert!(open::epoch(&space, &other, &holding).is_err());
    let mut crossed = epoch;
    let seal =
        crossed.sealed.iter().find(|seal| seal.to == Recipient::Person(world.id(1), 1)).unwrap().clone();
    crossed.sealed = vec![SealedSeed { to: Recipient::Person(world.id(0), 1), ..seal }];
    assert!(open::epoch(&space, &crossed, &holding).is_err());
}

#[test]
fn staff_open_client_spaces_with_the_teams_key() {
    let mut world = World::new(4);
    let team = world.team(0, &[(1, Role::Member)]);
    let client = world.client(1, team, &[2]);
    world.add(team, 0, world.me(0), world.grant(3, Role::Member)).unwrap();
    for person in 0..4 {
        let opened = Holding::device(&world, (person, 0)).opens(client);
        assert_eq!(opened.len(), 1, "a new colleague costs nothing: {person}");
    }
    let seals: Vec<_> = world.state(client).seals().iter().map(|seal| seal.to).collect();
    assert_eq!(seals.len(), 2);
    assert!(seals.contains(&Recipient::Team(team, world.state(team).epoch())));
    assert!(world.state(client).role(&Member::Team(team)).is_some());
}
