//! Newer account and team heads coming into a space.

use homing_access::{AccessError, CutScope, Missing, RotationReason};
use homing_wire::{
    AccountAnchor, AccountOpId, EntryId, Grant, Member, Pin, Role, SpaceId, SpaceOp, TeamAnchor,
};

use crate::support::{Holding, World};

fn talk() -> (World, SpaceId) {
    let mut world = World::new(4);
    for person in 0..4 {
        world.add_device(person);
    }
    let space = world.talk(0, &[(1, Role::Member), (2, Role::Reader)]);
    (world, space)
}

/// What person 0 would anchor, taken apart.
fn due(world: &mut World, space: SpaceId, written_as: Member) -> SpaceOp {
    let mut rng = world.fork();
    let (writers, person) = (world.writers(space), world.id(0));
    let key = world.key(space);
    world.ops(space).anchor_if_needed(&mut rng, (&person, &written_as), &writers, &key).unwrap().unwrap().0
}

fn by(world: &World, space: SpaceId, person: usize, op: &SpaceOp) -> Result<(), AccessError> {
    world.tried(space, (person, 0), world.me(person), op)
}

#[test]
fn a_new_device_needs_no_anchor() {
    let (mut world, space) = talk();
    let device = world.add_device(1);
    assert!(world.state(space).needs_rotation(&world.dir, world.now).is_empty());
    assert_eq!(world.settle(space, (1, device), world.me(1)), 0);
    world.write(space, (1, device), world.me(1)).unwrap();
    assert_eq!(Holding::device(&world, (1, device)).opens(space).len(), 1);
}

#[test]
fn a_revocation_stops_writing_until_it_is_anchored_under_a_new_epoch() {
    let (mut world, space) = talk();
    world.write(space, (1, 1), world.me(1)).unwrap();
    world.revoke((1, 1));
    let reasons = world.state(space).needs_rotation(&world.dir, world.now);
    assert_eq!(reasons, vec![RotationReason::Account(world.id(1))]);
    assert_eq!(world.write(space, (0, 0), world.me(0)).unwrap_err(), AccessError::NeedsRotation);
    assert_eq!(world.write(space, (1, 1), world.me(1)).unwrap_err(), AccessError::Revoked);
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    assert_eq!(by(&world, space, 1, &op), Ok(()));
    let entry = world.sign(space, (1, 1), world.me(1), &op);
    assert_eq!(world.relay(space, &entry).unwrap_err(), AccessError::Revoked, "the relay knows at once");
    assert_eq!(world.settle(space, (2, 0), world.me(2)), 1);
    world.write(space, (0, 0), world.me(0)).unwrap();
    let state = world.state(space);
    assert_eq!(state.anchored_account(&world.id(1)), Some(world.account(1).head()));
    assert_eq!(state.cuts()[0].scopes, vec![CutScope::Device(world.id(1), world.device((1, 1)))]);
    assert!(!Holding::device(&world, (1, 1)).opens(space).contains_key(&state.epoch()));
    assert_eq!(world.judged(space, &world.sign(space, (1, 1), world.me(1), &op)), Err(AccessError::Revoked));
}

#[test]
fn an_account_anchor_is_checked() {
    let (mut world, space) = talk();
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    world.push(space, (1, 1), world.me(1), &op).unwrap();
    let old = world.account(1).head();
    world.revoke((1, 1));
    let me = world.me(0);
    let good = due(&mut world, space, me);
    assert_eq!(by(&world, space, 2, &good), Ok(()), "anchors change no rights, so a reader may");
    assert_eq!(by(&world, space, 3, &good), Err(AccessError::NotAMember));
    let SpaceOp::Anchor { accounts, epoch, .. } = good else { unreachable!() };
    assert_eq!(accounts[0].pins.len(), 1);
    let with = |accounts: Vec<AccountAnchor>, epoch| {
        let op = SpaceOp::Anchor { accounts, teams: Vec::new(), epoch };
        by(&world, space, 0, &op)
    };
    let anchor = accounts[0].clone();
    let change = |change: &dyn Fn(&mut AccountAnchor)| {
        let mut anchor = anchor.clone();
        change(&mut anchor);
        with(vec![anchor], epoch.clone())
    };
    assert_eq!(change(&|_| {}), Ok(()));
    assert_eq!(change(&|anchor| anchor.head = old), Err(AccessError::NotAnExtension));
    let unknown = change(&|anchor| anchor.head = AccountOpId([1; 32]));
    assert_eq!(unknown, Err(Missing::Account(world.id(1)).into()));
    let outside = change(&|anchor| anchor.person = world.id(3));
    assert_eq!(outside, Err(AccessError::NotAMember));
    assert_eq!(change(&|anchor| anchor.pins.clear()), Err(AccessError::PinMissing));
    assert_eq!(change(&|anchor| anchor.pins[0].last = None), Err(AccessError::PinMissing));
    let twice = change(&|anchor| anchor.pins.push(anchor.pins[0]));
    assert_eq!(twice, Err(AccessError::Malformed("pins")));
    assert_eq!(with(vec![anchor.clone(), anchor.clone()], epoch.clone()), Err(AccessError::NotAnExtension));
    assert_eq!(with(vec![anchor], None), Err(AccessError::EpochRequired));
    assert_eq!(with(Vec::new(), epoch), Err(AccessError::Malformed("empty anchor")));
}

