//! Devices with a store that checks every promise of the client, and a network between them and the relay.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use homing_sync::{ChainItem, Client, Config, Effect, Event, Identity, LogCursor, SpaceCursor, Start};
use homing_wire::{
    DeviceId, Entry, EntryBody, EntryHeader, EntryId, EntryKind, FeedCursor, Lane, Member, PersonId, Repush,
    Salt, Signature, Slot, SlotBody, SlotHeader, SlotId, SpaceId, Stored,
};

use crate::relay::{KEY, Relay};

pub fn space(n: u8) -> SpaceId {
    SpaceId([n; 32])
}

pub fn config(n: u8) -> Config {
    let identity = Identity { person: PersonId([n; 32]), device: DeviceId([n; 32]) };
    Config {
        page_bytes: 1500,
        near: 6,
        ..Config::new("relay.test".into(), Some(identity), Some(KEY), u64::from(n))
    }
}

pub fn entry(n: u8, space: SpaceId, dseq: u64, prev: Option<EntryId>, op: bool) -> Entry {
    Entry {
        body: EntryBody {
            header: EntryHeader {
                version: 1,
                space,
                kind: if op { EntryKind::Op } else { EntryKind::Data },
                device: DeviceId([n; 32]),
                person: PersonId([n; 32]),
                written_as: Member::Person(PersonId([n; 32])),
                dseq,
                prev,
                op_head: None,
                rules: 1,
                epoch: None,
                salt: Salt([0; 16]),
                seen: None,
                nonce: [0; 24],
            },
            content: vec![n; 20 + (dseq as usize * 37) % 200],
        },
        signature: Signature([1; 64]),
    }
}

#[derive(Default)]
pub struct Place {
    pub entries: BTreeMap<u64, (EntryId, Stored)>,
    pub cursor: Option<SpaceCursor>,
    /// Everything ever stored, also from before a refill.
    pub kept: BTreeMap<EntryId, Stored>,
    pub slots: BTreeMap<(DeviceId, SlotId), u64>,
    relay_ids: BTreeSet<EntryId>,
    missing: VecDeque<Repush>,
}

pub struct Device {
    pub n: u8,
    pub client: Client,
    pub places: BTreeMap<SpaceId, Place>,
    pub generation: u64,
    pub feeds: BTreeMap<Member, u64>,
    pub registered: bool,
    /// Frozen and not acknowledged, in order.
    pub outbox: Vec<(SpaceId, EntryId, Vec<u8>)>,
    pub acked: BTreeMap<EntryId, usize>,
    pub given_up: BTreeSet<EntryId>,
    last: BTreeMap<SpaceId, (u64, Option<EntryId>)>,
    acked_last: BTreeMap<SpaceId, EntryId>,
    slot_counter: u64,
    slot_outbox: BTreeMap<SpaceId, (u64, Vec<u8>)>,
    pub open: BTreeSet<SpaceId>,
    pub fail_storage: usize,
    pub log: Vec<Effect>,
    pub link: Option<u64>,
    pub connected: bool,
    up: VecDeque<Vec<u8>>,
    pub down: VecDeque<Vec<u8>>,
}

pub struct World {
    pub now: u64,
    pub relay: Relay,
    pub devices: Vec<Device>,
}

fn session(device: usize, link: u64) -> u64 {
    link * 16 + device as u64
}

impl World {
    pub fn new(devices: u8) -> Self {
        let devices = (1..=devices)
            .map(|n| Device {
                n,
                client: Client::new(config(n), Start::default()),
                places: BTreeMap::new(),
                generation: 0,
                feeds: [(Member::Person(PersonId([n; 32])), 0)].into(),
                registered: false,
                outbox: Vec::new(),
                acked: BTreeMap::new(),
                given_up: BTreeSet::new(),
                last: BTreeMap::new(),
                acked_last: BTreeMap::new(),
                slot_counter: 0,
                slot_outbox: BTreeMap::new(),
                open: BTreeSet::new(),
                fail_storage: 0,
                log: Vec::new(),
                link: None,
                connected: false,
                up: VecDeque::new(),
                down: VecDeque::new(),
            })
            .collect();
        let mut world = Self { now: 1_000_000, relay: Relay::new(), devices };
        for d in 0..world.devices.len() {
            world.restart(d);
        }
        world
    }

    /// Everybody is a member of these spaces.
    pub fn with_spaces(mut self, spaces: u8) -> Self {
        for n in 1..=self.devices.len() as u8 {
            for s in 1..=spaces {
                self.relay.join(Member::Person(PersonId([n; 32])), space(s));
            }
        }
        self
    }

