//! Between the protocol's client and the database: what the relay says is stored before the client goes on, and what
//! waits here is sealed and handed over.

mod cursor;
mod hand_over;
mod intake;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use homing_crypto::Domain;
use homing_store::entries::Place;
use homing_store::outbox::{self, OutboxState};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, Tx, accounts, feeds, meta, slots};
use homing_sync::{Client, Config, Effect, Event, SpaceCursor, Start};
use homing_wire::{EntryId, FeedCursor, Member, NackCode, Signature, SpaceId, SpaceKind};

use self::cursor::{cursor_of, update_log};
pub(crate) use self::cursor::{forget_slots_seen, load_cursor, store_cursor};
use self::intake::Page;

use crate::api::{ApiError, Code};
use crate::core::{Core, Link, RELAY_FILE, RELAY_KEY};
use crate::fail::Fail;
use crate::port::Output;
use crate::replica::Replica;

/// Receipts of one space are written at most this often.
pub(crate) const RECEIPT_MS: u64 = 2_000;
/// A space whose entry was refused because something newer exists rests until that has come, or so long.
pub(crate) const REST_MS: u64 = 1_000;
/// Entries stored in one transaction, if so many have come: a commit writes every page of the indexes that any of them
/// touched.
pub(crate) const TOGETHER: usize = 4_096;
pub(crate) const CURSOR: &str = "cursor/";
const GENERATION: &str = "relay/generation";
/// Set once everything was caught up for the first time.
pub(crate) const SYNCED: &str = "relay/synced";

impl Core {
    /// Begins to speak with the relay, if one is set.
    pub(crate) fn start_link(&mut self) -> Result<(), ApiError> {
        self.stop_link();
        self.store_feeds();
        if self.demo {
            return Ok(());
        }
        self.resume_enrolment()?;
        // A device that is not in its person's account yet speaks for nobody.
        let anonymous = self.flows.anonymous_relay();
        let Some(address) =
            anonymous.clone().map_or_else(|| self.relay_address(), |address| Ok(Some(address)))?
        else {
            return Ok(());
        };
        let host = crate::text::relay_host(&address)
            .ok_or_else(|| ApiError::new(Code::InvalidArgument, "The relay's address is not valid."))?
            .to_owned();
        let relay_key = self.relay_key()?;
        let (identity, start) = match self.replica.as_ref() {
            Some(replica) if anonymous.is_none() => {
                let identity = homing_sync::Identity { person: replica.person(), device: replica.device() };
                (Some(identity), self.start_of(replica)?)
            }
            _ => (None, Start::default()),
        };
        let seed = rand_core::Rng::next_u64(&mut self.env.rng);
        let client = Client::new(Config::new(host, identity, relay_key, seed), start);
        self.link = Some(Link {
            client,
            first: self.last_link,
            address,
            blob_token: None,
            online: false,
            offline_since: Some(self.env.now_ms()),
            problem: None,
            holds: BTreeMap::new(),
            missing: BTreeMap::new(),
            effects: VecDeque::new(),
            carrying_out: false,
        });
        if let Some(replica) = self.replica.as_mut() {
            replica.has_relay = true;
        }
        self.touched.status = true;
        self.protocol(Event::Wake);
        Ok(())
    }

    pub(crate) fn stop_link(&mut self) {
        if self.link.take().is_some() && self.last_link > 0 {
            self.push(Output::Disconnect { link: self.last_link });
        }
        self.live.clear();
        self.touched.status = true;
    }

