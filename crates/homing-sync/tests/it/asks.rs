//! Questions beside the log are answered once, however often the session breaks.

use homing_sync::{Effect, Event};
use homing_wire::{AccountOpId, BlobId, InviteId, NackCode, PersonId, Signature};

use crate::world::{World, space};

fn world() -> World {
    let mut world = World::new(1).with_spaces(1);
    world.write(0, space(1), true);
    world.settle();
    world
}

#[test]
fn an_account_log_comes_over_cuts_and_refusals() {
    let mut world = world();
    let person = PersonId([7; 32]);
    world.relay.refuse.push(NackCode::RateLimited);
    world.handle(0, Event::PullAccount { person, after: None });
    world.cut(0);
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::AccountLog { .. })), 1);
    world.relay.refuse.push(NackCode::NotFound);
    world.handle(0, Event::PullAccount { person, after: None });
    world.settle();
    let refused = Effect::AccountUnreadable { person, code: NackCode::NotFound };
    assert_eq!(world.devices[0].saw(|effect| *effect == refused), 1);
}

#[test]
fn account_ops_go_one_after_the_other() {
    let mut world = world();
    for n in 1..4 {
        world.handle(0, Event::PushAccount { id: AccountOpId([n; 32]), bytes: vec![n] });
    }
    world.deliver_up(0, 1);
    world.cut(0);
    world.settle();
    let acked: Vec<_> = world.devices[0]
        .log
        .iter()
        .filter_map(|effect| match effect {
            Effect::AccountAcked { id } => Some(id.0[0]),
            _ => None,
        })
        .collect();
    assert_eq!(acked, [1, 2, 3]);
}

#[test]
fn an_invitation_is_signed_for_each_session() {
    let mut world = world();
    world.handle(0, Event::Peek { space: space(1), invite: InviteId([1; 32]) });
    world.cut(0);
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::SignPeek { .. })), 2);
    let link = world.devices[0].link.unwrap();
    let signed = Event::PeekSigned { link, space: space(1), proof: Signature([1; 64]) };
    world.handle(0, signed);
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::PeekPage { more: false, .. })), 1);
}

#[test]
fn ops_of_a_team_are_read_without_following_it() {
    let mut world = world();
    world.handle(0, Event::PullOps { space: space(1), after: 0 });
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::PeekPage { more: false, .. })), 1);
    world.handle(0, Event::PullOps { space: space(99), after: 0 });
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::PeekRefused { .. })), 1);
}

#[test]
fn a_file_is_granted_once() {
    let mut world = world();
    let (space, blob) = (space(1), BlobId([1; 32]));
    world.handle(0, Event::Grant { space, blob });
    world.handle(0, Event::Grant { space, blob });
    world.cut(0);
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| *effect == Effect::Granted { space, blob }), 1);
}
