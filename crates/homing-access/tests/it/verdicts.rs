//! Which entries and slots count.

use homing_access::build::{sign_entry, sign_slot};
use homing_access::{AccessError, Missing, Verdict, verify_entry, verify_slot};
use homing_wire::{
    DeviceId, Entry, EntryHeader, EntryId, EntryKind, Member, PersonId, Pin, Role, Slot, SlotHeader, SlotId,
    SpaceId, SpaceOp,
};

use crate::support::{Who, World};

/// 0 owner, 1 member, 2 reader, 3 client of a talk; 4 outside.
fn talk() -> (World, SpaceId) {
    let mut world = World::new(5);
    let space = world.talk(0, &[(1, Role::Member), (2, Role::Reader), (3, Role::Client)]);
    (world, space)
}

fn changed(world: &World, who: Who, entry: &Entry, change: impl FnOnce(&mut EntryHeader)) -> Entry {
    let mut header = entry.header().clone();
    change(&mut header);
    sign_entry(header, entry.body.content.clone(), world.secret(who).signing())
}

fn refused(error: AccessError) -> Verdict {
    Verdict::Refuse(error)
}

#[test]
fn an_entry_counts_with_the_role_at_its_op_head() {
    let (mut world, space) = talk();
    for (person, role) in [(0, Role::Owner), (1, Role::Member), (3, Role::Client)] {
        let entry = world.write(space, (person, 0), world.me(person)).unwrap();
        let accept = Verdict::Accept { role, written_as: world.me(person) };
        assert_eq!(world.verdict(space, &entry), accept);
    }
    let before = world.data(space, (1, 0), world.me(1));
    let raise = world.ops(space).set_role(world.grant(1, Role::Admin), &[]).unwrap();
    world.push(space, (0, 0), world.me(0), &raise).unwrap();
    let accept = Verdict::Accept { role: Role::Member, written_as: world.me(1) };
    assert_eq!(world.verdict(space, &before), accept);
    let after = world.data(space, (1, 0), world.me(1));
    let accept = Verdict::Accept { role: Role::Admin, written_as: world.me(1) };
    assert_eq!(world.verdict(space, &after), accept);
}

#[test]
fn readers_and_strangers_write_nothing() {
    let (world, space) = talk();
    let by = |person: usize| world.verdict(space, &world.data(space, (person, 0), world.me(person)));
    assert_eq!(by(2), refused(AccessError::RoleForbids));
    assert_eq!(by(4), refused(AccessError::NotAMember));
}

#[test]
fn nobody_writes_as_another() {
    let (mut world, space) = talk();
    let as_ada = world.data(space, (1, 0), world.me(0));
    assert_eq!(world.verdict(space, &as_ada), refused(AccessError::NotAMember));
    let team = world.team(0, &[]);
    let as_team = world.data(space, (0, 0), Member::Team(team));
    assert_eq!(world.verdict(space, &as_team), refused(AccessError::NotAMember));
    // Another's device does not speak for one.
    let entry = world.data(space, (1, 0), world.me(1));
    let stolen = changed(&world, (4, 0), &entry, |header| header.device = world.device((4, 0)));
    let waits = Missing::Device(world.id(1), world.device((4, 0)));
    assert_eq!(world.verdict(space, &stolen), Verdict::Park(waits));
}

#[test]
fn what_is_not_known_yet_waits() {
    let (mut world, space) = talk();
    let entry = world.data(space, (1, 0), world.me(1));
    let ahead = changed(&world, (1, 0), &entry, |header| header.op_head = Some(EntryId([9; 32])));
    assert_eq!(world.verdict(space, &ahead), Verdict::Park(Missing::OpHead(EntryId([9; 32]))));
    let account = world.dir.accounts.remove(&world.id(1)).unwrap();
    assert_eq!(world.verdict(space, &entry), Verdict::Park(Missing::Account(world.id(1))));
    world.dir.accounts.insert(world.id(1), account.clone());
    let device = world.add_device(1);
    let by_new = world.data(space, (1, device), world.me(1));
    let newer = world.dir.accounts.insert(world.id(1), account).unwrap();
    let waits = Missing::Device(world.id(1), world.device((1, device)));
    assert_eq!(world.verdict(space, &by_new), Verdict::Park(waits));
    world.dir.accounts.insert(world.id(1), newer);
    assert!(matches!(world.verdict(space, &by_new), Verdict::Accept { .. }));
}