    /// The process ends and starts again from what its store has.
    pub fn restart(&mut self, d: usize) {
        self.cut(d);
        let device = &mut self.devices[d];
        let start = Start {
            register: (!device.registered).then(|| vec![device.n]),
            generation: device.generation,
            feeds: device
                .feeds
                .iter()
                .map(|(feed, sequence)| FeedCursor { feed: *feed, sequence: *sequence })
                .collect(),
            spaces: device.places.iter().filter_map(|(id, place)| Some((*id, place.cursor?))).collect(),
        };
        device.client = Client::new(config(device.n), start);
        device.link = None;
        let mut events = vec![Event::Wake];
        events.extend(device.outbox.iter().map(|(space, id, entry)| Event::Push {
            space: *space,
            id: *id,
            entry: entry.clone(),
        }));
        events.extend(device.slot_outbox.iter().map(|(space, (counter, bytes))| Event::PushSlot {
            space: *space,
            slot: SlotId([1; 16]),
            counter: *counter,
            bytes: bytes.clone(),
        }));
        events.extend(device.open.iter().map(|space| Event::OpenSpace(*space)));
        for event in events {
            self.handle(d, event);
        }
    }

    /// The connection breaks; what was on its way is lost.
    pub fn cut(&mut self, d: usize) {
        let device = &mut self.devices[d];
        device.up.clear();
        device.down.clear();
        device.connected = false;
        if let Some(link) = device.link.take() {
            self.relay.close(session(d, link));
            self.handle(d, Event::SocketClosed { link });
        }
    }

    pub fn write(&mut self, d: usize, space: SpaceId, op: bool) {
        let device = &mut self.devices[d];
        let (dseq, prev) = device.last.entry(space).or_insert((0, None));
        *dseq += 1;
        let entry = entry(device.n, space, *dseq, *prev, op);
        let id = entry.id();
        *prev = Some(id);
        let bytes = entry.encode();
        device.outbox.push((space, id, bytes.clone()));
        self.handle(
            d,
            if op {
                Event::PushOp { space, id, entry: bytes }
            } else {
                Event::Push { space, id, entry: bytes }
            },
        );
    }

    pub fn write_slot(&mut self, d: usize, space: SpaceId) {
        let device = &mut self.devices[d];
        device.slot_counter += 1;
        let (counter, slot) = (device.slot_counter, SlotId([1; 16]));
        let person = PersonId([device.n; 32]);
        let header = SlotHeader {
            version: 1,
            space,
            device: DeviceId([device.n; 32]),
            person,
            written_as: Member::Person(person),
            slot,
            counter,
            op_head: EntryId([0; 32]),
            epoch: EntryId([0; 32]),
            nonce: [0; 24],
        };
        let bytes =
            Slot { body: SlotBody { header, content: vec![1; 40] }, signature: Signature([0; 64]) }.encode();
        device.slot_outbox.insert(space, (counter, bytes.clone()));
        self.handle(d, Event::PushSlot { space, slot, counter, bytes });
    }

    pub fn open(&mut self, d: usize, space: SpaceId) {
        self.devices[d].open.insert(space);
        self.handle(d, Event::OpenSpace(space));
    }

    /// Hands over up to `n` messages to the relay.
    pub fn deliver_up(&mut self, d: usize, n: usize) -> bool {
        let mut any = false;
        for _ in 0..n {
            let device = &mut self.devices[d];
            let Some(link) = device.link else { break };
            if !device.connected {
                device.connected = true;
                self.relay.open(session(d, link));
                self.handle(d, Event::SocketOpened { link });
                any = true;
                continue;
            }
            let Some(bytes) = device.up.pop_front() else { break };
            self.relay.receive(session(d, link), &bytes);
            self.fan_out();
            any = true;
        }
        any
    }

    pub fn fan_out(&mut self) {
        for (to, bytes) in self.relay.take() {
            let device = &mut self.devices[(to % 16) as usize];
            if device.link == Some(to / 16) {
                device.down.push_back(bytes);
            }
        }
    }

    pub fn deliver_down(&mut self, d: usize, n: usize) -> bool {
        let mut any = false;
        for _ in 0..n {
            let Some(link) = self.devices[d].link else { break };
            let Some(bytes) = self.devices[d].down.pop_front() else { break };
            self.handle(d, Event::Frame { link, bytes });
            any = true;
        }
        any
    }

    pub fn advance(&mut self, ms: u64) {
        self.now += ms;
        for d in 0..self.devices.len() {
            if self.devices[d].client.next_wake().is_some_and(|at| at <= self.now) {
                self.handle(d, Event::Wake);
            }
        }
    }

    /// Messages flow until nothing is left to say.
    pub fn flow(&mut self) {
        for _ in 0..100_000 {
            let mut any = false;
            for d in 0..self.devices.len() {
                any |= self.deliver_up(d, 8);
                any |= self.deliver_down(d, 8);
            }
            if !any {
                return;
            }
        }
        panic!("they talk for ever");
    }

