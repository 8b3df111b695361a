//! Entries that wait for their time: kept, released by this relay's clock, or stuck and said so.
//!
//! Releasing is a fresh push by a device that is not there, judged by what holds at that moment. What it can't be judged
//! well by is never guessed: it stays, stuck, until one of its author's devices seals it anew or takes it back.

use std::collections::BTreeSet;

use homing_wire::{
    Entry, EntryKind, NackCode, PersonId, RelayFrame, ScheduleState, ScheduleTag, Scheduled, SpaceId, Timed,
    limits,
};

use super::directory::named;
use super::push::{Incoming, decode_entry};
use super::session::{SessionId, Who};
use super::{RelayCore, Stop};
use crate::error::RelayError;
use crate::metrics::add;
use crate::store::ScheduledRow;

/// Entries released in one transaction; more follow in the next.
const TURN: u32 = 256;

/// An entry on its way into what waits.
struct Waiting<'a> {
    timed: &'a Timed,
    entry: Entry,
    row: ScheduledRow,
}

impl RelayCore {
    pub(super) fn schedule(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        entries: &[Timed],
        now_ms: u64,
    ) -> Result<(), Stop> {
        self.check_disk()?;
        if entries.len() > limits::SCHEDULED_LANE {
            return Err(NackCode::Quota.into());
        }
        if !self.load_space(&space)? {
            return Err(NackCode::NotFound.into());
        }
        let number = self.spaces.peek(&space).ok_or(NackCode::Unavailable)?.row.number;
        let lane = self.store.scheduled_lane(number, &who.device)?;
        let mut waiting = Vec::with_capacity(entries.len());
        for timed in entries {
            waiting.push(self.judge_scheduled(who, &space, number, timed, now_ms)?);
        }
        self.check_lane(number, who, &waiting)?;
        let known = |one: &Waiting<'_>| lane.iter().any(|row| row.id == one.row.id && row.stuck.is_none());
        if lane.len() == waiting.len() && waiting.iter().all(known) {
            // The same again: its acknowledgement was lost.
            self.send(session, &RelayFrame::Ack { req, placed: None });
            return Ok(());
        }
        let mut taken_over = Vec::new();
        for one in &waiting {
            let kept = self.store.scheduled_under(&who.person, number, &one.row.tag)?;
            match kept.as_ref().map(|row| row.id) {
                Some(id) if id == one.row.id || one.timed.over == Some(id) => {
                    taken_over.extend(kept.filter(|row| row.device != who.device));
                }
                // Another device has it, or a newer one of this device.
                Some(_) => return Err(NackCode::Exists.into()),
                // It was released or taken back meanwhile.
                None if one.timed.over.is_some() => return Err(NackCode::NotFound.into()),
                None => {}
            }
        }
        self.check_scheduled_room(who, &lane, &taken_over, &waiting)?;
        let mut news = Vec::new();
        for row in lane.iter().chain(&taken_over) {
            self.store.drop_scheduled(row.number)?;
            if waiting.iter().all(|one| one.row.tag != row.tag) {
                news.push(item(&space, row, ScheduleState::Gone));
            }
        }
        for one in &waiting {
            self.store.put_scheduled(&one.row, &one.timed.entry)?;
            news.push(item(&space, &one.row, ScheduleState::Waiting));
        }
        for row in &taken_over {
            news.extend(self.stick_behind(&space, row)?);
        }
        add(&self.metrics.scheduled, waiting.len());
        self.look_ahead()?;
        self.send(session, &RelayFrame::Ack { req, placed: None });
        self.tell_scheduled(&who.person, news);
        Ok(())
    }

