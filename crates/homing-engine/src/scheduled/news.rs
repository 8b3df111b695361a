//! What the relay says about scheduled messages, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use homing_store::scheduled::{self, Held, ScheduledRow, ScheduledState};
use homing_store::{Durability, Read, Tx, messages};
use homing_sync::Event;
use homing_wire::{DocId, NackCode, PersonId, ScheduleState, ScheduleTag, Scheduled, SpaceId};

use crate::api::{ApiError, Code};
use crate::core::Core;
use crate::deliver::{nack_name, nack_sentence};
use crate::fail::Fail;
use crate::replica::Replica;

/// What another device of this person is stuck with, this one brings after so long: the other may be at it.
const TAKE_OVER_MS: u64 = 3_000;
/// A relay that did not take what was handed in is asked again after so long, twice as long each time..
const FIRST_REST_MS: u64 = 1_000;
/// ..up to this.
const LAST_REST_MS: u64 = 5 * 60_000;

/// What the engine remembers of a session's schedule.
#[derive(Default)]
pub(crate) struct News {
    /// The relay has told what it keeps.
    listed: bool,
    /// What has to be looked at again.
    look: bool,
    /// When something is to be sent from here, Unix ms.
    due_ms: Option<u64>,
    /// When to bring what other devices are stuck with.
    take_over_at: BTreeMap<DocId, u64>,
    /// Taken back, without an answer yet.
    asked: BTreeSet<ScheduleTag>,
    /// Spaces whose lane rests until then, how often in a row it was refused, and why.
    rests: BTreeMap<SpaceId, (u64, u32, NackCode)>,
}

impl News {
    /// What is scheduled changed.
    pub(crate) fn changed(&mut self) {
        self.look = true;
    }
}

impl Core {
    /// Whether the relay of this session keeps nothing until its time.
    pub(crate) fn relay_is_too_old(&self) -> bool {
        self.online() && self.link.as_ref().is_some_and(|link| !link.client.schedules())
    }

    /// Why the relay takes nothing scheduled of a space, if it has said so more than once.
    pub(crate) fn schedule_refusal(&self, space: &SpaceId) -> Option<ApiError> {
        let (_, _, code) = self.news.rests.get(space).filter(|(_, times, _)| *times > 1)?;
        Some(ApiError::new(Code::RelayRefused, nack_sentence(*code)))
    }

    /// How much of the schedule is still to be said to the relay.
    pub(crate) fn schedule_on_its_way(&self, db: &Read<'_>) -> Result<u64, ApiError> {
        let replica = self.replica()?;
        if !self.link.as_ref().is_some_and(|link| link.client.schedules()) {
            return Ok(0);
        }
        let me = replica.device();
        let mut left = u64::from(!replica.lanes.told);
        for row in scheduled::list(db)? {
            let may_go = replica.members_seen(&row.space).is_ok_and(|now| now == row.members);
            let open = match (row.state, &row.held) {
                (ScheduledState::Planned, None) => row.device == me && may_go,
                (ScheduledState::Planned, Some(held)) => {
                    let ours = held.device == me || row.device == me;
                    ours && may_go && (held.at_ms != row.at_ms || !held.stuck.is_empty())
                }
                (ScheduledState::TakenBack | ScheduledState::SentLate, held) => held.is_some(),
                (ScheduledState::Lost, _) => false,
            };
            left += u64::from(open || replica.lanes.pending.contains_key(&row.message));
        }
        Ok(left)
    }

    /// Something about the schedule changed.
    pub(crate) fn look_at_schedule(&mut self) {
        self.news.changed();
    }

    pub(crate) fn schedule_offline(&mut self) {
        self.news = News { look: true, due_ms: self.news.due_ms, ..News::default() };
        if let Some(replica) = self.replica.as_mut() {
            replica.lanes.offline();
        }
        self.touched.status = true;
    }

    pub(crate) fn schedule_came(&mut self, all: bool, items: &[Scheduled]) {
        self.news.listed |= all;
        self.news.look = true;
        self.try_write("schedule", |tx, replica, _| replica.schedule_came(tx, all, items));
    }

    pub(crate) fn schedule_acked(&mut self, space: SpaceId) {
        self.news.rests.remove(&space);
        let outstanding = self.link.as_ref().is_some_and(|link| link.client.has_scheduling(&space));
        if !outstanding {
            self.settle_lane(space);
        }
    }

    pub(crate) fn schedule_refused(&mut self, space: SpaceId, code: NackCode, people: &[PersonId]) {
        tracing::info!(code = nack_name(code), "the relay does not keep what was scheduled");
        self.ask_accounts(people);
        self.settle_lane(space);
        let times = self.news.rests.get(&space).map_or(0, |(_, times, _)| *times);
        let wait = FIRST_REST_MS.saturating_mul(1 << times.min(20)).min(LAST_REST_MS);
        self.news.rests.insert(space, (self.env.steady_ms() + wait, times.saturating_add(1), code));
        if let Some(replica) = self.replica.as_mut() {
            replica.lanes.resting.insert(space);
        }
        if code == NackCode::NeedsRotation {
            self.try_write("teams", |tx, replica, _| replica.want_teams_of(tx, &space));
        }
    }

