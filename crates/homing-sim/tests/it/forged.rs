//! A member whose app is not ours: correctly signed and sealed entries that break one rule each. All devices refuse them
//! alike, for the same reason, in whatever order they come to know them; nothing anybody sees changes, and the
//! conversation goes on.
//!
//! What a relay can judge (ops, roles, places in a device's own chain) it refuses itself. That must not be what
//! protects people, so each of these also comes through a relay that helps the forger.
//!
//! One test for each rule. Each was seen to fail with its rule taken out, and only with that one:
//!
//! | Rule | Where it lives | Test |
//! |---|---|---|
//! | change another's message | `homing_model` `rules::v1::rights` | `another_s_message_can_t_be_deleted` |
//! | begin a document in another's name | `rules::v1::identity` | `another_s_name_can_t_be_put_on_a_message` |
//! | raise a role | `homing_access` `space::members` (`Judge::set_role`) | `nobody_raises_their_own_role` |
//! | write as a reader | `space::verdict` (`judge_entry`) | `a_reader_writes_nothing` |
//! | squat an id | `rules::v1::identity` | `a_document_s_id_can_t_be_squatted` |
//! | use another's actor | `homing_model` `check` | `another_s_actor_can_t_be_used` |
//! | start_op at the limit | `homing_model` `change::reader` | `an_op_number_at_the_limit_is_refused`, `..._past_the_limit_...` |
//! | start_op out of place | `check` | `an_op_number_that_does_not_follow_is_refused` |
//! | two changes, one actor and sequence | `homing_engine` `docs::settle_duplicates` | `of_two_changes_in_one_place_all_devices_keep_the_earlier` |
//! | a backdated entry behind a pin | `space::verdict` (`judge_entry`) | `nobody_backdates_behind_a_pin` |
//! | a pin that cuts | `space::judge` (`Judge::cut`); at the relay `Cut::check_pins` | `a_pin_that_cuts_is_refused`, `the_relay_takes_no_pin_that_cuts` |
//!
//! Of pins the devices can judge only what the op chain shows: that whoever wrote ops is not left without one. Which
//! entry is a device's last is known to the relay alone. An owner and a relay who work together can therefore take
//! a removed member's messages out of everybody's sight (alike for all), as a relay can that withholds them.

use homing_engine::api::{Call, InviteTo, MemberRole, MemberRow, RoleName};
use homing_model::{Actor, DraftId, Edit, Preimage, author_from};
use homing_sim::{DeviceId as Device, World};
use homing_store::entries::Status;
use homing_wire::{DeviceId, DocId, Grant, Member, PersonId, Pin, Role, SpaceOp};

use crate::forger::{Forger, Forgery, Look, collude, forge, judged, present, send, with_start_op};
use crate::house::{House, seen};

/// Whom a forgery is about.
struct Victim {
    person: PersonId,
    device: DeviceId,
    /// A message of theirs.
    message: DocId,
}

fn who(world: &mut World, device: Device) -> (PersonId, DeviceId) {
    let status = world.status(device).unwrap();
    (status.person.unwrap().parse().unwrap(), status.device.unwrap().parse().unwrap())
}

fn roles(rows: Vec<MemberRow>) -> Vec<(String, RoleName)> {
    rows.into_iter().map(|row| (row.member, row.role)).collect()
}

pub fn set_role(world: &mut World, by: Device, group: &str, of: Device, role: RoleName) {
    let member = world.status(of).unwrap().person.unwrap();
    let args = MemberRole { conversation: group.to_owned(), member, role };
    world.call(by, Call::MemberRole(args)).unwrap();
    world.settle().unwrap();
}

fn refused_on(world: &mut World, one: Device, forgeries: &[Forgery], reason: &str) {
    for (status, why) in judged(world, one, forgeries) {
        assert_eq!((status, why.as_str()), (Status::Refused, reason), "device {one}");
    }
}

