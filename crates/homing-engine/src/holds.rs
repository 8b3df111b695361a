//! What the relay takes nothing new of for now, and how that is said. Nothing is lost by it: what it did not take waits
//! here and is sent by itself. But a person who waits is told what for.

use homing_store::outbox;
use homing_sync::Hold;
use homing_wire::SpaceId;

use crate::api::{ApiError, Code};
use crate::core::Core;
use crate::port::Shortage;

/// Waiting changes of one space whose rows are told anew.
const ROWS: u32 = 1_000;

fn told(hold: Hold) -> ApiError {
    match hold {
        Hold::Full => ApiError::new(
            Code::RelayFull,
            "The relay has no room left and takes nothing new for now. Nothing is lost: what you write is kept here and sent by itself once there is room. Tell whoever runs the relay.",
        ),
        Hold::Quota => ApiError::new(
            Code::RelayQuota,
            "Your share of the relay's storage is used up. Nothing is lost: what you write is kept here and sent by itself once there is room. Ask whoever runs the relay for more.",
        ),
        Hold::Refill => ApiError::new(
            Code::RelayRefilling,
            "The relay lost what it had, and a conversation waits until a device of another member brings its part back. Nothing is lost: what you write is kept here and sent by itself then.",
        ),
        Hold::Owner => ApiError::new(
            Code::RelayRefilling,
            "The relay lost what it had. Changes of who is a member are kept here until a device of the owner was online, for three days at most, and made by themselves then.",
        ),
    }
}

impl From<Shortage> for Hold {
    fn from(shortage: Shortage) -> Self {
        match shortage {
            Shortage::Disk => Self::Full,
            Shortage::Quota => Self::Quota,
        }
    }
}

impl Core {
    /// The relay takes nothing new for now, of one space or at all; or takes it again.
    pub(crate) fn holding(&mut self, space: Option<SpaceId>, hold: Option<Hold>) {
        let Some(link) = self.link.as_mut() else { return };
        match hold {
            Some(hold) => link.holds.insert(space, hold),
            None => link.holds.remove(&space),
        };
        self.touched.status = true;
        self.touched.outbox = true;
        let Some(space) = space else { return };
        let waiting = self.db().and_then(|db| {
            let queued = outbox::in_state(&db, &space, outbox::OutboxState::Queued, ROWS)?;
            let sealed = outbox::in_state(&db, &space, outbox::OutboxState::Sealed, ROWS)?;
            Ok(queued.into_iter().chain(sealed).collect::<Vec<_>>())
        });
        for row in waiting.unwrap_or_default() {
            if let (Some(conversation), Some(doc)) = (row.conversation, row.doc) {
                self.touched.message(conversation, doc);
            }
        }
    }

    /// The relay has no room for files, or has it again.
    pub(crate) fn files_held(&mut self, shortage: Option<Shortage>) {
        if let Some(link) = self.link.as_mut().filter(|link| link.files_held != shortage) {
            link.files_held = shortage;
            self.touched.status = true;
        }
    }

    /// Why what is written in a space waits, if it does.
    pub(crate) fn held_in(&self, space: &SpaceId) -> Option<ApiError> {
        let holds = &self.link.as_ref()?.holds;
        holds.get(&None).or_else(|| holds.get(&Some(*space))).copied().map(told)
    }

    /// Nothing at all is taken.
    pub(crate) fn all_held(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.holds.contains_key(&None))
    }

    /// Why anything waits, if it does: what concerns everything first.
    pub(crate) fn held(&self) -> Option<ApiError> {
        let link = self.link.as_ref()?;
        let files = link.files_held.map(Hold::from);
        link.holds.values().next().copied().or(files).map(told)
    }

    /// What is wrong with the relay, as the screens show it: what is held back counts once something waits for it.
    pub(crate) fn relay_problem(&self) -> Option<ApiError> {
        let link = self.link.as_ref()?;
        if link.problem.is_some() {
            return link.problem.clone();
        }
        if let Some(all) = link.holds.get(&None) {
            return Some(told(*all));
        }
        if let Some(files) = link.files_held {
            return Some(told(files.into()));
        }
        if link.holds.is_empty() {
            return None;
        }
        let waiting = self.db().ok().and_then(|db| outbox::spaces(&db).ok()).unwrap_or_default();
        waiting.iter().find_map(|space| self.held_in(space))
    }
}
