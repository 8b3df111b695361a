//! Handshake, registration, linking.

use homing_access::AccountState;
use homing_crypto::{Domain, PersonSecret};
use homing_relay::{Config, Limits, Relay};
use homing_wire::{
    AccountOp, ClientFrame, MailboxId, Member, Moved, NackCode, PersonId, RelayFrame, Signature, VerifyKey,
    auth_bytes, recover_bytes,
};

use crate::support::{Client, Home, World};

#[tokio::test]
async fn a_registered_device_is_welcome() {
    let mut world = World::new();
    let ada = world.person();
    let mut home = Home::new().await;
    let mut client = home.join(&ada).await;
    assert_eq!(client.generation, 1);
    assert!(!client.token.is_empty());
    let mut again = home.login(&ada).await;
    assert_ne!(again.token, client.token);
    let moved = again.follow(ada.me(), 0).await;
    assert!(matches!(moved[0].moved, Moved::Account { person, .. } if person == ada.id));
    assert_eq!(client.pull_account(ada.id).await.unwrap(), vec![ada.log[0].encode()]);
    home.stop().await;
}

#[tokio::test]
async fn an_unknown_account_is_sent_away() {
    let ada = World::new().person();
    let home = Home::new().await;
    let mut client = Client::open(&home.address()).await;
    let frame = client.try_auth(&ada, &home.address()).await;
    assert!(matches!(frame, RelayFrame::GoAway { code: NackCode::NotFound, .. }));
    assert_eq!(client.receive().await, None, "closed");
}

#[tokio::test]
async fn a_session_is_bound_to_relay_host_challenge_and_key() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    home.join(&ada).await;
    home.join(&ben).await;
    let address = home.address();

    let mut client = Client::open(&address).await;
    let bytes = auth_bytes(&client.relay, &address, &client.nonce, 1, &ada.id);
    let forged = Signature(ben.device.signing().sign(Domain::Auth, &bytes));
    let frame = ClientFrame::Auth { person: ada.id, device: ada.device_id(), signature: forged };
    client.send(&frame).await;
    assert_eq!(client.went_away().await, NackCode::BadSignature);

    let mut client = Client::open(&address).await;
    let elsewhere = client.try_auth(&ada, "relay.example.com").await;
    assert!(matches!(elsewhere, RelayFrame::GoAway { code: NackCode::BadSignature, .. }));

    let mut client = Client::open(&address).await;
    client.relay = VerifyKey([1; 32]);
    let other_relay = client.try_auth(&ada, &address).await;
    assert!(matches!(other_relay, RelayFrame::GoAway { code: NackCode::BadSignature, .. }));

    let old = Client::open(&address).await;
    let mut client = Client::open(&address).await;
    client.nonce = old.nonce;
    let replayed = client.try_auth(&ada, &address).await;
    assert!(matches!(replayed, RelayFrame::GoAway { code: NackCode::BadSignature, .. }));

    let mut client = Client::open(&address).await;
    let bytes = auth_bytes(&client.relay, &address, &client.nonce, 1, &ada.id);
    let signature = Signature(ben.device.signing().sign(Domain::Auth, &bytes));
    let frame = ClientFrame::Auth { person: ada.id, device: ben.device_id(), signature };
    client.send(&frame).await;
    assert_eq!(client.went_away().await, NackCode::NotFound, "Ben's device is not Ada's");
}

