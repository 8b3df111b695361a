//! A relay that was restored or wiped, and those who bring back, or try to bring back, what it lost.

use homing_wire::{Entry, EntryKind, NackCode, Role, SignedHead, SpaceId, Stored};

use crate::support::{Client, Home, Person, World, chain};

/// A talk of Ada (owner), Ben (owner) and Mallory (admin), with some messages, and everybody's copy of its log.
struct Before {
    world: World,
    home: Home,
    ada: Person,
    ben: Person,
    mallory: Person,
    space: SpaceId,
    log: Vec<Stored>,
    head: SignedHead,
}

async fn before() -> Before {
    let mut world = World::new();
    let (ada, ben, mallory) = (world.person(), world.person(), world.person());
    let home = Home::new().await;
    let mut a = home.join(&ada).await;
    let mut m = home.join(&mallory).await;
    home.join(&ben).await;
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Owner), (&mallory, Role::Admin)]);
    a.push(&genesis).await.unwrap();
    for text in [b"one", b"two"] {
        let entry = world.data(space, &mallory, mallory.me(), text);
        world.took(&entry, m.push(&entry).await.unwrap().received_ms);
    }
    let (log, head, _) = a.pull(space, 0, false, homing_wire::Lane::All, u32::MAX).await.unwrap();
    Before { world, home, ada, ben, mallory, space, log, head }
}

impl Before {
    async fn remove_mallory(&mut self) {
        let mut a = self.home.login(&self.ada).await;
        let removal = self.world.removing(self.space, &self.ada, self.mallory.me());
        self.world.took(&removal, a.push(&removal).await.unwrap().received_ms);
        let entry = self.world.data(self.space, &self.ada, self.ada.me(), b"three");
        self.world.took(&entry, a.push(&entry).await.unwrap().received_ms);
        (self.log, self.head, _) =
            a.pull(self.space, 0, false, homing_wire::Lane::All, u32::MAX).await.unwrap();
    }

    async fn wipe(&mut self) {
        self.home.stop().await;
        self.home.wipe_database();
        self.home.start().await;
    }

    /// Comes back to a relay that forgot everybody.
    async fn return_of(&self, person: &Person) -> Client {
        let mut client = Client::open(&self.home.address()).await;
        for known in [&self.ada, &self.ben, &self.mallory] {
            client.repush_account(&known.log).await.unwrap();
        }
        client.auth(person).await;
        client
    }
}

fn ops(log: &[Stored]) -> Vec<Stored> {
    let is_op = |stored: &&Stored| Entry::decode(&stored.entry).unwrap().header().kind == EntryKind::Op;
    log.iter().filter(is_op).cloned().collect()
}

fn data(log: &[Stored]) -> Vec<Stored> {
    let is_data = |stored: &&Stored| Entry::decode(&stored.entry).unwrap().header().kind == EntryKind::Data;
    log.iter().filter(is_data).cloned().collect()
}

fn contents(log: &[Stored]) -> Vec<Vec<u8>> {
    data(log).iter().map(|stored| Entry::decode(&stored.entry).unwrap().body.content).collect()
}

