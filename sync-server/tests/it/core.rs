//! The core without sockets: whatever comes, it answers or closes; it never stops.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use homing_crypto::{Domain, Seed32};
use homing_relay::core::{BlobAnswer, BlobAsk, BlobRefusal, Effect, Peer, SessionId};
use homing_relay::{Identity, Limits, Metrics, RelayCore};
use homing_wire::{
    AccountOpId, BlobId, ChainProof, ClientFrame, EntryId, FeedCursor, Hash, Head, InviteId, Lane, MailboxId,
    Member, Moved, NackCode, PersonId, RelayFrame, Repush, Role, ScheduleTag, Signature, SignedHead, SpaceId,
    Stored, Timed, VerifyKey, auth_bytes,
};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::support::{Person, World};

const NOW: u64 = 1_800_000_000_000;

/// A core without sockets, as a simulation drives it.
struct Bench {
    core: RelayCore,
    now: u64,
    tokens: BTreeMap<SessionId, String>,
}

impl Bench {
    fn new() -> Self {
        Self::open(None)
    }

    fn open(folder: Option<&Path>) -> Self {
        Self::limited(folder, Limits { proof_items: 1000, ..Limits::default() })
    }

    fn limited(folder: Option<&Path>, limits: Limits) -> Self {
        let identity = Identity::in_memory(Seed32::from_bytes([1; 32]), 1, NOW);
        let rng = ChaCha20Rng::from_seed([2; 32]);
        let metrics = Arc::new(Metrics::default());
        let core = RelayCore::open(folder, identity, limits, vec![], rng, metrics, NOW).unwrap();
        Self { core, now: NOW, tokens: BTreeMap::new() }
    }

    fn connect(&mut self, session: SessionId) {
        let peer = Peer { host: "relay".to_owned(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        self.core.connect(session, peer, self.now);
    }

    fn frame(&mut self, session: SessionId, bytes: &[u8]) -> Vec<RelayFrame> {
        self.now += 1;
        let effects = self.core.frame(session, bytes, self.now).unwrap();
        sent(effects).into_iter().map(|(_, frame)| frame).collect()
    }

    fn login(&mut self, session: SessionId, person: &Person) {
        self.connect(session);
        let hello = self.frame(session, &ClientFrame::Hello { versions: vec![1, 2] }.encode());
        let RelayFrame::Challenge { relay, nonce, .. } = &hello[0] else { panic!("{hello:?}") };
        let op = person.log[0].encode();
        self.frame(session, &ClientFrame::AccountPush { req: 1, op }.encode());
        let bytes = auth_bytes(relay, "relay", nonce, 2, &person.id);
        let signature = Signature(person.device.signing().sign(Domain::Auth, &bytes));
        let auth = ClientFrame::Auth { person: person.id, device: person.device_id(), signature };
        let welcome = self.frame(session, &auth.encode());
        let RelayFrame::Welcome { blob_token, .. } = &welcome[0] else { panic!("{welcome:?}") };
        self.tokens.insert(session, blob_token.clone());
    }
}

/// The frames among effects, and whose they are.
fn sent(effects: Vec<Effect>) -> Vec<(SessionId, RelayFrame)> {
    let frames = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send { session, frame } => Some((session, RelayFrame::decode(&frame).unwrap())),
        Effect::Close { .. } => None,
    });
    frames.collect()
}

/// A relay with a talk of two, both online.
fn busy() -> (Bench, World, Person, Person, SpaceId) {
    busy_at(Bench::new())
}

fn busy_at(mut bench: Bench) -> (Bench, World, Person, Person, SpaceId) {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    bench.login(1, &ada);
    bench.login(2, &ben);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    bench.frame(1, &ClientFrame::Push { req: 2, entry: genesis.encode() }.encode());
    (bench, world, ada, ben, space)
}

fn any_lane() -> impl Strategy<Value = Lane> {
    prop_oneof![Just(Lane::All), Just(Lane::Ops)]
}

fn any_head() -> impl Strategy<Value = Head> {
    (any::<u64>(), any::<u64>(), any::<[u8; 32]>()).prop_map(|(generation, sequence, chain)| Head {
        generation,
        sequence,
        chain: Hash(chain),
    })
}

fn any_space(known: SpaceId) -> impl Strategy<Value = SpaceId> {
    prop_oneof![3 => Just(known), 1 => any::<[u8; 32]>().prop_map(SpaceId)]
}

