//! Between the protocol's client and the database: what the relay says is stored before the client goes on, and what
//! waits here is sealed and handed over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use homing_crypto::{Domain, verify};
use homing_store::entries::Place;
use homing_store::parked::{self, Wait};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, Tx, accounts, feeds, meta, outbox, slots};
use homing_sync::{Client, Config, Effect, Event, Gap, LogCursor, SpaceCursor, Start, Ticket};
use homing_wire::codec::{decode, encode};
use homing_wire::{FeedCursor, Head, Member, NackCode, Signature, SignedHead, SpaceId, SpaceKind};
use minicbor::{CborLen, Decode, Encode};

use crate::api::{ApiError, Code};
use crate::core::{Core, Link, RELAY_KEY};
use crate::fail::Fail;
use crate::port::Output;
use crate::replica::Replica;

/// Receipts of one space are written at most this often.
pub(crate) const RECEIPT_MS: u64 = 2_000;
/// A space whose entry was refused because something newer exists rests until that has come, or so long.
pub(crate) const REST_MS: u64 = 1_000;
const TURNS: usize = 32;
pub(crate) const CURSOR: &str = "cursor/";
const GENERATION: &str = "relay/generation";
/// Set once everything was caught up for the first time.
pub(crate) const SYNCED: &str = "relay/synced";

/// How far a space's log is held, as stored.
#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct StoredCursor {
    #[n(0)]
    generation: u64,
    #[n(1)]
    head: Head,
    #[n(2)]
    low: Option<u64>,
    #[n(3)]
    tip: Option<Head>,
    #[n(4)]
    ops: u64,
    #[n(5)]
    slots: u64,
}

pub(crate) fn store_cursor(tx: &Tx<'_>, space: &SpaceId, cursor: &SpaceCursor) -> Result<(), Fail> {
    let stored = StoredCursor {
        generation: cursor.log.generation,
        head: cursor.log.head,
        low: cursor.log.gap.map(|gap| gap.low),
        tip: cursor.log.gap.map(|gap| gap.tip),
        ops: cursor.log.ops,
        slots: cursor.slots,
    };
    meta::set(tx, &format!("{CURSOR}{space}"), &encode(&stored))?;
    if spaces::get(tx, space)?.is_some() {
        let tip = cursor.log.tip();
        spaces::update(tx, space, |row| {
            row.generation = tip.generation;
            row.sequence = tip.sequence;
            row.chain = tip.chain;
            row.bottom = cursor.log.head.sequence;
            row.low = cursor.log.gap.map_or(cursor.log.head.sequence, |gap| gap.low);
            row.slot_cursor = cursor.slots;
        })?;
    }
    Ok(())
}

pub(crate) fn load_cursor(bytes: &[u8]) -> Option<SpaceCursor> {
    let stored: StoredCursor = decode("cursor", bytes, 1024).ok()?;
    let gap = match (stored.low, stored.tip) {
        (Some(low), Some(tip)) => Some(Gap { low, tip }),
        _ => None,
    };
    let log = LogCursor { generation: stored.generation, head: stored.head, gap, ops: stored.ops };
    Some(SpaceCursor { log, slots: stored.slots })
}