#[test]
fn a_teams_entries_wait_for_the_team() {
    let mut world = World::new(3);
    let team = world.team(0, &[(1, Role::Reader)]);
    let client = world.client(0, team, &[2]);
    let entry = world.data(client, (0, 0), Member::Team(team));
    assert_eq!(
        world.verdict(client, &entry),
        Verdict::Accept { role: Role::Owner, written_as: Member::Team(team) }
    );
    let by_reader = world.data(client, (1, 0), Member::Team(team));
    assert_eq!(world.verdict(client, &by_reader), refused(AccessError::RoleForbids));
    let by_client = world.data(client, (2, 0), Member::Team(team));
    assert_eq!(world.verdict(client, &by_client), refused(AccessError::NotAMember));
    let state = world.dir.states.remove(&team).unwrap();
    assert_eq!(
        world.verdict_in(client, &state_of(&world, client), &entry),
        Verdict::Park(Missing::Team(team))
    );
    world.dir.states.insert(team, state);
}

fn state_of(world: &World, space: SpaceId) -> homing_access::SpaceState {
    world.state(space).clone()
}

impl World {
    fn verdict_in(&self, space: SpaceId, state: &homing_access::SpaceState, entry: &Entry) -> Verdict {
        let log = &self.logs[&space];
        state.verdict(entry.header(), &entry.id(), &self.dir, &|id, pin| log.is_ancestor(id, pin))
    }
}

#[test]
fn headers_are_checked() {
    let (mut world, space) = talk();
    let entry = world.data(space, (1, 0), world.me(1));
    let with = |world: &World, change: fn(&mut EntryHeader)| {
        world.verdict(space, &changed(world, (1, 0), &entry, change))
    };
    assert_eq!(with(&world, |header| header.version = 2), refused(AccessError::Malformed("version")));
    assert_eq!(with(&world, |header| header.space = SpaceId([1; 32])), refused(AccessError::WrongLog));
    assert_eq!(with(&world, |header| header.op_head = None), refused(AccessError::Malformed("op head")));
    assert_eq!(with(&world, |header| header.epoch = None), refused(AccessError::StaleEpoch));
    assert_eq!(
        with(&world, |header| header.epoch = Some(EntryId([1; 32]))),
        refused(AccessError::StaleEpoch)
    );
    let op = SpaceOp::MinimumRules { version: 2 };
    world.push(space, (0, 0), world.me(0), &op).unwrap();
    assert!(matches!(world.verdict(space, &entry), Verdict::Accept { .. }), "written before");
    let old = world.data(space, (1, 0), world.me(1));
    assert_eq!(world.verdict(space, &old), refused(AccessError::OldRules));
    let new = changed(&world, (1, 0), &old, |header| header.rules = 2);
    assert!(matches!(world.verdict(space, &new), Verdict::Accept { .. }));
}

#[test]
fn an_entry_is_sealed_under_the_epoch_of_its_op_head() {
    let (mut world, space) = talk();
    let first = world.state(space).epoch();
    let early = world.data(space, (1, 0), world.me(1));
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    let late = world.data(space, (1, 0), world.me(1));
    let old_key = changed(&world, (1, 0), &late, |header| header.epoch = Some(first));
    assert_eq!(world.verdict(space, &old_key), refused(AccessError::StaleEpoch));
    let new_key = changed(&world, (1, 0), &early, |header| header.epoch = late.header().epoch);
    assert_eq!(world.verdict(space, &new_key), refused(AccessError::StaleEpoch));
    assert!(matches!(world.verdict(space, &early), Verdict::Accept { .. }));
}

