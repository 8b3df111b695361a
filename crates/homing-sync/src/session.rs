//! The way from a closed socket to a bound session, and back.
//!
//! `Hello` -> `Challenge` -> (register) -> `Auth` -> `Welcome` -> `Feed`. Every step has a deadline. What a fault or a
//! lost socket interrupts is taken up by the next session: nothing here is persisted.

use homing_wire::{
    AccountOpId, ClientFrame, Hash, NackCode, RelayLimits, Signature, VerifyKey, auth_bytes, limits,
    peek_bytes, recover_bytes,
};

use crate::backoff::delay_ms;
use crate::client::Client;
use crate::refill::split_account;
use crate::requests::{Asked, Requests};
use crate::{Effect, Fault};

/// A session that lasted this long counts as a good one: the next wait is short again.
const GOOD_SESSION_MS: u64 = 60_000;
/// Longest wait a relay may ask for.
const MAX_RETRY_AFTER_MS: u64 = 15 * 60 * 1000;

/// Where the client stands.
#[derive(Debug)]
pub(crate) enum Link {
    Down { retry_at: u64 },
    Stopped,
    Up(Session),
}

/// Where the handshake stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    Opening,
    Hello,
    Registering,
    /// The relay may have lost its database, and this person, since it was last heard.
    Returning,
    Signing,
    Authenticating,
    /// There is no identity to bind: a device that is being linked or recovered.
    Anonymous,
    Online,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) stage: Stage,
    /// For the current step of the handshake; once online, for the end of the feed's answer.
    pub(crate) deadline: Option<u64>,
    pub(crate) requests: Requests,
    pub(crate) relay: VerifyKey,
    pub(crate) nonce: Hash,
    pub(crate) generation: u64,
    /// Of the frames.
    pub(crate) version: u32,
    pub(crate) push_bytes: usize,
    pub(crate) welcomed_at: Option<u64>,
    pub(crate) feed_caught_up: bool,
    pub(crate) all_caught_up: bool,
    pub(crate) credit_owed: u64,
    pub(crate) credit_given: bool,
    /// `Sub` was sent too fast: not before.
    pub(crate) sub_not_before: u64,
}

impl Session {
    fn new(id: u64, deadline: u64) -> Self {
        Self {
            id,
            stage: Stage::Opening,
            deadline: Some(deadline),
            requests: Requests::default(),
            relay: VerifyKey([0; 32]),
            nonce: Hash([0; 32]),
            generation: 0,
            version: 0,
            push_bytes: 0,
            welcomed_at: None,
            feed_caught_up: false,
            all_caught_up: false,
            credit_owed: 0,
            credit_given: false,
            sub_not_before: 0,
        }
    }

    pub(crate) fn challenged(&self) -> bool {
        !matches!(self.stage, Stage::Opening | Stage::Hello)
    }
}

impl Client {
    pub(crate) fn connect(&mut self) {
        self.last_link += 1;
        let deadline = self.deadline();
        self.link = Link::Up(Session::new(self.last_link, deadline));
        self.out.push(Effect::Connect { link: self.last_link });
    }

    /// Starts the next step of the handshake.
    fn stage(&mut self, stage: Stage, deadline: Option<u64>) {
        if let Link::Up(session) = &mut self.link {
            session.stage = stage;
            session.deadline = deadline;
        }
    }

    pub(crate) fn opened(&mut self) {
        if self.session().is_some_and(|s| s.stage == Stage::Opening) {
            self.stage(Stage::Hello, Some(self.deadline()));
            self.send(&ClientFrame::Hello { versions: limits::SESSIONS.to_vec() });
        }
    }

