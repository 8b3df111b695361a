//! Adding, removing, leaving and changing roles.

use homing_access::{AccessError, Missing, RoleChange};
use homing_wire::{AccountOpId, EntryId, Grant, Member, Pin, Role, SpaceId, SpaceOp};

use crate::support::World;

/// 0 owner, 1 admin, 2 member, 3 reader, 4 client in a talk; 5 outside.
fn talk() -> (World, SpaceId) {
    let mut world = World::new(6);
    let space = world.talk(0, &[(1, Role::Admin), (2, Role::Member), (3, Role::Reader), (4, Role::Client)]);
    (world, space)
}

fn by(world: &World, space: SpaceId, person: usize, op: &SpaceOp) -> Result<(), AccessError> {
    world.tried(space, (person, 0), world.me(person), op)
}

#[test]
fn who_may_add_with_which_role() {
    let (mut world, space) = talk();
    for role in [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client] {
        let op = world.adding(space, world.grant(5, role));
        for person in 0..6 {
            let expected = match person {
                0 => Ok(()),
                1 if role != Role::Owner => Ok(()),
                5 => Err(AccessError::NotAMember),
                _ => Err(AccessError::RoleForbids),
            };
            assert_eq!(by(&world, space, person, &op), expected, "{person} grants {role:?}");
        }
    }
    let op = world.adding(space, world.grant(5, Role::Ingest));
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::KindForbids));
}

#[test]
fn an_added_member_gets_the_current_seed_and_all_before() {
    let (mut world, space) = talk();
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    let applied = world.add(space, 0, world.me(0), world.grant(5, Role::Member)).unwrap();
    let change = RoleChange { member: world.me(5), before: None, after: Some(Role::Member) };
    assert_eq!((applied.roles, applied.epoch), (vec![change], None));
    let opened = crate::support::Holding::device(&world, (5, 0)).opens(space);
    assert_eq!(opened.len(), 2);
}

#[test]
fn an_addition_is_well_formed() {
    let (mut world, space) = talk();
    let good = world.adding(space, world.grant(5, Role::Member));
    let bad = |change: &dyn Fn(&mut SpaceOp)| {
        let mut op = good.clone();
        change(&mut op);
        by(&world, space, 0, &op).unwrap_err()
    };
    let heads = AccessError::Malformed("head of the new member");
    fn parts(
        op: &mut SpaceOp,
    ) -> (&mut Option<AccountOpId>, &mut Option<EntryId>, &mut homing_wire::SealedSeed) {
        match op {
            SpaceOp::Add { account, team, sealed, .. } => (account, team, sealed),
            _ => unreachable!(),
        }
    }
    assert_eq!(bad(&|op| *parts(op).0 = None), heads);
    assert_eq!(bad(&|op| *parts(op).1 = Some(EntryId([1; 32]))), heads);
    assert_eq!(bad(&|op| *parts(op).0 = Some(AccountOpId([1; 32]))), Missing::Account(world.id(5)).into());
    assert_eq!(bad(&|op| parts(op).2.sealed.truncate(3)), AccessError::Malformed("sealed seed"));
    let other = world.id(4);
    let misdirected = bad(&|op| parts(op).2.to = homing_wire::Recipient::Person(other, 1));
    assert_eq!(misdirected, AccessError::WrongRecipients);
    let stale = bad(&|op| parts(op).2.to = homing_wire::Recipient::Person(world.id(5), 2));
    assert_eq!(stale, AccessError::WrongRecipients);
    let again = world.adding(space, world.grant(4, Role::Admin));
    assert_eq!(by(&world, space, 0, &again), Err(AccessError::AlreadyMember));
}

#[test]
fn a_head_never_goes_back() {
    let (mut world, space) = talk();
    let old = world.account(5).head();
    let early = world.adding(space, world.grant(5, Role::Member));
    world.rotate_person(5);
    world.add(space, 0, world.me(0), world.grant(5, Role::Member)).unwrap();
    let removal = world.removing(space, world.me(5));
    world.push_epoch(space, (0, 0), world.me(0), removal).unwrap();
    assert_ne!(world.account(5).head(), old);
    assert_eq!(by(&world, space, 0, &early), Err(AccessError::NotAnExtension));
    // A head that is not known yet is no reason to refuse.
    world.rotate_person(5);
    let ahead = world.adding(space, world.grant(5, Role::Member));
    let ops = &world.account_ops[&world.id(5)];
    let behind = homing_access::AccountState::replay(&ops[..2]).unwrap();
    world.dir.accounts.insert(world.id(5), behind);
    assert_eq!(by(&world, space, 0, &ahead), Err(Missing::Account(world.id(5)).into()));
}