    /// Faults are over: flow, and let time pass while somebody waits for it.
    pub fn settle(&mut self) {
        for _ in 0..400 {
            self.flow();
            let Some(at) = self.devices.iter().filter_map(|d| d.client.next_wake()).min() else { return };
            self.advance(at.saturating_sub(self.now).max(1));
        }
        panic!(
            "somebody waits for ever: {:?}",
            self.devices.iter().map(|d| d.client.status()).collect::<Vec<_>>()
        );
    }

    pub fn handle(&mut self, d: usize, event: Event) {
        let mut events = VecDeque::from([event]);
        let now = self.now;
        while let Some(event) = events.pop_front() {
            for effect in self.devices[d].client.handle(event, now) {
                self.devices[d].log.push(effect.clone());
                self.carry_out(d, effect, &mut events);
            }
        }
    }

    fn carry_out(&mut self, d: usize, effect: Effect, events: &mut VecDeque<Event>) {
        let device = &mut self.devices[d];
        match effect {
            Effect::Connect { link } => {
                device.up.clear();
                device.down.clear();
                (device.link, device.connected) = (Some(link), false);
            }
            Effect::Disconnect { link, .. } if device.link == Some(link) => {
                device.link = None;
                self.relay.close(session(d, link));
            }
            Effect::Send { link, bytes } if device.link == Some(link) => device.up.push_back(bytes),
            Effect::SignAuth { link, .. } => {
                events.push_back(Event::Signed { link, signature: Signature([3; 64]) })
            }
            Effect::WantAccount { link } => {
                events.push_back(Event::OwnAccount { link, ops: vec![vec![device.n]] })
            }
            Effect::Registered => device.registered = true,
            Effect::Entries { space, ticket, entries, lane, cursor, head, .. } => {
                assert_eq!(head.space, space);
                if device.fail_storage > 0 {
                    device.fail_storage -= 1;
                    return events.push_back(Event::StorageFailed { ticket });
                }
                let place = device.places.entry(space).or_default();
                for stored in entries {
                    let id = Entry::decode(&stored.entry).unwrap().id();
                    place.kept.insert(id, stored.clone());
                    if lane == Lane::All || cursor.gap.is_none() {
                        place.entries.insert(stored.sequence, (id, stored));
                    } else {
                        place.entries.entry(stored.sequence).or_insert((id, stored));
                    }
                }
                device.move_cursor(space, cursor);
                events.push_back(Event::Applied { ticket });
            }
            Effect::Verified { space, ticket, cursor } => {
                device.move_cursor(space, cursor);
                events.push_back(Event::Applied { ticket });
            }
            Effect::Slots { space, ticket, slots, cursor, .. } => {
                if device.fail_storage > 0 {
                    device.fail_storage -= 1;
                    return events.push_back(Event::StorageFailed { ticket });
                }
                let place = device.places.entry(space).or_default();
                for (_, bytes) in slots {
                    let slot = Slot::decode(&bytes).unwrap();
                    let known = place.slots.entry((slot.header().device, slot.header().slot)).or_default();
                    *known = (*known).max(slot.header().counter);
                }
                let generation = device.generation;
                place.cursor.get_or_insert(SpaceCursor::empty(generation)).slots = cursor;
                events.push_back(Event::Applied { ticket });
            }
            Effect::ReadChain { space, after, limit } => {
                let items = device.places[&space]
                    .entries
                    .range(after + 1..)
                    .take(limit.min(5))
                    .map(|(sequence, (id, stored))| ChainItem {
                        sequence: *sequence,
                        id: *id,
                        received_ms: stored.received_ms,
                        generation: stored.generation,
                    })
                    .collect();
                events.push_back(Event::Chain { space, items });
            }
            Effect::Acked { space, id, placed } => {
                assert_eq!(placed.id, id);
                *device.acked.entry(id).or_default() += 1;
                device.outbox.retain(|(_, queued, _)| *queued != id);
                device.acked_last.insert(space, id);
            }
            Effect::Refused { space, id, retry: false, .. } => {
                device.given_up.insert(id);
                device.outbox.retain(|(_, queued, _)| *queued != id);
                if !device.outbox.iter().any(|(s, ..)| *s == space) {
                    let last = device.acked_last.get(&space).copied();
                    device.last.entry(space).or_default().1 = last;
                }
            }
            Effect::Dropped { space, ids } => {
                let last = device.acked_last.get(&space).copied();
                let known = device.last.entry(space).or_default();
                known.1 = last;
                for id in ids {
                    device.given_up.insert(id);
                    device.outbox.retain(|(_, queued, _)| *queued != id);
                    // Sealed anew under a new number.
                    let (dseq, prev) = device.last.entry(space).or_default();
                    *dseq += 1;
                    let entry = entry(device.n, space, *dseq, *prev, false);
                    let id = entry.id();
                    *prev = Some(id);
                    device.outbox.push((space, id, entry.encode()));
                    events.push_back(Event::Push { space, id, entry: entry.encode() });
                }
            }
            Effect::SlotAcked { space, counter, .. }
                if device.slot_outbox.get(&space).is_some_and(|(c, _)| *c == counter) =>
            {
                device.slot_outbox.remove(&space);
            }
            Effect::CursorMoved { generation, cursors } => {
                device.generation = generation;
                device.feeds = cursors.iter().map(|cursor| (cursor.feed, cursor.sequence)).collect();
                for cursor in cursors {
                    self.check_feed(d, cursor);
                }
            }
            Effect::GenerationRaised { .. } => events.push_back(Event::RepushAccounts(vec![vec![vec![1]]])),
            Effect::CompareIds { space, from, ids, more, .. } => {
                let place = device.places.entry(space).or_default();
                if from == 0 {
                    place.relay_ids.clear();
                }
                place.relay_ids.extend(ids);
                if !more {
                    let (ids, kept) = (&place.relay_ids, &place.kept);
                    let mut missing: Vec<_> = kept
                        .iter()
                        .filter(|(id, _)| !ids.contains(*id))
                        .map(|(_, stored)| stored.clone())
                        .collect();
                    missing.sort_by_key(|stored| stored.sequence);
                    place.missing = missing.into_iter().map(|stored| Repush { stored }).collect();
                    events.push_back(Event::Missing { space, proof: None, confirm: Some(EntryId([0; 32])) });
                }
            }
            Effect::WantRepush { space } => {
                let place = device.places.entry(space).or_default();
                let n = place.missing.len().min(4);
                let entries = place.missing.drain(..n).collect();
                events.push_back(Event::Repush { space, entries, more: !place.missing.is_empty() });
            }
            Effect::Refilled { space, cursor } => {
                let place = device.places.entry(space).or_default();
                place.entries.clear();
                place.slots.clear();
                place.cursor = Some(cursor);
            }
            Effect::Diverged { what, .. } => panic!("device {} sees {what:?}", device.n),
            _ => {}
        }
    }