    pub(crate) fn challenge(
        &mut self,
        version: u32,
        relay: VerifyKey,
        nonce: Hash,
        generation: u64,
    ) -> Result<(), Fault> {
        let known = self.generation;
        let pinned = self.config.relay_key;
        let Link::Up(session) = &mut self.link else { return Ok(()) };
        if session.stage != Stage::Hello {
            return Err(Fault::OutOfTurn);
        }
        if !limits::SESSIONS.contains(&version) {
            return Err(Fault::UnknownVersion(version));
        }
        if let Some(pinned) = pinned.filter(|pinned| *pinned != relay) {
            self.out.push(Effect::RelayChanged { pinned, offered: relay });
            return Err(Fault::RelayChanged);
        }
        if generation == 0 || generation < known {
            return Err(Fault::GenerationWentBack);
        }
        (session.relay, session.nonce, session.generation) = (relay, nonce, generation);
        session.version = version;
        match (self.config.identity, self.register.clone()) {
            (None, _) => {
                self.stage(Stage::Anonymous, None);
                self.begin_anonymous();
            }
            (Some(_), Some(op)) => {
                self.stage(Stage::Registering, None);
                self.ask(Asked::Register, |req| ClientFrame::AccountPush { req, op });
            }
            (Some(_), None) if generation != known => {
                self.stage(Stage::Returning, Some(self.deadline()));
                if let Some(link) = self.session().map(|session| session.id) {
                    self.out.push(Effect::WantAccount { link });
                }
            }
            (Some(_), None) => self.sign_auth(),
        }
        self.begin_mail();
        Ok(())
    }

    /// The account is registered, now or before.
    pub(crate) fn registered(&mut self) {
        if self.register.take().is_some() {
            self.out.push(Effect::Registered);
        }
        self.sign_auth();
    }

    pub(crate) fn register_refused(
        &mut self,
        code: NackCode,
        retry_after_ms: Option<u64>,
    ) -> Result<(), Fault> {
        // The account's id is the hash of this genesis: if it exists, it is this one.
        if code == NackCode::Exists {
            self.registered();
            return Ok(());
        }
        self.go_away(code, retry_after_ms)
    }

    /// The own account, for a relay that may have forgotten it.
    pub(crate) fn give_account(&mut self, ops: Vec<Vec<u8>>) {
        if self.session().is_some_and(|s| s.stage == Stage::Returning) {
            self.stage(Stage::Registering, None);
            self.accounts.own = split_account(ops).into();
            self.account_part_taken();
        }
    }

    /// The next part of the own account, or who this is.
    pub(crate) fn account_part_taken(&mut self) {
        match self.accounts.own.pop_front() {
            Some(ops) => {
                let ops = ops.into_iter().map(Into::into).collect();
                self.ask(Asked::OwnAccount, |req| ClientFrame::RepushAccount { req, ops });
            }
            None => self.sign_auth(),
        }
    }

    /// The relay holds another branch of the log, or is too busy. In the first case it judges this device by its own.
    pub(crate) fn account_not_taken(
        &mut self,
        code: NackCode,
        retry_after_ms: Option<u64>,
    ) -> Result<(), Fault> {
        if code.retry() {
            return self.go_away(code, retry_after_ms);
        }
        self.sign_auth();
        Ok(())
    }

    pub(crate) fn sign_auth(&mut self) {
        self.stage(Stage::Signing, Some(self.deadline()));
        let (Some(identity), Some(session)) = (self.config.identity, self.session()) else { return };
        let bytes =
            auth_bytes(&session.relay, &self.config.host, &session.nonce, session.version, &identity.person);
        let link = session.id;
        self.out.push(Effect::SignAuth { link, bytes });
    }

    pub(crate) fn signed(&mut self, signature: Signature) {
        let Some(identity) = self.config.identity else { return };
        if self.session().is_some_and(|s| s.stage == Stage::Signing) {
            self.stage(Stage::Authenticating, Some(self.deadline()));
            self.send(&ClientFrame::Auth { person: identity.person, device: identity.device, signature });
        }
    }

