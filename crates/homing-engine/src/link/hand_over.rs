//! What waits here is sealed and handed over: entries, slots, receipts, what parked entries want to know.

use std::collections::{BTreeMap, BTreeSet};

use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, outbox};
use homing_sync::Event;
use homing_wire::{EntryId, NackCode, PersonId, SpaceId, SpaceKind};

use super::REST_MS;
use crate::api::{ApiError, Code};
use crate::core::Core;
use crate::deliver::{Frozen, HOLD_MS};
use crate::replica::Replica;

/// Sealing one thing may be what another waited for: so often it is looked again.
const TURNS: usize = 32;

impl Core {
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
        self.say_presence_again(now_ms);
        // Also while offline: a time that is over must not wake the thread again and again.
        self.resting.retain(|_, until| *until > now_ms);
        self.work_schedule();
        let over: Vec<SpaceId> =
            self.held.iter().filter(|(_, at)| **at <= now_ms).map(|(space, _)| *space).collect();
        self.touched.work.extend(&over);
        if !over.is_empty()
            && let Err(error) = self.note_holds()
        {
            tracing::warn!(code = ?error.code, "held sends could not be read");
        }
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
        let joined = std::mem::take(&mut self.touched.joined);
        if !joined.is_empty() {
            // The relay takes the files of a space once it knows the space.
            self.resume_transfers_logged();
        }
        for space in joined {
            self.follow_team(space);
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

    /// Looks up when what is held may leave.
    pub(crate) fn note_holds(&mut self) -> Result<(), ApiError> {
        let (steady, now) = (self.env.steady_ms(), self.env.now_ms());
        self.held.clear();
        for (space, until) in outbox::holds(&self.db()?)? {
            let left = until.saturating_sub(now);
            if (1..=HOLD_MS).contains(&left) {
                let at = self.held.entry(space).or_insert(steady + left);
                *at = (*at).min(steady + left);
            }
        }
        Ok(())
    }

    pub(super) fn hand_in(&mut self, space: SpaceId) {
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

    /// Whether what is written in a space now may be sealed at once: the relay has told all it has of it, and it doesn't
    /// wait for something newer. A space of which the relay does not know yet goes the long way.
    pub(crate) fn can_seal(&self, space: &SpaceId) -> bool {
        self.online()
            && !self.flows.is_enrolling()
            && !self.resting.contains_key(space)
            && self.link.as_ref().is_some_and(|link| link.client.is_caught_up(space))
    }

    pub(crate) fn hand_over(&mut self, frozen: Vec<Frozen>) {
        for one in frozen {
            let (space, id, entry) = (one.space, one.id, one.bytes);
            self.protocol(match one.op {
                true => Event::PushOp { space, id, entry },
                false => Event::Push { space, id, entry },
            });
        }
        // Behind what was written, which it continues.
        let lanes = self.replica.as_mut().map(|replica| std::mem::take(&mut replica.lanes.ready));
        for (space, entries) in lanes.unwrap_or_default() {
            self.protocol(Event::Schedule { space, entries });
        }
    }

    /// What was frozen for an earlier session leaves again with the same bytes; first ops of spaces made here come
    /// first: personal, teams, clients, talks.
    pub(super) fn hand_in_frozen(&mut self, only: Option<&SpaceId>) {
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
            Ok(frozen) => self.hand_over(frozen.into_iter().map(|one| Frozen { op: false, ..one }).collect()),
            Err(error) => tracing::error!(code = ?error.code, "frozen work could not be read"),
        }
    }

    pub(super) fn hand_in_slots(&mut self, again: bool) {
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
    pub(crate) fn publish_owed_receipts(&mut self) -> Result<(), ApiError> {
        let owed = Replica::owed_receipts(&self.db()?)?;
        self.publish_receipts_of(&owed)
    }

    pub(super) fn refused(&mut self, space: SpaceId, id: EntryId, code: NackCode, people: &[PersonId]) {
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
}

fn rank(kind: SpaceKind) -> u32 {
    match kind {
        SpaceKind::Personal => 0,
        SpaceKind::Team => 1,
        SpaceKind::Client => 2,
        SpaceKind::Talk => 3,
    }
}