    /// One entry by itself: whose it is, its time, and whether it could be released now.
    fn judge_scheduled<'a>(
        &mut self,
        who: &Who,
        space: &SpaceId,
        number: i64,
        timed: &'a Timed,
        now_ms: u64,
    ) -> Result<Waiting<'a>, Stop> {
        let entry = decode_entry(&timed.entry)?;
        let header = entry.header();
        if header.device != who.device || header.person != who.person {
            return Err(NackCode::BadSignature.into());
        }
        let too_far = timed.release_ms > now_ms.saturating_add(limits::SCHEDULED_AHEAD_MS);
        if header.space != *space || header.kind != EntryKind::Data || too_far {
            return Err(NackCode::Malformed.into());
        }
        self.know(named(&entry))?;
        self.admit_scheduled(space, &entry, now_ms)?;
        let row = ScheduledRow {
            number: 0,
            space: number,
            person: who.person,
            device: who.device,
            tag: timed.tag,
            id: entry.id(),
            release_ms: timed.release_ms,
            stuck: None,
        };
        Ok(Waiting { timed, entry, row })
    }

    fn admit_scheduled(&self, space: &SpaceId, entry: &Entry, now_ms: u64) -> Result<(), Stop> {
        let space = self.spaces.peek(space).ok_or(NackCode::Unavailable)?;
        let header = entry.header();
        if header.op_head.is_none_or(|op| !space.state.contains(&op)) {
            return Err(NackCode::StaleOps.into());
        }
        let admitted = space.state.admit_scheduled(header, &self.known(), now_ms);
        admitted.map_err(|error| self.refusal(space, error.nack(), now_ms))
    }

    /// All of them together: each behind the one before, the first behind what the device wrote, in the order of release.
    fn check_lane(&self, space: i64, who: &Who, waiting: &[Waiting<'_>]) -> Result<(), Stop> {
        let tail = self.store.tail(space, &who.device)?;
        let mut last = tail.map(|tail| tail.last);
        let mut dseq = tail.map_or(0, |tail| tail.dseq);
        let (mut time, mut tags) = (0, BTreeSet::new());
        for Waiting { entry, row, .. } in waiting {
            let header = entry.header();
            if header.prev != last || Some(header.dseq) != dseq.checked_add(1) {
                return Err(NackCode::StaleOps.into());
            }
            if row.release_ms < time || !tags.insert(row.tag) {
                return Err(NackCode::Malformed.into());
            }
            (last, dseq, time) = (Some(row.id), header.dseq, row.release_ms);
        }
        Ok(())
    }

    fn check_scheduled_room(
        &self,
        who: &Who,
        lane: &[ScheduledRow],
        taken_over: &[ScheduledRow],
        waiting: &[Waiting<'_>],
    ) -> Result<(), Stop> {
        let (bytes, count) = self.store.scheduled_size(&who.person)?;
        let mut before = 0u64;
        for row in lane.iter().chain(taken_over) {
            let entry = self.store.scheduled_entry(row.number)?;
            before = before.saturating_add(entry.map_or(0, |entry| length(entry.len())));
        }
        let after: u64 = waiting.iter().map(|one| length(one.timed.entry.len())).sum();
        let gone = length(lane.len()).saturating_add(length(taken_over.len()));
        let count = count.saturating_sub(gone).saturating_add(length(waiting.len()));
        let stored = self.accounts.peek(&who.person).map_or(0, |account| account.row.stored_bytes);
        let bytes = stored.saturating_add(bytes.saturating_sub(before)).saturating_add(after);
        let grows = length(waiting.len()) > gone;
        if grows && (count > length(limits::SCHEDULED) || bytes > self.limits.account_bytes) {
            return Err(NackCode::Quota.into());
        }
        Ok(())
    }

    pub(super) fn unschedule(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        tag: ScheduleTag,
    ) -> Result<(), Stop> {
        let row = self.row(&space)?.ok_or(NackCode::NotFound)?;
        let row = self.store.scheduled_under(&who.person, row.number, &tag)?.ok_or(NackCode::NotFound)?;
        self.store.drop_scheduled(row.number)?;
        let mut news = vec![item(&space, &row, ScheduleState::Gone)];
        news.extend(self.stick_behind(&space, &row)?);
        self.look_ahead()?;
        self.send(session, &RelayFrame::Ack { req, placed: None });
        self.tell_scheduled(&who.person, news);
        Ok(())
    }

    pub(super) fn pull_scheduled(&mut self, session: SessionId, who: &Who, req: u64) -> Result<(), Stop> {
        let mut items = Vec::new();
        for row in self.store.scheduled_of(&who.person)? {
            if let Some(space) = self.store.space_id(row.space)? {
                items.push(item(&space, &row, state_of(&row)));
            }
        }
        if let Some(open) = self.sessions.get_mut(&session) {
            open.hears_schedule = true;
        }
        self.send(session, &RelayFrame::Scheduled { req, items });
        Ok(())
    }

    /// When something is to be released; Unix ms.
    pub fn next_release(&self) -> Option<u64> {
        self.next_release
    }

    /// Releases what is due. To be committed like a frame.
    pub fn release_due(&mut self, now_ms: u64) -> Result<(), RelayError> {
        if self.next_release.is_none_or(|next| next > now_ms) {
            return Ok(());
        }
        for row in self.store.scheduled_due(now_ms, TURN)? {
            // The one before it may have stopped it.
            let still = self.store.scheduled_under(&row.person, row.space, &row.tag)?;
            if still.is_none_or(|still| still.id != row.id || still.stuck.is_some()) {
                continue;
            }
            match self.release(&row, now_ms) {
                Ok(()) => add(&self.metrics.released, 1),
                Err(Stop::Fatal(error)) => return Err(error),
                Err(Stop::Refused(refusal)) => {
                    self.stick(&row, refusal.code.unwrap_or(NackCode::Unavailable))?;
                }
            }
        }
        self.look_ahead()
    }

    fn release(&mut self, row: &ScheduledRow, now_ms: u64) -> Result<(), Stop> {
        let bytes = self.store.scheduled_entry(row.number)?.ok_or(NackCode::NotFound)?;
        let entry = decode_entry(&bytes)?;
        let id = entry.header().space;
        if !self.load_space(&id)? {
            return Err(NackCode::NotFound.into());
        }
        self.know(named(&entry))?;
        if self.store.place(&row.id, self.identity.generation())?.is_none() {
            self.admit_scheduled(&id, &entry, now_ms)?;
            match self.check_continues(row.space, entry.header()) {
                // Its device wrote on and did not come to seal it anew.
                Err(Stop::Refused(_)) => return Err(NackCode::StaleOps.into()),
                other => other?,
            }
            let last_ms = self.spaces.peek(&id).map_or(0, |space| space.row.received_ms);
            let received_ms = row.release_ms.max(last_ms.saturating_add(1));
            let incoming = Incoming {
                entry: &entry,
                bytes: &bytes,
                id: row.id,
                received_ms,
                proven: false,
                released: true,
            };
            let stored = self.append(&incoming)?;
            self.publish_entry(None, &id, stored);
        }
        self.store.drop_scheduled(row.number)?;
        self.tell_scheduled(&row.person, vec![item(&id, row, ScheduleState::Gone)]);
        Ok(())
    }

    /// After an op: what can't be released any more is told now, not when its time has come.
    pub(super) fn review_scheduled(&mut self, space: &SpaceId, now_ms: u64) -> Result<(), Stop> {
        let Some(number) = self.spaces.peek(space).map(|space| space.row.number) else { return Ok(()) };
        for row in self.store.scheduled_in(number)? {
            if row.stuck.is_some() {
                continue;
            }
            let Some(bytes) = self.store.scheduled_entry(row.number)? else { continue };
            let entry = decode_entry(&bytes)?;
            self.know(named(&entry))?;
            if let Err(stop) = self.admit_scheduled(space, &entry, now_ms) {
                match stop {
                    Stop::Refused(refusal) => self.stick(&row, refusal.code.unwrap_or(NackCode::StaleOps))?,
                    fatal @ Stop::Fatal(_) => return Err(fatal),
                }
            }
        }
        self.look_ahead()?;
        Ok(())
    }

    fn stick(&mut self, row: &ScheduledRow, code: NackCode) -> Result<(), RelayError> {
        self.store.stick_scheduled(row.number, code)?;
        let Some(space) = self.store.space_id(row.space)? else { return Ok(()) };
        let mut news = vec![item(&space, row, ScheduleState::Stuck(code))];
        news.extend(self.stick_behind(&space, row)?);
        self.tell_scheduled(&row.person, news);
        Ok(())
    }

    /// What a device has scheduled behind something that will never be released can't be either.
    fn stick_behind(&mut self, space: &SpaceId, gone: &ScheduledRow) -> Result<Vec<Scheduled>, RelayError> {
        let mut news = Vec::new();
        for row in self.store.scheduled_lane(gone.space, &gone.device)? {
            let behind = (row.release_ms, row.number) > (gone.release_ms, gone.number);
            if behind && row.stuck.is_none() {
                self.store.stick_scheduled(row.number, NackCode::StaleOps)?;
                news.push(item(space, &row, ScheduleState::Stuck(NackCode::StaleOps)));
            }
        }
        Ok(news)
    }

    /// A relay that was put back may know of things that were taken back since.
    pub(super) fn forget_scheduled(&mut self) -> Result<(), RelayError> {
        let forgotten = self.store.clear_scheduled()?;
        if forgotten > 0 {
            tracing::warn!(forgotten, "what was scheduled is forgotten: its devices hand it in again");
        }
        self.next_release = None;
        Ok(())
    }

    pub(super) fn look_ahead(&mut self) -> Result<(), RelayError> {
        self.next_release = self.store.scheduled_next()?;
        Ok(())
    }

    fn tell_scheduled(&mut self, person: &PersonId, items: Vec<Scheduled>) {
        if items.is_empty() {
            return;
        }
        let home = self.at_home.get(person).into_iter().flatten().copied();
        let hearing: Vec<SessionId> = home
            .filter(|session| self.sessions.get(session).is_some_and(|open| open.hears_schedule))
            .collect();
        let frame = RelayFrame::Scheduled { req: 0, items };
        for session in hearing {
            self.send(session, &frame);
        }
    }
}

fn state_of(row: &ScheduledRow) -> ScheduleState {
    row.stuck.map_or(ScheduleState::Waiting, ScheduleState::Stuck)
}

fn item(space: &SpaceId, row: &ScheduledRow, state: ScheduleState) -> Scheduled {
    Scheduled {
        space: *space,
        tag: row.tag,
        entry: row.id,
        device: row.device,
        release_ms: row.release_ms,
        state,
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
