//! The relay without sockets, clock or threads: frames and the time in, effects out.
//!
//! The server's committer thread and the simulation drive the same code. [`RelayCore::handle`] may be called
//! many times before one [`RelayCore::commit`]; effects come out of the commit only, so nobody hears of anything
//! that is not durable; [`RelayCore::settle`] follows when there is time. An `Err` means the machine failed: the core must be dropped and opened anew.

mod accounts;
mod ahead;
mod blobs;
mod bucket;
mod cache;
mod directory;
mod feeds;
mod handshake;
mod mail;
mod promises;
mod pull;
mod push;
mod refill;
mod rights;
mod schedule;
mod session;
mod slots;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use homing_access::AccessError;
use homing_wire::{ClientFrame, Member, NackCode, PersonId, RelayFrame, SpaceId, limits};
use rand_chacha::ChaCha20Rng;

pub use blobs::{BlobAnswer, BlobAsk, BlobRefusal, BlobReply};
pub use bucket::network;
pub use session::{Peer, SessionId};

use crate::blob_files::BlobFiles;
use crate::config::Limits;
use crate::error::RelayError;
use crate::identity::Identity;
use crate::metrics::{Metrics, add};
use crate::store::{FeedLine, Store};
use ahead::Ahead;
use bucket::{Addresses, Bucket, Rate};
use cache::Cache;
use directory::{Account, Space};
use mail::Mailboxes;
use promises::Promises;
use session::{Session, Stage, Who};

/// Milliseconds a connection may go without proving a device, unless it waits at a mailbox.
const UNBOUND_MS: u64 = 11 * 60 * 1000;
/// Milliseconds to wait before connecting again when the relay closes a good session.
const RECONNECT_MS: u64 = 1000;

/// What the core wants done, after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A frame for a session.
    Send {
        /// Whose.
        session: SessionId,
        /// Encoded [`RelayFrame`], shared by everybody who gets the same.
        frame: Bytes,
    },
    /// The session ends; nothing follows.
    Close {
        /// Which.
        session: SessionId,
    },
}

/// What a commit led to.
#[derive(Debug, Default)]
pub struct Committed {
    /// In order.
    pub effects: Vec<Effect>,
    /// True if anything was written.
    pub durable: bool,
}

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is refused.
    Refused(Refusal),
    /// The machine failed.
    Fatal(RelayError),
}

/// What the device is told.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    code: Option<NackCode>,
    people: Vec<PersonId>,
    retry_after_ms: Option<u64>,
}

impl From<NackCode> for Stop {
    fn from(code: NackCode) -> Self {
        Self::Refused(Refusal { code: Some(code), ..Refusal::default() })
    }
}

impl From<RelayError> for Stop {
    fn from(error: RelayError) -> Self {
        match error {
            // One damaged log is its members' misfortune, not everybody's.
            RelayError::Damaged(what) => {
                tracing::error!("the database is damaged: {what}");
                NackCode::Unavailable.into()
            }
            error => Self::Fatal(error),
        }
    }
}

impl From<AccessError> for Stop {
    fn from(error: AccessError) -> Self {
        error.nack().into()
    }
}

/// What waits for the commit.
#[derive(Default)]
struct Batch {
    effects: Vec<Effect>,
    /// Bytes of the frames among them.
    bytes: usize,
    moved: BTreeSet<FeedLine>,
    spaces: BTreeSet<SpaceId>,
    accounts: BTreeSet<PersonId>,
    /// Files whose chunks go once the database has forgotten them.
    dropped_blobs: Vec<homing_wire::BlobId>,
}

/// The relay.
pub struct RelayCore {
    store: Store,
    identity: Identity,
    limits: Limits,
    hosts: Vec<String>,
    rng: ChaCha20Rng,
    metrics: Arc<Metrics>,
    files: BlobFiles,
    sessions: BTreeMap<SessionId, Session>,
    subscribers: HashMap<SpaceId, BTreeSet<SessionId>>,
    followers: HashMap<Member, BTreeSet<SessionId>>,
    at_home: HashMap<PersonId, BTreeSet<SessionId>>,
    tokens: HashMap<String, SessionId>,
    accounts: Cache<PersonId, Account>,
    spaces: Cache<SpaceId, Space>,
    mail: Mailboxes,
    promises: Promises,
    ahead: Ahead,
    anonymous: Addresses,
    batch: Batch,
    /// Spaces whose members' feeds don't say yet how far they moved, and their short names.
    untold: BTreeMap<SpaceId, i64>,
    disk_full: bool,
    proof_items: usize,
    /// When something scheduled is due.
    next_release: Option<u64>,
}