fn timed(entry: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Timed> {
    let time = prop_oneof![3 => NOW..NOW + 1_000, 1 => any::<u64>()];
    (entry, 0u8..3, time, prop::option::of(any::<[u8; 32]>())).prop_map(|(entry, tag, release_ms, over)| {
        Timed { tag: ScheduleTag([tag; 32]), release_ms, over: over.map(EntryId), entry }
    })
}

fn any_frame(known: SpaceId, person: PersonId, entries: Vec<Vec<u8>>) -> impl Strategy<Value = ClientFrame> {
    let entry = proptest::sample::select(entries);
    let broken =
        (entry.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, place, xor)| {
            let place = place.index(bytes.len());
            bytes[place] ^= xor;
            bytes
        });
    let req = any::<u64>();
    let space = || any_space(known);
    let stored = (any::<u64>(), any::<u64>(), any::<u64>(), prop_oneof![entry.clone(), broken.clone()])
        .prop_map(|(sequence, received_ms, generation, entry)| Repush {
            stored: Stored { sequence, received_ms, generation, entry },
        });
    let proof = (
        any_head(),
        prop::collection::vec((any::<[u8; 32]>().prop_map(EntryId), any::<u64>(), any::<u64>()), 0..20),
        prop::option::of((space(), any_head(), any::<[u8; 32]>())),
    )
        .prop_map(|(from, items, until)| ChainProof {
            from,
            items,
            until: until.map(|(space, head, half)| {
                let mut signature = Signature([0; 64]);
                signature.0[..32].copy_from_slice(&half);
                SignedHead { space, head, signature }
            }),
        });
    prop_oneof![
        prop::collection::vec(any::<u32>(), 0..4).prop_map(|versions| ClientFrame::Hello { versions }),
        (req, prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(req, op)| ClientFrame::AccountPush { req, op }),
        (any::<u64>(), any::<u64>()).prop_map(move |(generation, sequence)| ClientFrame::Feed {
            generation,
            cursors: vec![
                FeedCursor { feed: Member::Person(person), sequence },
                FeedCursor { feed: Member::Team(known), sequence },
            ],
        }),
        (space(), any::<bool>()).prop_map(|(space, on)| ClientFrame::Sub { space, on }),
        (req, space(), any::<u64>(), any::<bool>(), any_lane(), any::<u32>()).prop_map(
            |(req, space, from, backwards, lane, bytes)| ClientFrame::Pull {
                req,
                space,
                from,
                backwards,
                lane,
                bytes
            }
        ),
        (req, space(), any::<[u8; 32]>(), any::<u64>()).prop_map(|(req, space, invite, from)| {
            ClientFrame::Peek { req, space, invite: InviteId(invite), proof: Signature([1; 64]), from }
        }),
        (req, prop::option::of(any::<[u8; 32]>())).prop_map(move |(req, after)| ClientFrame::PullAccount {
            req,
            person,
            after: after.map(AccountOpId),
        }),
        (req, space(), any::<u64>()).prop_map(|(req, space, since)| ClientFrame::PullSlots {
            req,
            space,
            since
        }),
        (req, prop_oneof![entry.clone(), broken.clone()])
            .prop_map(|(req, entry)| ClientFrame::Push { req, entry }),
        (req, space(), prop::collection::vec(timed(prop_oneof![entry, broken]), 0..3))
            .prop_map(|(req, space, entries)| ClientFrame::Schedule { req, space, entries }),
        (req, space(), 0u8..3).prop_map(|(req, space, tag)| ClientFrame::Unschedule {
            req,
            space,
            tag: ScheduleTag([tag; 32])
        }),
        req.prop_map(|req| ClientFrame::PullScheduled { req }),
        (req, prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(req, slot)| ClientFrame::PushSlot { req, slot }),
        (req, space(), any::<u64>()).prop_map(|(req, space, from)| ClientFrame::Ids { req, space, from }),
        (req, space(), proof).prop_map(|(req, space, proof)| ClientFrame::Prove { req, space, proof }),
        (req, space(), prop::collection::vec(stored, 0..3))
            .prop_map(|(req, space, entries)| ClientFrame::Repush { req, space, entries }),
        (req, prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..3)).prop_map(
            |(req, ops)| {
                ClientFrame::RepushAccount { req, ops: ops.into_iter().map(Into::into).collect() }
            }
        ),
        (req, space(), any::<u64>(), any::<[u8; 32]>()).prop_map(|(req, space, generation, op_head)| {
            ClientFrame::ConfirmGeneration { req, space, generation, op_head: EntryId(op_head) }
        }),
        (space(), prop::collection::vec(any::<u8>(), 0..50))
            .prop_map(|(space, content)| ClientFrame::Ephemeral { space, content }),
        (req, any::<[u8; 16]>(), any::<u32>()).prop_map(|(req, mailbox, seen)| ClientFrame::Mail {
            req,
            mailbox: MailboxId(mailbox),
            put: Some(vec![1].into()),
            seen,
        }),
        any::<u32>().prop_map(|bytes| ClientFrame::Credit { bytes }),
        (req, any::<[u8; 32]>()).prop_map(|(req, key)| ClientFrame::Recover {
            req,
            recovery: VerifyKey(key),
            proof: Signature([2; 64]),
            after: None,
            person: None,
        }),
        (req, space(), any::<[u8; 32]>()).prop_map(|(req, space, blob)| ClientFrame::Grant {
            req,
            space,
            blob: BlobId(blob)
        }),
    ]
}

