//! How spaces begin.

use homing_access::build::{BuildError, sign_entry};
use homing_access::{AccessError, Missing, SpaceState, open};
use homing_wire::{
    AccountAnchor, AccountOpId, EntryId, EntryKind, EpochId, Grant, KemPublic, Member, Pin, Role, SpaceId,
    SpaceKind, SpaceOp, SpaceOrigin,
};

use crate::support::{Holding, World};

fn refused(made: Result<SpaceId, BuildError>, error: AccessError) {
    assert_eq!(made.unwrap_err(), BuildError::Access(error));
}

#[test]
fn every_kind_begins_and_its_members_open_it() {
    let mut world = World::new(3);
    let personal = world.personal(0);
    let team = world.team(0, &[(1, Role::Member)]);
    let client = world.client(1, team, &[2]);
    let talk = world.talk(2, &[(0, Role::Member)]);
    for (space, kind, readers) in [
        (personal, SpaceKind::Personal, vec![0]),
        (team, SpaceKind::Team, vec![0, 1]),
        (client, SpaceKind::Client, vec![0, 1, 2]),
        (talk, SpaceKind::Talk, vec![0, 2]),
    ] {
        assert_eq!(world.state(space).kind(), kind);
        for person in 0..3 {
            let opened = open::current_epoch(world.state(space), &Holding::device(&world, (person, 0)));
            assert_eq!(opened.is_ok(), readers.contains(&person), "{kind:?} {person}");
            assert_eq!(world.state(space).access(&world.dir, &world.id(person)).is_some(), opened.is_ok());
        }
    }
}

#[test]
fn the_id_comes_from_the_origin() {
    let mut world = World::new(1);
    let origin = SpaceOrigin::Personal(world.id(0));
    let me = world.me(0);
    let (entry, _) = world.genesis_entry((0, 0), me, origin, vec![world.grant(0, Role::Owner)]).unwrap();
    let mut body = entry.body;
    body.header.space = SpaceId([5; 32]);
    let squatted = sign_entry(body.header, body.content, world.secret((0, 0)).signing());
    assert_eq!(SpaceState::genesis(&squatted, &world.dir).unwrap_err(), AccessError::WrongLog);
}

#[test]
fn a_genesis_is_signed_and_first() {
    let mut world = World::new(2);
    let origin = SpaceOrigin::Personal(world.id(0));
    let me = world.me(0);
    let (entry, _) = world.genesis_entry((0, 0), me, origin, vec![world.grant(0, Role::Owner)]).unwrap();
    let mut forged = entry.clone();
    forged.signature.0[1] ^= 1;
    let error =
        |entry: &homing_wire::Entry, world: &World| SpaceState::genesis(entry, &world.dir).unwrap_err();
    assert_eq!(error(&forged, &world), AccessError::BadSignature);
    type Change = fn(&mut homing_wire::EntryHeader);
    let changes: [(Change, &str); 6] = [
        (|header| header.op_head = Some(EntryId([1; 32])), "genesis"),
        (|header| header.prev = Some(EntryId([1; 32])), "genesis"),
        (|header| header.kind = EntryKind::Data, "op header"),
        (|header| header.epoch = Some(EpochId::from_slice(&[1; 32]).unwrap()), "op header"),
        (|header| header.nonce = [1; 24], "op header"),
        (|header| header.version = 2, "op header"),
    ];
    for (change, what) in changes {
        let mut body = entry.body.clone();
        change(&mut body.header);
        let bad = sign_entry(body.header, body.content, world.secret((0, 0)).signing());
        assert_eq!(error(&bad, &world), AccessError::Malformed(what));
    }
    let author = world.author(SpaceId::derive(&origin), (0, 0), me);
    let other = author.sign_op(SpaceId::derive(&origin), None, &SpaceOp::Leave { pins: Vec::new() });
    assert_eq!(error(&other, &world), AccessError::Malformed("genesis"));
}

#[test]
fn only_its_person_begins_a_personal_space_alone() {
    let mut world = World::new(2);
    let (ada, ben) = (world.me(0), world.me(1));
    let origin = SpaceOrigin::Personal(world.id(0));
    let own = world.grant(0, Role::Owner);
    let two = vec![own, world.grant(1, Role::Owner)];
    refused(world.create((0, 0), ada, origin, two), AccessError::KindForbids);
    let weak = vec![world.grant(0, Role::Member)];
    refused(world.create((0, 0), ada, origin, weak), AccessError::KindForbids);
    refused(world.create((1, 0), ben, origin, vec![own]), AccessError::NotAMember);
    refused(world.create((1, 0), ada, origin, vec![own]), AccessError::NotAMember);
}

#[test]
fn the_creator_is_an_owner_and_the_one_the_origin_names() {
    let mut world = World::new(2);
    let (ada, ben) = (world.me(0), world.me(1));
    for origin in [SpaceOrigin::Team(world.id(0), [1; 16]), SpaceOrigin::Talk(world.id(0), [1; 16])] {
        let members = vec![world.grant(0, Role::Owner), world.grant(1, Role::Owner)];
        refused(world.create((1, 0), ben, origin, members), AccessError::RoleForbids);
        let members = vec![world.grant(0, Role::Member), world.grant(1, Role::Owner)];
        refused(world.create((0, 0), ada, origin, members), AccessError::RoleForbids);
        let members = vec![world.grant(1, Role::Owner)];
        refused(world.create((0, 0), ada, origin, members), AccessError::NotAMember);
    }
}