impl RelayCore {
    /// Opens the database of a data folder, or an empty one in memory. A database that is older than what the
    /// identity remembers begins a new generation.
    pub fn open(
        folder: Option<&Path>,
        mut identity: Identity,
        limits: Limits,
        hosts: Vec<String>,
        rng: ChaCha20Rng,
        metrics: Arc<Metrics>,
        now_ms: u64,
    ) -> Result<Self, RelayError> {
        let mut store = Store::open(folder)?;
        let recorded = store.recorded()?;
        let put_back = identity.disagrees_with(recorded.as_ref());
        if put_back {
            let at_least = recorded.as_ref().map_or(0, |recorded| recorded.generation);
            identity.raise(at_least, now_ms)?;
            tracing::warn!(
                generation = identity.generation(),
                "the database is older than this relay remembers: devices will fill it again"
            );
        }
        store.record(&identity.public(), identity.generation())?;
        metrics.generation.store(identity.generation(), Relaxed);
        let mut core = Self {
            store,
            identity,
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            rng,
            metrics,
            files: BlobFiles::new(folder),
            sessions: BTreeMap::new(),
            subscribers: HashMap::new(),
            followers: HashMap::new(),
            at_home: HashMap::new(),
            tokens: HashMap::new(),
            accounts: Cache::new(limits.cached_states),
            spaces: Cache::new(limits.cached_states),
            mail: Mailboxes::default(),
            promises: Promises::default(),
            ahead: Ahead::default(),
            anonymous: Addresses::default(),
            batch: Batch::default(),
            untold: BTreeMap::new(),
            disk_full: false,
            proof_items: 0,
            next_release: None,
            limits,
        };
        core.untold = core.store.untold()?.into_iter().collect();
        if put_back {
            core.forget_scheduled()?;
        }
        core.look_ahead()?;
        core.settle()?;
        Ok(core)
    }

    /// The generation of the store.
    pub fn generation(&self) -> u64 {
        self.identity.generation()
    }

    /// The relay's key.
    pub fn public_key(&self) -> homing_wire::VerifyKey {
        self.identity.public()
    }

    /// Where the chunks of files are.
    pub fn blob_files(&self) -> BlobFiles {
        self.files.clone()
    }

    /// A connection was opened.
    pub fn connect(&mut self, session: SessionId, peer: Peer, now_ms: u64) {
        let opened = Session {
            peer,
            stage: Stage::New,
            since_ms: now_ms,
            frames: Bucket::full(&self.frame_rate(), now_ms),
            live_left: self.limits.live_bytes,
            subs: BTreeSet::new(),
            feeds: BTreeSet::new(),
            peeked: BTreeSet::new(),
            token: String::new(),
            proofs: None,
            hears_schedule: false,
        };
        self.sessions.insert(session, opened);
    }

    /// A connection is gone.
    pub fn disconnect(&mut self, session: SessionId) {
        let Some(gone) = self.sessions.remove(&session) else { return };
        for space in &gone.subs {
            leave(&mut self.subscribers, space, session);
        }
        for feed in &gone.feeds {
            leave(&mut self.followers, feed, session);
        }
        if let Some(who) = gone.who() {
            leave(&mut self.at_home, &who.person, session);
        }
        if let Some(proofs) = gone.proofs {
            self.proof_items = self.proof_items.saturating_sub(proofs.len());
        }
        self.tokens.remove(&gone.token);
        self.mail.leave(session);
        self.ahead.leave(session);
    }

    /// Takes one frame and commits at once: for a simulation, where nothing is gained by waiting.
    pub fn frame(
        &mut self,
        session: SessionId,
        bytes: &[u8],
        now_ms: u64,
    ) -> Result<Vec<Effect>, RelayError> {
        self.handle(session, bytes, now_ms)?;
        let mut effects = self.commit()?.effects;
        if self.unsettled() {
            effects.extend(self.settle()?.effects);
        }
        Ok(effects)
    }