#[test]
fn who_may_remove_whom() {
    let (mut world, space) = talk();
    world.add(space, 0, world.me(0), world.grant(5, Role::Owner)).unwrap();
    let others = [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client, Role::Owner];
    for (target, role) in others.into_iter().enumerate() {
        let (op, _) = world.removing(space, world.me(target));
        for (person, own) in others.into_iter().enumerate() {
            let may = match own {
                Role::Owner => true,
                Role::Admin => role != Role::Owner,
                _ => false,
            };
            let expected = if may && person != target { Ok(()) } else { Err(AccessError::RoleForbids) };
            assert_eq!(by(&world, space, person, &op), expected, "{person} removes {target}");
        }
    }
}

#[test]
fn an_outsider_removes_nobody_and_nobody_removes_an_outsider() {
    let (mut world, space) = talk();
    let (op, _) = world.removing(space, world.me(2));
    assert_eq!(by(&world, space, 5, &op), Err(AccessError::NotAMember));
    let (op, _) = world.removing(space, world.me(5));
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::NotAMember));
}

#[test]
fn a_removed_member_is_out_and_may_come_back() {
    let (mut world, space) = talk();
    let before = world.state(space).head();
    let removal = world.removing(space, world.me(2));
    let applied = world.push_epoch(space, (1, 0), world.me(1), removal).unwrap();
    assert_eq!(applied.epoch, Some(applied.id));
    let state = world.state(space);
    assert_eq!(state.role(&world.me(2)), None);
    assert_eq!(state.role_at(&before, &world.me(2)), Some(Role::Member));
    assert_eq!(state.is_ancestor(&before, &applied.id), Some(true));
    assert_eq!(state.is_ancestor(&before, &before), Some(true));
    assert_eq!(state.is_ancestor(&applied.id, &before), Some(false));
    assert_eq!(state.is_ancestor(&applied.id, &EntryId([9; 32])), None);
    let op = SpaceOp::Leave { pins: Vec::new() };
    assert_eq!(by(&world, space, 2, &op), Err(AccessError::NotAMember));
    world.add(space, 1, world.me(1), world.grant(2, Role::Reader)).unwrap();
    assert_eq!(world.state(space).role(&world.me(2)), Some(Role::Reader));
}

#[test]
fn who_was_out_comes_back_without_the_devices_lost_meanwhile() {
    let (mut world, space) = talk();
    world.add_device(2);
    let leave = world.ops(space).leave(world.me(2), &[]);
    world.push(space, (2, 0), world.me(2), &leave).unwrap();
    world.revoke((2, 1));
    world.add(space, 0, world.me(0), world.grant(2, Role::Member)).unwrap();
    assert_eq!(world.state(space).anchored_account(&world.id(2)), Some(world.account(2).head()));
    world.settle(space, (2, 0), world.me(2));
    world.write(space, (2, 0), world.me(2)).unwrap();
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    assert_eq!(world.tried(space, (2, 1), world.me(2), &op), Err(AccessError::Revoked));
}

#[test]
fn the_last_owner_stays() {
    let (mut world, space) = talk();
    let leave = SpaceOp::Leave { pins: world.pins_of(space, world.me(0)) };
    assert_eq!(by(&world, space, 0, &leave), Err(AccessError::LastOwner));
    let writers = world.writers(space);
    let lower = world.ops(space).set_role(world.grant(0, Role::Admin), &writers).unwrap();
    assert_eq!(by(&world, space, 0, &lower), Err(AccessError::LastOwner));
    let personal = world.personal(0);
    let leave = SpaceOp::Leave { pins: world.pins_of(personal, world.me(0)) };
    assert_eq!(by(&world, personal, 0, &leave), Err(AccessError::LastOwner));
    let raise = world.ops(space).set_role(world.grant(1, Role::Owner), &[]).unwrap();
    world.push(space, (0, 0), world.me(0), &raise).unwrap();
    let leave = SpaceOp::Leave { pins: world.pins_of(space, world.me(0)) };
    world.push(space, (0, 0), world.me(0), &leave).unwrap();
}

#[test]
fn everybody_else_may_leave() {
    for person in 1..5 {
        let (mut world, space) = talk();
        let op = world.ops(space).leave(world.me(person), &world.writers(space));
        world.push(space, (person, 0), world.me(person), &op).unwrap();
        assert_eq!(world.state(space).role(&world.me(person)), None);
        assert!(!world.state(space).needs_rotation(&world.dir, world.now).is_empty());
    }
}

