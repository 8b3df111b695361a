//! A device that lets itself into an account: with the recovery words, or as what a restored backup goes on as.
//!
//! It speaks to the relay for nobody yet: every op carries its own proof of right. The op that adds the device is signed
//! by the recovery words or, without them, by the newest person seed.
//!
//! The log may have grown since a backup was made, so it is asked for first: with the words or, without them, with the
//! newest person key. A key that is no longer the account's opens nothing: then only the words help, or another device.
//!
//! The op may be taken without the answer arriving. So the device's seed is durable before it leaves, and the device is
//! found in the log.

use std::collections::BTreeSet;

use homing_access::build::{self, AccountKey};
use homing_access::{AccountState, open};
use homing_crypto::{DeviceSecret, Domain, PersonSecret, RecoverySecret, Seed32, SigningKey};
use homing_store::{Durability, Tx, accounts, meta};
use homing_sync::Event;
use homing_wire::{
    AccountAction, AccountOp, AccountOpId, DeviceId, NackCode, PersonId, Signature, VerifyKey,
};

use super::{SETTLE_MS, relay_refuses};
use crate::api::{ApiError, Code, Nothing, Status};
use crate::core::{Core, RELAY_ADDRESS};
use crate::fail::Fail;
use crate::identity::Identity;
use crate::reply::Reply;

/// The seed of the device this profile is about to become; kept until it is.
pub(crate) const ENROL: &str = "enrol";
/// The op that adds it, as it left or is about to.
const ENROL_OP: &str = "enrol_op";
/// Public half of recovery words, and the seed of the device that they are letting in to a profile of nobody yet.
const RECOVER: &str = "recover";
/// How often the log is fetched again because another device was faster.
const ATTEMPTS: u32 = 4;

/// A device letting itself in.
pub(super) struct Enrolment {
    relay: String,
    words: Option<Seed32>,
    /// The new device; without one the log is only registered.
    device: Option<Seed32>,
    device_name: String,
    /// The account's ops, once known.
    log: Option<Vec<AccountOp>>,
    /// The relay was asked for them.
    asked: bool,
    /// The op that adds the device.
    added: Option<AccountOp>,
    /// On their way.
    waiting: BTreeSet<AccountOpId>,
    attempts: u32,
    reply: Option<(Reply<Status>, u64)>,
}

impl Enrolment {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        if let Some((reply, _)) = self.reply {
            core.settle(reply, Err(error.clone()));
        }
    }

    pub fn relay(&self) -> String {
        self.relay.clone()
    }

    pub fn deadline(&self) -> Option<u64> {
        self.reply.as_ref().map(|(_, by)| *by)
    }

    fn recovery(&self) -> Option<RecoverySecret> {
        self.words.as_ref().map(RecoverySecret::from_seed)
    }

    /// No account is known to have these words; or this profile's account has other keys by now.
    fn unknown(&self) -> ApiError {
        if self.words.is_some() { unknown_words() } else { too_old() }
    }
}

fn too_old() -> ApiError {
    ApiError::new(
        Code::RecoveryInvalid,
        "Since this backup was made the account got new keys, for a device was shut out, or the relay lost the account. What is in the backup stays readable here. To go on, use the recovery words in a new profile, or link a new profile from a device you still have.",
    )
}

fn unknown_words() -> ApiError {
    ApiError::new(
        Code::RecoveryInvalid,
        "No account at this relay has these recovery words. Check the words and the relay's address.",
    )
}

/// The device is one of the account's, or its profile became somebody else's.
pub(super) fn forget_enrolment(tx: &Tx<'_>) -> Result<(), Fail> {
    for key in [ENROL, ENROL_OP, RECOVER] {
        meta::delete(tx, key)?;
    }
    Ok(())
}

impl Core {
    /// Begins with the words of a person this profile does not know yet.
    pub(super) fn recover(
        &mut self,
        relay: String,
        words: Seed32,
        device_name: String,
        reply: Reply<Status>,
    ) {
        let device = match self.recovering_device(&words) {
            Ok(seed) => Some(seed),
            Err(error) => return self.settle(reply, Err(error)),
        };
        let by = self.env.steady_ms() + SETTLE_MS;
        self.flows.enrolment = Some(Enrolment {
            relay,
            words: Some(words),
            device,
            device_name,
            log: None,
            asked: false,
            added: None,
            waiting: BTreeSet::new(),
            attempts: 0,
            reply: Some((reply, by)),
        });
        if let Err(error) = self.start_link() {
            self.enrolment_failed(error);
        }
    }