    /// Takes one frame. What comes of it is released by [`RelayCore::commit`].
    pub fn handle(&mut self, session: SessionId, bytes: &[u8], now_ms: u64) -> Result<(), RelayError> {
        let rate = self.frame_rate();
        let Some(open) = self.sessions.get_mut(&session) else { return Ok(()) };
        let in_time = open.frames.take(&rate, now_ms);
        let Ok(frame) = ClientFrame::decode(bytes) else {
            self.go_away(session, NackCode::Malformed, None);
            return Ok(());
        };
        let req = request_of(&frame);
        let sub = match &frame {
            ClientFrame::Sub { space, .. } => Some(*space),
            _ => None,
        };
        let done = match in_time {
            Ok(()) => self.answer(session, frame, now_ms),
            Err(wait) => Err(Stop::Refused(Refusal {
                code: Some(NackCode::RateLimited),
                retry_after_ms: Some(wait),
                ..Refusal::default()
            })),
        };
        match done {
            Ok(()) => Ok(()),
            Err(Stop::Fatal(error)) => Err(error),
            Err(Stop::Refused(refusal)) => {
                match (req, sub) {
                    (Some(req), _) => self.nack(session, req, refusal),
                    // Paging tells the device why there is nothing live.
                    (None, Some(space)) => self.send(session, &RelayFrame::Overflow { space }),
                    (None, None) => {}
                }
                Ok(())
            }
        }
    }

    /// Makes everything since the last commit durable and releases what depended on it.
    pub fn commit(&mut self) -> Result<Committed, RelayError> {
        self.write_rows()?;
        self.tell_feeds()?;
        let commits = self.store.commit()?;
        if let Some(commits) = commits {
            self.identity.count(commits)?;
        }
        for blob in std::mem::take(&mut self.batch.dropped_blobs) {
            if let Err(error) = self.files.remove(&blob) {
                // Bytes nobody can reach; the operator may delete them.
                tracing::warn!("can't delete the chunks of a file: {error}");
            }
        }
        self.accounts.trim();
        self.spaces.trim();
        let states = self.accounts.len().saturating_add(self.spaces.len());
        self.metrics.states.store(u64::try_from(states).unwrap_or(u64::MAX), Relaxed);
        self.batch.bytes = 0;
        Ok(Committed { effects: std::mem::take(&mut self.batch.effects), durable: commits.is_some() })
    }

    /// Bytes of the frames that wait for the commit.
    pub fn waiting_bytes(&self) -> usize {
        self.batch.bytes
    }

    /// Tidies the database. To be called when nobody waits.
    pub fn rest(&mut self) -> Result<(), RelayError> {
        self.store.checkpoint()
    }

