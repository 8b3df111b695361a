//! Entries with a time: kept, released when they should be, and never when they should not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use homing_access::build::sign_entry;
use homing_crypto::{Domain, Seed32};
use homing_relay::core::{Effect, Peer, SessionId};
use homing_relay::{Identity, Limits, Metrics, RelayCore};
use homing_wire::{
    ClientFrame, Entry, EntryId, Lane, Member, NackCode, RelayFrame, Role, ScheduleState, ScheduleTag,
    Scheduled, Signature, SpaceId, Stored, Timed, auth_bytes, limits,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::support::{Client, Home, Person, World};

const HOUR: u64 = 3_600_000;

/// A relay whose clock the test holds.
struct Bench {
    core: RelayCore,
    now: u64,
    req: u64,
    heard: Vec<(SessionId, RelayFrame)>,
}

impl Bench {
    fn new(world: &World) -> Self {
        let identity = Identity::in_memory(Seed32::from_bytes([1; 32]), 1, world.now_ms);
        let rng = ChaCha20Rng::from_seed([2; 32]);
        let metrics = Arc::new(Metrics::default());
        let core =
            RelayCore::open(None, identity, Limits::default(), vec![], rng, metrics, world.now_ms).unwrap();
        Self { core, now: world.now_ms, req: 0, heard: Vec::new() }
    }

    fn say(&mut self, session: SessionId, frame: &ClientFrame) {
        let effects = self.core.frame(session, &frame.encode(), self.now).unwrap();
        self.hear(effects);
    }

    fn hear(&mut self, effects: Vec<Effect>) {
        self.heard.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { session, frame } => Some((session, RelayFrame::decode(&frame).unwrap())),
            Effect::Close { .. } => None,
        }));
    }

    fn login(&mut self, session: SessionId, person: &Person, versions: &[u32]) {
        let peer = Peer { host: "relay".to_owned(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        self.core.connect(session, peer, self.now);
        self.say(session, &ClientFrame::Hello { versions: versions.to_vec() });
        let Some((_, RelayFrame::Challenge { relay, nonce, version, .. })) = self.heard.pop() else {
            panic!("no challenge")
        };
        for op in &person.log {
            self.say(session, &ClientFrame::AccountPush { req: 1, op: op.encode() });
        }
        let bytes = auth_bytes(&relay, "relay", &nonce, version, &person.id);
        let signature = Signature(person.device.signing().sign(Domain::Auth, &bytes));
        self.say(session, &ClientFrame::Auth { person: person.id, device: person.device_id(), signature });
        assert!(matches!(self.heard.pop(), Some((_, RelayFrame::Welcome { .. }))));
        self.heard.clear();
    }

    fn ask(&mut self, session: SessionId, frame: impl FnOnce(u64) -> ClientFrame) -> Result<(), NackCode> {
        self.req += 1;
        let asked = self.req;
        self.say(session, &frame(asked));
        let answer = self.heard.iter().position(|(to, frame)| {
            *to == session
                && matches!(frame, RelayFrame::Ack { req, .. } | RelayFrame::Nack { req, .. } if *req == asked)
        });
        match self.heard.remove(answer.unwrap()).1 {
            RelayFrame::Nack { code, .. } => Err(code),
            _ => Ok(()),
        }
    }

    fn push(&mut self, session: SessionId, entry: &Entry) -> Result<(), NackCode> {
        self.ask(session, |req| ClientFrame::Push { req, entry: entry.encode() })
    }

    fn schedule(&mut self, session: SessionId, space: SpaceId, entries: Vec<Timed>) -> Result<(), NackCode> {
        self.ask(session, |req| ClientFrame::Schedule { req, space, entries })
    }

    fn unschedule(&mut self, session: SessionId, space: SpaceId, tag: u8) -> Result<(), NackCode> {
        self.ask(session, |req| ClientFrame::Unschedule { req, space, tag: ScheduleTag([tag; 32]) })
    }

    fn kept(&mut self, session: SessionId) -> Vec<Scheduled> {
        self.say(session, &ClientFrame::PullScheduled { req: 77 });
        let at = self
            .heard
            .iter()
            .position(|(to, frame)| *to == session && matches!(frame, RelayFrame::Scheduled { req: 77, .. }));
        match self.heard.remove(at.unwrap()).1 {
            RelayFrame::Scheduled { items, .. } => items,
            _ => Vec::new(),
        }
    }

    /// What a session heard of its schedule since the last time.
    fn news(&mut self, session: SessionId) -> Vec<(ScheduleTag, ScheduleState)> {
        let mut news = Vec::new();
        self.heard.retain(|(to, frame)| match frame {
            RelayFrame::Scheduled { req: 0, items } if *to == session => {
                news.extend(items.iter().map(|item| (item.tag, item.state)));
                false
            }
            _ => true,
        });
        news
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.core.release_due(self.now).unwrap();
        let effects = self.core.commit().unwrap().effects;
        self.hear(effects);
    }

    fn log(&mut self, session: SessionId, space: SpaceId) -> Vec<Stored> {
        let pull =
            ClientFrame::Pull { req: 88, space, from: 0, backwards: false, lane: Lane::All, bytes: u32::MAX };
        self.say(session, &pull);
        let at = self.heard.iter().position(|(_, frame)| matches!(frame, RelayFrame::Page { req: 88, .. }));
        match self.heard.remove(at.unwrap()).1 {
            RelayFrame::Page { entries, .. } => entries,
            _ => Vec::new(),
        }
    }

    fn ids(&mut self, session: SessionId, space: SpaceId) -> Vec<EntryId> {
        self.log(session, space).iter().map(|stored| Entry::decode(&stored.entry).unwrap().id()).collect()
    }
}

fn tag(number: u8) -> ScheduleTag {
    ScheduleTag([number; 32])
}

/// A data entry behind another one of the same device.
fn behind(world: &World, who: &Person, space: SpaceId, last: Option<&Entry>, content: &[u8]) -> Entry {
    let mut next = world.data(space, who, who.me(), content);
    if let Some(last) = last {
        let mut header = next.header().clone();
        (header.prev, header.dseq) = (Some(last.id()), last.header().dseq + 1);
        next = sign_entry(header, content.to_vec(), who.device.signing());
    }
    next
}

fn timed(number: u8, release_ms: u64, entry: &Entry) -> Timed {
    Timed { tag: tag(number), release_ms, over: None, entry: entry.encode() }
}

fn over(timed: Timed, entry: &Entry) -> Timed {
    Timed { over: Some(entry.id()), ..timed }
}

/// Ada on two devices (sessions 1 and 3) and Ben (session 2) in a talk.
struct Two {
    world: World,
    bench: Bench,
    ada: Person,
    laptop: Person,
    ben: Person,
    space: SpaceId,
}

impl Two {
    fn new() -> Self {
        let mut world = World::new();
        let (mut ada, ben) = (world.person(), world.person());
        let laptop = world.second_device(&mut ada);
        let mut bench = Bench::new(&world);
        bench.login(1, &ada, &[1, 2]);
        bench.login(2, &ben, &[1, 2]);
        bench.login(3, &Person { log: ada.log.clone(), ..laptop.clone() }, &[1, 2]);
        let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
        bench.push(1, &genesis).unwrap();
        bench.heard.clear();
        assert!(bench.kept(1).is_empty() && bench.kept(3).is_empty());
        Self { world, bench, ada, laptop, ben, space }
    }

    fn next(&self, last: Option<&Entry>, content: &[u8]) -> Entry {
        behind(&self.world, &self.ada, self.space, last, content)
    }

    fn at(&self, hours: u64) -> u64 {
        self.world.now_ms + hours * HOUR
    }
}

#[test]
fn released_at_its_time_while_no_device_of_its_author_is_there() {
    let mut t = Two::new();
    let (first, space) = (t.next(None, b"tomorrow"), t.space);
    let second = t.next(Some(&first), b"the day after");
    let both = vec![timed(1, t.at(24), &first), timed(2, t.at(48), &second)];
    t.bench.schedule(1, space, both.clone()).unwrap();
    t.bench.schedule(1, space, both).unwrap();
    assert_eq!(t.bench.news(3).len(), 2, "the other device hears of it, once");
    assert_eq!(t.bench.core.next_release(), Some(t.at(24)));
    t.bench.core.disconnect(1);
    t.bench.core.disconnect(3);
    t.bench.say(2, &ClientFrame::Sub { space, on: true });
    t.bench.pass(23 * HOUR);
    assert_eq!(t.bench.log(2, space).len(), 1);
    t.bench.pass(2 * HOUR);
    let events =
        t.bench.heard.iter().filter(|(to, frame)| *to == 2 && matches!(frame, RelayFrame::Event { .. }));
    assert_eq!(events.count(), 1, "who has it open sees it at once");
    let log = t.bench.log(2, space);
    assert_eq!(log.len(), 2);
    assert_eq!(log[1].received_ms, t.at(24), "its time is the release, not when the relay came to it");
    t.bench.pass(100 * HOUR);
    assert_eq!(t.bench.ids(2, space)[1..], [first.id(), second.id()]);
    assert_eq!(t.bench.core.next_release(), None);
    // The author comes back and goes on behind what was released.
    t.bench.login(1, &t.ada, &[1, 2]);
    let third = t.next(Some(&second), b"back");
    assert_eq!(t.bench.push(1, &third), Ok(()));
}

#[test]
fn what_its_device_writes_overtakes_it() {
    let mut t = Two::new();
    let (planned, space) = (t.next(None, b"planned"), t.space);
    t.bench.schedule(1, space, vec![timed(1, t.at(1), &planned)]).unwrap();
    let now = t.next(None, b"now");
    t.bench.push(1, &now).unwrap();
    let again = t.next(Some(&now), b"planned");
    t.bench.schedule(1, space, vec![over(timed(1, t.at(1), &again), &planned)]).unwrap();
    t.bench.pass(2 * HOUR);
    assert_eq!(t.bench.ids(2, space)[1..], [now.id(), again.id()]);
}

#[test]
fn a_device_that_wrote_on_without_its_schedule_is_told() {
    let mut t = Two::new();
    let (planned, space) = (t.next(None, b"planned"), t.space);
    t.bench.schedule(1, space, vec![timed(1, t.at(1), &planned)]).unwrap();
    let now = t.next(None, b"now");
    t.bench.push(1, &now).unwrap();
    t.bench.news(1);
    t.bench.pass(2 * HOUR);
    assert_eq!(t.bench.news(1), [(tag(1), ScheduleState::Stuck(NackCode::StaleOps))]);
    assert_eq!(t.bench.log(2, space).len(), 2);
    // Any own device brings it, in its own name, over the stuck one only.
    let other = behind(&t.world, &t.laptop, space, None, b"planned");
    assert_eq!(t.bench.schedule(3, space, vec![timed(1, t.at(1), &other)]), Err(NackCode::Exists));
    t.bench.schedule(3, space, vec![over(timed(1, t.at(1), &other), &planned)]).unwrap();
    t.bench.pass(1);
    assert_eq!(t.bench.ids(2, space)[1..], [now.id(), other.id()]);
}

#[test]
fn a_push_that_its_own_release_overtook_is_no_clone() {
    let mut t = Two::new();
    let space = t.space;
    let (one, lost) = (t.next(None, b"planned"), t.next(None, b"written while offline"));
    let two = t.next(Some(&one), b"planned, too");
    t.bench.schedule(1, space, vec![timed(1, t.at(1), &one), timed(2, t.at(2), &two)]).unwrap();
    t.bench.pass(HOUR);
    assert_eq!(t.bench.push(1, &lost), Err(NackCode::StaleOps));
    t.bench.pass(HOUR);
    assert_eq!(t.bench.push(1, &lost), Err(NackCode::StaleOps));
    let behind_one = t.next(Some(&one), b"knows of one");
    assert_eq!(t.bench.push(1, &behind_one), Err(NackCode::StaleOps));
    let good = t.next(Some(&two), b"knows of both");
    t.bench.push(1, &good).unwrap();
    // From here on it is a clone that goes back.
    assert_eq!(t.bench.push(1, &behind_one), Err(NackCode::Cloned));
    assert_eq!(t.bench.push(1, &lost), Err(NackCode::Cloned));
}

#[test]
fn taken_back_by_any_own_device_and_by_nobody_else() {
    let mut t = Two::new();
    let space = t.space;
    let one = t.next(None, b"one");
    let two = t.next(Some(&one), b"two");
    t.bench.schedule(1, space, vec![timed(1, t.at(1), &one), timed(2, t.at(2), &two)]).unwrap();
    t.bench.news(1);
    assert_eq!(t.bench.unschedule(2, space, 1), Err(NackCode::NotFound), "not Ben's");
    assert_eq!(t.bench.unschedule(3, space, 1), Ok(()));
    assert_eq!(t.bench.unschedule(3, space, 1), Err(NackCode::NotFound));
    assert_eq!(
        t.bench.news(1),
        [(tag(1), ScheduleState::Gone), (tag(2), ScheduleState::Stuck(NackCode::StaleOps))],
        "what stood behind it says so"
    );
    // The device that scheduled it does not bring it back unknowingly.
    let again = vec![over(timed(1, t.at(1), &one), &one), over(timed(2, t.at(2), &two), &two)];
    assert_eq!(t.bench.schedule(1, space, again), Err(NackCode::NotFound));
    let alone = t.next(None, b"two");
    t.bench.schedule(1, space, vec![over(timed(2, t.at(2), &alone), &two)]).unwrap();
    t.bench.pass(3 * HOUR);
    assert_eq!(t.bench.ids(2, space)[1..], [alone.id()]);
}

#[test]
fn nothing_is_released_to_others_than_its_author_saw() {
    let mut t = Two::new();
    let space = t.space;
    let cleo = t.world.person();
    t.bench.login(4, &cleo, &[1, 2]);
    let to_two = behind(&t.world, &t.ben, space, None, b"to two");
    t.bench.schedule(2, space, vec![timed(1, t.at(1), &to_two)]).unwrap();
    t.bench.kept(2);
    let adding = t.world.adding(space, &t.ada, cleo.me(), Role::Member);
    t.bench.push(1, &adding).unwrap();
    t.world.took(&adding, t.bench.now);
    assert_eq!(t.bench.news(2), [(tag(1), ScheduleState::Stuck(NackCode::StaleOps))], "told at once");
    let to_three = behind(&t.world, &t.ben, space, None, b"to three");
    t.bench.schedule(2, space, vec![over(timed(1, t.at(1), &to_three), &to_two)]).unwrap();
    let removing = t.world.removing(space, &t.ada, cleo.me());
    t.bench.push(1, &removing).unwrap();
    t.world.took(&removing, t.bench.now);
    t.bench.pass(2 * HOUR);
    let stuck = t.bench.kept(2);
    assert_eq!(stuck[0].state, ScheduleState::Stuck(NackCode::StaleEpoch));
    assert_eq!(t.bench.log(2, space).len(), 3, "only ops");
    // Under the new epoch it may go; its time has passed, so it goes at once.
    let anew = behind(&t.world, &t.ben, space, None, b"to two again");
    t.bench.schedule(2, space, vec![over(timed(1, t.at(1), &anew), &to_three)]).unwrap();
    t.bench.pass(1);
    assert_eq!(t.bench.ids(1, space).last(), Some(&anew.id()));
}

#[test]
fn ops_that_change_no_members_do_not_stop_it() {
    let mut t = Two::new();
    let space = t.space;
    let planned = behind(&t.world, &t.ben, space, None, b"planned");
    t.bench.schedule(2, space, vec![timed(1, t.at(1), &planned)]).unwrap();
    let role = homing_wire::SpaceOp::SetRole {
        grant: homing_wire::Grant { member: t.ben.me(), role: Role::Admin },
        pins: Vec::new(),
    };
    let raising = t.world.sign(space, &t.ada, t.ada.me(), &role);
    t.bench.push(1, &raising).unwrap();
    t.bench.pass(2 * HOUR);
    assert_eq!(t.bench.ids(1, space).last(), Some(&planned.id()));
}

#[test]
fn whoever_was_removed_or_revoked_has_nothing_released() {
    let mut t = Two::new();
    let space = t.space;
    let of_ben = behind(&t.world, &t.ben, space, None, b"later");
    t.bench.schedule(2, space, vec![timed(1, t.at(1), &of_ben)]).unwrap();
    let of_laptop = behind(&t.world, &t.laptop, space, None, b"later");
    t.bench.schedule(3, space, vec![timed(2, t.at(1), &of_laptop)]).unwrap();
    let removing = t.world.removing(space, &t.ada, t.ben.me());
    t.bench.push(1, &removing).unwrap();
    t.world.took(&removing, t.bench.now);
    let revoking = t.world.revoke(&mut t.ada, t.laptop.device_id());
    t.bench.ask(1, |req| ClientFrame::AccountPush { req, op: revoking.encode() }).unwrap();
    t.bench.pass(2 * HOUR);
    assert!(!t.bench.ids(1, space).contains(&of_ben.id()));
    assert!(!t.bench.ids(1, space).contains(&of_laptop.id()));
    let kept = t.bench.kept(1);
    assert!(matches!(kept[..], [Scheduled { state: ScheduleState::Stuck(_), .. }]), "{kept:?}");
    // The revoked device's message is still its author's, who brings it from another one.
    let anchoring = t.world.anchoring(space, &t.ada, t.ada.me());
    t.bench.push(1, &anchoring).unwrap();
    t.world.took(&anchoring, t.bench.now);
    let anew = t.next(None, b"later");
    t.bench.schedule(1, space, vec![over(timed(2, t.at(1), &anew), &of_laptop)]).unwrap();
    t.bench.pass(1);
    assert_eq!(t.bench.ids(1, space).last(), Some(&anew.id()));
}

#[test]
fn a_pin_takes_no_notice_of_what_was_not_released() {
    let mut t = Two::new();
    let space = t.space;
    let said = behind(&t.world, &t.ben, space, None, b"said");
    t.bench.push(2, &said).unwrap();
    t.world.took(&said, t.bench.now);
    let planned = behind(&t.world, &t.ben, space, None, b"planned");
    t.bench.schedule(2, space, vec![timed(1, t.at(1), &planned)]).unwrap();
    // The pin names what Ben said; what he planned leads to that, not from it.
    let removing = t.world.removing(space, &t.ada, t.ben.me());
    t.bench.push(1, &removing).unwrap();
    t.world.took(&removing, t.bench.now);
    let cut = &t.world.state(space).cuts()[0];
    assert_eq!(cut.pin(&t.ben.device_id()), Some(said.id()));
    assert_eq!(planned.header().prev, Some(said.id()));
}

#[test]
fn only_what_the_device_may_push_next_is_kept() {
    let mut t = Two::new();
    let space = t.space;
    let (one, foreign) = (t.next(None, b"one"), behind(&t.world, &t.laptop, space, None, b"other"));
    let apart = t.next(Some(&t.next(None, b"never sent")), b"apart");
    let op = t.world.rotating(space, &t.ada, t.ada.me());
    let far = t.world.now_ms + limits::SCHEDULED_AHEAD_MS + HOUR;
    let two = t.next(Some(&one), b"two");
    let many = (0..=limits::SCHEDULED_LANE).map(|n| timed(n as u8, t.at(1), &one)).collect();
    for (entries, code) in [
        (vec![timed(1, t.at(1), &foreign)], NackCode::BadSignature),
        (vec![timed(1, t.at(1), &apart)], NackCode::StaleOps),
        (vec![timed(1, t.at(1), &op)], NackCode::Malformed),
        (vec![timed(1, far, &one)], NackCode::Malformed),
        (vec![timed(1, t.at(2), &one), timed(2, t.at(1), &two)], NackCode::Malformed),
        (vec![timed(1, t.at(1), &one), timed(1, t.at(2), &two)], NackCode::Malformed),
        (vec![timed(1, t.at(1), &one), timed(2, t.at(2), &one)], NackCode::StaleOps),
        (vec![over(timed(1, t.at(1), &one), &two)], NackCode::NotFound),
        (many, NackCode::Quota),
    ] {
        assert_eq!(t.bench.schedule(1, space, entries), Err(code));
    }
    assert!(t.bench.kept(1).is_empty());
    let stranger = t.world.person();
    t.bench.login(9, &stranger, &[1, 2]);
    let forged = behind(&t.world, &stranger, space, None, b"let me in");
    assert_eq!(t.bench.schedule(9, space, vec![timed(1, t.at(1), &forged)]), Err(NackCode::NotAMember));
}

#[test]
fn devices_of_before_hear_and_say_nothing_of_it() {
    let mut t = Two::new();
    let (planned, space) = (t.next(None, b"planned"), t.space);
    t.bench.login(5, &t.laptop, &[1]);
    assert_eq!(t.bench.schedule(5, space, vec![]), Err(NackCode::Malformed));
    t.bench.schedule(1, space, vec![timed(1, t.at(1), &planned)]).unwrap();
    assert!(t.bench.news(5).is_empty());
    t.bench.pass(2 * HOUR);
    assert_eq!(t.bench.ids(5, space)[1..], [planned.id()], "an entry like any other");
}

/// A session of version 2 at a real relay.
async fn open(home: &Home, person: &Person) -> Client {
    let mut client = Client::open_with(&home.address(), &[1, 2]).await;
    client.auth(person).await;
    client
}

async fn ask(client: &mut Client, frame: impl FnOnce(u64) -> ClientFrame) -> Result<(), NackCode> {
    let req = client.next_request();
    client.send(&frame(req)).await;
    client.settled(req).await.map(drop)
}

fn unix_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[tokio::test]
async fn what_came_due_while_the_relay_was_stopped_is_released_when_it_starts_in_its_order() {
    let (mut home, mut world) = (Home::new().await, World::new());
    let (ada, ben) = (world.person(), world.person());
    let mut a = home.join(&ada).await;
    home.join(&ben).await;
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let (mut a2, mut b2) = (open(&home, &ada).await, open(&home, &ben).await);
    let soon = unix_ms() + 400;
    let first = behind(&world, &ada, space, None, b"first");
    let third = behind(&world, &ada, space, Some(&first), b"third");
    let second = behind(&world, &ben, space, None, b"second");
    let of_ada = vec![timed(1, soon, &first), timed(2, soon + 20, &third)];
    ask(&mut a2, |req| ClientFrame::Schedule { req, space, entries: of_ada }).await.unwrap();
    let of_ben = vec![timed(1, soon + 10, &second)];
    ask(&mut b2, |req| ClientFrame::Schedule { req, space, entries: of_ben }).await.unwrap();
    home.stop().await;
    while unix_ms() < soon + 20 {
        tokio::task::yield_now().await;
    }
    home.start().await;
    // The relay is open once it says so; what is due is in the log before anybody can ask.
    let mut b = Client::login(&home.address(), &ben).await;
    b.follow(Member::Person(ben.id), 0).await;
    let mut log = b.pull_all(space).await.unwrap();
    while log.len() < 4 {
        b.wait_for(|frame| matches!(frame, RelayFrame::Feed { .. }).then_some(())).await;
        log = b.pull_all(space).await.unwrap();
    }
    let ids: Vec<EntryId> = log.iter().map(|stored| Entry::decode(&stored.entry).unwrap().id()).collect();
    assert_eq!(ids[1..], [first.id(), second.id(), third.id()]);
    assert_eq!(log[1].received_ms, soon);
    home.stop().await;
}

#[tokio::test]
async fn a_relay_that_was_put_back_forgets_what_was_scheduled() {
    let (mut home, mut world) = (Home::new().await, World::new());
    let ada = world.person();
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let mut device = open(&home, &ada).await;
    let planned = behind(&world, &ada, space, None, b"planned");
    let entries = vec![timed(1, unix_ms() + HOUR, &planned)];
    ask(&mut device, |req| ClientFrame::Schedule { req, space, entries }).await.unwrap();
    home.stop().await;
    let copy = std::fs::read(home.database()).unwrap();
    home.start().await;
    let mut device = open(&home, &ada).await;
    ask(&mut device, |req| ClientFrame::Unschedule { req, space, tag: tag(1) }).await.unwrap();
    home.stop().await;
    home.wipe_database();
    std::fs::write(home.database(), copy).unwrap();
    home.start().await;
    let mut device = open(&home, &ada).await;
    let req = device.next_request();
    device.send(&ClientFrame::PullScheduled { req }).await;
    let kept = device
        .wait_for(|frame| match frame {
            RelayFrame::Scheduled { items, .. } => Some(items.len()),
            _ => None,
        })
        .await;
    assert_eq!(kept, 0, "it was taken back after the copy was made");
    home.stop().await;
}