    fn start_of(&self, replica: &Replica) -> Result<Start, ApiError> {
        let db = self.db()?;
        let register = match replica.me.registered {
            true => None,
            false => accounts::list(&db, &replica.person())?.into_iter().next().map(|op| op.bytes),
        };
        let generation = meta::get(&db, GENERATION)?
            .and_then(|bytes| bytes.as_slice().try_into().ok())
            .map_or(0, u64::from_be_bytes);
        let known: Vec<FeedCursor> = feeds::list(&db)?;
        let mut followed = BTreeSet::from([Member::Person(replica.person())]);
        let mut cursors = BTreeMap::new();
        for row in spaces::list(&db)? {
            if row.kind == SpaceKind::Team && row.state == SpaceState::Joined {
                followed.insert(Member::Team(row.space));
            }
            if row.state != SpaceState::Joined {
                continue;
            }
            let stored = meta::get(&db, &format!("{CURSOR}{}", row.space))?;
            let cursor = stored
                .and_then(|bytes| load_cursor(&bytes))
                .unwrap_or_else(|| SpaceCursor::empty(generation));
            cursors.insert(row.space, cursor);
        }
        let feeds = followed
            .into_iter()
            .map(|feed| {
                known
                    .iter()
                    .find(|cursor| cursor.feed == feed)
                    .copied()
                    .unwrap_or(FeedCursor { feed, sequence: 0 })
            })
            .collect();
        Ok(Start { register, generation, feeds, spaces: cursors })
    }

    /// Gives the client an event and carries out what it wants.
    pub(crate) fn protocol(&mut self, event: Event) {
        self.feed(event);
        self.carry_out();
    }

    /// Gives the client an event; what it wants waits to be carried out.
    fn feed(&mut self, event: Event) {
        let steady_ms = self.env.steady_ms();
        if let Some(link) = self.link.as_mut() {
            let effects = link.client.handle(event, steady_ms);
            link.effects.extend(effects);
        }
    }

    /// Carrying out an effect may give the client another event: its effects come after those that wait, so that
    /// frames leave in the order in which they were decided.
    fn carry_out(&mut self) {
        match self.link.as_mut() {
            Some(link) if !link.carrying_out => link.carrying_out = true,
            _ => return,
        }
        while let Some(effect) = self.link.as_mut().and_then(|link| link.effects.pop_front()) {
            self.effect(effect);
        }
        let now_ms = self.env.now_ms();
        let Some(link) = self.link.as_mut() else { return };
        link.carrying_out = false;
        let online = matches!(link.client.status(), homing_sync::Connection::Online { .. });
        if online != link.online {
            link.online = online;
            link.offline_since = (!online).then_some(now_ms);
            self.touched.status = true;
        }
    }

    /// The client's number of a socket; `None` for one of an earlier client.
    fn own_link(&self, number: u64) -> Option<u64> {
        number.checked_sub(self.link.as_ref()?.first).filter(|link| *link > 0)
    }

    pub(crate) fn socket_opened(&mut self, number: u64) {
        if let Some(link) = self.own_link(number) {
            self.protocol(Event::SocketOpened { link });
        }
    }

    pub(crate) fn socket_closed(&mut self, number: u64) {
        if let Some(link) = self.own_link(number) {
            self.protocol(Event::SocketClosed { link });
            self.flows_offline();
        }
    }

    /// The client hears of all frames before anything is carried out, so that pages that came together are stored
    /// together.
    pub(crate) fn frames(&mut self, number: u64, frames: Vec<Vec<u8>>) {
        for bytes in frames {
            if let Some(link) = self.own_link(number) {
                self.feed(Event::Frame { link, bytes });
            }
        }
        self.carry_out();
    }