/// Relay, frames a member may send, and the entries among them.
fn case() -> impl Strategy<Value = Vec<(SessionId, Vec<u8>)>> {
    let (_, world, ada, ben, space) = busy();
    let mut removing = world.clone();
    let entries = vec![
        world.data(space, &ada, ada.me(), b"one").encode(),
        world.data(space, &ben, ben.me(), b"two").encode(),
        removing.removing(space, &ada, ben.me()).encode(),
        removing.rotating(space, &ada, ada.me()).encode(),
    ];
    let frame = (1u64..3, any_frame(space, ada.id, entries).prop_map(|frame| frame.encode())).boxed();
    let noise = (1u64..3, prop::collection::vec(any::<u8>(), 0..300));
    let bitten = (frame.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |((session, mut bytes), place, xor)| {
            let place = place.index(bytes.len());
            bytes[place] ^= xor;
            (session, bytes)
        },
    );
    prop::collection::vec(prop_oneof![12 => frame, 2 => bitten, 1 => noise], 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_core_survives_any_frames(frames in case()) {
        let (mut bench, mut world, ada, ben, space) = busy();
        for (session, bytes) in frames {
            bench.frame(session, &bytes);
            bench.core.release_due(bench.now).unwrap();
        }
        // Whatever happened, whoever is still a member can go on.
        bench.login(7, &ada);
        bench.login(8, &ben);
        let pull = ClientFrame::Pull { req: 9, space, from: 0, backwards: false, lane: Lane::All, bytes: u32::MAX };
        let page = bench.frame(7, &pull.encode());
        let Some(RelayFrame::Page { entries, head, .. }) = page.last() else { panic!("{page:?}") };
        prop_assert_eq!(crate::support::chain(entries), head.head);
        let (other, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
        let answer = bench.frame(7, &ClientFrame::Push { req: 10, entry: genesis.encode() }.encode());
        let acked = answer.iter().any(|frame| matches!(frame, RelayFrame::Ack { req: 10, .. }));
        prop_assert!(acked, "{:?}", answer);
        prop_assert_ne!(other, space);
    }

    #[test]
    fn a_stranger_survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut bench = Bench::new();
        bench.connect(1);
        let answer = bench.frame(1, &bytes);
        if ClientFrame::decode(&bytes).is_err() {
            let away = RelayFrame::GoAway { code: NackCode::Malformed, retry_after_ms: None };
            prop_assert_eq!(answer, vec![away]);
        }
    }
}

#[test]
fn nothing_leaves_before_the_commit() {
    let (mut bench, mut world, ada, _, space) = busy();
    let entry = world.data(space, &ada, ada.me(), b"one");
    bench.core.handle(1, &ClientFrame::Push { req: 5, entry: entry.encode() }.encode(), bench.now).unwrap();
    world.took(&entry, bench.now);
    let next = world.data(space, &ada, ada.me(), b"two");
    bench.core.handle(1, &ClientFrame::Push { req: 6, entry: next.encode() }.encode(), bench.now).unwrap();
    let committed = bench.core.commit().unwrap();
    assert!(committed.durable);
    let acks: Vec<u64> = committed
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send { frame, .. } => match RelayFrame::decode(frame).unwrap() {
                RelayFrame::Ack { req, .. } => Some(req),
                _ => None,
            },
            Effect::Close { .. } => None,
        })
        .collect();
    assert_eq!(acks, vec![5, 6], "both in one transaction, in order");
    assert!(!bench.core.commit().unwrap().durable, "and nothing twice");
}