#[test]
fn an_anchor_that_revokes_nothing_carries_no_pins_and_needs_no_epoch() {
    let (mut world, space) = talk();
    world.add_device(1);
    let (person, head) = (world.id(1), world.account(1).head());
    let anchor = |pins| SpaceOp::Anchor {
        accounts: vec![AccountAnchor { person, head, pins }],
        teams: Vec::new(),
        epoch: None,
    };
    let device = world.device((1, 0));
    let pinned = anchor(vec![Pin { device, last: None }]);
    assert_eq!(by(&world, space, 0, &pinned), Err(AccessError::Malformed("pins")));
    world.push(space, (0, 0), world.me(0), &anchor(Vec::new())).unwrap();
    assert_eq!(world.state(space).anchored_account(&person), Some(head));
}

#[test]
fn a_rotated_person_key_is_superseded() {
    let (mut world, space) = talk();
    world.rotate_person(2);
    assert_eq!(world.settle(space, (0, 0), world.me(0)), 1);
    let state = world.state(space);
    assert_eq!(state.epochs().len(), 2);
    assert!(state.needs_rotation(&world.dir, world.now).is_empty());
}

/// 0 owner, 1 admin, 2 member of a team with a client space; 3 client.
fn agency() -> (World, SpaceId, SpaceId) {
    let mut world = World::new(5);
    let team = world.team(0, &[(1, Role::Admin), (2, Role::Member)]);
    let client = world.client(0, team, &[3]);
    (world, team, client)
}

#[test]
fn when_staff_leaves_each_client_space_rotates_at_its_next_write() {
    let (mut world, team, client) = agency();
    let as_team = Member::Team(team);
    world.write(client, (2, 0), as_team).unwrap();
    let removal = world.removing(team, world.me(2));
    world.push_epoch(team, (0, 0), world.me(0), removal).unwrap();
    let reasons = world.state(client).needs_rotation(&world.dir, world.now);
    assert_eq!(reasons, vec![RotationReason::Team(team)]);
    assert_eq!(world.state(client).access(&world.dir, &world.id(2)), None, "shut out at once");
    assert_eq!(world.write(client, (2, 0), as_team).unwrap_err(), AccessError::NotAMember);
    assert_eq!(world.write(client, (3, 0), world.me(3)).unwrap_err(), AccessError::NeedsRotation);
    assert_eq!(world.settle(client, (3, 0), world.me(3)), 1, "client or staff");
    world.write(client, (3, 0), world.me(3)).unwrap();
    assert_eq!(Holding::device(&world, (2, 0)).opens(client).len(), 1);
    assert_eq!(Holding::device(&world, (1, 0)).opens(client).len(), 2);
    let op = SpaceOp::Unopenable { epoch: world.state(client).epoch() };
    assert_eq!(world.tried(client, (2, 0), as_team, &op), Err(AccessError::NotAMember));
}

#[test]
fn a_lowered_colleague_loses_the_rights_but_no_key() {
    let (mut world, team, client) = agency();
    let as_team = Member::Team(team);
    let removal = world.removing(client, world.me(3)).0;
    assert_eq!(world.tried(client, (1, 0), as_team, &removal), Ok(()));
    let writers = world.writers(team);
    let lower = world.ops(team).set_role(world.grant(1, Role::Member), &writers).unwrap();
    world.push(team, (0, 0), world.me(0), &lower).unwrap();
    let entry = world.sign(client, (1, 0), as_team, &removal);
    assert_eq!(world.judged(client, &entry), Ok(()), "not anchored yet");
    assert_eq!(world.settle(client, (0, 0), as_team), 1);
    assert_eq!(world.state(client).epochs().len(), 1, "no key was lost");
    assert_eq!(world.tried(client, (1, 0), as_team, &removal), Err(AccessError::RoleForbids));
    assert_eq!(world.state(client).cuts()[0].scopes, vec![CutScope::Staff(team, world.id(1))]);
}