    /// Nothing of a space's lane is on its way.
    fn settle_lane(&mut self, space: SpaceId) {
        self.try_write("lane", |tx, replica, _| {
            for row in scheduled::of_space(tx, &space)? {
                replica.lanes.pending.remove(&row.message);
            }
            replica.touched.work.insert(space);
            Ok(())
        });
    }

    pub(crate) fn unscheduled(&mut self, tag: ScheduleTag, refused: Option<NackCode>) {
        self.news.asked.remove(&tag);
        self.news.look = true;
        if refused.is_none_or(|code| code == NackCode::NotFound) {
            self.try_write("taken back", |tx, replica, _| replica.let_go(tx, &tag, refused.is_none()));
        }
    }

    /// The relay begins anew: it keeps nothing.
    pub(crate) fn schedule_forgotten(&mut self) {
        self.try_write_full("schedule forgotten", |tx, replica, _| {
            for mut row in scheduled::list(tx)? {
                (row.held, row.sealed) = (None, None);
                match row.state {
                    ScheduledState::TakenBack => replica.delete_scheduled(tx, &row)?,
                    _ => replica.put_scheduled(tx, &row)?,
                }
            }
            Ok(())
        });
        self.news.look = true;
    }

    /// Sends what is due, brings what others are stuck with, says what was taken back.
    pub(crate) fn work_schedule(&mut self) {
        let (steady_ms, now_ms) = (self.env.steady_ms(), self.env.now_ms());
        self.open_lanes();
        let rested: Vec<SpaceId> = self
            .news
            .rests
            .iter()
            .filter(|(_, (at, ..))| *at <= steady_ms)
            .map(|(space, _)| *space)
            .collect();
        let ready: Vec<DocId> = self
            .news
            .take_over_at
            .iter()
            .filter(|(_, at)| **at <= steady_ms)
            .map(|(message, _)| *message)
            .collect();
        self.news.look |= !ready.is_empty() || !rested.is_empty();
        self.news.look |= self.news.due_ms.is_some_and(|due| due <= now_ms);
        for space in rested {
            if let Some((at, ..)) = self.news.rests.get_mut(&space) {
                *at = u64::MAX;
            }
            self.touched.work.insert(space);
            if let Some(replica) = self.replica.as_mut() {
                replica.lanes.resting.remove(&space);
            }
        }
        for message in ready {
            self.news.take_over_at.remove(&message);
            if let Some(replica) = self.replica.as_mut() {
                replica.lanes.take_over.insert(message);
            }
        }
        if std::mem::take(&mut self.news.look) {
            self.look_through_schedule();
        }
    }

    fn open_lanes(&mut self) {
        let Some(replica) = self.replica.as_mut() else { return };
        let personal = replica.personal();
        let client = self.link.as_ref().filter(|link| link.online).map(|link| &link.client);
        let open = self.news.listed
            && client.is_some_and(|client| client.schedules() && client.is_caught_up(&personal));
        let told = match client {
            Some(client) => self.news.listed || !client.schedules(),
            None => !replica.has_relay,
        };
        self.news.look |= (open, told) != (replica.lanes.open, replica.lanes.told);
        (replica.lanes.open, replica.lanes.told) = (open, told);
    }

    fn look_through_schedule(&mut self) {
        let spaces = self.db().and_then(|db| Ok(scheduled::spaces(&db)?)).unwrap_or_default();
        let caught_up =
            |space: &SpaceId| self.link.as_ref().is_some_and(|link| link.client.is_caught_up(space));
        let current = spaces.into_iter().filter(caught_up).collect();
        if let Some(replica) = self.replica.as_mut() {
            replica.lanes.current = current;
        }
        let due = self.write(Durability::Full, |tx, replica, env| {
            Ok((replica.want_planned_files(tx)?, replica.due(tx, env.now_ms())?))
        });
        match due {
            Ok((wanted, due)) => {
                self.news.due_ms = due.again_ms;
                if wanted {
                    self.resume_transfers_logged();
                }
                // Each by itself: what can't be sent any more keeps nothing else from going.
                for (message, late) in due.messages {
                    let sent = self.write(Durability::Full, |tx, replica, env| {
                        replica.send_scheduled(tx, env, &message, late).map(drop)
                    });
                    if let Err(error) = sent {
                        tracing::info!(code = ?error.code, "what is due could not be sent");
                    }
                }
            }
            Err(error) => {
                tracing::error!(code = ?error.code, message = error.message, "it is not known what is due");
                self.news.due_ms = Some(self.env.now_ms() + LAST_REST_MS);
            }
        }
        let Ok(rows) = self.db().and_then(|db| Ok(scheduled::list(&db)?)) else { return };
        let Some(me) = self.replica.as_ref().map(Replica::device) else { return };
        let open = self.replica.as_ref().is_some_and(|replica| replica.lanes.open);
        let at = self.env.steady_ms() + TAKE_OVER_MS;
        for row in &rows {
            let stuck = row.held.as_ref().is_some_and(|held| held.device != me && !held.stuck.is_empty());
            let taken =
                self.replica.as_ref().is_some_and(|replica| replica.lanes.take_over.contains(&row.message));
            match stuck && row.state == ScheduledState::Planned && !taken {
                true => drop(self.news.take_over_at.entry(row.message).or_insert(at)),
                false => drop(self.news.take_over_at.remove(&row.message)),
            }
            if !open {
                continue;
            }
            self.touched.work.insert(row.space);
            let over = matches!(row.state, ScheduledState::TakenBack | ScheduledState::SentLate);
            if over && row.held.is_some() && self.news.asked.insert(row.tag) {
                self.protocol(Event::Unschedule { space: row.space, tag: row.tag });
            }
        }
    }

