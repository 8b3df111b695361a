//! Invitations: who opens and closes them, who comes in by them.

use homing_access::{AccessError, Missing, RotationReason, open};
use homing_crypto::{Domain, InviteSecret};
use homing_wire::{
    AccountOpId, InviteId, KemPublic, Member, Recipient, Role, Signature, SpaceId, SpaceOp, limits,
    proof_bytes,
};

use crate::support::{Holding, World};

/// 0 owner, 1 admin, 2 member, 3 reader of a talk; 4 and 5 outside.
fn talk() -> (World, SpaceId) {
    let mut world = World::new(6);
    let space = world.talk(0, &[(1, Role::Admin), (2, Role::Member), (3, Role::Reader)]);
    (world, space)
}

fn by(world: &World, space: SpaceId, person: usize, op: &SpaceOp) -> Result<(), AccessError> {
    world.tried(space, (person, 0), world.me(person), op)
}

fn name(secret: &InviteSecret) -> InviteId {
    InviteId(secret.signing().public())
}

fn invited(world: &mut World, space: SpaceId, inviter: usize, role: Role, instant: bool) -> InviteSecret {
    let (op, secret) = world.inviting(space, role, instant);
    world.push(space, (inviter, 0), world.me(inviter), &op).unwrap();
    secret
}

fn cancelled(world: &mut World, space: SpaceId, by: usize, secret: &InviteSecret) -> Result<(), AccessError> {
    let mut rng = world.fork();
    let (op, key) = world.ops(space).cancel_invite(&mut rng, name(secret), &world.key(space)).unwrap();
    match key {
        Some(key) => world.push_epoch(space, (by, 0), world.me(by), (op, key)).map(|_| ()),
        None => world.push(space, (by, 0), world.me(by), &op).map(|_| ()),
    }
}

#[test]
fn who_may_invite_to_which_role() {
    let (mut world, space) = talk();
    for role in [Role::Admin, Role::Member, Role::Reader, Role::Client] {
        let (op, _) = world.inviting(space, role, true);
        for person in 0..5 {
            let expected = match person {
                0 | 1 => Ok(()),
                4 => Err(AccessError::NotAMember),
                _ => Err(AccessError::RoleForbids),
            };
            assert_eq!(by(&world, space, person, &op), expected);
        }
    }
    for role in [Role::Owner, Role::Ingest] {
        let (op, _) = world.inviting(space, role, true);
        assert_eq!(by(&world, space, 0, &op), Err(AccessError::KindForbids));
    }
}

#[test]
fn kinds_invite_in_their_own_way() {
    let mut world = World::new(3);
    let (personal, team) = (world.personal(0), world.team(0, &[(1, Role::Member)]));
    let client = world.client(1, team, &[]);
    let (op, _) = world.inviting(personal, Role::Reader, true);
    assert_eq!(by(&world, personal, 0, &op), Err(AccessError::KindForbids));
    for (role, instant, expected) in [
        (Role::Member, false, Ok(())),
        (Role::Admin, false, Ok(())),
        (Role::Member, true, Err(AccessError::KindForbids)),
        (Role::Client, false, Err(AccessError::KindForbids)),
    ] {
        let (op, _) = world.inviting(team, role, instant);
        assert_eq!(by(&world, team, 0, &op), expected, "{role:?} {instant}");
    }
    let as_team = Member::Team(team);
    for (role, expected) in [
        (Role::Client, Ok(())),
        (Role::Reader, Ok(())),
        (Role::Member, Err(AccessError::RoleForbids)),
        (Role::Admin, Err(AccessError::KindForbids)),
    ] {
        let (op, _) = world.inviting(client, role, true);
        assert_eq!(world.tried(client, (1, 0), as_team, &op), expected, "{role:?}");
    }
}

