//! Ops of the own account: letting a device in, shutting one out, this profile becoming another device.
//!
//! An op follows the account's newest one. When another device was faster, the log is fetched and the op made again on
//! top of it. A new person seed needs no care of its own before the op leaves: it is sealed to this device inside the
//! op, so whenever the op comes back from the relay the seed comes with it.
//!
//! A device that is shut out may have kept the recovery words, and the person key is sealed to them too. So new words
//! come first, while it still counts as a device, and then the op that revokes it: after that nothing it holds opens the
//! account, and in between nothing is open that was not before.

use homing_access::build::{self, AccountKey};
use homing_crypto::{DeviceSecret, RecoverySecret, Seed32};
use homing_store::{Durability, Tx, meta, spaces};
use homing_sync::Event;
use homing_wire::{AccountOp, AccountOpId, DeviceId, NackCode};

use super::enrol::ENROL;
use super::recovery::next_words;
use super::{REACH_MS, SETTLE_MS, relay_refuses};
use crate::api::{ApiError, Code, DeviceRow, LinkState, Nothing};
use crate::core::Core;
use crate::env::Env;
use crate::fail::Fail;
use crate::pairing::Applicant;
use crate::replica::Replica;
use crate::reply::Reply;

/// The seed of the device that a copied profile is about to become; kept until it is, so that a crash in between does not
/// leave a device nobody uses in the account.
pub(super) const BECOME: &str = "become";
/// How often an op is made again because another device was faster.
const ATTEMPTS: u32 = 4;

/// An account op that is to be made, or is on its way.
pub(super) struct Work {
    goal: Goal,
    pushed: Option<AccountOp>,
    /// The head the op was made on: if it is refused, another one must come before the next attempt.
    stale: Option<AccountOpId>,
    attempts: u32,
    deadline: u64,
}

enum Goal {
    Grant(Box<Applicant>, Option<Reply<LinkState>>),
    Revoke {
        device: DeviceId,
        /// The recovery words are new.
        renewed: bool,
        reply: Option<Reply<Vec<DeviceRow>>>,
    },
    /// A copy of this profile is in use: this one goes on as the device with this seed.
    Become(Seed32),
}

impl Work {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        core.end_work(self.goal, Err(error.clone()));
    }

    fn new(goal: Goal, now_ms: u64) -> Self {
        Self { goal, pushed: None, stale: None, attempts: 0, deadline: now_ms + REACH_MS }
    }

    pub fn deadline(&self) -> u64 {
        match self.goal {
            Goal::Become(_) => u64::MAX,
            _ => self.deadline,
        }
    }

    pub fn enrols(&self) -> bool {
        matches!(self.goal, Goal::Become(_))
    }
}

impl Core {
    pub(super) fn grant(&mut self, applicant: Applicant, reply: Reply<LinkState>) {
        let work = Work::new(Goal::Grant(Box::new(applicant), Some(reply)), self.env.steady_ms());
        self.flows.account.push_back(work);
    }

    pub(super) fn revoke(&mut self, device: DeviceId, reply: Reply<Vec<DeviceRow>>) {
        let goal = Goal::Revoke { device, renewed: false, reply: Some(reply) };
        let work = Work::new(goal, self.env.steady_ms());
        self.flows.account.push_back(work);
    }

    /// The relay holds newer entries of this device than this profile wrote: a copy of it is in use. This one becomes a
    /// new device and makes anew what it had not sent.
    pub(crate) fn cloned(&mut self) {
        if self.flows.is_enrolling() || self.replica.is_none() {
            return;
        }
        tracing::warn!("a copy of this profile is in use: it becomes a new device");
        self.problem(Some(ApiError::new(
            Code::ProfileCloned,
            "This profile was copied or put back, and its copy is in use. It becomes a device of its own; nothing is lost.",
        )));
        let seed = self.write(Durability::Full, |tx, _, env| {
            let seed = Seed32::random(&mut env.rng);
            meta::set(tx, BECOME, seed.expose())?;
            Ok(seed)
        });
        match seed {
            Ok(seed) => self.become_later(seed),
            Err(error) => self.problem(Some(error)),
        }
    }

    fn become_later(&mut self, seed: Seed32) {
        self.flows.account.push_front(Work::new(Goal::Become(seed), self.env.steady_ms()));
    }

    /// After a start: goes on becoming another device where a crash ended it.
    pub(super) fn resume_becoming(&mut self) -> Result<(), ApiError> {
        if self.flows.is_enrolling() {
            return Ok(());
        }
        let db = self.db()?;
        let seed = match meta::get(&db, ENROL)? {
            // A restored backup becomes a device in its own way.
            Some(_) => None,
            None => meta::get(&db, BECOME)?.and_then(|bytes| Seed32::from_slice(&bytes)),
        };
        if let Some(seed) = seed {
            self.become_later(seed);
        }
        Ok(())
    }

    pub(super) fn poll_account(&mut self) {
        let Some(mut work) = self.flows.account.pop_front() else { return };
        let now = self.env.steady_ms();
        if work.pushed.is_none() && self.online() {
            match self.own_account_head() {
                Ok(head) if work.stale.is_none() || head != work.stale => match self.account_op(&work.goal) {
                    Ok(None) => {
                        let done = self.account_moved(&work.goal, None);
                        return self.end_work(work.goal, done);
                    }
                    Ok(Some(op)) => {
                        self.protocol(Event::PushAccount { id: op.id(), bytes: op.encode() });
                        work.pushed = Some(op);
                        // If it is refused, what refused it may be here before the refusal is.
                        work.stale = head;
                        work.deadline = now + SETTLE_MS;
                    }
                    Err(error) => return self.end_work(work.goal, Err(error)),
                },
                Ok(_) => {}
                Err(error) => return self.end_work(work.goal, Err(error)),
            }
        }
        if now >= work.deadline() {
            let error = self.why_offline();
            if work.pushed.is_none() {
                return self.end_work(work.goal, Err(error));
            }
            // It may be done already: whoever waits is told, the answer is still waited for.
            work.deadline = u64::MAX;
            match &mut work.goal {
                Goal::Grant(_, reply) => self.settle_late(reply.take(), error),
                Goal::Revoke { reply, .. } => self.settle_late(reply.take(), error),
                Goal::Become(_) => {}
            }
        }
        self.flows.account.push_front(work);
    }