    /// When to look at the schedule again, in steady time.
    pub(crate) fn schedule_wake(&self) -> Option<u64> {
        let now_ms = self.env.now_ms();
        let due = self.news.due_ms.map(|due| self.env.steady_ms() + due.saturating_sub(now_ms));
        let rests = self.news.rests.values().map(|(at, ..)| *at).filter(|at| *at < u64::MAX);
        self.news.take_over_at.values().copied().chain(rests).chain(due).min()
    }
}

impl Replica {
    fn schedule_came(&mut self, tx: &Tx<'_>, all: bool, items: &[Scheduled]) -> Result<(), Fail> {
        let mut listed = BTreeSet::new();
        for item in items {
            listed.insert(item.tag);
            let stuck = match item.state {
                ScheduleState::Waiting => String::new(),
                ScheduleState::Stuck(code) => nack_name(code).to_owned(),
                ScheduleState::Gone => {
                    self.lanes.heard.remove(&item.tag);
                    if let Some(row) = scheduled::tagged(tx, &item.tag)? {
                        self.gone_from_relay(tx, row)?;
                    }
                    continue;
                }
            };
            let held = Held { entry: item.entry, device: item.device, at_ms: item.release_ms, stuck };
            let Some(mut row) = scheduled::tagged(tx, &item.tag)? else {
                self.lanes.heard.insert(item.tag, held);
                continue;
            };
            if held.stuck.is_empty() {
                self.lanes.take_over.remove(&row.message);
            }
            if row.held.as_ref() != Some(&held) {
                row.held = Some(held);
                if row.state == ScheduledState::Lost {
                    row.state = ScheduledState::Planned;
                }
                self.put_scheduled(tx, &row)?;
            }
        }
        if all {
            for row in scheduled::list(tx)? {
                if !listed.contains(&row.tag) {
                    self.gone_from_relay(tx, row)?;
                }
            }
        }
        Ok(())
    }

    /// The relay does not keep something, or no longer: released, taken back, or never handed in.
    fn gone_from_relay(&mut self, tx: &Tx<'_>, mut row: ScheduledRow) -> Result<(), Fail> {
        let was = row.held.take();
        if row.state == ScheduledState::Planned
            && was.is_some()
            && !self.lanes.pending.contains_key(&row.message)
        {
            let seen = self.load_space(tx, &row.space)?.then(|| self.members_seen(&row.space)).transpose()?;
            // Released, then it comes with the log; or taken back, then its mark goes. What is left of it asks first.
            if seen == Some(row.members) {
                row.state = ScheduledState::Lost;
            }
        }
        if was.is_some() {
            self.put_scheduled(tx, &row)?;
        }
        Ok(())
    }

    /// The relay keeps it no longer because it was taken back (`surely`), or for whatever reason.
    fn let_go(&mut self, tx: &Tx<'_>, tag: &ScheduleTag, surely: bool) -> Result<(), Fail> {
        let Some(mut row) = scheduled::tagged(tx, tag)? else { return Ok(()) };
        row.held = None;
        match row.state {
            ScheduledState::TakenBack if surely => self.delete_scheduled(tx, &row),
            _ => self.put_scheduled(tx, &row),
        }
    }

    /// A space is caught up: what was taken back and is not kept by the relay was not released either, or it would be here.
    pub fn forget_taken_back(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        for row in scheduled::of_space(tx, space)? {
            let done = match row.state {
                ScheduledState::TakenBack => row.held.is_none(),
                _ => false,
            };
            if messages::order_of(tx, &row.message)?.is_some() && row.state != ScheduledState::SentLate {
                self.scheduled_sent(tx, &row.message)?;
            } else if done {
                self.delete_scheduled(tx, &row)?;
            }
        }
        Ok(())
    }
}