#[test]
fn an_invitation_is_well_formed() {
    let (mut world, space) = talk();
    let (good, secret) = world.inviting(space, Role::Member, true);
    let SpaceOp::Invite { invite, kem, role, expires_ms, instant, sealed } = good.clone() else {
        unreachable!()
    };
    let waiting = SpaceOp::Invite { invite, kem, role, expires_ms, instant: false, sealed: None };
    assert_eq!(by(&world, space, 0, &waiting), Ok(()));
    let with = |change: &dyn Fn(&mut SpaceOp)| {
        let mut op = good.clone();
        change(&mut op);
        by(&world, space, 0, &op).unwrap_err()
    };
    fn expiry(op: &mut SpaceOp) -> &mut u64 {
        match op {
            SpaceOp::Invite { expires_ms, .. } => expires_ms,
            _ => unreachable!(),
        }
    }
    assert_eq!(with(&|op| *expiry(op) = world.now), AccessError::Expired);
    let late = world.now + 2 * limits::INVITE_MS;
    assert_eq!(with(&|op| *expiry(op) = late), AccessError::Malformed("invitation's expiry"));
    let shape = AccessError::Malformed("invitation's seal");
    let op = SpaceOp::Invite { invite, kem, role, expires_ms, instant, sealed: None };
    assert_eq!(by(&world, space, 0, &op), Err(shape));
    let op = SpaceOp::Invite { invite, kem, role, expires_ms, instant: false, sealed: sealed.clone() };
    assert_eq!(by(&world, space, 0, &op), Err(shape));
    let mut elsewhere = sealed.clone().unwrap();
    elsewhere.to = Recipient::Invite(InviteId([3; 32]));
    let op = SpaceOp::Invite { invite, kem, role, expires_ms, instant, sealed: Some(elsewhere) };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::WrongRecipients));
    let mut short = sealed.clone().unwrap();
    short.sealed.clear();
    let op = SpaceOp::Invite { invite, kem, role, expires_ms, instant, sealed: Some(short) };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::Malformed("sealed seed")));
    let op = SpaceOp::Invite { invite, kem: KemPublic([0; 32]), role, expires_ms, instant, sealed };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::BadKey));
    world.push(space, (0, 0), world.me(0), &good).unwrap();
    assert_eq!(by(&world, space, 0, &good), Err(AccessError::AlreadyApplied));
    cancelled(&mut world, space, 0, &secret).unwrap();
    assert_eq!(
        by(&world, space, 0, &good),
        Err(AccessError::AlreadyApplied),
        "a used link never opens again"
    );
}

#[test]
fn a_space_has_a_limited_number_of_open_invitations() {
    let (mut world, space) = talk();
    for _ in 0..limits::INVITES {
        invited(&mut world, space, 0, Role::Member, false);
    }
    let (op, _) = world.inviting(space, Role::Member, false);
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::Limit("invitations")));
    world.now += limits::INVITE_MS;
    let (op, _) = world.inviting(space, Role::Member, false);
    world.push(space, (0, 0), world.me(0), &op).unwrap();
    assert_eq!(world.state(space).invites().len(), 1, "expired links make room");
}

#[test]
fn an_instant_link_lets_one_person_in_once_while_all_sleep() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 1, Role::Member, true);
    assert_eq!(Holding::link(&world, &secret).opens(space).len(), 1);
    let join = world.joining(space, &secret, (4, 0));
    world.push_epoch(space, (4, 0), world.me(4), join).unwrap();
    let state = world.state(space);
    assert_eq!(state.role(&world.me(4)), Some(Role::Member));
    assert!(state.invites().is_empty() && state.needs_rotation(&world.dir, world.now).is_empty());
    let current = state.epoch();
    assert!(!Holding::link(&world, &secret).opens(space).contains_key(&current));
    for person in 0..5 {
        assert_eq!(Holding::device(&world, (person, 0)).opens(space).len(), 2);
    }
    world.write(space, (4, 0), world.me(4)).unwrap();
}

/// A join of person 4 that was changed before signing.
fn join_with(change: impl FnOnce(&mut SpaceOp, &World, SpaceId, &InviteSecret)) -> Result<(), AccessError> {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, true);
    let (mut op, _) = world.joining(space, &secret, (4, 0));
    change(&mut op, &world, space, &secret);
    by(&world, space, 4, &op)
}

fn proof_of(op: &mut SpaceOp) -> &mut Signature {
    match op {
        SpaceOp::Join { proof, .. } | SpaceOp::Request { proof, .. } => proof,
        _ => unreachable!(),
    }
}

