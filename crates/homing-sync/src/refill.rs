//! Giving a restored or wiped relay back what it lost.
//!
//! First the accounts, then the teams, then a few other spaces at a time: its ids are compared by the engine, the held
//! chain is proven, what is missing is pushed again (ops first), an owner's device confirms. Then the space's log is
//! followed anew, because its places are new. Until then nothing fresh of the space is pushed or pulled. What is
//! interrupted begins again.
//!
//! A relation to a client needs its team, and ops need the accounts and team ops they name. Whoever comes before the
//! relay has those waits and tries again: what the relay once acknowledged may be on this device only.

use std::collections::{BTreeSet, VecDeque};

use homing_wire::{ChainProof, ClientFrame, EntryId, Member, NackCode, Repush, SignedHead, SpaceId};

use crate::backoff::delay_ms;
use crate::client::Client;
use crate::page::check_head;
use crate::requests::Asked;
use crate::space::{LogWork, SlotWork};
use crate::{Effect, Fault, Hold, SpaceCursor};

/// Lines of a proof in one frame (about 50 bytes each).
const PROOF_LINES: usize = 8_000;
/// Bytes of entries in one frame.
const REPUSH_BYTES: usize = 640 * 1024;
/// So often is tried again what the relay can't judge yet in a space that it has; after that the rest goes on without it.
const PATIENCE: u32 = 8;
/// By how much longer than others such a try waits at most, unless the relay tells of the space before.
const LONGER: u64 = 10;
/// How soon it is tried again when the relay tells of the space.
const SOON_MS: u64 = 2_000;
/// Bytes of account ops in one frame, which has room for one more.
const ACCOUNT_BYTES: usize = 900 * 1024;

#[derive(Debug)]
enum Step {
    /// Not begun, or begun anew.
    Waiting,
    /// The relay lists its ids.
    Ids { from: u64 },
    /// The engine compares.
    Comparing,
    /// Frames that are to be acknowledged in order, then the engine's entries.
    Sending { frames: VecDeque<Outgoing>, more: bool },
    /// The engine looks for the next entries.
    Wanting,
    /// The owner's word is on its way.
    Confirming,
}

#[derive(Debug)]
enum Outgoing {
    Prove(ChainProof),
    Repush(Vec<Repush>),
}

/// The refill of one space.
#[derive(Debug)]
pub(crate) struct Refill {
    step: Step,
    held: bool,
    /// For the relay the space has no log yet.
    empty: bool,
    /// It lacks what others have to bring first.
    waits: bool,
    confirm: Option<EntryId>,
    failures: u32,
    retry_at: Option<u64>,
}

impl Refill {
    fn new() -> Self {
        Self {
            step: Step::Waiting,
            held: false,
            empty: false,
            waits: false,
            confirm: None,
            failures: 0,
            retry_at: None,
        }
    }

    /// Nothing can be done for the space but to wait for others.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    pub(crate) fn interrupt(&mut self) {
        self.step = Step::Waiting;
        self.retry_at = None;
    }
}

/// The refill of a relay.
#[derive(Debug, Default)]
pub(crate) struct Refilling {
    /// The engine was asked for the accounts and has not answered.
    accounts_wanted: bool,
    accounts: VecDeque<Vec<Vec<u8>>>,
    account_sent: Option<Vec<Vec<u8>>>,
    /// An account was brought too fast.
    not_before: u64,
    failures: u32,
    waiting: VecDeque<SpaceId>,
    running: BTreeSet<SpaceId>,
}

impl Refilling {
    pub(crate) fn interrupt(&mut self) {
        // The next welcome asks for everything again, for the spaces that are still of the old generation.
        *self = Self::default();
    }

    pub(crate) fn next_wake(&self) -> Option<u64> {
        (self.not_before > 0 && !self.accounts.is_empty() && self.account_sent.is_none())
            .then_some(self.not_before)
    }

    pub(crate) fn forget(&mut self, space: &SpaceId) {
        self.running.remove(space);
        self.waiting.retain(|waiting| waiting != space);
    }
}