/// Person 1 writes twice, then loses the right by `lose`; the second entry is pinned. `whole` = all devices lose it.
fn behind_a_pin(whole: bool, lose: impl FnOnce(&mut World, SpaceId)) {
    let (mut world, space) = talk();
    world.add_device(1);
    let first = world.write(space, (1, 0), world.me(1)).unwrap();
    let second = world.write(space, (1, 0), world.me(1)).unwrap();
    let third = world.data(space, (1, 0), world.me(1));
    let fork = changed(&world, (1, 0), &second, |header| header.nonce = [9; 24]);
    let elsewhere = world.data(space, (1, 1), world.me(1));
    let others = world.write(space, (3, 0), world.me(3)).unwrap();
    lose(&mut world, space);
    for entry in [&first, &second, &others] {
        assert!(matches!(world.verdict(space, entry), Verdict::Accept { .. }));
    }
    assert_eq!(world.verdict(space, &third), refused(AccessError::BehindPin), "backdated");
    assert_eq!(world.verdict(space, &fork), refused(AccessError::BehindPin), "beside the pinned one");
    let unpinned = world.verdict(space, &elsewhere);
    let expected = Verdict::Accept { role: Role::Member, written_as: world.me(1) };
    assert_eq!(unpinned, if whole { refused(AccessError::BehindPin) } else { expected });
    // As long as the way to the pin is not known, the entry waits.
    let id = first.id();
    let unknown = world.state(space).verdict(first.header(), &id, &world.dir, &|_, _| None);
    assert_eq!(unknown, Verdict::Park(Missing::Prev(second.id())));
}

#[test]
fn a_removed_member_backdates_nothing() {
    behind_a_pin(true, |world, space| {
        let removal = world.removing(space, world.me(1));
        world.push_epoch(space, (0, 0), world.me(0), removal).unwrap();
    });
}

#[test]
fn who_left_backdates_nothing() {
    behind_a_pin(true, |world, space| {
        let leave = world.ops(space).leave(world.me(1), &world.writers(space));
        world.push(space, (1, 0), world.me(1), &leave).unwrap();
    });
}

#[test]
fn who_was_lowered_backdates_nothing() {
    behind_a_pin(true, |world, space| {
        let writers = world.writers(space);
        let lower = world.ops(space).set_role(world.grant(1, Role::Reader), &writers).unwrap();
        world.push(space, (0, 0), world.me(0), &lower).unwrap();
    });
}

#[test]
fn a_revoked_device_backdates_nothing() {
    behind_a_pin(false, |world, space| {
        world.revoke((1, 0));
        world.settle(space, (0, 0), world.me(0));
    });
}

#[test]
fn after_a_pin_nothing_counts_until_the_right_comes_back() {
    let (mut world, space) = talk();
    world.write(space, (1, 0), world.me(1)).unwrap();
    let removal = world.removing(space, world.me(1));
    world.push_epoch(space, (0, 0), world.me(0), removal).unwrap();
    let out = world.data(space, (1, 0), world.me(1));
    assert_eq!(world.verdict(space, &out), refused(AccessError::NotAMember));
    world.add(space, 0, world.me(0), world.grant(1, Role::Member)).unwrap();
    let back = world.write(space, (1, 0), world.me(1)).unwrap();
    assert!(matches!(world.verdict(space, &back), Verdict::Accept { .. }));
    assert_eq!(world.verdict(space, &out), refused(AccessError::NotAMember));
}