#[test]
fn a_join_carries_a_proof_for_this_space_person_device_and_head() {
    assert_eq!(join_with(|_, _, _, _| {}), Ok(()));
    assert_eq!(join_with(|op, _, _, _| proof_of(op).0[5] ^= 1), Err(AccessError::BadProof));
    let signed =
        |bytes: &[u8], secret: &InviteSecret, domain| Signature(secret.signing().sign(domain, bytes));
    let wrong = join_with(|op, world, _, secret| {
        let head = world.state(world.logs.keys().copied().next().unwrap()).head();
        let bytes = proof_bytes(&SpaceId([1; 32]), &world.id(4), &world.device((4, 0)), &head);
        *proof_of(op) = signed(&bytes, secret, Domain::InviteProof);
    });
    assert_eq!(wrong, Err(AccessError::BadProof));
    let replayed = join_with(|op, world, space, secret| {
        let earlier = world.state(space).epochs()[0].id;
        let bytes = proof_bytes(&space, &world.id(4), &world.device((4, 0)), &earlier);
        *proof_of(op) = signed(&bytes, secret, Domain::InviteProof);
    });
    assert_eq!(replayed, Err(AccessError::BadProof));
    let stolen = join_with(|op, world, space, secret| {
        let head = world.state(space).head();
        let bytes = proof_bytes(&space, &world.id(5), &world.device((5, 0)), &head);
        *proof_of(op) = signed(&bytes, secret, Domain::InviteProof);
    });
    assert_eq!(stolen, Err(AccessError::BadProof));
    let domain = join_with(|op, world, space, secret| {
        let head = world.state(space).head();
        let bytes = proof_bytes(&space, &world.id(4), &world.device((4, 0)), &head);
        *proof_of(op) = signed(&bytes, secret, Domain::Entry);
    });
    assert_eq!(domain, Err(AccessError::BadProof));
}

#[test]
fn a_join_names_a_known_account_and_an_active_device() {
    let unknown = join_with(|op, _, _, _| match op {
        SpaceOp::Join { account, .. } => *account = AccountOpId([1; 32]),
        _ => unreachable!(),
    });
    assert!(matches!(unknown, Err(AccessError::Missing(Missing::Account(_)))));

    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, true);
    let early = world.account(4).head();
    world.add_device(4);
    let (mut op, _) = world.joining(space, &secret, (4, 1));
    let SpaceOp::Join { account, .. } = &mut op else { unreachable!() };
    *account = early;
    let entry = world.sign(space, (4, 1), world.me(4), &op);
    assert_eq!(world.judged(space, &entry), Err(AccessError::Revoked), "not yet a device at that head");
    world.revoke((4, 1));
    let (op, _) = world.joining(space, &secret, (4, 1));
    let entry = world.sign(space, (4, 1), world.me(4), &op);
    assert_eq!(world.judged(space, &entry), Err(AccessError::Revoked));
}

#[test]
fn a_lost_device_does_not_come_in_by_an_older_head() {
    let (mut world, space) = talk();
    world.add_device(4);
    let instant = invited(&mut world, space, 0, Role::Member, true);
    let (op, _) = world.joining(space, &instant, (4, 1));
    world.revoke((4, 1));
    let entry = world.sign(space, (4, 1), world.me(4), &op);
    assert_eq!(world.judged(space, &entry), Ok(()), "the head it names doesn't know yet");
    assert_eq!(world.relay(space, &entry).unwrap_err(), AccessError::Revoked, "the relay does");
}

#[test]
fn a_join_is_written_as_oneself_and_under_the_head() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, true);
    let (op, _) = world.joining(space, &secret, (4, 0));
    assert_eq!(world.tried(space, (4, 0), world.me(0), &op), Err(AccessError::NotAMember));
    assert_eq!(world.tried(space, (5, 0), world.me(5), &op), Err(AccessError::BadProof));
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    assert_eq!(by(&world, space, 4, &op), Err(AccessError::BadProof), "made for another head");
}

#[test]
fn a_link_of_the_other_kind_or_none_lets_nobody_in() {
    let (mut world, space) = talk();
    let instant = invited(&mut world, space, 0, Role::Member, true);
    let waiting = invited(&mut world, space, 0, Role::Member, false);
    let (join, _) = world.joining(space, &instant, (4, 0));
    let ask = world.requesting(space, &waiting, (4, 0), "Dora");
    let SpaceOp::Join { account, epoch, .. } = join else { unreachable!() };
    let SpaceOp::Request { proof, names, .. } = ask else { unreachable!() };
    let crossed = SpaceOp::Join { invite: name(&waiting), account, proof, epoch };
    assert_eq!(by(&world, space, 4, &crossed), Err(AccessError::NoInvite));
    let crossed = SpaceOp::Request { invite: name(&instant), account, proof, names: names.clone() };
    assert_eq!(by(&world, space, 4, &crossed), Err(AccessError::NoInvite));
    let unknown = SpaceOp::Request { invite: InviteId([8; 32]), account, proof, names };
    assert_eq!(by(&world, space, 4, &unknown), Err(AccessError::NoInvite));
}