impl Client {
    /// At welcome: spaces of another generation are refilled before anything else happens to them.
    pub(crate) fn begin_refill(&mut self, before: u64, generation: u64) {
        let mut old = before;
        for (id, space) in &mut self.spaces {
            let known = space.cursor.log.generation;
            if known != 0 && known != generation {
                old = known;
                (space.log, space.slots) = (LogWork::Idle, SlotWork::Idle);
                // What the old generation told means nothing; what this one told meanwhile does.
                if space.refill.is_none() || before != generation {
                    (space.target, space.slots_target) = (0, 0);
                }
                space.refill = Some(Refill::new());
                match self.feeds.follows(&Member::Team(*id)) {
                    true => self.refilling.waiting.push_front(*id),
                    false => self.refilling.waiting.push_back(*id),
                }
            }
        }
        if !self.refilling.waiting.is_empty() || (before != 0 && before != generation) {
            self.refilling.accounts_wanted = true;
            self.out.push(Effect::GenerationRaised { old, new: generation });
        }
    }

    /// A proof of no lines: the relay itself signed this head.
    pub(crate) fn prove_rollback(&mut self, head: SignedHead) {
        if self.online() && head.head.generation == self.generation {
            let space = head.space;
            let proof = ChainProof { from: head.head, items: Vec::new(), until: Some(head) };
            self.ask(Asked::Rollback, |req| ClientFrame::Prove { req, space, proof });
        }
    }

    pub(crate) fn repush_accounts(&mut self, accounts: Vec<Vec<Vec<u8>>>) {
        if std::mem::take(&mut self.refilling.accounts_wanted) {
            self.refilling.accounts = accounts.into_iter().flat_map(split_account).collect();
        }
    }

    pub(crate) fn pump_refill(&mut self) {
        if !self.online()
            || self.refilling.accounts_wanted
            || self.refilling.account_sent.is_some()
            || self.refilling.not_before > self.now
        {
            return;
        }
        if let Some(ops) = self.refilling.accounts.pop_front() {
            self.refilling.account_sent = Some(ops.clone());
            let ops = ops.into_iter().map(Into::into).collect();
            self.ask(Asked::RefillAccounts, |req| ClientFrame::RepushAccount { req, ops });
            return;
        }
        while self.refilling.running.len() < self.config.parallel_pulls {
            let Some(id) = self.refilling.waiting.front().copied() else { return };
            let is_team = |id: &SpaceId| self.feeds.follows(&Member::Team(*id));
            if !is_team(&id) && self.refilling.running.iter().any(is_team) {
                return;
            }
            self.refilling.waiting.pop_front();
            self.refilling.running.insert(id);
            self.ask_ids(id, 0);
        }
    }

    /// An account was taken, or never will be: others may still know it better.
    pub(crate) fn account_refilled(&mut self, refused: Option<NackCode>, retry_after_ms: Option<u64>) {
        let sent = self.refilling.account_sent.take();
        if let Some(code) = refused {
            if let Some(ops) = sent.filter(|_| code.retry()) {
                let (initial, max) = (self.config.initial_backoff_ms, self.config.max_backoff_ms);
                let wait = delay_ms(initial, max, self.refilling.failures, self.config.seed);
                self.refilling.failures = self.refilling.failures.saturating_add(1);
                self.refilling.not_before =
                    self.now.saturating_add(wait.max(retry_after_ms.unwrap_or(0).min(max)));
                self.refilling.accounts.push_front(ops);
                return;
            }
            self.out.push(Effect::RefillRefused { space: None, code });
        }
    }

