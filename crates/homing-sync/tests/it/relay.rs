//! A relay in memory: keeps logs, slots and feeds, and answers frames. Signatures are not its business.

use std::collections::{BTreeMap, BTreeSet};

use homing_wire::{
    AccountOpId, ClientFrame, DeviceId, Entry, EntryId, EntryKind, FeedItem, Hash, Head, Lane, Member, Moved,
    NackCode, PersonId, Placed, RelayFrame, RelayLimits, ScheduleState, Scheduled, Signature, SignedHead,
    Slot, SlotId, SpaceId, Stored, Timed, VerifyKey,
};

pub const KEY: VerifyKey = VerifyKey([8; 32]);

#[derive(Default, Clone)]
pub struct Log {
    pub entries: Vec<(EntryId, Stored)>,
    head: Option<Head>,
    last: BTreeMap<DeviceId, EntryId>,
    slots: BTreeMap<(DeviceId, SlotId), (u64, u64, Vec<u8>)>,
    slot_sequence: u64,
}

struct Session {
    person: Option<PersonId>,
    device: Option<DeviceId>,
    subs: BTreeSet<SpaceId>,
    feeds: BTreeSet<Member>,
}

pub struct Relay {
    pub generation: u64,
    pub logs: BTreeMap<SpaceId, Log>,
    /// Who may follow which space. One line per (feed, space).
    pub members: BTreeMap<Member, BTreeMap<SpaceId, u64>>,
    pub feed_sequence: BTreeMap<Member, u64>,
    pub registered: BTreeSet<PersonId>,
    pub refuse: Vec<NackCode>,
    pub pulls: usize,
    pub held: bool,
    /// Of the sessions it offers.
    pub version: u32,
    /// What was scheduled, each time it was said, and how many entries the log had then.
    pub scheduled: Vec<(Vec<Timed>, usize)>,
    /// Subscriptions that end at once.
    pub refuse_subs: usize,
    clock: u64,
    sessions: BTreeMap<u64, Session>,
    out: Vec<(u64, Vec<u8>)>,
    /// Feed lines follow the acks and events they tell of.
    lines: Vec<(u64, Vec<u8>)>,
}