#[tokio::test]
async fn a_wiped_relay_is_filled_again() {
    let mut before = before().await;
    before.remove_mallory().await;
    before.wipe().await;
    let mut a = before.return_of(&before.ada).await;
    assert_eq!(a.generation, 2);
    let (known, _, held) = a.ids(before.space).await;
    assert!(known.is_empty() && held);
    assert_eq!(a.repush(before.space, &ops(&before.log)).await, Err(NackCode::NotFound), "ops need proof");
    a.prove(&before.log, &before.head).await.unwrap();
    a.repush(before.space, &ops(&before.log)).await.unwrap();
    a.repush(before.space, &data(&before.log)).await.unwrap();
    a.repush(before.space, &before.log).await.unwrap();
    let log = a.pull_all(before.space).await.unwrap();
    assert_eq!(contents(&log), contents(&before.log));
    for (now, then) in data(&log).iter().zip(data(&before.log)) {
        assert_eq!(now.received_ms, then.received_ms, "proven receive times stand");
    }
    assert!(log.iter().all(|stored| stored.generation == 2));
    let (ids, head, held) = a.ids(before.space).await;
    assert_eq!((ids.len(), head.head, held), (log.len(), chain(&log), true));

    let entry = before.world.data(before.space, &before.ada, before.ada.me(), b"four");
    before.world.took(&entry, a.push(&entry).await.unwrap().received_ms);
    let rotation = before.world.rotating(before.space, &before.ada, before.ada.me());
    assert_eq!(a.push(&rotation).await, Err(NackCode::Held), "fresh ops wait for an owner");
    let mut b = Client::login(&before.home.address(), &before.ben).await;
    assert_eq!(b.confirm(before.space, homing_wire::EntryId([1; 32])).await, Err(NackCode::StaleOps));
    // Ben was away while Mallory was removed; that came back with proof.
    let genesis = Entry::decode(&ops(&before.log)[0].entry).unwrap().id();
    b.confirm(before.space, genesis).await.unwrap();
    assert!(!b.ids(before.space).await.2);
    a.push(&rotation).await.unwrap();
    assert_eq!(
        b.confirm(before.space, genesis).await,
        Err(NackCode::StaleOps),
        "nothing proves the rotation"
    );
}

#[tokio::test]
async fn a_removed_admin_who_comes_first_with_a_cut_chain_gains_nothing() {
    let mut before = before().await;
    let (cut_log, cut_head) = (before.log.clone(), before.head.clone());
    let mut rogue = before.world.clone();
    before.remove_mallory().await;
    before.wipe().await;
    let mut m = before.return_of(&before.mallory).await;
    m.prove(&cut_log, &cut_head).await.unwrap();
    m.repush(before.space, &cut_log).await.unwrap();
    assert_eq!(m.pull_all(before.space).await.unwrap().len(), cut_log.len());
    let crony = rogue.person();
    m.account_push(&crony.log[0]).await.unwrap();
    let addition = rogue.adding(before.space, &before.mallory, crony.me(), Role::Admin);
    assert_eq!(m.push(&addition).await, Err(NackCode::Held));
    let op_head = rogue.state(before.space).head();
    assert_eq!(m.confirm(before.space, op_head).await, Err(NackCode::RoleForbids), "not an owner");

    let mut a = before.return_of(&before.ada).await;
    a.prove(&before.log, &before.head).await.unwrap();
    a.repush(before.space, &ops(&before.log)).await.unwrap();
    a.repush(before.space, &data(&before.log)).await.unwrap();
    a.confirm(before.space, before.world.state(before.space).head()).await.unwrap();
    assert_eq!(contents(&a.pull_all(before.space).await.unwrap()), contents(&before.log));
    assert_eq!(
        m.pull(before.space, 0, false, homing_wire::Lane::All, 1000).await.err(),
        Some(NackCode::NotFound)
    );
    assert_eq!(m.push(&addition).await, Err(NackCode::StaleOps));
    let message = rogue.data(before.space, &before.mallory, before.mallory.me(), b"still here");
    assert!(m.push(&message).await.is_err());
    let unproven = Stored { sequence: 9, received_ms: 1, generation: 1, entry: message.encode() };
    assert!(m.repush(before.space, std::slice::from_ref(&unproven)).await.is_err());
    assert!(a.repush(before.space, &[unproven]).await.is_err(), "nobody brings it in without proof");
}