    fn step(&mut self, id: SpaceId, step: Step) {
        if let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) {
            refill.step = step;
        }
    }

    fn ask_ids(&mut self, id: SpaceId, from: u64) {
        self.step(id, Step::Ids { from });
        self.ask(Asked::Ids { space: id, from }, |req| ClientFrame::Ids { req, space: id, from });
    }

    pub(crate) fn ids(
        &mut self,
        (id, from): (SpaceId, u64),
        ids: Vec<EntryId>,
        more: bool,
        head: SignedHead,
        held: bool,
    ) -> Result<(), Fault> {
        check_head(&id, &head)?;
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else {
            return Ok(());
        };
        if !matches!(refill.step, Step::Ids { from: asked } if asked == from) {
            return Ok(());
        }
        let last = from.saturating_add(ids.len() as u64);
        if last > head.head.sequence || (more && ids.is_empty()) {
            return Err(Fault::OutOfOrder);
        }
        (refill.held, refill.empty) = (held, head.head.sequence == 0);
        self.out.push(Effect::CompareIds { space: id, from, ids, more, head: Some(head), held });
        if more {
            self.ask_ids(id, last);
        } else {
            self.step(id, Step::Comparing);
        }
        Ok(())
    }

    /// What the engine found the relay to lack.
    pub(crate) fn missing(&mut self, id: SpaceId, proof: Option<ChainProof>, confirm: Option<EntryId>) {
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else { return };
        if !matches!(refill.step, Step::Comparing) {
            return;
        }
        refill.confirm = confirm;
        let frames = proof.map(split_proof).unwrap_or_default();
        refill.step = Step::Sending { frames, more: true };
        self.send_refill(id);
    }

    pub(crate) fn repush(&mut self, id: SpaceId, entries: Vec<Repush>, more: bool) {
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else { return };
        if !matches!(refill.step, Step::Wanting) {
            return;
        }
        refill.step = Step::Sending { frames: split_entries(entries), more };
        self.send_refill(id);
    }

    /// The next frame of a space's refill, or its next step.
    fn send_refill(&mut self, id: SpaceId) {
        let generation = self.generation;
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else { return };
        let Step::Sending { frames, more } = &mut refill.step else { return };
        match (frames.pop_front(), *more) {
            (Some(Outgoing::Prove(proof)), _) => {
                self.ask(Asked::Refill(id), |req| ClientFrame::Prove { req, space: id, proof });
            }
            (Some(Outgoing::Repush(entries)), _) => {
                self.ask(Asked::Refill(id), |req| ClientFrame::Repush { req, space: id, entries });
            }
            (None, true) => {
                refill.step = Step::Wanting;
                self.out.push(Effect::WantRepush { space: id });
            }
            (None, false) => match refill.confirm.filter(|_| refill.held) {
                Some(op_head) => {
                    refill.step = Step::Confirming;
                    self.ask(Asked::Refill(id), |req| ClientFrame::ConfirmGeneration {
                        req,
                        space: id,
                        generation,
                        op_head,
                    });
                }
                None => self.refilled(id),
            },
        }
    }

    pub(crate) fn refill_acked(&mut self, id: SpaceId) {
        let Some(refill) = self.spaces.get(&id).and_then(|space| space.refill.as_ref()) else { return };
        match refill.step {
            Step::Sending { .. } => self.send_refill(id),
            Step::Confirming => self.refilled(id),
            _ => {}
        }
    }

    pub(crate) fn refill_refused(&mut self, id: SpaceId, code: NackCode, retry_after_ms: Option<u64>) {
        let (initial, max) = (self.config.initial_backoff_ms, self.config.max_backoff_ms);
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else { return };
        // It misses something that this refers to: a team, an account, an op.
        let too_early = code == NackCode::NotFound
            && matches!(refill.step, Step::Sending { .. })
            && (refill.empty || refill.failures < PATIENCE);
        if code.retry() || too_early {
            refill.waits = too_early;
            let max = if too_early { max.saturating_mul(LONGER) } else { max };
            refill.failures = refill.failures.saturating_add(1);
            let wait = delay_ms(initial, max, refill.failures - 1, self.config.seed);
            let at = self.now.saturating_add(wait.max(retry_after_ms.unwrap_or(0).min(max)));
            refill.step = Step::Waiting;
            refill.retry_at = Some(at);
            self.timers.insert((at, id));
            self.refilling.running.remove(&id);
            self.touch(id);
            if too_early {
                self.hold(Some(id), Some(Hold::Refill));
            }
            return;
        }
        match &mut refill.step {
            // A wiped relay does not know the space: it lacks everything.
            Step::Ids { from: 0 } if code == NackCode::NotFound => {
                refill.step = Step::Comparing;
                (refill.held, refill.empty) = (true, true);
                let ids = Vec::new();
                self.out.push(Effect::CompareIds {
                    space: id,
                    from: 0,
                    ids,
                    more: false,
                    head: None,
                    held: true,
                });
            }
            // Without the proof the entries still count, with new receive times.
            Step::Sending { .. } => {
                self.out.push(Effect::RefillRefused { space: Some(id), code });
                self.send_refill(id);
            }
            _ => {
                self.out.push(Effect::RefillRefused { space: Some(id), code });
                self.refilled(id);
            }
        }
    }

    /// The relay tells of the space: others brought something of it.
    pub(crate) fn refill_soon(&mut self, id: SpaceId) {
        let soon = self.now.saturating_add(SOON_MS);
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else { return };
        if refill.waits && refill.retry_at.is_some_and(|at| at > soon) {
            refill.retry_at = Some(soon);
            self.timers.insert((soon, id));
        }
    }

    /// A waiting time is over.
    pub(crate) fn rested_refill(&mut self, id: SpaceId) {
        let now = self.now;
        let Some(refill) = self.spaces.get_mut(&id).and_then(|space| space.refill.as_mut()) else { return };
        if refill.retry_at.is_some_and(|at| at <= now) {
            refill.retry_at = None;
            self.refilling.waiting.push_back(id);
        }
    }

    /// The space begins anew in this generation.
    fn refilled(&mut self, id: SpaceId) {
        self.refilling.running.remove(&id);
        self.hold(Some(id), None);
        let cursor = SpaceCursor::empty(self.generation);
        if let Some(space) = self.spaces.get_mut(&id) {
            space.refill = None;
            space.cursor = cursor;
            space.check = true;
        }
        self.out.push(Effect::Refilled { space: id, cursor });
        if self.feeds.follows(&Member::Team(id)) {
            // At the welcome a wiped relay did not know the team, so it follows its feed from here on.
            self.send_feed();
        }
        self.queue_push(id, false);
        self.queue_slots(id);
        self.touch(id);
    }
}