impl Relay {
    pub fn new() -> Self {
        Self {
            generation: 1,
            logs: BTreeMap::new(),
            members: BTreeMap::new(),
            feed_sequence: BTreeMap::new(),
            registered: BTreeSet::new(),
            refuse: Vec::new(),
            pulls: 0,
            held: false,
            version: 1,
            scheduled: Vec::new(),
            refuse_subs: 0,
            clock: 1_000,
            sessions: BTreeMap::new(),
            out: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub fn wipe(&mut self) {
        self.generation += 1;
        self.registered.clear();
        self.logs.clear();
        self.feed_sequence.clear();
        for spaces in self.members.values_mut() {
            spaces.values_mut().for_each(|line| *line = 0);
        }
        self.held = true;
    }

    pub fn join(&mut self, member: Member, space: SpaceId) {
        self.members.entry(member).or_default().insert(space, 0);
    }

    pub fn open(&mut self, session: u64) {
        let fresh = Session { person: None, device: None, subs: BTreeSet::new(), feeds: BTreeSet::new() };
        self.sessions.insert(session, fresh);
    }

    pub fn close(&mut self, session: u64) {
        self.sessions.remove(&session);
    }

    pub fn take(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut all = std::mem::take(&mut self.out);
        all.append(&mut self.lines);
        all
    }

    pub fn head(&self, space: &SpaceId) -> Head {
        self.logs.get(space).and_then(|log| log.head).unwrap_or(Head::empty(self.generation))
    }

    fn signed(&self, space: &SpaceId) -> SignedHead {
        SignedHead { space: *space, head: self.head(space), signature: Signature([7; 64]) }
    }

    fn say(&mut self, session: u64, frame: RelayFrame) {
        self.out.push((session, frame.encode()));
    }

    fn nack(&mut self, session: u64, req: u64, code: NackCode) {
        self.say(session, RelayFrame::Nack { req, code, people: vec![], retry_after_ms: None });
    }

    /// Appends an entry and tells everybody; also for tests that fill a log directly.
    pub fn append(&mut self, space: SpaceId, entry: Vec<u8>, received_ms: Option<u64>) -> Placed {
        self.clock += 1;
        let received_ms = received_ms.unwrap_or(self.clock);
        let decoded = Entry::decode(&entry).unwrap();
        let id = decoded.id();
        let head = self.head(&space).next(self.generation, &id, received_ms);
        let stored = Stored { sequence: head.sequence, received_ms, generation: self.generation, entry };
        let log = self.logs.entry(space).or_default();
        log.head = Some(head);
        log.last.insert(decoded.header().device, id);
        log.entries.push((id, stored.clone()));
        self.moved(space);
        let signed = self.signed(&space);
        for session in self.subscribed(&space) {
            self.say(session, RelayFrame::Event { space, stored: stored.clone(), head: signed.clone() });
        }
        Placed { id, sequence: head.sequence, received_ms, head: signed }
    }

    fn subscribed(&self, space: &SpaceId) -> Vec<u64> {
        self.sessions.iter().filter(|(_, s)| s.subs.contains(space)).map(|(id, _)| *id).collect()
    }

    fn moved(&mut self, space: SpaceId) {
        let feeds: Vec<Member> =
            self.members.iter().filter(|(_, spaces)| spaces.contains_key(&space)).map(|(m, _)| *m).collect();
        for feed in feeds {
            let sequence = self.feed_sequence.entry(feed).or_default();
            *sequence += 1;
            let sequence = *sequence;
            self.members.get_mut(&feed).unwrap().insert(space, sequence);
            let item = self.line(feed, space, sequence);
            let sessions: Vec<u64> =
                self.sessions.iter().filter(|(_, s)| s.feeds.contains(&feed)).map(|(id, _)| *id).collect();
            for session in sessions {
                let frame = RelayFrame::Feed { items: vec![item.clone()], caught_up: true };
                self.lines.push((session, frame.encode()));
            }
        }
    }

    fn line(&self, feed: Member, space: SpaceId, sequence: u64) -> FeedItem {
        let slots = self.logs.get(&space).map_or(0, |log| log.slot_sequence);
        FeedItem { feed, sequence, moved: Moved::Space { space, head: self.head(&space), slots } }
    }

    pub fn receive(&mut self, session: u64, bytes: &[u8]) {
        let frame = ClientFrame::decode(bytes).expect("clients speak the protocol");
        if !self.sessions.contains_key(&session) {
            return;
        }
        match frame {
            ClientFrame::Hello { .. } => self.say(
                session,
                RelayFrame::Challenge {
                    version: self.version,
                    relay: KEY,
                    nonce: Hash([session as u8; 32]),
                    generation: self.generation,
                },
            ),
            ClientFrame::AccountPush { req, op } => {
                self.registered.insert(PersonId([op[0]; 32]));
                self.say(session, RelayFrame::Ack { req, placed: None });
            }
            ClientFrame::Auth { person, device, .. } => {
                if !self.registered.contains(&person) {
                    let code = NackCode::NotFound;
                    return self.say(session, RelayFrame::GoAway { code, retry_after_ms: None });
                }
                let state = self.sessions.get_mut(&session).unwrap();
                (state.person, state.device) = (Some(person), Some(device));
                self.say(
                    session,
                    RelayFrame::Welcome {
                        generation: self.generation,
                        account: AccountOpId([0; 32]),
                        limits: RelayLimits { blob_bytes: 1, push_bytes: 10_000, account_bytes: 1 },
                        blob_token: "token".into(),
                        now_ms: self.clock,
                    },
                );
            }
            ClientFrame::Feed { cursors, .. } => {
                let mut items = Vec::new();
                for cursor in cursors {
                    self.sessions.get_mut(&session).unwrap().feeds.insert(cursor.feed);
                    let lines = self.members.get(&cursor.feed).cloned().unwrap_or_default();
                    let mut lines: Vec<_> = lines
                        .into_iter()
                        .filter(|(_, sequence)| *sequence > cursor.sequence)
                        .map(|(space, sequence)| self.line(cursor.feed, space, sequence))
                        .collect();
                    lines.sort_by_key(|line| line.sequence);
                    items.extend(lines);
                }
                self.say(session, RelayFrame::Feed { items, caught_up: true });
            }
            ClientFrame::PullScheduled { req } => {
                let kept = self.scheduled.last().map(|(entries, _)| entries.clone()).unwrap_or_default();
                let items = kept.iter().map(|timed| {
                    let entry = Entry::decode(&timed.entry).unwrap();
                    let (space, device) = (entry.header().space, entry.header().device);
                    let state = ScheduleState::Waiting;
                    let (tag, release_ms, entry) = (timed.tag, timed.release_ms, entry.id());
                    Scheduled { space, tag, entry, device, release_ms, state }
                });
                let items = items.collect();
                self.say(session, RelayFrame::Scheduled { req, items });
            }
            ClientFrame::Schedule { req, space, entries } => match self.refuse.pop() {
                Some(code) => self.nack(session, req, code),
                None => {
                    let so_far = self.logs.get(&space).map_or(0, |log| log.entries.len());
                    self.scheduled.push((entries, so_far));
                    self.say(session, RelayFrame::Ack { req, placed: None });
                }
            },
            ClientFrame::Unschedule { req, .. } => self.nack(session, req, NackCode::NotFound),
            ClientFrame::Sub { space, on: true } if self.refuse_subs > 0 => {
                self.refuse_subs -= 1;
                self.say(session, RelayFrame::Overflow { space });
            }
            ClientFrame::Sub { space, on } => {
                let subs = &mut self.sessions.get_mut(&session).unwrap().subs;
                if on {
                    subs.insert(space)
                } else {
                    subs.remove(&space)
                };
            }
            ClientFrame::Pull { req, space, from, backwards, lane, bytes } => {
                self.pulls += 1;
                let Some(log) = self.logs.get(&space) else {
                    return self.nack(session, req, NackCode::NotFound);
                };
                let wanted = |stored: &Stored| {
                    let op = Entry::decode(&stored.entry).unwrap().header().kind == EntryKind::Op;
                    lane == Lane::All || op
                };
                let mut found: Vec<Stored> = log
                    .entries
                    .iter()
                    .map(|(_, stored)| stored)
                    .filter(|s| if backwards { from == 0 || s.sequence < from } else { s.sequence > from })
                    .filter(|stored| wanted(stored))
                    .cloned()
                    .collect();
                if backwards {
                    found.reverse();
                }
                let mut size = 0;
                let fits = found
                    .iter()
                    .take_while(|stored| {
                        size += stored.entry.len();
                        size == stored.entry.len() || size <= bytes as usize
                    })
                    .count();
                let more = fits < found.len();
                found.truncate(fits);
                let head = self.signed(&space);
                self.say(session, RelayFrame::Page { req, space, entries: found, head, more });
            }
            ClientFrame::PullSlots { req, space, since } => {
                let log = self.logs.entry(space).or_default();
                let mut slots: Vec<_> = log
                    .slots
                    .values()
                    .filter(|(s, ..)| *s > since)
                    .map(|(s, _, b)| (*s, b.clone().into()))
                    .collect();
                slots.sort_by_key(|(sequence, _): &(u64, _)| *sequence);
                let more = slots.len() > 2;
                slots.truncate(2);
                self.say(session, RelayFrame::Slots { req, space, slots, more });
            }
            ClientFrame::Push { req, entry } => self.push(session, req, entry),
            ClientFrame::PushSlot { req, slot } => self.push_slot(session, req, slot),
            ClientFrame::Ids { req, space, from } => {
                if !self.logs.contains_key(&space) {
                    return self.nack(session, req, NackCode::NotFound);
                }
                let all: Vec<_> =
                    self.logs[&space].entries.iter().skip(from as usize).map(|(id, _)| *id).collect();
                let ids: Vec<_> = all.iter().take(3).copied().collect();
                let (more, head, held) = (ids.len() < all.len(), self.signed(&space), self.held);
                self.say(session, RelayFrame::Ids { req, space, ids, more, head, held });
            }
            ClientFrame::Repush { req, space, entries } => {
                for repush in entries {
                    let id = Entry::decode(&repush.stored.entry).unwrap().id();
                    let known =
                        self.logs.get(&space).is_some_and(|log| log.entries.iter().any(|(e, _)| *e == id));
                    if !known {
                        self.append(space, repush.stored.entry, Some(repush.stored.received_ms));
                    }
                }
                self.say(session, RelayFrame::Ack { req, placed: None });
            }
            ClientFrame::ConfirmGeneration { req, .. } => {
                self.held = false;
                self.say(session, RelayFrame::Ack { req, placed: None });
            }
            ClientFrame::RepushAccount { req, ops } => {
                self.registered.insert(PersonId([ops[0][0]; 32]));
                self.say(session, RelayFrame::Ack { req, placed: None });
            }
            ClientFrame::Prove { req, .. } | ClientFrame::Grant { req, .. } => {
                self.say(session, RelayFrame::Ack { req, placed: None })
            }
            ClientFrame::Ephemeral { space, content } => {
                let device = self.sessions[&session].device.unwrap();
                for other in self.subscribed(&space).into_iter().filter(|other| *other != session) {
                    self.say(other, RelayFrame::Ephemeral { space, device, content: content.clone() });
                }
            }
            ClientFrame::Mail { req, mailbox, put, .. } => {
                let messages = put.into_iter().collect();
                self.say(session, RelayFrame::Mail { req, mailbox, messages });
            }
            ClientFrame::PullAccount { req, person, .. } => {
                if let Some(code) = self.refuse.pop() {
                    return self.nack(session, req, code);
                }
                self.say(session, RelayFrame::Account { req, person, ops: vec![vec![1].into()] });
            }
            ClientFrame::Peek { req, space, .. } => {
                let entries = self.logs[&space].entries.iter().map(|(_, stored)| stored.clone()).collect();
                let head = self.signed(&space);
                self.say(session, RelayFrame::Page { req, space, entries, head, more: false });
            }
            ClientFrame::Recover { req, .. } => self.nack(session, req, NackCode::NotFound),
            ClientFrame::Credit { .. } => {}
        }
    }

    fn push(&mut self, session: u64, req: u64, entry: Vec<u8>) {
        let decoded = Entry::decode(&entry).unwrap();
        let (id, header) = (decoded.id(), decoded.header());
        let space = header.space;
        let known = self.logs.get(&space).and_then(|log| log.entries.iter().find(|(known, _)| *known == id));
        if let Some((_, stored)) = known {
            let (sequence, received_ms, head) = (stored.sequence, stored.received_ms, self.signed(&space));
            let placed = Some(Placed { id, sequence, received_ms, head });
            return self.say(session, RelayFrame::Ack { req, placed });
        }
        if let Some(code) = self.refuse.pop() {
            return self.nack(session, req, code);
        }
        let last = self.logs.get(&space).and_then(|log| log.last.get(&header.device)).copied();
        if last != header.prev {
            return self.nack(session, req, NackCode::Cloned);
        }
        let placed = self.append(space, entry, None);
        self.say(session, RelayFrame::Ack { req, placed: Some(placed) });
    }

    fn push_slot(&mut self, session: u64, req: u64, bytes: Vec<u8>) {
        let slot = Slot::decode(&bytes).unwrap();
        let header = slot.header();
        let log = self.logs.entry(header.space).or_default();
        let key = (header.device, header.slot);
        if let Some((sequence, counter, _)) = log.slots.get(&key).cloned()
            && counter >= header.counter
        {
            return self.say(session, RelayFrame::SlotAck { req, sequence });
        }
        log.slot_sequence += 1;
        let sequence = log.slot_sequence;
        log.slots.insert(key, (sequence, header.counter, bytes.clone()));
        self.moved(header.space);
        for other in self.subscribed(&header.space).into_iter().filter(|other| *other != session) {
            let slots = vec![(sequence, bytes.clone().into())];
            self.say(other, RelayFrame::Slots { req: 0, space: header.space, slots, more: false });
        }
        self.say(session, RelayFrame::SlotAck { req, sequence });
    }
}