/// The forgeries come to all `honest` devices (the first is Ada's) and to one that comes later and reads the newest first, are refused
/// for this reason, change nothing, and the conversation goes on.
pub fn all_refuse(house: &mut House, honest: &[Device], forgeries: &[Forgery], reason: &str) {
    let (one_of_ada, group) = (honest[0], house.group.clone());
    let world = &mut house.world;
    let before = seen(&world.messages(one_of_ada, &group).unwrap());
    let members = roles(world.members(one_of_ada, &group).unwrap());
    collude(world, forgeries);
    for one in honest {
        world.set_online(*one, true).unwrap();
    }
    world.run_for(30_000).unwrap();
    // The relay's own program says nothing about what its operator did; the next message does.
    world.send(one_of_ada, &group, "and on").unwrap();
    world.run_for(500).unwrap();
    for one in honest {
        refused_on(world, *one, forgeries, reason);
    }
    world.settle().unwrap();
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(one_of_ada, tablet).unwrap();
    world.settle().unwrap();
    for one in honest.iter().chain([&tablet]) {
        refused_on(world, *one, forgeries, reason);
        let rows = seen(&world.messages(*one, &group).unwrap());
        assert_eq!(rows.split_last().unwrap().1, before, "device {one}");
        assert_eq!(roles(world.members(*one, &group).unwrap()), members, "device {one}");
        let status = world.status(*one).unwrap();
        let refused = u32::try_from(forgeries.len()).unwrap();
        assert_eq!((status.parked, status.quarantined), (0, refused), "device {one}");
        assert!(status.problem.is_none(), "device {one}: {status:?}");
    }
    world.settle().unwrap();
    world.send(tablet, &group, "by the new one").unwrap();
    world.settle().unwrap();
    for one in honest {
        assert_eq!(world.bodies(*one, &group).unwrap().len(), before.len() + 2, "device {one}");
    }
}

/// Cora forges something about Ada.
fn refused(seed: u64, reason: &str, make: impl FnOnce(&mut Forger, Look<'_>, &Victim)) {
    let mut house = House::new(seed);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    let message = world.send(laptop, &group, "Ada's own words").unwrap().parse().unwrap();
    world.settle().unwrap();
    let (person, device) = who(world, laptop);
    let victim = Victim { person, device, message };
    let forgeries = forge(world, cora, &group, |forger, known| make(forger, known, &victim));
    send(world, cora, &forgeries);
    all_refuse(&mut house, &[laptop, desktop, ben], &forgeries, reason);
}

/// An honest relay does not even take it.
pub fn not_taken(world: &mut World, by: Device, others: &[Device], forgeries: &[Forgery]) {
    send(world, by, forgeries);
    world.settle().unwrap();
    for one in others {
        assert_eq!(present(world, *one, forgeries), 0, "device {one}");
    }
}

pub fn message_at(forger: &mut Forger, draft: u8, body: &str) {
    let preimage = Preimage::message(forger.space, forger.person, &DraftId([draft; 16]));
    let new = author_from([], forger.actor(), &preimage, &forger.message(body)).unwrap();
    forger.data(preimage.doc_id(), new.bytes);
}

#[test]
fn another_s_message_can_t_be_deleted() {
    refused(20, "not_owner_or_manager", |forger, known, victim| {
        let target = victim.message;
        let preimage = known(target).into_iter().find_map(|change| change.preimage).unwrap();
        assert_eq!(preimage.owner(), Some(victim.person));
        let new = author_from(known(target), forger.actor(), &preimage, &Edit::DeleteMessage).unwrap();
        forger.data(target, new.bytes);
    });
}

#[test]
fn another_s_name_can_t_be_put_on_a_message() {
    refused(21, "wrong_owner", |forger, _, victim| {
        let preimage = Preimage::message(forger.space, victim.person, &DraftId([5; 16]));
        let new = author_from([], forger.actor(), &preimage, &forger.message("in Ada's name")).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
}

#[test]
fn a_document_s_id_can_t_be_squatted() {
    refused(22, "squatted_id", |forger, _, victim| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([6; 16]));
        let new = author_from([], forger.actor(), &preimage, &forger.message("at another's id")).unwrap();
        forger.data(victim.message, new.bytes);
    });
}

#[test]
fn another_s_actor_can_t_be_used() {
    refused(23, "foreign_actor", |forger, known, victim| {
        let actor = known(victim.message).first().unwrap().actor;
        assert_ne!(actor, Actor::derive(&victim.device, &forger.salt));
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([7; 16]));
        let new = author_from([], actor, &preimage, &forger.message("with Ada's actor")).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
}

fn far_ahead(seed: u64, start_op: u64, reason: &str) {
    refused(seed, reason, |forger, _, _| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([8; 16]));
        let new = author_from([], forger.actor(), &preimage, &forger.message("far ahead")).unwrap();
        assert_eq!(with_start_op(&new.bytes, 1), new.bytes, "the forgery changes nothing else");
        forger.data(preimage.doc_id(), with_start_op(&new.bytes, start_op));
    });
}