/// A log in parts that fit into a frame; each but the first goes on behind the one before.
pub(crate) fn split_account(ops: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut parts: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut bytes = usize::MAX;
    for op in ops {
        bytes = bytes.saturating_add(op.len() + 8);
        match parts.last_mut() {
            Some(part) if bytes <= ACCOUNT_BYTES => part.push(op),
            _ => {
                bytes = op.len() + 8;
                parts.push(vec![op]);
            }
        }
    }
    parts
}

fn split_proof(proof: ChainProof) -> VecDeque<Outgoing> {
    let mut frames = VecDeque::new();
    let mut from = proof.from;
    let chunks = proof.items.len().div_ceil(PROOF_LINES);
    for (n, items) in proof.items.chunks(PROOF_LINES).enumerate() {
        let until = proof.until.clone().filter(|_| n + 1 == chunks);
        frames.push_back(Outgoing::Prove(ChainProof { from, items: items.to_vec(), until }));
        for (id, received_ms, generation) in items {
            from = from.next(*generation, id, *received_ms);
        }
    }
    frames
}

fn split_entries(entries: Vec<Repush>) -> VecDeque<Outgoing> {
    let mut frames = VecDeque::new();
    let mut frame = Vec::new();
    let mut bytes = 0usize;
    for entry in entries {
        let len = entry.stored.entry.len() + 64;
        if bytes + len > REPUSH_BYTES && !frame.is_empty() {
            frames.push_back(Outgoing::Repush(std::mem::take(&mut frame)));
            bytes = 0;
        }
        bytes += len;
        frame.push(entry);
    }
    if !frame.is_empty() {
        frames.push_back(Outgoing::Repush(frame));
    }
    frames
}
