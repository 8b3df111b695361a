//! Random histories of people, teams and spaces, compared with the [`oracle`](crate::oracle).
//!
//! After every history: exactly those can open each epoch who should, with the relay's whole store at hand; every
//! forged variant of every op was refused; and whoever learns the same logs in another order comes to the same
//! verdicts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use homing_access::build::sign_entry;
use homing_access::{AccessError, AccountState, SpaceState, Verdict};
use homing_crypto::{EpochKey, InviteSecret};
use homing_wire::{
    AccountOp, Entry, EntryId, Grant, Member, PersonId, Recipient, Role, SealedSeed, SpaceId, SpaceOp, limits,
};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::oracle::{Holder, Link, Oracle, Party, Person, Snapshot, Space};
use crate::support::{Holding, Known, Who, World};

const PEOPLE: usize = 5;

struct History {
    world: World,
    oracle: Oracle,
    spaces: Vec<SpaceId>,
    links: Vec<(SpaceId, InviteSecret)>,
    /// Entries that no relay took.
    hostile: Vec<(SpaceId, Entry)>,
    taken: usize,
}

fn pick<T: Copy>(from: &[T], at: u8) -> T {
    from[usize::from(at) % from.len()]
}

impl History {
    fn new() -> Self {
        let mut world = World::new(PEOPLE);
        let mut oracle = Oracle::default();
        for _ in 0..PEOPLE {
            oracle.people.push(Person { generation: 1, devices: vec![None] });
        }
        let team = world.team(0, &[(1, Role::Admin), (2, Role::Member)]);
        let client = world.client(1, team, &[3]);
        let talk = world.talk(3, &[(0, Role::Admin), (4, Role::Member)]);
        let mixed = world.talk(4, &[(2, Role::Reader)]);
        let mut this = Self {
            world,
            oracle,
            spaces: vec![team, client, talk, mixed],
            links: Vec::new(),
            hostile: Vec::new(),
            taken: 0,
        };
        for space in this.spaces.clone() {
            let mut snapshot = Snapshot::default();
            let members = this.world.state(space).members().clone();
            this.oracle.spaces.insert(space, Space { client: space == client, ..Space::default() });
            for (member, role) in members {
                let party = this.party(&member);
                snapshot.members.insert(party, role);
                this.oracle.anchor(&mut snapshot, party);
            }
            this.oracle.take(space, snapshot, true, 0);
        }
        let grant = Grant { member: Member::Team(team), role: Role::Admin };
        this.add(mixed, (4, 0), this.world.me(4), grant);
        this
    }

    fn party(&self, member: &Member) -> Party {
        match member {
            Member::Person(id) => {
                Party::Person(self.world.people.iter().position(|person| person.id == *id).unwrap())
            }
            Member::Team(team) => Party::Team(*team),
        }
    }

    fn snapshot(&self, space: SpaceId) -> Snapshot {
        self.oracle.last(space)
    }

    /// A device and capacity to act in: mostly one that may manage, sometimes one that may not even read.
    fn actor(&self, space: SpaceId, (a, b): (u8, u8)) -> (Who, Member) {
        let capacities = |person: usize| {
            self.world.state(space).capacities(&self.world.dir, &self.world.id(person)).into_iter()
        };
        let managing =
            (0..PEOPLE).filter(|person| capacities(*person).any(|(_, acting)| acting.role.manages()));
        let managing: Vec<usize> = managing.collect();
        let person = if a < 80 { usize::from(a) % PEOPLE } else { pick(&managing, a) };
        let devices = &self.world.people[person].devices;
        let active = devices.iter().rposition(|device| !device.revoked).unwrap();
        let device = if b < 60 { usize::from(b) % devices.len() } else { active };
        let own: Vec<_> = capacities(person).collect();
        let best = own.iter().position(|(_, acting)| acting.role.manages()).unwrap_or(0);
        let written_as = match own.get(if b.is_multiple_of(4) { 0 } else { best }) {
            Some((member, _)) => *member,
            None => self.world.me(person),
        };
        ((person, device), written_as)
    }