    /// The seed of the device that these words let in: if an attempt before was cut off, the one it began with, which the
    /// account may hold already.
    fn recovering_device(&mut self, words: &Seed32) -> Result<Seed32, ApiError> {
        let public = RecoverySecret::from_seed(words).signing().public();
        if let Some(bytes) = meta::get(&self.db()?, RECOVER)?
            && let Some((of, seed)) = bytes.split_first_chunk::<32>()
            && *of == public
            && let Some(seed) = Seed32::from_slice(seed)
        {
            return Ok(seed);
        }
        let seed = Seed32::random(&mut self.env.rng);
        self.keep(RECOVER, &[public.as_slice(), seed.expose()].concat())?;
        Ok(seed)
    }

    /// Durable, whether this profile belongs to somebody or not.
    fn keep(&mut self, key: &str, bytes: &[u8]) -> Result<(), ApiError> {
        let store = self.store.as_mut().ok_or(Fail::Internal("no database"))?;
        store.write(Durability::Full, |tx| meta::set(tx, key, bytes))?;
        Ok(())
    }

    /// After a backup was restored without a relay: this profile holds the person's keys, but no device's. It goes on as a
    /// new one.
    fn enrol_here(&mut self, seed: &Seed32) -> Result<(), ApiError> {
        // Nobody else knows the account yet: the op only has to stand in this profile's own copy of the log.
        self.write(Durability::Full, |tx, replica, env| {
            let me = replica.person();
            replica.load_account(tx, &me)?;
            let account = replica.known.accounts.get(&me).ok_or(Fail::Internal("own account"))?;
            let generation = account.person_key().generation;
            let person_seed = replica.me.person_seed(generation).ok_or_else(|| Fail::from(too_old()))?;
            let secret = PersonSecret::from_seed(person_seed);
            let consent = build::consent(&me, &DeviceSecret::from_seed(seed));
            let op =
                build::add_device(&mut env.rng, account, AccountKey::Person(&secret), consent, person_seed)?;
            replica.ingest_account(tx, &me, &[op.encode()])?;
            replica.become_device(tx, env, seed.clone())?;
            forget_enrolment(tx)
        })
    }

    /// Before the link begins: whether this profile must first let itself in, or register an account that has more ops
    /// than its first one.
    pub(crate) fn resume_enrolment(&mut self) -> Result<(), ApiError> {
        if self.replica.is_some() {
            self.resume_becoming()?;
        }
        let (Some(replica), None) = (&self.replica, &self.flows.enrolment) else { return Ok(()) };
        let db = self.db()?;
        let device = meta::get(&db, ENROL)?.and_then(|bytes| Seed32::from_slice(&bytes));
        let Some(relay) = self.relay_address()? else {
            return device.map_or(Ok(()), |seed| self.enrol_here(&seed));
        };
        let rows = accounts::list(&db, &replica.person())?;
        if device.is_none() && (replica.me.registered || rows.len() < 2) {
            return Ok(());
        }
        let known: Option<Vec<AccountOp>> =
            rows.iter().map(|row| AccountOp::decode(&row.bytes).ok()).collect();
        let words = replica.me.recovery_seed.clone();
        // A registered account may have grown since the backup was made.
        let ask = replica.me.registered;
        self.flows.enrolment = Some(Enrolment {
            relay,
            words,
            device,
            device_name: replica.me.device_name.clone(),
            log: known.filter(|_| !ask),
            asked: false,
            added: None,
            waiting: BTreeSet::new(),
            attempts: 0,
            reply: None,
        });
        Ok(())
    }

    pub(super) fn poll_enrolment(&mut self) {
        let anonymous = self.anonymous();
        let now = self.env.steady_ms();
        let Some(one) = &mut self.flows.enrolment else { return };
        if one.deadline().is_some_and(|by| now >= by) {
            let error = self.why_offline();
            return self.enrolment_failed(error);
        }
        if !anonymous || !one.waiting.is_empty() {
            return;
        }
        if one.log.is_none() {
            if !std::mem::replace(&mut one.asked, true)
                && let Some((key, person)) = self.proving()
            {
                let recovery = VerifyKey(key.public());
                self.protocol(Event::Recover { recovery, person });
            }
        } else if let Err(error) = self.push_enrolment() {
            self.enrolment_failed(error);
        }
    }