#[test]
fn working_staff_begin_client_spaces_as_the_team() {
    let mut world = World::new(4);
    let team = world.team(0, &[(1, Role::Member), (2, Role::Reader)]);
    let owner = Grant { member: Member::Team(team), role: Role::Owner };
    let mut begin = |who: usize, written_as: Member, members: Vec<Grant>| {
        let origin = SpaceOrigin::Client(team, world.contact());
        world.create((who, 0), written_as, origin, members)
    };
    begin(1, Member::Team(team), vec![owner]).unwrap();
    refused(begin(2, Member::Team(team), vec![owner]), AccessError::RoleForbids);
    refused(begin(3, Member::Team(team), vec![owner]), AccessError::NotAMember);
    let lesser = Grant { role: Role::Member, ..owner };
    refused(begin(1, Member::Team(team), vec![lesser]), AccessError::KindForbids);
    let me = world.me(1);
    let origin = SpaceOrigin::Client(team, world.contact());
    let members = vec![owner, world.grant(1, Role::Client)];
    refused(world.create((1, 0), me, origin, members), AccessError::RoleForbids);
}

#[test]
fn kinds_have_their_members_and_roles() {
    let mut world = World::new(2);
    let team = world.team(0, &[]);
    let ada = world.me(0);
    let own = world.grant(0, Role::Owner);
    let other = SpaceOrigin::Team(world.id(0), [2; 16]);
    for role in [Role::Client, Role::Ingest] {
        let members = vec![own, world.grant(1, role)];
        refused(world.create((0, 0), ada, other, members), AccessError::KindForbids);
    }
    let nested = vec![own, Grant { member: Member::Team(team), role: Role::Member }];
    refused(world.create((0, 0), ada, other, nested), AccessError::KindForbids);
    let talk = SpaceOrigin::Talk(world.id(0), [2; 16]);
    let members = vec![own, world.grant(1, Role::Ingest)];
    refused(world.create((0, 0), ada, talk, members), AccessError::KindForbids);
    let client = SpaceOrigin::Client(team, world.contact());
    let as_team = Grant { member: Member::Team(team), role: Role::Owner };
    for role in [Role::Owner, Role::Admin, Role::Ingest] {
        let members = vec![as_team, world.grant(1, role)];
        refused(world.create((0, 0), Member::Team(team), client, members), AccessError::KindForbids);
    }
    let twice = vec![own, own];
    refused(world.create((0, 0), ada, talk, twice), AccessError::AlreadyMember);
}

/// Signs a changed genesis of a talk of two.
fn changed(change: impl FnOnce(&mut SpaceOp)) -> Result<SpaceState, AccessError> {
    let mut world = World::new(3);
    let origin = SpaceOrigin::Talk(world.id(0), [3; 16]);
    let members = vec![world.grant(0, Role::Owner), world.grant(1, Role::Member)];
    let me = world.me(0);
    let (entry, _) = world.genesis_entry((0, 0), me, origin, members).unwrap();
    let mut op = SpaceOp::decode(&entry.body.content).unwrap();
    change(&mut op);
    let space = SpaceId::derive(&origin);
    SpaceState::genesis(&world.author(space, (0, 0), me).sign_op(space, None, &op), &world.dir)
}

fn accounts(op: &mut SpaceOp) -> &mut Vec<AccountAnchor> {
    match op {
        SpaceOp::Genesis { accounts, .. } => accounts,
        _ => unreachable!(),
    }
}

#[test]
fn the_anchors_are_exactly_the_members() {
    assert!(changed(|_| {}).is_ok());
    let error = |change: fn(&mut SpaceOp)| changed(change).unwrap_err();
    assert_eq!(error(|op| drop(accounts(op).pop())), AccessError::Malformed("anchors"));
    let twice = |op: &mut SpaceOp| {
        let anchor = accounts(op)[0].clone();
        accounts(op).push(anchor);
    };
    assert_eq!(error(twice), AccessError::Malformed("account anchor"));
    let stranger = World::new(3).id(2);
    let foreign = changed(|op| accounts(op)[0].person = stranger).unwrap_err();
    assert_eq!(foreign, AccessError::Malformed("account anchor"));
    let device = World::new(1).device((0, 0));
    let pinned = changed(|op| accounts(op)[0].pins.push(Pin { device, last: None })).unwrap_err();
    assert_eq!(pinned, AccessError::Malformed("account anchor"));
    let unknown = changed(|op| accounts(op)[0].head = AccountOpId([1; 32])).unwrap_err();
    assert!(matches!(unknown, AccessError::Missing(Missing::Account(_))));
}