impl Core {
    /// Begins to speak with the relay, if one is set.
    pub(crate) fn start_link(&mut self) -> Result<(), ApiError> {
        self.stop_link();
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
        self.live = None;
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
        let (now_ms, steady_ms) = (self.env.now_ms(), self.env.steady_ms());
        let Some(link) = self.link.as_mut() else { return };
        let effects = link.client.handle(event, steady_ms);
        link.effects.extend(effects);
        // Carrying out an effect may give the client another event: its effects come after those that wait, so that
        // frames leave in the order in which they were decided.
        if link.carrying_out {
            return;
        }
        link.carrying_out = true;
        while let Some(effect) = self.link.as_mut().and_then(|link| link.effects.pop_front()) {
            self.effect(effect);
        }
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

    pub(crate) fn frame(&mut self, number: u64, bytes: Vec<u8>) {
        if let Some(link) = self.own_link(number) {
            self.protocol(Event::Frame { link, bytes });
        }
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
            Effect::Welcome { relay, blob_token, .. } => self.welcome(relay, blob_token),
            Effect::Offline => {
                if let Some(link) = self.link.as_mut() {
                    link.blob_token = None;
                }
                self.transfers.clear();
                self.flows_offline();
            }
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
                self.entries_came(space, ticket, &entries, &head, cursor);
            }
            Effect::Verified { space, ticket, cursor } => {
                let done = self.write(Durability::Normal, |tx, _, _| update_log(tx, &space, cursor));
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
                self.try_write_full("acknowledge", |tx, replica, _| replica.acknowledge(tx, &id, place));
                self.flow_acked(&space, &id);
            }
            Effect::Refused { space, id, code, people, retry } => {
                if !retry {
                    self.refused(space, id, code, &people);
                }
            }
            // Their rows went back to the queue with the one that was refused.
            Effect::Dropped { .. } => {}
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
            Effect::Granted { blob, .. } => tracing::debug!(?blob, "granted"),
            Effect::GrantRefused { code, .. } => tracing::warn!(?code, "a file could not be granted"),
            Effect::CursorMoved { generation, cursors } => {
                self.try_write("feeds", |tx, _, _| {
                    meta::set(tx, GENERATION, &generation.to_be_bytes())?;
                    for cursor in &cursors {
                        feeds::set(tx, cursor)?;
                    }
                    Ok(())
                });
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
            Effect::EphemeralIn { space, device, content } => self.typing_came(space, device, &content),
            Effect::CaughtUp { space } => {
                self.touched.work.insert(space);
            }
            Effect::AllCaughtUp => self.all_caught_up(),
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
                    replica.touched.work.insert(space);
                    Ok(())
                });
            }
        }
    }

    fn welcome(&mut self, relay: homing_wire::VerifyKey, blob_token: String) {
        if let Some(link) = self.link.as_mut() {
            link.blob_token = Some(blob_token);
            link.problem = None;
        }
        self.try_write("welcome", |tx, replica, _| {
            meta::set(tx, RELAY_KEY, &relay.0)?;
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

    /// Accounts and op chains that parked entries wait for are asked for again in every session.
    fn want_what_waits(&mut self) {
        self.asked_accounts.clear();
        self.asked_ops.clear();
        self.try_write("wants", |tx, replica, _| {
            for wait in parked::asked(tx)? {
                match wait {
                    Wait::Person(person) => {
                        replica.wants.accounts.insert(person);
                    }
                    Wait::Entry(id) => {
                        replica.wants.ops.insert(SpaceId(id.0));
                    }
                    _ => {}
                }
            }
            Ok(())
        });
    }

    fn go_away(&mut self, code: NackCode, stopped: bool) {
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

    fn entries_came(
        &mut self,
        space: SpaceId,
        ticket: Ticket,
        entries: &[homing_wire::Stored],
        head: &SignedHead,
        cursor: LogCursor,
    ) {
        let relay = self.link.as_ref().and_then(|link| link.client.relay_key());
        let signed = SignedHead::signed_bytes(&head.space, &head.head);
        let genuine = relay.is_some_and(|key| {
            head.space == space && verify(Domain::RelayHead, &key.0, &signed, &head.signature.0).is_ok()
        });
        if !genuine {
            self.protocol(Event::BadHead { ticket });
            return;
        }
        let encoded = encode(head);
        let done = self.write(Durability::Normal, |tx, replica, _| {
            replica.ingest(tx, entries)?;
            update_log(tx, &space, cursor)?;
            if spaces::get(tx, &space)?.is_some() {
                spaces::update(tx, &space, |row| row.signed_head = Some(encoded))?;
            }
            Ok(())
        });
        self.resting.remove(&space);
        self.stored(ticket, done);
        self.follow_teams();
    }

    /// Ops of a team this person is no member of, to judge those who write as it.
    fn ops_came(&mut self, space: SpaceId, entries: &[homing_wire::Stored], more: bool) {
        if !more {
            self.asked_ops.remove(&space);
        }
        self.resting.clear();
        self.try_write("ops of a team", |tx, replica, _| {
            replica.ingest(tx, entries)?;
            for row in spaces::list(tx)?.into_iter().filter(|row| row.team == Some(space)) {
                replica.open_waiting_slots(tx, &row.space)?;
                replica.touched.work.insert(row.space);
            }
            Ok(())
        });
    }

    /// Shows the relay what it had signed: it then knows that it was put back, and is filled again.
    fn prove_rollback(&mut self, space: SpaceId) {
        let signed = self
            .db()
            .ok()
            .and_then(|db| spaces::get(&db, &space).ok().flatten())
            .and_then(|row| row.signed_head);
        if let Some(head) = signed.and_then(|bytes| decode::<SignedHead>("signed head", &bytes, 1024).ok()) {
            self.protocol(Event::ProveRollback { head });
        }
    }

    fn stored(&mut self, ticket: Ticket, done: Result<(), ApiError>) {
        match done {
            Ok(()) => self.protocol(Event::Applied { ticket }),
            Err(error) => {
                tracing::error!(code = ?error.code, "what the relay sent could not be stored");
                self.protocol(Event::StorageFailed { ticket });
            }
        }
    }

    /// Teams this person came into are followed: their client spaces move in the team's feed.
    fn follow_teams(&mut self) {
        let Ok(db) = self.db() else { return };
        let Ok(all) = spaces::list(&db) else { return };
        let joined: Vec<SpaceId> = all
            .iter()
            .filter(|row| row.kind == SpaceKind::Team && row.state == SpaceState::Joined)
            .map(|row| row.space)
            .collect();
        for team in joined {
            if self.flows.followed.insert(team) {
                self.protocol(Event::Follow(Member::Team(team)));
            }
        }
    }

    fn read_chain(&mut self, space: SpaceId, after: u64, limit: usize) {
        let items = self.db().and_then(|db| {
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            Ok(homing_store::entries::chain_after(&db, &space, after, limit)?)
        });
        let items = items
            .unwrap_or_default()
            .into_iter()
            .map(|(sequence, id, received_ms, generation)| homing_sync::ChainItem {
                sequence,
                id,
                received_ms,
                generation,
            })
            .collect();
        self.protocol(Event::Chain { space, items });
    }

    fn refused(
        &mut self,
        space: SpaceId,
        id: homing_wire::EntryId,
        code: NackCode,
        people: &[homing_wire::PersonId],
    ) {
        self.ask_accounts(people);
        if self.flow_refused(&space, &id, code) {
            return;
        }
        match code {
            NackCode::Cloned => self.cloned(),
            // The winner's log comes by the feed.
            NackCode::Exists => {
                self.try_write_full("lost genesis", |tx, replica, _| replica.genesis_lost(tx, &space));
            }
            _ => {
                self.try_write_full("refused", |tx, replica, _| {
                    replica.refused(tx, &space, &id, code)?;
                    if code == NackCode::NeedsRotation {
                        replica.want_teams_of(tx, &space)?;
                    }
                    Ok(())
                });
                if matches!(
                    code,
                    NackCode::StaleOps
                        | NackCode::StaleEpoch
                        | NackCode::NeedsRotation
                        | NackCode::PinMismatch
                ) {
                    self.resting.insert(space, self.env.steady_ms() + REST_MS);
                }
            }
        }
    }

    /// A feed says that its member lost access. Another capacity (a team, or oneself) may still have it.
    fn gone(&mut self, space: SpaceId, feed: Member) {
        let gone = self.write(Durability::Normal, |tx, replica, _| {
            let me = replica.person();
            let other = replica.load_space(tx, &space)?
                && replica
                    .space(&space)?
                    .capacities(&replica.known, &me)
                    .iter()
                    .any(|(member, _)| *member != feed);
            if !other && spaces::get(tx, &space)?.is_some() {
                spaces::update(tx, &space, |row| row.state = SpaceState::Gone)?;
                replica.refuse_waiting(tx, &space, NackCode::NotAMember)?;
                replica.touch_conversations_of(tx, &space)?;
                replica.touched.people = true;
            }
            Ok(!other)
        });
        if gone.unwrap_or(false) {
            self.protocol(Event::Forget(space));
        }
    }

    pub(crate) fn ask_accounts(&mut self, people: &[homing_wire::PersonId]) {
        for person in people {
            let after =
                self.db().ok().and_then(|db| accounts::head(&db, person).ok().flatten()).map(|(_, id)| id);
            self.asked_accounts.insert(*person);
            self.protocol(Event::PullAccount { person: *person, after });
        }
    }

    fn account_came(&mut self, person: &homing_wire::PersonId, ops: &[Vec<u8>]) {
        self.asked_accounts.remove(person);
        if self.flow_account(person, ops) {
            return;
        }
        self.try_write("account", |tx, replica, _| {
            replica.ingest_account(tx, person, ops)?;
            for row in spaces::list(tx)? {
                replica.open_waiting_slots(tx, &row.space)?;
                replica.touched.work.insert(row.space);
            }
            Ok(())
        });
        self.resting.clear();
        let head = self.db().ok().and_then(|db| accounts::head(&db, person).ok().flatten());
        if let Some((_, head)) = head {
            self.protocol(Event::AccountApplied { person: *person, head });
        }
    }

    /// Hands over what waits: what parked entries want to know, sealed entries, slots, receipts that are due.
    pub(crate) fn work(&mut self) {
        let now_ms = self.env.steady_ms();
        let due: Vec<SpaceId> =
            self.receipts_due.iter().filter(|(_, at)| **at <= now_ms).map(|(space, _)| *space).collect();
        if !due.is_empty()
            && let Err(error) = self.publish_receipts_of(&due)
        {
            tracing::warn!(code = ?error.code, "receipts could not be stored");
        }
        // Also while offline: a time that is over must not wake the thread again and again.
        self.resting.retain(|_, until| *until > now_ms);
        if !self.online() {
            return;
        }
        if let Some(replica) = self.replica.as_mut() {
            let people: Vec<_> = std::mem::take(&mut replica.wants.accounts).into_iter().collect();
            let teams = std::mem::take(&mut replica.wants.ops);
            self.ask_accounts(&people);
            for team in teams {
                self.asked_ops.insert(team);
                self.protocol(Event::PullOps { space: team, after: 0 });
            }
        }
        // Sealing one thing may be what another waited for; each turn settles at least one.
        for _ in 0..TURNS {
            let ready: Vec<SpaceId> =
                self.touched.work.iter().filter(|space| !self.resting.contains_key(space)).copied().collect();
            if ready.is_empty() {
                break;
            }
            for space in ready {
                self.touched.work.remove(&space);
                self.hand_in(space);
            }
        }
        self.hand_in_slots(false);
    }

    fn hand_in(&mut self, space: SpaceId) {
        if self.flows.is_enrolling() {
            return;
        }
        let local = self
            .db()
            .ok()
            .and_then(|db| spaces::get(&db, &space).ok().flatten())
            .is_some_and(|row| row.state == SpaceState::Local);
        if local {
            // Begun while connected: its first op leaves now, what was written in it follows the acknowledgement.
            self.hand_in_frozen(Some(&space));
        }
        let ready = self.link.as_ref().is_some_and(|link| local || link.client.is_caught_up(&space));
        if !ready {
            return;
        }
        let frozen = self.write(Durability::Full, |tx, replica, env| replica.hand_in(tx, env, &space));
        match frozen {
            Ok(frozen) => self.hand_over(frozen),
            Err(error) => {
                tracing::error!(code = ?error.code, message = error.message, "work could not be sealed")
            }
        }
    }

    fn hand_over(&mut self, frozen: Vec<crate::deliver::Frozen>) {
        for one in frozen {
            let (space, id, entry) = (one.space, one.id, one.bytes);
            self.protocol(match one.op {
                true => Event::PushOp { space, id, entry },
                false => Event::Push { space, id, entry },
            });
        }
    }

    /// What was frozen for an earlier session leaves again with the same bytes; first ops of spaces made here come
    /// first: personal, teams, clients, talks.
    fn hand_in_frozen(&mut self, only: Option<&SpaceId>) {
        let frozen = self.db().and_then(|db| {
            let replica = self.replica()?;
            let mut frozen = replica.frozen(&db).map_err(ApiError::from)?;
            frozen.retain(|one| only.is_none_or(|only| one.space == *only));
            let kinds: BTreeMap<SpaceId, u32> =
                spaces::list(&db)?.into_iter().map(|row| (row.space, rank(row.kind))).collect();
            frozen.sort_by_key(|one| kinds.get(&one.space).copied().unwrap_or(u32::MAX));
            Ok(frozen)
        });
        match frozen {
            // In this order: an op would go before the others.
            Ok(frozen) => self.hand_over(
                frozen.into_iter().map(|one| crate::deliver::Frozen { op: false, ..one }).collect(),
            ),
            Err(error) => tracing::error!(code = ?error.code, "frozen work could not be read"),
        }
    }

    fn hand_in_slots(&mut self, again: bool) {
        if self.flows.is_enrolling() {
            return;
        }
        let resting: BTreeSet<SpaceId> = self.resting.keys().copied().collect();
        let frozen = self
            .write(Durability::Normal, |tx, replica, env| replica.hand_in_slots(tx, env, again, &resting));
        match frozen {
            Ok(frozen) => {
                for one in frozen {
                    let (space, slot, counter, bytes) = (one.space, one.slot, one.counter, one.bytes);
                    self.protocol(Event::PushSlot { space, slot, counter, bytes });
                }
            }
            Err(error) if error.code == Code::NotInitialised => {}
            Err(error) => tracing::error!(code = ?error.code, "slots could not be sealed"),
        }
    }

    pub(crate) fn publish_receipts_of(&mut self, due: &[SpaceId]) -> Result<(), ApiError> {
        let with_read = self.stored_settings()?.read_receipts;
        self.write(Durability::Normal, |tx, replica, _| {
            for space in due {
                replica.publish_receipts(tx, space, with_read)?;
                replica.touched.work.insert(*space);
            }
            Ok(())
        })?;
        for space in due {
            self.receipts_due.remove(space);
        }
        Ok(())
    }

    /// At start: receipts that a crash kept from being said.
    pub(crate) fn publish_all_receipts(&mut self) -> Result<(), ApiError> {
        let joined: Vec<SpaceId> = {
            let db = self.db()?;
            self.replica()?.joined(&db).map_err(ApiError::from)?.into_iter().map(|row| row.space).collect()
        };
        self.publish_receipts_of(&joined)
    }

    fn all_caught_up(&mut self) {
        let spaces = self.db().and_then(|db| Ok(outbox::spaces(&db)?)).unwrap_or_default();
        self.touched.work.extend(spaces);
        self.touched.status = true;
        if !self.synced_once {
            self.synced_once = true;
            self.try_write("synced", |tx, _, _| Ok(meta::set(tx, SYNCED, &[1])?));
        }
    }

    /// A write whose failure can only be logged: the relay's answer is not lost, it comes again.
    pub(crate) fn try_write(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut crate::env::Env) -> Result<(), Fail>,
    ) {
        if let Err(error) = self.write(Durability::Normal, work)
            && error.code != Code::NotInitialised
        {
            tracing::error!(what, code = ?error.code, message = error.message, "could not be stored");
        }
    }

    pub(crate) fn try_write_full(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut crate::env::Env) -> Result<(), Fail>,
    ) {
        if let Err(error) = self.write(Durability::Full, work)
            && error.code != Code::NotInitialised
        {
            tracing::error!(what, code = ?error.code, message = error.message, "could not be stored");
        }
    }
}

fn rank(kind: SpaceKind) -> u32 {
    match kind {
        SpaceKind::Personal => 0,
        SpaceKind::Team => 1,
        SpaceKind::Client => 2,
        SpaceKind::Talk => 3,
    }
}

fn cursor_of(tx: &Tx<'_>, space: &SpaceId) -> Result<SpaceCursor, Fail> {
    let stored = meta::get(tx, &format!("{CURSOR}{space}"))?;
    let generation = meta::get(tx, GENERATION)?
        .and_then(|bytes| bytes.as_slice().try_into().ok())
        .map_or(0, u64::from_be_bytes);
    Ok(stored.and_then(|bytes| load_cursor(&bytes)).unwrap_or_else(|| SpaceCursor::empty(generation)))
}

/// All slots are fetched again: this profile is another device now, and its old one's are others' too.
pub(crate) fn forget_slots_seen(tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
    let mut cursor = cursor_of(tx, space)?;
    cursor.slots = 0;
    store_cursor(tx, space, &cursor)
}

fn update_log(tx: &Tx<'_>, space: &SpaceId, log: LogCursor) -> Result<(), Fail> {
    let mut cursor = cursor_of(tx, space)?;
    cursor.log = log;
    store_cursor(tx, space, &cursor)
}