#[tokio::test]
async fn a_removed_owner_who_confirmed_a_cut_chain_is_replaced_by_the_proven_branch() {
    let mut before = before().await;
    let (cut_log, cut_head) = (before.log.clone(), before.head.clone());
    let mut rogue = before.world.clone();
    // Ben removes Ada this time, who was an owner.
    let mut b = before.home.login(&before.ben).await;
    let removal = before.world.removing(before.space, &before.ben, before.ada.me());
    before.world.took(&removal, b.push(&removal).await.unwrap().received_ms);
    (before.log, before.head, _) =
        b.pull(before.space, 0, false, homing_wire::Lane::All, u32::MAX).await.unwrap();
    before.wipe().await;

    let mut a = before.return_of(&before.ada).await;
    a.prove(&cut_log, &cut_head).await.unwrap();
    a.repush(before.space, &cut_log).await.unwrap();
    a.confirm(before.space, rogue.state(before.space).head()).await.unwrap();
    let coup = rogue.removing(before.space, &before.ada, before.ben.me());
    rogue.took(&coup, a.push(&coup).await.unwrap().received_ms);

    let mut b = before.return_of(&before.ben).await;
    b.prove(&before.log, &before.head).await.unwrap();
    b.send_repush(before.space, &ops(&before.log)).await;
    assert_eq!(b.went_away().await, NackCode::Unavailable);
    let mut b = Client::login(&before.home.address(), &before.ben).await;
    assert_eq!(b.generation, 3, "the log was written anew");
    b.prove(&before.log, &before.head).await.unwrap();
    b.repush(before.space, &before.log).await.unwrap();
    let log = b.pull_all(before.space).await.unwrap();
    assert_eq!(contents(&log), contents(&before.log));
    assert_eq!(chain(&log), b.ids(before.space).await.1.head);
    assert_eq!(a.went_away().await, NackCode::Unavailable);
    let mut a = Client::login(&before.home.address(), &before.ada).await;
    assert_eq!(a.push(&coup).await, Err(NackCode::StaleOps));
    assert_eq!(
        a.pull(before.space, 0, false, homing_wire::Lane::All, 1000).await.err(),
        Some(NackCode::NotFound)
    );
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_noticed_at_start() {
    let mut before = before().await;
    before.home.stop().await;
    let copy = std::fs::read(before.home.database()).unwrap();
    before.home.start().await;
    before.remove_mallory().await;
    before.home.stop().await;
    before.home.wipe_database();
    std::fs::write(before.home.database(), copy).unwrap();
    before.home.start().await;
    let mut a = Client::login(&before.home.address(), &before.ada).await;
    assert_eq!(a.generation, 2);
    let (ids, _, held) = a.ids(before.space).await;
    assert_eq!((ids.len(), held), (3, true));
    a.prove(&before.log, &before.head).await.unwrap();
    a.repush(before.space, &before.log).await.unwrap();
    let log = a.pull_all(before.space).await.unwrap();
    assert_eq!(contents(&log), contents(&before.log));
    assert_eq!(log.iter().map(|stored| stored.generation).collect::<Vec<_>>(), vec![1, 1, 1, 2, 2]);
    let mut m = Client::login(&before.home.address(), &before.mallory).await;
    assert!(m.pull(before.space, 0, false, homing_wire::Lane::All, 1000).await.is_err());
}

#[tokio::test]
async fn a_folder_that_was_put_back_whole_is_noticed_by_a_device() {
    let mut before = before().await;
    before.home.stop().await;
    let files = ["relay.db", "relay.json", "relay.commits"];
    let copies: Vec<_> =
        files.iter().map(|name| std::fs::read(before.home.folder.path().join(name)).unwrap()).collect();
    before.home.start().await;
    before.remove_mallory().await;
    before.home.stop().await;
    before.home.wipe_database();
    for (name, copy) in files.iter().zip(copies) {
        std::fs::write(before.home.folder.path().join(name), copy).unwrap();
    }
    before.home.start().await;
    let mut b = Client::login(&before.home.address(), &before.ben).await;
    let mut a = Client::login(&before.home.address(), &before.ada).await;
    assert_eq!(a.generation, 1, "nothing on this machine knows");
    let mut forged = before.head.clone();
    forged.head.sequence += 1;
    assert_eq!(a.prove(&[], &forged).await, Err(NackCode::BadSignature));
    let proof =
        homing_wire::ChainProof { from: before.head.head, items: vec![], until: Some(before.head.clone()) };
    a.send(&homing_wire::ClientFrame::Prove { req: 77, space: before.space, proof }).await;
    assert_eq!(a.went_away().await, NackCode::Unavailable);
    assert_eq!(b.went_away().await, NackCode::Unavailable, "all begin anew");
    let mut a = Client::login(&before.home.address(), &before.ada).await;
    assert_eq!(a.generation, 2);
    a.prove(&before.log, &before.head).await.unwrap();
    a.repush(before.space, &before.log).await.unwrap();
    assert_eq!(contents(&a.pull_all(before.space).await.unwrap()), contents(&before.log));
    before.home.stop().await;
    before.home.start().await;
    assert_eq!(Client::open(&before.home.address()).await.generation, 2);
}

#[tokio::test]
async fn a_head_that_stands_is_no_rollback() {
    let before = before().await;
    let mut a = Client::login(&before.home.address(), &before.ada).await;
    a.prove(&[], &before.head).await.unwrap();
    a.prove(&before.log, &before.head).await.unwrap();
    assert_eq!(Client::open(&before.home.address()).await.generation, 1);
}

#[tokio::test]
async fn a_proof_must_lead_to_what_was_signed() {
    let mut before = before().await;
    before.wipe().await;
    let mut a = before.return_of(&before.ada).await;
    let mut longer = before.log.clone();
    longer.push(Stored { sequence: 4, ..before.log[2].clone() });
    assert_eq!(a.prove(&longer, &before.head).await, Err(NackCode::BadSignature));
    let mut shifted = before.log.clone();
    shifted[1].received_ms -= 1;
    assert_eq!(a.prove(&shifted, &before.head).await, Err(NackCode::BadSignature));
    let mut signature = before.head.clone();
    signature.signature.0[5] ^= 1;
    assert_eq!(a.prove(&before.log, &signature).await, Err(NackCode::BadSignature));
}

#[tokio::test]
async fn a_revoked_device_gains_nothing_from_a_wipe() {
    let mut world = World::new();
    let mut ada = world.person();
    let lost = world.second_device(&mut ada);
    let mut home = Home::new().await;
    let mut a = home.join(&ada).await;
    let cut = ada.log.clone();
    let mut rogue = world.clone();
    let mut thief = Person { log: cut.clone(), ..lost.clone() };
    let op = world.revoke(&mut ada, lost.device_id());
    a.account_push(&op).await.unwrap();
    home.stop().await;
    home.wipe_database();
    home.start().await;

    let mut t = Client::open(&home.address()).await;
    t.repush_account(&cut).await.unwrap();
    t.auth(&lost).await;
    let accomplice = rogue.second_device(&mut thief);
    let enrolment = thief.log.last().unwrap().clone();
    let enrolment = by_device(&enrolment, &lost);
    t.account_push(&enrolment).await.unwrap();
    let mut a = Client::open(&home.address()).await;
    a.repush_account(&ada.log).await.unwrap();
    a.auth(&ada).await;
    assert_eq!(t.went_away().await, NackCode::Revoked);
    let mut t = Client::open(&home.address()).await;
    assert_eq!(t.repush_account(&[cut, vec![enrolment]].concat()).await, Err(NackCode::Exists));
    let frame = t.try_auth(&accomplice, &home.address()).await;
    assert!(matches!(frame, homing_wire::RelayFrame::GoAway { code: NackCode::NotFound, .. }));
}

/// The same op, signed by a device instead of the person key.
fn by_device(op: &homing_wire::AccountOp, device: &Person) -> homing_wire::AccountOp {
    let mut op = op.clone();
    op.body.signer = homing_wire::AccountSigner::Device(device.device_id());
    let signed = op.signed_bytes();
    op.signature =
        homing_wire::Signature(device.device.signing().sign(homing_crypto::Domain::AccountOp, &signed));
    op
}