#[test]
fn who_may_change_roles() {
    let (mut world, space) = talk();
    world.add(space, 0, world.me(0), world.grant(5, Role::Owner)).unwrap();
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client, Role::Owner];
    for (target, old) in roles.into_iter().enumerate() {
        for new in [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client] {
            let writers = world.writers(space);
            let op = world.ops(space).set_role(world.grant(target, new), &writers).unwrap();
            for (person, role) in roles.into_iter().enumerate() {
                let may = match role {
                    Role::Owner => true,
                    Role::Admin => old != Role::Owner && new != Role::Owner,
                    _ => false,
                };
                let expected = match may {
                    true if old == new => Err(AccessError::AlreadyMember),
                    true => Ok(()),
                    false => Err(AccessError::RoleForbids),
                };
                let got = by(&world, space, person, &op);
                assert_eq!(got, expected, "{person} makes {target} {new:?}");
            }
        }
    }
    let op = SpaceOp::SetRole { grant: world.grant(2, Role::Ingest), pins: Vec::new() };
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::KindForbids));
}

#[test]
fn a_removal_names_each_device_that_is_known_to_have_written() {
    let (mut world, space) = talk();
    let unopenable = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    world.push(space, (1, 0), world.me(1), &unopenable).unwrap();
    let (mut op, _) = world.removing(space, world.me(1));
    let SpaceOp::Remove { pins, .. } = &mut op else { unreachable!() };
    assert_eq!(pins.len(), 1);
    let pin = pins.remove(0);
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::PinMissing));
    let with = |pins: Vec<Pin>| {
        let SpaceOp::Remove { member, epoch, .. } = op.clone() else { unreachable!() };
        by(&world, space, 0, &SpaceOp::Remove { member, pins, epoch })
    };
    assert_eq!(with(vec![Pin { last: None, ..pin }]), Err(AccessError::PinMissing));
    assert_eq!(with(vec![pin, pin]), Err(AccessError::Malformed("pins")));
    assert_eq!(with(vec![pin]), Ok(()));
}

#[test]
fn lowering_and_leaving_name_the_devices_too_and_raising_none() {
    let (mut world, space) = talk();
    let unopenable = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    world.push(space, (1, 0), world.me(1), &unopenable).unwrap();
    let grant = world.grant(1, Role::Member);
    let lower = SpaceOp::SetRole { grant, pins: Vec::new() };
    assert_eq!(by(&world, space, 0, &lower), Err(AccessError::PinMissing));
    let leave = SpaceOp::Leave { pins: Vec::new() };
    assert_eq!(by(&world, space, 1, &leave), Err(AccessError::PinMissing));
    let pins = world.pins_of(space, world.me(1));
    let raise = SpaceOp::SetRole { grant: world.grant(1, Role::Owner), pins };
    assert_eq!(by(&world, space, 0, &raise), Err(AccessError::Malformed("pins")));
}

#[test]
fn the_relay_refuses_pins_that_cut_or_miss() {
    let (mut world, space) = talk();
    let first = world.write(space, (2, 0), world.me(2)).unwrap();
    world.write(space, (2, 0), world.me(2)).unwrap();
    let (op, _) = world.removing(space, world.me(2));
    let SpaceOp::Remove { member, pins, epoch } = op else { unreachable!() };
    let mut with = |pins: Vec<Pin>| {
        let op = SpaceOp::Remove { member, pins, epoch: epoch.clone() };
        world.push(space, (0, 0), world.me(0), &op).map(|_| ())
    };
    let device = pins[0].device;
    assert_eq!(with(vec![Pin { device, last: Some(first.id()) }]), Err(AccessError::BehindPin));
    assert_eq!(with(Vec::new()), Err(AccessError::PinMissing));
    assert_eq!(with(vec![Pin { device, last: None }]), Err(AccessError::PinMissing));
    let invented = homing_wire::DeviceId([7; 32]);
    let more = Pin { device: invented, last: Some(first.id()) };
    assert_eq!(with(vec![pins[0], more]), Err(AccessError::BehindPin));
    assert_eq!(with(pins), Ok(()));
}