#[test]
fn linking_waits_and_idlers_go() {
    let mut bench = Bench::new();
    bench.connect(1);
    bench.frame(1, &ClientFrame::Hello { versions: vec![1] }.encode());
    bench.core.tick(NOW + 10 * 60 * 1000).unwrap();
    assert!(bench.core.commit().unwrap().effects.is_empty());
    bench.core.tick(NOW + 12 * 60 * 1000).unwrap();
    assert!(matches!(
        bench.core.commit().unwrap().effects[..],
        [Effect::Send { .. }, Effect::Close { session: 1 }]
    ));
}

#[test]
fn an_upload_that_was_given_up_is_forgotten() {
    const WEEK: u64 = 7 * 24 * 3600 * 1000;
    let (mut bench, _, _, _, space) = busy();
    let hashes: Vec<Hash> = [b"one", b"two"].iter().map(|chunk| Hash::of(*chunk)).collect();
    let blob = BlobId::of_chunks(&hashes);
    let token = bench.tokens[&1].clone();
    let declare = BlobAsk::Declare { blob, space, hashes: hashes.clone() };
    assert_eq!(bench.core.blob(&token, declare, NOW).unwrap(), Ok(BlobAnswer::Done));
    let put = BlobAsk::Put { blob, index: 0, bytes: 3 };
    assert_eq!(bench.core.blob(&token, put, NOW).unwrap(), Ok(BlobAnswer::Expect(hashes[0])));
    let files = bench.core.blob_files();
    files.write(&blob, 0, b"one").unwrap();
    bench.core.blob(&token, BlobAsk::Stored { blob, index: 0, bytes: 3 }, NOW).unwrap().unwrap();
    bench.core.tick(NOW + WEEK - 1000).unwrap();
    bench.core.commit().unwrap();
    assert!(files.read(&blob, 0).is_ok());
    assert_eq!(
        bench.core.blob(&token, BlobAsk::Have { blob }, NOW).unwrap(),
        Ok(BlobAnswer::Chunks(vec![true, false]))
    );
    bench.core.tick(NOW + 2 * WEEK).unwrap();
    bench.core.commit().unwrap();
    assert!(files.read(&blob, 0).is_err());
    assert_eq!(bench.core.blob(&token, BlobAsk::Have { blob }, NOW).unwrap(), Err(BlobRefusal::NotFound));
}

#[test]
fn what_is_given_up_is_given_back_to_who_brought_it() {
    let limits = Limits { account_blob_bytes: 3, ..Limits::default() };
    let (mut bench, _, _, _, space) = busy_at(Bench::limited(None, limits));
    let (a, b) = (bench.tokens[&1].clone(), bench.tokens[&2].clone());
    let hashes = |chunks: &[&[u8]]| chunks.iter().map(|chunk| Hash::of(chunk)).collect::<Vec<_>>();
    let (shared, own) = (hashes(&[b"one", b"two"]), hashes(&[b"own"]));
    let blobs = [BlobId::of_chunks(&shared), BlobId::of_chunks(&own)];
    let ask = |bench: &mut Bench, token: &str, ask| bench.core.blob(token, ask, NOW).unwrap();
    let declare =
        |blob: usize| BlobAsk::Declare { blob: blobs[blob], space, hashes: [&shared, &own][blob].clone() };
    let put = |blob: usize, index| BlobAsk::Put { blob: blobs[blob], index, bytes: 3 };

    // Ada declares a file, and Ben brings half of it at his cost.
    ask(&mut bench, &a, declare(0)).unwrap();
    ask(&mut bench, &b, put(0, 0)).unwrap();
    ask(&mut bench, &b, BlobAsk::Stored { blob: blobs[0], index: 0, bytes: 3 }).unwrap();
    ask(&mut bench, &b, declare(1)).unwrap();
    assert_eq!(ask(&mut bench, &b, put(1, 0)), Err(BlobRefusal::Quota));
    assert_eq!(ask(&mut bench, &a, put(0, 1)), Ok(BlobAnswer::Expect(shared[1])), "it cost her nothing");
    bench.core.tick(NOW + 14 * 24 * 3600 * 1000).unwrap();
    bench.core.commit().unwrap();
    ask(&mut bench, &b, declare(1)).unwrap();
    assert_eq!(ask(&mut bench, &b, put(1, 0)), Ok(BlobAnswer::Expect(own[0])));
}