#[test]
fn expiry_closes_links() {
    let (mut world, space) = talk();
    let waiting = invited(&mut world, space, 0, Role::Member, false);
    let ask = world.requesting(space, &waiting, (4, 0), "Dora");
    world.now += limits::INVITE_MS - 1;
    assert_eq!(by(&world, space, 4, &ask), Ok(()));
    world.now += 1;
    assert_eq!(by(&world, space, 4, &ask), Err(AccessError::Expired));
    assert!(world.state(space).needs_rotation(&world.dir, world.now).is_empty(), "it could read nothing");

    let secret = invited(&mut world, space, 0, Role::Member, true);
    let (join, _) = world.joining(space, &secret, (5, 0));
    world.write(space, (2, 0), world.me(2)).unwrap();
    world.now += limits::INVITE_MS;
    assert_eq!(by(&world, space, 5, &join), Err(AccessError::Expired));
    let reasons = world.state(space).needs_rotation(&world.dir, world.now);
    assert_eq!(reasons, vec![RotationReason::InviteExpired(name(&secret))]);
    assert_eq!(world.write(space, (2, 0), world.me(2)).unwrap_err(), AccessError::NeedsRotation);
    assert_eq!(world.settle(space, (2, 0), world.me(2)), 1);
    assert!(world.state(space).invites().is_empty());
    assert_eq!(Holding::link(&world, &secret).opens(space).len(), 1, "the past, and nothing after");
    world.write(space, (2, 0), world.me(2)).unwrap();
}

#[test]
fn who_may_cancel() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 1, Role::Member, true);
    for person in [2, 3] {
        assert_eq!(cancelled(&mut world, space, person, &secret), Err(AccessError::RoleForbids));
    }
    cancelled(&mut world, space, 0, &secret).unwrap();
    assert_eq!(Holding::link(&world, &secret).opens(space).len(), 1);
    let secret = invited(&mut world, space, 0, Role::Admin, true);
    cancelled(&mut world, space, 1, &secret).unwrap();
    let secret = invited(&mut world, space, 0, Role::Member, true);
    world.now += limits::INVITE_MS;
    cancelled(&mut world, space, 3, &secret).unwrap();
    let secret = invited(&mut world, space, 0, Role::Member, false);
    cancelled(&mut world, space, 0, &secret).unwrap();
    let op = SpaceOp::CancelInvite { invite: name(&secret), epoch: None };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::NoInvite));
}

#[test]
fn a_cancelled_instant_link_brings_a_new_epoch_and_a_waiting_one_none() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, true);
    let waiting = invited(&mut world, space, 0, Role::Member, false);
    let op = SpaceOp::CancelInvite { invite: name(&secret), epoch: None };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::EpochRequired));
    let SpaceOp::Rotate { epoch } = world.rotating(space).0 else { unreachable!() };
    let op = SpaceOp::CancelInvite { invite: name(&waiting), epoch: Some(epoch.clone()) };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::Malformed("epoch without need")));
    let op = SpaceOp::CancelInvite { invite: name(&secret), epoch: Some(epoch) };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::WrongRecipients), "still sealed to the link");
}

#[test]
fn a_request_waits_for_approval_and_its_link_serves_once() {
    let mut world = World::new(5);
    let space = world.team(0, &[(1, Role::Admin), (2, Role::Member)]);
    let secret = invited(&mut world, space, 0, Role::Member, false);
    let ask = world.requesting(space, &secret, (3, 0), "Cora");
    let request = world.push(space, (3, 0), world.me(3), &ask).unwrap().id;
    let other = world.requesting(space, &secret, (4, 0), "Mallory");
    world.push(space, (4, 0), world.me(4), &other).unwrap();
    assert_eq!(world.state(space).role(&world.me(3)), None, "asking gives no right");
    assert_eq!(world.state(space).requests().len(), 2);

    let asked = world.state(space).requests()[&request].clone();
    let names: Vec<_> = (0..4)
        .map(|person| open::request_name(&space, &asked, &Holding::device(&world, (person, 0))))
        .collect();
    assert_eq!(names, vec![Some("Cora".to_owned()), Some("Cora".to_owned()), None, None]);

    let mut rng = world.fork();
    let approval = world.ops(space).approve(&mut rng, request, &world.key(space)).unwrap();
    assert_eq!(by(&world, space, 2, &approval), Err(AccessError::RoleForbids));
    world.push(space, (1, 0), world.me(1), &approval).unwrap();
    let state = world.state(space);
    assert_eq!(state.role(&world.me(3)), Some(Role::Member));
    assert!(state.requests().is_empty() && state.invites().is_empty(), "the link has served");
}