#[test]
fn a_removed_member_still_writes_as_the_team() {
    let mut world = World::new(3);
    let team = world.team(0, &[(1, Role::Member)]);
    let client = world.client(0, team, &[1, 2]);
    let own = world.write(client, (1, 0), world.me(1)).unwrap();
    let as_team = world.write(client, (1, 0), Member::Team(team)).unwrap();
    let late = changed(&world, (1, 0), &own, |header| header.nonce = [8; 24]);
    let staff_late = changed(&world, (1, 0), &as_team, |header| header.nonce = [8; 24]);
    let removal = world.removing(client, world.me(1));
    world.push_epoch(client, (0, 0), Member::Team(team), removal).unwrap();
    assert!(matches!(world.verdict(client, &own), Verdict::Accept { .. }));
    assert_eq!(world.verdict(client, &late), refused(AccessError::BehindPin));
    assert!(matches!(world.verdict(client, &staff_late), Verdict::Accept { .. }));
    world.write(client, (1, 0), Member::Team(team)).unwrap();
    // Leaving the team ends that too, and leaves the client's other entries alone.
    let removal = world.removing(team, world.me(1));
    world.push_epoch(team, (0, 0), world.me(0), removal).unwrap();
    world.settle(client, (2, 0), world.me(2));
    assert!(matches!(world.verdict(client, &as_team), Verdict::Accept { .. }));
    assert_eq!(world.verdict(client, &staff_late), refused(AccessError::BehindPin));
    let after = world.data(client, (1, 0), Member::Team(team));
    assert_eq!(world.verdict(client, &after), refused(AccessError::NotAMember));
}

#[test]
fn an_op_counts_when_it_is_in_the_chain() {
    let (mut world, space) = talk();
    let first = world.state(space).head();
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    let entry = world.sign(space, (2, 0), world.me(2), &op);
    assert_eq!(world.verdict(space, &entry), Verdict::Park(Missing::OpHead(first)), "to be judged as an op");
    world.relay(space, &entry).unwrap();
    assert_eq!(world.verdict(space, &entry), Verdict::Accept { role: Role::Reader, written_as: world.me(2) });
    let fork = world.author(space, (1, 0), world.me(1)).sign_op(space, Some(first), &op);
    assert_eq!(world.verdict(space, &fork), refused(AccessError::StaleOps));
    assert_eq!(world.judged(space, &fork), Err(AccessError::StaleOps));
    assert_eq!(world.judged(space, &entry), Err(AccessError::AlreadyApplied));
    let ahead = world.author(space, (1, 0), world.me(1)).sign_op(space, Some(EntryId([5; 32])), &op);
    assert_eq!(world.judged(space, &ahead), Err(Missing::OpHead(EntryId([5; 32])).into()));
    let second = world.author(space, (1, 0), world.me(1)).sign_op(space, None, &op);
    assert_eq!(world.judged(space, &second), Err(AccessError::Malformed("second genesis")));
    assert_eq!(world.verdict(space, &second), refused(AccessError::WrongLog));
}

#[test]
fn ops_are_signed_and_whole() {
    let (world, space) = talk();
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    let good = world.sign(space, (1, 0), world.me(1), &op);
    let judge = |entry: &Entry| world.judged(space, entry).unwrap_err();
    let mut forged = good.clone();
    forged.signature.0[9] ^= 1;
    assert_eq!(judge(&forged), AccessError::BadSignature);
    let others = sign_entry(good.header().clone(), good.body.content.clone(), world.secret((4, 0)).signing());
    assert_eq!(judge(&others), AccessError::BadSignature);
    let content = sign_entry(good.header().clone(), vec![1, 2, 3], world.secret((1, 0)).signing());
    assert_eq!(judge(&content), AccessError::Malformed("op"));
    let with = |change: fn(&mut EntryHeader)| judge(&changed(&world, (1, 0), &good, change));
    assert_eq!(with(|header| header.space = SpaceId([1; 32])), AccessError::WrongLog);
    assert_eq!(with(|header| header.kind = EntryKind::Data), AccessError::Malformed("op header"));
    assert_eq!(with(|header| header.nonce = [1; 24]), AccessError::Malformed("op header"));
    let stranger = changed(&world, (1, 0), &good, |header| header.person = PersonId([7; 32]));
    assert_eq!(judge(&stranger), AccessError::NotAMember);
    let genesis = world.logs[&space].ops[0].0.body.content.clone();
    let again = sign_entry(good.header().clone(), genesis, world.secret((1, 0)).signing());
    assert_eq!(judge(&again), AccessError::Malformed("second genesis"));
    let unknown = changed(&world, (4, 0), &good, |header| header.device = world.device((4, 0)));
    assert_eq!(judge(&unknown), Missing::Device(world.id(1), world.device((4, 0))).into());
}

