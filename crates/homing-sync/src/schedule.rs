//! Entries with a time, on their way to a relay that keeps them.
//!
//! What a device has scheduled in a space stands behind everything it wrote there, so it is sent behind the pushes of that
//! space. Nothing here outlives a session: the next one begins with what the relay keeps, and the engine decides anew.

use std::collections::{BTreeMap, VecDeque};

use homing_wire::{ClientFrame, NackCode, PersonId, ScheduleTag, Scheduled, SpaceId, Timed, limits};

use crate::chain::entry_id;
use crate::client::Client;
use crate::requests::Asked;
use crate::{Effect, Fault};

/// What waits to be said.
#[derive(Debug, Default)]
pub(crate) struct Schedules {
    /// All that this device has scheduled, by space.
    lanes: BTreeMap<SpaceId, Vec<Timed>>,
    taken_back: VecDeque<(SpaceId, ScheduleTag)>,
}

impl Schedules {
    pub(crate) fn interrupt(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn forget(&mut self, space: &SpaceId) {
        self.lanes.remove(space);
        self.taken_back.retain(|(of, _)| of != space);
    }
}

impl Client {
    /// True if the relay of this session keeps entries until their time.
    pub fn schedules(&self) -> bool {
        self.online() && self.session().is_some_and(|session| session.version >= limits::SCHEDULING)
    }

    /// True while something scheduled in a space is on its way.
    pub fn has_scheduling(&self, space: &SpaceId) -> bool {
        self.schedules.lanes.contains_key(space)
            || self.session().is_some_and(|session| {
                session.requests.any(|asked| *asked == Asked::Schedule { space: *space })
            })
    }

    pub(crate) fn schedule(&mut self, space: SpaceId, entries: Vec<Timed>) {
        if !self.schedules() {
            return;
        }
        let unsent = self.schedules.lanes.remove(&space).unwrap_or_default();
        let replaced: Vec<_> = unsent.iter().map(|timed| (entry_id(&timed.entry), timed.over)).collect();
        let entries = entries
            .into_iter()
            .map(|timed| match replaced.iter().find(|(id, _)| id.is_some() && *id == timed.over) {
                // What it takes the place of never left.
                Some((_, over)) => Timed { over: *over, ..timed },
                None => timed,
            })
            .collect();
        self.schedules.lanes.insert(space, entries);
    }

    pub(crate) fn unschedule(&mut self, space: SpaceId, tag: ScheduleTag) {
        if self.schedules() {
            self.schedules.taken_back.push_back((space, tag));
        }
    }

    /// At welcome: what the relay keeps.
    pub(crate) fn begin_schedules(&mut self) {
        if self.schedules() {
            self.ask(Asked::Scheduled, |req| ClientFrame::PullScheduled { req });
        }
    }

    pub(crate) fn pump_schedules(&mut self) {
        if !self.online() {
            return;
        }
        while let Some((space, tag)) = self.schedules.taken_back.pop_front() {
            self.ask(Asked::Unschedule { space, tag }, |req| ClientFrame::Unschedule { req, space, tag });
        }
        let ready: Vec<SpaceId> = self
            .schedules
            .lanes
            .keys()
            .filter(|id| {
                let space = self.spaces.get(id);
                space.is_none_or(|space| space.refill.is_none() && space.pushes.all_sent())
            })
            .copied()
            .collect();
        for space in ready {
            let Some(entries) = self.schedules.lanes.remove(&space) else { continue };
            self.ask(Asked::Schedule { space }, |req| ClientFrame::Schedule { req, space, entries });
        }
    }

    /// What the relay keeps, or what changed of it.
    pub(crate) fn scheduled(&mut self, req: u64, items: Vec<Scheduled>) -> Result<(), Fault> {
        if items.len() > 2 * limits::SCHEDULED {
            return Err(Fault::TooMuch);
        }
        let all = req != 0;
        if all {
            match self.take(req)? {
                Asked::Scheduled => {}
                _ => return Err(Fault::WrongSubject),
            }
        } else if !self.schedules() {
            return Err(Fault::OutOfTurn);
        }
        self.out.push(Effect::Scheduled { all, items });
        Ok(())
    }

    pub(crate) fn schedule_refused(&mut self, space: SpaceId, code: NackCode, people: Vec<PersonId>) {
        // What is newer and waits was sealed for the same state of the space.
        self.schedules.lanes.remove(&space);
        self.out.push(Effect::ScheduleRefused { space, code, people });
    }
}