    /// Hands an op to the relay after all its forged variants.
    fn take(
        &mut self,
        space: SpaceId,
        who: Who,
        written_as: Member,
        made: (SpaceOp, Option<EpochKey>),
    ) -> bool {
        let (op, key) = made;
        let entry = self.world.sign(space, who, written_as, &op);
        self.refuse_forged(space, who, &entry, &op);
        let taken = match key {
            Some(key) => self.world.push_epoch(space, who, written_as, (op, key)),
            None => self.world.push(space, who, written_as, &op),
        };
        if taken.is_ok() {
            self.taken += 1;
            assert_eq!(self.world.judged(space, &entry), Err(AccessError::AlreadyApplied));
        }
        taken.is_ok()
    }

    fn refuse_forged(&mut self, space: SpaceId, who: Who, entry: &Entry, op: &SpaceOp) {
        let world = &self.world;
        let key = world.secret(who).signing();
        let other = world.secret(((who.0 + 1) % PEOPLE, 0)).signing();
        let refuse = |entry: &Entry, what: &str| {
            assert!(world.judged(space, entry).is_err(), "{what}: {op:?}");
        };
        let (header, content) = (entry.header(), &entry.body.content);
        refuse(&sign_entry(header.clone(), content.clone(), other), "signed by another");
        let mut stale = header.clone();
        stale.op_head = Some(world.state(space).epochs()[0].id);
        if stale.op_head != header.op_head {
            refuse(&sign_entry(stale, content.clone(), key), "a fork");
        }
        let changed = |op: SpaceOp| sign_entry(header.clone(), op.encode(), key);
        if let Some(epoch) = op.epoch().filter(|epoch| !epoch.sealed.is_empty()) {
            let with = |sealed: Vec<SealedSeed>| {
                let mut op = op.clone();
                match &mut op {
                    SpaceOp::Remove { epoch, .. }
                    | SpaceOp::Join { epoch, .. }
                    | SpaceOp::Rotate { epoch }
                    | SpaceOp::CancelInvite { epoch: Some(epoch), .. }
                    | SpaceOp::Anchor { epoch: Some(epoch), .. } => epoch.sealed = sealed,
                    _ => unreachable!(),
                }
                changed(op)
            };
            let seals = &epoch.sealed;
            refuse(&with(seals[1..].to_vec()), "a recipient less");
            refuse(&with([&seals[..], &seals[..1]].concat()), "a recipient twice");
            let outside = SealedSeed { to: Recipient::Person(PersonId([9; 32]), 1), ..seals[0].clone() };
            refuse(&with([&seals[..], &[outside]].concat()), "a recipient more");
        }
        match op.clone() {
            SpaceOp::Join { invite, account, proof, epoch } => {
                let mut proof = proof;
                proof.0[7] ^= 1;
                refuse(&changed(SpaceOp::Join { invite, account, proof, epoch }), "a wrong proof");
            }
            SpaceOp::Add { grant, account, team, sealed, request } => {
                let owner = world.state(space).role(&header.written_as) == Some(Role::Owner);
                if !owner {
                    let grant = Grant { role: Role::Owner, ..grant };
                    refuse(&changed(SpaceOp::Add { grant, account, team, sealed, request }), "a raised role");
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, space: SpaceId, who: Who, written_as: Member, grant: Grant) {
        let op = self.world.adding(space, grant);
        if self.take(space, who, written_as, (op, None)) {
            let (party, mut snapshot) = (self.party(&grant.member), self.snapshot(space));
            snapshot.members.insert(party, grant.role);
            self.oracle.anchor(&mut snapshot, party);
            self.oracle.take(space, snapshot, false, self.world.now);
            self.oracle.let_in(space, party);
        }
    }

    fn remove(&mut self, space: SpaceId, who: Who, written_as: Member, target: Member) {
        let (op, key) = self.world.removing(space, target);
        if self.take(space, who, written_as, (op, Some(key))) {
            let mut snapshot = self.snapshot(space);
            snapshot.members.remove(&self.party(&target));
            self.oracle.take(space, snapshot, true, self.world.now);
        }
    }

    fn leave(&mut self, space: SpaceId, who: Who, written_as: Member) {
        let op = self.world.ops(space).leave(written_as, &self.world.writers(space));
        if self.take(space, who, written_as, (op, None)) {
            let mut snapshot = self.snapshot(space);
            snapshot.members.remove(&self.party(&written_as));
            self.oracle.take(space, snapshot, false, self.world.now);
        }
    }

    fn set_role(&mut self, space: SpaceId, who: Who, written_as: Member, grant: Grant) {
        let writers = self.world.writers(space);
        let Ok(op) = self.world.ops(space).set_role(grant, &writers) else { return };
        if self.take(space, who, written_as, (op, None)) {
            let mut snapshot = self.snapshot(space);
            snapshot.members.insert(self.party(&grant.member), grant.role);
            self.oracle.take(space, snapshot, false, self.world.now);
        }
    }

    fn invite(&mut self, space: SpaceId, who: Who, written_as: Member, role: Role) {
        let (op, secret) = self.world.inviting(space, role, true);
        if self.take(space, who, written_as, (op, None)) {
            let link = self.links.len();
            self.links.push((space, secret));
            let mut snapshot = self.snapshot(space);
            let (expires_ms, as_party) = (self.world.now + limits::INVITE_MS, self.party(&written_as));
            snapshot.links.insert(link, Link { role, expires_ms, maker: who, as_party });
            self.oracle.take(space, snapshot, false, self.world.now);
            self.oracle.let_link_in(space, link);
        }
    }

    fn with_link(&mut self, link: u8, who: Who, join: bool) {
        if self.links.is_empty() {
            return;
        }
        let link = usize::from(link) % self.links.len();
        let (space, secret) = self.links[link].clone();
        let mut rng = self.world.fork();
        let (person, written_as) = (who.0, self.world.me(who.0));
        let made = if join {
            let (id, device) = (self.world.id(person), self.world.secret(who).signing());
            self.world.ops(space).join(&mut rng, &secret, &id, device).map(|(op, key, _)| (op, Some(key)))
        } else {
            let id = homing_wire::InviteId(secret.signing().public());
            self.world.ops(space).cancel_invite(&mut rng, id, &self.world.key(space))
        };
        let Ok(made) = made else { return };
        if self.take(space, who, written_as, made) {
            let mut snapshot = self.snapshot(space);
            let role = snapshot.links.remove(&link).expect("the oracle knows this link").role;
            if join {
                snapshot.members.insert(Party::Person(person), role);
                self.oracle.anchor(&mut snapshot, Party::Person(person));
            }
            self.oracle.take(space, snapshot, true, self.world.now);
        }
    }

    fn rotate(&mut self, space: SpaceId, who: Who, written_as: Member) {
        let (op, key) = self.world.rotating(space);
        if self.take(space, who, written_as, (op, Some(key))) {
            let snapshot = self.snapshot(space);
            self.oracle.take(space, snapshot, true, self.world.now);
        }
    }

    fn anchor(&mut self, space: SpaceId, who: Who, written_as: Member) -> bool {
        let mut rng = self.world.fork();
        let (writers, id) = (self.world.writers(space), self.world.id(who.0));
        let key = self.world.key(space);
        let due = self.world.ops(space).anchor_if_needed(&mut rng, (&id, &written_as), &writers, &key);
        let Ok(Some((op, key))) = due else { return false };
        let (brings, anchored) = (key.is_some(), op.clone());
        if !self.take(space, who, written_as, (op, key)) {
            return false;
        }
        let mut snapshot = self.snapshot(space);
        if let SpaceOp::Anchor { accounts, teams, .. } = anchored {
            for anchor in accounts {
                self.oracle.anchor(&mut snapshot, self.party(&Member::Person(anchor.person)));
            }
            for anchor in teams {
                self.oracle.anchor(&mut snapshot, Party::Team(anchor.team));
            }
        }
        self.oracle.take(space, snapshot, brings, self.world.now);
        true
    }

    /// Writes under the head, or pretends to have written under an old one.
    fn write(&mut self, space: SpaceId, who: Who, written_as: Member, at: u8) {
        if at < 160 {
            if !at.is_multiple_of(4) {
                self.anchor(space, who, written_as);
            }
            let taken = self.world.write(space, who, written_as);
            let due = self.world.state(space).needs_rotation(&self.world.dir, self.world.now);
            assert!(taken.is_err() || due.is_empty(), "nothing is written while a rotation is due");
            return;
        }
        let log = &self.world.logs[&space];
        let (old, _) = &log.ops[usize::from(at) % log.ops.len()];
        let state = self.world.state(space);
        let mut author = self.world.author(space, who, written_as);
        if at.is_multiple_of(2) {
            author.prev = log.data.get(usize::from(at) % (log.data.len() + 1)).map(Entry::id);
        }
        let epoch = state.epoch_at(&old.id()).unwrap().id;
        let header = author.data_header(space, old.id(), epoch, [at; 24]);
        self.hostile.push((space, sign_entry(header, vec![at], author.key)));
    }

    fn step(&mut self, (what, a, b, c): (u8, u8, u8, u8)) {
        self.world.now += if what > 240 { limits::INVITE_MS } else { u64::from(what) * 1_000 };
        let space = pick(&self.spaces, c);
        let (who, written_as) = self.actor(space, (a, b));
        let target = self.world.me(usize::from(c / 4) % PEOPLE);
        let team = Member::Team(self.spaces[0]);
        let target = if c > 235 { team } else { target };
        let roles = [Role::Member, Role::Client, Role::Reader, Role::Admin, Role::Owner, Role::Member];
        let grant = Grant { member: target, role: pick(&roles, b / 3) };
        match what % 18 {
            0..=3 => self.write(space, who, written_as, b),
            4 | 5 => self.add(space, who, written_as, grant),
            6 => self.remove(space, who, written_as, target),
            7 => self.leave(space, who, written_as),
            8 => self.set_role(space, who, written_as, grant),
            9 | 10 => self.invite(space, who, written_as, grant.role),
            11 | 12 => self.with_link(c, who, true),
            13 => self.with_link(c, who, false),
            14 => {
                self.world.add_device(who.0);
                self.oracle.people[who.0].devices.push(None);
            }
            15 => self.lose_device(who),
            16 => self.rotate(space, who, written_as),
            _ => {
                self.anchor(space, who, written_as);
            }
        }
    }

    fn lose_device(&mut self, (person, device): Who) {
        let active = self.world.people[person].devices.iter().filter(|device| !device.revoked).count();
        let known = &mut self.oracle.people[person];
        known.generation += 1;
        if active > 1 && !self.world.people[person].devices[device].revoked {
            known.devices[device] = Some(known.generation);
            self.world.revoke((person, device));
        } else {
            self.world.rotate_person(person);
        }
    }

    /// Everything that is due is anchored and rotated, teams first.
    fn settle(&mut self) {
        for space in self.spaces.clone() {
            for _ in 0..4 {
                let due = self.world.state(space).needs_rotation(&self.world.dir, self.world.now);
                if due.is_empty() {
                    break;
                }
                let moved = (0..PEOPLE).any(|person| {
                    let devices = &self.world.people[person].devices;
                    let device = devices.iter().position(|device| !device.revoked).unwrap();
                    let id = self.world.id(person);
                    let own = self.world.state(space).capacities(&self.world.dir, &id);
                    own.into_iter().any(|(member, _)| self.anchor(space, (person, device), member))
                });
                assert!(moved, "nobody could settle {due:?}");
            }
            let due = self.world.state(space).needs_rotation(&self.world.dir, self.world.now);
            assert_eq!(due, Vec::new());
        }
    }

    fn holders(&self) -> Vec<Holder> {
        let devices = self.world.people.iter().enumerate();
        let devices = devices.flat_map(|(person, held)| {
            (0..held.devices.len()).map(move |device| Holder::Device((person, device)))
        });
        devices.chain((0..self.links.len()).map(Holder::Link)).collect()
    }

    fn check_who_opens_what(&self) {
        for holder in self.holders() {
            let holding = match holder {
                Holder::Device(who) => Holding::device(&self.world, who),
                Holder::Link(link) => Holding::link(&self.world, &self.links[link].1),
            };
            for space in &self.spaces {
                let keys = &self.world.logs[space].keys;
                let opened = holding.opens(*space);
                for (id, seed) in &opened {
                    let (_, key) = keys.iter().find(|(epoch, _)| epoch == id).unwrap();
                    assert!(key.seed() == seed, "what opens is the true key");
                }
                let numbers: BTreeSet<usize> =
                    (0..keys.len()).filter(|at| opened.contains_key(&keys[*at].0)).collect();
                assert_eq!(numbers, self.oracle.should_open(holder, *space), "{holder:?} in {space}");
                let current = numbers.contains(&(keys.len() - 1));
                let belongs = self.oracle.belongs(holder, *space, self.world.now);
                assert_eq!(current, belongs, "{holder:?} and the current epoch of {space}");
            }
        }
        for space in &self.spaces {
            let members = self.world.state(*space).members();
            let found: BTreeMap<_, _> =
                members.iter().map(|(member, role)| (self.party(member), *role)).collect();
            assert_eq!(found, self.oracle.last(*space).members);
        }
    }
}

/// One who learns accounts, ops and entries in some order.
#[derive(Default)]
struct Observer {
    known: Known,
    waiting_accounts: Vec<(PersonId, AccountOp)>,
    waiting_ops: Vec<(SpaceId, Entry, u64)>,
    parents: HashMap<EntryId, Option<EntryId>>,
    entries: BTreeMap<EntryId, (SpaceId, Entry)>,
    refused: BTreeSet<EntryId>,
}

#[derive(Clone)]
enum News {
    Account(PersonId, AccountOp),
    Op(SpaceId, Entry, u64),
    Data(SpaceId, Entry),
}

impl Observer {
    fn learn(&mut self, news: News) {
        match news {
            News::Account(person, op) => self.waiting_accounts.push((person, op)),
            News::Op(space, entry, at) => {
                self.parents.insert(entry.id(), entry.header().prev);
                self.waiting_ops.push((space, entry, at));
            }
            News::Data(space, entry) => {
                self.parents.insert(entry.id(), entry.header().prev);
                self.entries.insert(entry.id(), (space, entry));
            }
        }
        while self.account_op() || self.space_op() {}
        for id in self.entries.keys().copied().collect::<Vec<_>>() {
            match self.verdict(&id) {
                Some(Verdict::Refuse(_)) => {
                    self.refused.insert(id);
                }
                Some(_) => assert!(!self.refused.contains(&id), "refused once is refused for ever"),
                None => {}
            }
        }
    }

    fn account_op(&mut self) -> bool {
        let accounts = &mut self.known.accounts;
        let taken = self.waiting_accounts.iter().position(|(person, op)| match accounts.get_mut(person) {
            Some(account) => account.apply(op).is_ok(),
            None => AccountState::genesis(op).map(|account| accounts.insert(*person, account)).is_ok(),
        });
        taken.map(|at| self.waiting_accounts.swap_remove(at)).is_some()
    }

    fn space_op(&mut self) -> bool {
        let known = &mut self.known;
        let taken = self.waiting_ops.iter().position(|(space, entry, at)| {
            let Some(state) = known.states.get(space) else {
                let begun = SpaceState::genesis(entry, known);
                return begun.map(|state| known.states.insert(*space, state)).is_ok();
            };
            let step = state.judge(entry, *at, known);
            step.is_ok_and(|step| known.states.get_mut(space).unwrap().commit(step).is_ok())
        });
        taken.map(|at| self.waiting_ops.swap_remove(at)).is_some()
    }

    fn verdict(&self, id: &EntryId) -> Option<Verdict> {
        let (space, entry) = &self.entries[id];
        let ancestor = |entry: &EntryId, pin: &EntryId| {
            let mut at = Some(*pin);
            while let Some(id) = at {
                if id == *entry {
                    return Some(true);
                }
                at = *self.parents.get(&id)?;
            }
            Some(false)
        };
        let state = self.known.states.get(space)?;
        Some(state.verdict(entry.header(), id, &self.known, &ancestor))
    }

    fn verdicts(&self) -> BTreeMap<EntryId, Option<Verdict>> {
        self.entries.keys().map(|id| (*id, self.verdict(id))).collect()
    }
}

fn all_news(history: &History) -> Vec<News> {
    let world = &history.world;
    let mut news = Vec::new();
    for (person, ops) in &world.account_ops {
        news.extend(ops.iter().map(|op| News::Account(*person, op.clone())));
    }
    for (space, log) in &world.logs {
        news.extend(log.ops.iter().map(|(entry, at)| News::Op(*space, entry.clone(), *at)));
        news.extend(log.data.iter().map(|entry| News::Data(*space, entry.clone())));
    }
    news.extend(history.hostile.iter().map(|(space, entry)| News::Data(*space, entry.clone())));
    news
}

fn check_order(history: &History, seed: u64) {
    let mut news = all_news(history);
    let mut in_order = Observer::default();
    for item in news.clone() {
        in_order.learn(item);
    }
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    for at in (1..news.len()).rev() {
        let other = usize::try_from(rng.next_u64() % (at as u64 + 1)).unwrap();
        news.swap(at, other);
    }
    let mut shuffled = Observer::default();
    for item in news {
        shuffled.learn(item);
    }
    assert!(in_order.waiting_ops.is_empty() && shuffled.waiting_ops.is_empty());
    assert!(in_order.waiting_accounts.is_empty() && shuffled.waiting_accounts.is_empty());
    assert_eq!(in_order.verdicts(), shuffled.verdicts());
    for (space, log) in &history.world.logs {
        for entry in &log.data {
            let verdict = in_order.verdict(&entry.id());
            assert_eq!(verdict, Some(history.world.verdict(*space, entry)));
            assert!(matches!(verdict, Some(Verdict::Accept { .. })), "what a relay took stays: {verdict:?}");
        }
        let (ours, theirs) = (&history.world.state(*space), &shuffled.known.states[space]);
        assert_eq!((ours.head(), ours.members()), (theirs.head(), theirs.members()));
        assert_eq!((ours.invites(), ours.epochs()), (theirs.invites(), theirs.epochs()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_those_open_an_epoch_who_should(
        steps in prop::collection::vec(any::<(u8, u8, u8, u8)>(), 40..160),
        seed in any::<u64>(),
    ) {
        let mut history = History::new();
        for step in steps {
            history.step(step);
        }
        history.settle();
        history.check_who_opens_what();
        check_order(&history, seed);
    }
}

#[test]
fn histories_are_not_empty() {
    let mut history = History::new();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for _ in 0..400 {
        let [what, a, b, c, ..] = rng.next_u64().to_le_bytes();
        history.step((what, a, b, c));
    }
    history.settle();
    history.check_who_opens_what();
    check_order(&history, 2);
    assert!(history.taken > 60 && history.oracle.spaces.values().any(|space| space.epochs.len() > 10));
    let written: usize = history.world.logs.values().map(|log| log.data.len()).sum();
    assert!(written > 20 && history.hostile.len() > 10 && history.links.len() > 3);
    let cuts: usize = history.world.dir.states.values().map(|state| state.cuts().len()).sum();
    assert!(cuts > 20, "{cuts}");
}