#[test]
fn a_step_is_taken_at_the_head_it_was_judged_at() {
    let (mut world, space) = talk();
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    let entry = world.sign(space, (1, 0), world.me(1), &op);
    let step = world.state(space).judge(&entry, world.now, &world.dir).unwrap();
    assert_eq!(step.id(), entry.id());
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    assert_eq!(world.dir.states.get_mut(&space).unwrap().commit(step), Err(AccessError::StaleOps));
}

#[test]
fn signatures_are_checked_for_their_kind() {
    let (world, space) = talk();
    let entry = world.data(space, (1, 0), world.me(1));
    assert_eq!(verify_entry(&entry), Ok(entry.id()));
    let mut forged = entry.clone();
    forged.body.content.push(1);
    assert_eq!(verify_entry(&forged), Err(AccessError::BadSignature));
    let slot = slot(&world, space, (1, 0), |_| {});
    assert_eq!(verify_slot(&slot), Ok(()));
    let mut forged = slot;
    forged.signature = entry.signature;
    assert_eq!(verify_slot(&forged), Err(AccessError::BadSignature));
}

fn slot(world: &World, space: SpaceId, who: Who, change: impl FnOnce(&mut SlotHeader)) -> Slot {
    let state = world.state(space);
    let mut header = SlotHeader {
        version: 1,
        space,
        device: world.device(who),
        person: world.id(who.0),
        written_as: world.me(who.0),
        slot: SlotId([1; 16]),
        counter: 1,
        op_head: state.head(),
        epoch: state.epoch(),
        nonce: [0; 24],
    };
    change(&mut header);
    sign_slot(header, b"sealed".to_vec(), world.secret(who).signing())
}

#[test]
fn slots_are_taken_from_present_members_readers_too() {
    let (mut world, space) = talk();
    let verdict = |world: &World, slot: &Slot| world.state(space).slot_verdict(slot.header(), &world.dir);
    let by_reader = slot(&world, space, (2, 0), |_| {});
    let accept = Verdict::Accept { role: Role::Reader, written_as: world.me(2) };
    assert_eq!(verdict(&world, &by_reader), accept);
    let with =
        |world: &World, change: fn(&mut SlotHeader)| verdict(world, &slot(world, space, (1, 0), change));
    assert_eq!(with(&world, |header| header.version = 2), refused(AccessError::Malformed("version")));
    assert_eq!(with(&world, |header| header.space = SpaceId([1; 32])), refused(AccessError::WrongLog));
    assert_eq!(with(&world, |header| header.epoch = EntryId([1; 32])), refused(AccessError::StaleEpoch));
    let ahead = with(&world, |header| header.op_head = EntryId([1; 32]));
    assert_eq!(ahead, Verdict::Park(Missing::OpHead(EntryId([1; 32]))));
    let unknown = with(&world, |header| header.device = DeviceId([1; 32]));
    assert!(matches!(unknown, Verdict::Park(Missing::Device(..))));
    assert_eq!(verdict(&world, &slot(&world, space, (4, 0), |_| {})), refused(AccessError::NotAMember));
    let removal = world.removing(space, world.me(2));
    world.push_epoch(space, (0, 0), world.me(0), removal).unwrap();
    assert_eq!(verdict(&world, &by_reader), refused(AccessError::NotAMember));
}