#[tokio::test]
async fn a_relay_with_a_name_answers_to_no_other() {
    let mut world = World::new();
    let ada = world.person();
    let folder = tempfile::tempdir().unwrap();
    let config = Config { hosts: vec!["Relay.example.com".to_owned()], ..Config::new(folder.path()) };
    let relay = Relay::start(config).await.unwrap();
    let host = relay.addr.to_string();
    let mut client = Client::open(&host).await;
    client.account_push(&ada.log[0]).await.unwrap();
    let frame = client.try_auth(&ada, &host).await;
    assert!(matches!(frame, RelayFrame::GoAway { code: NackCode::BadSignature, .. }));
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_but_registration_and_linking_before_auth() {
    let home = Home::new().await;
    let mut client = Client::open(&home.address()).await;
    client.send(&ClientFrame::Credit { bytes: 1 }).await;
    client.send(&ClientFrame::Feed { generation: 1, cursors: Vec::new() }).await;
    assert_eq!(client.went_away().await, NackCode::NotFound);
    let mut client = Client::open(&home.address()).await;
    client.send(&ClientFrame::Hello { versions: vec![3, 4] }).await;
    assert_eq!(client.went_away().await, NackCode::Malformed, "no version in common");
}

#[tokio::test]
async fn registration_is_checked_and_limited_per_address() {
    let mut world = World::new();
    let home = Home::with(Limits { anonymous_burst: 3, anonymous_per_hour: 1, ..Limits::default() }).await;
    let mut client = Client::open(&home.address()).await;
    let mut forged = world.person().log[0].clone();
    forged.signature.0[0] ^= 1;
    assert_eq!(client.account_push(&forged).await, Err(NackCode::BadSignature));
    client.account_push(&world.person().log[0]).await.unwrap();
    client.account_push(&world.person().log[0]).await.unwrap();
    assert_eq!(client.account_push(&world.person().log[0]).await, Err(NackCode::RateLimited));
    let mut other = Client::open(&home.address()).await;
    assert_eq!(other.account_push(&world.person().log[0]).await, Err(NackCode::RateLimited), "same address");
}

#[tokio::test]
async fn a_revoked_device_is_out_at_once_and_for_ever() {
    let mut world = World::new();
    let mut ada = world.person();
    let lost = world.second_device(&mut ada);
    let home = Home::new().await;
    let mut own = home.join(&ada).await;
    let mut stolen = home.login(&lost).await;
    stolen.follow(ada.me(), 0).await;
    let op = world.revoke(&mut ada, lost.device_id());
    own.account_push(&op).await.unwrap();
    assert_eq!(stolen.went_away().await, NackCode::Revoked);
    assert_eq!(stolen.receive().await, None);
    let mut again = Client::open(&home.address()).await;
    let frame = again.try_auth(&lost, &home.address()).await;
    assert!(matches!(frame, RelayFrame::GoAway { code: NackCode::Revoked, .. }));
    let log = own.pull_account(ada.id).await.unwrap();
    assert_eq!(log.len(), 3);
    let ops: Vec<_> = log.iter().map(|op| homing_wire::AccountOp::decode(op).unwrap()).collect();
    assert!(!AccountState::replay(&ops).unwrap().is_active(&lost.device_id()));
}

#[tokio::test]
async fn account_ops_are_compare_and_set() {
    let mut world = World::new();
    let mut ada = world.person();
    let mut twin = ada.clone();
    let mut other = world.clone();
    let home = Home::new().await;
    let mut client = home.join(&ada).await;
    world.second_device(&mut ada);
    other.seed();
    other.second_device(&mut twin);
    client.account_push(&ada.log[1]).await.unwrap();
    client.account_push(&ada.log[1]).await.unwrap();
    assert_eq!(client.account_push(&twin.log[1]).await, Err(NackCode::StaleOps));
}

#[tokio::test]
async fn recovery_words_find_their_account() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    home.join(&ada).await;
    home.join(&ben).await;
    let mut fresh = Client::open(&home.address()).await;
    let bytes = recover_bytes(&fresh.relay, &fresh.nonce);
    let recovery = VerifyKey(ada.recovery.signing().public());
    let proof = Signature(ada.recovery.signing().sign(Domain::Auth, &bytes));
    fresh.send(&ClientFrame::Recover { req: 1, recovery, proof, after: None, person: None }).await;
    let frame = fresh.frame().await;
    assert!(
        matches!(&frame, RelayFrame::Account { req: 1, person, ops } if *person == ada.id && ops.len() == 1)
    );
    let wrong = Signature(ben.recovery.signing().sign(Domain::Auth, &bytes));
    fresh.send(&ClientFrame::Recover { req: 2, recovery, proof: wrong, after: None, person: None }).await;
    assert_eq!(fresh.settled(2).await, Err(NackCode::BadSignature));
}

#[tokio::test]
async fn the_newest_person_key_finds_its_own_account_and_no_other() {
    let mut world = World::new();
    let (mut ada, ben) = (world.person(), world.person());
    let old = PersonSecret::from_seed(&ada.seed);
    let rotation = world.rotate_person_key(&mut ada);
    let home = Home::new().await;
    home.join(&ben).await;
    let mut fresh = Client::open(&home.address()).await;
    fresh.account_push(&ada.log[0]).await.unwrap();
    let bytes = recover_bytes(&fresh.relay, &fresh.nonce);
    let recover = |req, secret: &PersonSecret, person| {
        let recovery = VerifyKey(secret.enrol().public());
        let proof = Signature(secret.enrol().sign(Domain::Auth, &bytes));
        ClientFrame::Recover { req, recovery, proof, after: None, person: Some(person) }
    };
    fresh.send(&recover(100, &old, ada.id)).await;
    assert!(matches!(fresh.frame().await, RelayFrame::Account { req: 100, person, .. } if person == ada.id));
    fresh.account_push(&rotation).await.unwrap();
    fresh.send(&recover(101, &old, ada.id)).await;
    assert_eq!(fresh.settled(101).await, Err(NackCode::NotFound), "rotated");
    let new = PersonSecret::from_seed(&ada.seed);
    fresh.send(&recover(102, &new, ben.id)).await;
    assert_eq!(fresh.settled(102).await, Err(NackCode::NotFound), "another's account");
    fresh.send(&recover(103, &new, PersonId([7; 32]))).await;
    assert_eq!(fresh.settled(103).await, Err(NackCode::NotFound), "nobody's");
    fresh.send(&recover(104, &new, ada.id)).await;
    assert!(matches!(fresh.frame().await, RelayFrame::Account { req: 104, ops, .. } if ops.len() == 2));
    let ClientFrame::Recover { recovery, .. } = recover(0, &new, ada.id) else { panic!("not that frame") };
    let wrong = Signature(ben.device.signing().sign(Domain::Auth, &bytes));
    fresh
        .send(&ClientFrame::Recover { req: 105, recovery, proof: wrong, after: None, person: Some(ada.id) })
        .await;
    assert_eq!(fresh.settled(105).await, Err(NackCode::BadSignature));
}