#[test]
fn a_later_colleague_anchors_their_own_coming() {
    let (mut world, team, client) = agency();
    let as_team = Member::Team(team);
    world.add(team, 0, world.me(0), world.grant(4, Role::Member)).unwrap();
    assert!(world.state(client).access(&world.dir, &world.id(4)).is_some(), "reads at once");
    assert_eq!(world.write(client, (4, 0), as_team).unwrap_err(), AccessError::NotAMember);
    assert_eq!(world.settle(client, (4, 0), as_team), 1);
    assert_eq!(world.state(client).epochs().len(), 1);
    world.write(client, (4, 0), as_team).unwrap();
    assert_eq!(world.settle(client, (4, 0), as_team), 0);
}

#[test]
fn a_team_anchor_is_checked() {
    let (mut world, team, client) = agency();
    let as_team = Member::Team(team);
    let old = world.state(team).head();
    let unopenable = SpaceOp::Unopenable { epoch: world.state(client).epoch() };
    world.push(client, (2, 0), as_team, &unopenable).unwrap();
    world.settle(client, (0, 0), as_team);
    let removal = world.removing(team, world.me(2));
    world.push_epoch(team, (0, 0), world.me(0), removal).unwrap();
    let SpaceOp::Anchor { teams, epoch, .. } = due(&mut world, client, as_team) else { unreachable!() };
    assert_eq!(teams[0].pins.len(), 1);
    let with = |teams: Vec<TeamAnchor>, epoch| {
        let op = SpaceOp::Anchor { accounts: Vec::new(), teams, epoch };
        world.tried(client, (0, 0), as_team, &op)
    };
    let change = |change: &dyn Fn(&mut TeamAnchor)| {
        let mut anchor = teams[0].clone();
        change(&mut anchor);
        with(vec![anchor], epoch.clone())
    };
    assert_eq!(change(&|_| {}), Ok(()));
    assert_eq!(change(&|anchor| anchor.head = old), Err(AccessError::NotAnExtension));
    assert_eq!(change(&|anchor| anchor.head = EntryId([1; 32])), Err(Missing::Team(team).into()));
    assert_eq!(change(&|anchor| anchor.team = client), Err(AccessError::NotAMember));
    assert_eq!(change(&|anchor| anchor.pins.clear()), Err(AccessError::PinMissing));
    assert_eq!(with(teams.clone(), None), Err(AccessError::EpochRequired));
    let op = SpaceOp::Anchor { accounts: Vec::new(), teams, epoch };
    assert_eq!(world.tried(client, (2, 0), as_team, &op), Err(AccessError::NotAMember), "by the new head");
}

#[test]
fn a_colleagues_revoked_device_is_out_of_client_spaces_through_the_team() {
    let (mut world, team, client) = agency();
    let as_team = Member::Team(team);
    world.add_device(2);
    world.write(client, (2, 1), as_team).unwrap();
    world.revoke((2, 1));
    assert_eq!(world.write(client, (2, 1), as_team).unwrap_err(), AccessError::Revoked);
    assert_eq!(world.settle(team, (0, 0), world.me(0)), 1);
    assert_eq!(world.settle(client, (0, 0), as_team), 1);
    let cut = &world.state(client).cuts()[0];
    assert_eq!(cut.scopes, vec![CutScope::Device(world.id(2), world.device((2, 1)))]);
    assert!(cut.pin(&world.device((2, 1))).is_some());
    assert_eq!(Holding::device(&world, (2, 1)).opens(client).len(), 1);
    let op = SpaceOp::Unopenable { epoch: world.state(client).epoch() };
    assert_eq!(world.tried(client, (2, 1), as_team, &op), Err(AccessError::Revoked));
    world.write(client, (2, 0), as_team).unwrap();
}

#[test]
fn a_team_is_added_with_its_head_and_never_an_older_one() {
    let mut world = World::new(3);
    let team = world.team(1, &[]);
    let space = world.talk(0, &[]);
    let grant = Grant { member: Member::Team(team), role: Role::Member };
    let early = world.adding(space, grant);
    let SpaceOp::Add { sealed, .. } = early.clone() else { unreachable!() };
    let unknown = SpaceOp::Add { grant, account: None, team: Some(EntryId([3; 32])), sealed, request: None };
    assert_eq!(by(&world, space, 0, &unknown), Err(Missing::Team(team).into()));
    let rotation = world.rotating(team);
    world.push_epoch(team, (1, 0), world.me(1), rotation).unwrap();
    world.add(space, 0, world.me(0), grant).unwrap();
    let removal = world.removing(space, Member::Team(team));
    world.push_epoch(space, (0, 0), world.me(0), removal).unwrap();
    assert_eq!(by(&world, space, 0, &early), Err(AccessError::NotAnExtension));
}