#[test]
fn slots_go_by_the_newest_knowledge_of_a_team() {
    let mut world = World::new(4);
    let team = world.team(0, &[(1, Role::Member)]);
    let client = world.client(0, team, &[3]);
    let as_team = |world: &World, person: usize| {
        let slot = slot(world, client, (person, 0), |header| header.written_as = Member::Team(team));
        world.state(client).slot_verdict(slot.header(), &world.dir)
    };
    assert_eq!(as_team(&world, 2), refused(AccessError::NotAMember));
    world.add(team, 0, world.me(0), world.grant(2, Role::Member)).unwrap();
    assert!(matches!(as_team(&world, 2), Verdict::Accept { .. }), "a new colleague needs no anchor");
    let removal = world.removing(team, world.me(1));
    world.push_epoch(team, (0, 0), world.me(0), removal).unwrap();
    assert_eq!(as_team(&world, 1), refused(AccessError::NotAMember), "a former one is out at once");
    world.add_device(3);
    let by_lost = slot(&world, client, (3, 1), |_| {});
    world.revoke((3, 1));
    let verdict = world.state(client).slot_verdict(by_lost.header(), &world.dir);
    assert_eq!(verdict, refused(AccessError::Revoked));
}

#[test]
fn the_relay_takes_fresh_entries_and_slots_under_head_and_epoch_only() {
    let (mut world, space) = talk();
    let entry = world.data(space, (1, 0), world.me(1));
    let early = slot(&world, space, (1, 0), |_| {});
    let admit =
        |world: &World, entry: &Entry| world.state(space).admit_data(entry.header(), &world.dir, world.now);
    assert_eq!(admit(&world, &entry), Ok(Role::Member));
    let op = SpaceOp::Unopenable { epoch: world.state(space).epoch() };
    let op = world.sign(space, (1, 0), world.me(1), &op);
    assert_eq!(admit(&world, &op), Err(AccessError::Malformed("kind")));
    let ahead = changed(&world, (1, 0), &entry, |header| header.op_head = Some(EntryId([1; 32])));
    assert_eq!(admit(&world, &ahead), Err(Missing::OpHead(EntryId([1; 32])).into()));
    let admit_slot =
        |world: &World, slot: &Slot| world.state(space).admit_slot(slot.header(), &world.dir, world.now);
    assert_eq!(admit_slot(&world, &early), Ok(Role::Member));
    world.add(space, 0, world.me(0), world.grant(4, Role::Member)).unwrap();
    assert_eq!(admit(&world, &entry), Err(AccessError::StaleOps));
    assert_eq!(admit_slot(&world, &early), Ok(Role::Member), "an op in between doesn't hurt a slot");
    let rotation = world.rotating(space);
    world.push_epoch(space, (0, 0), world.me(0), rotation).unwrap();
    assert_eq!(admit_slot(&world, &early), Err(AccessError::StaleEpoch));
    let leave = world.ops(space).leave(world.me(4), &[]);
    world.push(space, (4, 0), world.me(4), &leave).unwrap();
    let entry = world.data(space, (1, 0), world.me(1));
    assert_eq!(admit(&world, &entry), Err(AccessError::NeedsRotation));
    let fresh = slot(&world, space, (1, 0), |_| {});
    assert_eq!(admit_slot(&world, &fresh), Err(AccessError::NeedsRotation));
    world.settle(space, (1, 0), world.me(1));
    world.add_device(1);
    let by_device = slot(&world, space, (1, 1), |_| {});
    assert_eq!(admit_slot(&world, &by_device), Ok(Role::Member));
    world.revoke((1, 1));
    assert_eq!(admit_slot(&world, &by_device), Err(AccessError::Revoked));
}

#[test]
fn a_pin_of_nothing_cuts_everything_of_that_device() {
    let (mut world, space) = talk();
    let unsent = world.data(space, (1, 0), world.me(1));
    let (op, key) = world.removing(space, world.me(1));
    let SpaceOp::Remove { member, epoch, .. } = op else { unreachable!() };
    let pins = vec![Pin { device: world.device((1, 0)), last: None }];
    let op = SpaceOp::Remove { member, pins, epoch };
    world.push_epoch(space, (0, 0), world.me(0), (op, key)).unwrap();
    assert_eq!(world.verdict(space, &unsent), refused(AccessError::BehindPin));
}