    /// The op that is to leave; none if the account has it already.
    fn account_op(&mut self, goal: &Goal) -> Result<Option<AccountOp>, ApiError> {
        // Durable: new recovery words must not be lost once the account is sealed to them.
        self.write(Durability::Full, |tx, replica, env| {
            let me = replica.person();
            replica.load_account(tx, &me)?;
            replica.account_op(tx, env, goal)
        })
    }

    /// What follows once the account has an op of ours.
    fn account_moved(&mut self, goal: &Goal, op: Option<&AccountOp>) -> Result<(), ApiError> {
        self.write(Durability::Full, |tx, replica, env| {
            let me = replica.person();
            if let Some(op) = op {
                replica.ingest_account(tx, &me, &[op.encode()])?;
            }
            if let Goal::Become(seed) = goal {
                replica.become_device(tx, env, seed.clone())?;
            }
            for row in spaces::list(tx)? {
                replica.touched.work.insert(row.space);
            }
            replica.touched.people = true;
            Ok(())
        })
    }

    /// True if it was ours.
    pub(super) fn account_work_acked(&mut self, id: &AccountOpId) -> bool {
        let Some(mut work) = self.flows.account.pop_front() else { return false };
        let Some(op) = work.pushed.take_if(|op| op.id() == *id) else {
            self.flows.account.push_front(work);
            return false;
        };
        let done = self.account_moved(&work.goal, Some(&op));
        match &mut work.goal {
            Goal::Revoke { renewed, .. } if done.is_ok() && !*renewed => {
                *renewed = true;
                self.flows.account.push_front(work);
            }
            _ => self.end_work(work.goal, done),
        }
        true
    }

    pub(super) fn account_work_refused(&mut self, ids: &[AccountOpId], code: NackCode) {
        let Some(mut work) = self.flows.account.pop_front() else { return };
        if !work.pushed.as_ref().is_some_and(|op| ids.contains(&op.id())) {
            self.flows.account.push_front(work);
            return;
        }
        work.pushed = None;
        work.attempts += 1;
        if code == NackCode::StaleOps && work.attempts <= ATTEMPTS {
            self.flows.account.push_front(work);
            if let Ok(me) = self.replica().map(Replica::person) {
                self.ask_accounts(&[me]);
            }
        } else {
            self.end_work(work.goal, Err(relay_refuses(code)));
        }
    }

    fn settle_late<T: serde::Serialize>(&mut self, reply: Option<Reply<T>>, error: ApiError) {
        if let Some(reply) = reply {
            self.settle(reply, Err(error));
        }
    }

    fn end_work(&mut self, goal: Goal, done: Result<(), ApiError>) {
        match goal {
            Goal::Grant(_, reply) => {
                let answer = done.and_then(|()| self.granted());
                if let Err(error) = &answer {
                    self.link_failed(error.clone());
                }
                if let Some(reply) = reply {
                    self.settle(reply, answer);
                }
            }
            Goal::Revoke { reply: Some(reply), .. } => {
                let answer = done.and_then(|()| self.devices(Nothing {}));
                self.settle(reply, answer);
            }
            Goal::Revoke { reply: None, .. } => self.touched.people = true,
            Goal::Become(_) => match done {
                Ok(()) => self.flows.restart = true,
                Err(error) => self.problem(Some(error)),
            },
        }
    }
}

impl Replica {
    fn account_op(&self, tx: &Tx<'_>, env: &mut Env, goal: &Goal) -> Result<Option<AccountOp>, Fail> {
        let missing = || {
            Fail::new(
                Code::KeyUnavailable,
                "The keys of this account are not here yet. Connect to the relay and try again.",
            )
        };
        let account = self.known.accounts.get(&self.person()).ok_or_else(missing)?;
        let generation = account.person_key().generation;
        let seed = self.me.person_seed(generation).ok_or_else(missing)?;
        let signer = AccountKey::Device(self.me.device().signing());
        Ok(Some(match goal {
            Goal::Grant(applicant, _) => {
                build::add_device(&mut env.rng, account, signer, (applicant.device, applicant.consent), seed)?
            }
            Goal::Revoke { renewed: false, .. } => {
                let words = RecoverySecret::from_seed(&next_words(tx, env)?);
                build::set_recovery(&mut env.rng, account, signer, &words, seed)?.0
            }
            Goal::Revoke { device, .. } => {
                build::revoke_device(&mut env.rng, account, signer, *device, seed)?.0
            }
            Goal::Become(device_seed) => {
                let device = DeviceSecret::from_seed(device_seed);
                if account.devices().contains_key(&DeviceId(device.signing().public())) {
                    return Ok(None);
                }
                let secret = self.me.person_secret(generation).ok_or_else(missing)?;
                let consent = build::consent(&self.person(), &device);
                build::add_device(&mut env.rng, account, AccountKey::Person(&secret), consent, seed)?
            }
        }))
    }
}
