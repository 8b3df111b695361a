//! The client itself: takes events apart and keeps everything moving.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use homing_wire::{ClientFrame, NackCode, RelayFrame, SpaceId, VerifyKey};

use crate::account::AccountOutbox;
use crate::ask::Asks;
use crate::feeds::{Feeds, Thing, Until};
use crate::pull::Queues;
use crate::refill::Refilling;
use crate::requests::Asked;
use crate::schedule::Schedules;
use crate::session::{Link, Session, Stage};
use crate::slots::SlotOutbox;
use crate::space::Space;
use crate::{Config, Effect, Event, Fault, Hold, Start, Ticket};

/// What to show of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// No socket; the next try is at this time.
    Offline {
        /// Unix ms.
        retry_at_ms: u64,
    },
    /// On the way to a session.
    Connecting,
    /// Bound. `caught_up`: everything the relay told is applied, but for older history.
    Online {
        /// Nothing is lacking.
        caught_up: bool,
    },
    /// Connected without an identity, for linking or recovery.
    Anonymous,
    /// No more tries: revoked, or another relay answers.
    Stopped,
}

/// The protocol's client, see the [crate].
#[derive(Debug)]
pub struct Client {
    pub(crate) config: Config,
    pub(crate) register: Option<Vec<u8>>,
    pub(crate) now: u64,
    pub(crate) link: Link,
    pub(crate) last_link: u64,
    pub(crate) attempt: u32,
    /// The newest the relay told; feeds' cursors belong to it.
    pub(crate) generation: u64,
    pub(crate) spaces: BTreeMap<SpaceId, Space>,
    pub(crate) open: BTreeSet<SpaceId>,
    pub(crate) lagging: BTreeSet<SpaceId>,
    pub(crate) feeds: Feeds,
    pub(crate) queues: Queues,
    pub(crate) push_queue: VecDeque<SpaceId>,
    /// Spaces that rest until then.
    pub(crate) timers: BTreeSet<(u64, SpaceId)>,
    pub(crate) tickets: BTreeMap<Ticket, SpaceId>,
    pub(crate) last_ticket: u64,
    pub(crate) slots: SlotOutbox,
    pub(crate) accounts: AccountOutbox,
    pub(crate) asks: Asks,
    pub(crate) refilling: Refilling,
    pub(crate) schedules: Schedules,
    /// What the relay takes nothing new of, and why.
    holds: BTreeMap<Option<SpaceId>, Hold>,
    pub(crate) out: Vec<Effect>,
}