#[test]
fn a_crowd_is_told_after_the_acknowledgement_also_by_a_relay_that_ended_between() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let crowd: Vec<Person> = (0..20).map(|_| world.person()).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(Some(folder.path()));
    for (session, person) in (1..).zip([&ada, &ben].into_iter().chain(&crowd)) {
        bench.login(session, person);
    }
    let everybody: Vec<(&Person, Role)> =
        crowd.iter().chain([&ben]).map(|person| (person, Role::Member)).collect();
    let (space, genesis) = world.talk(&ada, &everybody);
    bench.frame(1, &ClientFrame::Push { req: 2, entry: genesis.encode() }.encode());
    let follow = |sequence| {
        let cursors = vec![FeedCursor { feed: ben.me(), sequence }];
        ClientFrame::Feed { generation: 1, cursors }.encode()
    };
    let line = |frames: &[RelayFrame]| {
        let RelayFrame::Feed { items, .. } = &frames[0] else { panic!("{frames:?}") };
        let last = items.last().unwrap();
        let Moved::Space { head, .. } = last.moved else { panic!("{items:?}") };
        (items.len(), last.sequence, head.sequence)
    };
    assert_eq!(line(&bench.frame(2, &follow(0))), (2, 2, 1), "the account and the space");

    let mut push = |bench: &mut Bench| {
        let entry = world.data(space, &ada, ada.me(), b"to all of you");
        bench.now += 1;
        world.took(&entry, bench.now);
        let frame = ClientFrame::Push { req: 3, entry: entry.encode() }.encode();
        bench.core.handle(1, &frame, bench.now).unwrap();
        sent(bench.core.commit().unwrap().effects)
    };
    let first = push(&mut bench);
    assert!(matches!(&first[..], [(1, RelayFrame::Ack { .. })]), "the author waits for nobody: {first:?}");
    let told: Vec<RelayFrame> =
        sent(bench.core.settle().unwrap().effects).into_iter().map(|(_, frame)| frame).collect();
    assert_eq!(line(&told), (1, 3, 2));
    assert!(!bench.core.unsettled());

    assert_eq!(push(&mut bench).len(), 1);
    drop(bench);
    let mut bench = Bench::open(Some(folder.path()));
    bench.login(2, &ben);
    assert_eq!(line(&bench.frame(2, &follow(3))), (1, 4, 3), "acknowledged, so everybody hears of it");
}

#[test]
fn pages_read_before_they_are_asked_for_are_the_pages_of_the_log() {
    let (mut bench, mut world, ada, _, space) = busy();
    let mut push = |bench: &mut Bench| {
        let entry = world.data(space, &ada, ada.me(), &[5; 900]);
        bench.frame(1, &ClientFrame::Push { req: 3, entry: entry.encode() }.encode());
        world.took(&entry, bench.now);
    };
    (0..40).for_each(|_| push(&mut bench));
    let mut last = 41;
    for backwards in [false, true] {
        let newest = last;
        let mut read: Vec<u64> = Vec::new();
        loop {
            let from = read.last().copied().unwrap_or(0);
            let pull = ClientFrame::Pull { req: 4, space, from, backwards, lane: Lane::All, bytes: 8_000 };
            let frames = bench.frame(2, &pull.encode());
            let RelayFrame::Page { entries, head, more, .. } = &frames[0] else { panic!("{frames:?}") };
            assert_eq!(head.head.sequence, last, "the head is of now");
            read.extend(entries.iter().map(|stored| stored.sequence));
            if !more {
                break;
            }
            while bench.core.read_ahead().unwrap() {}
            // The log grows while the page waits.
            push(&mut bench);
            last += 1;
        }
        let whole: Vec<u64> = if backwards { (1..=newest).rev().collect() } else { (1..=last).collect() };
        assert_eq!(read, whole);
    }
}