#[tokio::test]
async fn an_account_log_longer_than_a_frame_is_brought_and_found_in_parts() {
    let mut world = World::new();
    let mut ada = world.person();
    while ada.log.len() < 70 {
        world.second_device(&mut ada);
    }
    while ada.log.iter().map(|op| op.encode().len()).sum::<usize>() < 1_100_000 {
        world.rotate_person_key(&mut ada);
    }
    let home = Home::new().await;
    let mut other = Client::open(&home.address()).await;
    let (first, rest) = ada.log.split_at(100);
    other.repush_account(first).await.unwrap();
    // Behind an op that is here, also in the middle; not behind one that is missing.
    assert_eq!(other.repush_account(&rest[1..]).await, Err(NackCode::StaleOps));
    let (second, third) = ada.log[50..].split_at(60);
    other.repush_account(second).await.unwrap();
    other.repush_account(third).await.unwrap();

    let mut fresh = Client::open(&home.address()).await;
    let bytes = recover_bytes(&fresh.relay, &fresh.nonce);
    let recovery = VerifyKey(ada.recovery.signing().public());
    let proof = Signature(ada.recovery.signing().sign(Domain::Auth, &bytes));
    let (mut log, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        pages += 1;
        fresh.send(&ClientFrame::Recover { req: pages, recovery, proof, after, person: None }).await;
        let RelayFrame::Account { person, ops, .. } = fresh.frame().await else { panic!("no log") };
        assert_eq!(person, ada.id);
        let Some(last) = ops.last() else { break };
        after = Some(AccountOp::decode(last).unwrap().id());
        log.extend(ops.into_iter().map(|op| op.to_vec()));
    }
    assert!(pages > 3);
    assert_eq!(log, ada.log.iter().map(AccountOp::encode).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_devices_meet_in_a_mailbox() {
    let home = Home::new().await;
    let (mut old, mut new) = (Client::open(&home.address()).await, Client::open(&home.address()).await);
    let mailbox = MailboxId([4; 16]);
    old.send(&ClientFrame::Mail { req: 1, mailbox, put: None, seen: 0 }).await;
    assert!(matches!(old.frame().await, RelayFrame::Mail { req: 1, messages, .. } if messages.is_empty()));
    let put = Some(b"hello".to_vec().into());
    new.send(&ClientFrame::Mail { req: 1, mailbox, put, seen: 0 }).await;
    assert!(matches!(new.frame().await, RelayFrame::Mail { req: 1, messages, .. } if messages.is_empty()));
    let RelayFrame::Mail { req: 0, messages, .. } = old.frame().await else { panic!("no mail") };
    assert_eq!(messages[0].as_slice(), b"hello");
    let long = Some(vec![0; homing_wire::limits::MAILBOX + 1].into());
    new.send(&ClientFrame::Mail { req: 2, mailbox, put: long, seen: 1 }).await;
    assert_eq!(new.settled(2).await, Err(NackCode::TooLarge));
}

#[tokio::test]
async fn a_device_that_swarms_loses_its_oldest_session() {
    let mut world = World::new();
    let ada = world.person();
    let home = Home::new().await;
    let mut first = home.join(&ada).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(home.login(&ada).await);
    }
    assert_eq!(first.went_away().await, NackCode::RateLimited);
    let last = others.last_mut().unwrap();
    assert!(last.follow(Member::Person(ada.id), 0).await.len() == 1);
}

#[tokio::test]
async fn a_stopping_relay_says_goodbye() {
    let mut world = World::new();
    let ada = world.person();
    let mut home = Home::new().await;
    let mut client = home.join(&ada).await;
    home.stop().await;
    assert_eq!(client.went_away().await, NackCode::Unavailable);
    assert_eq!(client.receive().await, None);
    home.start().await;
    home.login(&ada).await;
}