impl Client {
    /// A client that is offline. The first [`Event::Wake`] connects it.
    pub fn new(config: Config, start: Start) -> Self {
        Self {
            config,
            register: start.register,
            now: 0,
            link: Link::Down { retry_at: 0 },
            last_link: 0,
            attempt: 0,
            generation: start.generation,
            spaces: start.spaces.into_iter().map(|(id, cursor)| (id, Space::new(cursor))).collect(),
            open: BTreeSet::new(),
            lagging: BTreeSet::new(),
            feeds: Feeds::new(&start.feeds),
            queues: Queues::default(),
            push_queue: VecDeque::new(),
            timers: BTreeSet::new(),
            tickets: BTreeMap::new(),
            last_ticket: 0,
            slots: SlotOutbox::default(),
            accounts: AccountOutbox::default(),
            asks: Asks::default(),
            refilling: Refilling::default(),
            schedules: Schedules::default(),
            holds: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    /// Takes an event; returns what to do, in order.
    ///
    /// An effect that is carried out may give rise to an event at once; what that returns queues behind the effects
    /// that are not carried out yet. Carried out before them, frames would overtake each other (an entry the one it
    /// names as `prev`), and an older feed cursor would replace a newer one.
    pub fn handle(&mut self, event: Event, now_ms: u64) -> Vec<Effect> {
        self.now = self.now.max(now_ms);
        if let Err(fault) = self.take_event(event) {
            self.end(Some(fault), 0);
        }
        self.pump();
        std::mem::take(&mut self.out)
    }

    /// How the connection is.
    pub fn status(&self) -> Connection {
        match &self.link {
            Link::Down { retry_at } => Connection::Offline { retry_at_ms: *retry_at },
            Link::Stopped => Connection::Stopped,
            Link::Up(session) => match session.stage {
                Stage::Online => Connection::Online { caught_up: session.all_caught_up },
                Stage::Anonymous => Connection::Anonymous,
                _ => Connection::Connecting,
            },
        }
    }

    /// When [`Event::Wake`] is due.
    pub fn next_wake(&self) -> Option<u64> {
        match &self.link {
            Link::Down { retry_at } => Some(*retry_at),
            Link::Stopped => None,
            Link::Up(session) => [
                session.deadline,
                session.requests.deadline(),
                self.timers.first().map(|(at, _)| *at),
                self.slots.next_wake(),
                self.accounts.next_wake(),
                self.asks.next_wake(),
                self.refilling.next_wake(),
                (session.sub_not_before > self.now).then_some(session.sub_not_before),
            ]
            .into_iter()
            .flatten()
            .min(),
        }
    }

    /// True if everything the relay told of this space in this session is applied, but for older history.
    pub fn is_caught_up(&self, space: &SpaceId) -> bool {
        self.session().is_some_and(|s| s.stage == Stage::Online && s.feed_caught_up)
            && self
                .spaces
                .get(space)
                .is_some_and(|space| space.halt.is_none() && space.refill.is_none() && space.caught_up())
    }

    /// Entries of a space that wait for their acknowledgement: an engine that seals late hands over few at a time.
    pub fn push_backlog(&self, space: &SpaceId) -> usize {
        self.spaces.get(space).map_or(0, |space| space.pushes.len())
    }

    /// The relay's key, once known.
    pub fn relay_key(&self) -> Option<VerifyKey> {
        self.config.relay_key
    }

    fn take_event(&mut self, event: Event) -> Result<(), Fault> {
        match event {
            Event::Wake => return self.wake(),
            Event::NetworkUp => {
                self.attempt = 0;
                match &self.link {
                    Link::Down { .. } => self.connect(),
                    Link::Up(session) if session.stage != Stage::Online => return Err(Fault::NetworkChanged),
                    _ => {}
                }
            }
            Event::SocketOpened { link } if self.is_link(link) => self.opened(),
            Event::SocketClosed { link } if self.is_link(link) => self.end(None, 0),
            Event::Frame { link, bytes } if self.is_link(link) => return self.frame(&bytes),
            Event::OwnAccount { link, ops } if self.is_link(link) => self.give_account(ops),
            Event::Signed { link, signature } if self.is_link(link) => self.signed(signature),
            Event::PeekSigned { link, space, proof } if self.is_link(link) => self.peek_signed(space, proof),
            Event::RecoverSigned { link, proof } if self.is_link(link) => self.recover_signed(proof),
            // Of a socket that is forgotten.
            Event::SocketOpened { .. }
            | Event::SocketClosed { .. }
            | Event::Frame { .. }
            | Event::OwnAccount { .. }
            | Event::Signed { .. }
            | Event::PeekSigned { .. }
            | Event::RecoverSigned { .. } => {}
            Event::OpenSpace(space) => self.open_space(space),
            Event::CloseSpace(space) => self.close_space(space),
            Event::Follow(feed) => {
                if self.feeds.follow(feed) {
                    self.send_feed();
                }
            }
            Event::Unfollow(feed) => self.feeds.unfollow(&feed),
            Event::Forget(space) => self.forget(space),
            Event::Push { space, id, entry } => self.push(space, id, entry, false),
            Event::PushOp { space, id, entry } => self.push(space, id, entry, true),
            Event::PushSlot { space, slot, counter, bytes } => self.push_slot(space, slot, counter, bytes),
            Event::PushAccount { id, bytes } => self.accounts.add(id, bytes),
            Event::Grant { space, blob } => self.grant(space, blob),
            Event::Ephemeral { space, content } => self.send_ephemeral(space, content),
            Event::Mail { mailbox, put, seen } => self.mail(mailbox, put, seen),
            Event::CloseMail(mailbox) => self.close_mail(&mailbox),
            Event::Peek { space, invite } => self.peek(space, Some(invite), 0),
            Event::PullOps { space, after } => self.peek(space, None, after),
            Event::ProveRollback { head } => self.prove_rollback(head),
            Event::Recover { recovery, person } => self.recover(recovery, person),
            Event::PullAccount { person, after } => self.pull_account(person, after),
            Event::AccountApplied { person, head } => {
                self.feeds.settle(&Thing::Account(person), |until| *until == Until::Account(head));
            }
            Event::Applied { ticket } => self.applied(ticket),
            Event::StorageFailed { ticket } => self.storage_failed(ticket),
            Event::BadHead { ticket } => {
                self.storage_failed(ticket);
                return Err(Fault::BadHead);
            }
            Event::Chain { space, items } => self.walked(space, items),
            Event::RepushAccounts(accounts) => self.repush_accounts(accounts),
            Event::Missing { space, proof, confirm } => self.missing(space, proof, confirm),
            Event::Repush { space, entries, more } => self.repush(space, entries, more),
            Event::Schedule { space, entries } => self.schedule(space, entries),
            Event::Unschedule { space, tag } => self.unschedule(space, tag),
        }
        Ok(())
    }

    fn wake(&mut self) -> Result<(), Fault> {
        let now = self.now;
        match &self.link {
            Link::Down { retry_at } if *retry_at <= now => self.connect(),
            Link::Up(session) => {
                let first = session.deadline.into_iter().chain(session.requests.deadline()).min();
                if first.is_some_and(|deadline| deadline <= now) {
                    return Err(Fault::Timeout);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let frame = RelayFrame::decode(bytes)?;
        match frame {
            RelayFrame::Challenge { version, relay, nonce, generation } => {
                self.challenge(version, relay, nonce, generation)
            }
            RelayFrame::Welcome { generation, account, limits, blob_token, now_ms } => {
                self.welcome(generation, account, limits, blob_token, now_ms)
            }
            RelayFrame::GoAway { code, retry_after_ms } => self.go_away(code, retry_after_ms),
            RelayFrame::Feed { items, caught_up } => {
                self.must_be_online()?;
                self.feed(items, caught_up)
            }
            RelayFrame::Page { req, space, entries, head, more } => match self.take(req)? {
                Asked::Page { space: asked, part, floor } if asked == space => {
                    self.page((space, req, part, floor), entries, head, more)
                }
                Asked::Peek { space: asked, from } if asked == space => {
                    self.peek_page((space, from), entries, head, more)
                }
                _ => Err(Fault::WrongSubject),
            },
            RelayFrame::Account { req, person, ops } => {
                let asked = self.take(req)?;
                self.account(asked, person, ops.into_iter().map(Into::into).collect())
            }
            RelayFrame::Slots { req, space, slots, more } => {
                let slots = slots.into_iter().map(|(sequence, slot)| (sequence, slot.into())).collect();
                if req == 0 {
                    self.must_be_online()?;
                    self.used_credit(bytes.len());
                    return self.live_slots(space, slots);
                }
                match self.take(req)? {
                    Asked::Slots { space: asked, since, floor } if asked == space => {
                        self.slot_page((space, req, since, floor), slots, more)
                    }
                    _ => Err(Fault::WrongSubject),
                }
            }
            RelayFrame::Ack { req, placed } => match (self.take(req)?, placed) {
                (Asked::Push { space, id, .. }, Some(placed)) => {
                    self.hold(None, None);
                    self.hold(Some(space), None);
                    self.push_acked(space, id, placed)
                }
                (asked, None) => self.acked(asked),
                _ => Err(Fault::UnknownRequest),
            },
            RelayFrame::SlotAck { req, sequence } => match self.take(req)? {
                Asked::PushSlot { space, slot, counter } => {
                    self.hold(None, None);
                    self.slot_acked(space, slot, counter, sequence)
                }
                _ => Err(Fault::UnknownRequest),
            },
            RelayFrame::Nack { req: 0, code, retry_after_ms, .. } => {
                if !self.online() {
                    return self.go_away(code, retry_after_ms);
                }
                self.unnumbered_refused(code, retry_after_ms);
                Ok(())
            }
            RelayFrame::Nack { req, code, people, retry_after_ms } => {
                let asked = self.take(req)?;
                self.nacked(req, asked, code, people, retry_after_ms)
            }
            RelayFrame::Event { space, stored, head } => {
                self.must_be_online()?;
                self.used_credit(bytes.len());
                self.event(space, stored, head)
            }
            RelayFrame::Ephemeral { space, device, content } => {
                self.must_be_online()?;
                self.used_credit(bytes.len());
                self.ephemeral(space, device, content)
            }
            RelayFrame::Ids { req, space, ids, more, head, held } => match self.take(req)? {
                Asked::Ids { space: asked, from } if asked == space => {
                    self.ids((space, from), ids, more, head, held)
                }
                _ => Err(Fault::WrongSubject),
            },
            RelayFrame::Mail { req, mailbox, messages } => {
                self.mail_in(req, mailbox, messages.into_iter().map(Into::into).collect())
            }
            RelayFrame::Scheduled { req, items } => self.scheduled(req, items),
            RelayFrame::Overflow { space } => {
                self.must_be_online()?;
                self.overflow(space);
                Ok(())
            }
        }
    }

    fn acked(&mut self, asked: Asked) -> Result<(), Fault> {
        match asked {
            Asked::Register => self.registered(),
            Asked::OwnAccount => self.account_part_taken(),
            Asked::AccountOp(id) => {
                self.hold(None, None);
                self.account_acked(id);
            }
            Asked::Grant { space, blob } => self.granted(space, blob, None),
            Asked::Refill(space) => self.refill_acked(space),
            Asked::RefillAccounts => self.account_refilled(None, None),
            Asked::Rollback => {}
            Asked::Schedule { space } => self.out.push(Effect::ScheduleAcked { space }),
            Asked::Unschedule { space, tag } => {
                self.out.push(Effect::Unscheduled { space, tag, refused: None });
            }
            _ => return Err(Fault::UnknownRequest),
        }
        Ok(())
    }

    fn nacked(
        &mut self,
        req: u64,
        asked: Asked,
        code: NackCode,
        people: Vec<homing_wire::PersonId>,
        retry_after_ms: Option<u64>,
    ) -> Result<(), Fault> {
        match (code, &asked) {
            (NackCode::DiskFull, _) => self.hold(None, Some(Hold::Full)),
            (NackCode::Quota, Asked::Push { space, .. }) => self.hold(Some(*space), Some(Hold::Quota)),
            (NackCode::Held, Asked::Push { space, .. }) => self.hold(Some(*space), Some(Hold::Owner)),
            _ => {}
        }
        match asked {
            Asked::Register => return self.register_refused(code, retry_after_ms),
            Asked::OwnAccount => return self.account_not_taken(code, retry_after_ms),
            Asked::AccountOp(_) => self.account_refused(code, retry_after_ms),
            Asked::Page { space, .. } | Asked::Slots { space, .. } => {
                self.pull_refused(space, req, code, retry_after_ms);
            }
            Asked::Push { space, id, epoch, .. } => {
                self.push_refused((space, id, epoch), code, people, retry_after_ms);
            }
            Asked::PushSlot { space, slot, counter } => {
                self.slot_refused((space, slot, counter), code, people, retry_after_ms);
            }
            asked @ (Asked::Account(_)
            | Asked::Recover
            | Asked::Peek { .. }
            | Asked::Mail { .. }
            | Asked::Grant { .. })
                if code.retry() =>
            {
                self.ask_later(asked, retry_after_ms);
            }
            Asked::Account(person) => self.account_unreadable(person, code),
            Asked::Recover => self.recover_refused(code),
            Asked::Peek { space, .. } => self.peek_refused(space, code),
            Asked::Mail { mailbox, .. } => self.mail_refused(mailbox, code),
            Asked::Grant { space, blob } => self.granted(space, blob, Some(code)),
            Asked::Ids { space, .. } | Asked::Refill(space) => {
                self.refill_refused(space, code, retry_after_ms)
            }
            Asked::RefillAccounts => self.account_refilled(Some(code), retry_after_ms),
            Asked::Schedule { space } => self.schedule_refused(space, code, people),
            Asked::Unschedule { space, tag } => {
                self.out.push(Effect::Unscheduled { space, tag, refused: Some(code) });
            }
            Asked::Scheduled | Asked::Rollback => {}
        }
        Ok(())
    }

    /// What is refused only for now is tried again without a word; that the relay takes nothing at all is worth one.
    pub(crate) fn hold(&mut self, space: Option<SpaceId>, hold: Option<Hold>) {
        let before = match hold {
            Some(hold) => self.holds.insert(space, hold),
            None => self.holds.remove(&space),
        };
        if before != hold {
            self.out.push(Effect::Holding { space, hold });
        }
    }

    /// A new session knows of nothing yet; whoever hears of it forgets alike.
    pub(crate) fn hold_nothing(&mut self) {
        self.holds.clear();
    }

    /// Everything that may go on, goes on.
    fn pump(&mut self) {
        let now = self.now;
        while let Some((_, space)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.pop_first();
            self.rested(space);
        }
        self.pump_accounts();
        self.pump_asks();
        self.pump_refill();
        self.pump_live();
        self.pump_pulls();
        self.pump_pushes();
        self.pump_slots();
        self.pump_schedules();
        if let Some(cursors) = self.feeds.take_moved() {
            let generation = self.generation;
            self.out.push(Effect::CursorMoved { generation, cursors });
        }
        let caught_up = self.lagging.is_empty();
        if let Link::Up(session) = &mut self.link {
            if !caught_up {
                session.all_caught_up = false;
            } else if session.feed_caught_up && !std::mem::replace(&mut session.all_caught_up, true) {
                self.out.push(Effect::AllCaughtUp);
            }
        }
    }

    /// What every part forgets when a session ends.
    pub(crate) fn interrupt(&mut self) {
        for space in self.spaces.values_mut() {
            space.interrupt();
        }
        self.queues.clear();
        self.push_queue.clear();
        self.timers.clear();
        self.slots.interrupt();
        self.accounts.interrupt();
        self.refilling.interrupt();
        self.asks.interrupt();
        self.schedules.interrupt();
    }

    fn forget(&mut self, id: SpaceId) {
        self.close_space(id);
        self.spaces.remove(&id);
        self.lagging.remove(&id);
        self.slots.forget(&id);
        self.asks.forget(&id);
        self.refilling.forget(&id);
        self.schedules.forget(&id);
        self.hold(Some(id), None);
        self.feeds.settle(&Thing::Space(id), |_| true);
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.link {
            Link::Up(session) => Some(session),
            _ => None,
        }
    }

    fn is_link(&self, link: u64) -> bool {
        self.session().is_some_and(|session| session.id == link)
    }

    pub(crate) fn online(&self) -> bool {
        self.session().is_some_and(|session| session.stage == Stage::Online)
    }

    fn must_be_online(&self) -> Result<(), Fault> {
        if self.online() { Ok(()) } else { Err(Fault::OutOfTurn) }
    }

    pub(crate) fn deadline(&self) -> u64 {
        self.now.saturating_add(self.config.request_ms)
    }

    pub(crate) fn take(&mut self, req: u64) -> Result<Asked, Fault> {
        match &mut self.link {
            Link::Up(session) => session.requests.take(req),
            _ => Err(Fault::UnknownRequest),
        }
    }

    /// Sends a request and remembers what its number stands for.
    pub(crate) fn ask(&mut self, asked: Asked, frame: impl FnOnce(u64) -> ClientFrame) -> u64 {
        let deadline = self.deadline();
        let Link::Up(session) = &mut self.link else { return 0 };
        let req = session.requests.add(asked, deadline);
        self.send(&frame(req));
        req
    }

    pub(crate) fn send(&mut self, frame: &ClientFrame) {
        if let Some(session) = self.session() {
            let link = session.id;
            self.out.push(Effect::Send { link, bytes: frame.encode() });
        }
    }
}