    /// A persisted feed cursor promises that everything it passed is stored.
    fn check_feed(&self, d: usize, cursor: FeedCursor) {
        let device = &self.devices[d];
        if device.generation != self.relay.generation {
            return;
        }
        for (space, sequence) in self.relay.members.get(&cursor.feed).into_iter().flatten() {
            if *sequence == 0 || *sequence > cursor.sequence {
                continue;
            }
            let held =
                device.places.get(space).and_then(|place| place.cursor).map_or(0, |c| c.log.tip().sequence);
            assert!(held >= self.relay.head(space).sequence, "the feed passed what is not stored");
        }
    }

    /// Everybody holds everything, and nothing waits.
    pub fn assert_converged(&self) {
        for device in &self.devices {
            assert!(
                device.outbox.is_empty(),
                "device {} still waits for {} acks",
                device.n,
                device.outbox.len()
            );
            assert!(device.slot_outbox.is_empty());
            for (id, times) in &device.acked {
                assert_eq!(*times, 1, "{id:?} acknowledged {times} times");
                assert!(!device.given_up.contains(id), "{id:?} acknowledged and refused");
            }
            for (space, log) in &self.relay.logs {
                let place = device.places.get(space);
                let held: Vec<_> = place
                    .into_iter()
                    .flat_map(|p| p.entries.values())
                    .map(|(id, s)| (*id, s.clone()))
                    .collect();
                assert_eq!(held, log.entries, "device {}", device.n);
                let Some(cursor) = place.and_then(|p| p.cursor) else { continue };
                let head = self.relay.head(space);
                assert_eq!((cursor.log.head.sequence, cursor.log.head.chain), (head.sequence, head.chain));
                assert_eq!(cursor.log.gap, None);
            }
        }
    }
}

impl Device {
    /// A cursor promises that what it passed is stored.
    fn move_cursor(&mut self, space: SpaceId, cursor: LogCursor) {
        let generation = self.generation;
        let place = self.places.entry(space).or_default();
        let upper = cursor.gap.map_or(0..=0, |gap| gap.low..=gap.tip.sequence);
        for sequence in (1..=cursor.head.sequence).chain(upper).filter(|sequence| *sequence > 0) {
            assert!(
                place.entries.contains_key(&sequence),
                "the cursor passed {sequence}, which is not stored"
            );
        }
        place.cursor.get_or_insert(SpaceCursor::empty(generation)).log = cursor;
    }

    pub fn saw(&self, what: impl Fn(&Effect) -> bool) -> usize {
        self.log.iter().filter(|effect| what(effect)).count()
    }
}