    /// True while the session is bound.
    pub(crate) fn online(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.online)
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Connect { link } => {
                if let Some(open) = &self.link {
                    let (number, address) = (open.first + link, open.address.clone());
                    self.last_link = self.last_link.max(number);
                    self.push(Output::Connect { link: number, address });
                }
            }
            Effect::Disconnect { link, reason } => {
                tracing::info!(?reason, "the session ended");
                if let Some(number) = self.link.as_ref().map(|open| open.first + link) {
                    self.push(Output::Disconnect { link: number });
                }
            }
            Effect::Send { link, bytes } => {
                if let Some(number) = self.link.as_ref().map(|open| open.first + link) {
                    self.push(Output::Send { link: number, bytes });
                }
            }
            Effect::SignRecover { link, bytes } => self.sign_recover(link, &bytes),
            Effect::RecoverRefused { code } => self.recover_refused(code),
            Effect::WantAccount { link } => self.give_own_account(link),
            Effect::SignAuth { link, bytes } => {
                if let Some(replica) = &self.replica {
                    let signature = Signature(replica.me.device().signing().sign(Domain::Auth, &bytes));
                    self.protocol(Event::Signed { link, signature });
                }
            }
            Effect::SignPeek { link, space, invite, bytes } => self.sign_peek(link, space, invite, &bytes),
            Effect::Registered => {
                self.try_write("registered", |tx, replica, _| {
                    replica.me.registered = true;
                    replica.save_identity(tx)
                });
            }
            Effect::Welcome { relay, blob_token, limits, .. } => {
                self.welcome(relay, blob_token, limits.blob_bytes);
            }
            Effect::Offline => {
                if let Some(link) = self.link.as_mut() {
                    link.blob_token = None;
                }
                self.transfers.clear();
                self.schedule_offline();
                self.flows_offline();
            }
            Effect::Holding { space, hold } => self.holding(space, hold),
            Effect::GoAway { code, stopped } => self.go_away(code, stopped),
            Effect::RelayChanged { .. } => {
                let changed = ApiError::new(
                    Code::RelayUntrusted,
                    "Another relay answers at this address than the one this profile knows. Nothing was sent to it. Ask whoever runs the relay.",
                );
                self.flows_fail(&changed);
                self.problem(Some(changed));
            }
            Effect::GenerationRaised { old, new } => self.generation_raised(old, new),
            Effect::Entries { space, ticket, entries, head, cursor, .. } => {
                self.entries_came(Page { space, ticket, entries, head, cursor });
            }
            Effect::Verified { space, ticket, cursor } => {
                let done = self.write(Durability::Normal, |tx, _, _| update_log(tx, &space, cursor, None));
                self.stored(ticket, done);
            }
            Effect::Slots { space, ticket, slots, cursor, .. } => {
                let done = self.write(Durability::Normal, |tx, replica, _| {
                    replica.ingest_slots(tx, &slots)?;
                    let mut stored = cursor_of(tx, &space)?;
                    stored.slots = cursor;
                    store_cursor(tx, &space, &stored)
                });
                self.stored(ticket, done);
            }
            Effect::ReadChain { space, after, limit } => self.read_chain(space, after, limit),
            Effect::Acked { space, id, placed } => {
                let place = Place {
                    generation: placed.head.head.generation,
                    sequence: placed.sequence,
                    received_ms: placed.received_ms,
                };
                if let Err(error) = self.acked(&space, &id, place) {
                    tracing::error!(code = ?error.code, message = error.message, "an acknowledgement could not be stored");
                }
                self.flow_acked(&space, &id);
            }
            Effect::Refused { space, id, code, people, retry } => {
                if !retry {
                    self.refused(space, id, code, &people);
                }
            }
            // Their rows went back to the queue with the one that was refused.
            Effect::Dropped { .. } => {}
            Effect::Scheduled { all, items } => self.schedule_came(all, &items),
            Effect::ScheduleAcked { space } => self.schedule_acked(space),
            Effect::ScheduleRefused { space, code, people } => self.schedule_refused(space, code, &people),
            Effect::Unscheduled { tag, refused, .. } => self.unscheduled(tag, refused),
            Effect::SlotAcked { space, slot, counter, .. } => {
                self.try_write("slot acknowledged", |tx, _, _| {
                    slots::acknowledged(tx, &space, &slot, counter)?;
                    Ok(())
                });
            }
            Effect::SlotRefused { space, slot, code, people, .. } => {
                self.ask_accounts(&people);
                self.slot_refused(space, &slot, code);
            }
            Effect::AccountAcked { id } => self.account_acked(&id),
            Effect::AccountRefused { ids, code } => self.account_refused(&ids, code),
            Effect::Granted { space, blob } => self
                .try_write("granted", |tx, _, _| Ok(homing_store::records::set_granted(tx, &space, &blob)?)),
            Effect::GrantRefused { code, .. } => tracing::warn!(?code, "a file could not be granted"),
            Effect::CursorMoved { generation, cursors } => {
                self.feeds_moved = Some((generation, cursors));
                // What is stored of spaces from here on is of this generation.
                if self.generation.replace(generation) != Some(generation) {
                    self.store_feeds();
                }
            }
            Effect::Gone { space, feed } => self.gone(space, feed),
            Effect::AccountMoved { person, .. } => self.ask_accounts(&[person]),
            Effect::AccountLog { person, ops } => self.account_came(&person, &ops),
            Effect::AccountUnreadable { person, code } => {
                tracing::warn!(?code, "an account log can't be read");
                self.asked_accounts.remove(&person);
                if let Some(replica) = self.replica.as_mut() {
                    replica.wants.accounts.remove(&person);
                }
                self.flow_account_unreadable(&person);
            }
            Effect::PeekPage { space, entries, more, .. } => match self.asked_ops.contains(&space) {
                true => {
                    self.ops_came(space, &entries, more);
                    self.join_read(space, &entries, more);
                }
                false => self.peek_page(space, &entries, more),
            },
            Effect::PeekRefused { space, code } => {
                if !self.asked_ops.remove(&space) {
                    self.peek_refused(space, code);
                }
            }
            Effect::Mail { mailbox, messages } => self.mail_came(mailbox, &messages),
            Effect::MailRefused { mailbox, code } => self.mail_refused(mailbox, code),
            Effect::EphemeralIn { space, device, content } => self.ephemeral_came(space, device, &content),
            Effect::CaughtUp { space } => {
                self.touched.work.insert(space);
                self.look_at_schedule();
            }
            Effect::AllCaughtUp => {
                self.look_at_schedule();
                self.all_caught_up();
            }
            Effect::SpaceRefused { space, code } => tracing::info!(?space, ?code, "a space can't be read"),
            Effect::Diverged { space, what, .. } => {
                self.prove_rollback(space);
                self.problem(Some(ApiError::new(
                    Code::RelayUntrusted,
                    format!("The relay contradicts what it said before ({what:?}) about a conversation. It is left alone; nothing here was changed. Tell whoever runs the relay."),
                )));
            }
            Effect::CompareIds { space, from, ids, more, held, .. } => {
                self.compare_ids(space, from, &ids, more, held)
            }
            Effect::WantRepush { space } => self.want_repush(space),
            Effect::RefillRefused { code, .. } => {
                tracing::warn!(?code, "the relay did not take a part of the refill")
            }
            Effect::Refilled { space, cursor } => {
                self.try_write_full("refilled", |tx, replica, _| {
                    homing_store::entries::unplace_after(tx, &space, 0)?;
                    store_cursor(tx, &space, &cursor)?;
                    slots::mark_space_dirty(tx, &space)?;
                    // What the relay lost of its log it lost of the files too; parts that it still has are not sent again.
                    if replica.load_space(tx, &space)?
                        && replica.writes_as(&space).is_some_and(|(_, role)| role.writes())
                    {
                        replica.upload_files(tx, &space)?;
                        replica.upload_record_files(tx, &space)?;
                    }
                    // Files of what is to be sent at a time, too.
                    let planned = homing_store::scheduled::of_space(tx, &space)?;
                    replica.touched.scheduled.extend(planned.iter().map(|row| row.conversation));
                    replica.touched.work.insert(space);
                    Ok(())
                });
                self.resume_transfers_logged();
            }
        }
    }

    fn welcome(&mut self, relay: homing_wire::VerifyKey, blob_token: String, file_bytes: u64) {
        if let Some(link) = self.link.as_mut() {
            link.blob_token = Some(blob_token);
            link.problem = None;
            link.holds.clear();
        }
        self.files_held.ask_again();
        self.try_write("welcome", |tx, replica, _| {
            meta::set(tx, RELAY_KEY, &relay.0)?;
            meta::set(tx, RELAY_FILE, &file_bytes.to_be_bytes())?;
            if !replica.me.registered {
                replica.me.registered = true;
                replica.save_identity(tx)?;
            }
            for row in spaces::list(tx)? {
                replica.touched.work.insert(row.space);
            }
            Ok(())
        });
        self.want_what_waits();
        self.hand_in_frozen(None);
        self.hand_in_slots(true);
        self.resume_transfers_logged();
        self.touched.status = true;
    }

    /// Stores how far the feeds were heard.
    pub(crate) fn store_feeds(&mut self) {
        let Some((generation, cursors)) = self.feeds_moved.take() else { return };
        self.try_write("feeds", |tx, _, _| {
            meta::set(tx, GENERATION, &generation.to_be_bytes())?;
            for cursor in &cursors {
                feeds::set(tx, cursor)?;
            }
            Ok(())
        });
    }

    /// An own entry has its place. What waited behind it is sealed at once; else there is no need to wait for the disk: an
    /// acknowledgement that a power cut undoes comes again.
    fn acked(&mut self, space: &SpaceId, id: &EntryId, place: Place) -> Result<(), ApiError> {
        let behind = !outbox::in_state(&self.db()?, space, OutboxState::Queued, 1)?.is_empty();
        match behind {
            true => self.write_and_seal(space, |tx, replica, _| replica.acknowledge(tx, id, place)),
            false => self.write(Durability::Normal, |tx, replica, _| replica.acknowledge(tx, id, place)),
        }
    }

    /// The own account log, for a relay that may have lost it: without it no device of this person gets in again.
    fn give_own_account(&mut self, link: u64) {
        let Some(person) = self.replica.as_ref().map(Replica::person) else { return };
        match self.db().and_then(|db| Ok(accounts::list(&db, &person)?)) {
            Ok(log) => {
                let ops = log.into_iter().map(|op| op.bytes).collect();
                self.protocol(Event::OwnAccount { link, ops });
            }
            Err(error) => tracing::error!(code = ?error.code, "the own account could not be read"),
        }
    }

    fn go_away(&mut self, code: NackCode, stopped: bool) {
        tracing::info!(code = crate::deliver::nack_name(code), "the relay ended the session");
        if code == NackCode::Revoked {
            self.problem(Some(ApiError::new(
                Code::DeviceRevoked,
                "This device was revoked by another of your devices. It no longer sends or receives; what is here stays readable.",
            )));
        } else if stopped {
            self.problem(Some(ApiError::new(
                Code::RelayRefused,
                format!("The relay refuses this device ({}).", crate::deliver::nack_name(code)),
            )));
        }
    }

    pub(crate) fn problem(&mut self, problem: Option<ApiError>) {
        if let Some(link) = self.link.as_mut() {
            link.problem = problem;
        }
        self.touched.status = true;
    }

    /// A write whose failure can only be logged: the relay's answer is not lost, it comes again.
    pub(crate) fn try_write(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut crate::env::Env) -> Result<(), Fail>,
    ) {
        self.log_failure(what, |core| core.write(Durability::Normal, work));
    }

    /// The same for what a person did.
    pub(crate) fn try_write_full(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut crate::env::Env) -> Result<(), Fail>,
    ) {
        self.log_failure(what, |core| core.write(Durability::Full, work));
    }

    fn log_failure(&mut self, what: &'static str, write: impl FnOnce(&mut Self) -> Result<(), ApiError>) {
        if let Err(error) = write(self)
            && error.code != Code::NotInitialised
        {
            tracing::error!(what, code = ?error.code, message = error.message, "could not be stored");
        }
    }
}