    /// Forgets what is past its time. To be called every minute or so, then committed.
    pub fn tick(&mut self, now_ms: u64) -> Result<(), RelayError> {
        self.mail.sweep(now_ms);
        let rate = self.anonymous_rate();
        self.anonymous.sweep(&rate, now_ms);
        let late: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, open)| open.who().is_none() && now_ms.saturating_sub(open.since_ms) > UNBOUND_MS)
            .map(|(session, _)| *session)
            .collect();
        for session in late {
            self.go_away(session, NackCode::Expired, Some(RECONNECT_MS));
        }
        self.release_due(now_ms)?;
        self.sweep_blobs(now_ms)
    }

    /// Tells the core whether the disk has room.
    pub fn set_disk_full(&mut self, full: bool) {
        self.disk_full = full;
    }

    /// Asks every session to come back later; the relay stops.
    pub fn close_all(&mut self) {
        let open: Vec<SessionId> = self.sessions.keys().copied().collect();
        for session in open {
            self.go_away(session, NackCode::Unavailable, Some(RECONNECT_MS));
        }
    }

    /// Closes the database.
    pub fn close(self) -> Result<(), RelayError> {
        self.store.close()
    }

    fn answer(&mut self, session: SessionId, frame: ClientFrame, now_ms: u64) -> Result<(), Stop> {
        match frame {
            ClientFrame::Hello { versions } => return self.hello(session, &versions),
            ClientFrame::Auth { person, device, signature } => {
                return self.auth(session, Who { person, device }, &signature, now_ms);
            }
            ClientFrame::AccountPush { req, op } => return self.account_push(session, req, &op, now_ms),
            ClientFrame::RepushAccount { req, ops } => {
                return self.repush_account(session, req, &ops, now_ms);
            }
            ClientFrame::Mail { req, mailbox, put, seen } => {
                return self.mail(session, req, mailbox, put.map(Into::into), seen, now_ms);
            }
            ClientFrame::Recover { req, recovery, proof, after, person } => {
                return self.recover(session, req, (&recovery, &proof), (person, after), now_ms);
            }
            ClientFrame::Credit { bytes } => {
                self.credit(session, u64::from(bytes));
                return Ok(());
            }
            _ => {}
        }
        let Some(who) = self.sessions.get(&session).and_then(Session::who) else {
            self.go_away(session, NackCode::NotFound, None);
            return Ok(());
        };
        match frame {
            ClientFrame::Feed { generation, cursors } => self.feed(session, &who, generation, &cursors),
            ClientFrame::Sub { space, on } => self.sub(session, &who, space, on),
            ClientFrame::Pull { req, space, from, backwards, lane, bytes } => {
                self.pull(session, &who, &pull::Wanted { req, space, from, backwards, lane, bytes })
            }
            ClientFrame::Peek { req, space, invite, proof, from } => {
                self.peek(session, &who, &pull::Peek { req, space, invite, proof, from }, now_ms)
            }
            ClientFrame::PullAccount { req, person, after } => {
                self.pull_account(session, &who, req, person, after)
            }
            ClientFrame::PullSlots { req, space, since } => self.pull_slots(session, &who, req, space, since),
            ClientFrame::Push { req, entry } => self.push(session, &who, req, &entry, now_ms),
            ClientFrame::PushSlot { req, slot } => self.push_slot(session, &who, req, &slot, now_ms),
            ClientFrame::Ids { req, space, from } => self.ids(session, &who, req, space, from, now_ms),
            ClientFrame::Prove { req, space, proof } => self.prove(session, req, space, proof, now_ms),
            ClientFrame::Repush { req, space, entries } => {
                self.repush(session, &who, req, space, &entries, now_ms)
            }
            ClientFrame::ConfirmGeneration { req, space, generation, op_head } => {
                self.confirm_generation(session, &who, req, space, generation, op_head)
            }
            ClientFrame::Ephemeral { space, content } => self.ephemeral(session, &who, space, content),
            ClientFrame::Grant { req, space, blob } => self.grant(session, &who, req, space, blob),
            frame @ (ClientFrame::Schedule { .. }
            | ClientFrame::Unschedule { .. }
            | ClientFrame::PullScheduled { .. }) => self.about_schedule(session, &who, frame, now_ms),
            ClientFrame::Hello { .. }
            | ClientFrame::Auth { .. }
            | ClientFrame::AccountPush { .. }
            | ClientFrame::RepushAccount { .. }
            | ClientFrame::Mail { .. }
            | ClientFrame::Recover { .. }
            | ClientFrame::Credit { .. } => Ok(()),
        }
    }

    /// Frames of session version 2.
    fn about_schedule(
        &mut self,
        session: SessionId,
        who: &Who,
        frame: ClientFrame,
        now_ms: u64,
    ) -> Result<(), Stop> {
        let stage = self.sessions.get(&session).map(|open| open.stage);
        if !matches!(stage, Some(Stage::Bound { version, .. }) if version >= limits::SCHEDULING) {
            return Err(NackCode::Malformed.into());
        }
        match frame {
            ClientFrame::Schedule { req, space, entries } => {
                self.schedule(session, who, req, space, &entries, now_ms)
            }
            ClientFrame::Unschedule { req, space, tag } => self.unschedule(session, who, req, space, tag),
            ClientFrame::PullScheduled { req } => self.pull_scheduled(session, who, req),
            _ => Ok(()),
        }
    }

    fn send(&mut self, session: SessionId, frame: &RelayFrame) {
        self.send_bytes(session, frame.encode().into());
    }

    fn send_bytes(&mut self, session: SessionId, frame: Bytes) {
        self.batch.bytes = self.batch.bytes.saturating_add(frame.len());
        self.batch.effects.push(Effect::Send { session, frame });
    }

    fn nack(&mut self, session: SessionId, req: u64, refusal: Refusal) {
        let code = refusal.code.unwrap_or(NackCode::Unavailable);
        self.metrics.nack(code);
        let Refusal { people, retry_after_ms, .. } = refusal;
        self.send(session, &RelayFrame::Nack { req, code, people, retry_after_ms });
    }

    fn go_away(&mut self, session: SessionId, code: NackCode, retry_after_ms: Option<u64>) {
        if self.sessions.contains_key(&session) {
            add(&self.metrics.goaways, 1);
            self.send(session, &RelayFrame::GoAway { code, retry_after_ms });
            self.batch.effects.push(Effect::Close { session });
            self.disconnect(session);
        }
    }

    fn frame_rate(&self) -> Rate {
        Rate { tokens: self.limits.frames_per_second, per_ms: 1000, burst: self.limits.frame_burst }
    }

    fn anonymous_rate(&self) -> Rate {
        Rate { tokens: self.limits.anonymous_per_hour, per_ms: 3_600_000, burst: self.limits.anonymous_burst }
    }

    /// One request of somebody who has not proved anything yet.
    fn take_anonymous(&mut self, session: SessionId, now_ms: u64) -> Result<(), Stop> {
        match self.sessions.get(&session) {
            Some(open) if open.who().is_none() => self.take_of_address(session, now_ms),
            _ => Ok(()),
        }
    }

    /// One new account, also by a session that is bound: accounts cost nothing to make. Only a relay that is being
    /// filled again takes as many as its devices know. (Who isn't bound has paid for the request already.)
    fn take_registration(&mut self, session: SessionId, now_ms: u64) -> Result<(), Stop> {
        let refilled = self.identity.generation() > 1
            && now_ms < self.identity.since_ms().saturating_add(limits::GENERATION_HOLD_MS);
        match self.sessions.get(&session) {
            Some(open) if open.who().is_some() && !refilled => self.take_of_address(session, now_ms),
            _ => Ok(()),
        }
    }

    fn take_of_address(&mut self, session: SessionId, now_ms: u64) -> Result<(), Stop> {
        let rate = self.anonymous_rate();
        let Some(open) = self.sessions.get(&session) else { return Ok(()) };
        self.anonymous.take(open.peer.address, &rate, now_ms).map_err(|wait| {
            let code = Some(NackCode::RateLimited);
            Stop::Refused(Refusal { code, retry_after_ms: Some(wait), ..Refusal::default() })
        })
    }

    fn check_disk(&self) -> Result<(), Stop> {
        if self.disk_full { Err(NackCode::DiskFull.into()) } else { Ok(()) }
    }
}