    /// The key that proves a right to the log: the words' or, for the person named, the newest person key's.
    fn proving(&self) -> Option<(SigningKey, Option<PersonId>)> {
        if let Some(recovery) = self.flows.enrolment.as_ref()?.recovery() {
            return Some((recovery.signing().clone(), None));
        }
        let replica = self.replica.as_ref()?;
        let secret = PersonSecret::from_seed(replica.me.newest_person_seed()?);
        Some((secret.enrol().clone(), Some(replica.person())))
    }

    fn push_enrolment(&mut self) -> Result<(), ApiError> {
        let Some(one) = &self.flows.enrolment else { return Ok(()) };
        let Some(log) = &one.log else { return Ok(()) };
        let state = AccountState::replay(log).map_err(|_| unknown_words())?;
        let replica = self.replica.as_ref();
        if replica.is_some_and(|replica| replica.person() != state.person()) {
            return Err(unknown_words());
        }
        let mut ops: Vec<AccountOp> = Vec::new();
        if replica.is_some_and(|replica| !replica.me.registered) {
            ops.extend(log.iter().cloned());
        }
        let added = self.added_device(&state)?;
        ops.extend(added.clone());
        let Some(one) = &mut self.flows.enrolment else { return Ok(()) };
        one.added = added;
        one.waiting = ops.iter().map(AccountOp::id).collect();
        if ops.is_empty()
            && let Some(done) = self.flows.enrolment.take()
        {
            self.enrolment_done(done);
        }
        for op in ops {
            self.protocol(Event::PushAccount { id: op.id(), bytes: op.encode() });
        }
        Ok(())
    }

    /// The op that adds the new device, durable before it leaves; none if there is no device to add, or the account has
    /// it since an attempt whose answer never came.
    fn added_device(&mut self, state: &AccountState) -> Result<Option<AccountOp>, ApiError> {
        let Some(one) = &self.flows.enrolment else { return Ok(None) };
        let Some(device) = one.device.as_ref().map(DeviceSecret::from_seed) else { return Ok(None) };
        let id = DeviceId(device.signing().public());
        if state.is_active(&id) {
            return Ok(None);
        }
        if let Some(op) = meta::get(&self.db()?, ENROL_OP)?.and_then(|bytes| AccountOp::decode(&bytes).ok())
            && matches!(&op.body.action, AccountAction::AddDevice { device, .. } if device.device == id)
            && state.clone().apply(&op).is_ok()
        {
            return Ok(Some(op));
        }
        let recovery = one.recovery();
        let person_seed = match &recovery {
            Some(recovery) => open::person_seed_by_recovery(state, recovery).map_err(|_| unknown_words())?,
            None => self
                .replica
                .as_ref()
                .and_then(|replica| replica.me.person_seed(state.person_key().generation))
                .cloned()
                .ok_or_else(too_old)?,
        };
        let secret = PersonSecret::from_seed(&person_seed);
        let signer = match &recovery {
            Some(recovery) => AccountKey::Recovery(recovery),
            None => AccountKey::Person(&secret),
        };
        let consent = build::consent(&state.person(), &device);
        let op =
            build::add_device(&mut self.env.rng, state, signer, consent, &person_seed).map_err(Fail::from)?;
        self.keep(ENROL_OP, &op.encode())?;
        Ok(Some(op))
    }

    /// Proves to the relay that this device holds the words.
    pub(crate) fn sign_recover(&mut self, link: u64, bytes: &[u8]) {
        let Some((key, _)) = self.proving() else { return };
        let proof = Signature(key.sign(Domain::Auth, bytes));
        self.protocol(Event::RecoverSigned { link, proof });
    }

    pub(crate) fn recover_refused(&mut self, code: NackCode) {
        let Some(one) = &self.flows.enrolment else { return };
        let error = match code {
            NackCode::NotFound | NackCode::BadSignature => one.unknown(),
            other => relay_refuses(other),
        };
        self.enrolment_failed(error);
    }