#[test]
fn an_op_number_at_the_limit_is_refused() {
    far_ahead(24, (1 << 24) - 1, "over_limit");
}

#[test]
fn an_op_number_past_the_limit_is_refused() {
    far_ahead(25, u64::from(u32::MAX), "over_limit");
}

#[test]
fn an_op_number_that_does_not_follow_is_refused() {
    far_ahead(26, 2, "start_op");
}

/// Cora writes two changes of one actor and sequence; a helping relay hands out the later one first.
fn two_in_one_place(seed: u64, first: &str, instead: &str) {
    let mut house = House::new(seed);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    let mut forgeries = forge(world, cora, &group, |forger, _| {
        message_at(forger, 9, first);
        message_at(forger, 9, instead);
    });
    send(world, cora, &forgeries);
    forgeries.reverse();
    collude(world, &forgeries);
    world.settle().unwrap();
    world.send(laptop, &group, "and on").unwrap();
    world.settle().unwrap();
    // Somebody who comes later and reads newest first decides alike.
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop, ben, tablet] {
        assert_eq!(world.bodies(device, &group).unwrap(), [first, "and on"], "device {device}");
    }
}

#[test]
fn of_two_changes_in_one_place_all_devices_keep_the_earlier() {
    // Whatever else might decide between two texts, it would decide alike in both.
    two_in_one_place(27, "this", "that");
    two_in_one_place(37, "that", "this");
}

fn raise(forger: &mut Forger, _: Look<'_>) {
    let grant = Grant { member: Member::Person(forger.person), role: Role::Owner };
    forger.op(&SpaceOp::SetRole { grant, pins: Vec::new() });
}

#[test]
fn nobody_raises_their_own_role() {
    refused(28, "access.role_forbids", |forger, known, _| raise(forger, known));
}

#[test]
fn the_relay_takes_no_raised_role() {
    let mut house = House::new(29);
    let (others, cora, group) = ([house.laptop, house.desktop, house.ben], house.cora, house.group.clone());
    let forgeries = forge(&mut house.world, cora, &group, raise);
    not_taken(&mut house.world, cora, &others, &forgeries);
}

/// Cora, who wrote before, is a reader now.
fn reader(seed: u64) -> House {
    let mut house = House::new(seed);
    let (laptop, cora, group) = (house.laptop, house.cora, house.group.clone());
    house.world.send(cora, &group, "still a member").unwrap();
    house.world.settle().unwrap();
    set_role(&mut house.world, laptop, &group, cora, RoleName::Reader);
    house
}

#[test]
fn a_reader_writes_nothing() {
    let mut house = reader(30);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let call = homing_sim::people::send_call(&group, "as a reader");
    assert!(house.world.try_call(cora, call).unwrap().is_err());
    let forgeries = forge(&mut house.world, cora, &group, |forger, _| message_at(forger, 10, "as a reader"));
    send(&house.world, cora, &forgeries);
    all_refuse(&mut house, &[laptop, desktop, ben], &forgeries, "access.role_forbids");
}