#[test]
fn an_approval_answers_its_own_request() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, false);
    let ask = world.requesting(space, &secret, (4, 0), "Dora");
    let request = world.push(space, (4, 0), world.me(4), &ask).unwrap().id;
    let crossed = match world.adding(space, world.grant(5, Role::Member)) {
        SpaceOp::Add { grant, account, team, sealed, .. } => {
            SpaceOp::Add { grant, account, team, sealed, request: Some(request) }
        }
        _ => unreachable!(),
    };
    assert_eq!(by(&world, space, 0, &crossed), Err(AccessError::NoInvite));
    let unknown = match world.adding(space, world.grant(4, Role::Member)) {
        SpaceOp::Add { grant, account, team, sealed, .. } => {
            SpaceOp::Add { grant, account, team, sealed, request: Some(world.state(space).head()) }
        }
        _ => unreachable!(),
    };
    let decline = SpaceOp::Decline { request };
    assert_eq!(by(&world, space, 2, &decline), Err(AccessError::RoleForbids));
    world.push(space, (1, 0), world.me(1), &decline).unwrap();
    assert_eq!(by(&world, space, 0, &decline), Err(AccessError::NoInvite));
    assert_eq!(by(&world, space, 0, &unknown), Err(AccessError::NoInvite));
    let again = world.requesting(space, &secret, (4, 0), "Dora");
    assert_eq!(by(&world, space, 4, &again), Err(AccessError::AlreadyApplied), "declined is declined");
}

#[test]
fn a_request_shows_the_name_to_managers_only_and_is_small() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, false);
    let good = world.requesting(space, &secret, (4, 0), "Dora");
    let with = |change: &dyn Fn(&mut Vec<homing_wire::SealedSeed>)| {
        let mut op = good.clone();
        let SpaceOp::Request { names, .. } = &mut op else { unreachable!() };
        change(names);
        by(&world, space, 4, &op)
    };
    let member = Recipient::Person(world.id(2), 1);
    assert_eq!(with(&|names| names[0].to = member), Err(AccessError::WrongRecipients));
    let twice = |names: &mut Vec<homing_wire::SealedSeed>| names[1] = names[0].clone();
    assert_eq!(with(&twice), Err(AccessError::WrongRecipients));
    assert_eq!(with(&|names| names[0].sealed = vec![1; 400]), Err(AccessError::Malformed("name")));
    let mut rng = world.fork();
    let long = "x".repeat(300);
    let device = world.secret((4, 0)).signing();
    assert!(world.ops(space).request(&mut rng, &secret, &world.id(4), device, &long).is_err());
}

#[test]
fn one_link_takes_a_few_requests_at_most() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, false);
    for _ in 0..8 {
        let person = world.add_person();
        let ask = world.requesting(space, &secret, (person, 0), "x");
        world.push(space, (person, 0), world.me(person), &ask).unwrap();
    }
    let ask = world.requesting(space, &secret, (4, 0), "Dora");
    assert_eq!(by(&world, space, 4, &ask), Err(AccessError::Limit("requests")));
}

#[test]
fn a_space_has_a_limited_number_of_requests() {
    let (mut world, space) = talk();
    let mut secret = invited(&mut world, space, 0, Role::Member, false);
    for n in 1..=limits::INVITES {
        let person = world.add_person();
        let ask = world.requesting(space, &secret, (person, 0), "x");
        world.push(space, (person, 0), world.me(person), &ask).unwrap();
        if n % 8 == 0 {
            secret = invited(&mut world, space, 0, Role::Member, false);
        }
    }
    assert_eq!(world.state(space).requests().len(), limits::INVITES);
    let ask = world.requesting(space, &secret, (4, 0), "Dora");
    assert_eq!(by(&world, space, 4, &ask), Err(AccessError::Limit("requests")));
}

#[test]
fn a_member_joins_again_only_for_a_higher_role() {
    let (mut world, space) = talk();
    let secret = invited(&mut world, space, 0, Role::Member, true);
    let (op, _) = world.joining(space, &secret, (2, 0));
    assert_eq!(by(&world, space, 2, &op), Err(AccessError::AlreadyMember));
    let (op, _) = world.joining(space, &secret, (0, 0));
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::AlreadyMember));
    let (op, key) = world.joining(space, &secret, (3, 0));
    world.push_epoch(space, (3, 0), world.me(3), (op, key)).unwrap();
    assert_eq!(world.state(space).role(&world.me(3)), Some(Role::Member));
}

