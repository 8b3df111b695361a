//! Snoozed conversations come back at their time, while the app runs or when it starts again.

use homing_store::{Durability, conversations};

use crate::api::ApiError;
use crate::core::Core;

/// A computer that slept counts no time; so the clock is looked at this often.
const LOOK_MS: u64 = 60_000;

impl Core {
    /// When to look whether something comes back, in the time of [`crate::port::Output::WakeAt`].
    pub(crate) fn back_at(&self) -> Option<u64> {
        let left = self.next_back?.saturating_sub(self.env.now_ms());
        Some(self.env.steady_ms() + left.min(LOOK_MS))
    }

    /// Brings back whose time has come.
    pub(crate) fn bring_back(&mut self) {
        if self.store.is_some() && std::mem::take(&mut self.touched.snoozes) {
            let next = self.db().and_then(|db| Ok(conversations::next_due(&db)?));
            self.next_back = self.next_look(next);
        }
        if self.replica.is_none() || self.next_back.is_none_or(|at_ms| at_ms > self.env.now_ms()) {
            return;
        }
        let back = self.write(Durability::Normal, |tx, replica, env| {
            let back = conversations::bring_back(tx, env.now_ms())?;
            for conversation in &back {
                replica.notice_back(tx, conversation)?;
            }
            replica.touched.conversations.extend(back);
            replica.touched.status = true;
            Ok(conversations::next_due(tx)?)
        });
        self.next_back = self.next_look(back);
    }

    /// When the next one comes back. What failed is due: it is tried again before long.
    fn next_look(&mut self, next: Result<Option<u64>, ApiError>) -> Option<u64> {
        next.unwrap_or_else(|error| {
            tracing::error!(code = ?error.code, "a snoozed conversation could not be brought back");
            Some(self.env.now_ms().saturating_add(LOOK_MS))
        })
    }
}
