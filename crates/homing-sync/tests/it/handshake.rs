//! From a closed socket to a session, and what happens when a step fails.

use homing_sync::{Client, Config, Connection, Effect, Event, Fault, Start};
use homing_wire::{
    AccountAction, AccountOp, AccountOpBody, AccountOpId, AccountSigner, ClientFrame, DeviceId, DeviceKeys,
    Hash, KemPublic, MailboxId, NackCode, PersonId, RelayFrame, Signature, VerifyKey,
};

use crate::relay::KEY;
use crate::world::{World, config, space};

fn sent(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count()
}

fn challenge(relay: VerifyKey, generation: u64) -> Vec<u8> {
    RelayFrame::Challenge { version: 1, relay, nonce: Hash([1; 32]), generation }.encode()
}

/// A client with an open socket, link 1.
fn opened(config: Config, start: Start) -> Client {
    let mut client = Client::new(config, start);
    assert_eq!(client.handle(Event::Wake, 0), [Effect::Connect { link: 1 }]);
    assert_eq!(sent(&client.handle(Event::SocketOpened { link: 1 }, 0)), 1);
    client
}

#[test]
fn a_new_account_registers_once() {
    let mut world = World::new(1).with_spaces(1);
    world.settle();
    assert!(world.devices[0].registered);
    assert_eq!(world.devices[0].client.status(), Connection::Online { caught_up: true });
    world.cut(0);
    world.settle();
    assert_eq!(world.devices[0].saw(|effect| *effect == Effect::Registered), 1);
    assert_eq!(world.devices[0].saw(|effect| matches!(effect, Effect::Welcome { .. })), 2);
    assert_eq!(world.devices[0].saw(|effect| *effect == Effect::AllCaughtUp), 2);
}

#[test]
fn another_relay_hears_nothing() {
    let mut client = opened(config(1), Start::default());
    let other = VerifyKey([66; 32]);
    let effects = client.handle(Event::Frame { link: 1, bytes: challenge(other, 1) }, 5);
    assert!(effects.contains(&Effect::RelayChanged { pinned: KEY, offered: other }));
    assert!(effects.contains(&Effect::Disconnect { link: 1, reason: Fault::RelayChanged }));
    assert_eq!(sent(&effects), 0);
    assert_eq!((client.status(), client.next_wake()), (Connection::Stopped, None));
}

#[test]
fn a_generation_never_goes_back() {
    let start = Start { generation: 5, ..Start::default() };
    let mut client = opened(config(1), start);
    let effects = client.handle(Event::Frame { link: 1, bytes: challenge(KEY, 4) }, 5);
    assert!(effects.contains(&Effect::Disconnect { link: 1, reason: Fault::GenerationWentBack }));
}

#[test]
fn a_revoked_device_stops() {
    let mut client = opened(config(1), Start::default());
    let bytes = RelayFrame::GoAway { code: NackCode::Revoked, retry_after_ms: None }.encode();
    let effects = client.handle(Event::Frame { link: 1, bytes }, 5);
    assert!(effects.contains(&Effect::GoAway { code: NackCode::Revoked, stopped: true }));
    assert_eq!((client.status(), client.next_wake()), (Connection::Stopped, None));
}

#[test]
fn silence_at_any_step_ends_in_another_try() {
    for frames in 0..12 {
        let mut world = World::new(1).with_spaces(1);
        world.write(0, space(1), false);
        for _ in 0..frames {
            if !world.deliver_up(0, 1) {
                world.deliver_down(0, 1);
            }
        }
        // From here on the relay says nothing; what was on its way is lost.
        world.devices[0].down.clear();
        world.settle();
        world.assert_converged();
    }
}

#[test]
fn waits_grow_until_the_network_changes() {
    let mut client = Client::new(config(1), Start::default());
    let (mut now, mut waits) = (0, Vec::new());
    for link in 1..12 {
        let effects = client.handle(Event::Wake, now);
        assert!(effects.contains(&Effect::Connect { link }), "{effects:?}");
        assert!(client.handle(Event::SocketClosed { link }, now).is_empty());
        let at = client.next_wake().unwrap();
        waits.push(at - now);
        assert!(client.handle(Event::Wake, at - 1).is_empty(), "not before it is due");
        now = at;
    }
    assert!(waits[0] <= 500 && waits[10] >= 30_000 && waits.iter().all(|wait| *wait <= 60_000), "{waits:?}");
    let effects = client.handle(Event::NetworkUp, now - 100);
    assert_eq!(effects, [Effect::Connect { link: 12 }]);
    client.handle(Event::SocketClosed { link: 12 }, now);
    assert!(client.next_wake().unwrap() - now <= 500);
}