#[test]
fn the_relay_takes_nothing_of_a_reader() {
    let mut house = reader(31);
    let (others, cora, group) = ([house.laptop, house.desktop, house.ben], house.cora, house.group.clone());
    let forgeries = forge(&mut house.world, cora, &group, |forger, _| message_at(forger, 10, "as a reader"));
    not_taken(&mut house.world, cora, &others, &forgeries);
}

/// Cora, who wrote so many messages, was removed while she was off; what she writes now says that it is from before.
fn backdated(seed: u64, messages: usize) -> (House, Vec<Forgery>) {
    let mut house = House::new(seed);
    let (laptop, cora, group) = (house.laptop, house.cora, house.group.clone());
    let world = &mut house.world;
    for n in 0..messages {
        world.send(cora, &group, &format!("Cora {n}")).unwrap();
    }
    world.settle().unwrap();
    world.set_online(cora, false).unwrap();
    let member = world.status(cora).unwrap().person.unwrap();
    world.remove_member(laptop, &group, &member).unwrap();
    world.run_for(60_000).unwrap();
    let forgeries = forge(world, cora, &group, |forger, _| message_at(forger, 11, "from before"));
    send(world, cora, &forgeries);
    (house, forgeries)
}

#[test]
fn nobody_backdates_behind_a_pin() {
    let (mut house, forgeries) = backdated(32, 2);
    let honest = [house.laptop, house.desktop, house.ben];
    all_refuse(&mut house, &honest, &forgeries, "access.behind_pin");
}

#[test]
fn who_never_wrote_has_nothing_to_backdate() {
    let (mut house, forgeries) = backdated(33, 0);
    let honest = [house.laptop, house.desktop, house.ben];
    all_refuse(&mut house, &honest, &forgeries, "access.behind_pin");
}

#[test]
fn the_relay_takes_nothing_backdated() {
    let (mut house, forgeries) = backdated(34, 2);
    let (cora, others) = (house.cora, [house.laptop, house.desktop, house.ben]);
    not_taken(&mut house.world, cora, &others, &forgeries);
}

/// Ada may lower Cora's role, but not with a pin that takes away what Cora wrote by right.
fn cut(house: &mut House) -> Vec<Forgery> {
    let (laptop, cora, group) = (house.laptop, house.cora, house.group.clone());
    let (person, device) = who(&mut house.world, cora);
    forge(&mut house.world, laptop, &group, |forger, _| {
        let grant = Grant { member: Member::Person(person), role: Role::Reader };
        forger.op(&SpaceOp::SetRole { grant, pins: vec![Pin { device, last: None }] });
    })
}

#[test]
fn a_pin_that_cuts_is_refused() {
    let mut house = House::new(35);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    set_role(world, laptop, &group, cora, RoleName::Admin);
    world.invite(cora, InviteTo::Talk { conversation: group.clone() }).unwrap();
    world.send(cora, &group, "by right").unwrap();
    world.settle().unwrap();
    let forgeries = cut(&mut house);
    // The forger is Ada herself this time: her desktop and the others stay with what holds.
    send(&house.world, laptop, &forgeries);
    all_refuse(&mut house, &[desktop, ben, cora], &forgeries, "access.pin_missing");
}

#[test]
fn the_relay_takes_no_pin_that_cuts() {
    let mut house = House::new(36);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    for n in 0..3 {
        house.world.send(cora, &group, &format!("Cora {n}")).unwrap();
    }
    house.world.settle().unwrap();
    let forgeries = cut(&mut house);
    not_taken(&mut house.world, laptop, &[desktop, ben, cora], &forgeries);
    for one in [desktop, ben, cora] {
        assert_eq!(house.world.bodies(one, &group).unwrap().len(), 3, "device {one}");
    }
}