#[test]
fn the_team_anchor_is_exactly_the_team() {
    let mut world = World::new(2);
    let (team, other) = (world.team(0, &[]), world.team(1, &[]));
    let origin = SpaceOrigin::Client(team, world.contact());
    let as_team = Member::Team(team);
    let members = vec![Grant { member: as_team, role: Role::Owner }];
    let (entry, _) = world.genesis_entry((0, 0), as_team, origin, members).unwrap();
    let space = SpaceId::derive(&origin);
    let error = |change: &dyn Fn(&mut Vec<homing_wire::TeamAnchor>)| {
        let mut op = SpaceOp::decode(&entry.body.content).unwrap();
        let SpaceOp::Genesis { teams, .. } = &mut op else { unreachable!() };
        change(teams);
        let changed = world.author(space, (0, 0), as_team).sign_op(space, None, &op);
        SpaceState::genesis(&changed, &world.dir).unwrap_err()
    };
    let malformed = AccessError::Malformed("team anchor");
    assert_eq!(error(&|teams| teams[0].team = other), malformed);
    assert_eq!(error(&|teams| teams.push(teams[0].clone())), malformed);
    let device = world.device((0, 0));
    assert_eq!(error(&|teams| teams[0].pins.push(Pin { device, last: None })), malformed);
    assert_eq!(error(&|teams| teams[0].head = EntryId([1; 32])), Missing::Team(team).into());
    assert_eq!(error(&|teams| teams.clear()), AccessError::Malformed("anchors"));
}

#[test]
fn the_first_epoch_is_checked() {
    let epoch = |change: fn(&mut homing_wire::Epoch)| {
        changed(|op| match op {
            SpaceOp::Genesis { epoch, .. } => change(epoch),
            _ => unreachable!(),
        })
        .unwrap_err()
    };
    assert_eq!(epoch(|epoch| drop(epoch.sealed.pop())), AccessError::WrongRecipients);
    assert_eq!(epoch(|epoch| epoch.team_kem = Some(KemPublic([9; 32]))), AccessError::Malformed("team key"));
    let linked = |epoch: &mut homing_wire::Epoch| {
        epoch.previous = Some(homing_wire::PreviousSeed { epoch: EntryId([1; 32]), sealed: vec![0; 72] });
    };
    assert_eq!(epoch(linked), AccessError::Malformed("previous epoch"));
}

#[test]
fn a_team_space_has_a_usable_team_key() {
    let mut world = World::new(1);
    let origin = SpaceOrigin::Team(world.id(0), [3; 16]);
    let me = world.me(0);
    let (entry, _) = world.genesis_entry((0, 0), me, origin, vec![world.grant(0, Role::Owner)]).unwrap();
    let space = SpaceId::derive(&origin);
    for (kem, error) in
        [(None, AccessError::Malformed("team key")), (Some(KemPublic([0; 32])), AccessError::BadKey)]
    {
        let mut op = SpaceOp::decode(&entry.body.content).unwrap();
        let SpaceOp::Genesis { epoch, .. } = &mut op else { unreachable!() };
        epoch.team_kem = kem;
        let bad = world.author(space, (0, 0), me).sign_op(space, None, &op);
        assert_eq!(SpaceState::genesis(&bad, &world.dir).unwrap_err(), error);
    }
}

#[test]
fn a_revoked_device_begins_nothing_and_an_unknown_one_waits() {
    let mut world = World::new(1);
    world.add_device(0);
    let origin = SpaceOrigin::Personal(world.id(0));
    let members = vec![world.grant(0, Role::Owner)];
    let me = world.me(0);
    let (entry, _) = world.genesis_entry((0, 1), me, origin, members.clone()).unwrap();
    let mut earlier = World::new(1);
    let person = earlier.id(0);
    assert_eq!(earlier.begin((entry, world.seed().into_key())).unwrap_err(), Missing::Account(person).into());
    world.revoke((0, 1));
    refused(world.create((0, 1), me, origin, members), AccessError::Revoked);
}

#[test]
fn a_space_has_a_limited_number_of_members() {
    let mut world = World::new(1);
    let origin = SpaceOrigin::Talk(world.id(0), [3; 16]);
    let me = world.me(0);
    let (entry, _) = world.genesis_entry((0, 0), me, origin, vec![world.grant(0, Role::Owner)]).unwrap();
    let mut op = SpaceOp::decode(&entry.body.content).unwrap();
    let SpaceOp::Genesis { members, .. } = &mut op else { unreachable!() };
    for n in 0..500u16 {
        let mut id = [1; 32];
        id[..2].copy_from_slice(&n.to_be_bytes());
        members.push(Grant { member: Member::Person(homing_wire::PersonId(id)), role: Role::Member });
    }
    let space = SpaceId::derive(&origin);
    let entry = world.author(space, (0, 0), me).sign_op(space, None, &op);
    assert_eq!(SpaceState::genesis(&entry, &world.dir).unwrap_err(), AccessError::Limit("members"));
}

trait IntoKey {
    fn into_key(self) -> homing_crypto::EpochKey;
}

impl IntoKey for homing_crypto::Seed32 {
    fn into_key(self) -> homing_crypto::EpochKey {
        homing_crypto::EpochKey::from_seed(self)
    }
}