#[test]
fn an_old_socket_is_not_listened_to() {
    let mut client = opened(config(1), Start::default());
    client.handle(Event::SocketClosed { link: 1 }, 0);
    assert!(client.handle(Event::Frame { link: 1, bytes: challenge(KEY, 1) }, 1).is_empty());
    assert!(client.handle(Event::SocketClosed { link: 1 }, 1).is_empty());
}

#[test]
fn mail_works_without_an_identity_and_survives_a_cut() {
    let anonymous = Config::new("relay.test".into(), None, None, 1);
    let mut client = opened(anonymous, Start::default());
    let mailbox = MailboxId([1; 16]);
    assert_eq!(sent(&client.handle(Event::Mail { mailbox, put: Some(vec![1]), seen: 0 }, 0)), 0);
    assert_eq!(sent(&client.handle(Event::Frame { link: 1, bytes: challenge(KEY, 1) }, 0)), 1);
    assert_eq!(client.status(), Connection::Anonymous);
    client.handle(Event::SocketClosed { link: 1 }, 0);
    client.handle(Event::NetworkUp, 0);
    client.handle(Event::SocketOpened { link: 2 }, 0);
    assert_eq!(sent(&client.handle(Event::Frame { link: 2, bytes: challenge(KEY, 1) }, 0)), 1, "looked at");

    let answer = |link, req, messages: &[u8]| {
        let messages = messages.iter().map(|m| vec![*m].into()).collect();
        Event::Frame { link, bytes: RelayFrame::Mail { req, mailbox, messages }.encode() }
    };
    let came = |message: u8| [Effect::Mail { mailbox, messages: vec![vec![message]] }];
    assert_eq!(client.handle(answer(2, 1, &[1, 2]), 0), came(2), "what was put is there, and nobody's news");
    assert_eq!(client.handle(answer(2, 0, &[3]), 0), came(3));

    // The relay began anew, and its mailboxes with it.
    client.handle(Event::SocketClosed { link: 2 }, 0);
    client.handle(Event::NetworkUp, 0);
    client.handle(Event::SocketOpened { link: 3 }, 0);
    client.handle(Event::Frame { link: 3, bytes: challenge(KEY, 1) }, 0);
    client.handle(Event::Mail { mailbox, put: Some(vec![5]), seen: 2 }, 0);
    let put = client.handle(answer(3, 1, &[]), 0);
    assert_eq!(sent(&put), 2, "both are put again");
    client.handle(Event::CloseMail(mailbox), 0);
    assert_eq!(client.handle(answer(3, 0, &[4]), 0), []);
}

/// Some op of an account; it is not judged here.
fn account_op(n: u8) -> AccountOp {
    let device = DeviceKeys { device: DeviceId([n; 32]), kem: KemPublic([n; 32]) };
    let action = AccountAction::AddDevice { device, sealed: vec![n; 55 * 1024], consent: Signature([n; 64]) };
    let signer = AccountSigner::Recovery;
    let body = AccountOpBody { version: 1, person: Some(PersonId([1; 32])), prev: None, signer, action };
    AccountOp { body, signature: Signature([n; 64]) }
}

/// Where a client that recovers asks to go on.
fn asked_behind(effects: &[Effect]) -> Option<Option<AccountOpId>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send { bytes, .. } => match ClientFrame::decode(bytes).unwrap() {
            ClientFrame::Recover { after, .. } => Some(after),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn a_recovered_log_is_asked_on_only_behind_a_full_page() {
    let person = PersonId([1; 32]);
    let ops: Vec<AccountOp> = (0..10).map(account_op).collect();
    // Eight ops leave room for another one of the longest, nine don't.
    for (first, more) in [(8, false), (9, true)] {
        let mut client = opened(Config::new("relay.test".into(), None, None, 1), Start::default());
        client.handle(Event::Frame { link: 1, bytes: challenge(KEY, 1) }, 0);
        client.handle(Event::Recover { recovery: VerifyKey([9; 32]), person: None }, 0);
        let asked = client.handle(Event::RecoverSigned { link: 1, proof: Signature([1; 64]) }, 0);
        assert_eq!(asked_behind(&asked), Some(None));
        let mut answer = |req, ops: &[AccountOp]| {
            let ops = ops.iter().map(|op| op.encode().into()).collect();
            client
                .handle(Event::Frame { link: 1, bytes: RelayFrame::Account { req, person, ops }.encode() }, 0)
        };
        let log = |ops: &[AccountOp]| {
            [Effect::AccountLog { person, ops: ops.iter().map(AccountOp::encode).collect() }]
        };
        let (page, rest) = ops.split_at(first);
        let came = answer(1, page);
        if more {
            assert_eq!(asked_behind(&came), Some(page.last().map(AccountOp::id)));
            assert_eq!(answer(2, rest), log(&ops));
        } else {
            assert_eq!(came, log(page));
        }
    }
}