#[test]
fn staff_act_in_a_client_space_by_their_role_in_the_team() {
    // 0 owner, 1 admin, 2 member, 3 reader of the team; 4 client, 5 outside.
    let mut world = World::new(6);
    let team = world.team(0, &[(1, Role::Admin), (2, Role::Member), (3, Role::Reader)]);
    let space = world.client(2, team, &[4]);
    let as_team = Member::Team(team);
    let as_staff = |world: &World, person: usize, op: &SpaceOp| world.tried(space, (person, 0), as_team, op);

    let removal = world.removing(space, world.me(4)).0;
    let role = SpaceOp::SetRole { grant: world.grant(4, Role::Reader), pins: Vec::new() };
    for op in [removal, role] {
        for person in 0..4 {
            let expected = if person < 2 { Ok(()) } else { Err(AccessError::RoleForbids) };
            assert_eq!(as_staff(&world, person, &op), expected, "{person}: {op:?}");
        }
        assert_eq!(by(&world, space, 4, &op), Err(AccessError::RoleForbids));
        assert_eq!(as_staff(&world, 4, &op), Err(AccessError::NotAMember));
    }
    let rules = SpaceOp::MinimumRules { version: 2 };
    assert_eq!(as_staff(&world, 0, &rules), Ok(()));
    assert_eq!(as_staff(&world, 1, &rules), Err(AccessError::RoleForbids));
    for (granted, least) in [(Role::Client, 2), (Role::Reader, 2), (Role::Member, 1)] {
        let op = world.adding(space, world.grant(5, granted));
        for person in 0..4 {
            let expected = if person <= least { Ok(()) } else { Err(AccessError::RoleForbids) };
            assert_eq!(as_staff(&world, person, &op), expected, "{person} adds {granted:?}");
        }
        assert_eq!(by(&world, space, 4, &op), Err(AccessError::RoleForbids));
    }
    // The team is the owner, and stays.
    for person in 0..4 {
        let op = world.ops(space).leave(as_team, &world.writers(space));
        let expected = if person < 2 { AccessError::LastOwner } else { AccessError::RoleForbids };
        assert_eq!(as_staff(&world, person, &op), Err(expected));
        let (op, _) = world.removing(space, as_team);
        assert_eq!(as_staff(&world, person, &op), Err(AccessError::RoleForbids));
    }
}

#[test]
fn a_team_in_a_talk_has_the_teams_role_limited_by_the_own() {
    let mut world = World::new(4);
    let team = world.team(1, &[(2, Role::Reader)]);
    let space = world.talk(0, &[]);
    let grant = Grant { member: Member::Team(team), role: Role::Member };
    world.add(space, 0, world.me(0), grant).unwrap();
    let acting = world.state(space).capacities(&world.dir, &world.id(1));
    assert_eq!((acting.len(), acting[0].1.role), (1, Role::Member));
    let acting = world.state(space).capacities(&world.dir, &world.id(2));
    assert_eq!(acting[0].1.role, Role::Reader);
    assert!(world.write(space, (1, 0), Member::Team(team)).is_ok());
    assert_eq!(world.write(space, (2, 0), Member::Team(team)).unwrap_err(), AccessError::RoleForbids);
    let op = world.ops(space).leave(Member::Team(team), &world.writers(space));
    assert_eq!(world.tried(space, (2, 0), Member::Team(team), &op), Err(AccessError::RoleForbids));
    assert_eq!(world.tried(space, (1, 0), Member::Team(team), &op), Ok(()));
    let (removal, key) = world.removing(space, Member::Team(team));
    world.push_epoch(space, (0, 0), world.me(0), (removal, key)).unwrap();
    assert_eq!(world.state(space).access(&world.dir, &world.id(1)), None);
}

#[test]
fn nobody_is_added_to_a_personal_space() {
    let mut world = World::new(2);
    let space = world.personal(0);
    let op = world.adding(space, world.grant(1, Role::Member));
    assert_eq!(by(&world, space, 0, &op), Err(AccessError::KindForbids));
}

#[test]
fn minimum_rules_are_set_by_owners_and_only_rise() {
    let (mut world, space) = talk();
    let rules = |version| SpaceOp::MinimumRules { version };
    for person in 1..5 {
        assert_eq!(by(&world, space, person, &rules(2)), Err(AccessError::RoleForbids));
    }
    world.push(space, (0, 0), world.me(0), &rules(2)).unwrap();
    assert_eq!(world.state(space).minimum_rules(), 2);
    assert_eq!(by(&world, space, 0, &rules(2)), Err(AccessError::OldRules));
    assert_eq!(by(&world, space, 0, &rules(1)), Err(AccessError::OldRules));
}

#[test]
fn a_space_has_a_limited_number_of_members() {
    let mut world = World::new(1);
    let space = world.talk(0, &[]);
    for _ in 1..500 {
        let person = world.add_person();
        world.add(space, 0, world.me(0), world.grant(person, Role::Member)).unwrap();
    }
    let person = world.add_person();
    let error = world.add(space, 0, world.me(0), world.grant(person, Role::Member)).unwrap_err();
    assert_eq!(error, AccessError::Limit("members"));
    // A full space still rotates within an entry's size.
    let (op, key) = world.rotating(space);
    let entry = world.sign(space, (0, 0), world.me(0), &op);
    assert!(entry.encode().len() <= homing_wire::limits::ENTRY);
    world.push_epoch(space, (0, 0), world.me(0), (op, key)).unwrap();
}