#[test]
fn a_member_whose_device_was_revoked_anchors_before_joining_again() {
    let (mut world, space) = talk();
    world.add_device(3);
    let secret = invited(&mut world, space, 0, Role::Member, true);
    world.revoke((3, 1));
    let (op, _) = world.joining(space, &secret, (3, 0));
    assert_eq!(by(&world, space, 3, &op), Err(AccessError::NeedsRotation));
    world.settle(space, (3, 0), world.me(3));
    let (op, _) = world.joining(space, &secret, (3, 0));
    assert_eq!(by(&world, space, 3, &op), Ok(()));
}

#[test]
fn an_invitation_falls_with_the_right_to_make_it() {
    let falls = |change: &dyn Fn(&mut World, SpaceId)| {
        let (mut world, space) = talk();
        let secret = invited(&mut world, space, 1, Role::Member, true);
        change(&mut world, space);
        world.settle(space, (0, 0), world.me(0));
        assert!(world.state(space).invites().is_empty());
        assert_eq!(Holding::link(&world, &secret).opens(space).len(), 1, "the past, and nothing after");
    };
    falls(&|world, space| {
        let removal = world.removing(space, world.me(1));
        world.push_epoch(space, (0, 0), world.me(0), removal).unwrap();
    });
    falls(&|world, space| {
        let op = world.ops(space).leave(world.me(1), &world.writers(space));
        world.push(space, (1, 0), world.me(1), &op).unwrap();
    });
    falls(&|world, space| {
        let writers = world.writers(space);
        let op = world.ops(space).set_role(world.grant(1, Role::Member), &writers).unwrap();
        world.push(space, (0, 0), world.me(0), &op).unwrap();
        let reasons = world.state(space).needs_rotation(&world.dir, world.now);
        assert_eq!(reasons, vec![RotationReason::InviteWithdrawn]);
    });
    falls(&|world, _| {
        world.add_device(1);
        world.revoke((1, 0));
    });
}

#[test]
fn a_lesser_invitation_survives_a_lesser_role_and_others_survive_too() {
    let (mut world, space) = talk();
    let admin = invited(&mut world, space, 0, Role::Admin, false);
    let secret = invited(&mut world, space, 1, Role::Member, false);
    let removal = world.removing(space, world.me(2));
    world.push_epoch(space, (1, 0), world.me(1), removal).unwrap();
    assert!(world.state(space).invites().contains_key(&name(&admin)));
    assert!(world.state(space).invites().contains_key(&name(&secret)));
}

#[test]
fn a_link_falls_when_its_maker_comes_in_person_without_the_device() {
    let mut world = World::new(3);
    let team = world.team(0, &[]);
    let space = world.talk(1, &[]);
    world.add_device(0);
    let grant = homing_wire::Grant { member: Member::Team(team), role: Role::Admin };
    world.add(space, 1, world.me(1), grant).unwrap();
    let (op, secret) = world.inviting(space, Role::Member, true);
    world.push(space, (0, 1), Member::Team(team), &op).unwrap();
    let other = invited(&mut world, space, 1, Role::Member, true);
    world.revoke((0, 1));
    let join = world.joining(space, &other, (0, 0));
    world.push_epoch(space, (0, 0), world.me(0), join).unwrap();
    assert!(world.state(space).invites().is_empty());
    assert_eq!(Holding::link(&world, &secret).opens(space).len(), 1);
}

#[test]
fn links_of_former_staff_fall_in_client_spaces_at_once_on_the_relay() {
    let mut world = World::new(4);
    let team = world.team(0, &[(1, Role::Member)]);
    let client = world.client(1, team, &[]);
    let (op, secret) = world.inviting(client, Role::Client, true);
    world.push(client, (1, 0), Member::Team(team), &op).unwrap();
    let removal = world.removing(team, world.me(1));
    world.push_epoch(team, (0, 0), world.me(0), removal).unwrap();
    let (join, _) = world.joining(client, &secret, (3, 0));
    let entry = world.sign(client, (3, 0), world.me(3), &join);
    assert_eq!(world.judged(client, &entry), Ok(()), "the chain doesn't know yet");
    assert_eq!(world.relay(client, &entry).unwrap_err(), AccessError::NeedsRotation);
    world.settle(client, (0, 0), Member::Team(team));
    assert!(world.state(client).invites().is_empty());
    assert_eq!(Holding::link(&world, &secret).opens(client).len(), 1);
}