    /// The log that was asked for with the words; true if it was that.
    pub(super) fn enrolment_log(&mut self, person: &PersonId, ops: &[Vec<u8>]) -> bool {
        let proving = self.proving().map(|(key, of)| (VerifyKey(key.public()), of.is_some()));
        let Some(one) = &mut self.flows.enrolment else { return false };
        if one.log.is_some() || !one.asked {
            return false;
        }
        let log: Option<Vec<AccountOp>> = ops.iter().map(|bytes| AccountOp::decode(bytes).ok()).collect();
        let theirs = log.as_deref().and_then(|log| AccountState::replay(log).ok()).is_some_and(|state| {
            let named = match proving {
                Some((key, true)) => key == state.person_key().enrol,
                Some((key, false)) => key == state.recovery().verify,
                None => false,
            };
            state.person() == *person && named
        });
        if theirs {
            one.log = log;
        } else {
            let error = one.unknown();
            self.enrolment_failed(error);
        }
        true
    }

    pub(super) fn enrolment_acked(&mut self, id: &AccountOpId) -> bool {
        let Some(one) = &mut self.flows.enrolment else { return false };
        if !one.waiting.remove(id) {
            return false;
        }
        if one.waiting.is_empty()
            && let Some(done) = self.flows.enrolment.take()
        {
            self.enrolment_done(done);
        }
        true
    }

    pub(super) fn enrolment_refused(&mut self, ids: &[AccountOpId], code: NackCode) -> bool {
        let Some(one) = &mut self.flows.enrolment else { return false };
        if !ids.iter().any(|id| one.waiting.contains(id)) {
            return false;
        }
        one.waiting.clear();
        one.attempts += 1;
        if code == NackCode::StaleOps && one.attempts <= ATTEMPTS {
            (one.log, one.asked) = (None, false);
        } else {
            let error = if code == NackCode::StaleOps { too_old() } else { relay_refuses(code) };
            self.enrolment_failed(error);
        }
        true
    }

    /// The account holds this device.
    fn enrolment_done(&mut self, done: Enrolment) {
        let Enrolment { relay, words, device, device_name, log, added, reply, .. } = done;
        let mut log = log.unwrap_or_default();
        log.extend(added);
        let kept = match self.replica.is_some() {
            true => self.keep_enrolled(&log, device),
            false => self.keep_recovered(&log, device, words, device_name, &relay),
        };
        self.flows.restart = true;
        let answer = kept.and_then(|()| self.status(Nothing {}));
        match (reply, answer) {
            (Some((reply, _)), answer) => self.settle(reply, answer),
            (None, Err(error)) => self.problem(Some(error)),
            (None, Ok(_)) => {}
        }
    }

    fn keep_enrolled(&mut self, log: &[AccountOp], device: Option<Seed32>) -> Result<(), ApiError> {
        let bytes: Vec<Vec<u8>> = log.iter().map(AccountOp::encode).collect();
        self.write(Durability::Full, |tx, replica, env| {
            let me = replica.person();
            replica.ingest_account(tx, &me, &bytes)?;
            replica.me.registered = true;
            match device {
                Some(seed) => replica.become_device(tx, env, seed)?,
                None => replica.save_identity(tx)?,
            }
            replica.open_person_seeds(tx)?;
            forget_enrolment(tx)
        })
    }

    fn keep_recovered(
        &mut self,
        log: &[AccountOp],
        device: Option<Seed32>,
        words: Option<Seed32>,
        device_name: String,
        relay: &str,
    ) -> Result<(), ApiError> {
        let state = AccountState::replay(log).map_err(Fail::from)?;
        let device = device.ok_or_else(|| crate::fail::internal("recovered device"))?;
        // The name comes with the personal space.
        let mut me = Identity::new(state.person(), String::new(), device_name, device);
        me.recovery_seed = words;
        me.recovery_confirmed = true;
        me.registered = true;
        let bytes: Vec<Vec<u8>> = log.iter().map(AccountOp::encode).collect();
        let person = state.person();
        self.establish(me, |tx, replica, _| {
            replica.has_relay = true;
            meta::set(tx, RELAY_ADDRESS, relay.as_bytes())?;
            replica.ingest_account(tx, &person, &bytes)
        })
    }

    pub(super) fn enrolment_failed(&mut self, error: ApiError) {
        let Some(one) = self.flows.enrolment.take() else { return };
        match one.reply {
            Some((reply, _)) => {
                self.flows.restart = true;
                self.settle(reply, Err(error));
            }
            // It stays due: the next start, or another address of the relay, tries again.
            None => self.problem(Some(error)),
        }
    }
}