    pub(crate) fn welcome(
        &mut self,
        generation: u64,
        account: AccountOpId,
        limits: RelayLimits,
        blob_token: String,
        relay_now_ms: u64,
    ) -> Result<(), Fault> {
        let now = self.now;
        let Link::Up(session) = &mut self.link else { return Ok(()) };
        if session.stage != Stage::Authenticating || session.generation != generation {
            return Err(Fault::OutOfTurn);
        }
        session.welcomed_at = Some(now);
        session.push_bytes = usize::try_from(limits.push_bytes).unwrap_or(usize::MAX);
        let (relay, nonce) = (session.relay, session.nonce);
        // Trust on first use: this process won't speak to another key, the engine pins it for the next ones.
        self.config.relay_key = Some(relay);
        self.hold_nothing();
        self.stage(Stage::Online, None);
        self.out.push(Effect::Welcome {
            relay,
            generation,
            limits,
            blob_token,
            now_ms: relay_now_ms,
            account,
            nonce,
        });
        let before = std::mem::replace(&mut self.generation, generation);
        if before != generation && before != 0 {
            self.feeds.restart();
        }
        self.begin_refill(before, generation);
        self.send_feed();
        self.begin_spaces();
        self.begin_peeks();
        self.begin_asks();
        self.begin_schedules();
        Ok(())
    }

    /// Follows all feeds from where this process is.
    pub(crate) fn send_feed(&mut self) {
        let deadline = self.deadline();
        let Link::Up(session) = &mut self.link else { return };
        if session.stage != Stage::Online {
            return;
        }
        session.deadline = Some(deadline);
        session.feed_caught_up = false;
        session.all_caught_up = false;
        let generation = session.generation;
        let cursors = self.feeds.received();
        self.send(&ClientFrame::Feed { generation, cursors });
    }

    /// The relay says goodbye, or refuses to register.
    pub(crate) fn go_away(&mut self, code: NackCode, retry_after_ms: Option<u64>) -> Result<(), Fault> {
        let stopped = matches!(code, NackCode::Revoked);
        self.out.push(Effect::GoAway { code, stopped });
        let least = retry_after_ms.unwrap_or(if code.retry() { 0 } else { self.config.max_backoff_ms });
        self.end(Some(Fault::GoAway), least.min(MAX_RETRY_AFTER_MS));
        if stopped {
            self.link = Link::Stopped;
        }
        Ok(())
    }

    /// The session is over. With a reason it is this side that ends it.
    pub(crate) fn end(&mut self, reason: Option<Fault>, least_wait_ms: u64) {
        let Link::Up(session) = &self.link else { return };
        let (link, online) = (session.id, session.stage == Stage::Online);
        let lasted = session.welcomed_at.map_or(0, |at| self.now.saturating_sub(at));
        let by_network = reason.is_none() && session.all_caught_up;
        self.attempt =
            if by_network || lasted >= GOOD_SESSION_MS { 0 } else { self.attempt.saturating_add(1) };
        let wait = delay_ms(
            self.config.initial_backoff_ms,
            self.config.max_backoff_ms,
            self.attempt.saturating_sub(1),
            self.config.seed ^ link,
        );
        self.link = match &reason {
            Some(Fault::RelayChanged) => Link::Stopped,
            Some(Fault::GenerationWentBack | Fault::UnknownVersion(_)) => {
                Link::Down { retry_at: self.now.saturating_add(self.config.max_backoff_ms) }
            }
            Some(Fault::NetworkChanged) => Link::Down { retry_at: self.now },
            _ => Link::Down { retry_at: self.now.saturating_add(wait.max(least_wait_ms)) },
        };
        if let Some(reason) = reason {
            self.out.push(Effect::Disconnect { link, reason });
        }
        if online {
            self.out.push(Effect::Offline);
        }
        self.interrupt();
    }

    pub(crate) fn peek_message(&self, space: &homing_wire::SpaceId) -> Option<(u64, Vec<u8>)> {
        let (session, identity) = (self.session()?, self.config.identity?);
        Some((session.id, peek_bytes(space, &identity.device, &session.nonce.0)))
    }

    pub(crate) fn recover_message(&self) -> Option<(u64, Vec<u8>)> {
        let session = self.session()?;
        Some((session.id, recover_bytes(&session.relay, &session.nonce)))
    }
}