fn leave<K: Eq + std::hash::Hash>(map: &mut HashMap<K, BTreeSet<SessionId>>, key: &K, session: SessionId) {
    if let Some(sessions) = map.get_mut(key) {
        sessions.remove(&session);
        if sessions.is_empty() {
            map.remove(key);
        }
    }
}

fn request_of(frame: &ClientFrame) -> Option<u64> {
    match frame {
        ClientFrame::AccountPush { req, .. }
        | ClientFrame::Pull { req, .. }
        | ClientFrame::Peek { req, .. }
        | ClientFrame::PullAccount { req, .. }
        | ClientFrame::PullSlots { req, .. }
        | ClientFrame::Push { req, .. }
        | ClientFrame::PushSlot { req, .. }
        | ClientFrame::Ids { req, .. }
        | ClientFrame::Prove { req, .. }
        | ClientFrame::Repush { req, .. }
        | ClientFrame::RepushAccount { req, .. }
        | ClientFrame::ConfirmGeneration { req, .. }
        | ClientFrame::Mail { req, .. }
        | ClientFrame::Recover { req, .. }
        | ClientFrame::Grant { req, .. }
        | ClientFrame::Schedule { req, .. }
        | ClientFrame::Unschedule { req, .. }
        | ClientFrame::PullScheduled { req } => Some(*req),
        ClientFrame::Hello { .. }
        | ClientFrame::Auth { .. }
        | ClientFrame::Feed { .. }
        | ClientFrame::Sub { .. }
        | ClientFrame::Ephemeral { .. }
        | ClientFrame::Credit { .. } => None,
    }
}
